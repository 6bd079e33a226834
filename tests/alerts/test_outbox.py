"""What is sent next, when, and for how long it is tried; no time passes here but what the tests say."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.webhooks import outbox as module
from monitor.alerts.webhooks.outbox import AWAY_SECONDS, Entry, Outbox, entry_of, restored
from monitor.alerts.webhooks.outcome import Outcome
from monitor.alerts.webhooks.retry_after import retry_after
from tests.alerts.sending import NOW, notification

DELIVERED = Outcome(delivered=True, seconds=0.01, status=200)
FAILED = Outcome(delivered=False, seconds=0.01, status=500, error="it answered 500")
GONE = Outcome(delivered=False, seconds=0.01, status=410, error="it answered 410", gone=True)
DAY = 86_400.0


def busy(seconds: float) -> Outcome:
    return Outcome(delivered=False, seconds=0.01, status=429, error="it answered 429", retry_after=seconds)


class Box:
    """An outbox with its shelf."""

    def __init__(
        self, *, limit: int = 100, give_up_after: float = 3 * DAY, random: float = 1.0, **more: int
    ) -> None:
        self.random = random
        self.shelf: dict[str, bytes] = {}
        self.orders = 0
        self.more = {"limit": limit, "give_up_after": give_up_after, **more}
        self.box = self._new()

    def _new(self) -> Outbox:
        return Outbox("ops", random=lambda: self.random, **self.more)  # type: ignore[arg-type]

    def keep(self, changes: dict[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.shelf.pop(key, None)
            else:
                self.shelf[key] = value

    def add(self, id_: str, group: str = "waiting", now: float = NOW) -> Entry:
        self.orders += 1
        entry = entry_of(notification(id_, group=group), self.orders, now)
        self.keep({f"outbox:ops/{id_}": entry.packed()})
        self.keep(self.box.add(entry, now))
        return entry

    def take(self, now: float = NOW) -> Entry:
        entry = self.box.take(now)
        assert entry is not None
        return entry

    def settle(self, entry: Entry, outcome: Outcome, now: float = NOW) -> None:
        self.keep(self.box.settle(entry, outcome, now))

    def restart(self, now: float) -> None:
        self.box = self._new()
        self.keep(self.box.restore([restored(data) for data in reversed(self.shelf.values())], now))


def test_what_comes_in_is_due_at_once_and_leaves_the_shelf_when_delivered() -> None:
    box = Box()
    box.add("a")
    assert list(box.shelf) == ["outbox:ops/a"]
    assert box.box.next_at() == NOW
    entry = box.take()
    assert entry.notification() == notification("a")
    box.settle(entry, DELIVERED)
    assert box.shelf == {}
    assert (box.box.delivered, box.box.failed, box.box.dropped) == (1, 0, 0)
    assert box.box.next_at() is None


def test_a_group_goes_one_after_the_other_and_groups_don_t_wait_for_each_other() -> None:
    box = Box()
    box.add("a1", "a")
    box.add("a2", "a")
    box.add("b1", "b")
    a1, b1 = box.take(), box.take()
    assert (a1.id, b1.id) == ("a1", "b1")
    assert box.box.take(NOW) is None
    box.settle(a1, FAILED)
    assert box.box.take(NOW) is None  # a2 waits while a1 is being retried
    box.settle(b1, DELIVERED)
    assert box.box.take(NOW + 0.5) is None
    box.settle(box.take(NOW + 1.0), DELIVERED)
    assert box.take(NOW + 1.0).id == "a2"


@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_pauses_double_with_jitter_up_to_five_minutes(random: float) -> None:
    box = Box(random=random)
    box.add("a")
    now, pauses = NOW, []
    for _ in range(12):
        box.settle(box.take(now), FAILED, now)
        pauses.append((box.box.next_at() or 0) - now)
        now += pauses[-1]
    wanted = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert pauses == pytest.approx([pause * random for pause in wanted])


def test_a_thousand_tries_overflow_nothing() -> None:
    box = Box(give_up_after=DAY * 999)
    box.add("a")
    now = NOW
    for _ in range(3_000):
        box.settle(box.take(now), FAILED, now)
        now += 300
    assert box.box.failed == 3_000


def test_retry_after_is_waited_for_by_all_groups() -> None:
    box = Box()
    box.add("a1", "a")
    box.settle(box.take(), busy(60))
    box.add("b1", "b")
    assert box.box.take(NOW + 59.9) is None
    assert box.box.next_at() == NOW + 60
    assert {box.take(NOW + 60).id, box.take(NOW + 60).id} == {"a1", "b1"}


def test_a_retry_after_shorter_than_the_pause_doesn_t_shorten_it() -> None:
    box = Box()
    box.add("a")
    box.settle(box.take(), busy(0.25))
    assert box.box.next_at() == NOW + 1


def test_gone_goes_to_the_dead_letters_at_once_and_the_next_one_is_tried() -> None:
    box = Box()
    box.add("a")
    box.add("b")
    box.settle(box.take(), GONE)
    assert list(box.box.dead) == ["a"]
    assert sorted(box.shelf) == ["dead:ops/a", "outbox:ops/b"]
    assert (box.box.failed, box.box.dropped) == (1, 1)
    assert box.take().id == "b"


def test_after_its_time_a_notification_is_given_up_but_never_without_a_try() -> None:
    box = Box(give_up_after=3 * DAY)
    box.add("a")
    box.settle(box.take(), FAILED)
    entry = box.take(NOW + 2.9 * DAY)
    box.settle(entry, FAILED, NOW + 2.9 * DAY)
    assert box.box.dead == {}
    box.restart(NOW + 30 * DAY)  # the service was away for long, or the clock was set
    assert box.box.dead == {}
    box.settle(box.take(NOW + 30 * DAY), FAILED, NOW + 30 * DAY)
    assert list(box.box.dead) == ["a"]
    assert box.box.dead["a"].stored.attempts == 3
    assert box.box.dead["a"].stored.last_error == "it answered 500"


def test_what_is_too_much_goes_to_the_dead_letters_the_oldest_first() -> None:
    box = Box(limit=3)
    for name in "abcd":
        box.add(name, name)
    assert list(box.box.waiting) == ["b", "c", "d"]
    assert list(box.box.dead) == ["a"]
    assert "more than 3 notifications" in (box.box.dead["a"].stored.last_error or "")
    assert box.box.dropped == 1
    assert sorted(box.shelf) == ["dead:ops/a", "outbox:ops/b", "outbox:ops/c", "outbox:ops/d"]
    assert [box.take().id for _ in range(3)] == ["b", "c", "d"]


def test_what_is_on_its_way_is_not_dropped() -> None:
    box = Box(limit=2)
    for name in "ab":
        box.add(name, name)
    a = box.take()
    box.add("c", "c")
    assert list(box.box.dead) == ["b"]
    box.settle(a, DELIVERED)
    assert list(box.box.waiting) == ["c"]


def test_big_notifications_are_bounded_by_their_bytes() -> None:
    size = len(msgspec.json.encode(notification("a")))
    box = Box(max_bytes=3 * size)
    for name in "abcde":
        box.add(name, name)
    assert list(box.box.waiting) == ["c", "d", "e"]


def test_dead_letters_are_bounded_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DEAD", 3)
    box = Box()
    for name in "abcde":
        box.add(name)
        box.settle(box.take(), GONE)
    assert list(box.box.dead) == ["c", "d", "e"]
    assert sorted(box.shelf) == ["dead:ops/c", "dead:ops/d", "dead:ops/e"]
    assert box.box.forgotten == 2


def test_a_dead_letter_is_sent_again_under_its_id_with_new_patience() -> None:
    box = Box(give_up_after=3 * DAY)
    box.add("a")
    box.settle(box.take(), GONE)
    later = NOW + 10 * DAY
    changes = box.box.replay("a", 99, later)
    assert changes is not None
    box.keep(changes)
    assert list(box.shelf) == ["outbox:ops/a"]
    assert box.box.dead == {}
    entry = box.take(later)
    assert (entry.id, entry.stored.attempts) == ("a", 0)
    assert restored(box.shelf["outbox:ops/a"]).stored.replayed
    box.settle(entry, FAILED, later)
    assert box.box.dead == {}
    assert box.box.replay("a", 100, later) is None


def test_everything_is_there_after_a_restart_in_its_order() -> None:
    box = Box()
    for number in range(5):
        box.add(f"n{number}")
    box.settle(box.take(), FAILED)
    box.restart(NOW)
    assert box.box.next_at() == NOW + 1
    assert box.box.failing_since is not None
    assert box.box.last_error == "it answered 500"
    got = []
    for _ in range(5):
        entry = box.take(NOW + 1)
        got.append(entry.id)
        box.settle(entry, DELIVERED, NOW + 1)
    assert got == [f"n{number}" for number in range(5)]
    assert box.box.failing_since is None


@pytest.mark.parametrize("step", [-DAY, -60.0, 0.0, 60.0, 400 * DAY])
def test_after_a_restart_with_another_clock_nothing_waits_longer_than_its_pause(step: float) -> None:
    box = Box()
    box.add("a")
    now = NOW
    for _ in range(8):
        box.settle(box.take(now), FAILED, now)
        now = box.box.next_at() or 0
    began = now - 128
    box.restart(began + step)
    wait = (box.box.next_at() or 0) - (began + step)
    assert wait <= 128
    if step >= 0:
        assert wait == pytest.approx(128 - step if step < 128 else wait)


def test_a_receiver_that_was_away_gets_all_at_once_when_it_is_back() -> None:
    box = Box()
    for name in "abc":
        box.add(name, name)
    for _ in range(3):
        box.settle(box.take(), FAILED)
    now = NOW
    for _ in range(9):
        now += 300
        for _ in range(3):
            box.settle(box.take(now), FAILED, now)
    box.add("d", "d", now)
    box.settle(box.take(now), DELIVERED, now)
    assert {box.take(now).id for _ in range(3)} == {"a", "b", "c"}
    assert box.box.failing_since == NOW


def test_one_notification_that_a_receiver_doesn_t_like_is_not_hurried_by_the_others() -> None:
    box = Box()
    box.add("bad", "bad")
    for number in range(9):
        if (entry := box.box.take(NOW + number * AWAY_SECONDS / 2)) is not None:
            box.settle(entry, FAILED, NOW + number * AWAY_SECONDS / 2)
    assert box.box.waiting["bad"].stored.attempts >= 4
    first = NOW + 5 * AWAY_SECONDS
    box.box.last_delivered_at = first - 1
    tries = box.box.failed
    for number in range(20):
        box.add(f"good{number}", "good", first + number)
        while (entry := box.box.take(first + number)) is not None:
            box.settle(entry, FAILED if entry.id == "bad" else DELIVERED, first + number)
    assert box.box.delivered == 20
    assert box.box.failed - tries <= 2
    assert box.box.failing_since is not None  # and it is seen that something is not delivered


def test_other_settings_try_everything_at_once() -> None:
    box = Box()
    box.add("a")
    box.settle(box.take(), busy(3600))
    assert box.box.take(NOW + 10) is None
    box.box.reconfigure(limit=5, give_up_after=DAY, now=NOW + 10)
    assert box.take(NOW + 10).id == "a"


def test_the_same_notification_twice_is_one() -> None:
    box = Box()
    box.add("a")
    box.add("a")
    box.settle(box.take(), DELIVERED)
    assert box.box.take(NOW) is None


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3)),
        st.tuples(st.just("take"), st.just(0)),
        st.tuples(st.just("ok"), st.integers(0, 3)),
        st.tuples(st.just("fail"), st.integers(0, 3)),
        st.tuples(st.just("busy"), st.integers(0, 3)),
        st.tuples(st.just("gone"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(0, 400)),
        st.tuples(st.just("restart"), st.integers(-1000, 1000)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps=STEPS, random=st.floats(0, 1))
def test_whatever_happens_nothing_is_lost_doubled_or_out_of_order(
    steps: list[tuple[str, int]], random: float
) -> None:
    box = Box(limit=6, give_up_after=2_000, random=random)
    now = NOW
    added: list[tuple[str, int]] = []
    done: dict[str, str] = {}
    flying: list[Entry] = []
    for step, number in steps:
        if step == "add":
            name = f"n{len(added)}"
            added.append((name, number))
            box.add(name, str(number), now)
        elif step == "take":
            if (entry := box.box.take(now)) is not None:
                assert entry.group not in [one.group for one in flying]
                older = [name for name, group in added if str(group) == dict(entry.group)["rule"]]
                for name in older[: older.index(entry.id)]:
                    assert name not in box.box.waiting  # no older one of its group waits
                flying.append(entry)
        elif step == "wait":
            now += number
        elif step == "restart":
            flying.clear()
            now += number
            box.restart(now)
            at = box.box.next_at()
            assert at is None or at - now <= 3_600
        elif flying:
            entry = flying.pop(number % len(flying))
            outcome = {"ok": DELIVERED, "fail": FAILED, "busy": busy(50.0), "gone": GONE}[step]
            box.settle(entry, outcome, now)
            if outcome.delivered:
                done[entry.id] = "delivered"
        for name, _ in added:
            places = [name in box.box.waiting, name in box.box.dead, name in done]
            assert sum(places) == 1, name
            assert (f"outbox:ops/{name}" in box.shelf) == places[0]
            assert (f"dead:ops/{name}" in box.shelf) == places[1]
        assert len(box.box.waiting) <= 6 + len(flying)
    now += 4_000
    for entry in flying:
        box.settle(entry, DELIVERED, now)
    while (entry := box.box.take(now)) is not None:
        box.settle(entry, DELIVERED, now)
    assert box.box.waiting == {}
    assert box.box.next_at() is None


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("0", None, 0),
        (" 30 ", None, 30),
        ("9" * 50, None, 3600),
        ("-1", None, None),
        ("1.5", None, None),
        ("٣", None, None),
        ("", None, None),
        (None, None, None),
        ("Wed, 24 Nov 2026 10:00:00 GMT", None, 0),
        ("Wed, 99 Nov 2026 10:00:00 GMT", None, None),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 60),
        ("Sun, 06 Nov 1994 08:48:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sun, 06 Nov 1994 18:48:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 3600),
        ("Sun, 06 Nov 1994 18:48:37 GMT", "yesterday", 0),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(
    value: str | None, date: str | None, seconds: float | None
) -> None:
    assert retry_after(value, 1_795_600_000.0, date) == seconds


def test_a_date_in_retry_after_is_compared_with_our_clock_where_the_receiver_tells_none() -> None:
    at = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT
    assert retry_after("Sun, 06 Nov 1994 08:50:37 GMT", at) == 60
