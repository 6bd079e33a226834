"""The calls of the watched endpoints, followed by Call-ID, tags and branches.

Nothing here depends on the order in which messages come, as far as that can be: each message adds to what is known of
its call (its branches, its refusals, the dialogs that are over), and what follows from it is told once. So a message that
comes late, twice or never leads to no other end than the one that was seen.

What messages mean stands in two tables, :attr:`Calls._REQUESTS` and :attr:`Calls._RESPONSES`; which legs they are about is
found by :mod:`adapters.hep.dialogs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, TypeAlias

from adapters.hep import causes
from adapters.hep.clock import When
from adapters.hep.dialogs import Dialogs, by_tags, tags
from adapters.hep.endpoints import Endpoints
from adapters.hep.hop import Hop
from adapters.hep.legs import KEEP, STATES, Leg, State
from adapters.hep.outbox import Outbox
from adapters.hep.parties import Parties, Side
from adapters.hep.progress import SHORTLY, SILENCE, Progress
from adapters.hep.table import BRANCHES_LIMIT, Call, CallTable
from adapters.sip_messages import sdp
from adapters.sip_messages.message import Request, Response
from monitor.events import LegFacts

RETRIED: Final = frozenset({*range(300, 400), 401, 407, 421, 422, 423, 494})
"""Refusals after which the caller's phone itself asks again, in the same dialog to be."""

_GONE: Final = 481

_OnRequest: TypeAlias = Callable[["Calls", Call, Request, Hop, When], None]
_OnResponse: TypeAlias = Callable[["Calls", Call, Response, Hop, When], None]


class Calls:
    """All calls of the watched endpoints."""

    def __init__(
        self, parties: Parties, endpoints: Endpoints, out: Outbox, *, silence: float = SILENCE
    ) -> None:
        self._parties = parties
        self._endpoints = endpoints
        self._out = out
        self._progress = Progress(endpoints, out, silence)
        self._dialogs = Dialogs(parties, self._progress, out)
        self._table = CallTable(self._progress.due, self._evicted)

    def __len__(self) -> int:
        """Return how many calls are remembered."""
        return len(self._table)

    def knows(self, call_id: str) -> bool:
        """Whether anything is known of a call."""
        return call_id in self._table

    # --- in --------------------------------------------------------------------------------------------

    def see(self, message: Request | Response, hop: Hop, when: When) -> None:
        """Take one message. ``hop`` goes the way of the request."""
        call = self._table.get(message.call_id) or Call(message.call_id)
        if isinstance(message, Request):
            on_request = self._REQUESTS.get(message.method)
            if on_request is None:
                return
            on_request(self, call, message, hop, when)
        else:
            on_response = self._RESPONSES.get((message.cseq_method, min(message.status // 100, 3)))
            if on_response is None:
                return
            on_response(self, call, message, hop, when)
        if not call.empty:
            self._table.keep(call, when)

    def heard(self, call_id: str, when: When) -> None:
        """Something came in a call that means no more than that it goes on."""
        call = self._table.going(call_id)
        if call is not None:
            for leg in call.legs:
                self._progress.heard(leg, when)
            self._table.keep(call, when)

    def next_due(self) -> float | None:
        """Return when something follows if nothing comes until then (monotonic)."""
        return self._table.next_due()

    def due(self, when: When) -> None:
        """Act upon what did not come."""
        self._table.look(when)

    def forget(self) -> None:
        """Nothing is known any more (not told: a snapshot follows)."""
        self._table.clear()
        self._progress.forget()

    def facts(self) -> tuple[tuple[LegFacts, ...], tuple[str, ...]]:
        """Return all legs that go on, and the ids of those whose endpoint holds the other side."""
        legs = [leg for leg in self._table.legs() if leg.told]
        facts = tuple(
            LegFacts(
                leg=leg.id,
                call=leg.call,
                endpoint=leg.endpoint,
                direction=leg.direction or "inbound",
                started_at=leg.since,
                state=STATES[leg.state],
                answered_at=leg.answered_at,
                party=leg.party,
                party_name=leg.party_name,
            )
            for leg in legs
        )
        return facts, tuple(leg.id for leg in legs if leg.held and leg.state is State.ANSWERED)

    def _evicted(self, leg: Leg, when: When) -> None:
        self._out.skipped("too_many_calls")
        self._progress.give_up(leg, when)

    # --- requests --------------------------------------------------------------------------------------

    def _invite(self, call: Call, message: Request, hop: Hop, when: When) -> None:
        if message.to.tag is not None:
            self._offered(call, message, hop, when)
            return
        for party in self._parties.of(message, hop):
            leg = self._dialogs.leg(call, message, hop, party, when)
            if leg is None:
                continue
            leg.remember(hop.branch, message.cseq)
            self._progress.half(leg, message, hop, when)
            if party.side == "to" and hop.from_server:
                self._progress.sure(leg, when)
            refusal = call.finals.get(hop.branch)
            if refusal is not None:
                self._refused(leg, *refusal, when)
            elif leg.awaits == "retry" and leg.newest == message.cseq:
                leg.awaits, leg.cause = "sign", None
                self._progress.heard(leg, when)
        if call.legs:
            call.invited(hop.branch, (hop.sender.host, hop.receiver.host))

    def _offered(self, call: Call, message: Request, hop: Hop, when: When) -> None:
        """A re-INVITE or UPDATE: the call goes on, and somebody is held from now on, if it is accepted."""
        for leg, side in self._dialogs.within(call, message, hop, when):
            self._progress.heard(leg, when)
            offer = leg.offer(side, message.cseq)
            offer.asked, offer.at, offer.branch = True, when.at, hop.branch
            offer.direction = sdp.direction(message.body) if message.body else None
            self._progress.decide(leg, side, message.cseq, when)
            self._progress.half(leg, message, hop, when)

    def _ack(self, call: Call, message: Request, hop: Hop, when: When) -> None:
        """The ACK of a 2xx has a branch of its own, that of a refusal the INVITE's (RFC 3261 17.1.1.3)."""
        from_tag, to_tag = message.from_.tag, message.to.tag
        if to_tag is None or hop.branch in call.invites or hop.branch in call.finals or not call.legs:
            return
        here = {(party.endpoint, party.side) for party in self._parties.of(message, hop)}
        for leg, side in by_tags(call, from_tag, to_tag):
            if (leg.endpoint, side) not in here or leg.state is State.ENDED:
                continue
            self._progress.half(leg, message, hop, when)
            self._progress.heard(leg, when)
            offer = leg.offers.get((side, message.cseq))
            if offer is not None and offer.asked and offer.branch != hop.branch:
                offer.accepted = True
                self._progress.decide(leg, side, message.cseq, when)
            elif message.cseq in leg.branches.values():
                self._progress.answered(leg, to_tag if side == "from" else from_tag, when)

    def _cancel(self, call: Call, message: Request, hop: Hop, when: When) -> None:
        for leg in call.legs:
            if hop.branch in leg.branches and leg.state < State.ANSWERED:
                leg.cause = causes.of_cancel(message.get("reason"))
                leg.awaits, leg.deadline = "refusal", when.now + SHORTLY

    def _bye(self, call: Call, message: Request | Response, hop: Hop, when: When) -> None:
        """A dialog is over. Who had none that we knew of is free now."""
        dialog = tags(message)
        if len(call.over) < KEEP:
            call.over.add(dialog)
        for leg in call.legs:
            if leg.state is not State.ENDED and _is_over(leg, dialog):
                self._progress.end(leg, causes.TRANSFERRED if leg.transferring else causes.HUNG_UP, when)
        parties = self._parties.of(message, hop)
        for party in parties:
            self._endpoints.seen(party.endpoint, when.at)
        if not call.legs and not parties:
            call.over.discard(dialog)  # nobody's: not worth remembering

    # --- responses -------------------------------------------------------------------------------------

    def _provisional(self, call: Call, message: Response, hop: Hop, when: When) -> None:
        """A provisional response to an INVITE: the callee rings, or the server took the call."""
        ringing = 180 <= message.status < 190
        begins = message.status >= 180 or message.to.tag is None  # else it may be about a re-INVITE
        for leg, side in self._dialogs.concerned(call, message, hop, when, create=begins):
            self._progress.heard(leg, when)
            begun = leg.state < State.ANSWERED
            if side == "from":
                if hop.branch in leg.branches or leg.address == hop.sender:
                    if begun:
                        self._progress.advance(leg, State.DIALING, when)
                    self._progress.sign(leg, 1, when)
            elif ringing:
                if begun:
                    leg.own = message.to.tag or leg.own
                    self._progress.advance(leg, State.RINGING, when)
                self._progress.sign(leg, 2, when)

    def _success(self, call: Call, message: Response, hop: Hop, when: When) -> None:
        """A 2xx to an INVITE: the call is up, or what a re-INVITE offers is so."""
        from_tag, to_tag = message.from_.tag, message.to.tag
        for leg, side in self._dialogs.concerned(call, message, hop, when, create=True):
            if leg.state is State.ENDED:
                continue
            if side == "to" and leg.state is not State.ANSWERED:
                leg.own = to_tag  # of all devices behind that hop the one that answered
            self._progress.answered(leg, to_tag if side == "from" else from_tag, when)
            self._accepted(leg, side, message, when)
        for leg in call.legs:
            rings_on = leg.direction == "inbound" and leg.state < State.ANSWERED
            if rings_on and leg.own is not None and leg.own not in (from_tag, to_tag):
                self._progress.end(leg, causes.ELSEWHERE, when)

    def _update_success(self, call: Call, message: Response, hop: Hop, when: When) -> None:
        for leg, side in by_tags(call, message.from_.tag, message.to.tag):
            if leg.state is not State.ENDED:
                self._accepted(leg, side, message, when)
                self._progress.half(leg, message, hop, when)

    def _accepted(self, leg: Leg, side: Side, message: Response, when: When) -> None:
        """A 2xx accepts what its request offered, or offers something itself; and it may set the session's timer."""
        seconds = _session(message)
        if seconds is not None:
            leg.session = seconds
        self._progress.heard(leg, when)
        offer = leg.offer(side, message.cseq)
        if side == "to":
            offer.answered = sdp.direction(message.body) if message.body else None
            offer.at = offer.at or when.at
        offer.accepted = True
        self._progress.decide(leg, side, message.cseq, when)

    def _failure(self, call: Call, message: Response, hop: Hop, when: When) -> None:
        """A refusal of an INVITE: of one that began a leg, or of a re-INVITE, which ends nothing unless it is 481."""
        if len(call.finals) < BRANCHES_LIMIT and (call.legs or self._parties.of(message, hop)):
            call.finals[hop.branch] = (message.cseq, message.status)
        given_up = False
        for leg in call.legs:
            if hop.branch in leg.branches:
                self._refused(leg, message.cseq, message.status, when)
                given_up = given_up or (leg.direction == "outbound" and leg.state is State.ENDED)
        if given_up:  # a proxy refuses only when all of its branches are over
            for leg in call.legs:
                if leg.direction == "inbound" and leg.state < State.ANSWERED:
                    self._progress.end(leg, leg.cause or causes.of_status(message.status), when)
        self._gone(call, message, hop, when)

    def _refused(self, leg: Leg, cseq: int, status: int, when: When) -> None:
        """An INVITE that began a leg was refused; an older one, or one of an answered leg, does not matter."""
        if leg.state >= State.ANSWERED or cseq != leg.newest:
            return
        if status in RETRIED and leg.direction == "outbound":
            leg.cause = causes.of_status(status)
            leg.awaits, leg.deadline = "retry", when.now + SHORTLY
        else:
            self._progress.end(leg, leg.cause or causes.of_status(status), when)

    def _gone(self, call: Call, message: Response, _hop: Hop, when: When) -> None:
        """481 to a request within a dialog: there is none any more (RFC 3261 12.2.1.2)."""
        if message.status != _GONE:
            return
        dialog = tags(message)
        for leg in call.legs:
            if leg.state is State.ANSWERED and {leg.own, leg.other} == dialog:
                self._progress.end(leg, causes.of_status(_GONE), when)

    def _bye_refused(self, call: Call, message: Response, hop: Hop, when: When) -> None:
        if message.status == _GONE:
            self._bye(call, message, hop, when)

    def _refer_accepted(self, call: Call, message: Response, _hop: Hop, _when: When) -> None:
        """The endpoint sends the other side elsewhere. Its own leg goes on until its BYE."""
        for leg, side in by_tags(call, message.from_.tag, message.to.tag):
            leg.transferring = leg.transferring or side == "from"

    # --- the tables ------------------------------------------------------------------------------------

    _REQUESTS: ClassVar[dict[str, _OnRequest]] = {
        "INVITE": _invite,
        "ACK": _ack,
        "CANCEL": _cancel,
        "BYE": _bye,
        "UPDATE": _offered,
    }
    """What a request means; others mean nothing."""

    _RESPONSES: ClassVar[dict[tuple[str, int], _OnResponse]] = {
        ("INVITE", 1): _provisional,
        ("INVITE", 2): _success,
        ("INVITE", 3): _failure,
        ("BYE", 2): _bye,
        ("BYE", 3): _bye_refused,
        ("UPDATE", 2): _update_success,
        ("UPDATE", 3): _gone,
        ("REFER", 2): _refer_accepted,
    }
    """What a response means, by the method that it answers and its class (3: all refusals)."""


def _is_over(leg: Leg, dialog: frozenset[str]) -> bool:
    """Whether the end of a dialog is the end of a leg: of one not answered, too, whose caller is gone."""
    if leg.own is not None:
        return leg.own in dialog and (leg.other is None or leg.other in dialog)
    return leg.state < State.ANSWERED


def _session(message: Response) -> float | None:
    """Return the session timer's seconds (RFC 4028)."""
    told = message.get("session-expires")
    digits = "" if told is None else told.partition(";")[0].strip()
    return float(digits[:9]) if digits.isascii() and digits.isdigit() else None
