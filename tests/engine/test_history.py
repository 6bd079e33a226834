"""A queue's day in steps of five minutes: adds up to the day, marks what was not seen, survives a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import events
from monitor.engine import SourceEngine, StateUnreadable
from monitor.engine.config import DayConfig, QueueConfig, SourceConfig
from monitor.engine.queue_statistics import QueueStatistics
from monitor.events import LeftOutcome
from monitor.model import HistoryPoint, QueueHistory, ServiceLevelFormula
from tests.engine.story import START, Story, caller, check, check_history, member

STEP = 300.0
HOUR = 3600.0


def history(story: Story, queue: str = "sales") -> QueueHistory:
    found = story.engine.queue_history(f"pbx/{queue}", story.at)
    assert found is not None
    return found


def points(story: Story, queue: str = "sales") -> dict[float, HistoryPoint]:
    """The steps by seconds since the story's start."""
    return {point.start - START: point for point in history(story, queue).points}


def until(story: Story, seconds: float) -> Story:
    """Let time pass until so many seconds after the story's start."""
    return story.wait(START + seconds - story.at)


def groups(point: HistoryPoint) -> dict[str, int] | None:
    if point.agents is None:
        return None
    return {name: count for name, count in msgspec.structs.asdict(point.agents).items() if count}


# --- what a step tells -------------------------------------------------------------------------------------


def test_calls_count_in_the_step_in_which_the_day_counts_them() -> None:
    story = Story().up(member(), member("102"))
    story.talking("c1")
    until(story, 290).joined("c2")
    until(story, 310).left("c2")  # waited 20 s and more
    story.joined("c3").left("c3", "timed_out")
    until(story, 700).joined("c4").left("c4")  # short
    told = history(story)
    assert (told.queue, told.at, told.step) == ("pbx/sales", story.at, 300)
    assert told.day_start == START - 12 * HOUR
    assert [
        (point.start - START, point.offered, point.answered, point.abandoned, point.met, point.of)
        for point in told.points
    ] == [(0, 1, 1, 0, 1, 1), (300, 2, 0, 1, 0, 1), (600, 1, 0, 1, 0, 0)]
    assert not told.gaps
    assert not any(point.gap for point in told.points)


def test_met_and_of_are_by_the_queues_own_formula() -> None:
    config = SourceConfig(source="pbx", queues={"sales": QueueConfig(formula="offered")})
    story = Story(config).up().talking("c1").joined("c2").left("c2").joined("c3").left("c3", "closed")
    assert [(point.met, point.of) for point in points(story).values()] == [(1, 3)]


def test_a_step_keeps_the_highest_number_of_waiting_callers() -> None:
    story = Story().up()
    story.joined("c1").joined("c2").joined("c3").left("c2").left("c3")
    until(story, 900).left("c1")
    until(story, 1300)
    assert {start: point.waiting for start, point in points(story).items()} == {
        0: 3,
        300: 1,
        600: 1,
        900: 1,
        1200: 0,
    }


def test_members_are_grouped_as_they_were_when_the_step_began() -> None:
    story = Story().up(member(), member("102"), member("103"), member("104"), member("105", queue="other"))
    story.talking("c1", "101").paused("lunch", extension="102").device("unavailable", "103")
    until(story, 400).unpaused(extension="102").hung_up("c1")
    until(story, 601)
    told = points(story)
    assert told[0].agents is None, "the queue was first seen when that step had begun"
    assert groups(told[300]) == {"available": 1, "busy": 1, "paused": 1, "offline": 1}
    assert groups(told[600]) == {"available": 3, "offline": 1}


@pytest.mark.parametrize("state", ["ringing", "dialing", "talking", "on_hold", "wrap_up"])
def test_who_is_occupied_is_busy(state: str) -> None:
    statistics = QueueStatistics()
    statistics.advance(START, START)
    statistics.begin_step(START, {state: 2, "available": 1}, 0, seen=True)  # type: ignore[dict-item]
    assert groups(statistics.points("offered")[0]) == {"available": 1, "busy": 2}


def test_an_event_that_comes_late_counts_in_its_own_step() -> None:
    story = Story().up().joined("c1")
    until(story, 300.1)
    assert points(story)[300].waiting == 1
    story.at = START + 299.5
    story.tell(events.CallerLeft, at=START + 299.8, queue="sales", call="c1", outcome="abandoned")
    assert {start: point.abandoned for start, point in points(story).items()} == {0: 1, 300: 0}


def test_a_fact_older_than_the_figures_is_in_the_step_under_which_they_count_it() -> None:
    statistics = QueueStatistics()
    statistics.advance(START, START)
    for into in (1, 301, 299):
        statistics.answered(START + into, 1.0, QueueConfig(threshold=20.0))
    assert [point.answered for point in statistics.points("offered")] == [1, 2]


def test_a_queue_that_is_heard_of_later_begins_then() -> None:
    story = Story().up()
    until(story, 650).joined("c1", "new")
    assert [(start, point.waiting) for start, point in points(story, "new").items()] == [(600, 1)]
    assert list(points(story)) == [0, 300, 600]
    story.added(member("102", queue="third"))
    assert [(start, point.waiting) for start, point in points(story, "third").items()] == [(600, 0)]


def test_the_engine_asks_for_a_tick_when_the_next_step_begins() -> None:
    story = Story().up()
    until(story, 10)
    assert story.engine.next_deadline() == START + 300
    until(story, 300)
    assert story.engine.next_deadline() == START + 600


def test_a_step_begins_even_if_something_else_falls_due_at_the_same_instant() -> None:
    story = Story()
    story.at = START - 2 * 0.25
    story.connected().snapshot(member())
    story.tell(events.CallerJoined, at=START, caller=caller("c1"))
    story.tell(events.CallerLeft, at=START, queue="sales", call="c1", outcome="abandoned")
    until(story, 1900)  # the call left the last 30 minutes at 1800
    assert [groups(point) for point in points(story).values()][-2:] == [{"available": 1}] * 2
    assert list(points(story))[-1] == 1800
    assert story.engine.next_deadline() == START + 2100


def test_queues_that_are_not_known_have_no_history() -> None:
    engine = Story().up().engine
    assert engine.queue_history("pbx/nothing", START) is None
    assert engine.queue_history("other/sales", START) is None


# --- what could not be seen --------------------------------------------------------------------------------


def test_steps_of_a_gap_are_marked_and_stay_empty() -> None:
    story = Story().up(member(), member("102")).joined("c1")
    until(story, 400).lost("cable")
    until(story, 1000).connected().snapshot(member(), member("102"))
    until(story, 1300)
    told = points(story)
    assert {start: (point.gap, point.waiting, groups(point)) for start, point in told.items()} == {
        0: (False, 1, None),
        300: (True, 1, {"available": 2}),
        600: (True, None, {"unknown": 2}),
        900: (True, 0, {"unknown": 2}),
        1200: (False, 0, {"available": 2}),
    }
    assert [(gap.start, gap.reason) for gap in history(story).gaps] == [(START + 400.25, "cable")]


def test_a_loss_that_is_noticed_later_takes_back_what_was_taken_for_seen() -> None:
    story = Story().up(member(), member("102")).joined("c1")
    until(story, 602)
    assert points(story)[600].waiting == 1
    story.at = START + 299
    story.lost()  # nothing was heard since just before 300
    told = points(story)
    assert {start: (point.gap, point.waiting, groups(point)) for start, point in told.items()} == {
        0: (True, 1, None),
        300: (True, None, {"unknown": 2}),
        600: (True, None, {"unknown": 2}),
    }


def test_callers_who_still_wait_after_a_gap_are_seen_again() -> None:
    story = Story().up().joined("c1")
    until(story, 100).lost()
    until(story, 400).connected()
    assert points(story)[300].waiting is None
    story.snapshot(member(), callers=(story_caller(story),))
    assert points(story)[300].waiting == 1


def story_caller(story: Story) -> events.CallerFacts:
    joined = next(event for event in story.told if isinstance(event, events.CallerJoined))
    return joined.caller


def test_an_outcome_that_is_known_later_counts_when_it_is_known() -> None:
    story = Story().up().joined("c1")
    story.left("c1", "unknown")
    assert points(story)[0].offered == 0
    until(story, 310).left("c1", "abandoned")
    assert {start: point.abandoned for start, point in points(story).items()} == {0: 0, 300: 1}


def test_a_queue_heard_of_before_the_lists_came_begins_with_a_gap() -> None:
    story = Story().connected().joined("c1")
    assert [(point.gap, point.waiting) for point in points(story).values()] == [(True, None)]


# --- days --------------------------------------------------------------------------------------------------


def test_a_new_day_begins_anew() -> None:
    story = Story(SourceConfig(source="pbx", day=DayConfig(starts="13:00"))).up()
    until(story, HOUR - 60).joined("c1").joined("c2").left("c2")
    until(story, HOUR + 10)
    told = history(story)
    assert told.day_start == START + HOUR
    (point,) = told.points
    assert (point.start, point.offered, point.waiting, groups(point)) == (
        START + HOUR,
        0,
        1,
        {"available": 1},
    )


def test_days_that_passed_unseen_leave_only_the_steps_of_the_last_one() -> None:
    story = Story().up()
    story.lost()
    until(story, 4 * 24 * HOUR)
    told = history(story)
    assert told.day_start == START + (4 * 24 - 12) * HOUR
    assert len(told.points) == 12 * 12 + 1
    assert all(point.gap and point.waiting is None for point in told.points)


@pytest.mark.parametrize(
    ("date", "steps"), [((2026, 10, 25), 300), ((2026, 3, 29), 276), ((2026, 7, 1), 288)]
)
def test_a_day_of_25_or_23_hours_has_its_steps(date: tuple[int, int, int], steps: int) -> None:
    config = SourceConfig(source="pbx", day=DayConfig(timezone="Europe/Berlin"))
    midnight = datetime(*date, tzinfo=UTC).timestamp() - (2 if steps != 276 else 1) * HOUR
    story = Story(config, start=midnight - 100).up()
    story.wait(100 + steps * STEP - 10)
    told = history(story)
    assert (told.day_start, len(told.points)) == (midnight, steps)
    assert told.points[-1].start == midnight + (steps - 1) * STEP
    story.wait(20)
    assert len(history(story).points) == 1


# --- kept --------------------------------------------------------------------------------------------------


def saved(story: Story) -> dict[str, bytes]:
    return {key: value for key, value in story.engine.dump().items() if value is not None}


def test_a_restart_in_the_midst_of_a_step_changes_nothing() -> None:
    story = Story().up(member(), member("102")).talking("c1").joined("c2")
    until(story, 450).joined("c3")
    engine = SourceEngine(story.config)
    engine.restore(saved(story))
    assert engine.queue_history("pbx/sales", story.at) == history(story)
    tick = events.Tick(source="pbx", at=START + 700, id="9")
    for one in (engine, story.engine):
        one.apply(tick)
    assert engine.queue_history("pbx/sales", story.at) == story.engine.queue_history("pbx/sales", story.at)
    check(engine)


def test_what_a_snapshot_shows_of_a_queue_is_saved() -> None:
    story = Story().up()
    until(story, 100).lost()
    until(story, 400).connected()
    entities = saved(story)
    story.snapshot(member())
    engine = SourceEngine(story.config)
    engine.restore(entities | saved(story))
    assert engine.queue_history("pbx/sales", story.at) == history(story)


def test_a_day_that_had_begun_when_its_time_zone_was_configured_begins_in_its_midst() -> None:
    story = Story(SourceConfig(source="pbx", day=DayConfig(starts="13:00"))).up().joined("c1")
    until(story, HOUR - 10)
    later = SourceEngine(SourceConfig(source="pbx", day=DayConfig(starts="12:30")))
    later.restore(saved(story))
    story.engine = later
    until(story, HOUR + 310)
    assert {start: (point.waiting, groups(point)) for start, point in points(story).items()} == {
        HOUR: (1, None),
        HOUR + 300: (1, {"available": 1}),
    }


def test_a_state_saved_before_there_was_a_history_is_loaded_and_begins_one() -> None:
    story = Story().up().talking("c1").joined("c2")
    entities = saved(story)
    queue = msgspec.msgpack.decode(entities["queue:sales"])
    del queue["statistics"]["history"]
    entities["queue:sales"] = msgspec.msgpack.encode(queue)
    source = msgspec.msgpack.decode(entities["source"])
    del source["step_end"]
    entities["source"] = msgspec.msgpack.encode(source)
    story.engine = SourceEngine(story.config)
    story.engine.restore(entities)
    story.engine.apply(events.Tick(source="pbx", at=START + 700, id="9"))
    told = story.engine.queue_history("pbx/sales", story.at)
    assert told is not None
    assert [(point.start - START, point.offered, point.waiting) for point in told.points] == [
        (300, 0, 1),
        (600, 0, 1),
    ]
    assert story.queue().today.answered == 1


@pytest.mark.parametrize("history", [{"packed": b"123"}, {"first": -1}, {"packed": "text"}, 5])
def test_a_history_in_another_form_is_refused(history: object) -> None:
    story = Story().up()
    entities = saved(story)
    queue = msgspec.msgpack.decode(entities["queue:sales"])
    queue["statistics"]["history"] = history
    entities["queue:sales"] = msgspec.msgpack.encode(queue)
    with pytest.raises(StateUnreadable) as refused:
        SourceEngine(story.config).restore(entities)
    assert refused.value.key == "queue:sales"


def test_a_day_takes_little_room() -> None:
    story = Story(SourceConfig(source="pbx", day=DayConfig(starts="12:00"))).up()
    before = len(saved(story)["queue:sales"])
    until(story, 25 * HOUR - 1)
    assert len(story.engine.dump()["queue:sales"] or b"") - before < 17_000


# --- whatever happens --------------------------------------------------------------------------------------

OUTCOMES = [outcome for outcome in get_args(LeftOutcome) if outcome != "answered"]
FACTS = st.tuples(
    st.floats(-5.0, 900.0),  # since the fact before, or late
    st.sampled_from(["answered", *OUTCOMES, "completed", "wrapped_up", "overruled", "restart", "day"]),
    st.sampled_from([0.0, 4.9, 5.0, 19.9, 20.0, 20.1, 400.0]),
    st.sampled_from([3.0, 20.0]),
)


@given(st.lists(FACTS, max_size=60))
def test_the_steps_add_up_to_the_day_whatever_happens(facts: list[tuple[float, str, float, float]]) -> None:
    statistics = QueueStatistics()
    statistics.advance(START, START)
    at = day_start = START
    unknown: list[float] = []
    for passed, kind, wait, threshold in facts:
        at += passed
        match kind:
            case "answered":
                statistics.answered(at, wait, QueueConfig(threshold=threshold))
            case "completed":
                statistics.completed(at, wait, 1.0)
            case "wrapped_up":
                statistics.wrapped_up(at, wait)
            case "overruled":
                if unknown:
                    statistics.overrule_unknown(unknown.pop())
                    statistics.left(
                        at, "abandoned", wait, QueueConfig(threshold=threshold, short_abandon=5.0)
                    )
            case "restart":
                statistics = msgspec.msgpack.decode(msgspec.msgpack.encode(statistics), type=QueueStatistics)
            case "day":
                day_start = max(day_start, statistics.now)
                statistics.advance(day_start, day_start)
            case _:
                filed_at = statistics.left(
                    at, kind, wait, QueueConfig(threshold=threshold, short_abandon=5.0)
                )  # type: ignore[arg-type]
                if kind == "unknown":
                    unknown.append(filed_at)
        for formula in get_args(ServiceLevelFormula):
            today = statistics.today(formula, 20.0, None)
            level = today.service_level
            steps = statistics.points(formula)
            assert sum(point.offered for point in steps) == today.offered
            assert sum(point.answered for point in steps) == today.answered
            assert sum(point.abandoned for point in steps) == today.abandoned
            assert (sum(point.met for point in steps), sum(point.of for point in steps)) == (
                level.met,
                level.of,
            )


def test_the_check_of_the_sums_can_fail() -> None:
    """Every story of these tests is checked by it."""
    story = Story().up().joined("c1").left("c1")
    story.engine._live.queues["sales"].statistics.history.packed.clear()
    with pytest.raises(AssertionError):
        check_history(story.engine, "pbx/sales")
