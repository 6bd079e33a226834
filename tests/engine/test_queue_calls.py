"""Queue calls: waiting, being rung, talking, leaving; what is shown and what is counted."""

from __future__ import annotations

import pytest

from monitor import events
from monitor.engine.config import QueueConfig, SourceConfig
from tests.engine.story import STEP, Story, member


def test_a_waiting_caller_is_a_call_with_a_masked_number() -> None:
    story = Story().up().joined()
    call = story.call("c1@sales")
    assert call is not None
    assert (call.state, call.direction, call.queue, call.position) == (
        "waiting",
        "inbound_queue",
        "pbx/sales",
        1,
    )
    assert (call.party, call.agent, call.queued_at) == ("+7495*****67", None, story.at)
    assert (story.queue().waiting, story.queue().longest_wait_since) == (1, story.at)


def test_numbers_are_shown_whole_where_configured() -> None:
    story = Story(SourceConfig(source="pbx", show_numbers=True)).up().joined()
    call = story.call("c1@sales")
    assert call is not None
    assert call.party == "+74951234567"


def test_ringing_shows_the_queue_and_its_caller() -> None:
    story = Story().up().ringing()
    call = story.agent().call
    assert call is not None
    assert (call.id, call.direction, call.queue) == ("pbx/c1@sales", "inbound_queue", "pbx/sales")
    assert (call.party, call.answered) == ("+7495*****67", None)
    assert story.queue().waiting == 1, "who is offered still waits"


def test_an_inbound_leg_in_a_waiting_callers_group_is_the_queues_from_its_first_moment() -> None:
    """Asterisk tells of the channel before it tells of the offer: no direct call may flash up in between."""
    story = Story().up().joined().starts("c1-101").rings("c1-101")
    call = story.agent().call
    assert call is not None
    assert (call.direction, call.id) == ("inbound_queue", "pbx/c1@sales")
    assert story.calls() == ["c1@sales"]


def test_talking_shows_one_call_of_the_queue() -> None:
    story = Story().up().talking()
    call = story.call("c1@sales")
    assert call is not None
    assert (call.state, call.agent, call.answered_at) == ("talking", "pbx/Anna", story.at)
    assert story.calls() == ["c1@sales"]
    assert story.queue().waiting == 0
    assert story.agent().call is not None
    assert story.agent().call.id == "pbx/c1@sales"


def test_between_leaving_the_queue_and_the_agent_the_call_still_rings() -> None:
    story = Story().up().ringing().up_leg("c1-101").left(outcome="answered")
    call = story.call("c1@sales")
    assert call is not None
    assert (call.state, call.agent, call.position) == ("ringing", "pbx/Anna", None)
    assert story.queue().waiting == 0
    assert story.queue().today.answered == 0, "counted only when the two are connected"


def test_a_call_is_counted_when_answered() -> None:
    story = Story().up().ringing()
    joined = story.at - 3 * STEP
    story.wait(8).up_leg("c1-101").left(outcome="answered").answered()
    today = story.queue().today
    assert (today.offered, today.answered) == (1, 1)
    assert today.average_wait == pytest.approx(story.at - joined)
    assert today.service_level.value == 1.0
    assert story.agent().today.answered == 1
    assert story.agent().today.direct == 0


def test_the_end_of_the_call_removes_it_at_once() -> None:
    story = Story().up().talking()
    story.engine.take_changes()
    story.completed()
    story.ends("c1-101")
    assert story.calls() == []
    assert story.engine.take_changes().calls_removed == {"pbx/c1@sales"}


@pytest.mark.parametrize(
    ("outcome", "figures"),
    [
        ("abandoned", (1, 1, 0, 0)),
        ("timed_out", (1, 0, 1, 0)),
        ("left_empty", (1, 0, 0, 1)),
        ("exited_by_key", (1, 0, 0, 1)),
        ("transferred", (1, 0, 0, 1)),
        ("closed", (1, 0, 0, 1)),
        ("unknown", (0, 0, 0, 0)),
    ],
)
def test_callers_who_leave_count_by_their_outcome(outcome: str, figures: tuple[int, ...]) -> None:
    story = Story().up().joined().wait(10).left(outcome=outcome)
    today = story.queue().today
    assert (today.offered, today.abandoned, today.timed_out, today.left) == figures
    assert today.unknown == (outcome == "unknown")
    assert (story.queue().waiting, story.calls()) == (0, [])


def test_a_short_abandon_is_judged_by_the_queues_own_settings() -> None:
    config = SourceConfig(source="pbx", queues={"sales": QueueConfig(short_abandon=5, threshold=3)})
    story = Story(config).up().joined().wait(4).left()
    story.joined("c2").wait(6).left("c2")
    assert (story.queue().today.abandoned, story.queue().today.short_abandoned) == (2, 1)


def test_a_caller_who_hangs_up_before_being_connected_is_abandoned_not_answered() -> None:
    story = Story().up().ringing().up_leg("c1-101").left(outcome="answered").left(outcome="abandoned")
    today = story.queue().today
    assert (today.answered, today.abandoned, today.unknown) == (0, 1, 0)
    assert story.calls() == []


def test_a_late_true_outcome_overrules_unknown() -> None:
    story = Story().up().joined().left(outcome="unknown")
    assert story.queue().today.unknown == 1
    story.left(outcome="timed_out")
    today = story.queue().today
    assert (today.unknown, today.timed_out) == (0, 1)


def test_a_late_answer_overrules_unknown() -> None:
    story = Story().up().joined().left(outcome="unknown").starts("c1-101").up_leg("c1-101").answered()
    today = story.queue().today
    assert (today.unknown, today.answered) == (0, 1)


def test_an_unknown_outcome_is_not_waited_for_for_ever() -> None:
    story = Story().up().joined().left(outcome="unknown").wait(3600).left(outcome="abandoned")
    today = story.queue().today
    assert (today.unknown, today.abandoned) == (1, 0)
    assert story.engine._live.visits == {}


def test_a_caller_never_connected_is_unknown_in_the_end() -> None:
    story = Story().up().ringing().up_leg("c1-101").left(outcome="answered").ends("c1-101").wait(3600)
    assert story.queue().today.unknown == 1
    assert story.calls() == []


def test_positions_follow_the_line() -> None:
    story = Story().up().joined("c1").joined("c2").joined("c3", position=1)
    positions = {name: view.position for name in story.calls() if (view := story.call(name))}
    assert positions == {"c3@sales": 1, "c1@sales": 2, "c2@sales": 3}
    story.engine.take_changes()
    story.left("c3")
    assert story.engine.take_changes().calls == {"pbx/c1@sales", "pbx/c2@sales"}, "those behind moved up"
    positions = {name: view.position for name in story.calls() if (view := story.call(name))}
    assert positions == {"c1@sales": 1, "c2@sales": 2}


def test_the_longest_wait_is_the_earliest_joined_not_the_first_in_line() -> None:
    story = Story().up().joined("c1")
    first = story.at
    story.wait(10).joined("c2", position=1)
    assert story.queue().longest_wait_since == first


def test_one_caller_can_visit_several_queues_and_the_same_again() -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member(), member(queue="support"))
    story.joined().left(outcome="timed_out").joined(queue="support").left(
        outcome="timed_out", queue="support"
    )
    story.joined().wait(30).left(outcome="abandoned")
    assert (story.queue().today.offered, story.queue().today.timed_out) == (2, 1)
    assert story.queue("support").today.timed_out == 1


def test_ring_all_the_losers_are_free_again_and_missed_nothing() -> None:
    story = Story().up(member(), member("102")).joined()
    for extension in ("101", "102"):
        story.starts(f"c1-{extension}", extension=extension).offered(extension=extension).rings(
            f"c1-{extension}"
        )
    assert story.counts() == {"ringing": 2}
    story.up_leg("c1-102").left(outcome="answered").ends("c1-101").answered(extension="102")
    assert (story.state("Anna"), story.state("Boris")) == ("available", "talking")
    assert (story.agent("Anna").today.missed, story.agent("Boris").today.answered) == (0, 1)
    call = story.call("c1@sales")
    assert call is not None
    assert call.agent == "pbx/Boris"


def test_ring_all_without_visible_legs_drops_the_losers_offers() -> None:
    story = Story().up(member(), member("102"), legs=None).joined()
    story.offered(extension="101").device("ringing").offered(extension="102").device("ringing", "102")
    assert story.counts() == {"ringing": 2}
    story.device("in_use", "102").left(outcome="answered").answered(extension="102").device("idle")
    assert (story.state("Anna"), story.state("Boris")) == ("available", "talking")
    assert len(story.engine._live.queue_calls) == 1


def test_who_does_not_answer_missed_the_call() -> None:
    story = Story().up().ringing().missed().ends("c1-101")
    assert story.state() == "available"
    assert story.agent().today.missed == 1
    assert story.queue().waiting == 1


def test_a_phone_that_never_rings_is_never_shown_ringing() -> None:
    story = Story().up().joined().starts("c1-101").offered()
    assert story.state() == "available"
    story.missed().ends("c1-101")
    assert story.agent().today.missed == 1
    assert story.engine._live.queue_calls == {}


def test_hold_is_part_of_the_handle_time_but_not_of_the_talk() -> None:
    story = (
        Story().up().talking().wait(9.75).holds("c1-101").wait(19.75).resumes("c1-101").wait(9.5).completed()
    )
    story.ends("c1-101")
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.sum == pytest.approx(20, abs=0.5)
    assert story.queue().today.average_handle_time == pytest.approx(40, abs=1)
    assert story.agent().today.hold_seconds == pytest.approx(20, abs=0.1)


def test_a_call_on_hold_is_shown_so() -> None:
    story = Story().up().talking().holds("c1-101")
    call = story.call("c1@sales")
    assert call is not None
    assert call.state == "on_hold"
    assert story.agent().call is not None
    assert story.agent().call.held_since == story.at


def test_a_call_that_ends_on_hold_counts_the_hold() -> None:
    story = Story().up().talking().holds("c1-101").wait(30).ends("c1-101").completed()
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.sum == pytest.approx(STEP)


def test_the_talk_ends_with_the_leg_or_the_completion_whichever_is_first() -> None:
    leg_first = Story().up().talking().wait(10).ends("c1-101").wait(10).completed()
    completion_first = Story().up().talking().wait(10).completed().wait(10).ends("c1-101")
    for story in (leg_first, completion_first):
        totals = story.engine.queue_totals("pbx/sales")
        assert totals is not None
        assert (totals.talk.count, totals.talk.sum) == (1, pytest.approx(10, abs=0.5))


def test_the_agents_leg_that_outlives_the_call_is_not_counted_as_another() -> None:
    """After the caller hung up the agent's channel may go on in the dialplan."""
    story = Story().up().talking().completed()
    assert (story.state(), story.calls()) == ("talking", ["c1@sales"])
    story.wait(3).ends("c1-101")
    assert (story.state(), story.calls()) == ("available", [])
    assert story.agent().today.direct == 0


def test_a_queue_call_answered_while_its_joining_was_not_seen_counts_with_the_sources_wait() -> None:
    story = Story().up().starts("c9-101").up_leg("c9-101").answered("c9", hold_time=12.0)
    assert (story.queue().today.answered, story.queue().today.average_wait) == (1, 12.0)
    call = story.call("c9@sales")
    assert call is not None
    assert call.queued_at == story.at - 12


def test_outcomes_are_counted_by_agent() -> None:
    story = Story().up().tell(events.OutcomeRecorded, agent="Anna", outcome="sale")
    story.tell(events.OutcomeRecorded, agent="Anna", outcome="sale")
    story.tell(events.OutcomeRecorded, agent="Nobody", outcome="sale")
    assert story.agent().today.outcomes == {"sale": 2}
    assert story.unexpected() == {"OutcomeRecorded.unknown_agent": 1}


def test_average_talk_waits_until_a_call_is_over() -> None:
    story = Story().up().talking().wait(30)
    assert story.queue().today.average_handle_time is None
    story.hung_up()
    assert story.queue().today.average_handle_time is not None


def test_the_last_30_minutes_pass_by_ticks_alone() -> None:
    story = Story().up().joined().left(outcome="abandoned")
    assert story.queue().last_30m.abandoned == 1
    assert story.engine.next_deadline() == pytest.approx(story.at + 1800)
    story.wait(1799)
    story.engine.take_changes()
    story.wait(2)
    assert story.queue().last_30m.abandoned == 0
    assert story.queue().today.abandoned == 1
    assert "pbx/sales" in story.engine.take_changes().queues
