"""Captured SIP messages -> domain events."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Final

from adapters.hep.calls import Calls
from adapters.hep.clock import When
from adapters.hep.duplicates import Duplicates
from adapters.hep.endpoints import Endpoints
from adapters.hep.glance import FOLLOWED, Glance, glance
from adapters.hep.hop import Hop
from adapters.hep.outbox import Outbox
from adapters.hep.packets import Address, Packet
from adapters.hep.parties import Parties
from adapters.hep.progress import SILENCE
from adapters.hep.registrations import Registrations
from adapters.hep.servers import Servers
from adapters.hep.watching import Watch, Watched, tokens
from adapters.sip_messages.errors import BadMessage
from adapters.sip_messages.message import Request, Response, parse
from monitor.events import EndpointFacts, Event, LegHeld, Snapshot

_REGISTERED: Final = frozenset({200, 401, 407})
"""Answers to a REGISTER that only a server gives."""


class Translator:
    """One source's translator. ``skipped`` counts what can't be used."""

    def __init__(
        self,
        source: str,
        watched: Iterable[Watched],
        servers: Servers,
        next_id: Callable[[], str],
        skipped: Callable[[str], None],
        *,
        silence: float = SILENCE,
    ) -> None:
        self.watch = Watch(watched)
        self.servers = servers
        self._skipped = skipped
        self._out = Outbox(source, next_id, skipped)
        self._endpoints = Endpoints(self.watch.endpoints, self._out)
        self._registrations = Registrations(self._endpoints)
        self._parties = Parties(self.watch, servers, self._registrations)
        self._calls = Calls(self._parties, self._endpoints, self._out, silence=silence)
        self._duplicates = Duplicates()
        self._asked = Duplicates()
        """REGISTERs that were seen: an answer to what nobody asked says nothing."""

    def sip(self, packet: Packet, at: float, now: float) -> list[Event]:
        """Return what a packet of type SIP means. ``at`` is when it was captured, by our clock; ``now`` is monotonic."""
        first = glance(packet.payload)
        if first is None:
            return []
        if first.method == b"REGISTER":
            self._learn(first, packet)
        when = When(at, now)
        if self._matters(first, when):
            self._take(packet, when)
        return self._out.take()

    def next_due(self) -> float | None:
        """Return when something is to be told if nothing comes until then (monotonic)."""
        dues = [due for due in (self._calls.next_due(), self._registrations.next_due()) if due is not None]
        return min(dues, default=None)

    def due(self, at: float, now: float) -> list[Event]:
        """Return what the mere passing of time means."""
        when = When(at, now)
        self._calls.due(when)
        self._registrations.due(when)
        return self._out.take()

    def snapshot(self, at: float) -> list[Event]:
        """Return all that is known now."""
        facts, held = self._calls.facts()
        states = self._endpoints.states
        self._out.put(
            Snapshot,
            at,
            taken_at=at,
            legs=facts,
            endpoints=tuple(
                EndpointFacts(endpoint=one.endpoint, state=states[one.endpoint], name=one.name)
                for one in self.watch.endpoints.values()
            ),
            complete_endpoints=True,
            work="endpoints",
        )
        for leg in held:
            self._out.put(LegHeld, at, leg=leg)
        return self._out.take()

    def forget(self) -> None:
        """Nothing was captured for a while: what goes on is not known any more. Who is registered where still helps."""
        self._calls.forget()
        self._endpoints.forget()
        self._registrations.forget()
        self._duplicates.clear()
        self._asked.clear()

    # --- one message -----------------------------------------------------------------------------------

    def _matters(self, first: Glance, when: When) -> bool:
        """Whether a message may concern anybody who is watched. False is certain."""
        if first.method and first.method not in FOLLOWED:
            if first.call_id:
                self._calls.heard(first.call_id.decode(errors="replace"), when)
            return False
        if not first.method or not first.call_id:
            return True
        if self._calls.knows(first.call_id.decode(errors="replace")):
            return True
        found = tokens(first.head)
        known = not found.isdisjoint(self.watch.tokens) or not found.isdisjoint(self._registrations.tokens)
        return known or any(b"%" in token or not token.isascii() for token in found)

    def _learn(self, first: Glance, packet: Packet) -> None:
        """Note who asks to be registered, and by whom that is answered."""
        if not first.status:
            self.servers.asked(first.call_id, packet.source, packet.destination)
        elif first.status in _REGISTERED:
            self.servers.answered(first.call_id, packet.source, packet.destination)

    def _take(self, packet: Packet, when: When) -> None:
        try:
            message = parse(packet.payload, lenient=True)
        except BadMessage:
            self._skipped("bad_sip")
            return
        hop = self._hop(packet, message)
        if message.cseq_method == "REGISTER" and isinstance(message, Request):
            self._asked.seen(_registering(message, hop), when.now)
            return
        key = (
            hop.branch,
            message.cseq_method,
            message.status if isinstance(message, Response) else message.method,
            message.to.tag,
            message.call_id,
        )
        if self._duplicates.seen(key, when.now):
            return
        if message.cseq_method == "REGISTER":
            if (
                isinstance(message, Response)
                and message.status == 200
                and hop.to_server
                and self._asked.knows(_registering(message, hop))
            ):
                self._registered(message, hop, when)
            return
        self._calls.see(message, hop, when)

    def _registered(self, message: Response, hop: Hop, when: When) -> None:
        endpoint = self._parties.registered(message)
        if endpoint is not None:
            self._registrations.accepted(endpoint, message, hop, when)

    def _hop(self, packet: Packet, message: Request | Response) -> Hop:
        """Return the hop as the request goes."""
        sender, receiver = packet.source, packet.destination
        if isinstance(message, Response):
            sender, receiver = receiver, sender
        vias = message.via
        lowest = vias[-1] if vias else None
        received = lowest.parameters.get("received") if lowest is not None else None
        return Hop(
            sender=sender,
            receiver=receiver,
            from_server=self.servers.knows(sender),
            to_server=self.servers.knows(receiver),
            branch=_branch(vias[0].branch if vias else None, sender, receiver, message.cseq),
            origin=tuple(host for host in (lowest and lowest.host, received) if host),
        )


def _registering(message: Request | Response, hop: Hop) -> Hashable:
    """Return what a REGISTER and its answer have in common, and nobody else's: the hop and the transaction."""
    return hop.sender, hop.receiver, hop.branch, message.call_id, message.cseq


def _branch(branch: str | None, sender: Address, receiver: Address, cseq: int) -> str:
    """Return what names the transaction on its hop: the branch, or where that is of the old kind the hop and CSeq."""
    if branch is not None and branch.startswith("z9hG4bK"):
        return branch
    return f"{sender.host.hex()}:{sender.port}>{receiver.host.hex()}:{receiver.port} {cseq}"
