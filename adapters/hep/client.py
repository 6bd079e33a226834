"""The running adapter: listens, passes on what the capture makes of the packets that come."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Final

from adapters.common.backoff import Backoff, Pace
from adapters.contract import Finding, Host
from adapters.hep.capture import Capture, Gate
from adapters.hep.check import LISTEN_SECONDS, check_source
from adapters.hep.errors import CannotListen
from adapters.hep.listener import Listener
from adapters.hep.servers import Servers
from adapters.hep.settings import HepSettings, KeySource
from adapters.hep.translate import Translator
from monitor.events import Event, SourceLost

BATCH: Final = 200
"""Packets after which others get their turn."""
TURN: Final = 0.01
"""Seconds after which they get it, however few packets that were."""
SWEEP: Final = 1.0
"""Seconds between two looks at connections that stall."""
RETRIES: Final = Pace()
"""When to listen again where that was refused."""


class HepAdapter:
    """Captured SIP as a source (:class:`adapters.contract.Adapter`)."""

    def __init__(
        self, settings: HepSettings, key: KeySource, *, check_seconds: float = LISTEN_SECONDS
    ) -> None:
        self.source = settings.id
        self.port: int | None = None
        """Where we listen, once we do."""
        self._settings = settings
        self._key = key
        self._check_seconds = check_seconds
        self._wanted = False
        self._listener: Listener | None = None

    async def run(self, host: Host) -> None:
        """Listen and emit events for ever; ends only by cancellation."""
        settings = self._settings
        translator = Translator(
            self.source,
            [one.watched() for one in settings.watch],
            Servers(settings.server_places()),
            host.next_id,
            host.count_skipped,
            silence=settings.silence,
        )
        capture = Capture(
            self.source,
            translator,
            Gate(settings.networks()),
            self._key,
            next_id=host.next_id,
            log=host.log,
            skipped=host.count_skipped,
            silent_after=settings.silent_after,
        )
        listener = await self._listen(host, capture)
        self._listener, self.port = listener, listener.port
        try:
            host.emit(capture.listening(listener.where, host.now()))
            while True:
                await self._turn(host, capture, listener)
        finally:
            self._listener = self.port = None
            listener.close()

    def request_snapshot(self) -> None:
        """Ask for a snapshot of all that is known."""
        self._wanted = True
        if self._listener is not None:
            self._listener.news.set()

    def check(self, host: Host) -> AsyncIterator[Finding]:
        """Listen for a while and report what comes and what is missing."""
        return check_source(self._settings, self._key, host, seconds=self._check_seconds)

    async def _listen(self, host: Host, capture: Capture) -> Listener:
        """Return the open listener; try again for as long as the address is not to be had."""
        backoff = Backoff(RETRIES, random.Random(), refusals=())  # noqa: S311 - jitter, no secret
        said = ""
        while True:
            listener = Listener(self._settings, host, admits=capture.admits, broken=capture.broken)
            try:
                await listener.open()
            except CannotListen as error:
                if error.reason != said:
                    said = error.reason
                    host.log("error", "source_lost", reason=error.reason, remedy=error.remedy)
                    lost = SourceLost(
                        source=self.source, at=host.now(), id=host.next_id(), reason=error.reason
                    )
                    host.emit([lost])
                await asyncio.sleep(backoff.after(error, good_seconds=0.0))
            else:
                return listener

    async def _turn(self, host: Host, capture: Capture, listener: Listener) -> None:
        """Wait until something comes or is due; pass on what it means."""
        await _news(listener, capture.next_due(), host)
        events: list[Event] = []
        until = host.monotonic() + TURN
        for _ in range(BATCH):
            for one in listener.take(1):
                events += capture.receive(one.data, one.sender, one.at, one.now)
            if listener.next() is None or host.monotonic() >= until:
                break
        waiting = listener.next()
        if waiting is None:
            events += capture.tick(host.now(), host.monotonic())
        else:  # it came before whatever is due later than it
            events += capture.tick(waiting.at, waiting.now)
        if self._wanted:
            self._wanted = False
            events += capture.snapshot(host.now())
        listener.sweep()
        if events:
            host.emit(events)
        await host.drained()
        await asyncio.sleep(0)


async def _news(listener: Listener, due: float | None, host: Host) -> None:
    """Return when something came, or is due, or connections are to be looked at."""
    if listener.news.is_set():
        return
    patience = None if due is None else max(due - host.monotonic(), 0.0)
    if listener.connections:
        patience = SWEEP if patience is None else min(patience, SWEEP)
    try:
        async with asyncio.timeout(patience):
            await listener.news.wait()
    except TimeoutError:
        return
