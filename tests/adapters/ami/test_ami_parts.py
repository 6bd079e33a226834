"""The small parts: clock, backoff, memory of a PBX."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ami.client import REFUSALS
from adapters.ami.clock import PbxClock
from adapters.ami.errors import Closed, LoginRefused, NotAmi
from adapters.ami.memory import PbxMemory
from adapters.common.backoff import Backoff, Pace

# --- clock ---------------------------------------------------------------------------------------------------


def pong(clock: PbxClock, now: float, *, ahead: float, there: float, back: float) -> None:
    """A Ping that takes ``there`` and ``back`` seconds on its way, to a PBX whose clock is ``ahead`` of ours."""
    clock.pong(now + there + ahead, now, now + there + back, now + there + back)


def test_offset_is_nothing_until_measured():
    clock = PbxClock()
    assert clock.offset == 0.0
    assert not clock.measured
    assert clock.event_time("5.0", 1_000.0, 0.0) == 1_000.0


def test_quickest_round_trip_is_believed():
    clock = PbxClock()
    pong(clock, 0.0, ahead=10.0, there=0.5, back=0.0)
    pong(clock, 1.0, ahead=10.0, there=0.001, back=0.001)
    pong(clock, 2.0, ahead=10.0, there=0.0, back=0.9)
    assert clock.offset == pytest.approx(-10.0, abs=0.001)


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=30),
)
def test_offset_is_never_worse_than_half_the_quickest_round_trip(ahead, trips):
    clock = PbxClock()
    for number, (there, back) in enumerate(trips):
        pong(clock, number * 3.0, ahead=ahead, there=there, back=back)
    quickest = min(there + back for there, back in trips)
    assert abs(clock.offset + ahead) <= quickest / 2 + 1e-6


def test_clock_that_is_set_is_followed_by_the_next_measurement():
    clock = PbxClock()
    pong(clock, 0.0, ahead=0.0, there=0.001, back=0.001)
    pong(clock, 10.0, ahead=60.0, there=0.3, back=0.3)
    assert clock.offset == pytest.approx(-60.0)


def test_old_measurements_are_forgotten():
    clock = PbxClock()
    pong(clock, 0.0, ahead=0.0, there=0.001, back=0.001)
    pong(clock, 400.0, ahead=0.02, there=0.02, back=0.02)
    assert clock.offset == pytest.approx(-0.02, abs=0.001)


def test_event_time_is_the_stamp_corrected():
    clock = PbxClock()
    pong(clock, 0.0, ahead=100.0, there=0.0, back=0.0)
    assert clock.event_time("1100.25", 1_000.5, 0.0) == pytest.approx(1_000.25)
    assert not clock.doubtful


def test_event_is_never_later_than_its_arrival():
    clock = PbxClock()
    pong(clock, 0.0, ahead=0.0, there=0.0, back=0.0)
    assert clock.event_time("1000.7", 1_000.5, 0.0) == 1_000.5
    assert not clock.doubtful


@pytest.mark.parametrize("stamp", ["990.0", "1002.0", "nan", "inf", "-inf", "1e999"])
def test_stamp_that_cannot_be_true_is_doubtful_until_measured_again(stamp):
    clock = PbxClock()
    pong(clock, 0.0, ahead=0.0, there=0.0, back=0.0)
    assert clock.event_time(stamp, 1_000.0, 0.0) == 1_000.0
    assert clock.doubtful
    pong(clock, 1.0, ahead=0.0, there=0.0, back=0.0)
    assert not clock.doubtful


def test_event_that_lay_unread_keeps_its_own_time():
    clock = PbxClock()
    pong(clock, 0.0, ahead=0.0, there=0.0, back=0.0)
    assert clock.event_time("980.0", 1_000.0, 30.0) == 980.0


@pytest.mark.parametrize("stamp", ["", "yesterday", "12:00"])
def test_stamp_that_is_none_is_replaced_by_the_arrival(stamp):
    clock = PbxClock()
    pong(clock, 0.0, ahead=0.0, there=0.0, back=0.0)
    assert clock.event_time(stamp, 1_000.0, 0.0) == 1_000.0
    assert not clock.doubtful


# --- backoff -------------------------------------------------------------------------------------------------


def test_refused_login_is_tried_slowly_but_within_the_resynchronisation_time():
    for error in (LoginRefused("no", "do"), NotAmi("no")):
        backoff = Backoff(Pace(), random.Random(7), REFUSALS)
        assert all(5.0 <= backoff.after(error, 0.0) <= 10.0 for _ in range(20))
    assert Backoff(Pace(), random.Random(7), REFUSALS).after(Closed("it broke"), 0.0) <= 0.2


# --- memory --------------------------------------------------------------------------------------------------


def test_first_connection_is_no_restart():
    memory = PbxMemory()
    memory.started("2026-11-23 10:00:00", 1_000.0)
    assert not memory.take_restarted()


def test_start_date_tells_more_than_the_uptime():
    memory = PbxMemory()
    memory.started("2026-11-23 10:00:00", 1_000.0)
    memory.started("2026-11-23 10:00:00", 4_000.0)  # somebody set a clock
    assert not memory.take_restarted()
    memory.started("2026-11-23 11:00:00", 4_000.0)
    assert memory.take_restarted()
    assert not memory.take_restarted()


def test_uptime_tells_where_the_date_is_refused():
    memory = PbxMemory()
    memory.started(None, 1_000.0)
    memory.started(None, 1_001.0)
    assert not memory.take_restarted()
    memory.started(None, 1_900.0)
    assert memory.take_restarted()


def test_without_evidence_nothing_is_claimed():
    memory = PbxMemory()
    memory.started(None, None)
    memory.started(None, None)
    assert not memory.take_restarted()
