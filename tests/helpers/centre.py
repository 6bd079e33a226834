"""A contact centre made of real engines, for tests of what reads them: every method is an event or two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from monitor import events
from monitor.engine import Changes, Picture, SourceEngine
from monitor.engine.config import AgentConfig, QueueConfig, SourceConfig
from monitor.events import CallerFacts, Event, EventIds, MemberFacts, QueueFacts

START = 1_795_444_790.0


class Centre:
    """Sources with agents ``a0`` … in queues, round robin. Changes go to ``publish`` if one is set."""

    def __init__(
        self,
        agents: int = 4,
        queues: Sequence[str] = ("sales", "support"),
        sources: Sequence[str] = ("pbx1",),
        teams: dict[str, str] | None = None,
        names: Sequence[str] | None = None,
        queue_config: QueueConfig | None = None,
    ) -> None:
        self.at = START
        self.queues = tuple(queues)
        self.names = list(names) if names is not None else [f"a{number}" for number in range(agents)]
        configured = tuple(AgentConfig(id=name, team=team) for name, team in (teams or {}).items())
        self.engines = {
            source: SourceEngine(
                SourceConfig(
                    source=source, agents=configured, default_queue=queue_config or QueueConfig(wrap_up=10)
                )
            )
            for source in sources
        }
        self.picture = Picture(self.engines)
        self.publish: Callable[[Sequence[Changes]], None] | None = None
        self._ids = {source: EventIds(1) for source in sources}
        self._first = next(iter(sources))

    def now(self) -> float:
        """The centre's clock: every event moves it on."""
        return self.at

    def tell(self, kind: type[Event], source: str | None = None, **fields: Any) -> Centre:
        """Apply one event and publish what it changed."""
        source = source or self._first
        self.at += 0.01
        engine = self.engines[source]
        engine.apply(kind(source=source, at=self.at, id=self._ids[source](), **fields))
        changes = engine.take_changes()
        if self.publish is not None and changes:
            self.publish([changes])
        return self

    # --- scenes ----------------------------------------------------------------------------------------

    def up(self, source: str | None = None) -> Centre:
        """The source is synchronised: everybody is available."""
        members = tuple(self.member(number) for number in range(len(self.names)))
        facts = tuple(QueueFacts(queue=queue) for queue in self.queues)
        self.tell(events.SourceConnected, source, version="22.10.0")
        return self.tell(events.Snapshot, source, taken_at=self.at, queues=facts, members=members, legs=())

    def all_up(self) -> Centre:
        for source in self.engines:
            self.up(source)
        return self

    def lost(self, source: str | None = None, reason: str = "nothing heard for 4 s") -> Centre:
        return self.tell(events.SourceLost, source, reason=reason)

    def member(self, number: int, queue: str | None = None) -> MemberFacts:
        endpoint = f"PJSIP/{100 + number}"
        return MemberFacts(
            queue=queue or self.queue_of(number),
            interface=endpoint,
            name=self.names[number],
            endpoint=endpoint,
            state="idle",
            membership="dynamic",
        )

    def queue_of(self, number: int) -> str:
        return self.queues[number % len(self.queues)]

    def pause(self, number: int, reason: str = "lunch") -> Centre:
        interface = f"PJSIP/{100 + number}"
        return self.tell(events.MemberPaused, queue=self.queue_of(number), interface=interface, reason=reason)

    def unpause(self, number: int) -> Centre:
        interface = f"PJSIP/{100 + number}"
        return self.tell(events.MemberUnpaused, queue=self.queue_of(number), interface=interface)

    def sign_on(self, number: int, queue: str) -> Centre:
        return self.tell(events.MemberAdded, member=self.member(number, queue))

    def sign_off(self, number: int, queue: str | None = None) -> Centre:
        interface = f"PJSIP/{100 + number}"
        return self.tell(events.MemberRemoved, queue=queue or self.queue_of(number), interface=interface)

    def joins(self, call: str, queue: str = "sales") -> Centre:
        facts = CallerFacts(
            queue=queue, call=call, linked=call, joined_at=self.at, position=1, party="+74951234567"
        )
        return self.tell(events.CallerJoined, caller=facts)

    def leaves(self, call: str, outcome: str = "abandoned", queue: str = "sales") -> Centre:
        return self.tell(events.CallerLeft, queue=queue, call=call, outcome=outcome)

    def talks(self, call: str, number: int) -> Centre:
        """The agent takes the waiting caller of his queue."""
        return self.rings(call, number).answers(call, number)

    def rings(self, call: str, number: int) -> Centre:
        """A caller joins the agent's queue and is offered to him."""
        queue, endpoint, leg = self.queue_of(number), f"PJSIP/{100 + number}", f"{call}-{number}"
        self.joins(call, queue)
        self.tell(events.LegStarted, leg=leg, call=call, endpoint=endpoint, direction="inbound")
        self.tell(events.AgentOffered, queue=queue, call=call, interface=endpoint, leg=leg)
        return self.tell(events.LegRinging, leg=leg)

    def answers(self, call: str, number: int) -> Centre:
        queue, endpoint, leg = self.queue_of(number), f"PJSIP/{100 + number}", f"{call}-{number}"
        self.tell(events.LegAnswered, leg=leg)
        self.leaves(call, "answered", queue)
        return self.tell(events.AgentAnswered, queue=queue, call=call, interface=endpoint, leg=leg)

    def hangs_up(self, call: str, number: int) -> Centre:
        queue, endpoint, leg = self.queue_of(number), f"PJSIP/{100 + number}", f"{call}-{number}"
        last_call = float(int(self.at))
        self.tell(
            events.AgentCompleted, queue=queue, call=call, interface=endpoint, leg=leg, last_call=last_call
        )
        return self.tell(events.LegEnded, leg=leg)

    def passes(self, seconds: float) -> Centre:
        self.at += seconds
        for source in self.engines:
            self.tell(events.Tick, source)
        return self

    # --- looking ---------------------------------------------------------------------------------------

    def everything(self) -> dict[str, dict[str, Any]]:
        """The whole state as JSON values, by topic and id: what a client's copy must equal."""
        state = msgspec.to_builtins(self.picture.state("", 0, self.at))
        return {
            topic: {one["id"]: one for one in state[topic]}
            for topic in ("agents", "queues", "calls", "alerts", "sources")
        }
