"""The running adapter: connects, passes on what the translator makes of the session's outputs, connects again."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal, Protocol

import msgspec

from adapters.ami.check import check_source
from adapters.ami.connect import close_connection, open_connection
from adapters.ami.errors import ConnectionLost, LoginRefused, NotAmi
from adapters.ami.link import Link
from adapters.ami.lists import SnapshotLists
from adapters.ami.login import Login
from adapters.ami.memory import PbxMemory
from adapters.ami.message import Message
from adapters.ami.outputs import Booting, EventMessage, LoggedIn, Lost, Output, Refused
from adapters.ami.protocol import Sieve
from adapters.ami.session import AmiSession
from adapters.ami.settings import AmiSettings
from adapters.ami.timeouts import Timeouts
from adapters.common.backoff import Backoff, Pace
from adapters.common.places import hostport
from adapters.contract import Finding, Host
from monitor.events import Event, SourceConnected, SourceLost

REFUSALS = (LoginRefused, NotAmi)
"""After these, each try is a line in the PBX's security log."""


class Translating(Protocol):
    """What the client needs of a translator (:class:`adapters.ami.translate.Translator`)."""

    offset: float
    """Seconds to add to the PBX's clock to get ours: kept up to date by the client."""

    def translate(self, message: Message, at: float) -> list[Event]:
        """Return what an event means."""

    def snapshot(self, lists: SnapshotLists, taken_at: float, at: float, reconciliation: bool) -> list[Event]:  # noqa: FBT001 - as agreed
        """Return what the lists mean; a Snapshot comes last."""

    def next_due(self) -> float | None:
        """Return when (our clock) something is to be told if nothing comes until then."""

    def due(self, at: float) -> list[Event]:
        """Return what the mere passing of time means."""

    def lost(self) -> None:
        """Forget what may have ended unseen."""


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """How messages become domain events."""

    interesting: frozenset[bytes]
    """Names of the events that are translated."""
    sieve: Sieve = {}
    """Which of them can be told to mean nothing by a look at their bytes."""
    make: Callable[[str, Host], Translating]
    """Makes the translator of a source."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where the PBX is and how to get in."""

    settings: AmiSettings
    secret: Callable[[], str]
    tls: ssl.SSLContext | None = None

    def login(self) -> Login:
        """Return the login, with the secret as it is now."""
        settings = self.settings
        return Login(
            username=settings.username,
            secret=self.secret(),
            auth=settings.auth,
            event_classes=settings.event_classes,
        )

    def __repr__(self) -> str:
        """Return the place alone."""
        return f"Endpoint({hostport(self.settings.host, self.settings.port)})"


class AmiAdapter:
    """An Asterisk as a source (:class:`adapters.contract.Adapter`)."""

    def __init__(
        self,
        endpoint: Endpoint,
        translation: Translation,
        *,
        timeouts: Timeouts | None = None,
        pace: Pace | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.source = endpoint.settings.id
        self._endpoint = endpoint
        self._translation = translation
        self._timeouts = timeouts or endpoint.settings.timeouts()
        self._pace = pace or Pace()
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self._link: Link | None = None

    async def run(self, host: Host) -> None:
        """Connect, emit events, reconnect for ever; ends only by cancellation."""
        backoff = Backoff(self._pace, self._rng, REFUSALS)
        teller = _Teller(self.source, host)
        translator = self._translation.make(self.source, host)
        memory = PbxMemory()
        while True:
            lost = await self._connection(host, teller, translator, memory)
            translator.lost()
            teller.lost(lost)
            await asyncio.sleep(backoff.after(lost.error, teller.good_seconds()))

    def request_snapshot(self) -> None:
        """Ask for fresh lists soon; without a connection the next one brings them anyway."""
        if self._link is not None:
            self._link.request_snapshot()

    def check(self, host: Host) -> AsyncIterator[Finding]:
        """Connect once and report what works and what is missing."""
        endpoint = self._endpoint
        return check_source(
            endpoint.settings,
            endpoint.login(),
            endpoint.tls,
            host,
            interesting=self._translation.interesting,
            timeouts=self._timeouts,
        )

    async def _connection(
        self, host: Host, teller: _Teller, translator: Translating, memory: PbxMemory
    ) -> Lost:
        """Live through one connection; return how it ended."""
        settings = self._endpoint.settings
        try:
            reader, writer = await open_connection(
                settings.host, settings.port, self._endpoint.tls, self._timeouts.connect
            )
        except ConnectionLost as error:
            return Lost(error=error, heard_at=None)
        try:
            session = AmiSession(
                self._endpoint.login(),
                self._translation.interesting,
                action_prefix=secrets.token_hex(6),
                memory=memory,
                timeouts=self._timeouts,
                sieve=self._translation.sieve,
            )
            link = Link(session, reader, writer, host)
            self._link = link
            conversation = _Conversation(host, teller, translator)
            while True:
                outputs = await link.turn(conversation.patience())
                translator.offset = session.offset
                lost = conversation.take(outputs)
                teller.skipped(session)
                if lost is not None:
                    return lost
                await host.drained()
        finally:
            self._link = None
            await close_connection(writer)


class _Conversation:
    """Makes domain events of one connection's outputs, all of one read in one batch."""

    def __init__(self, host: Host, teller: _Teller, translator: Translating) -> None:
        self._host = host
        self._teller = teller
        self._translator = translator
        self._lost: Lost | None = None

    def patience(self) -> float | None:
        """Return the seconds after which :meth:`take` is to be called even if nothing came."""
        due = self._translator.next_due()
        return None if due is None else max(due - self._host.now(), 0.0)

    def take(self, outputs: Sequence[Output]) -> Lost | None:
        """Emit what the outputs and the passing of time mean; return the output that ends the connection."""
        events: list[Event] = []
        translate = self._translator.translate
        for output in outputs:
            if type(output) is EventMessage:
                try:
                    events += translate(output.message, output.at)
                except Exception as error:  # noqa: BLE001 - one message, however odd, must not cost the connection
                    self._teller.untranslatable(output.message, error)
            elif isinstance(output, SnapshotLists):
                events += self._snapshot(output)
            elif isinstance(output, LoggedIn):
                events.append(self._teller.connected(output))
            elif isinstance(output, Lost):
                self._lost = output
            elif isinstance(output, Booting | Refused):
                self._teller.told(output)
        due = self._translator.next_due()
        if due is not None and due <= self._host.now():
            events += self._translator.due(self._host.now())
        if events:
            self._host.emit(events)
        return self._lost

    def _snapshot(self, lists: SnapshotLists) -> list[Event]:
        events = self._translator.snapshot(lists, lists.taken_at, self._host.now(), lists.reconciliation)
        self._teller.synchronised(lists)
        return events


class _Teller:
    """Says each change of fact once: to people by the log, to the engine by SourceConnected and SourceLost."""

    def __init__(self, source: str, host: Host) -> None:
        self._source = source
        self._host = host
        self._said: dict[str, Any] = {}
        self._is_lost = False
        self._synchronised_at: float | None = None
        self._good = 0.0

    def good_seconds(self) -> float:
        """Return for how long the last connection was synchronised."""
        return self._good

    def connected(self, output: LoggedIn) -> SourceConnected:
        """The PBX let us in."""
        host = self._host
        self._is_lost = False
        self._said.clear()
        host.log("info", "source_connected", version=output.version, greeting=output.banner)
        return SourceConnected(
            source=self._source,
            at=host.now(),
            id=host.next_id(),
            version=output.version,
            detail=output.banner,
        )

    def synchronised(self, lists: SnapshotLists) -> None:
        """A snapshot came."""
        if self._synchronised_at is None:
            self._synchronised_at = self._host.monotonic()
        if not lists.reconciliation:
            self._host.log(
                "info",
                "source_synchronised",
                restarted=lists.restarted,
                clock_offset_seconds=round(lists.offset, 3),
                missing=[
                    name
                    for name in ("queues", "channels", "devices", "hints", "config")
                    if getattr(lists, name) is None
                ],
            )

    def lost(self, lost: Lost) -> None:
        """The connection, or the attempt to make one, is over."""
        host = self._host
        error = lost.error
        began, self._synchronised_at = self._synchronised_at, None
        self._good = host.monotonic() - began if began is not None else 0.0
        now = host.now()
        self._say("warning", "source_lost", reason=error.reason, remedy=error.remedy)
        if not self._is_lost:
            self._is_lost = True
            at = now if lost.heard_at is None else min(lost.heard_at, now)
            host.emit([SourceLost(source=self._source, at=at, id=host.next_id(), reason=error.reason)])

    def told(self, output: Booting | Refused) -> None:
        """Something that somebody may want to change."""
        if isinstance(output, Booting):
            self._say("info", "source_starting", known=output.known)
        else:
            self._say("info", f"refused_{output.action}", action=output.action, answer=output.answer)

    def skipped(self, session: AmiSession) -> None:
        """Count what was malformed; say each kind once a connection."""
        for kind, number in session.take_skipped().items():
            for _ in range(number):
                self._host.count_skipped(kind)
            self._say("warning", f"skipped_{kind}", kind=kind)

    def untranslatable(self, message: Message, error: Exception) -> None:
        """A defect of ours, or a message that nobody foresaw."""
        self._host.count_skipped("untranslatable")
        self._say("error", f"untranslatable_{message.name}", event_name=message.name, error=repr(error))

    def _say(self, level: Literal["info", "warning", "error"], event: str, **fields: Any) -> None:
        if self._said.get(event) != fields:
            self._said[event] = fields
            self._host.log(level, event, **fields)
