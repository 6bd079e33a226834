"""Which legs a message is about: found by branch, by the dialog's tags or by the phone; made where there is none yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from adapters.common.texts import shown as text
from adapters.hep.clock import When
from adapters.hep.hop import Hop
from adapters.hep.legs import Leg, State
from adapters.hep.outbox import Outbox
from adapters.hep.packets import Address
from adapters.hep.parties import Parties, Party, Side
from adapters.hep.progress import Progress
from adapters.hep.servers import shown
from adapters.hep.table import Call
from adapters.sip_messages.message import Request, Response
from monitor.events import Direction

ID_LIMIT: Final = 128
"""Characters of a Call-ID that is told as it is."""
LEGS_LIMIT: Final = 32
"""Legs of one call: a fork to more devices of watched endpoints is none that people make."""


class Dialogs:
    """Finds the legs of watched endpoints in a call."""

    def __init__(self, parties: Parties, progress: Progress, out: Outbox) -> None:
        self._parties = parties
        self._progress = progress
        self._out = out

    def concerned(
        self, call: Call, message: Response, hop: Hop, when: When, *, create: bool
    ) -> list[tuple[Leg, Side]]:
        """Return the legs that a response to an INVITE is about. Those of whom it is about but who have none get one."""
        found = _told_of(call, message, hop)
        if create and tags(message) not in call.over:
            there = {leg.endpoint for leg, _ in found.values()}
            for party in self._parties.of(message, hop):
                begun = None
                if party.endpoint not in there:
                    begun = self.leg(call, message, hop, party, when, one_sided=True)
                if begun is not None:
                    found[begun.id] = (begun, party.side)
                    if message.status < 200:
                        begun.remember(hop.branch, message.cseq)
                        call.invited(hop.branch)
        pairs = list(found.values())
        for leg, _ in pairs:
            self._progress.half(leg, message, hop, when)
        return pairs

    def within(self, call: Call, message: Request, hop: Hop, when: When) -> list[tuple[Leg, Side]]:
        """Return the legs that a request within a dialog is about. One never seen is answered, if the other side accepts."""
        from_tag, to_tag = message.from_.tag, message.to.tag
        found = [pair for pair in by_tags(call, from_tag, to_tag) if pair[0].state is not State.ENDED]
        if message.method != "INVITE" or found or tags(message) in call.over:
            return found
        for party in self._parties.of(message, hop):
            leg = self.leg(call, message, hop, party, when, one_sided=True)
            if leg is not None and leg.state is not State.ENDED:
                leg.own, leg.other = (from_tag, to_tag) if party.side == "from" else (to_tag, from_tag)
                self._progress.answered(leg, leg.other, when)
                found.append((leg, party.side))
        return found

    def leg(
        self,
        call: Call,
        message: Request | Response,
        hop: Hop,
        party: Party,
        when: When,
        *,
        one_sided: bool = False,
    ) -> Leg | None:
        """Return a party's leg in a call, a new one if there is none; None if there are too many.

        ``one_sided``: anybody can send such a message unasked, so a new leg shows nothing until the other side spoke too.
        """
        outbound = party.side == "from"
        address = hop.sender if outbound else hop.receiver
        direction: Direction | None = "outbound" if outbound else "inbound"
        initial = isinstance(message, Request) and message.to.tag is None
        if not initial and (isinstance(message, Request) or message.status >= 200):
            direction = None  # seen in its middle: either side may have begun the call
        own = message.from_.tag if outbound else message.to.tag
        for leg in call.legs:
            fits = leg.direction is None or direction is None or leg.direction == direction
            if leg.endpoint == party.endpoint and fits:
                asked_again = initial and leg.state is State.ENDED and -1 < leg.newest < message.cseq
                if hop.branch in leg.branches or (_same(leg, own, address, direction) and not asked_again):
                    self._begun(leg, message, direction, when)
                    return leg
        if len(call.legs) >= LEGS_LIMIT:
            self._out.skipped("too_many_legs")
            return None
        leg = Leg(
            id=_name(call, party.endpoint, address),
            call=identifier(call.id),
            endpoint=party.endpoint,
            address=address,
            direction=direction,
            since=when.at,
            own=own,
            halves=set() if one_sided else None,
        )
        self._progress.heard(leg, when)
        _take_party(leg, message, outbound=outbound)
        call.legs.append(leg)
        caller = message.from_.tag
        if direction is not None and any(caller in dialog for dialog in call.over):
            leg.state = State.ENDED  # its end came first
        elif direction == "inbound":
            self._progress.advance(leg, State.DIALING, when)
        return leg

    def _begun(self, leg: Leg, message: Request | Response, direction: Direction | None, when: When) -> None:
        """Take what a message that begins a call tells of a leg that is known by later ones."""
        if direction is None:
            return
        if not leg.told:
            leg.since = min(leg.since, when.at)
        if leg.direction is None:
            leg.direction = direction
            _take_party(leg, message, outbound=direction == "outbound")
            self._progress.settled(leg, when)


def tags(message: Request | Response) -> frozenset[str]:
    """Return the one or two tags that name a message's dialog."""
    return frozenset(tag for tag in (message.from_.tag, message.to.tag) if tag is not None)


def by_tags(call: Call, from_tag: str | None, to_tag: str | None) -> Iterator[tuple[Leg, Side]]:
    """Yield the legs of a dialog, with the side of the request on which each is."""
    for leg in call.legs:
        if leg.own is None:
            continue
        if leg.own == from_tag and (leg.other is None or to_tag is None or leg.other == to_tag):
            yield leg, "from"
        elif leg.own == to_tag and (leg.other is None or from_tag is None or leg.other == from_tag):
            yield leg, "to"


def _told_of(call: Call, message: Response, hop: Hop) -> dict[str, tuple[Leg, Side]]:
    """Return the known legs that a response to an INVITE may tell of, by id."""
    found: dict[str, tuple[Leg, Side]] = {}
    for leg in call.legs:
        if hop.branch in leg.branches:
            found[leg.id] = (leg, "from" if leg.direction == "outbound" else "to")
    for leg, side in by_tags(call, message.from_.tag, message.to.tag):
        found.setdefault(leg.id, (leg, side))
    if call.invites.get(hop.branch) != (hop.sender.host, hop.receiver.host):
        found = {name: (leg, side) for name, (leg, side) in found.items() if _may_tell(leg, side, hop)}
    return found


def _may_tell(leg: Leg, side: Side, hop: Hop) -> bool:
    """Whether a response whose request was not seen may tell of a leg: a phone's only of that phone's own."""
    if hop.to_server:
        return True
    if hop.from_server:
        mine = hop.receiver.host == leg.address.host or hop.branch in leg.branches
        return side == "to" and (mine or any(offer.branch == hop.branch for offer in leg.offers.values()))
    return leg.address != (hop.receiver if side == "from" else hop.sender)


def _same(leg: Leg, own: str | None, address: Address, direction: Direction | None) -> bool:
    """Whether a message of an endpoint's is about this leg of its: by its tag, or while that isn't known by the phone."""
    if own is not None and leg.own == own:
        return True
    if leg.state is State.ENDED or leg.address != address or "outbound" in (direction, leg.direction):
        return False
    return leg.own is None or (leg.direction is None and own is None)


def _take_party(leg: Leg, message: Request | Response, *, outbound: bool) -> None:
    """Note who is on the other side."""
    other = message.to if outbound else message.from_
    leg.party, leg.party_name = text(other.uri.user), text(other.name)


def identifier(call_id: str) -> str:
    """Return what stands for a Call-ID in ids that are told: itself, unless it is long."""
    if len(call_id) <= ID_LIMIT:
        return call_id
    return f"{hashlib.sha256(call_id.encode()).hexdigest()[:32]}-hashed"


def _name(call: Call, endpoint: str, address: Address) -> str:
    """Return a leg's id: one that no other leg of the call has."""
    taken = {leg.id for leg in call.legs}
    name = f"{endpoint} {identifier(call.id)}"
    if name not in taken:
        return name
    name = f"{name} {shown(address)}"
    number = 2
    unique = name
    while unique in taken:
        unique = f"{name} {number}"
        number += 1
    return unique
