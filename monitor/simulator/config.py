"""What a simulated contact centre is told: who works there, which queues it has, how people behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Strategy = Literal["ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear"]
"""How a queue chooses whom to ring: the ``strategy`` of queues.conf."""

MemberStyle = Literal["pjsip", "freepbx"]
"""``pjsip``: the queue rings the phone itself; ``freepbx``: ``Local/101@from-queue/n`` with a hint."""

ALL_CLASSES = "system,call,log,verbose,agent,user,config,dtmf,reporting,cdr,dialplan"


@dataclass(frozen=True, kw_only=True)
class QueueSpec:
    """A queue as queues.conf has it, and who calls it. Seconds are people's seconds: ``speed`` divides them."""

    name: str
    strategy: Strategy = "rrmemory"
    timeout: float = 15.0
    """How long a member's phone rings."""
    retry: float = 1.0
    """Pause after a ring that nobody answered."""
    wrap_up: float = 15.0
    service_level: int = 20
    """``servicelevel`` in seconds; not divided by ``speed``."""
    max_wait: float | None = None
    """The timeout given to ``Queue()``: the caller is sent away after it."""
    auto_pause: bool = False
    leave_when_empty: bool = False
    exit_by_key: bool = False
    """Impatient callers press a key instead of hanging up."""
    share: float = 1.0
    """Its part of the traffic, relative to its staff."""
    talk: float = 180.0
    """Mean length of a conversation."""
    patience: float = 90.0
    """Mean time after which a caller gives up."""


@dataclass(frozen=True, kw_only=True)
class AgentSpec:
    """An operator."""

    number: str
    """The extension (``101``): the phone is ``PJSIP/101``."""
    name: str
    queues: tuple[str, ...]
    style: MemberStyle = "pjsip"
    dynamic: bool = False
    """Signs on and off (AddQueueMember) instead of standing in queues.conf."""
    penalty: int = 0
    signed_on: bool = True
    """Whether a dynamic agent is signed on at the start."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Who works where."""

    queues: tuple[QueueSpec, ...]
    agents: tuple[AgentSpec, ...]


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How likely people do what. A probability of one ring or talk, or a mean gap in people's seconds (0: never)."""

    miss: float = 0.04
    refuse: float = 0.01
    hold: float = 0.25
    held_by_caller: float = 0.01
    blind_transfer: float = 0.05
    attended_transfer: float = 0.04
    pause_in_talk: float = 0.3
    """That a break that comes due during a talk is set at once and not after it."""
    break_gap: float = 2_400.0
    one_queue_break: float = 0.12
    outbound_gap: float = 2_000.0
    internal_gap: float = 5_400.0
    direct_inbound_gap: float = 5_400.0
    shift: float = 7_200.0
    """Mean time between a dynamic agent's sign-on and sign-off."""
    away: float = 900.0
    """Mean time from a sign-off to the next sign-on."""
    phone_loss_gap: float = 28_800.0
    phone_loss: float = 90.0


QUIET = Habits(
    miss=0.0,
    refuse=0.0,
    hold=0.0,
    held_by_caller=0.0,
    blind_transfer=0.0,
    attended_transfer=0.0,
    break_gap=0.0,
    outbound_gap=0.0,
    internal_gap=0.0,
    direct_inbound_gap=0.0,
    shift=0.0,
    away=0.0,
    phone_loss_gap=0.0,
)
"""People who only answer: for tests that say themselves what happens."""


@dataclass(frozen=True, kw_only=True)
class ManagerUser:
    """A user of manager.conf."""

    username: str = "monitor"
    secret: str = "simulated"  # noqa: S105 - guards nothing: the PBX is a simulation on loopback
    read: str = "agent,call,system,user,dialplan"
    write: str = "system,reporting"
    write_timeout: float = 5.0
    """Seconds that one event may find no room before the session is closed (``writetimeout``)."""


@dataclass(frozen=True, kw_only=True)
class SimulationConfig:
    """A whole simulation. With equal values, ``start_time`` included, everything that happens is equal."""

    agents: int = 24
    queues: int = 4
    seed: int = 1
    speed: float = 1.0
    """How much faster than life people act: their seconds are divided by it, the PBX's clock is not."""
    start_time: float | None = None
    """The PBX's clock at the start in unix seconds; ``None``: our own clock."""
    warm_up: float = 3_600.0
    """People's seconds that have passed before the start, so that the first picture is alive."""
    load: float = 0.88
    """Share of the staffed time that calls take; 0: nobody calls by himself."""
    office_hour: float = 10.0
    """Hour of the simulated office's day at the start: its clock runs with ``speed``."""
    world: World | None = None
    """Instead of a world made for ``agents`` and ``queues``."""
    habits: Habits = field(default_factory=Habits)
    noise: bool = False
    """Also send what a dialplan causes (VarSet, Newexten) at the rates of a real one."""
    users: tuple[ManagerUser, ...] = (ManagerUser(),)
    timestamp_events: bool = True
    """``timestampevents`` of manager.conf."""
    system_name: str = ""
    """``systemname`` of asterisk.conf: a further header in every event."""
