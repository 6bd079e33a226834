"""What happens in the contact centre. The PBX turns it into AMI events, the ledger writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monitor.simulator.parts import Agent, Call, DirectCall, Member, Offer, Outcome, Queue, Side, Talk

DirectEnd = Literal["hung_up_by_origin", "hung_up_by_target", "busy", "given_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Base: ``at`` is the PBX's clock in unix seconds."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerArrived(Happening):
    """Somebody called from outside and hears an announcement before the queue takes him."""

    call: Call
    queue: Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerJoined(Happening):
    """A caller waits from now on."""

    call: Call
    queue: Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft(Happening):
    """A caller waits no longer and no agent took him; he is gone from the PBX too."""

    call: Call
    queue: Queue
    outcome: Outcome
    position: int
    withdrawn: tuple[Offer, ...]
    """Phones that rang for him until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOffered(Happening):
    """A phone is dialled; ``alone``: it is the only one for this caller."""

    offer: Offer
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMissed(Happening):
    """A phone rang out, or its owner refused the call."""

    offer: Offer
    refused: bool
    auto_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAnswered(Happening):
    """Caller and agent are connected; ``losers`` rang too."""

    offer: Offer
    talk: Talk
    position: int
    losers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkHeld(Happening):
    """One side put the other on hold."""

    talk: Talk
    by: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkResumed(Happening):
    """One side took the other back."""

    talk: Talk
    by: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded(Happening):
    """One side hung up."""

    talk: Talk
    by: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindTransferred(Happening):
    """The agent sent the caller to another queue and is out; CallerJoined follows."""

    talk: Talk
    queue: Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedTransferred(Happening):
    """The agent connected the caller with the colleague whom he had called, and is out."""

    talk: Talk
    consultation: DirectCall
    becomes: Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectStarted(Happening):
    """A direct call is dialled and rings."""

    direct: DirectCall


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectAnswered(Happening):
    """A direct call was answered."""

    direct: DirectCall


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectEnded(Happening):
    """A direct call is over, answered or not."""

    direct: DirectCall
    how: DirectEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(Happening):
    """An agent signed on to a queue."""

    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Happening):
    """An agent signed off from a queue."""

    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPaused(Happening):
    """A pause began, ended or changed its reason: the member tells."""

    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyChanged(Happening):
    """A member's penalty became another."""

    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLost(Happening):
    """A phone no longer answers the PBX."""

    agent: Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneBack(Happening):
    """A phone answers the PBX again."""

    agent: Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpEnded(Happening):
    """A member's wrap-up is over (Asterisk tells nobody)."""

    member: Member
