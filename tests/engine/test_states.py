"""The state table: what puts an agent into each state, and why."""

from __future__ import annotations

import pytest

from monitor import events
from monitor.engine import derive
from monitor.engine.config import AgentConfig, SourceConfig
from monitor.model import AGENT_STATES
from tests.engine.story import START, STEP, Story, leg, member


def test_the_table_is_ordered_by_its_bits_and_covers_every_state() -> None:
    assert [rule.fact for rule in derive.RULES] == [1 << bit for bit in range(len(derive.RULES))]
    assert {rule.state for rule in derive.RULES} == set(AGENT_STATES)


@pytest.mark.parametrize("higher", range(len(derive.RULES)))
def test_of_two_facts_the_higher_rule_decides(higher: int) -> None:
    for lower in range(higher, len(derive.RULES)):
        rule = derive.derive(derive.RULES[higher].fact | derive.RULES[lower].fact)
        assert rule is derive.RULES[higher]


def test_before_the_first_snapshot_a_configured_agent_is_unknown() -> None:
    story = Story(
        SourceConfig(source="pbx", agents=(AgentConfig(id="anna", name="Anna", endpoints=("PJSIP/101",)),))
    )
    story.connected()
    assert (story.state("anna"), story.rule("anna")) == ("unknown", "source_not_synchronised")
    assert story.agent("anna").last_state is None


def test_a_free_member_is_available() -> None:
    story = Story().up()
    assert (story.state(), story.rule()) == ("available", "free")
    assert story.agent().why.event == "Snapshot"


def test_an_inbound_leg_that_rings_makes_ringing() -> None:
    story = Story().up().starts("g1-101")
    assert story.state() == "available", "set up is not ringing yet"
    story.rings("g1-101")
    assert (story.state(), story.rule()) == ("ringing", "leg_ringing")


def test_an_answered_leg_makes_talking_and_its_end_ends_it() -> None:
    story = Story().up().starts("g1-101").rings("g1-101").up_leg("g1-101")
    assert (story.state(), story.rule()) == ("talking", "leg_answered")
    story.ends("g1-101")
    assert story.state() == "available"


def test_a_held_leg_makes_on_hold_until_it_is_resumed() -> None:
    story = Story().up().starts("g1-101").up_leg("g1-101").holds("g1-101")
    assert (story.state(), story.rule()) == ("on_hold", "legs_held")
    assert story.agent().call is not None
    assert story.agent().call.held_since == story.at
    story.resumes("g1-101")
    assert story.state() == "talking"


def test_one_held_and_one_open_leg_is_talking_about_the_open_one() -> None:
    story = Story().up().starts("g1-101").up_leg("g1-101").holds("g1-101")
    story.starts("g2-101", direction="outbound", party="102")
    assert story.state() == "on_hold", "dialing comes after on_hold"
    story.up_leg("g2-101")
    assert story.state() == "talking"
    assert story.agent().call is not None
    assert story.agent().call.id == "pbx/g2"


def test_an_unanswered_outbound_leg_is_dialing() -> None:
    story = Story().up().starts("g1-101", direction="outbound")
    assert (story.state(), story.rule()) == ("dialing", "leg_dialing")
    story.up_leg("g1-101")
    assert story.state() == "talking"


def test_an_unreachable_device_makes_offline_and_back() -> None:
    story = Story().up().tell(events.EndpointUnreachable, endpoint="PJSIP/101")
    assert (story.state(), story.rule()) == ("offline", "endpoint_unreachable")
    story.tell(events.EndpointReachable, endpoint="PJSIP/101")
    assert story.state() == "available"


def test_who_left_all_queues_is_offline_and_keeps_the_days_figures() -> None:
    story = Story().up().talking().hung_up().removed()
    assert (story.state(), story.rule()) == ("offline", "no_member")
    assert story.agent().today.answered == 1
    assert story.agent().queues == []


def test_who_signs_off_while_talking_is_still_talking() -> None:
    story = Story().up().talking().removed()
    assert story.state() == "talking"
    story.hung_up()
    assert story.state() == "offline"


def test_paused_in_all_queues_is_paused_with_the_reason() -> None:
    story = Story().up().paused("lunch")
    agent = story.agent()
    assert (agent.state, agent.reason, agent.why.rule) == ("paused", "lunch", "paused")
    assert (agent.presence.paused, agent.presence.reason, agent.presence.since) == (True, "lunch", story.at)


def test_paused_in_some_queues_is_available_and_the_queues_tell() -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member(), member(queue="support")).paused("mail", queue="support")
    assert story.state() == "available"
    assert [(one.queue, one.paused, one.reason) for one in story.agent().queues] == [
        ("pbx/sales", False, None),
        ("pbx/support", True, "mail"),
    ]
    assert story.counts("sales") == {"available": 1}
    assert story.counts("support") == {"paused": 1}


def test_paused_while_talking_shows_both_with_their_own_times() -> None:
    story = Story().up().talking()
    since = story.agent().since
    story.wait(10).paused("lunch")
    agent = story.agent()
    assert (agent.state, agent.since) == ("talking", since)
    assert (agent.presence.paused, agent.presence.since) == (True, story.at)


def test_a_new_pause_reason_is_a_new_pause() -> None:
    story = Story().up().paused("lunch").wait(60).paused("training")
    agent = story.agent()
    assert (agent.reason, agent.since, agent.presence.since) == ("training", story.at, story.at)
    assert (agent.why.event, agent.why.at) == ("MemberPaused", story.at)


def test_the_same_pause_told_again_goes_on() -> None:
    story = Story().up().paused("lunch")
    since = story.at
    story.wait(60).paused("lunch")
    assert story.agent().since == since


def test_unpausing_ends_the_presence_and_drops_the_reason() -> None:
    story = Story().up().paused("lunch").unpaused()
    agent = story.agent()
    assert (agent.state, agent.reason) == ("available", None)
    assert (agent.presence.paused, agent.presence.reason, agent.presence.since) == (False, None, story.at)


@pytest.mark.parametrize(
    ("device", "state", "rule"),
    [
        ("in_use", "talking", "device_in_use"),
        ("busy", "talking", "device_in_use"),
        ("on_hold", "talking", "device_in_use"),
        ("ringing", "ringing", "device_ringing"),
        ("unavailable", "offline", "endpoint_unreachable"),
        ("idle", "available", "free"),
        ("unknown", "available", "free"),
    ],
)
def test_the_device_is_the_witness_where_no_leg_is_seen(device: str, state: str, rule: str) -> None:
    story = Story().up().device(device)
    assert (story.state(), story.rule()) == (state, rule)
    assert story.agent().call is None


def test_legs_decide_against_the_device() -> None:
    story = Story().up().starts("g1-101").rings("g1-101").device("in_use")
    assert story.state() == "ringing"
    story.up_leg("g1-101").device("idle")
    assert story.state() == "talking"


def test_a_leg_that_says_nothing_yet_leaves_the_word_to_the_device() -> None:
    story = Story().up().starts("g1-101").device("ringing")
    assert (story.state(), story.rule()) == ("ringing", "device_ringing")


def test_why_names_the_event_that_began_the_state() -> None:
    story = Story().up().paused("lunch")
    why = story.agent().why
    assert (why.rule, why.event, why.at, why.id) == ("paused", "MemberPaused", story.at, story.told[-1].id)


def test_since_is_the_events_time_not_the_engines() -> None:
    story = Story().up()
    story.wait(10)
    late = story.at - 0.2
    story.tell(events.MemberPaused, at=late, queue="sales", interface="PJSIP/101", reason=None)
    assert story.agent().since == late


def test_since_never_goes_back_before_the_state_before() -> None:
    story = Story().up().paused()
    began = story.at
    story.tell(events.MemberUnpaused, at=began - 5, queue="sales", interface="PJSIP/101")
    assert story.agent().since == began


def test_do_not_disturb_is_shown_and_changes_no_state() -> None:
    story = Story().up().tell(events.DoNotDisturbChanged, endpoint="PJSIP/101", on=True)
    assert story.agent().do_not_disturb
    assert story.state() == "available"
    story.tell(events.DoNotDisturbChanged, endpoint="PJSIP/101", on=False)
    assert not story.agent().do_not_disturb


def test_a_first_snapshot_tells_since_when() -> None:
    story = Story().up(
        member(paused=True, reason="lunch", paused_since=START - 600),
        member("102"),
        legs=(leg("g1-102", "102", answered_at=START - 60, started_at=START - 70),),
    )
    assert (story.state(), story.agent().since) == ("paused", START - 600)
    assert story.agent().presence.since == START - 600
    assert (story.state("Boris"), story.agent("Boris").since) == ("talking", START - 60)
    assert story.agent("Boris").today.talk_seconds == 0, "time before we saw it is not counted"


def test_seconds_follow_the_states() -> None:
    story = Story().up().wait(10).talking().wait(30).hung_up().wait(20)
    today = story.agent().today
    spent = (today.available_seconds, today.ringing_seconds, today.talk_seconds, today.unknown_seconds)
    assert sum(spent) == pytest.approx(story.at - START - 2 * STEP), "from the first snapshot on"
    assert today.talk_seconds == pytest.approx(31, abs=1)
    assert today.occupancy is not None
