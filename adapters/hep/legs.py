"""A leg: one endpoint's part in one call, and what is known of it so far.

What is known only ever grows, whatever the order in which it comes: an end stays an end.
"""

from __future__ import annotations

import enum
from typing import Final, Literal, TypeAlias

import msgspec

from adapters.hep.packets import Address
from adapters.hep.parties import Side
from adapters.sip_messages.sdp import Direction
from monitor.events import Direction as LegDirection

KEEP: Final = 16
"""Offers and branches of a leg that are remembered."""


class State(enum.IntEnum):
    """How far a leg has come; it never goes back."""

    ASKED = 0
    """An INVITE was sent; of an outbound leg nothing is told yet: the server may refuse it."""
    DIALING = 1
    RINGING = 2
    ANSWERED = 3
    ENDED = 4


STATES: Final[dict[State, Literal["dialing", "ringing", "answered"]]] = {
    State.DIALING: "dialing",
    State.RINGING: "ringing",
    State.ANSWERED: "answered",
}

OfferKey: TypeAlias = tuple[Side, int]
"""Whose CSeq, seen from the leg (``from``: the endpoint's own), and the number."""


class Offer(msgspec.Struct):
    """A request that may change the direction of the voice, or what is known of it."""

    asked: bool = False
    direction: Direction | None = None
    """What the request offers."""
    answered: Direction | None = None
    """What its 2xx says, if that was sent by the endpoint."""
    accepted: bool = False
    branch: str | None = None
    at: float = 0.0


Half: TypeAlias = tuple[str, bytes, bytes, int]
"""A request, or a response that is no refusal: which of them, the hosts of its hop as the request goes, CSeq."""
Sign: TypeAlias = Literal[0, 1, 2]
"""Nothing, that the endpoint does something, that calls reach it."""


class Leg(msgspec.Struct, kw_only=True):
    """One endpoint's part in one call."""

    id: str
    call: str
    """What stands for the Call-ID (:func:`adapters.hep.dialogs.identifier`)."""
    endpoint: str
    address: Address
    """The other end of the hop that the endpoint's own messages take: where the phone is."""
    direction: LegDirection | None
    """``None``: not known yet, since the call was first seen in its middle."""
    since: float
    state: State = State.ASKED
    own: str | None = None
    """The endpoint's own tag."""
    halves: set[Half] | None = None
    """Of a leg that only one side has spoken of: what was seen. ``None``: it is sure that there is this leg."""
    sign: Sign = 0
    """What such a leg will show of its endpoint once it is sure."""
    other: str | None = None
    """The other side's tag, of an answered leg."""
    branches: dict[str, int] = msgspec.field(default_factory=dict)
    """The leg's INVITEs that began it: CSeq by branch."""
    offers: dict[OfferKey, Offer] = msgspec.field(default_factory=dict)
    party: str | None = None
    party_name: str | None = None
    answered_at: float | None = None
    session: float | None = None
    """Seconds within which a refresh must come (RFC 4028)."""
    held: bool = False
    held_by: tuple[Side, int, float] | None = None
    """The offer that decided it, and when."""
    transferring: bool = False
    cause: str | None = None
    """Why it is about to end."""
    told: bool = False
    told_at: float = 0.0
    deadline: float = 0.0
    """When something follows from nothing having come (monotonic)."""
    awaits: Literal["sign", "retry", "refusal", "beginning"] = "sign"
    """For what it is given until then: any sign of life, the next INVITE after a challenge, the refusal after a CANCEL, or what
    shows who began the call."""

    @property
    def newest(self) -> int:
        """The CSeq of the newest INVITE that began the leg."""
        return max(self.branches.values(), default=-1)

    def remember(self, branch: str, cseq: int) -> None:
        """Note an INVITE that began the leg."""
        if len(self.branches) >= KEEP and branch not in self.branches:
            del self.branches[next(iter(self.branches))]
        self.branches[branch] = cseq

    def half(self, half: Half) -> bool:
        """Note what one side said; whether both sides have spoken of the same CSeq on the same hop with it."""
        if self.halves is None:
            return False
        if len(self.halves) < KEEP:
            self.halves.add(half)
        kind, *rest = half
        other = "response" if kind == "request" else "request"
        return (other, *rest) in self.halves

    def offer(self, side: Side, cseq: int) -> Offer:
        """Return what is known of an offer."""
        key = (side, cseq)
        offer = self.offers.get(key)
        if offer is None:
            if len(self.offers) >= KEEP:
                del self.offers[next(iter(self.offers))]
            offer = self.offers[key] = Offer()
        return offer

    def decide(self, side: Side, cseq: int, offer: Offer) -> bool:
        """See whether an offer says that the endpoint holds the other side; whether that is news.

        Only what the endpoint itself offers says so: in its request, or in its answer to a request without any.
        """
        if not offer.accepted or not offer.asked:
            return False
        said = offer.direction if side == "from" else (offer.answered if offer.direction is None else None)
        if said is None:
            return False
        before = self.held_by
        if before is not None and (cseq <= before[1] if before[0] == side else offer.at < before[2]):
            return False
        self.held_by = (side, cseq, offer.at)
        held = said in ("sendonly", "inactive")
        news = held != self.held
        self.held = held
        return news
