"""What the service shows: agents, queues, calls, sources and alerts as the feed and the HTTP API send them.

These are the public objects (``docs/interfaces.md``): the feed, ``/api/v1`` and the OpenAPI document are all
generated from the classes here. Fields are only ever added.

Units: times are unix seconds (float) of the source's clock corrected to ours, durations are seconds. Ids are
``source/name``. ``None`` means "not so" or "cannot be said": an empty denominator gives ``None``, never 0 or 1.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

AgentState: TypeAlias = Literal[
    "available", "ringing", "dialing", "talking", "on_hold", "wrap_up", "paused", "offline", "unknown"
]
AGENT_STATES: tuple[AgentState, ...] = get_args(AgentState)

CallState: TypeAlias = Literal["waiting", "ringing", "talking", "on_hold"]
CallDirection: TypeAlias = Literal["inbound_queue", "inbound_direct", "outbound", "internal"]
AlertState: TypeAlias = Literal["pending", "firing", "resolved"]
Severity: TypeAlias = Literal["info", "warning", "critical"]
SourceState: TypeAlias = Literal["connecting", "synchronising", "up", "lost"]
ServiceLevelFormula: TypeAlias = Literal[
    "answered_and_abandoned", "answered_only", "offered", "abandoned_in_T_count_as_met"
]


class Model(msgspec.Struct, kw_only=True, frozen=True):
    """Base of the public objects."""


class Presence(Model, frozen=True, kw_only=True):
    """What the person decided, apart from what the phone does."""

    paused: bool
    """Paused in all of the agent's queues."""
    reason: str | None
    """Verbatim, of the latest pause."""
    since: float | None


class AgentCall(Model, frozen=True, kw_only=True):
    """The call that an agent's state is about."""

    id: str
    direction: CallDirection
    queue: str | None
    party: str | None
    """The other side's number, masked unless the configuration shows numbers."""
    started: float
    answered: float | None
    held_since: float | None


class Membership(Model, frozen=True, kw_only=True):
    """An agent in one queue."""

    queue: str
    paused: bool
    reason: str | None
    penalty: int
    wrap_up_until: float | None = None
    """End of the wrap-up time that this queue gives the agent now."""


class AgentFigures(Model, frozen=True, kw_only=True):
    """An agent's day. Seconds run up to the ``at`` of the message that carries them."""

    answered: int
    """Queue calls answered."""
    missed: int
    """Times rung by a queue without answering (ring-no-answer)."""
    outbound: int
    """Calls dialled, answered or not; those to colleagues included."""
    direct: int
    """Inbound calls answered that came by no queue, internal ones included."""
    talk_seconds: float
    hold_seconds: float
    wrap_up_seconds: float
    paused_seconds: float
    available_seconds: float
    ringing_seconds: float
    dialing_seconds: float
    offline_seconds: float
    unknown_seconds: float
    """Time of the day that the service could not see."""
    occupancy: float | None
    """(talk + hold + wrap-up + ringing of accepted calls) / (that + available)."""
    outcomes: dict[str, int] = {}
    """Business outcomes noted by this agent."""


class Why(Model, frozen=True, kw_only=True):
    """The rule and the event that put an agent into its state."""

    rule: str
    event: str
    at: float
    id: str | None = None


class Agent(Model, frozen=True, kw_only=True):
    """An operator."""

    id: str
    name: str
    team: str | None
    source: str
    endpoints: list[str]
    state: AgentState
    last_state: AgentState | None
    """The state before the source was lost, while ``state`` is ``unknown``."""
    since: float
    reason: str | None
    """The pause reason while ``state`` is ``paused``."""
    presence: Presence
    call: AgentCall | None
    queues: list[Membership]
    today: AgentFigures
    why: Why
    do_not_disturb: bool = False


class StateCounts(Model, frozen=True, kw_only=True):
    """Members of a queue by their state as seen from this queue (its own pause and wrap-up)."""

    available: int = 0
    ringing: int = 0
    dialing: int = 0
    talking: int = 0
    on_hold: int = 0
    wrap_up: int = 0
    paused: int = 0
    offline: int = 0
    unknown: int = 0


class ServiceLevel(Model, frozen=True, kw_only=True):
    """A service level with its numerator and denominator."""

    formula: ServiceLevelFormula
    value: float | None
    met: int
    of: int
    threshold: float
    target: float | None = None


class QueueFigures(Model, frozen=True, kw_only=True):
    """A queue over a period. A call counts once, when it is answered or leaves."""

    offered: int
    """answered + abandoned + timed_out + left."""
    answered: int
    abandoned: int
    """Short ones included."""
    short_abandoned: int
    timed_out: int
    left: int
    """Left empty, exited by key, transferred or closed."""
    unknown: int
    """Callers whose end fell into a gap; in no other figure."""
    service_level: ServiceLevel
    average_wait: float | None
    """Of answered calls (average speed of answer)."""
    longest_wait: float | None
    """Of all calls offered."""
    average_handle_time: float | None
    """Talk + hold + wrap-up per completed call."""
    average_talk_time: float | None = None
    abandonment_rate: float | None = None
    """(abandoned - short) / (offered - short)."""


class Queue(Model, frozen=True, kw_only=True):
    """A line or project's call queue."""

    id: str
    name: str
    source: str
    waiting: int
    longest_wait_since: float | None
    """When the caller who waits longest joined."""
    agents: StateCounts
    today: QueueFigures
    last_30m: QueueFigures


class Call(Model, frozen=True, kw_only=True):
    """A call in progress."""

    id: str
    source: str
    queue: str | None
    direction: CallDirection
    state: CallState
    party: str | None
    agent: str | None
    started: float
    queued_at: float | None
    answered_at: float | None
    position: int | None


class Gap(Model, frozen=True, kw_only=True):
    """A stretch of the day that the service could not see."""

    start: float
    end: float | None
    reason: str


class Source(Model, frozen=True, kw_only=True):
    """A PBX or SIP server."""

    id: str
    adapter: str
    state: SourceState
    since: float
    last_event_at: float | None
    version: str | None
    detail: str | None
    gaps: list[Gap] = []
    """Today's."""


class SourceCounts(Model, frozen=True, kw_only=True):
    """Sources by their state."""

    connecting: int = 0
    synchronising: int = 0
    up: int = 0
    lost: int = 0


class ServiceHealth(Model, frozen=True, kw_only=True):
    """The service as a whole: what a rule `for_each: service` asks."""

    sources: SourceCounts
    waiting: int
    """Callers who wait, in all queues."""
    longest_wait_since: float | None
    """When the caller who waits longest joined."""
    feed_clients: int
    webhooks_failing: int
    """Webhooks whose latest delivery failed."""


class Acknowledgement(Model, frozen=True, kw_only=True):
    """Somebody has seen an alert and cares for it."""

    by: str
    why: str
    at: float


class Alert(Model, frozen=True, kw_only=True):
    """A rule that holds for a subject: one episode, from its beginning to its end."""

    id: str
    """Of this episode; the next one of the same rule and subject has another."""
    rule: str
    severity: Severity
    state: AlertState
    since: float
    """When the condition became true."""
    labels: dict[str, str]
    """The rule's own, ``source``, and ``queue`` or ``agent`` and ``team`` where there is one."""
    summary: str
    """In the configured language. Follows every change of the subject, so that it says what is so now."""
    value: float | str | None
    """The leftmost field of the rule's condition, as the summary."""
    subject: str = ""
    """Id of the queue, agent or source; ``service``."""
    summaries: dict[str, str] = {}
    """By language."""
    fired_at: float | None = None
    resolved_at: float | None = None
    acknowledged: Acknowledgement | None = None
    silenced: str | None = None
    """Id of the silence that keeps it from being told."""
    inhibited: bool = False
    """Not told, since a graver one explains it: its source is lost."""


class Span(Model, frozen=True, kw_only=True):
    """A stretch of an agent's day in one state."""

    state: AgentState
    start: float
    end: float | None
    """``None`` for the one that runs."""
    reason: str | None = None
    """Pause reason."""
    queue: str | None = None
    """Queue of the call."""
    direction: CallDirection | None = None


class Timeline(Model, frozen=True, kw_only=True):
    """An agent's day."""

    agent: str
    at: float
    day_start: float
    spans: list[Span]
    dropped: int = 0
    """Oldest spans of the day that are no longer kept (there were thousands)."""


class MemberGroups(Model, frozen=True, kw_only=True):
    """Members of a queue by what matters for its plots."""

    available: int = 0
    busy: int = 0
    """Ringing, dialing, talking, on hold or in wrap-up."""
    paused: int = 0
    offline: int = 0
    unknown: int = 0


class HistoryPoint(Model, frozen=True, kw_only=True):
    """A step of a queue's day. The steps of a day add up to the day's figures."""

    start: float
    waiting: int | None
    """The highest number of callers who waited at once; ``None`` if nothing of the step could be seen."""
    offered: int
    answered: int
    abandoned: int
    """Short ones included."""
    met: int
    """Numerator of the service level by the queue's formula; ``of`` is the denominator."""
    of: int
    agents: MemberGroups | None
    """As the step began; ``None`` if the queue was first seen in the midst of it."""
    gap: bool = False
    """The source could not be seen in all or a part of the step: its figures lack what happened then."""


class QueueHistory(Model, frozen=True, kw_only=True):
    """A queue's day in steps."""

    queue: str
    at: float
    day_start: float
    step: int
    """Seconds of a step; the day's last one may be shorter."""
    points: list[HistoryPoint]
    """Oldest first, the running step last. They begin with the step in which the queue was first seen today."""
    gaps: list[Gap]
    """Of the queue's source, today."""


class Threshold(Model, frozen=True, kw_only=True):
    """From where on a figure is a warning, and from where on critical; ``None`` for never."""

    warning: float | None
    critical: float | None


class QueueThresholds(Model, frozen=True, kw_only=True):
    """When a queue's figures are shown as a warning, or critical: as soon as they reach the threshold.

    The service level alone is the other way round: when it is below.
    """

    waiting: Threshold
    """Callers who wait."""
    longest_wait: Threshold
    """Seconds that the caller who waits longest has waited."""
    service_level: Threshold
    """Share; shown when the value is less than the threshold."""
    abandoned: Threshold
    """Share of the calls offered."""


class StateThresholds(Model, frozen=True, kw_only=True):
    """Seconds in a state from which on an agent is shown as a warning, or critical."""

    talking: Threshold
    on_hold: Threshold
    wrap_up: Threshold
    paused: Threshold
    ringing: Threshold


class Thresholds(QueueThresholds, frozen=True, kw_only=True):
    """The thresholds of queues that are not refined, and those of agents."""

    time_in_state: StateThresholds


class Wallboard(Model, frozen=True, kw_only=True):
    """How the wallboard is configured."""

    title: str | None
    timezone: str | None
    """``day.timezone`` where it is configured: the IANA name of the zone in which to tell times of day."""
    thresholds: Thresholds
    """Of all that ``queues`` doesn't name."""
    queues: dict[str, QueueThresholds]
    """Of every queue that is known, by its id."""
    version: str
    """Of the service."""


class State(Model, frozen=True, kw_only=True):
    """Everything, as ``/api/v1/state`` gives it and a feed snapshot carries it."""

    epoch: str
    seq: int
    at: float
    agents: list[Agent] = []
    queues: list[Queue] = []
    calls: list[Call] = []
    alerts: list[Alert] = []
    sources: list[Source] = []
