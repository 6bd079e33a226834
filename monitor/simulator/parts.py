"""Who and what takes part in the simulated contact centre: plain mutable state, no behaviour of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from monitor.simulator.config import AgentSpec, QueueSpec
from monitor.simulator.schedule import Timer

Side = Literal["caller", "agent"]
Outcome = Literal["abandoned", "timed_out", "left_empty", "exited_by_key"]
"""Why a caller left a queue without an agent."""
LedgerState = Literal["talking", "on_hold", "dialing", "ringing", "offline", "wrap_up", "paused", "available"]
"""An agent's state as the service names it, except ``unknown``: the simulation always knows."""


@dataclass(eq=False, slots=True)
class Member:
    """An agent in a queue."""

    agent: Agent
    queue: Queue
    penalty: int
    login_time: int
    paused: bool = False
    reason: str = ""
    last_pause: int = 0
    calls_taken: int = 0
    last_call: int = 0
    in_call: bool = False
    ring_in_use: bool = False
    wrap_up: int = 0
    """The member's own; 0: the queue's counts."""

    @property
    def wrap_up_until(self) -> int:
        """The second from which the queue rings this member again (app_queue.c, ``is_member_available``)."""
        return self.last_call + (self.wrap_up or self.queue.wrap_up) if self.last_call else 0

    def in_wrap_up(self, now: float) -> bool:
        """Whether the queue spares this member because of its last call."""
        return int(now) < self.wrap_up_until


@dataclass(eq=False, slots=True)
class Agent:
    """An operator and his phone."""

    spec: AgentSpec
    members: dict[str, Member] = field(default_factory=dict)
    """By queue name; empty while signed off."""
    reachable: bool = True
    offer: Offer | None = None
    """What his phone rings for."""
    talk: Talk | None = None
    direct: DirectCall | None = None
    """An outbound, internal or direct inbound call; also the consultation during a talk."""
    break_due: tuple[str, float] | None = None
    """Reason and length of a break that waits for the end of a talk."""

    @property
    def number(self) -> str:
        """The extension."""
        return self.spec.number

    @property
    def name(self) -> str:
        """The name of all his memberships."""
        return self.spec.name

    @property
    def endpoint(self) -> str:
        """The phone."""
        return f"PJSIP/{self.spec.number}"

    @property
    def interface(self) -> str:
        """What the queue dials."""
        return f"Local/{self.number}@from-queue/n" if self.spec.style == "freepbx" else self.endpoint

    @property
    def state_interface(self) -> str:
        """Whose state the queue watches."""
        return f"hint:{self.number}@ext-local" if self.spec.style == "freepbx" else self.endpoint

    @property
    def busy(self) -> bool:
        """Whether his phone rings or is in use."""
        return self.offer is not None or self.talk is not None or self.direct is not None

    @property
    def idle(self) -> bool:
        """Whether a call could reach him now (pauses and wrap-up aside)."""
        return self.reachable and not self.busy

    def state(self, now: float) -> LedgerState:
        """Return the state that a perfect observer would show (architecture.md, "Agent state")."""
        state = self._call_state()
        if state is not None:
            return state
        if not self.reachable or not self.members:
            return "offline"
        members = self.members.values()
        if any(member.in_wrap_up(now) for member in members):
            return "wrap_up"
        return "paused" if all(member.paused for member in members) else "available"

    def _call_state(self) -> LedgerState | None:
        if self.direct is not None and self.direct.answered_at is not None:
            return "talking"
        if self.talk is not None:
            return "on_hold" if self.talk.held_by_agent else "talking"
        if self.direct is not None:
            return "dialing" if self.direct.origin is self else "ringing"
        return "ringing" if self.offer is not None else None


@dataclass(eq=False, slots=True)
class Queue:
    """A queue with those who wait in it and Asterisk's own (moving) figures."""

    spec: QueueSpec
    timeout: float
    retry: float
    wrap_up: int
    """Whole seconds, as queues.conf says."""
    max_wait: float | None
    members: dict[str, Member] = field(default_factory=dict)
    """By interface, in the order of joining."""
    calls: list[Call] = field(default_factory=list)
    hold_time: int = 0
    talk_time: int = 0
    completed: int = 0
    abandoned: int = 0
    completed_in_level: int = 0
    next_turn: int = 0
    """Round robin: the index after the member rung last."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name


@dataclass(eq=False, slots=True)
class Call:
    """A caller from outside; ``queue`` and what follows belong to the visit that he pays to a queue now."""

    serial: int
    number: str
    name: str
    arrived_at: float
    uniqueid: str = ""
    """The caller's channel, as the PBX named it."""
    queue: Queue | None = None
    joined_at: float = 0.0
    original_position: int = 0
    offers: list[Offer] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    retry_until: float = 0.0
    ring_timer: Timer | None = None
    """When the phones that ring for him now have rung long enough."""
    will_talk: float | None = None
    """How long his talks last, in seconds of the PBX's clock; ``None``: left to chance."""
    will_wait: float | None = None
    """How long he waits for an agent at the most, likewise."""
    timers: list[Timer] = field(default_factory=list)

    @property
    def position(self) -> int:
        """From 1; 0 where he does not wait."""
        return self.queue.calls.index(self) + 1 if self.queue is not None else 0


@dataclass(eq=False, slots=True)
class Offer:
    """A member's phone is dialled for a caller."""

    call: Call
    member: Member
    started_at: float
    rings: bool = True
    """Whether the phone gives any sign of it."""
    timer: Timer | None = None

    @property
    def agent(self) -> Agent:
        """Whose phone it is."""
        return self.member.agent


@dataclass(eq=False, slots=True)
class Talk:
    """A caller and an agent are connected; ``member`` is ``None`` after an attended transfer to this agent."""

    call: Call
    agent: Agent
    member: Member | None
    answered_at: float
    wait: float = 0.0
    held_by_agent: bool = False
    held_by_caller: bool = False
    timers: list[Timer] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class DirectCall:
    """A call without a queue: to the outside, between agents, or from outside straight to an agent."""

    kind: Literal["outbound", "internal", "inbound"]
    origin: Agent | None
    """Who dials; ``None``: somebody outside."""
    target: Agent | None
    """Who is dialled; ``None``: somebody outside."""
    number: str
    """The outside party's number; for internal calls the extension dialled."""
    started_at: float
    answered_at: float | None = None
    timers: list[Timer] = field(default_factory=list)

    def parties(self) -> Iterator[Agent]:
        """Yield the agents who take part."""
        for agent in (self.origin, self.target):
            if agent is not None:
                yield agent
