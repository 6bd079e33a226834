"""A queue's figures: today, the last 30 minutes, since ever; against a naive recomputation of the same facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.engine import rolling_window
from monitor.engine.config import QueueConfig
from monitor.engine.histogram import Histogram
from monitor.engine.queue_statistics import QueueStatistics
from monitor.events import LeftOutcome
from monitor.model import QueueFigures, ServiceLevelFormula

DAY = 86_400.0
HALF_HOUR = 1_800.0
START = 20_000 * DAY
NOON = START + DAY / 2

FORMULAS: tuple[ServiceLevelFormula, ...] = get_args(ServiceLevelFormula)
UNANSWERED = [outcome for outcome in get_args(LeftOutcome) if outcome != "answered"]


def begun(at: float = NOON) -> QueueStatistics:
    queue = QueueStatistics()
    queue.advance(at, START)
    return queue


def today(queue: QueueStatistics) -> QueueFigures:
    return queue.today("answered_and_abandoned", 20.0, 0.8)


def last_30m(queue: QueueStatistics) -> QueueFigures:
    return queue.last_30m("answered_and_abandoned", 20.0, 0.8)


# --- the naive statistics: a list of facts, counted anew for every question -----------------------------------


@dataclass(eq=False)
class Fact:
    at: float
    kind: str
    seconds: float = 0.0
    hold: float = 0.0
    threshold: float = 20.0
    short_abandon: float = 5.0


class Naive:
    """Remembers everything and computes each figure from the definitions."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.now = 0.0

    def add(self, at: float, kind: str, seconds: float = 0.0, **more: Any) -> Fact:
        self.now = max(self.now, at)
        fact = Fact(self.now, kind, seconds, **more)
        self.facts.append(fact)
        return fact

    def today(self, formula: ServiceLevelFormula) -> dict[str, Any]:
        start = self.now // DAY * DAY
        return self.figures([fact for fact in self.facts if fact.at >= start], formula)

    def last_30m(self, formula: ServiceLevelFormula) -> dict[str, Any]:
        return self.figures([fact for fact in self.facts if self.now - fact.at < HALF_HOUR], formula)

    def figures(self, facts: list[Fact], formula: ServiceLevelFormula) -> dict[str, Any]:
        def of(*kinds: str) -> list[Fact]:
            return [fact for fact in facts if fact.kind in kinds]

        def mean(total: float, count: int) -> Any:
            return pytest.approx(total / count) if count else None

        answered, abandoned, timed_out = of("answered"), of("abandoned"), of("timed_out")
        left = of("left_empty", "exited_by_key", "transferred", "closed")
        completed = of("completed")
        offered = answered + abandoned + timed_out + left
        short = [fact for fact in abandoned if fact.seconds < fact.short_abandon]
        answered_in = [fact for fact in answered if fact.seconds <= fact.threshold]
        abandoned_in = [fact for fact in abandoned if fact.seconds <= fact.threshold]
        met, whole = {
            "answered_and_abandoned": (len(answered_in), len(answered) + len(abandoned) - len(short)),
            "answered_only": (len(answered_in), len(answered)),
            "offered": (len(answered_in), len(offered)),
            "abandoned_in_T_count_as_met": (
                len(answered_in) + len(abandoned_in),
                len(answered) + len(abandoned),
            ),
        }[formula]
        handled = sum(fact.seconds + fact.hold for fact in completed)
        handled += sum(fact.seconds for fact in of("wrapped_up"))
        return {
            "offered": len(offered),
            "answered": len(answered),
            "abandoned": len(abandoned),
            "short_abandoned": len(short),
            "timed_out": len(timed_out),
            "left": len(left),
            "unknown": len(of("unknown")),
            "service_level": {
                "formula": formula,
                "value": mean(met, whole),
                "met": met,
                "of": whole,
                "threshold": 20.0,
                "target": 0.8,
            },
            "average_wait": mean(sum(fact.seconds for fact in answered), len(answered)),
            "longest_wait": max((fact.seconds for fact in offered), default=None),
            "average_handle_time": mean(handled, len(completed)),
            "average_talk_time": mean(sum(fact.seconds for fact in completed), len(completed)),
            "abandonment_rate": mean(len(abandoned) - len(short), len(offered) - len(short)),
        }


# --- equal to the naive statistics, always -------------------------------------------------------------------

seconds = st.one_of(
    st.sampled_from([0.0, 4.999999, 5.0, 20.0, 20.000001]),
    st.integers(0, 5_000_000_000).map(lambda microseconds: microseconds / 1e6),
)
# late facts, ties, exact half hours and steps that cross midnight
steps = st.one_of(
    st.sampled_from([-2.5, 0.0, 0.5, 60.0, HALF_HOUR / 2, HALF_HOUR, 6 * 3600.0, 3 * DAY]),
    st.floats(0, 900),
)
settings = st.fixed_dictionaries(
    {"threshold": st.sampled_from([3.0, 20.0, 60.0]), "short_abandon": st.sampled_from([0.0, 5.0, 30.0])}
)
kinds = st.sampled_from(
    ["answered", *UNANSWERED, "unknown", "completed", "wrapped_up", "tick", "true", "restart"]
)
operations = st.lists(st.tuples(kinds, steps, seconds, seconds, settings, st.integers(0, 1_000)), max_size=60)


@given(operations, st.sampled_from([msgspec.json, msgspec.msgpack]))
def test_figures_equal_a_naive_recomputation_through_days_corrections_and_restarts(
    operations: list[tuple[str, float, float, float, dict[str, float], int]], codec: Any
) -> None:
    naive = Naive()
    queue = QueueStatistics()
    unknown: list[tuple[Fact, float]] = []
    at = NOON
    for kind, step, first, second, limits, pick in operations:
        at += step
        threshold, short_abandon = limits["threshold"], limits["short_abandon"]
        queue.advance(at, at // DAY * DAY)
        naive.now = max(naive.now, at)
        if kind == "answered":
            queue.answered(at, first, QueueConfig(threshold=threshold))
            naive.add(at, kind, first, **limits)
        elif kind in UNANSWERED:
            filed_at = queue.left(
                at, kind, first, QueueConfig(threshold=threshold, short_abandon=short_abandon)
            )  # type: ignore[arg-type]
            fact = naive.add(at, kind, first, **limits)
            assert filed_at == fact.at
            if kind == "unknown":
                unknown.append((fact, filed_at))
        elif kind == "completed":
            queue.completed(at, first, second)
            naive.add(at, kind, first, hold=second)
        elif kind == "wrapped_up":
            queue.wrapped_up(at, first)
            naive.add(at, kind, first)
        elif kind == "true" and unknown:
            fact, filed_at = unknown.pop(pick % len(unknown))
            queue.overrule_unknown(filed_at)
            naive.facts.remove(fact)
            queue.left(at, "abandoned", first, QueueConfig(threshold=threshold, short_abandon=short_abandon))
            naive.add(at, "abandoned", first, **limits)
        elif kind == "restart":
            queue = codec.decode(codec.encode(queue), type=QueueStatistics)
        for formula in FORMULAS:
            assert msgspec.to_builtins(queue.today(formula, 20.0, 0.8)) == naive.today(formula)
            assert msgspec.to_builtins(queue.last_30m(formula, 20.0, 0.8)) == naive.last_30m(formula)
        in_window = [fact.at + HALF_HOUR for fact in naive.facts if naive.now - fact.at < HALF_HOUR]
        deadline = queue.next_deadline()
        assert (deadline is None) == (not queue.window.facts)
        assert not in_window or (deadline is not None and naive.now < deadline <= min(in_window))


# --- the last 30 minutes -------------------------------------------------------------------------------------


def test_call_leaves_the_window_at_exactly_thirty_minutes() -> None:
    queue = begun()
    queue.answered(NOON, 7.0, QueueConfig(threshold=20.0))
    assert queue.next_deadline() == NOON + HALF_HOUR
    queue.advance(NOON + HALF_HOUR - 0.001, START)
    assert last_30m(queue).answered == 1
    queue.advance(NOON + HALF_HOUR, START)
    figures = last_30m(queue)
    assert (figures.answered, figures.longest_wait, figures.average_wait) == (0, None, None)
    assert queue.next_deadline() is None
    assert today(queue).answered == 1


def test_window_reaches_over_midnight_while_today_begins_at_zero() -> None:
    queue = begun()
    queue.answered(START + DAY - 1, 30.0, QueueConfig(threshold=20.0))
    queue.advance(START + DAY, START + DAY)
    assert (today(queue).answered, today(queue).longest_wait) == (0, None)
    assert (last_30m(queue).answered, last_30m(queue).longest_wait) == (1, 30.0)


def test_longest_wait_falls_back_to_the_next_longest_that_is_still_in_the_window() -> None:
    queue = begun()
    for minute, wait in enumerate([50.0, 90.0, 10.0, 40.0, 40.0, 20.0]):
        queue.left(NOON + 60 * minute, "timed_out", wait, QueueConfig(threshold=20.0, short_abandon=5.0))
    longest = []
    for minute in range(6):
        queue.advance(NOON + HALF_HOUR + 60 * minute - 1, START)
        longest.append(last_30m(queue).longest_wait)
    assert longest == [90.0, 90.0, 40.0, 40.0, 40.0, 20.0]


def test_hundred_thousand_calls_in_half_an_hour_stay_exact_and_in_bounds() -> None:
    queue = begun()
    calls = 100_000
    for number in range(calls):
        at = NOON + number * HALF_HOUR / calls
        # falling: the longest-wait list is as long as can be
        queue.answered(at, 600.0 - number / 1_000, QueueConfig())
        queue.completed(at, 60.0, 0.0)
        queue.wrapped_up(at, 10.0)
    figures = last_30m(queue)
    assert (figures.answered, figures.longest_wait, figures.average_handle_time) == (calls, 600.0, 70.0)
    assert queue.window.dropped == 0
    assert len(queue.window.facts) + len(queue.window.waits) <= calls * (3 * 25 + 16)
    queue.advance(NOON + HALF_HOUR + 60, START)
    figures = last_30m(queue)
    assert figures.answered == calls - calls * 60 // 1_800 - 1
    assert figures.longest_wait == pytest.approx(600.0 - (calls - figures.answered) / 1_000)
    queue.advance(NOON + 2 * HALF_HOUR, START)
    assert (last_30m(queue).answered, len(queue.window.facts), len(queue.window.waits)) == (0, 0, 0)
    assert last_30m(queue).average_handle_time is None


def test_more_facts_than_the_window_keeps_drop_the_oldest_and_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rolling_window, "LIMIT", 10)
    queue = begun()
    for number in range(25):
        queue.answered(NOON + number, 100.0 - number, QueueConfig(threshold=20.0))
    figures = last_30m(queue)
    assert (figures.answered, figures.longest_wait) == (10, 85.0)
    assert queue.window.dropped == 15
    assert today(queue).answered == 25


def test_sums_come_back_to_exactly_nothing_when_the_window_empties() -> None:
    queue = begun()
    for number in range(1_000):
        queue.answered(NOON + number, 0.1 + number / 7, QueueConfig(threshold=20.0))
        queue.completed(NOON + number, 1 / 3, 0.1)
        queue.wrapped_up(NOON + number, 0.7)
    queue.advance(NOON + DAY / 4, START)
    counts = queue.window.counts
    assert msgspec.to_builtins(counts) == {}


# --- corrections and bad input -------------------------------------------------------------------------------


def test_unknown_counts_only_as_unknown_until_its_true_outcome_overrules_it() -> None:
    queue = begun()
    filed_at = queue.left(NOON, "unknown", 300.0, QueueConfig(threshold=20.0, short_abandon=5.0))
    figures = today(queue)
    assert (figures.unknown, figures.offered, figures.longest_wait) == (1, 0, None)
    queue.overrule_unknown(filed_at)
    queue.answered(NOON + 5, 12.0, QueueConfig(threshold=20.0))
    for figures in (today(queue), last_30m(queue)):
        assert (figures.unknown, figures.offered, figures.answered) == (0, 1, 1)
        assert figures.longest_wait == 12.0


def test_overruling_an_unknown_of_yesterday_leaves_todays_alone() -> None:
    queue = begun()
    filed_at = queue.left(START + DAY - 10, "unknown", 1.0, QueueConfig(threshold=20.0, short_abandon=5.0))
    queue.advance(START + DAY, START + DAY)
    queue.left(START + DAY + 1, "unknown", 1.0, QueueConfig(threshold=20.0, short_abandon=5.0))
    queue.overrule_unknown(filed_at)
    assert (today(queue).unknown, last_30m(queue).unknown) == (1, 1)


def test_overruling_twice_or_what_never_was_makes_nothing_negative() -> None:
    queue = begun()
    filed_at = queue.left(NOON, "unknown", 1.0, QueueConfig(threshold=20.0, short_abandon=5.0))
    for at in (filed_at, filed_at, NOON + 1):
        queue.overrule_unknown(at)
    assert (today(queue).unknown, last_30m(queue).unknown) == (0, 0)


def test_late_fact_counts_at_the_newest_time_seen() -> None:
    queue = begun()
    queue.advance(START + DAY, START + DAY)
    queue.answered(START + DAY - 0.2, 5.0, QueueConfig(threshold=20.0))
    assert today(queue).answered == 1
    assert queue.next_deadline() == START + DAY + HALF_HOUR


def test_negative_wait_of_a_jumping_clock_counts_as_none() -> None:
    queue = begun()
    queue.answered(NOON, -3.0, QueueConfig(threshold=20.0))
    assert (today(queue).longest_wait, today(queue).average_wait) == (0.0, 0.0)


def test_answered_call_is_refused_among_those_that_left() -> None:
    queue = begun()
    with pytest.raises(ValueError, match="answered"):
        queue.left(NOON, "answered", 1.0, QueueConfig(threshold=20.0, short_abandon=5.0))
    assert queue.totals.calls["answered"] == 0


# --- since ever ----------------------------------------------------------------------------------------------


def test_totals_have_every_outcome_from_the_start_and_never_go_down() -> None:
    queue = begun()
    assert queue.totals.calls == dict.fromkeys(get_args(LeftOutcome), 0)
    queue.answered(NOON, 20.0, QueueConfig(threshold=20.0))
    queue.answered(NOON, 21.0, QueueConfig(threshold=20.0))
    filed_at = NOON
    for outcome in UNANSWERED:
        filed_at = queue.left(NOON, outcome, 1.0, QueueConfig(threshold=20.0, short_abandon=5.0))
    queue.overrule_unknown(filed_at)
    queue.advance(NOON + DAY, START + DAY)
    assert queue.totals.calls == dict.fromkeys(UNANSWERED, 1) | {"answered": 2}
    assert (queue.totals.answered_in_threshold, queue.totals.short_abandoned) == (1, 1)
    assert (queue.totals.wait.count, queue.totals.wait.sum) == (2, 41.0)
    assert (queue.totals.abandon_wait.count, queue.totals.abandon_wait.sum) == (1, 1.0)


def test_talk_and_wrap_up_have_histograms_of_their_own() -> None:
    queue = begun()
    queue.completed(NOON, 61.5, 8.0)
    queue.wrapped_up(NOON, 15.0)
    assert (queue.totals.talk.count, queue.totals.talk.sum) == (1, 61.5)
    assert (queue.totals.wrap_up.count, queue.totals.wrap_up.sum) == (1, 15.0)


@pytest.mark.parametrize(
    ("microseconds", "cumulative"),
    [
        (1_000_000, [1, 1, 1]),
        (1_000_001, [0, 1, 1]),
        (5_000_000, [0, 1, 1]),
        (5_000_001, [0, 0, 1]),
        (0, [1, 1, 1]),
    ],
)
def test_histogram_bound_includes_its_own_value(microseconds: int, cumulative: list[int]) -> None:
    histogram = Histogram.empty((1.0, 5.0))
    histogram.observe(microseconds)
    assert histogram.cumulative() == list(zip([1.0, 5.0, float("inf")], cumulative, strict=True))
