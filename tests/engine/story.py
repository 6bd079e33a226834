"""A short way to tell the engine what happens: each method is one event, a moment after the one before.

    story = Story().up(anna, boris)
    story.joined("c1").offered("c1").rings().answers("c1").ends()

The phone of extension 101 is ``PJSIP/101``; its leg in the group of caller ``c1`` is ``c1-101``.
"""

from __future__ import annotations

from typing import Any

from monitor import events
from monitor.engine import SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import CallerFacts, Event, EventIds, LegFacts, MemberFacts, QueueFacts
from monitor.model import Agent, Call, Queue, Source

START = 1_795_435_200.0
"""A Monday, 12:00 UTC."""
STEP = 0.25
"""Seconds between two events."""


def member(
    extension: str = "101", queue: str = "sales", name: str | None = None, **facts: Any
) -> MemberFacts:
    """A member with a phone; ``Anna`` has 101, ``Boris`` 102."""
    known = {"101": "Anna", "102": "Boris", "103": "Clara"}
    endpoint = f"PJSIP/{extension}"
    return MemberFacts(
        **{
            "queue": queue,
            "interface": endpoint,
            "name": name or known.get(extension, endpoint),
            "endpoint": endpoint,
            "state": "idle",
            "membership": "dynamic",
            **facts,
        }
    )


def caller(
    call: str, queue: str = "sales", position: int = 1, joined_at: float = START, **facts: Any
) -> CallerFacts:
    """A waiting caller as a list tells it."""
    return CallerFacts(
        **{
            "queue": queue,
            "call": call,
            "linked": call,
            "position": position,
            "joined_at": joined_at,
            "party": "+74951234567",
            **facts,
        }
    )


def leg(
    name: str, extension: str = "101", call: str = "g1", state: str = "answered", **facts: Any
) -> LegFacts:
    """A leg as a list tells it."""
    return LegFacts(
        **{
            "leg": name,
            "call": call,
            "endpoint": f"PJSIP/{extension}",
            "direction": "inbound",
            "started_at": START,
            "state": state,
            **facts,
        }
    )


class Story:
    """An engine and the events it was told."""

    def __init__(self, config: SourceConfig | None = None, start: float = START) -> None:
        self.config = config or SourceConfig(source="pbx")
        self.engine = SourceEngine(self.config)
        self.at = start
        self.told: list[Event] = []
        self.queues = ("sales",)
        self._ids = EventIds(1)

    # --- telling ---------------------------------------------------------------------------------------

    def tell(self, kind: type[Event], at: float | None = None, **fields: Any) -> Story:
        """Tell one event, a step after the one before or at a time given."""
        self.at = max(self.at + STEP, self.at if at is None else at)
        event = kind(source="pbx", at=self.at if at is None else at, id=self._ids(), **fields)
        self.told.append(event)
        self.engine.apply(event)
        check(self.engine)
        return self

    def wait(self, seconds: float) -> Story:
        """Let time pass."""
        return self.tell(events.Tick, at=self.at + seconds)

    def connected(self, **fields: Any) -> Story:
        return self.tell(events.SourceConnected, **fields)

    def lost(self, reason: str = "nothing heard") -> Story:
        return self.tell(events.SourceLost, reason=reason)

    def snapshot(self, *members: MemberFacts, taken_at: float | None = None, **facts: Any) -> Story:
        """The source's lists, asked for a quarter of a second ago."""
        queues = tuple(QueueFacts(queue=queue) for queue in self.queues)
        fields = {"queues": queues, "legs": (), "members": members, **facts}
        return self.tell(events.Snapshot, taken_at=self.at if taken_at is None else taken_at, **fields)

    def up(self, *members: MemberFacts, **facts: Any) -> Story:
        """The source is reached and synchronised."""
        return self.connected(version="22").snapshot(*(members or (member(),)), **facts)

    def reconciled(self, *members: MemberFacts, **facts: Any) -> Story:
        """A reconciliation, long enough after what happened before."""
        self.wait(5)
        self.at += 2
        return self.snapshot(*members, reconciliation=True, **facts)

    # --- queues ----------------------------------------------------------------------------------------

    def joined(
        self, call: str = "c1", queue: str = "sales", position: int | None = None, **facts: Any
    ) -> Story:
        if position is None:
            position = (self.engine.queue_waiting(f"pbx/{queue}") or (0, None))[0] + 1
        at = self.at + STEP
        return self.tell(
            events.CallerJoined, caller=caller(call, queue, position, **{"joined_at": at, **facts})
        )

    def left(
        self, call: str = "c1", outcome: str = "abandoned", queue: str = "sales", **fields: Any
    ) -> Story:
        return self.tell(events.CallerLeft, queue=queue, call=call, outcome=outcome, **fields)

    def offered(self, call: str = "c1", extension: str = "101", queue: str = "sales", **fields: Any) -> Story:
        return self._serve(events.AgentOffered, call, extension, queue, fields)

    def answered(
        self, call: str = "c1", extension: str = "101", queue: str = "sales", **fields: Any
    ) -> Story:
        return self._serve(events.AgentAnswered, call, extension, queue, fields)

    def missed(self, call: str = "c1", extension: str = "101", queue: str = "sales", **fields: Any) -> Story:
        return self._serve(events.AgentMissed, call, extension, queue, fields)

    def completed(
        self, call: str = "c1", extension: str = "101", queue: str = "sales", **fields: Any
    ) -> Story:
        """The completion, with the last call in a whole second as Asterisk counts it."""
        last_call = float(int(self.at + STEP))
        return self._serve(events.AgentCompleted, call, extension, queue, {"last_call": last_call, **fields})

    def _serve(
        self, kind: type[Event], call: str, extension: str, queue: str, fields: dict[str, Any]
    ) -> Story:
        named = {"interface": f"PJSIP/{extension}", "leg": f"{call}-{extension}", **fields}
        return self.tell(kind, queue=queue, call=call, **named)

    # --- legs ------------------------------------------------------------------------------------------

    def starts(self, name: str, call: str | None = None, extension: str = "101", **fields: Any) -> Story:
        """A leg starts; its group is the part of its name before the dash."""
        known = {"endpoint": f"PJSIP/{extension}", "direction": "inbound", **fields}
        return self.tell(events.LegStarted, leg=name, call=call or name.partition("-")[0], **known)

    def rings(self, name: str, **fields: Any) -> Story:
        return self.tell(events.LegRinging, leg=name, **fields)

    def up_leg(self, name: str, **fields: Any) -> Story:
        return self.tell(events.LegAnswered, leg=name, **fields)

    def holds(self, name: str) -> Story:
        return self.tell(events.LegHeld, leg=name)

    def resumes(self, name: str) -> Story:
        return self.tell(events.LegResumed, leg=name)

    def ends(self, name: str, **fields: Any) -> Story:
        return self.tell(events.LegEnded, leg=name, **fields)

    # --- scenes ----------------------------------------------------------------------------------------

    def ringing(self, call: str = "c1", extension: str = "101", queue: str = "sales") -> Story:
        """A caller joins and a member is rung."""
        self.joined(call, queue)
        name = f"{call}-{extension}"
        return self.starts(name, extension=extension).offered(call, extension, queue).rings(name)

    def talking(self, call: str = "c1", extension: str = "101", queue: str = "sales") -> Story:
        """A member answers a caller, in the order of Asterisk."""
        self.ringing(call, extension, queue).up_leg(f"{call}-{extension}")
        return self.left(call, "answered", queue).answered(call, extension, queue)

    def hung_up(self, call: str = "c1", extension: str = "101", queue: str = "sales") -> Story:
        """The caller hangs up."""
        return self.completed(call, extension, queue).ends(f"{call}-{extension}")

    def device(self, state: str, extension: str = "101") -> Story:
        return self.tell(events.EndpointStateChanged, endpoint=f"PJSIP/{extension}", state=state)

    def paused(self, reason: str | None = None, queue: str = "sales", extension: str = "101") -> Story:
        return self.tell(events.MemberPaused, queue=queue, interface=f"PJSIP/{extension}", reason=reason)

    def unpaused(self, queue: str = "sales", extension: str = "101") -> Story:
        return self.tell(events.MemberUnpaused, queue=queue, interface=f"PJSIP/{extension}")

    def added(self, facts: MemberFacts) -> Story:
        return self.tell(events.MemberAdded, member=facts)

    def removed(self, extension: str = "101", queue: str = "sales") -> Story:
        return self.tell(events.MemberRemoved, queue=queue, interface=f"PJSIP/{extension}")

    # --- looking ---------------------------------------------------------------------------------------

    def agent(self, name: str = "Anna") -> Agent:
        found = self.engine.agent_view(f"pbx/{name}", self.at)
        assert found is not None, f"no agent {name}: {self.engine.agent_ids()}"
        return found

    def state(self, name: str = "Anna") -> str:
        return self.agent(name).state

    def rule(self, name: str = "Anna") -> str:
        return self.agent(name).why.rule

    def queue(self, name: str = "sales") -> Queue:
        found = self.engine.queue_view(f"pbx/{name}", self.at)
        assert found is not None, f"no queue {name}: {self.engine.queue_ids()}"
        return found

    def counts(self, name: str = "sales") -> dict[str, int]:
        """The states that members of a queue are in, without zeros."""
        found = self.engine.queue_state_counts(f"pbx/{name}") or {}
        return {state: count for state, count in found.items() if count}

    def call(self, name: str) -> Call | None:
        return self.engine.call_view(f"pbx/{name}", self.at)

    def calls(self) -> list[str]:
        return [name.removeprefix("pbx/") for name in self.engine.call_ids()]

    def source(self) -> Source:
        return self.engine.source_view(self.at)

    def corrections(self) -> dict[str, int]:
        return {kind: count for kind, count in self.engine.corrections.items() if count}

    def unexpected(self) -> dict[str, int]:
        return self.engine.unexpected


def check(engine: SourceEngine) -> None:
    """Assert what must be so after every event, whatever it was."""
    live = engine._live
    assert not live.unsettled_agents
    assert not live.unsettled_groups
    assert not live.unsettled_visits
    for name, queue in live.queues.items():
        waiting = [
            visit for visit in live.visits.values() if visit.queue == name and visit.phase == "waiting"
        ]
        assert len(queue.waiting) == len(waiting)
        ordered = sorted(waiting, key=lambda visit: visit.position)
        assert [visit.position for visit in ordered] == list(range(1, len(waiting) + 1))
        assert [visit.call for visit in ordered] == queue.waiting
        counts: dict[str, int] = {}
        for one in live.members_in[name].values():
            assert one.state is not None
            counts[one.state] = counts.get(one.state, 0) + 1
        assert {state: count for state, count in live.counts[name].items() if count} == counts
    for agent, members in live.members_of.items():
        assert agent in live.agents
        assert all(one.agent == agent and live.members[one.key] is one for one in members)
    assert sum(map(len, live.members_of.values())) == len(live.members)
    for one in live.legs.values():
        assert live.legs_on[one.endpoint][one.id] is one
        assert live.groups[one.call][one.id] is one
        if one.queue_call is not None:
            assert one.id in live.queue_calls[one.queue_call].legs
    assert sum(map(len, live.legs_on.values())) == len(live.legs)
    assert sum(map(len, live.groups.values())) == len(live.legs)
    for key, queue_call in live.queue_calls.items():
        assert all(live.legs[name].queue_call == key for name in queue_call.legs)
    assert sum(map(len, live.queue_calls_for.values())) == len(live.queue_calls)
    owned = {(endpoint, agent) for endpoint, agents in live.owners.items() for agent in agents}
    assert owned == {(endpoint, agent.id) for agent in live.agents.values() for endpoint in agent.endpoints}
    deadline = engine.next_deadline()
    assert deadline is None or deadline > engine.now
    for name in engine.queue_ids():
        check_history(engine, name)


def check_history(engine: SourceEngine, queue: str) -> None:
    """Assert that the steps of a queue's day add up to its figures, follow each other and reach until now."""
    view, history = engine.queue_view(queue, engine.now), engine.queue_history(queue, engine.now)
    assert view is not None
    assert history is not None
    today = view.today
    of_steps = [(one.offered, one.answered, one.abandoned, one.met, one.of) for one in history.points]
    level = today.service_level
    of_day = (today.offered, today.answered, today.abandoned, level.met, level.of)
    assert tuple(map(sum, zip(*of_steps, strict=True))) == (of_day if of_steps else ())
    starts = [point.start for point in history.points]
    assert (
        starts == [starts[0] + 300 * number for number in range(len(starts))] if starts else not any(of_day)
    )
    assert all(start >= history.day_start and start <= engine.now for start in starts)
    assert all(point.waiting is not None or point.gap for point in history.points)
