"""The local day, summer time included."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.engine.calendar import Day
from monitor.engine.config import DayConfig

HOUR = 3600
ZONES = sorted(available_timezones())


def day(timezone: str, starts: str = "00:00") -> Day:
    return Day(DayConfig(timezone=timezone, starts=starts))


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@pytest.mark.parametrize(
    ("timezone", "starts", "at", "start", "hours"),
    [
        ("UTC", "00:00", "2026-11-23T12:00+00:00", "2026-11-23T00:00+00:00", 24),
        ("Europe/Moscow", "00:00", "2026-11-23T22:00+00:00", "2026-11-24T00:00+03:00", 24),
        ("Europe/Moscow", "06:30", "2026-11-23T06:00+03:00", "2026-11-22T06:30+03:00", 24),
        ("Asia/Kathmandu", "00:00", "2026-11-23T12:00+00:00", "2026-11-23T00:00+05:45", 24),
        # clocks change in the middle of the day
        ("Europe/Berlin", "00:00", "2026-03-29T12:00+02:00", "2026-03-29T00:00+01:00", 23),
        ("Europe/Berlin", "00:00", "2026-10-25T12:00+01:00", "2026-10-25T00:00+02:00", 25),
        ("Australia/Lord_Howe", "00:00", "2026-10-04T12:00+11:00", "2026-10-04T00:00+10:30", 23.5),
        # the start time is skipped that day: the day begins at the skip, which shows 03:00
        ("Europe/Berlin", "02:30", "2026-03-29T12:00+02:00", "2026-03-29T03:00+02:00", 23.5),
        ("Europe/Berlin", "02:30", "2026-03-29T01:59+01:00", "2026-03-28T02:30+01:00", 23.5),
        # midnight itself is skipped
        ("America/Santiago", "00:00", "2026-09-06T12:00-03:00", "2026-09-06T01:00-03:00", 23),
        # the start time comes twice that day: the first one counts
        ("Europe/Berlin", "02:30", "2026-10-25T02:29+02:00", "2026-10-24T02:30+02:00", 24),
        ("Europe/Berlin", "02:30", "2026-10-25T02:30+02:00", "2026-10-25T02:30+02:00", 25),
        ("Europe/Berlin", "02:30", "2026-10-25T02:10+01:00", "2026-10-25T02:30+02:00", 25),
        # a date that a country left out
        ("Pacific/Apia", "00:00", "2011-12-31T12:00+14:00", "2011-12-31T00:00+14:00", 24),
        ("Pacific/Apia", "00:00", "2011-12-29T12:00-10:00", "2011-12-29T00:00-10:00", 24),
    ],
)
def test_day_has_the_bounds_that_local_clocks_say(
    timezone: str, starts: str, at: str, start: str, hours: float
) -> None:
    days = day(timezone, starts)
    assert utc(days.start(instant(at))) == utc(instant(start))
    assert days.next_start(instant(at)) - days.start(instant(at)) == hours * HOUR


def test_the_start_itself_belongs_to_the_new_day_and_the_instant_before_it_does_not() -> None:
    days = day("Europe/Moscow")
    midnight = instant("2026-11-24T00:00+03:00")
    assert days.start(midnight) == midnight
    assert days.next_start(midnight - 0.001) == midnight


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    asked = day("Europe/Berlin", "02:30")
    first = instant("2026-03-27T00:00+01:00")
    for hours in [0, 100, 49, 50, 51, 1, 72, 24, 73]:
        at = first + hours * HOUR
        fresh = day("Europe/Berlin", "02:30")
        assert (asked.start(at), asked.next_start(at)) == (fresh.start(at), fresh.next_start(at))


@given(
    timezone=st.sampled_from(ZONES),
    starts=st.times().map(lambda time: time.strftime("%H:%M")),
    at=st.floats(min_value=0, max_value=instant("2100-01-01T00:00+00:00")),
)
def test_every_instant_is_within_its_day_and_days_follow_one_another(
    timezone: str, starts: str, at: float
) -> None:
    days = day(timezone, starts)
    start, following = days.start(at), days.next_start(at)
    assert start <= at < following
    # every instant of the day says the same, and the day that follows begins where this one ends
    assert days.start(following) == following
    for inside in (start, (start + following) / 2, following - 1):
        assert (days.start(inside), days.next_start(inside)) == (start, following)
    # the local clock shows the start time, or skipped it
    shown = datetime.fromtimestamp(start, ZoneInfo(timezone))
    before = datetime.fromtimestamp(start - 1, ZoneInfo(timezone))
    assert shown.strftime("%H:%M") == starts or before.utcoffset() != shown.utcoffset()


@pytest.mark.parametrize(
    "starts", ["24:00", "7:00", "07:60", "07.00", "07:00:00", "", "\u0660\u0667:\u0660\u0660", "07:00\n"]
)
def test_start_that_is_no_time_is_refused_with_what_was_expected(starts: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        day("UTC", starts)


def test_unknown_time_zone_is_refused() -> None:
    with pytest.raises(KeyError, match="Europe/Atlantis"):
        day("Europe/Atlantis")
