"""Wrap-up: from the completion to the whole second at which the source offers calls again, per queue."""

from __future__ import annotations

import pytest

from monitor import events
from monitor.engine.config import QueueConfig, SourceConfig
from monitor.events import QueueFacts
from tests.engine.story import START, Story, member

QUEUE_15 = SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=15)})


def last_call(story: Story) -> float:
    completed = [event for event in story.told if isinstance(event, events.AgentCompleted)][-1]
    assert completed.last_call is not None
    return completed.last_call


def test_it_runs_from_the_whole_second_of_the_completion() -> None:
    story = Story(QUEUE_15).up().talking().completed()
    assert story.state() == "talking", "the leg is still up"
    story.ends("c1-101")
    agent = story.agent()
    assert (agent.state, agent.since, agent.why.rule) == ("wrap_up", story.at, "wrap_up")
    assert agent.queues[0].wrap_up_until == last_call(story) + 15
    assert story.engine.next_deadline() == last_call(story) + 15


def test_it_ends_by_time_exactly() -> None:
    story = Story(QUEUE_15).up().talking().hung_up()
    ends = last_call(story) + 15
    story.wait(20)
    agent = story.agent()
    assert (agent.state, agent.since) == ("available", ends)
    assert (agent.why.event, agent.why.at) == ("Tick", ends)


def test_any_later_event_lets_it_end_at_its_own_time() -> None:
    story = Story(QUEUE_15).up().talking().hung_up()
    ends = last_call(story) + 15
    story.at += 30
    story.joined("c2")
    assert story.agent().since == ends


@pytest.mark.parametrize(
    ("own", "of_queue", "configured", "expected"),
    [
        (7.0, 10.0, 15.0, 7.0),
        (None, 10.0, 15.0, 10.0),
        (0.0, 10.0, 15.0, 10.0),
        (None, None, 15.0, 15.0),
        (None, 0.0, 15.0, None),
        (None, None, None, None),
    ],
)
def test_its_length_is_the_members_else_the_queues_else_the_configured(
    own: float | None, of_queue: float | None, configured: float | None, expected: float | None
) -> None:
    config = SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=configured)})
    story = Story(config).connected()
    story.snapshot(member(wrap_up=own), queues=(QueueFacts(queue="sales", wrap_up=of_queue),))
    story.talking().hung_up()
    until = story.agent().queues[0].wrap_up_until
    assert until == (None if expected is None else last_call(story) + expected)
    assert story.state() == ("available" if expected is None else "wrap_up")


def test_it_binds_only_in_the_queue_that_handled_the_call() -> None:
    story = Story(QUEUE_15)
    story.queues = ("sales", "support")
    story.up(member(), member(queue="support")).talking().hung_up()
    assert story.state() == "wrap_up"
    assert story.counts("sales") == {"wrap_up": 1}
    assert story.counts("support") == {"available": 1}


def test_it_comes_before_the_pause() -> None:
    story = Story(QUEUE_15).up().talking().paused("lunch").hung_up()
    assert story.state() == "wrap_up"
    assert story.agent().presence.reason == "lunch"
    story.wait(20)
    assert story.state() == "paused"


def test_a_call_from_another_queue_interrupts_it_and_it_goes_on_by_its_own_time() -> None:
    story = Story(QUEUE_15)
    story.queues = ("sales", "support")
    story.up(member(), member(queue="support")).talking().hung_up()
    story.talking("c2", queue="support")
    assert story.state() == "talking"
    story.ends("c2-101").completed("c2", queue="support")
    assert story.state() == "wrap_up"


def test_it_is_provisional_until_the_completion_comes() -> None:
    """After a redirect the agent's leg ends at once, the completion comes when the caller finally leaves."""
    story = Story(QUEUE_15).up().talking().wait(30).ends("c1-101")
    ended = story.at
    assert story.state() == "wrap_up"
    assert story.agent().queues[0].wrap_up_until == ended + 15
    assert story.calls() == []
    story.wait(10).completed()
    assert story.agent().queues[0].wrap_up_until == last_call(story) + 15, "it begins anew"
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert (totals.talk.count, totals.talk.sum) == (1, pytest.approx(30, abs=1)), (
        "the talk ended with the leg"
    )


def test_a_completion_after_the_provisional_end_begins_it_again() -> None:
    story = Story(QUEUE_15).up().talking().ends("c1-101").wait(20)
    assert story.state() == "available"
    story.completed()
    assert story.state() == "wrap_up"


def test_a_very_late_completion_of_an_old_call_begins_nothing() -> None:
    story = Story(QUEUE_15).up().talking().hung_up().wait(60)
    story.talking("c2").ends("c2-101")
    story.completed("c2", last_call=story.at - 40)
    assert story.state() == "available"


def test_a_reset_of_the_last_call_releases_the_agent() -> None:
    story = Story(QUEUE_15).up().talking().hung_up()
    story.tell(events.MemberChanged, queue="sales", interface="PJSIP/101", last_call=0.0)
    assert story.state() == "available"
    assert story.agent().queues[0].wrap_up_until is None


def test_a_new_length_moves_the_end_of_one_that_runs() -> None:
    story = Story(QUEUE_15).up().talking().hung_up()
    story.tell(events.MemberChanged, queue="sales", interface="PJSIP/101", wrap_up=40.0)
    assert story.agent().queues[0].wrap_up_until == last_call(story) + 40


def test_leaving_the_queue_releases_the_agent() -> None:
    story = Story(QUEUE_15)
    story.queues = ("sales", "support")
    story.up(member(), member(queue="support")).talking().hung_up().removed()
    assert story.state() == "available"


def test_a_snapshot_tells_of_one_that_runs() -> None:
    story = Story(QUEUE_15).up(member(last_call=START - 5.0))
    agent = story.agent()
    assert (agent.state, agent.queues[0].wrap_up_until, agent.since) == ("wrap_up", START + 10, START - 5)
    story.wait(20)
    assert story.state() == "available"


def test_a_snapshot_with_an_old_last_call_tells_of_none() -> None:
    story = Story(QUEUE_15).up(member(last_call=START - 60.0))
    assert story.state() == "available"


def test_its_seconds_are_counted_for_the_agent_and_the_queue() -> None:
    story = Story(QUEUE_15).up().talking().hung_up().wait(60)
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert (totals.wrap_up.count, totals.wrap_up.sum) == (1, pytest.approx(15, abs=1))
    assert story.agent().today.wrap_up_seconds == pytest.approx(15, abs=1)


def test_the_next_call_of_the_same_queue_ends_it() -> None:
    story = Story(QUEUE_15).up().talking().hung_up().talking("c2")
    assert story.agent().queues[0].wrap_up_until is None
