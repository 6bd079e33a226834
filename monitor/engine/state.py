"""The entities that make up the live state of one source. They are saved as they are (msgspec).

What can be derived from other entities (who belongs to whom, counts, positions) is kept in the indexes of
:mod:`monitor.engine.live` and is not saved. ``touched`` is the engine's time at the last event about an entity:
what a snapshot says of an earlier moment does not count against it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from monitor.engine.agent_statistics import AgentStatistics
from monitor.engine.queue_statistics import QueueStatistics
from monitor.engine.timeline import SpanLog
from monitor.events import Direction, EndpointState, Presence, WorkDefinition
from monitor.model import AgentState, CallDirection, Gap, SourceState

MemberKey: TypeAlias = tuple[str, str]
"""Queue, interface."""
VisitKey: TypeAlias = tuple[str, str]
"""Queue, call."""
QueueCallKey: TypeAlias = tuple[str, str, str]
"""Queue, call, interface."""

NEVER = 0.0
"""``touched`` of an entity that no event was about."""


class Suspicion(msgspec.Struct, kw_only=True, frozen=True):
    """A difference between the live state and a snapshot, not yet confirmed by a second one."""

    kind: str
    key: tuple[str, ...]
    value: str
    """What the snapshot says instead."""
    touched: float


class SourceRecord(msgspec.Struct, kw_only=True, eq=False):
    """The source itself, the engine's time and its counters."""

    state: SourceState = "connecting"
    since: float = 0.0
    now: float = 0.0
    """The newest time seen."""
    last_id: str = ""
    """Of the last event applied."""
    day_start: float = 0.0
    day_end: float = 0.0
    step_end: float = 0.0
    """When the next step of the queues' history begins."""
    last_event_at: float | None = None
    shown_event_at: float | None = None
    """``last_event_at`` as it was when the source was last announced as changed."""
    version: str | None = None
    detail: str | None = None
    gaps: list[Gap] = []
    blind_until: float = 0.0
    """The engine's time when the source was last lost: what was touched by then does not count as recent."""
    corrections: dict[str, int] = {}
    unexpected: dict[str, int] = {}
    suspicions: list[Suspicion] = []
    work: WorkDefinition = "queues"
    """As the last snapshot told."""


class AgentEntity(msgspec.Struct, kw_only=True, eq=False):
    """An operator."""

    id: str
    name: str
    team: str | None = None
    configured: bool = False
    endpoints: list[str] = []
    """Whose legs are the agent's: configured ones, and those of the memberships (of the last ones when gone)."""
    state: AgentState = "unknown"
    since: float
    """When the state began, as shown; may lie before we saw it."""
    entered_at: float
    """When we saw it begin; never goes back."""
    last_state: AgentState | None = None
    last_since: float = 0.0
    rule: str = ""
    why_event: str = ""
    why_at: float = 0.0
    why_id: str | None = None
    paused: bool = False
    reason: str | None = None
    presence_since: float | None = None
    span_reason: str | None = None
    span_queue: str | None = None
    span_direction: CallDirection | None = None
    span_leg: tuple[str, str] | None = None
    """The leg and its group that the span is about."""
    span_at: float = 0.0
    """The running span of the timeline."""
    statistics: AgentStatistics
    spans: SpanLog


class Member(msgspec.Struct, kw_only=True, eq=False):
    """An agent in a queue."""

    queue: str
    interface: str
    name: str
    endpoint: str
    devices: tuple[str, ...] = ()
    penalty: int = 0
    paused: bool = False
    reason: str | None = None
    paused_since: float | None = None
    last_call: float | None = None
    """End of the last queue call, the second from which the source counts the wrap-up."""
    completed_at: float = 0.0
    """When ``last_call`` was set by an event."""
    wrap_up: float | None = None
    ring_in_use: bool | None = None
    membership: Literal["static", "dynamic", "realtime"] = "static"
    wrap_from: float = 0.0
    """When the wrap-up that runs began."""
    wrap_base: float = 0.0
    """From when its length counts."""
    wrap_until: float | None = None
    """End of the wrap-up time that runs."""
    agent: str = ""
    state: AgentState | None = None
    """As counted in the queue; derived."""
    ringing_from: float | None = None
    """The engine's time when this state became ``ringing``, while it is."""
    touched: float = NEVER

    @property
    def key(self) -> MemberKey:
        """The member's key."""
        return self.queue, self.interface


class QueueEntity(msgspec.Struct, kw_only=True, eq=False):
    """A queue."""

    name: str
    wrap_up: float | None = None
    """As the source tells."""
    waiting: list[str] = []
    """Calls in the order in which they will be served."""
    touched: float = NEVER
    """When somebody last joined or left."""
    listed: bool = True
    """Whether the source's last list had it."""
    statistics: QueueStatistics


class Visit(msgspec.Struct, kw_only=True, eq=False):
    """A caller in a queue, from joining until the outcome is certain."""

    queue: str
    call: str
    linked: str
    joined_at: float
    party: str | None = None
    phase: Literal["waiting", "connecting", "unknown"] = "waiting"
    """``connecting``: an agent took the call, caller and agent are not yet connected. ``unknown``: counted as
    such; kept a while because the true outcome may still arrive."""
    filed_at: float = 0.0
    """Where an ``unknown`` outcome is filed in the statistics."""
    deadline: float | None = None
    """When we no longer wait for the outcome."""
    position: int = 0
    """From 1; derived from ``QueueEntity.waiting``."""
    touched: float = NEVER

    @property
    def key(self) -> VisitKey:
        """The visit's key."""
        return self.queue, self.call


class QueueCall(msgspec.Struct, kw_only=True, eq=False):
    """A caller offered to a member, or talking with one.

    offered (``answered_at`` None) -> talking -> over (``ended_at`` set; waits for its completion or last leg).
    """

    queue: str
    call: str
    interface: str
    agent: str | None = None
    groups: list[str] = []
    """Groups of legs in which the agent's legs are this call's."""
    legs: list[str] = []
    """The agent's legs that are up for this call."""
    phone_seen: bool = False
    """A leg of a real device served it."""
    party: str | None = None
    joined_at: float | None = None
    offered_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    """When the talk was over."""
    completed: bool = False
    """The source said that the queue call is over."""
    hold: float = 0.0
    held_since: float | None = None
    earlier: int = 0
    """Completions still to come of earlier calls with the same caller and member."""
    deadline: float | None = None
    """When we no longer wait for the completion."""

    @property
    def key(self) -> QueueCallKey:
        """The queue call's key."""
        return self.queue, self.call, self.interface

    @property
    def talking(self) -> bool:
        """Whether caller and agent are connected now."""
        return self.answered_at is not None and self.ended_at is None


class Leg(msgspec.Struct, kw_only=True, eq=False):
    """One endpoint's part in a call."""

    id: str
    call: str
    endpoint: str
    direction: Direction
    state: Literal["dialing", "ringing", "answered"] = "dialing"
    started_at: float
    answered_at: float | None = None
    held_since: float | None = None
    party: str | None = None
    queue_call: QueueCallKey | None = None
    """The queue call that it serves."""
    counted_direct: bool = False
    """It was counted as a direct call."""
    met_outside: bool = False
    """Its group has, or had, a leg of a device that is no agent's."""
    met_devices: int = 0
    """How many different agents' devices its group has, or had; counted up to 2."""
    voice: bool | None = None
    """Whether voice is heard; ``None`` where the source does not listen."""
    touched: float = NEVER

    @property
    def local(self) -> bool:
        """Whether it only leads to another leg (Asterisk's Local channels)."""
        return self.endpoint.startswith("Local/")


class Endpoint(msgspec.Struct, kw_only=True, eq=False):
    """A device."""

    name: str
    state: EndpointState = "unknown"
    do_not_disturb: bool = False
    listed: bool = False
    """Whether it is an agent's place: the source has no queues and listed it last."""
    presence: Presence | None = None
    """What the person at it decided, where it tells."""
    reason: str | None = None
    presence_since: float | None = None
    quiet_until: float | None = None
    """Until then its state is taken for that of the agent's leg that just ended, and says nothing."""
    touched: float = NEVER
