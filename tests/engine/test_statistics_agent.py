"""An agent's day: seconds per state, counts, occupancy; against a naive recomputation of the same changes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.engine.agent_statistics import AgentStatistics
from monitor.model import AGENT_STATES, AgentFigures, AgentState

DAY = 86_400.0
START = 20_000 * DAY
NOON = START + DAY / 2

FIELDS: dict[AgentState, str] = {
    "talking": "talk_seconds",
    "on_hold": "hold_seconds",
    "wrap_up": "wrap_up_seconds",
    "paused": "paused_seconds",
    "available": "available_seconds",
    "ringing": "ringing_seconds",
    "dialing": "dialing_seconds",
    "offline": "offline_seconds",
    "unknown": "unknown_seconds",
}


def seconds(figures: AgentFigures) -> dict[str, float]:
    """The states' seconds without those that are 0."""
    values = {state: getattr(figures, field) for state, field in FIELDS.items()}
    return {state: value for state, value in values.items() if value}


def agent(*changes: tuple[float, AgentState], state: AgentState = "available") -> AgentStatistics:
    """An agent who is `state` from noon on and then changes at so many seconds after noon."""
    statistics = AgentStatistics.begin(NOON, START, state)
    for after, to in changes:
        statistics.enter(NOON + after, to)
    return statistics


# --- seconds -------------------------------------------------------------------------------------------------


def test_each_state_has_its_seconds_and_the_running_one_counts_up_to_the_question() -> None:
    statistics = agent((10, "ringing"), (15, "talking"), (75, "on_hold"), (95, "talking"), (100, "wrap_up"))
    assert seconds(statistics.figures(NOON + 108)) == {
        "available": 10,
        "ringing": 5,
        "talking": 65,
        "on_hold": 20,
        "wrap_up": 8,
    }


def test_every_state_of_the_model_has_a_figure() -> None:
    for state in AGENT_STATES:
        assert seconds(agent(state=state).figures(NOON + 7)) == {state: 7}


def test_new_agent_has_counted_nothing() -> None:
    figures = AgentStatistics.begin(NOON, START, "available").figures(NOON)
    assert (figures.answered, figures.missed, figures.outbound, figures.direct) == (0, 0, 0, 0)
    assert (figures.outcomes, figures.occupancy, seconds(figures)) == ({}, None, {})


def test_same_state_again_goes_on_uninterrupted() -> None:
    statistics = agent((10, "available"), (20, "available"))
    assert seconds(statistics.figures(NOON + 30)) == {"available": 30}


def test_question_older_than_the_newest_change_never_takes_seconds_back() -> None:
    statistics = agent((10, "paused"))
    assert (
        seconds(statistics.figures(NOON + 3)) == seconds(statistics.figures(NOON + 10)) == {"available": 10}
    )


def test_change_older_than_the_newest_one_counts_at_that_one() -> None:
    statistics = agent((10, "paused"), (4, "available"))
    assert seconds(statistics.figures(NOON + 12)) == {"available": 12}


def test_lost_source_stops_everything_but_unknown_seconds() -> None:
    statistics = agent((10, "talking"), (20, "unknown"))
    assert seconds(statistics.figures(NOON + 500)) == {"available": 10, "talking": 10, "unknown": 480}
    assert statistics.figures(NOON + 500).occupancy == 0.5


def test_agent_who_is_gone_collects_nothing_until_coming_back() -> None:
    statistics = agent((10, "paused"))
    statistics.stop(NOON + 20)
    assert seconds(statistics.figures(NOON + 90)) == {"available": 10, "paused": 10}
    statistics.enter(NOON + 100, "available")
    assert seconds(statistics.figures(NOON + 101)) == {"available": 11, "paused": 10}


def test_agent_known_from_yesterday_is_counted_from_the_days_start_only() -> None:
    statistics = AgentStatistics.begin(START - 3600, START, "paused")
    assert seconds(statistics.figures(START + 5)) == {"paused": 5}


# --- occupancy -----------------------------------------------------------------------------------------------


def test_occupancy_is_work_over_work_and_availability() -> None:
    statistics = agent(
        (30, "ringing"),
        (35, "talking"),
        (75, "on_hold"),
        (85, "talking"),
        (90, "wrap_up"),
        (100, "available"),
    )
    # ringing 5 (accepted) + talk 45 + hold 10 + wrap-up 10 of that and 30 + 40 available
    assert statistics.figures(NOON + 140).occupancy == 70 / 140


def test_ringing_of_a_missed_call_is_outside_of_occupancy() -> None:
    statistics = agent((30, "ringing"), (45, "available"), (60, "talking"))
    figures = statistics.figures(NOON + 105)
    assert figures.ringing_seconds == 15
    assert figures.occupancy == 45 / 90


@pytest.mark.parametrize("outside", ["paused", "offline", "dialing", "unknown"])
def test_other_states_are_outside_of_occupancy(outside: AgentState) -> None:
    statistics = agent((10, "talking"), (40, outside))
    assert statistics.figures(NOON + 4_000).occupancy == 30 / 40


def test_ringing_that_runs_is_not_counted_before_it_is_accepted() -> None:
    statistics = agent((10, "ringing"))
    assert statistics.figures(NOON + 20).occupancy == 0.0
    statistics.accepted_ringing()
    assert statistics.figures(NOON + 20).occupancy == 0.5
    statistics.enter(NOON + 30, "available")
    assert statistics.figures(NOON + 30).occupancy == 20 / 30


def test_acceptance_that_is_known_late_still_counts_and_only_once() -> None:
    statistics = agent((10, "ringing"), (20, "available"))
    statistics.accepted_ringing()
    statistics.accepted_ringing()
    assert statistics.figures(NOON + 20).occupancy == 0.5


def test_what_the_engine_knows_overrules_what_the_next_state_suggests() -> None:
    talking = AgentStatistics.begin(NOON, START, "available")
    talking.enter(NOON + 10, "ringing")
    talking.enter(NOON + 20, "talking", accepted=False)  # took another call than the one that rang
    assert talking.figures(NOON + 30).occupancy == 10 / 20
    unseen = AgentStatistics.begin(NOON, START, "available")
    unseen.enter(NOON + 10, "ringing")
    unseen.enter(NOON + 20, "wrap_up", accepted=True)
    assert unseen.figures(NOON + 20).occupancy == 0.5


def test_two_calls_that_ring_one_after_the_other_are_judged_each_for_itself() -> None:
    statistics = agent((10, "ringing"))
    statistics.enter(NOON + 30, "ringing", accepted=False)
    statistics.enter(NOON + 40, "talking")
    figures = statistics.figures(NOON + 40)
    assert figures.ringing_seconds == 30
    assert figures.occupancy == 10 / 20


@pytest.mark.parametrize("state", ["paused", "offline", "unknown"])
def test_occupancy_of_who_did_not_work_is_not_zero_but_null(state: AgentState) -> None:
    assert agent(state=state).figures(NOON + 100).occupancy is None


# --- the day's change ----------------------------------------------------------------------------------------


def test_new_day_splits_the_running_span_exactly_and_begins_at_zero() -> None:
    statistics = AgentStatistics.begin(START + DAY - 60, START, "available")
    statistics.enter(START + DAY - 10.5, "talking")
    statistics.answered = statistics.missed = statistics.outbound = statistics.direct = 3
    statistics.outcomes = {"sale": 1}
    assert seconds(statistics.figures(START + DAY)) == {"available": 49.5, "talking": 10.5}
    statistics.begin_day(START + DAY)
    figures = statistics.figures(START + DAY + 4.25)
    assert seconds(figures) == {"talking": 4.25}
    assert (figures.answered, figures.missed, figures.outbound, figures.direct) == (0, 0, 0, 0)
    assert figures.outcomes == {}


def test_accepted_ringing_over_midnight_is_split_between_the_days() -> None:
    statistics = AgentStatistics.begin(START + DAY - 20, START, "available")
    statistics.enter(START + DAY - 10, "ringing")
    statistics.begin_day(START + DAY)
    statistics.enter(START + DAY + 5, "talking")
    statistics.enter(START + DAY + 10, "available")
    figures = statistics.figures(START + DAY + 20)
    assert figures.ringing_seconds == 5
    assert figures.occupancy == 10 / 20


def test_ringing_of_yesterday_that_turns_out_accepted_adds_nothing_today() -> None:
    statistics = AgentStatistics.begin(START + DAY - 20, START, "ringing")
    statistics.enter(START + DAY - 10, "available")
    statistics.begin_day(START + DAY)
    statistics.accepted_ringing()
    assert statistics.figures(START + DAY + 10).occupancy == 0.0


def test_question_of_a_new_day_that_nobody_announced_gets_the_new_days_figures() -> None:
    statistics = agent((10, "talking"))
    statistics.answered = 1
    before = msgspec.json.encode(statistics)
    figures = statistics.figures(START + DAY + 30, START + DAY)
    assert (seconds(figures), figures.answered) == ({"talking": 30}, 0)
    assert msgspec.json.encode(statistics) == before
    statistics.begin_day(START + DAY)
    assert statistics.figures(START + DAY + 30) == figures


def test_start_of_an_older_day_or_the_same_changes_nothing() -> None:
    statistics = agent((10, "talking"))
    before = msgspec.json.encode(statistics)
    statistics.begin_day(START)
    statistics.begin_day(START - DAY)
    assert msgspec.json.encode(statistics) == before


def test_agent_who_is_gone_at_midnight_stays_gone() -> None:
    statistics = agent((10, "talking"))
    statistics.stop(NOON + 20)
    statistics.begin_day(START + DAY)
    assert seconds(statistics.figures(START + DAY + 100)) == {}


# --- equal to the naive statistics, always -------------------------------------------------------------------

steps = st.one_of(
    st.sampled_from([0.0, -3.0, 1.0, 3600.0, DAY / 3, 2 * DAY]),
    st.integers(0, 900 * 64).map(lambda ticks: ticks / 64),  # exact in a float and in microseconds
)
kinds = st.sampled_from(["enter", "enter", "enter", "stop", "tick", "restart"])
changes = st.lists(
    st.tuples(kinds, steps, st.sampled_from(AGENT_STATES), st.sampled_from([None, True, False])), max_size=40
)


def naive_figures(
    spans: list[tuple[float, AgentState | None, bool]], end: float, at: float
) -> tuple[dict[str, float], Any]:
    """Recompute from (start, state, ringing accepted) spans what the day of `at` held up to `at`."""
    day_start = at // DAY * DAY
    spent: dict[str, float] = {}
    accepted = 0.0
    ends = [start for start, *_ in spans[1:]] + [max(at, end)]
    for (start, state, taken), until in zip(spans, ends, strict=True):
        passed = until - max(start, day_start)
        if state is not None and passed > 0:
            spent[state] = spent.get(state, 0.0) + passed
            accepted += passed if state == "ringing" and taken else 0.0
    work = sum(spent.get(state, 0.0) for state in ("talking", "on_hold", "wrap_up")) + accepted
    whole = work + spent.get("available", 0.0)
    return spent, pytest.approx(work / whole) if whole else None


@given(changes, st.sampled_from([msgspec.json, msgspec.msgpack]))
def test_figures_equal_a_naive_recomputation_through_days_and_restarts(
    changes: list[tuple[str, float, AgentState, bool | None]], codec: Any
) -> None:
    statistics = AgentStatistics.begin(NOON, START, "available")
    spans: list[tuple[float, AgentState | None, bool]] = [(NOON, "available", False)]
    at = newest = NOON
    for kind, step, state, accepted in changes:
        at = max(at + step, newest // DAY * DAY)  # the engine's time doesn't return to yesterday
        newest = max(newest, at)
        statistics.begin_day(newest // DAY * DAY)
        if kind == "restart":
            statistics = codec.decode(codec.encode(statistics), type=AgentStatistics)
        elif kind == "stop":
            statistics.stop(at)
            spans.append((max(at, spans[-1][0]), None, False))
        elif kind == "enter" and (state != spans[-1][1] or accepted is not None):
            statistics.enter(at, state, accepted)
            start, before, _ = spans[-1]
            taken = before == "ringing" and (
                state in ("talking", "on_hold") if accepted is None else accepted
            )
            spans[-1] = (start, before, taken)
            spans.append((max(at, start), state, False))
        for question in (at, newest, newest + 5):
            figures = statistics.figures(question, question // DAY * DAY)
            spent, occupancy = naive_figures(spans, spans[-1][0], question)
            assert (seconds(figures), figures.occupancy) == (spent, occupancy)


@given(changes)
def test_seconds_of_all_states_add_up_to_the_time_that_passed(
    changes: list[tuple[str, float, AgentState, bool | None]],
) -> None:
    statistics = AgentStatistics.begin(NOON, START, "available")
    at = NOON
    for _, step, state, accepted in changes:
        at += step
        statistics.enter(at, state, accepted)
    newest = statistics.since_us / 1e6
    assert sum(seconds(statistics.figures(newest)).values()) == newest - NOON


def test_a_new_day_begins_at_0_and_the_calls_since_ever_go_on() -> None:
    agent = AgentStatistics.begin(START, START, "available")
    agent.answered, agent.missed, agent.outbound, agent.direct = 4, 3, 2, 1
    agent.begin_day(START + DAY)
    assert (agent.answered, agent.missed, agent.outbound, agent.direct) == (0, 0, 0, 0)
    agent.answered += 1
    agent.begin_day(START + 2 * DAY)
    assert agent.calls == (5, 3, 2, 1)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(agent), type=AgentStatistics).calls == (5, 3, 2, 1)
