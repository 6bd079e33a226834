"""Working hours: days and hours, over midnight, over summer time, to the minute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.errors import RuleError
from monitor.alerts.schedule import DAYS, Schedule

BERLIN, TOKYO = "Europe/Berlin", "Asia/Tokyo"


def at(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def test_office_hours() -> None:
    schedule = Schedule(days="mon-fri", hours="09:00-18:00", timezone=BERLIN)
    assert not schedule.is_open(at("2026-11-26 08:59:59"))
    assert schedule.is_open(at("2026-11-26 09:00"))
    assert schedule.is_open(at("2026-11-26 17:59:59.9"))
    assert not schedule.is_open(at("2026-11-26 18:00"))
    assert not schedule.is_open(at("2026-11-28 12:00"))  # a Saturday
    assert schedule.next_change(at("2026-11-26 12:00")) == at("2026-11-26 18:00")
    assert schedule.next_change(at("2026-11-27 18:00")) == at("2026-11-30 09:00")
    assert schedule.next_change(at("2026-11-30 08:59:59")) == at("2026-11-30 09:00")
    assert schedule.next_change(at("2026-11-30 09:00")) == at("2026-11-30 18:00")


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    schedule = Schedule(days="fri", hours="22:00-06:00", timezone=BERLIN)
    assert not schedule.is_open(at("2026-11-27 05:00"))  # Friday morning: of Thursday
    assert schedule.is_open(at("2026-11-27 23:00"))
    assert schedule.is_open(at("2026-11-28 05:59"))  # Saturday morning
    assert not schedule.is_open(at("2026-11-28 06:00"))
    assert not schedule.is_open(at("2026-11-28 23:00"))


def test_several_hours_and_days() -> None:
    schedule = Schedule(days="mon, wed,SAT-sun", hours=["09:00-13:00", "14:00-18:00"], timezone=TOKYO)
    assert schedule.is_open(at("2026-11-25 12:00", TOKYO))
    assert not schedule.is_open(at("2026-11-25 13:30", TOKYO))
    assert schedule.is_open(at("2026-11-29 14:00", TOKYO))
    assert not schedule.is_open(at("2026-11-26 12:00", TOKYO))
    assert schedule.next_change(at("2026-11-25 12:00", TOKYO)) == at("2026-11-25 13:00", TOKYO)


def test_days_may_go_round_the_week() -> None:
    schedule = Schedule(days="sat-mon", timezone="UTC")
    assert [schedule.is_open(at(f"2026-11-{day} 12:00", "UTC")) for day in range(26, 33 - 2)] == [
        False, False, True, True, True
    ]  # fmt: skip


def test_what_is_always_open_never_changes() -> None:
    for schedule in (
        Schedule(),
        Schedule(hours=["00:00-12:00", "12:00-24:00"], timezone=BERLIN),
        Schedule(hours=["18:00-09:00", "09:00-18:00"], timezone=BERLIN),
    ):
        for moment in ("2026-03-28 12:00", "2026-10-25 02:30", "2026-11-26 00:00"):
            assert schedule.is_open(at(moment))
            assert schedule.next_change(at(moment)) is None


def test_hours_that_touch_are_one() -> None:
    schedule = Schedule(days="thu-fri", timezone=BERLIN)
    assert schedule.next_change(at("2026-11-26 10:00")) == at("2026-11-28 00:00")


def test_what_summer_time_skips_begins_at_the_skip() -> None:
    skip = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()  # 02:00 becomes 03:00 in Berlin
    schedule = Schedule(hours="02:30-06:00", timezone=BERLIN)
    assert schedule.next_change(at("2026-03-29 00:00")) == skip
    assert schedule.is_open(skip)
    assert schedule.next_change(skip) == at("2026-03-29 06:00") == skip + 3 * 3600
    within = Schedule(hours="02:10-02:50", timezone=BERLIN)
    assert within.next_change(at("2026-03-29 00:00")) == at("2026-03-30 02:10")


def test_what_comes_twice_is_the_first_time() -> None:
    schedule = Schedule(hours="22:00-02:30", timezone=BERLIN)
    first = at("2026-10-25 02:30", fold=0)
    assert schedule.next_change(at("2026-10-24 23:00")) == first
    assert not schedule.is_open(first)
    assert not schedule.is_open(at("2026-10-25 02:15", fold=1))
    begins = Schedule(hours="02:30-06:00", timezone=BERLIN)
    assert begins.is_open(at("2026-10-25 02:15", fold=1))
    assert begins.next_change(first) == at("2026-10-25 06:00") == first + 4.5 * 3600


# --- against counting minutes ---------------------------------------------------------------------------


class Minutes:
    """The same by walking through the minutes with nothing but the local clock."""

    def __init__(self, days: Sequence[str], hours: Sequence[tuple[int, int]], zone: str) -> None:
        self._days, self._hours, self._zone = days, hours, ZoneInfo(zone)

    def open_minutes(self, first: date, last: date) -> dict[float, bool]:
        walk = list(self._walk(first - timedelta(days=3), last + timedelta(days=3)))
        spans = []
        day = first - timedelta(days=2)
        while day <= last + timedelta(days=1):
            if DAYS[day.weekday()] in self._days:
                for opens, closes in self._hours:
                    end = closes if closes > opens else closes + 1440
                    spans.append((self._shows(walk, day, opens), self._shows(walk, day, end)))
            day += timedelta(days=1)
        return {
            moment: any(begin <= moment < end for begin, end in spans)
            for moment, wall in walk
            if first <= wall.date() <= last
        }

    def _walk(self, first: date, last: date) -> Iterator[tuple[float, datetime]]:
        moment = datetime(first.year, first.month, first.day, tzinfo=UTC)
        while moment.date() <= last:
            yield moment.timestamp(), moment.astimezone(self._zone).replace(tzinfo=None)
            moment += timedelta(minutes=1)

    @staticmethod
    def _shows(walk: list[tuple[float, datetime]], day: date, minutes: int) -> float:
        wanted = datetime.combine(day, time()) + timedelta(minutes=minutes)
        return next((moment for moment, wall in walk if wall >= wanted), walk[-1][0])


clock = st.integers(0, 1439)
hours_of_a_day = st.tuples(clock, clock | st.just(1440)).filter(lambda hours: hours[0] != hours[1])
near_the_change = st.tuples(
    st.sampled_from([90, 119, 120, 125, 150, 179, 180, 200]), st.sampled_from([100, 120, 135, 150, 180, 240])
).filter(lambda hours: hours[0] != hours[1])


def text_of(hours: tuple[int, int]) -> str:
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in hours)


@given(
    days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True),
    hours=st.lists(hours_of_a_day | near_the_change, min_size=1, max_size=2),
    zone_day=st.sampled_from(
        [
            (BERLIN, date(2026, 3, 28)),  # summer time begins on the 29th
            (BERLIN, date(2026, 10, 24)),  # and ends on the 25th
            (TOKYO, date(2026, 3, 28)),
            ("America/St_Johns", date(2026, 10, 31)),
            ("Australia/Lord_Howe", date(2026, 4, 4)),  # by half an hour
        ]
    ),
)
@settings(max_examples=40, deadline=None)
def test_it_is_exact_against_counting_minutes(
    days: list[str], hours: list[tuple[int, int]], zone_day: tuple[str, date]
) -> None:
    zone, first = zone_day
    opened = Minutes(days, hours, zone).open_minutes(first, first + timedelta(days=1))
    schedule = Schedule(days=",".join(days), hours=[text_of(each) for each in hours], timezone=zone)
    moments = sorted(opened)
    assert [schedule.is_open(moment) for moment in moments] == [opened[moment] for moment in moments]
    change: float | None = None
    for moment in reversed(moments):
        later = moment + 60
        if later in opened and opened[later] != opened[moment]:
            change = later
        if change is not None:
            assert schedule.next_change(moment) == change
            assert schedule.next_change(moment + 59.9) == change


@given(start=st.integers(0, 365 * 24), weekday=st.sampled_from(DAYS), hours=hours_of_a_day)
@settings(max_examples=200, deadline=None)
def test_after_a_change_it_is_otherwise(start: int, weekday: str, hours: tuple[int, int]) -> None:
    schedule = Schedule(days=weekday, hours=text_of(hours), timezone=BERLIN)
    moment = at("2026-01-01 00:00") + start * 3600
    for _ in range(6):
        change = schedule.next_change(moment)
        assert change is not None
        assert change > moment
        fresh = Schedule(days=weekday, hours=text_of(hours), timezone=BERLIN)
        before, after = fresh.is_open(change - 0.001), fresh.is_open(change)
        assert before != after
        assert schedule.is_open(moment) == before
        moment = change


WHOLE_DAY = "these hours end where they begin; for a whole day write 00:00-24:00"


@pytest.mark.parametrize(
    ("days", "hours", "zone", "key", "problem"),
    [
        ("mon-fry", "09:00-18:00", "UTC", "days", "expected days such as mon-fri or mon,wed,sat-sun (of mon, tue, wed, thu, fri, sat, sun), found 'mon-fry'"),
        ("", "09:00-18:00", "UTC", "days", "expected days such as mon-fri or mon,wed,sat-sun (of mon, tue, wed, thu, fri, sat, sun), found ''"),
        ("mon-tue-wed", "09:00-18:00", "UTC", "days", "expected days such as mon-fri or mon,wed,sat-sun (of mon, tue, wed, thu, fri, sat, sun), found 'mon-tue-wed'"),
        ("mon", "9-18", "UTC", "hours", "expected hours such as 09:00-18:00 or 22:00-06:00, found '9-18'"),
        ("mon", "09:00-25:00", "UTC", "hours", "expected hours such as 09:00-18:00 or 22:00-06:00, found '09:00-25:00'"),
        ("mon", "24:00-08:00", "UTC", "hours", "expected hours such as 09:00-18:00 or 22:00-06:00, found '24:00-08:00'"),
        ("mon", "09:60-10:00", "UTC", "hours", "expected hours such as 09:00-18:00 or 22:00-06:00, found '09:60-10:00'"),
        ("mon", "09:00-09:00", "UTC", "hours", WHOLE_DAY),
        ("mon", [], "UTC", "hours", "expected hours such as 09:00-18:00"),
        ("mon", "09:00-10:00", "Europe/Berlim", "timezone", "expected an IANA time zone such as Europe/Moscow"),
        ("mon", "09:00-10:00", "../etc/passwd", "timezone", "expected an IANA time zone such as Europe/Moscow"),
    ],
)  # fmt: skip
def test_mistakes_are_told(days: str, hours: str | list[str], zone: str, key: str, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        Schedule(days=days, hours=hours, timezone=zone)
    assert (caught.value.key, caught.value.problem) == (key, problem)


def test_9_o_clock_may_be_written_without_a_zero() -> None:
    assert Schedule(hours="9:00 - 18:00").is_open(at("2026-11-26 10:00", "UTC"))
