"""Reconciliation: corrects what two snapshots agree on, and never what is merely on its way."""

from __future__ import annotations

from typing import Any

import pytest

from monitor import events
from monitor.engine.config import QueueConfig, SourceConfig
from monitor.engine.reconcile import CORRECTION_KINDS
from monitor.events import EndpointFacts, QueueFacts
from tests.engine.story import START, Story, caller, leg, member

UP = {"members": (member(),), "callers": (), "legs": ()}


def lists(**changes: Any) -> dict[str, Any]:
    return {**UP, **changes}


def reconcile(story: Story, **facts: Any) -> Story:
    members = facts.pop("members")
    return story.reconciled(*members, **facts)


# kind, what happened before, what the source's lists say
DIFFERENCES = {
    "member_missing": ([], lists(members=(member(), member("102")))),
    "member_extra": ([], lists(members=())),
    "member_paused": ([], lists(members=(member(paused=True, reason="lunch"),))),
    "member_penalty": ([], lists(members=(member(penalty=3),))),
    "endpoint_state": ([], lists(members=(member(state="in_use"),))),
    "caller_missing": ([], lists(callers=(caller("c1"),))),
    "caller_extra": (["joined"], lists()),
    "leg_missing": ([], lists(legs=(leg("g1-101"),))),
    "leg_extra": (["talks"], lists()),
    "leg_state": (["rings"], lists(legs=(leg("g1-101"),))),
    "leg_endpoint": (["rings"], lists(legs=(leg("g1-101", "109", state="ringing"),))),
    "caller_position": (
        ["joined", "joined2"],
        lists(callers=(caller("c2", position=1), caller("c1", position=2))),
    ),
    "queue_call_extra": (["answered unseen"], lists(members=(member(in_call=False),))),
}


def tell(story: Story, before: list[str]) -> Story:
    for what in before:
        if what == "joined":
            story.joined("c1")
        elif what == "joined2":
            story.joined("c2")
        elif what == "rings":
            story.starts("g1-101").rings("g1-101")
        elif what == "talks":
            story.starts("g1-101").up_leg("g1-101")
        elif what == "answered unseen":
            story.joined("c1").left(outcome="answered").answered(leg="nobody")
    return story


def test_every_kind_of_correction_has_its_scene_here_and_its_counter_from_the_start() -> None:
    assert set(DIFFERENCES) == set(CORRECTION_KINDS)
    assert Story().engine.corrections == dict.fromkeys(CORRECTION_KINDS, 0)


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_a_difference_is_suspected_then_corrected_and_counted(kind: str) -> None:
    before, facts = DIFFERENCES[kind]
    story = tell(Story().up(), before)
    unexpected = story.unexpected()
    reconcile(story, **facts)
    assert story.engine.suspects == 1
    assert story.corrections() == {}
    reconcile(story, **facts)
    assert story.corrections() == {kind: 1}
    assert story.engine.suspects == 0
    reconcile(story, **facts)
    assert (story.corrections(), story.engine.suspects) == ({kind: 1}, 0), "now they agree"
    assert story.unexpected() == unexpected


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_a_difference_that_is_gone_is_forgotten(kind: str) -> None:
    before, facts = DIFFERENCES[kind]
    story = tell(Story().up(), before)
    reconcile(story, **facts)
    agreeing = lists(
        callers=tuple(caller(call) for call in ("c1", "c2") if f"{call}@sales" in story.calls()),
        legs=tuple(
            leg(one.id, state=one.state)
            for one in story.engine._live.legs.values()
            if one.endpoint == "PJSIP/101"
        ),
    )
    if kind in ("caller_position", "queue_call_extra"):
        agreeing["callers"] = (
            (caller("c1", position=1), caller("c2", position=2)) if kind == "caller_position" else ()
        )
        agreeing["members"] = (member(in_call=True),)
    reconcile(story, **agreeing)
    assert story.engine.suspects == 0
    reconcile(story, **facts)
    assert (story.engine.suspects, story.corrections()) == (1, {}), "the suspicion begins anew"


TOUCHES = {
    "member_paused": lambda story: story.tell(
        events.MemberChanged, queue="sales", interface="PJSIP/101", penalty=0
    ),
    "member_penalty": lambda story: story.paused("lunch").unpaused(),
    "member_extra": lambda story: story.paused("lunch").unpaused(),
    "member_missing": lambda story: story.added(member("102")).removed("102"),
    "endpoint_state": lambda story: story.device("ringing").device("idle"),
    "caller_missing": lambda story: story.joined("c1").left("c1"),
    "caller_extra": lambda story: story.joined("c1"),
    "leg_missing": lambda story: story.starts("g1-101").ends("g1-101"),
    "leg_extra": lambda story: story.holds("g1-101").resumes("g1-101"),
    "leg_state": lambda story: story.rings("g1-101"),
    "caller_position": lambda story: story.joined("c3").left("c3"),
}


@pytest.mark.parametrize("kind", TOUCHES)
def test_an_event_in_between_makes_it_a_new_suspicion(kind: str) -> None:
    before, facts = DIFFERENCES[kind]
    story = tell(Story().up(), before)
    reconcile(story, **facts)
    TOUCHES[kind](story)
    reconcile(story, **facts)
    assert story.corrections() == {}
    assert story.engine.suspects == 1


@pytest.mark.parametrize("kind", TOUCHES)
def test_an_event_since_the_lists_were_asked_for_is_newer_than_they_are(kind: str) -> None:
    """The snapshot arrives after events that it does not know of yet: no suspicion even."""
    before, facts = DIFFERENCES[kind]
    story = tell(Story().up(), before).wait(10)
    taken_at = story.at
    TOUCHES[kind](story)
    fields = {**facts}
    members = fields.pop("members")
    story.snapshot(*members, reconciliation=True, taken_at=taken_at, **fields)
    assert (story.engine.suspects, story.corrections()) == (0, {})


def test_a_different_difference_is_a_new_suspicion() -> None:
    story = Story().up()
    reconcile(story, **lists(members=(member(state="in_use"),)))
    reconcile(story, **lists(members=(member(state="ringing"),)))
    assert story.corrections() == {}
    reconcile(story, **lists(members=(member(state="ringing"),)))
    assert story.corrections() == {"endpoint_state": 1}
    assert story.state() == "ringing"


def test_what_was_corrected_shows() -> None:
    story = Story().up()
    for _ in range(2):
        reconcile(story, **lists(callers=(caller("c1", joined_at=START - 40),), legs=(leg("g1-101"),)))
    assert story.queue().waiting == 1
    assert story.queue().longest_wait_since == START - 40
    assert story.state() == "talking"
    assert story.agent().why.event == "Snapshot"
    for _ in range(2):
        reconcile(story, **lists())
    assert (story.queue().waiting, story.state()) == (0, "available")
    assert story.queue().today.unknown == 1


def test_a_corrected_wait_may_still_tell_its_true_outcome() -> None:
    story = Story().up().joined()
    for _ in range(2):
        reconcile(story, **lists())
    story.left(outcome="abandoned")
    assert (story.queue().today.unknown, story.queue().today.abandoned) == (0, 1)


def test_a_queue_call_that_a_leg_correction_ends_is_over() -> None:
    config = SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=15)})
    story = Story(config).up().talking()
    for _ in range(2):
        reconcile(story, **lists())
    assert story.corrections() == {"leg_extra": 1}
    assert (story.state(), story.calls()) == ("wrap_up", [])


def test_a_leg_found_by_correction_joins_its_queue_call() -> None:
    story = Story().up().joined().offered().left(outcome="answered").answered()
    for _ in range(2):
        reconcile(story, **lists(members=(member(in_call=True),), legs=(leg("c1-101", call="c1"),)))
    assert story.corrections() == {"leg_missing": 1}
    assert story.agent().call is not None
    assert story.agent().call.queue == "pbx/sales"


# --- what a source changes without an event --------------------------------------------------------------


def test_a_static_member_that_a_reload_brings_is_there_at_once_and_counted() -> None:
    story = Story().up()
    reconcile(story, **lists(members=(member(), member("102", membership="static"))))
    assert story.state("Boris") == "available"
    assert (story.corrections(), story.engine.suspects) == ({"member_missing": 1}, 0)


def test_a_static_member_that_a_reload_takes_is_gone_at_once_and_counted() -> None:
    story = Story().up(member(), member("102", membership="static"))
    reconcile(story, **lists())
    assert story.state("Boris") == "offline"
    assert story.corrections() == {"member_extra": 1}


def test_a_reload_that_forgets_reason_and_penalty_of_static_members_is_no_drift() -> None:
    story = Story().up(member(membership="static", penalty=2)).paused("lunch")
    since = story.at
    reconcile(story, **lists(members=(member(membership="static", paused=True),)))
    agent = story.agent()
    assert (agent.state, agent.reason, agent.queues[0].penalty) == ("paused", None, 0)
    assert agent.presence.since == since, "the same pause goes on"
    assert (story.corrections(), story.engine.suspects) == ({}, 0)


def test_new_wrap_up_lengths_are_taken_over_at_once() -> None:
    story = Story().up()
    story.reconciled(member(), queues=(QueueFacts(queue="sales", wrap_up=30.0),))
    story.talking().hung_up()
    assert story.state() == "wrap_up"
    assert story.corrections() == {}


def test_a_queue_reset_forgets_the_last_call_and_releases_the_agent() -> None:
    story = (
        Story(SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=60)})).up().talking().hung_up()
    )
    assert story.state() == "wrap_up"
    reconcile(story, **lists())
    assert story.state() == "available"
    assert story.corrections() == {}


def test_a_list_that_lacks_a_last_call_just_told_does_not_release() -> None:
    story = (
        Story(SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=60)})).up().talking().hung_up()
    )
    story.wait(1.5)
    story.snapshot(member(), reconciliation=True)
    assert story.state() == "wrap_up"


def test_a_last_call_that_only_the_list_tells_begins_a_wrap_up() -> None:
    story = Story(SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=60)})).up().wait(10)
    last_call = float(int(story.at))
    reconcile(story, **lists(members=(member(last_call=last_call),)))
    assert story.agent().queues[0].wrap_up_until == last_call + 60


def test_an_older_last_call_in_the_list_changes_nothing() -> None:
    story = (
        Story(SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=60)})).up().talking().hung_up()
    )
    until = story.agent().queues[0].wrap_up_until
    reconcile(story, **lists(members=(member(last_call=START - 500.0),)))
    assert story.agent().queues[0].wrap_up_until == until


def test_the_second_of_the_last_call_is_the_sources() -> None:
    story = Story(SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=60)})).up().talking()
    story.completed(last_call=START + 50.0).ends("c1-101")
    reconcile(story, **lists(members=(member(last_call=START + 49.0),)))
    assert story.agent().queues[0].wrap_up_until == START + 109


def test_new_devices_of_a_member_bring_its_legs() -> None:
    story = Story().up().starts("g1-201", endpoint="PJSIP/201").up_leg("g1-201")
    assert story.state() == "available"
    reconcile(story, **lists(members=(member(devices=("PJSIP/201",)),), legs=(leg("g1-201", "201"),)))
    assert story.state() == "talking"
    assert story.corrections() == {}


def test_the_group_of_a_leg_changes_without_an_event() -> None:
    story = Story().up().starts("g1-101").up_leg("g1-101")
    reconcile(story, **lists(legs=(leg("g1-101", call="g9"),)))
    assert story.calls() == ["g9"]
    assert story.corrections() == {}


def test_a_queue_that_is_no_longer_listed_goes_unless_it_has_figures_today() -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member()).joined().left()
    story.reconciled(member(), queues=(QueueFacts(queue="sales"),))
    assert story.engine.queue_ids() == ["pbx/sales"]
    story.reconciled(member(), queues=(QueueFacts(queue="support"),))
    assert story.engine.queue_ids() == ["pbx/sales", "pbx/support"], "it has a member and figures"


# --- what must never be corrected ------------------------------------------------------------------------


def test_a_leg_never_goes_back_by_a_list() -> None:
    """The list's word for a leg with early media may be lower than what its events told."""
    story = Story().up().starts("g1-101").up_leg("g1-101")
    for _ in range(3):
        reconcile(story, **lists(legs=(leg("g1-101", state="ringing"),)))
    assert story.state() == "talking"
    assert (story.corrections(), story.engine.suspects) == ({}, 0)


def test_legs_are_not_compared_where_the_source_may_not_tell_them() -> None:
    story = Story().up(legs=None).talking()
    for _ in range(3):
        reconcile(story, **lists(legs=None))
    assert story.state() == "talking"
    assert story.corrections() == {}


def test_members_that_disagree_about_their_device_correct_nothing() -> None:
    story = Story()
    story.queues = ("sales", "support")
    both = (member(), member(queue="support"))
    story.up(*both)
    for _ in range(3):
        reconcile(story, **lists(members=(member(), member(queue="support", state="in_use"))))
    assert (story.state(), story.corrections()) == ("available", {})


def test_the_devices_own_list_outweighs_the_members() -> None:
    story = Story().up()
    for _ in range(2):
        told = (EndpointFacts(endpoint="PJSIP/101", state="in_use"),)
        reconcile(story, **lists(endpoints=told))
    assert (story.state(), story.corrections()) == ("talking", {"endpoint_state": 1})


def test_a_caller_being_connected_is_not_missed_in_the_list() -> None:
    story = Story().up().ringing().up_leg("c1-101").left(outcome="answered")
    for _ in range(3):
        reconcile(story, **lists(legs=(leg("c1-101", call="c1"),)))
    assert (story.corrections(), story.engine.suspects) == ({}, 0)
    story.answered()
    assert story.queue().today.answered == 1


def test_a_redirected_call_that_waits_for_its_completion_is_no_difference() -> None:
    story = Story().up().talking().ends("c1-101")
    for _ in range(3):
        reconcile(story, **lists(members=(member(in_call=True),)))
    assert (story.corrections(), story.engine.suspects) == ({}, 0)
    assert story.state() == "available"


def test_do_not_disturb_is_taken_from_a_complete_list() -> None:
    story = Story().up()
    on = (EndpointFacts(endpoint="PJSIP/101", state="idle", do_not_disturb=True),)
    reconcile(story, **lists(endpoints=on, complete_endpoints=True))
    assert story.agent().do_not_disturb
    reconcile(story, **lists(complete_endpoints=True))
    assert not story.agent().do_not_disturb


def test_a_loss_of_the_source_forgets_suspicions() -> None:
    story = Story().up()
    reconcile(story, **lists(legs=(leg("g1-101"),)))
    story.lost()
    assert story.engine.suspects == 0


def test_a_reconciliation_while_the_source_is_not_up_is_a_fresh_start() -> None:
    """The log could not be written and can again: the adapter's link never broke."""
    story = Story().up().lost("the event log can't be written").wait(1)
    story.reconciled(member(), legs=(leg("g1-101"),))
    assert (story.source().state, story.state()) == ("up", "talking")
    assert story.corrections() == {}
