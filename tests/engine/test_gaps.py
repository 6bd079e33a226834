"""A source that is lost and comes back: agents unknown meanwhile, nothing invented, history kept where it lasted."""

from __future__ import annotations

import pytest

from monitor.engine.config import QueueConfig, SourceConfig
from monitor.events import EndpointFacts
from tests.engine.story import START, STEP, Story, caller, leg, member


def test_the_source_goes_through_its_states() -> None:
    story = Story()
    assert story.source().state == "connecting"
    story.connected(version="22.10", detail="2 lists refused")
    source = story.source()
    assert (source.state, source.version, source.detail) == ("synchronising", "22.10", "2 lists refused")
    assert source.since == story.at
    story.snapshot(member())
    assert (story.source().state, story.source().since) == ("up", story.at)
    story.lost("nothing heard for 4 s")
    source = story.source()
    assert (source.state, source.since, source.detail) == ("lost", story.at, "nothing heard for 4 s")


def test_a_loss_makes_agents_unknown_and_keeps_their_last_state() -> None:
    story = Story().up(member(), member("102")).talking()
    story.lost()
    agent = story.agent()
    assert (agent.state, agent.last_state, agent.since) == ("unknown", "talking", story.at)
    assert (agent.why.rule, agent.why.event) == ("source_lost", "SourceLost")
    assert agent.call is None, "who is unknown is not shown in a call"
    assert story.counts() == {"unknown": 2}


def test_a_second_loss_keeps_the_last_state_that_was_seen() -> None:
    story = Story().up().talking().lost().wait(1).lost().connected().lost()
    assert story.agent().last_state == "talking"
    assert len(story.source().gaps) == 1


def test_nothing_but_unknown_seconds_pass_while_lost() -> None:
    story = Story().up().lost()
    before = story.agent().today
    story.wait(100)
    after = story.agent().today
    assert after.unknown_seconds - before.unknown_seconds == pytest.approx(100)
    assert after.available_seconds == before.available_seconds


def test_a_gap_lasts_until_the_next_snapshot() -> None:
    story = Story().up().lost("cable")
    began = story.at
    assert [(gap.start, gap.end, gap.reason) for gap in story.source().gaps] == [(began, None, "cable")]
    story.wait(10).connected().snapshot(member())
    assert [(gap.start, gap.end) for gap in story.source().gaps] == [(began, story.at)]


def test_a_state_that_is_the_same_after_the_gap_lasted() -> None:
    story = Story().up()
    since = story.agent().since
    story.wait(60).lost().wait(10).connected().snapshot(member())
    assert (story.state(), story.agent().since, story.agent().last_state) == ("available", since, None)


def test_a_call_that_goes_on_over_the_gap_keeps_its_history() -> None:
    story = Story().up().talking().holds("c1-101").resumes("c1-101")
    before = story.agent()
    story.lost().wait(5).connected()
    story.snapshot(member(), legs=(leg("c1-101", call="c1"),))
    after = story.agent()
    assert (after.state, after.since, after.call) == ("talking", before.since, before.call)
    assert story.calls() == ["c1@sales"]
    story.wait(10).hung_up()
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.count == 1


def test_another_call_answered_in_the_gap_begins_then() -> None:
    story = Story().up().talking().lost()
    lost_at = story.at
    story.wait(60).connected()
    story.snapshot(
        member(), legs=(leg("g9-101", call="g9", answered_at=lost_at + 20, started_at=lost_at + 10),)
    )
    assert (story.state(), story.agent().since) == ("talking", lost_at + 20)


def test_a_call_that_ended_in_the_gap_counts_no_talk() -> None:
    story = Story(SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=15)})).up().talking()
    story.lost().wait(60).connected().snapshot(member())
    assert (story.state(), story.calls()) == ("available", [])
    totals = story.engine.queue_totals("pbx/sales")
    assert totals is not None
    assert totals.talk.count == 0
    assert story.engine._live.queue_calls == {}


def test_a_caller_who_went_in_the_gap_is_unknown() -> None:
    story = Story().up().joined("c1").joined("c2").lost().wait(30).connected()
    story.snapshot(member(), callers=(caller("c2"),))
    assert (story.queue().waiting, story.queue().today.unknown) == (1, 1)
    view = story.call("c2@sales")
    assert view is not None
    assert view.position == 1


def test_a_caller_answered_in_the_gap_is_counted_as_the_leg_tells() -> None:
    story = Story().up().joined()
    joined = story.at
    story.lost().wait(30).connected()
    known = leg("c1-101", call="c1", queue="sales", queue_call="c1", answered_at=joined + 12)
    story.snapshot(member(), legs=(known,))
    today = story.queue().today
    assert (today.answered, today.unknown, today.average_wait) == (1, 0, 12.0)
    assert story.agent().today.answered == 1


def test_the_first_snapshot_brings_those_who_wait_in_their_order() -> None:
    story = Story().up(
        callers=(caller("c2", position=2, joined_at=START - 9), caller("c1", joined_at=START - 5))
    )
    assert story.queue().waiting == 2
    assert story.queue().longest_wait_since == START - 9
    assert {name: story.call(name).position for name in story.calls()} == {  # type: ignore[union-attr]
        "c1@sales": 1,
        "c2@sales": 2,
    }


def test_the_order_of_the_line_is_the_snapshots() -> None:
    story = Story().up().joined("c1").joined("c2").lost().wait(10).connected()
    story.snapshot(member(), callers=(caller("c1", position=2), caller("c2", position=1)))
    view = story.call("c2@sales")
    assert view is not None
    assert view.position == 1


def test_members_who_left_in_the_gap_are_gone_and_new_ones_there() -> None:
    story = Story().up().lost().wait(10).connected().snapshot(member("102"))
    assert (story.state("Anna"), story.state("Boris")) == ("offline", "available")


def test_a_pause_that_began_in_the_gap_began_when_the_source_says() -> None:
    story = Story().up().lost().wait(60).connected()
    began = story.at - 30
    story.snapshot(member(paused=True, reason="lunch", paused_since=began))
    assert (story.agent().since, story.agent().presence.since) == (began, began)


def test_the_same_pause_begun_anew_in_the_gap_began_then() -> None:
    story = Story().up().paused("lunch").lost().wait(60).connected()
    began = story.at - 30
    story.snapshot(member(paused=True, reason="lunch", paused_since=began))
    assert story.agent().since == began


def test_the_same_pause_keeps_our_finer_time() -> None:
    story = Story().up().paused("lunch")
    since = story.at
    story.lost().wait(60).connected()
    story.snapshot(member(paused=True, reason="lunch", paused_since=float(int(since))))
    assert story.agent().since == since


def test_without_a_list_of_legs_the_device_speaks_after_a_gap() -> None:
    story = Story().up().talking().lost().wait(5).connected()
    story.snapshot(member(state="in_use", in_call=True), legs=None)
    assert (story.state(), story.rule()) == ("talking", "queue_call"), "the queue says that its call goes on"
    story.lost().wait(5).connected().snapshot(member(), legs=None)
    assert (story.state(), story.calls()) == ("available", [])


def test_a_ringing_without_visible_legs_goes_on_over_a_gap() -> None:
    story = Story().up(legs=None).joined().offered().device("ringing").lost().wait(2).connected()
    story.snapshot(member(state="ringing"), callers=(caller("c1"),), legs=None)
    assert story.agent().call is not None
    assert story.agent().call.queue == "pbx/sales"


def test_what_happened_since_the_lists_were_asked_for_wins() -> None:
    story = Story().up(member(), member("102")).lost().wait(10).connected().wait(2)
    taken_at = story.at
    story.paused("lunch").joined("c1").starts("g1-102", extension="102").up_leg("g1-102")
    story.starts("g2-102", extension="102").ends("g2-102").joined("c2").left("c2").removed("102")
    story.snapshot(
        member(),
        member("102"),
        callers=(caller("c2"),),
        legs=(leg("g2-102", "102"),),
        taken_at=taken_at,
    )
    assert story.state() == "paused"
    assert story.queue().waiting == 1
    assert story.state("Boris") == "talking"
    assert story.agent("Boris").queues == []
    assert set(story.engine._live.legs) == {"g1-102"}


def test_what_was_seen_just_before_the_loss_is_not_newer_than_the_snapshot() -> None:
    story = Story().up().talking().paused("lunch").lost().connected().snapshot(member())
    assert story.state() == "available"
    assert story.calls() == []


def test_a_connection_without_a_loss_before_is_one() -> None:
    story = Story().up().talking().connected()
    assert (story.source().state, story.state()) == ("synchronising", "unknown")
    assert story.unexpected() == {"SourceConnected.already_up": 1}
    story.snapshot(member())
    assert story.state() == "available"


def test_events_before_the_snapshot_are_not_lost() -> None:
    story = Story().up().lost().wait(10).connected().wait(5)
    story.talking()
    assert story.state() == "unknown"
    story.snapshot(member(), legs=(leg("c1-101", call="c1"),), taken_at=story.at - 8 * STEP)
    assert story.state() == "talking"
    assert story.queue().today.answered == 1


def test_nothing_lives_on_over_a_restart_of_the_source() -> None:
    config = SourceConfig(source="pbx", queues={"sales": QueueConfig(wrap_up=600)})
    story = Story(config).up(member(), member("102")).talking().joined("c2")
    story.talking("c3", "102").hung_up("c3", "102")
    story.lost().wait(20).connected().snapshot(member(), member("102"), restarted=True)
    assert (story.state("Anna"), story.state("Boris")) == ("available", "available")
    assert (story.queue().waiting, story.calls()) == (0, [])
    assert story.queue().today.unknown == 1
    live = story.engine._live
    assert (live.legs, live.queue_calls, len(live.ended)) == ({}, {}, 0)


def test_a_restart_seen_by_a_reconciliation_is_a_fresh_start() -> None:
    story = Story().up().talking()
    story.reconciled(member(), restarted=True)
    assert (story.state(), story.corrections()) == ("available", {})


def test_devices_the_source_no_longer_tells_of_are_forgotten() -> None:
    story = Story().up(
        endpoints=(EndpointFacts(endpoint="PJSIP/900", state="in_use"),), complete_endpoints=True
    )
    assert "PJSIP/900" in story.engine._live.endpoints
    story.lost().wait(10).connected().snapshot(member(), complete_endpoints=True)
    assert set(story.engine._live.endpoints) == {"PJSIP/101"}


def test_of_devices_that_disagree_with_themselves_the_busier_is_believed() -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member(), member(queue="support", state="in_use"))
    assert story.state() == "talking"


def test_last_event_at_is_what_the_source_said_last_not_our_own_ticks() -> None:
    story = Story().up().paused()
    heard = story.at
    story.engine.take_changes()
    story.wait(10)
    assert story.source().last_event_at == heard
    assert story.engine.take_changes().source == "pbx", "announced with the tick"
    story.wait(10)
    assert story.engine.take_changes().source is None
    story.lost()
    assert story.source().last_event_at == heard
