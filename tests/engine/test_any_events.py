"""Whatever is told, in whatever order: nothing raises, everything stays consistent, replay gives the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import events
from monitor.engine import SourceEngine
from monitor.engine.config import AgentConfig, DayConfig, QueueConfig, SourceConfig
from monitor.events import CallerFacts, EndpointFacts, Event, EventIds, LegFacts, MemberFacts, QueueFacts
from tests.engine.story import START, check

CONFIG = SourceConfig(
    source="pbx",
    queues={"sales": QueueConfig(wrap_up=15)},
    agents=(AgentConfig(id="anna", name="Anna", endpoints=("PJSIP/101",)),),
    day=DayConfig(timezone="UTC", starts="12:05"),  # soon after START: the day changes within the stories
)

QUEUES = st.sampled_from(["sales", "support"])
CALLS = st.sampled_from(["c1", "c2", "c3"])
GROUPS = st.sampled_from(["c1", "c2", "g1"])
LEGS = st.sampled_from(["c1-101", "c1-102", "c2-101", "c2-local", "g1-101", "g1-trunk"])
ENDPOINTS = st.sampled_from(["PJSIP/101", "PJSIP/102", "hint:103@ext", "Local/103@q", "PJSIP/trunk"])
INTERFACES = st.sampled_from(["PJSIP/101", "PJSIP/102", "Local/103@q/n"])
NAMES = st.sampled_from(["Anna", "Boris", "Boris", "Clara"])
STATES = st.sampled_from(["idle", "ringing", "in_use", "on_hold", "busy", "unavailable", "unknown"])
PRESENCES = st.sampled_from(["signed_off", "ready", "paused", "wrap_up"])
OUTCOMES = st.sampled_from(
    ["answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "transferred", "closed", "unknown"]
)
TIMES = st.floats(START - 100, START + 700)
MAYBE_TIMES = st.none() | TIMES
REASONS = st.sampled_from([None, "", "lunch", "mail"])
WRAP_UPS = st.sampled_from([None, 0.0, 5.0, 30.0])


def facts(kind: type[msgspec.Struct], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **fields)


MEMBERS = facts(
    MemberFacts,
    queue=QUEUES,
    interface=INTERFACES,
    name=NAMES,
    endpoint=ENDPOINTS,
    devices=st.sampled_from([(), ("PJSIP/102",), ("Local/103@q",)]),
    penalty=st.integers(0, 3),
    paused=st.booleans(),
    reason=REASONS,
    paused_since=MAYBE_TIMES,
    state=STATES,
    in_call=st.sampled_from([None, True, False]),
    last_call=MAYBE_TIMES,
    wrap_up=WRAP_UPS,
    membership=st.sampled_from(["static", "dynamic"]),
)
CALLERS = facts(
    CallerFacts,
    queue=QUEUES,
    call=CALLS,
    linked=GROUPS,
    joined_at=TIMES,
    position=st.integers(0, 5),
    party=st.sampled_from([None, "+74951234567"]),
)
LEG_FACTS = facts(
    LegFacts,
    leg=LEGS,
    call=GROUPS,
    endpoint=ENDPOINTS,
    direction=st.sampled_from(["inbound", "outbound"]),
    started_at=TIMES,
    state=st.sampled_from(["dialing", "ringing", "answered"]),
    answered_at=MAYBE_TIMES,
    queue=st.none() | QUEUES,
    queue_call=st.none() | CALLS,
)
SNAPSHOT = {
    "taken_at": TIMES,
    "reconciliation": st.booleans(),
    "restarted": st.sampled_from([False, False, False, True]),
    "queues": st.lists(facts(QueueFacts, queue=QUEUES, wrap_up=WRAP_UPS), max_size=2).map(tuple),
    "members": st.lists(MEMBERS, max_size=4).map(tuple),
    "callers": st.lists(CALLERS, max_size=3).map(tuple),
    "legs": st.none() | st.lists(LEG_FACTS, max_size=4).map(tuple),
    "endpoints": st.lists(
        facts(
            EndpointFacts,
            endpoint=ENDPOINTS,
            state=STATES,
            do_not_disturb=st.booleans(),
            name=st.none() | NAMES,
            presence=st.none() | PRESENCES,
            reason=REASONS,
            presence_since=MAYBE_TIMES,
        ),
        max_size=3,
    ).map(tuple),
    "work": st.sampled_from(["queues", "queues", "endpoints"]),
}
MEMBER = {"queue": QUEUES, "interface": INTERFACES}
SERVED = {"queue": QUEUES, "call": CALLS, "interface": INTERFACES, "leg": LEGS}

KINDS: dict[type[Event], dict[str, st.SearchStrategy[Any]]] = {
    events.SourceConnected: {},
    events.SourceLost: {"reason": st.just("cut")},
    events.Snapshot: SNAPSHOT,
    events.EndpointReachable: {"endpoint": ENDPOINTS},
    events.EndpointUnreachable: {"endpoint": ENDPOINTS},
    events.EndpointStateChanged: {"endpoint": ENDPOINTS, "state": STATES},
    events.DoNotDisturbChanged: {"endpoint": ENDPOINTS, "on": st.booleans()},
    events.PresenceChanged: {"endpoint": ENDPOINTS, "presence": st.none() | PRESENCES, "reason": REASONS},
    events.MemberAdded: {"member": MEMBERS},
    events.MemberRemoved: MEMBER,
    events.MemberPaused: {**MEMBER, "reason": REASONS},
    events.MemberUnpaused: MEMBER,
    events.MemberChanged: {
        **MEMBER,
        "penalty": st.none() | st.integers(0, 3),
        "wrap_up": WRAP_UPS,
        "endpoint": st.none() | ENDPOINTS,
        "last_call": st.none() | st.just(0.0) | TIMES,
    },
    events.CallerJoined: {"caller": CALLERS},
    events.CallerLeft: {"queue": QUEUES, "call": CALLS, "outcome": OUTCOMES},
    events.AgentOffered: SERVED,
    events.AgentAnswered: {**SERVED, "hold_time": st.sampled_from([None, 3.0])},
    events.AgentMissed: SERVED,
    events.AgentCompleted: {**SERVED, "last_call": MAYBE_TIMES},
    events.LegStarted: {
        "leg": LEGS,
        "call": GROUPS,
        "endpoint": ENDPOINTS,
        "direction": st.sampled_from(["inbound", "outbound"]),
    },
    events.LegRinging: {"leg": LEGS},
    events.LegAnswered: {"leg": LEGS},
    events.LegHeld: {"leg": LEGS},
    events.LegResumed: {"leg": LEGS},
    events.LegChanged: {"leg": LEGS, "call": st.none() | GROUPS, "endpoint": st.none() | ENDPOINTS},
    events.LegEnded: {"leg": LEGS},
    events.TalkingStarted: {"leg": LEGS},
    events.TalkingStopped: {"leg": LEGS},
    events.OutcomeRecorded: {"agent": NAMES, "outcome": st.sampled_from(["sale", "callback"])},
    events.Tick: {},
}

PASSING = st.sampled_from([0.0, 0.1, 1.0, 7.0, 60.0, 700.0])


@st.composite
def stories(draw: st.DrawFn, length: int = 60) -> list[Event]:
    """A random story: mostly in sync, times mostly forward, sometimes late."""
    ids = EventIds(1)
    at = START
    told: list[Event] = [
        events.SourceConnected(source="pbx", at=at, id=ids()),
        events.Snapshot(
            source="pbx",
            at=at,
            id=ids(),
            taken_at=at,
            queues=(QueueFacts(queue="sales"), QueueFacts(queue="support", wrap_up=10.0)),
            members=tuple(draw(st.lists(MEMBERS, max_size=5))),
            legs=(),
        ),
    ]
    for kind in draw(st.lists(st.sampled_from(list(KINDS)), min_size=10, max_size=length)):
        at += draw(PASSING)
        late = draw(st.sampled_from([0.0, 0.0, 0.0, 0.3]))
        fields = {name: draw(strategy) for name, strategy in KINDS[kind].items()}
        told.append(kind(source="pbx", at=at - late, id=ids(), **fields))
    return told


def everything(engine: SourceEngine) -> bytes:
    """All that is kept and all that is shown."""
    live = engine._live
    kept = [
        [msgspec.msgpack.encode(table[key]) for key in sorted(table)]  # type: ignore[index]
        for table in (
            live.agents,
            live.members,
            live.queues,
            live.visits,
            live.queue_calls,
            live.legs,
            live.endpoints,
        )
    ]
    at = engine.now + 5
    shown = [
        engine.source_view(at),
        [engine.agent_view(name, at) for name in engine.agent_ids()],
        [engine.timeline(name, at) for name in engine.agent_ids()],
        [engine.queue_view(name, at) for name in engine.queue_ids()],
        [engine.queue_history(name, at) for name in engine.queue_ids()],
        [engine.queue_totals(name) for name in engine.queue_ids()],
        [engine.call_view(name, at) for name in engine.call_ids()],
    ]
    return msgspec.msgpack.encode([kept, msgspec.msgpack.encode(live.source), live.ended.dump(), shown])


def run(told: list[Event], engine: SourceEngine | None = None) -> SourceEngine:
    engine = engine or SourceEngine(CONFIG)
    for event in told:
        engine.apply(event)
    return engine


many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@many
@given(stories())
def test_nothing_raises_and_everything_stays_consistent(told: list[Event]) -> None:
    engine = SourceEngine(CONFIG)
    for event in told:
        engine.apply(event)
        check(engine)
        everything(engine)


@many
@given(stories())
def test_an_event_applied_twice_changes_nothing(told: list[Event]) -> None:
    twice = SourceEngine(CONFIG)
    for event in told:
        twice.apply(event)
        before = everything(twice)
        twice.take_changes()
        twice.apply(event)
        assert everything(twice) == before
        assert not twice.take_changes()
    assert everything(run(told)) == everything(run(told, run(told)))


@many
@given(stories(), st.data())
def test_a_restored_state_goes_on_as_if_never_stopped(told: list[Event], data: st.DataObject) -> None:
    """Dumps at random points, the newest of each key kept as a log does, give the state; the rest, the same end."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), min_size=1, max_size=4)))
    engine = SourceEngine(CONFIG)
    saved: dict[str, bytes] = {}
    done = 0
    for cut in cuts:
        run(told[done:cut], engine)
        done = cut
        for key, value in engine.dump().items():
            if value is None:
                saved.pop(key, None)
            else:
                saved[key] = value
    restored = SourceEngine(CONFIG)
    restored.restore(saved)
    check(restored)
    assert everything(restored) == everything(run(told[:done]))
    assert restored.next_deadline() == engine.next_deadline()
    run(told[done:], restored)
    assert everything(restored) == everything(run(told))


@many
@given(stories())
def test_no_dump_misses_a_change(told: list[Event]) -> None:
    """Dumps after each event, added up, are what there is."""
    engine = SourceEngine(CONFIG)
    live = engine._live
    tables = {
        "agent": live.agents,
        "member": live.members,
        "member_time": live.member_times,
        "queue": live.queues,
        "visit": live.visits,
        "queue_call": live.queue_calls,
        "leg": live.legs,
        "endpoint": live.endpoints,
    }
    saved: dict[str, bytes | None] = {}
    for event in told:
        engine.apply(event)
        saved |= engine.dump()
    for kind, table in tables.items():
        live.dirty[kind].update(table)  # type: ignore[index, arg-type]
    whole = engine.dump()
    kept = {key: value for key, value in saved.items() if value is not None and key != "ended"}
    assert {key: lasting(value) for key, value in kept.items()} == {
        key: lasting(value) for key, value in whole.items() if value is not None
    }


def lasting(entity: bytes) -> dict[str, Any]:
    """An entity without what is derived again when it is restored."""
    fields = msgspec.msgpack.decode(entity)
    if "interface" in fields and "membership" in fields:
        del fields["state"]
    fields.pop("position", None)
    return fields


@many
@given(stories())
def test_changes_name_what_is_and_what_is_gone(told: list[Event]) -> None:
    """Who follows the changes alone knows the same objects as who looks at everything."""
    engine = SourceEngine(CONFIG)
    known: dict[str, bytes] = {}
    for event in told:
        engine.apply(event)
        changes = engine.take_changes()
        for gone in changes.agents_removed | changes.queues_removed | changes.calls_removed:
            known.pop(gone, None)
        at = engine.now
        for name in changes.agents:
            known[name] = stable(engine.agent_view(name, at))
        for name in changes.queues:
            known[name] = stable(engine.queue_view(name, at))
        for name in changes.calls:
            known[name] = stable(engine.call_view(name, at))
        now = {name: stable(engine.agent_view(name, at)) for name in engine.agent_ids()}
        now |= {name: stable(engine.queue_view(name, at)) for name in engine.queue_ids()}
        now |= {name: stable(engine.call_view(name, at)) for name in engine.call_ids()}
        assert known == now


def stable(view: msgspec.Struct | None) -> bytes:
    """An object without the figures that merely run with time."""
    assert view is not None
    plain = msgspec.to_builtins(view)
    if "today" in plain and "state" in plain:
        plain["today"] = {
            name: value
            for name, value in plain["today"].items()
            if not name.endswith("seconds") and name != "occupancy"
        }
    return msgspec.json.encode(plain)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), -1.0, 1e15])
def test_an_impossible_time_is_taken_for_now_and_counted(at: float) -> None:
    engine = run([events.SourceConnected(source="pbx", at=START, id="1")])
    engine.apply(events.SourceLost(source="pbx", at=at, id="2", reason="cut"))
    assert engine.now == START
    assert engine.source_view(START).state == "lost"
    assert engine.unexpected == {"SourceLost.impossible_time": 1}
