"""Domain events: the contract between the adapters and everything else.

An adapter turns what its protocol says into these events and nothing else; the engine turns them into live
state. They name facts of telephony, never facts of a protocol.

Conventions
-----------
* ``source`` names the PBX or SIP server as configured (``pbx1``).
* ``at`` is when it happened: unix seconds of the source's clock, corrected to ours by the adapter.
* ``id`` is unique and grows within a source (compare as text): see :class:`EventIds`.
* ``queue``, ``endpoint``, ``interface``, ``call`` and ``leg`` are the source's own names, without a prefix.
* ``call`` of a queue event is the waiting caller's own channel; ``call`` of a leg groups the legs that were
  set up for one another. The engine joins the two through ``LegFacts.call`` and ``CallerFacts.linked``.
* A member is known by (``queue``, ``interface``).

Events are immutable and are written to the event log and to recordings as JSON, tagged by their class name in
the key ``event``. Fields are only ever added, with a default.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

EndpointState: TypeAlias = Literal["idle", "ringing", "in_use", "on_hold", "busy", "unavailable", "unknown"]
"""What a device says of itself as a whole; ``on_hold`` means that the *other* party holds it."""

Direction: TypeAlias = Literal["inbound", "outbound"]
"""Seen from the endpoint: ``inbound`` rings it, ``outbound`` was dialled by it."""

LeftOutcome: TypeAlias = Literal[
    "answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "transferred", "closed", "unknown"
]
"""Why a caller is no longer waiting.

``answered`` only says that an agent took the call: it is counted when ``AgentAnswered`` follows, and a later
``CallerLeft`` with another outcome (the caller hung up before being connected) overrules it.
"""

Presence: TypeAlias = Literal["signed_off", "ready", "paused", "wrap_up"]
"""What the person at a device decided about taking calls, where the device tells it and not a queue."""

WorkDefinition: TypeAlias = Literal["queues", "endpoints"]
"""Who is at work in a source: the members of its queues, or (where it has no queues) who sits at its endpoints."""

CompletedReason: TypeAlias = Literal["caller", "agent", "transfer", "unknown"]


class _Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the facts that events carry."""


class QueueFacts(_Facts, frozen=True, kw_only=True):
    """A queue as the source's own list tells it. ``None`` where the source does not tell."""

    queue: str
    strategy: str | None = None
    wrap_up: float | None = None
    """Seconds of after-call work that the source gives its members."""
    service_level: float | None = None
    """The source's own threshold in seconds (only a hint: ours is configured)."""


class MemberFacts(_Facts, frozen=True, kw_only=True):
    """An agent in a queue."""

    queue: str
    interface: str
    """The member's key in the source's queue (``PJSIP/101``, ``Local/1001@from-queue/n``)."""
    name: str
    """As the source names the member; equals ``interface`` where it has no name."""
    endpoint: str
    """The device whose state stands for the member (``PJSIP/101``, ``Custom:a2001``, ``hint:1001@ext-local``)."""
    devices: tuple[str, ...] = ()
    """Further devices whose legs are the member's legs (what the hint stands for, the Local device rung)."""
    penalty: int = 0
    paused: bool = False
    reason: str | None = None
    paused_since: float | None = None
    """When the pause began, corrected to our clock; ``None`` where the source does not tell."""
    state: EndpointState = "unknown"
    """The device state that the queue holds for this member."""
    in_call: bool | None = None
    """Whether the queue itself has this member in a queue call; ``None`` where it does not tell."""
    last_call: float | None = None
    """End of the last queue call in whole seconds of the source's clock, corrected to ours."""
    logged_in_since: float | None = None
    wrap_up: float | None = None
    """The member's own wrap-up length in seconds; overrides the queue's."""
    ring_in_use: bool | None = None
    membership: Literal["static", "dynamic", "realtime"] = "static"


class CallerFacts(_Facts, frozen=True, kw_only=True):
    """A caller who waits in a queue."""

    queue: str
    call: str
    linked: str
    """The group of legs that this caller's call belongs to (``LegFacts.call``)."""
    joined_at: float
    position: int
    """From 1."""
    party: str | None = None
    party_name: str | None = None


class LegFacts(_Facts, frozen=True, kw_only=True):
    """One endpoint's part in a call."""

    leg: str
    call: str
    """The group of legs set up for one another (the same for the two sides of a call)."""
    endpoint: str
    direction: Direction
    started_at: float
    state: Literal["dialing", "ringing", "answered"]
    """``dialing``: set up but nothing heard yet (an inbound leg before it rings, an outbound leg unanswered)."""
    answered_at: float | None = None
    party: str | None = None
    """The other side's number."""
    party_name: str | None = None
    queue: str | None = None
    """The queue that this leg's call was answered from, where the source still tells (after a reconnect)."""
    queue_call: str | None = None
    """The queue caller (``CallerFacts.call``) that this leg serves, likewise."""


class EndpointFacts(_Facts, frozen=True, kw_only=True):
    """What a device says of itself."""

    endpoint: str
    state: EndpointState
    do_not_disturb: bool = False
    name: str | None = None
    """How people call it (``101``); ``None``: as ``endpoint``."""
    presence: Presence | None = None
    """``None`` where the source does not tell."""
    reason: str | None = None
    """Of the pause."""
    presence_since: float | None = None
    """When that began, corrected to our clock; ``None`` where the source does not tell."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", tag=True):
    """Base of all domain events; never sent itself."""

    source: str
    at: float
    id: str


# --- source ----------------------------------------------------------------------------------------------


class SourceConnected(Event, frozen=True, kw_only=True):
    """The adapter reached the source and was let in; what it knows is not yet complete."""

    version: str | None = None
    detail: str | None = None


class SourceLost(Event, frozen=True, kw_only=True):
    """What the source does from ``at`` on is not known. ``reason`` is a sentence for people."""

    reason: str


class Snapshot(Event, frozen=True, kw_only=True):
    """All that the source tells of itself now; replaces its live state atomically.

    What happened to an entity at or after ``taken_at`` (by events already sent) is newer than the snapshot and
    wins over it. With ``reconciliation`` the source was in sync before: differences are then suspicions, which
    the engine corrects and counts when a second snapshot confirms them.
    """

    taken_at: float
    reconciliation: bool = False
    restarted: bool = False
    """The source began anew since the last snapshot: nothing that lived before lives on."""
    queues: tuple[QueueFacts, ...] = ()
    members: tuple[MemberFacts, ...] = ()
    callers: tuple[CallerFacts, ...] = ()
    legs: tuple[LegFacts, ...] | None = None
    """``None``: the source may not tell (permission missing), so legs are known from events alone."""
    endpoints: tuple[EndpointFacts, ...] = ()
    """Devices beyond those of the members (the members' own are in ``MemberFacts.state``)."""
    complete_endpoints: bool = False
    work: WorkDefinition = "queues"
    """With ``endpoints`` each of ``endpoints`` is the place of an agent (its own one, unless configured otherwise);
    an endpoint in state ``unknown`` is one that the source should know of and does not."""


# --- endpoint --------------------------------------------------------------------------------------------


class EndpointReachable(Event, frozen=True, kw_only=True):
    """Calls can reach the device again."""

    endpoint: str


class EndpointUnreachable(Event, frozen=True, kw_only=True):
    """Calls cannot reach the device (unregistered, not answering, removed)."""

    endpoint: str


class EndpointStateChanged(Event, frozen=True, kw_only=True):
    """The device as a whole is idle, rings, is in use …: the witness where legs are not visible."""

    endpoint: str
    state: EndpointState


class DoNotDisturbChanged(Event, frozen=True, kw_only=True):
    """The person at the device asked not to be rung, or ended that."""

    endpoint: str
    on: bool


class PresenceChanged(Event, frozen=True, kw_only=True):
    """The person at a device signed off or on, takes no calls, does after-call work; also a new reason alone."""

    endpoint: str
    presence: Presence | None
    """``None``: it is not known any more."""
    reason: str | None = None


# --- member ----------------------------------------------------------------------------------------------


class MemberAdded(Event, frozen=True, kw_only=True):
    """An agent signed on to a queue."""

    member: MemberFacts


class MemberRemoved(Event, frozen=True, kw_only=True):
    """An agent signed off from a queue."""

    queue: str
    interface: str


class MemberPaused(Event, frozen=True, kw_only=True):
    """A member takes no calls of this queue; also sent when only the reason changes."""

    queue: str
    interface: str
    reason: str | None = None
    paused_since: float | None = None


class MemberUnpaused(Event, frozen=True, kw_only=True):
    """A member takes calls of this queue again."""

    queue: str
    interface: str


class MemberChanged(Event, frozen=True, kw_only=True):
    """A property of a member became another; ``None`` means unchanged."""

    queue: str
    interface: str
    penalty: int | None = None
    ring_in_use: bool | None = None
    wrap_up: float | None = None
    endpoint: str | None = None
    devices: tuple[str, ...] | None = None
    last_call: float | None = None


# --- queue -----------------------------------------------------------------------------------------------


class CallerJoined(Event, frozen=True, kw_only=True):
    """A caller begins to wait."""

    caller: CallerFacts


class CallerLeft(Event, frozen=True, kw_only=True):
    """A caller no longer waits: see :data:`LeftOutcome`."""

    queue: str
    call: str
    outcome: LeftOutcome


class AgentOffered(Event, frozen=True, kw_only=True):
    """The queue offers a caller to a member: ``leg`` is about to ring."""

    queue: str
    call: str
    interface: str
    leg: str


class AgentAnswered(Event, frozen=True, kw_only=True):
    """Caller and agent are connected: the moment at which the call is counted as answered."""

    queue: str
    call: str
    interface: str
    leg: str
    hold_time: float | None = None
    """Whole seconds that the caller waited, by the source; ours are finer and preferred."""
    ring_time: float | None = None


class AgentMissed(Event, frozen=True, kw_only=True):
    """A member was rung and did not answer in time, or refused. Not sent for those who lost a ring-all."""

    queue: str
    call: str
    interface: str
    leg: str | None = None
    ring_seconds: float | None = None


class AgentCompleted(Event, frozen=True, kw_only=True):
    """The queue call is over for this agent; wrap-up begins."""

    queue: str
    call: str
    interface: str
    leg: str | None = None
    reason: CompletedReason = "unknown"
    hold_time: float | None = None
    talk_time: float | None = None
    """Whole seconds by the source; may count time after a redirect, so ours are preferred."""
    last_call: float | None = None
    """The whole second of the source's clock from which it counts the wrap-up, corrected to ours."""


# --- leg -------------------------------------------------------------------------------------------------


class LegStarted(Event, frozen=True, kw_only=True):
    """An endpoint takes part in a call from now on (not ringing yet if ``inbound``, dialling if ``outbound``)."""

    leg: str
    call: str
    endpoint: str
    direction: Direction
    party: str | None = None
    party_name: str | None = None


class LegRinging(Event, frozen=True, kw_only=True):
    """An inbound leg's device rings."""

    leg: str


class LegAnswered(Event, frozen=True, kw_only=True):
    """The leg is up."""

    leg: str


class LegHeld(Event, frozen=True, kw_only=True):
    """The person at this leg put the other party on hold."""

    leg: str


class LegResumed(Event, frozen=True, kw_only=True):
    """The person at this leg took the other party back."""

    leg: str


class LegChanged(Event, frozen=True, kw_only=True):
    """The leg belongs to another call, endpoint or party from now on; ``None`` means unchanged."""

    leg: str
    call: str | None = None
    endpoint: str | None = None
    party: str | None = None
    party_name: str | None = None


class LegEnded(Event, frozen=True, kw_only=True):
    """The endpoint no longer takes part. ``cause`` is a word or two for people."""

    leg: str
    cause: str | None = None


# --- voice, business, time -------------------------------------------------------------------------------


class TalkingStarted(Event, frozen=True, kw_only=True):
    """Voice is heard on a leg."""

    leg: str


class TalkingStopped(Event, frozen=True, kw_only=True):
    """Silence on a leg."""

    leg: str


class OutcomeRecorded(Event, frozen=True, kw_only=True):
    """An agent noted what a call brought (a sale, a callback …)."""

    agent: str
    project: str | None = None
    outcome: str
    amount: float | None = None


class Tick(Event, frozen=True, kw_only=True):
    """Time has reached ``at``: the only way that time passes inside the engine."""


AnyEvent: TypeAlias = (
    SourceConnected
    | SourceLost
    | Snapshot
    | EndpointReachable
    | EndpointUnreachable
    | EndpointStateChanged
    | DoNotDisturbChanged
    | PresenceChanged
    | MemberAdded
    | MemberRemoved
    | MemberPaused
    | MemberUnpaused
    | MemberChanged
    | CallerJoined
    | CallerLeft
    | AgentOffered
    | AgentAnswered
    | AgentMissed
    | AgentCompleted
    | LegStarted
    | LegRinging
    | LegAnswered
    | LegHeld
    | LegResumed
    | LegChanged
    | LegEnded
    | TalkingStarted
    | TalkingStopped
    | OutcomeRecorded
    | Tick
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """Return the event as one line of JSON (UTF-8, no newline inside)."""
    return _encoder.encode(event)


def decode(data: bytes | str) -> AnyEvent:
    """Return the event that :func:`encode` wrote.

    Raises ``msgspec.DecodeError`` (not JSON) or ``msgspec.ValidationError`` (no such event or field type).
    """
    return _decoder.decode(data)


class EventIds:
    """Gives the ids of one source's events: ``<epoch>-<seq>``, both ten digits so that text order is time order.

    A new epoch begins with each start of an adapter; the event log hands it out, each larger than any before.
    """

    __slots__ = ("_prefix", "_seq")

    def __init__(self, epoch: int) -> None:
        if not 0 <= epoch < 10**10:
            raise ValueError(f"epoch {epoch} is outside 0 … 9999999999")
        self._prefix = f"{epoch:010d}-"
        self._seq = 0

    def __call__(self) -> str:
        """Return the next id."""
        self._seq += 1
        return f"{self._prefix}{self._seq:010d}"


def names(events: Iterable[Event]) -> list[str]:
    """Return the class names of events, for logs, metrics and tests."""
    return [type(event).__name__ for event in events]
