"""The ledger is the truth that others are measured by: it agrees with itself, with the events and with the model."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from monitor.simulator import QUIET, Habits, SimulatedPbx, SimulationConfig
from tests.simulator.ami_text import events, parse, recording
from tests.simulator.scene import ANNA, BORIS, SALES, START, SUPPORT, Scene

BUSY_HABITS = Habits(
    miss=0.2,
    refuse=0.1,
    hold=0.4,
    blind_transfer=0.2,
    attended_transfer=0.2,
    break_gap=600,
    outbound_gap=600,
    internal_gap=600,
    direct_inbound_gap=600,
    shift=1_200,
    away=200,
    phone_loss_gap=2_000,
    phone_loss=60,
)


@pytest.fixture(scope="module", params=[1, 2, 3])
def hour(request: pytest.FixtureRequest) -> tuple[SimulatedPbx, list[str]]:
    """An hour in which much goes wrong, and what was told of it."""
    pbx = SimulatedPbx(SimulationConfig(seed=request.param, habits=BUSY_HABITS, load=1.3, warm_up=0), START)
    told: list[str] = []
    pbx.listen(lambda _category, text: told.append(text))
    pbx.run_until(START + 3_600)
    return pbx, told


def test_every_outcome_happens(hour: tuple[SimulatedPbx, list[str]]) -> None:
    pbx, _ = hour
    assert {"answered", "abandoned", "exited_by_key", None} <= {visit.outcome for visit in pbx.ledger.visits}
    assert {"caller", "agent", "transfer", None} == {visit.end for visit in pbx.ledger.visits}
    assert {direct.kind for direct in pbx.ledger.directs} == {"outbound", "internal", "inbound"}
    assert pbx.ledger.counts["AttendedTransferred"] > 0
    assert pbx.ledger.misses
    assert any(direct.answered_at is None and direct.ended_at is not None for direct in pbx.ledger.directs)


def test_who_is_in_a_direct_call_now_is_in_one_in_the_ledger(hour: tuple[SimulatedPbx, list[str]]) -> None:
    pbx, _ = hour
    going_on = [direct for direct in pbx.ledger.directs if direct.ended_at is None]
    in_calls = {agent.direct for agent in pbx.centre.agents.values()} - {None}
    assert len(going_on) == len(in_calls)


def test_each_queues_sums_are_its_visits(hour: tuple[SimulatedPbx, list[str]]) -> None:
    pbx, _ = hour
    for name, queue in pbx.centre.queues.items():
        visits = [visit for visit in pbx.ledger.visits if visit.queue == name]
        expected = pbx.ledger.expected_queue(name)
        sums = expected.answered + expected.abandoned + expected.timed_out + expected.left
        assert expected.offered == sums
        assert sums + expected.waiting == len(visits)
        assert expected.waiting == len(queue.calls)
        assert len(expected.waits) == expected.answered
        assert expected.in_threshold == sum(wait <= 20.0 for wait in expected.waits)
        assert min((*expected.waits, *expected.abandon_waits), default=0.0) >= 0.0


def test_sums_over_two_times_are_the_sum_over_both(hour: tuple[SimulatedPbx, list[str]]) -> None:
    pbx, _ = hour
    middle = START + 1_234.5
    for name in pbx.centre.queues:
        whole = pbx.ledger.expected_queue(name)
        parts = [pbx.ledger.expected_queue(name, until=middle), pbx.ledger.expected_queue(name, since=middle)]
        assert whole.answered == sum(part.answered for part in parts)
        assert sorted(whole.waits) == sorted(wait for part in parts for wait in part.waits)


def test_an_agents_states_fill_his_time_without_gap_or_overlap(hour: tuple[SimulatedPbx, list[str]]) -> None:
    pbx, _ = hour
    for agent in pbx.centre.agents.values():
        spans = pbx.ledger.spans(agent.name)
        assert spans[0].start == START
        assert all(one.end == other.start for one, other in itertools.pairwise(spans))
        assert all(one.state != other.state for one, other in itertools.pairwise(spans))
        assert spans[-1].end is None
        assert spans[-1].state == agent.state(pbx.now)
        expected = pbx.ledger.expected_agent(agent.name, until=pbx.now)
        assert sum(expected.seconds.values()) == pytest.approx(3_600)
        assert expected.state == spans[-1].state == pbx.ledger.state_at(agent.name, pbx.now)


def test_the_events_tell_what_the_ledger_holds(hour: tuple[SimulatedPbx, list[str]]) -> None:
    pbx, told = hour
    messages = parse("".join(told))
    names = Counter(one.name for one in messages)
    outcomes = Counter(visit.outcome for visit in pbx.ledger.visits)
    assert names["QueueCallerJoin"] == len(pbx.ledger.visits)
    assert names["AgentConnect"] == outcomes["answered"]
    assert names["AgentComplete"] == sum(visit.ended_at is not None for visit in pbx.ledger.visits)
    assert names["QueueCallerAbandon"] == outcomes["abandoned"] + outcomes["timed_out"]
    assert names["AgentRingNoAnswer"] == len(pbx.ledger.misses)
    joined = [one.get("Uniqueid") for one in messages if one.name == "QueueCallerJoin"]
    assert joined == [visit.call for visit in pbx.ledger.visits]


def test_every_channel_and_bridge_that_begins_ends_unless_it_lives(
    hour: tuple[SimulatedPbx, list[str]],
) -> None:
    pbx, told = hour
    messages = parse("".join(told))
    begun = Counter(one.get("Uniqueid") for one in messages if one.name == "Newchannel")
    ended = Counter(one.get("Uniqueid") for one in messages if one.name == "Hangup")
    assert set(begun.values()) == {1}
    assert begun - ended == Counter(list(pbx.switch.channels))
    assert not ended - begun
    inside = Counter(one.get("Uniqueid") for one in messages if one.name == "BridgeEnter")
    inside.subtract(one.get("Uniqueid") for one in messages if one.name == "BridgeLeave")
    alive = {one.uniqueid for one in pbx.switch.channels.values() if one.bridge is not None}
    assert {uniqueid for uniqueid, number in inside.items() if number} == alive
    bridges = Counter(one.get("BridgeUniqueid") for one in messages if one.name == "BridgeCreate")
    bridges.subtract(one.get("BridgeUniqueid") for one in messages if one.name == "BridgeDestroy")
    assert {uniqueid for uniqueid, number in bridges.items() if number} == {
        one.bridge.uniqueid for one in pbx.switch.channels.values() if one.bridge is not None
    }


def test_what_devices_and_members_told_last_is_what_they_are(hour: tuple[SimulatedPbx, list[str]]) -> None:
    pbx, told = hour
    last = {}
    for one in parse("".join(told)):
        if one.name == "DeviceStateChange":
            last[one.get("Device")] = one.get("State")
        if one.name == "QueueMemberStatus":
            last[one.get("Queue"), one.get("Interface")] = one.get("Status")
    for device in pbx.switch.devices.values():
        if not device.name.startswith("Local/"):
            assert device.current() == device.state == last.get(device.name, "NOT_INUSE")
    for queue in pbx.centre.queues.values():
        for member in queue.members.values():
            told_status = last.get((queue.name, member.agent.interface))
            if told_status is not None and member.login_time == int(START):
                assert int(told_status) == pbx.writer.status(member)


def test_times_never_go_back(hour: tuple[SimulatedPbx, list[str]]) -> None:
    _, told = hour
    stamps = [float(one.get("Timestamp")) for one in parse("".join(told))]
    assert stamps == sorted(stamps)
    assert stamps[0] >= START


def test_a_hold_and_a_transfer_are_written_down() -> None:
    scene = Scene(ANNA, replace(BORIS, queues=("support",)), queues=(SALES, SUPPORT))
    scene.call()
    scene.talks("101")
    talk = scene.agent("101").talk
    scene.wait(10)
    scene.pbx.conversations.hold(talk)
    assert scene.pbx.ledger.state_at("Anna", scene.pbx.now) == "on_hold"
    scene.wait(7)
    scene.pbx.conversations.resume(talk)
    scene.wait(3)
    scene.pbx.conversations.transfer(talk, scene.centre.queue("support"))
    scene.talks("102")
    scene.wait(4)
    scene.hang_up("102", "agent")
    first, second = scene.pbx.ledger.visits
    assert (first.queue, first.agent, first.end, first.hold) == (
        "sales",
        "Anna",
        "transfer",
        pytest.approx(7),
    )
    assert (second.queue, second.agent, second.end, second.hold) == ("support", "Boris", "agent", 0)
    assert first.call == second.call


def test_a_short_abandon_is_counted_apart() -> None:
    scene = Scene(ANNA)
    scene.centre.pause("101")
    for patience in (4.0, 5.0, 30.0):
        scene.call(patience=patience)
    scene.wait(60)
    expected = scene.pbx.ledger.expected_queue("sales", short_abandon=5.0)
    assert (expected.offered, expected.abandoned, expected.short_abandoned) == (3, 3, 1)


def test_noise_is_what_a_dialplan_really_writes() -> None:
    scene = Scene(ANNA, noise=True)
    scene.call()
    scene.talks("101")
    scene.wait(1.7)
    scene.hang_up("101")
    ours = events(parse("".join(scene.told)), dialplan=True)
    theirs = events(recording("answered_caller_hangs_up"), dialplan=True)
    share = [sum(one.name == "VarSet" for one in all_) / len(all_) for all_ in (ours, theirs)]
    assert share[0] == pytest.approx(share[1], abs=0.2)
    assert {one.get("Application") for one in ours} == {one.get("Application") for one in theirs}
    assert {one.get("Variable") for one in ours} <= {one.get("Variable") for one in theirs}
    assert not Scene(ANNA, habits=QUIET).told
