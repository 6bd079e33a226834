"""The time that a queue's members spend in each state: exact, through days, losses and restarts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given

from monitor import events
from monitor.engine import SourceEngine
from monitor.engine.config import DayConfig, SourceConfig
from monitor.engine.glances import QueueTime
from monitor.engine.member_time import MemberTime, TimeSpent
from monitor.events import Event
from tests.engine.story import START, STEP, Story, member
from tests.engine.test_any_events import CONFIG, many, stories


def time_of(story: Story, queue: str = "sales") -> QueueTime:
    time = story.engine.queue_time(f"pbx/{queue}")
    assert time is not None
    return time


def spent(time: TimeSpent) -> dict[str, float]:
    return {state: seconds for state, seconds in time.states.items() if seconds}


def test_everybody_counts_in_the_state_that_the_queue_sees() -> None:
    story = Story().up(member(), member("102")).wait(60).paused("lunch").wait(30)
    assert spent(time_of(story).ever) == {"available": 2 * 60 + 2 * STEP + 30, "paused": 30}


def test_ringing_that_ends_in_a_call_is_told_apart() -> None:
    story = Story().up().ringing("c1").wait(10)
    assert time_of(story).ever.accepted_ringing == 0, "not taken yet"
    rang = time_of(story).ever.states["ringing"]
    story.up_leg("c1-101").left("c1", "answered").answered("c1").wait(20)
    time = time_of(story).ever
    assert time.accepted_ringing == time.states["ringing"] == rang + STEP
    assert time.states["talking"] == 20 + 2 * STEP


def test_ringing_that_nobody_takes_is_not_accepted() -> None:
    story = Story().up().ringing("c1").wait(10).missed("c1").ends("c1-101").wait(5)
    time = time_of(story).ever
    assert time.states["ringing"] > 10
    assert time.accepted_ringing == 0


def test_who_signs_off_counts_no_longer() -> None:
    story = Story().up(member(), member("102")).wait(10).removed("102").wait(100)
    assert sum(time_of(story).ever.states.values()) == pytest.approx(2 * 10 + 2 * STEP + 100, abs=STEP)


def test_a_lost_source_gives_unknown_time_only() -> None:
    story = Story().up().wait(10).lost()
    before = time_of(story).ever
    after = time_of(story.wait(300)).ever
    assert after.states["unknown"] - before.states["unknown"] == 300
    assert after.states["available"] == before.states["available"]


def test_a_new_day_begins_at_nothing_exactly() -> None:
    story = Story(SourceConfig(source="pbx", day=DayConfig(starts="12:05"))).up().wait(400)
    time = time_of(story)
    assert spent(time.today) == {"available": story.engine.now - (START + 300)}
    assert time.ever.states["available"] > time.today.states["available"]


def test_the_running_time_goes_up_to_the_engines_own_time_and_never_back() -> None:
    """A late event, older than what was shown, must not make a counter go down."""
    story = Story().up().wait(100)
    shown = time_of(story).ever.states["available"]
    story.tell(events.MemberPaused, at=story.at - 50, queue="sales", interface="PJSIP/101", reason=None)
    assert time_of(story).ever.states["available"] >= shown


def test_a_restart_keeps_the_time_and_the_ringing_that_runs() -> None:
    story = Story().up().wait(60).ringing("c1").wait(5)
    again = Story()
    again.engine.restore({key: value for key, value in story.engine.dump().items() if value is not None})
    assert time_of(again) == time_of(story)
    again.at, again._ids = story.at, story._ids
    again.up_leg("c1-101").wait(1)
    assert time_of(again).ever.accepted_ringing == time_of(story).ever.states["ringing"] + STEP


def test_time_that_did_not_begin_is_not_counted() -> None:
    """A state saved before there was such a thing has nothing to go on from."""
    time = MemberTime(queue="sales")
    time.pass_time(START, {"available": 3})
    assert spent(time.ever(START, {"available": 3})) == {}
    assert spent(time.ever(START + 2, {"available": 3})) == {"available": 6}


@many
@given(stories())
def test_whatever_happens_no_time_is_ever_taken_back(told: list[Event]) -> None:
    engine = SourceEngine(CONFIG)
    seen: list[TimeSpent] = []
    for event in told:
        engine.apply(event)
        time = engine.queue_time("pbx/sales")
        if time is None:
            seen.clear()  # the queue is forgotten, and its counters with it
            continue
        assert time.ever.accepted_ringing <= time.ever.states["ringing"] + 1e-6
        assert all(time.today.states[state] <= seconds for state, seconds in time.ever.states.items())
        seen.append(time.ever)
    for before, after in pairwise(seen):
        assert after.accepted_ringing >= before.accepted_ringing
        assert all(after.states[state] >= seconds for state, seconds in before.states.items())
