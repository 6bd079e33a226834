"""The running adapter: finds the server, passes on what the translator makes of the session's outputs, finds it again."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from adapters.common.backoff import Backoff, Pace
from adapters.common.places import hostport
from adapters.contract import Finding, Host
from adapters.sip.check import check_source
from adapters.sip.errors import CredentialsRefused, EverythingRefused, ServerLost, Unreachable
from adapters.sip.link import Link
from adapters.sip.network import Sockets
from adapters.sip.outputs import Count, Defect, Lost, Outcome, Output, Reported, Synchronised, Unknown, Up
from adapters.sip.plan import Plan, plan_of
from adapters.sip.session import SipSession
from adapters.sip.settings import SipSettings
from adapters.sip.teller import Teller
from adapters.sip.timeouts import Timeouts
from adapters.sip.translate import Translator, Watched
from monitor.events import Event

PACE = Pace(refused_most=120.0)
REFUSALS = (CredentialsRefused, EverythingRefused)
SPACING = 1.0
"""Seconds between two snapshots that are asked for, however urgent."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server is, who we are to it, and who is somebody to us."""

    settings: SipSettings
    secret: Callable[[], str]
    push_secret: Callable[[], str]
    client_tls: ssl.SSLContext | None = None
    listener_tls: ssl.SSLContext | None = None

    def plan(self, timeouts: Timeouts | None) -> Plan:
        """Return what is wanted, with the secrets as they are now."""
        return plan_of(self.settings, self.secret(), self.push_secret(), timeouts)

    def network(self, connect_seconds: float) -> Sockets:
        """Return the sockets, none of them open yet."""
        return Sockets(self.settings, self.client_tls, self.listener_tls, connect_seconds=connect_seconds)

    @property
    def place(self) -> str:
        """Where the server is, for people."""
        settings = self.settings
        return f"{hostport(settings.host, settings.port)} by {settings.transport.upper()}"

    def __repr__(self) -> str:
        """Return the place alone."""
        return f"Access({self.place})"


class SipAdapter:
    """A SIP server as a source (:class:`adapters.contract.Adapter`)."""

    def __init__(
        self,
        access: Access,
        *,
        timeouts: Timeouts | None = None,
        pace: Pace | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.source = access.settings.id
        self._access = access
        self._timeouts = timeouts
        self._connect = (timeouts or Timeouts()).connect
        jitter = rng or random.Random()  # noqa: S311 - no secret
        self._backoff = Backoff(pace or PACE, jitter, REFUSALS)
        self._link: Link | None = None
        self._wanted = False
        self._good_address: str | None = None

    async def run(self, host: Host) -> None:
        """Connect, emit events, reconnect for ever; ends only by cancellation."""
        settings = self._access.settings
        teller = Teller(self.source, self._access.place, host)
        watched = [Watched(endpoint.uri, endpoint.shown) for endpoint in settings.watch]
        translator = Translator(
            self.source,
            watched,
            host.next_id,
            host.count_skipped,
            reachability=settings.registration != "none",
        )
        network = self._access.network(self._connect)
        try:
            while True:
                lost = await self._round(network, host, teller, translator)
                teller.lost(lost)
                await asyncio.sleep(self._backoff.after(lost.error, teller.good_seconds()))
        finally:
            await network.close()

    def request_snapshot(self) -> None:
        """Ask for a fresh snapshot soon; without a server the next one brings it anyway."""
        self._wanted = True
        if self._link is not None:
            self._link.wake()

    def check(self, host: Host) -> AsyncIterator[Finding]:
        """Connect once and report what works and what is missing."""
        return check_source(
            self._access.settings,
            self._access.plan(self._timeouts),
            self._access.network(self._connect),
            host,
            token=_token,
        )

    async def _round(self, network: Sockets, host: Host, teller: Teller, translator: Translator) -> Lost:
        """Try the server's addresses until one of them was heard and lost; return how the last one ended."""
        try:
            await network.listen()
            addresses = await network.addresses()
        except ServerLost as error:
            return Lost(error=error, heard_at=None)
        if self._good_address in addresses:
            addresses.sort(key=lambda address: address != self._good_address)
        lost = Lost(error=Unreachable(f"{self._access.place}: it has no address"), heard_at=None)
        for address in addresses:
            conversation = _Conversation(host, teller, translator)
            lost = await self._life(network, address, addresses, conversation)
            if lost.heard_at is not None:
                self._good_address = address
                break
        return lost

    async def _life(
        self,
        network: Sockets,
        address: str,
        addresses: list[str],
        conversation: _Conversation,
    ) -> Lost:
        """Live through one life with the server; return how it ended."""
        try:
            way = await network.reach(address, addresses)
        except ServerLost as error:
            return Lost(error=error, heard_at=None)
        try:
            session = SipSession(self._access.plan(self._timeouts), way, _token)
            self._link = link = Link(session, network, conversation.host)
            while True:
                outputs = await link.turn(conversation.patience(wanted=self._wanted))
                lost = conversation.take(outputs)
                if lost is not None:
                    link.flush()
                    return lost
                self._wanted = conversation.snapshot(wanted=self._wanted)
                await conversation.host.drained()
        finally:
            self._link = None
            conversation.over()
            await network.leave()


class _Conversation:
    """Makes domain events of one life's outputs, all of one turn in one batch."""

    def __init__(self, host: Host, teller: Teller, translator: Translator) -> None:
        self.host = host
        self._teller = teller
        self._translator = translator
        self._shown_at: float | None = None
        """When the last snapshot went out; None: the first picture is not complete, so nothing is told yet."""

    def over(self) -> None:
        """The life is over: nothing of it is known any more."""
        self._translator.forget()

    def patience(self, *, wanted: bool) -> float | None:
        """Return the seconds after which :meth:`snapshot` is to be called even if nothing came."""
        if not wanted or self._shown_at is None:
            return None
        return max(self._shown_at + SPACING - self.host.monotonic(), 0.0)

    def take(self, outputs: Sequence[Output]) -> Lost | None:
        """Emit what the outputs mean; return the output that ends this life."""
        events: list[Event] = []
        lost = None
        for output in outputs:
            if isinstance(output, Reported | Unknown):
                events += self._translate(output)
            elif isinstance(output, Count):
                self._teller.count(output)
            elif isinstance(output, Defect):
                self._teller.untranslatable(output.what, output.error)
            elif isinstance(output, Outcome):
                self._teller.outcome(output)
            elif isinstance(output, Up):
                events.append(self._teller.up(output))
            elif isinstance(output, Synchronised):
                self._teller.synchronised(output)
                events += self._picture()
            elif isinstance(output, Lost):
                lost = output
        if events:
            self.host.emit(events)
        return lost

    def snapshot(self, *, wanted: bool) -> bool:
        """Emit a snapshot if one is wanted and may be had now; return whether it is still wanted."""
        if not wanted or self._shown_at is None:
            return False  # the first picture comes anyway
        if self.host.monotonic() - self._shown_at < SPACING:
            return True
        self.host.emit(self._picture())
        return False

    def _picture(self) -> list[Event]:
        self._shown_at = self.host.monotonic()
        return self._translator.snapshot(self.host.now())

    def _translate(self, output: Reported | Unknown) -> list[Event]:
        try:
            if isinstance(output, Unknown):
                events = self._translator.unknown(
                    output.endpoint, output.kind, output.at, origin=output.origin
                )
            else:
                events = self._translator.report(
                    output.endpoint, output.kind, output.report, output.at, origin=output.origin
                )
        except Exception as error:  # noqa: BLE001 - one document, however odd, must not cost the rest
            self._teller.untranslatable(output.kind, error)
            return []
        if self._shown_at is None:
            return []  # it is in the first picture
        if events and isinstance(output, Reported) and output.compared:
            self._teller.count(Count("missed_notify"))
        return events


def _token() -> str:
    """Return a random text for tags, branches, Call-IDs and nonces."""
    return secrets.token_hex(12)
