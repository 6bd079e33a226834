"""Races: the order in which a source tells the same thing must not matter for long, and never for the counts."""

from __future__ import annotations

import pytest

from monitor import events
from monitor.engine.config import AgentConfig, QueueConfig, SourceConfig
from tests.engine.story import START, STEP, Story, leg, member

LOCAL = "Local/1001@from-queue"


def local_member(queue: str = "sales") -> events.MemberFacts:
    """A FreePBX-style member: a Local channel in front, known by a hint, on PJSIP/1001 in the end."""
    return events.MemberFacts(
        queue=queue,
        interface=f"{LOCAL}/n",
        name="Anna",
        endpoint="hint:1001@ext-local",
        devices=("PJSIP/1001", LOCAL),
        state="idle",
        membership="dynamic",
    )


def local_story() -> Story:
    """A Local member is rung: the Local leg first, then the phone's in the same group."""
    story = Story().up(local_member()).joined()
    story.starts("c1-local", endpoint=LOCAL)
    story.tell(events.AgentOffered, queue="sales", call="c1", interface=f"{LOCAL}/n", leg="c1-local")
    return story.starts("c1-phone", endpoint="PJSIP/1001")


def local_answered(story: Story) -> Story:
    story.rings("c1-phone").up_leg("c1-phone").up_leg("c1-local").left(outcome="answered")
    return story.tell(events.AgentAnswered, queue="sales", call="c1", interface=f"{LOCAL}/n", leg="c1-local")


def test_the_device_rings_before_the_leg_is_known() -> None:
    story = Story().up().joined().device("ringing")
    since = story.at
    assert story.rule() == "device_ringing"
    story.starts("c1-101").offered().rings("c1-101")
    agent = story.agent()
    assert (agent.state, agent.since, agent.why.rule) == ("ringing", since, "leg_ringing")
    timeline = story.engine.timeline("pbx/Anna", story.at)
    assert timeline is not None
    assert [(span.state, span.start, span.queue) for span in timeline.spans[-1:]] == [
        ("ringing", since, "pbx/sales")
    ], "one span that knows its queue, from the first ring on"


def test_a_device_that_is_still_in_use_when_its_leg_ends_makes_nobody_talk() -> None:
    story = (
        Story().up().joined().device("ringing").starts("c1-101").offered().rings("c1-101").device("in_use")
    )
    story.up_leg("c1-101").left(outcome="answered").answered().hung_up()
    assert story.state() == "available"
    since = story.at
    story.device("idle")
    assert (story.state(), story.agent().since) == ("available", since)
    story.wait(10)
    assert story.state() == "available"


def test_a_device_that_stays_in_use_after_its_leg_speaks_again() -> None:
    """A call that no leg shows still runs: the source would not offer another one."""
    story = Story().up().device("in_use").starts("g1-101").rings("g1-101").ends("g1-101")
    assert story.state() == "available"
    story.wait(5)
    assert (story.state(), story.rule()) == ("talking", "device_in_use")
    story.device("idle")
    assert story.state() == "available"


def test_answered_before_the_leg_is_up() -> None:
    story = Story().up().ringing().left(outcome="answered").answered()
    assert story.queue().today.answered == 1
    story.up_leg("c1-101")
    assert story.state() == "talking"
    assert (story.agent().today.answered, story.agent().today.direct) == (1, 0)


def test_the_leg_is_up_long_before_answered() -> None:
    """A member delay or an announcement lies between the two."""
    story = Story().up().ringing().up_leg("c1-101").wait(10).left(outcome="answered").wait(10).answered()
    assert story.queue().today.answered == 1
    assert story.agent().today.direct == 0
    story.wait(30).hung_up()
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.sum == pytest.approx(30, abs=1)


def test_answered_before_the_caller_left_the_queue() -> None:
    story = Story().up().ringing().up_leg("c1-101").answered().left(outcome="answered")
    assert (story.queue().waiting, story.queue().today.answered) == (0, 1)
    assert story.unexpected() == {}


def test_a_leg_counted_as_direct_is_not_any_more_when_it_turns_out_to_serve_a_queue() -> None:
    story = Story().up().joined(linked="another").starts("c1-101").up_leg("c1-101")
    assert story.agent().today.direct == 1
    story.offered().left(outcome="answered").answered()
    assert (story.agent().today.direct, story.agent().today.answered) == (0, 1)
    assert story.calls() == ["c1@sales"]


def test_completed_after_the_leg_ended_counts_once() -> None:
    story = Story().up().talking().ends("c1-101").completed()
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.count == 1
    assert story.unexpected() == {}
    assert story.engine._live.queue_calls == {}


def test_a_call_over_before_it_is_told_as_answered_is_counted_and_not_shown() -> None:
    story = Story().up().ringing().up_leg("c1-101").left(outcome="answered").ends("c1-101").answered()
    assert story.state() == "available"
    assert story.calls() == []
    assert story.queue().today.answered == 1
    story.completed()
    assert story.engine._live.queue_calls == {}


def test_an_offer_of_a_leg_that_is_over_is_ignored() -> None:
    story = Story().up().joined().starts("c1-101").ends("c1-101").offered()
    assert story.state() == "available"
    assert story.engine._live.queue_calls == {}


def test_a_redirected_caller_waits_in_the_next_queue_before_the_first_call_is_completed() -> None:
    config = SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=15)})
    story = Story(config)
    story.queues = ("sales", "support")
    story.up(member(), member("102", queue="support")).talking().wait(20).ends("c1-101")
    story.joined(queue="support").wait(3)
    assert story.calls() == ["c1@support"]
    assert story.queue("support").waiting == 1
    story.completed()
    assert story.state() == "wrap_up"
    assert story.queue("support").waiting == 1
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert (totals.talk.count, totals.talk.sum) == (1, pytest.approx(20, abs=1))


def test_a_caller_redirected_back_to_the_same_queue_and_agent_is_two_calls() -> None:
    story = Story().up().talking().wait(20).ends("c1-101")
    story.joined().starts("c1b-101", call="c1").offered(leg="c1b-101").rings("c1b-101").completed()
    assert story.state() == "ringing", "the completion was of the first call"
    story.up_leg("c1b-101").left(outcome="answered").answered(leg="c1b-101").wait(30)
    assert story.state() == "talking"
    story.completed(leg="c1b-101").ends("c1b-101")
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.count == 2
    assert (story.queue().today.answered, story.agent().today.answered) == (2, 2)
    assert story.unexpected() == {}


def test_the_completion_of_the_first_call_may_come_while_the_second_is_talked() -> None:
    story = Story().up().talking().ends("c1-101")
    story.joined().starts("c1b-101", call="c1").offered(leg="c1b-101").rings("c1b-101").up_leg("c1b-101")
    story.left(outcome="answered").answered(leg="c1b-101").wait(5).completed()
    assert story.state() == "talking"
    story.wait(25).completed(leg="c1b-101").ends("c1b-101")
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert (totals.talk.count, totals.talk.sum) == (2, pytest.approx(30, abs=2))


def test_a_completion_under_another_callers_name_is_the_members_only_call() -> None:
    story = Story().up().talking().wait(5)
    story.completed("c1-masqueraded", leg=None).ends("c1-101")
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.count == 1
    assert story.engine._live.queue_calls == {}


# --- Local members ---------------------------------------------------------------------------------------


def test_the_phone_behind_a_local_member_decides() -> None:
    story = local_story()
    assert story.state() == "available"
    story.rings("c1-phone")
    assert story.state() == "ringing"
    call = story.agent().call
    assert call is not None
    assert (call.direction, call.queue) == ("inbound_queue", "pbx/sales")
    assert story.calls() == ["c1@sales"]


def test_an_answered_local_leg_does_not_make_its_ringing_phone_talk() -> None:
    story = local_story().rings("c1-phone").up_leg("c1-local")
    assert story.state() == "ringing"


def test_a_local_leg_that_is_optimised_away_does_not_end_the_queue_call() -> None:
    story = local_answered(local_story()).wait(10).ends("c1-local")
    assert story.state() == "talking"
    assert story.calls() == ["c1@sales"]
    story.wait(10)
    story.tell(events.AgentCompleted, queue="sales", call="c1", interface=f"{LOCAL}/n", leg="c1-phone")
    story.ends("c1-phone")
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert (totals.talk.count, totals.talk.sum) == (1, pytest.approx(20, abs=1))
    assert (story.agent().today.answered, story.agent().today.direct) == (1, 0)


def test_a_local_leg_that_is_optimised_away_before_the_answer_is_told() -> None:
    story = local_story().rings("c1-phone").up_leg("c1-phone").up_leg("c1-local").left(outcome="answered")
    story.ends("c1-local")
    story.tell(events.AgentAnswered, queue="sales", call="c1", interface=f"{LOCAL}/n", leg="c1-local")
    assert story.state() == "talking"
    call = story.call("c1@sales")
    assert call is not None
    assert call.state == "talking"


def test_a_local_leg_whose_phone_is_not_seen_goes_on_by_the_device() -> None:
    story = Story().up(local_member()).joined().starts("c1-local", endpoint=LOCAL)
    story.tell(events.AgentOffered, queue="sales", call="c1", interface=f"{LOCAL}/n", leg="c1-local")
    story.tell(events.EndpointStateChanged, endpoint="hint:1001@ext-local", state="ringing")
    assert story.state() == "ringing"
    story.tell(events.EndpointStateChanged, endpoint="hint:1001@ext-local", state="in_use")
    story.up_leg("c1-local").left(outcome="answered")
    story.tell(events.AgentAnswered, queue="sales", call="c1", interface=f"{LOCAL}/n", leg="c1-local")
    story.wait(10).ends("c1-local")
    assert (story.state(), story.calls()) == ("talking", ["c1@sales"])
    story.wait(10).tell(events.EndpointStateChanged, endpoint="hint:1001@ext-local", state="idle")
    assert (story.state(), story.calls()) == ("available", [])
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert (totals.talk.count, totals.talk.sum) == (1, pytest.approx(20, abs=1))


def test_the_phone_hangs_up_before_its_local_leg_and_its_device() -> None:
    story = local_answered(local_story())
    story.tell(events.EndpointStateChanged, endpoint="hint:1001@ext-local", state="in_use")
    story.wait(10).ends("c1-phone").ends("c1-local")
    assert (story.state(), story.calls()) == ("available", [])


# --- legs that are not seen ------------------------------------------------------------------------------


def test_without_visible_legs_the_queues_events_tell_of_the_call() -> None:
    story = Story().up(legs=None).joined().offered().device("ringing")
    assert story.state() == "ringing"
    assert story.agent().call is not None
    assert story.agent().call.queue == "pbx/sales"
    story.device("in_use").left(outcome="answered").answered()
    assert (story.state(), story.rule()) == ("talking", "queue_call")
    story.wait(20).completed()
    assert story.state() == "talking", "the device says so still"
    story.device("idle")
    assert story.state() == "available"


def test_without_visible_legs_a_device_that_is_free_ends_the_talk() -> None:
    story = Story().up(legs=None).joined().offered().device("in_use").left(outcome="answered").answered()
    story.wait(20).device("idle")
    assert (story.state(), story.calls()) == ("available", [])
    story.wait(10).completed()
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert (totals.talk.count, totals.talk.sum) == (1, pytest.approx(20, abs=1))


def test_a_leg_known_from_the_first_snapshot_knows_its_queue_call() -> None:
    known = leg(
        "c1-101", call="c1", answered_at=START - 30, queue="sales", queue_call="c1", party="+74951234567"
    )
    story = Story().up(legs=(known,))
    call = story.agent().call
    assert call is not None
    assert (call.direction, call.queue, call.answered) == ("inbound_queue", "pbx/sales", START - 30)
    shown = story.call("c1@sales")
    assert shown is not None
    assert (shown.state, shown.agent, shown.party) == ("talking", "pbx/Anna", "+7495*****67")
    assert story.queue().today.answered == 0, "nobody saw it being answered"
    story.hung_up()
    assert story.calls() == []


# --- late events -----------------------------------------------------------------------------------------


def test_late_events_do_not_undo_what_a_snapshot_knows_already() -> None:
    story = Story().up(legs=(leg("c1-101", call="c1", answered_at=START),))
    story.starts("c1-101").rings("c1-101").up_leg("c1-101")
    assert story.state() == "talking"
    assert story.agent().today.direct == 0
    assert story.unexpected() == {
        "LegStarted.already_started": 1,
        "LegRinging.answered": 1,
        "LegAnswered.already_answered": 1,
    }


def test_a_late_join_of_a_caller_the_snapshot_has_changes_nothing() -> None:
    from tests.engine.story import caller  # noqa: PLC0415 - only here

    story = Story().up(callers=(caller("c1"), caller("c2", position=2))).joined("c1", position=5)
    assert story.queue().waiting == 2
    view = story.call("c1@sales")
    assert view is not None
    assert view.position == 1


@pytest.mark.parametrize(
    "kind",
    [
        events.LegRinging,
        events.LegAnswered,
        events.LegHeld,
        events.LegResumed,
        events.LegChanged,
        events.LegEnded,
        events.TalkingStarted,
        events.TalkingStopped,
    ],
)
def test_events_of_unknown_legs_are_counted_and_make_nothing(kind: type[events.Event]) -> None:
    story = Story().up().tell(kind, leg="nobody")
    assert story.unexpected() == {f"{kind.__name__}.unknown_leg": 1}
    assert story.engine._live.legs == {}


def test_events_of_unknown_members_are_counted_and_make_nothing() -> None:
    story = Story().up().paused(extension="109").unpaused(extension="109").removed("109")
    assert set(story.unexpected()) == {
        "MemberPaused.unknown_member",
        "MemberUnpaused.unknown_member",
        "MemberRemoved.unknown_member",
    }
    assert story.engine.agent_ids() == ["pbx/Anna"]


def test_an_answer_of_a_member_we_do_not_know_still_counts_for_the_queue() -> None:
    story = Story().up().joined().left(outcome="answered").answered(extension="109")
    assert story.queue().today.answered == 1
    assert "AgentAnswered.unknown_member" in story.unexpected()


# --- other calls -----------------------------------------------------------------------------------------


def test_a_direct_call_is_counted_when_answered() -> None:
    story = Story().up().starts("g1-trunk", endpoint="PJSIP/trunk").starts("g1-101", party="+74951234567")
    story.rings("g1-101")
    call = story.call("g1")
    assert call is not None
    assert (call.direction, call.state, call.agent, call.party) == (
        "inbound_direct",
        "ringing",
        "pbx/Anna",
        "+7495*****67",
    )
    assert story.agent().today.direct == 0
    story.up_leg("g1-101").ends("g1-101")
    assert story.agent().today.direct == 1
    assert story.calls() == []


def test_an_outbound_call_is_counted_answered_or_not() -> None:
    story = Story().up().starts("g1-101", direction="outbound", party="+74951234567")
    assert story.agent().call is not None
    assert (story.agent().call.direction, story.agent().call.party) == ("outbound", "+7495*****67")
    story.starts("g1-trunk", endpoint="PJSIP/trunk", direction="inbound").ends("g1-trunk").ends("g1-101")
    assert story.agent().today.outbound == 1


def test_a_call_between_agents_is_internal_and_one_call() -> None:
    story = Story().up(member(), member("102"))
    story.starts("g1-101", direction="outbound", party="102").starts("g1-102", extension="102", party="101")
    story.rings("g1-102")
    assert story.calls() == ["g1"]
    call = story.call("g1")
    assert call is not None
    assert (call.direction, call.agent, call.state) == ("internal", "pbx/Anna", "ringing")
    assert (story.state("Anna"), story.state("Boris")) == ("dialing", "ringing")
    story.up_leg("g1-102").up_leg("g1-101")
    assert story.agent("Boris").call is not None
    assert story.agent("Boris").call.direction == "internal"
    assert (story.agent("Anna").today.outbound, story.agent("Boris").today.direct) == (1, 1)
    story.ends("g1-101").ends("g1-102")
    assert story.calls() == []


def test_what_kind_of_call_it_is_does_not_change_when_the_other_side_hangs_up() -> None:
    story = Story().up(member(), member("102"))
    story.starts("g1-101", direction="outbound").starts("g1-102", extension="102").up_leg("g1-102").up_leg(
        "g1-101"
    )
    story.ends("g1-102")
    assert story.agent().call is not None
    assert story.agent().call.direction == "internal"
    timeline = story.engine.timeline("pbx/Anna", story.at)
    assert timeline is not None
    assert [(span.state, span.direction) for span in timeline.spans[-2:]] == [
        ("dialing", "internal"),
        ("talking", "internal"),
    ], "known to be internal a moment after it began, so from its beginning"
    story.ends("g1-101").starts("g2-101", direction="outbound").starts("g2-trunk", endpoint="PJSIP/trunk")
    story.up_leg("g2-101").ends("g2-trunk")
    assert story.agent().call is not None
    assert story.agent().call.direction == "outbound"


def test_calls_without_an_agent_are_not_shown() -> None:
    story = Story().up().starts("g1-trunk", endpoint="PJSIP/trunk")
    assert story.calls() == []


def test_an_attended_transfer_takes_the_caller_to_the_colleague() -> None:
    story = Story().up(member(), member("102")).talking().holds("c1-101")
    story.starts("g2-101", direction="outbound", party="102").starts("g2-102", extension="102").rings(
        "g2-102"
    )
    assert story.state() == "on_hold"
    story.up_leg("g2-102").up_leg("g2-101")
    assert (story.state("Anna"), story.state("Boris")) == ("talking", "talking")
    assert set(story.calls()) == {"c1@sales", "g2"}
    story.completed(reason="transfer").ends("c1-101").ends("g2-101")
    story.tell(events.LegChanged, leg="g2-102", call="c1")
    assert (story.state("Anna"), story.state("Boris")) == ("available", "talking")
    assert story.calls() == ["c1"]
    assert story.agent("Boris").call is not None
    assert story.agent("Boris").call.id == "pbx/c1"
    assert story.queue().today.answered == 1


def test_a_blind_transfer_to_a_colleague_is_a_direct_call_there() -> None:
    story = Story().up(member(), member("102"))
    story.starts("c1-trunk", endpoint="PJSIP/trunk").talking().completed(reason="transfer").ends("c1-101")
    story.starts("c1-102", extension="102").rings("c1-102").up_leg("c1-102")
    assert story.agent("Boris").call is not None
    assert story.agent("Boris").call.direction == "inbound_direct"
    assert (story.agent("Boris").today.direct, story.agent("Boris").today.answered) == (1, 0)


def test_the_colleague_rings_while_the_queues_agent_still_talks_in_the_same_group() -> None:
    story = Story().up(member(), member("102")).talking().starts("c1-102", extension="102").rings("c1-102")
    call = story.call("c1")
    assert call is not None
    assert (call.state, call.agent) == ("ringing", "pbx/Boris")
    assert story.calls() == ["c1", "c1@sales"]


def test_a_leg_that_moves_to_another_device_moves_the_state() -> None:
    story = Story().up(member(), member("102")).starts("g1-101").up_leg("g1-101")
    story.tell(events.LegChanged, leg="g1-101", endpoint="PJSIP/102")
    assert (story.state("Anna"), story.state("Boris")) == ("available", "talking")


def test_an_agent_who_calls_a_queue_is_not_taken_for_its_caller_being_offered() -> None:
    story = Story().up(member(), member("102")).starts("c1-102", extension="102", direction="outbound")
    story.joined().up_leg("c1-102").starts("c1-101").offered().rings("c1-101")
    assert (story.state("Anna"), story.state("Boris")) == ("ringing", "talking")
    assert story.agent("Boris").call is not None
    assert story.agent("Boris").call.direction == "internal"


def test_voice_activity_changes_nothing_that_is_shown() -> None:
    story = Story().up().talking().tell(events.TalkingStarted, leg="c1-101")
    story.tell(events.TalkingStopped, leg="c1-101")
    assert story.state() == "talking"


def test_seconds_between_events_are_what_the_story_says() -> None:
    """Guards the stories above: a step lies between any two events."""
    story = Story().up()
    before = story.at
    assert story.joined().at == before + STEP


def test_a_configured_phone_outside_of_every_queue_counts_its_legs() -> None:
    config = SourceConfig(source="pbx", agents=(AgentConfig(id="boss", endpoints=("PJSIP/900",)),))
    story = Story(config).up()
    assert (story.state("boss"), story.rule("boss")) == ("offline", "no_member")
    story.starts("g1-900", endpoint="PJSIP/900").up_leg("g1-900")
    assert story.state("boss") == "talking"
