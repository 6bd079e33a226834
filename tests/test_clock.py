"""The clock that never jumps, told by clocks that do."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import SLEW, SteadyClock


class Clocks:
    """A wall clock that can be set and a monotonic one."""

    def __init__(self) -> None:
        self.wall = 1_795_444_790.0
        self.monotonic = 1_000.0
        self.steps: list[float] = []
        self.clock = SteadyClock(lambda: self.wall, lambda: self.monotonic, on_step=self.steps.append)

    def pass_time(self, seconds: float, *, drift: float = 0.0) -> None:
        self.monotonic += seconds
        self.wall += seconds * (1 + drift)

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.pass_time(1.0)
            self.clock.follow()


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_it_is_the_wall_clock_while_nobody_sets_that(clocks: Clocks) -> None:
    clocks.run(10_000)
    assert clocks.clock.now() == clocks.wall
    assert clocks.steps == []


@pytest.mark.parametrize("step", [3_600.0, -3_600.0, 90.0, -2.0])
def test_a_step_is_reported_once_and_changes_nothing_at_once(clocks: Clocks, step: float) -> None:
    clocks.run(10)
    before = clocks.clock.now()
    clocks.wall += step
    assert clocks.clock.now() == before
    clocks.clock.follow()
    assert clocks.clock.now() == before
    clocks.run(100)
    assert clocks.steps == [pytest.approx(step)]
    assert clocks.clock.now() - before == pytest.approx(100, rel=SLEW * 1.001)


@pytest.mark.parametrize("step", [10.0, -10.0])
def test_it_catches_up_with_the_wall_clock_and_does_not_overshoot(clocks: Clocks, step: float) -> None:
    clocks.wall += step
    clocks.clock.follow()
    behind = []
    for _ in range(250):
        clocks.run(1)
        behind.append(clocks.wall - clocks.clock.now())
    assert behind[-1] == pytest.approx(0, abs=1e-6)
    assert all(abs(later) <= abs(earlier) + 1e-6 for earlier, later in pairwise(behind))


def test_without_follow_it_never_runs_past_the_wall_clock_it_last_saw(clocks: Clocks) -> None:
    clocks.wall += 1.5
    clocks.clock.follow()
    clocks.pass_time(1_000)
    assert clocks.clock.now() == pytest.approx(clocks.wall)


def test_small_corrections_are_followed_without_a_word(clocks: Clocks) -> None:
    for _ in range(100):
        clocks.wall += 0.02
        clocks.run(1)
    assert clocks.steps == []
    assert clocks.clock.now() == pytest.approx(clocks.wall, abs=0.03)


def test_a_drifting_wall_clock_is_followed_without_a_word(clocks: Clocks) -> None:
    for _ in range(10_000):
        clocks.pass_time(1.0, drift=0.0005)
        clocks.clock.follow()
    assert clocks.steps == []
    assert clocks.clock.now() == pytest.approx(clocks.wall, abs=0.01)


def test_it_works_without_anybody_to_report_to() -> None:
    clocks = Clocks()
    clock = SteadyClock(lambda: clocks.wall, lambda: clocks.monotonic)
    clocks.wall += 100
    clock.follow()
    assert clock.now() == pytest.approx(clocks.wall - 100)


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(-1e7, 1e7) | st.just(0.0), st.booleans()),
        max_size=50,
    )
)
def test_whatever_the_wall_clock_does_time_passes_at_95_to_105_percent(
    moves: list[tuple[float, float, bool]],
) -> None:
    clocks = Clocks()
    for elapsed, step, follows in moves:
        before = clocks.clock.now()
        clocks.pass_time(elapsed)
        clocks.wall += step
        passed = clocks.clock.now() - before
        # a float of unix seconds is good to a quarter of a microsecond
        assert elapsed * (1 - SLEW) - 1e-6 <= passed <= elapsed * (1 + SLEW) + 1e-6
        if follows:
            at = clocks.clock.now()
            clocks.clock.follow()
            assert clocks.clock.now() >= at


def test_the_system_clock_is_the_time_of_day() -> None:
    clock = SteadyClock.system()
    assert abs(clock.now() - time.time()) < 60
