"""The running adapter: connects, hands over what the translator makes of the lines, connects again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from adapters.contract import Finding, Host
from monitor.events import Snapshot, SourceLost
from toypbx.translate import Translator

LINE_LIMIT: Final = 262_144
"""Bytes of a line, enough for thousands of phones. A longer one ends the link: no peer fills our memory."""
CONNECT_SECONDS: Final = 3.0
SILENCE_SECONDS: Final = 4.0
"""Nothing heard for this long: the link is lost. The wallboard has 5 s to say so."""
LIST_SECONDS: Final = 10.0
"""A toy that lives but never sends its list is of no use."""
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0


class LinkLost(Exception):
    """There is no link, or no longer. The text is a sentence for people: the wallboard shows it."""


class ToyAdapter:
    """A toy PBX as a source (:class:`adapters.contract.Adapter`)."""

    def __init__(self, source: str, host: str, port: int) -> None:
        self.source = source
        self._host, self._port = host, port
        self._where = f"{host}:{port}"
        self._writer: asyncio.StreamWriter | None = None
        self._asked = False

    async def run(self, host: Host) -> None:
        """Connect, emit events, reconnect for ever; ends only by cancellation."""
        wait, told = FIRST_WAIT, ""
        while True:
            translator = Translator(self.source, host.next_id, host.count_skipped)
            reason = await self._live(host, translator)
            if translator.synchronised:
                wait, told = FIRST_WAIT, ""
            if reason != told:  # a change of fact is told once, not with every try
                host.log("warning", "source_lost", reason=reason)
                host.emit([SourceLost(source=self.source, at=host.now(), id=host.next_id(), reason=reason)])
                told = reason
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            wait = min(wait * 2, LONGEST_WAIT)

    def request_snapshot(self) -> None:
        """Ask for the list, unless it is on its way; without a link the next one begins with it."""
        if self._writer is not None and not self._asked:
            self._asked = True
            self._writer.write(b'{"ask": "phones"}\n')

    async def check(self, host: Host) -> AsyncIterator[Finding]:
        """Connect once and report what works and what is missing."""
        translator = Translator(self.source, host.next_id, host.count_skipped)
        why = f"{self._where} sent no list of its phones within {LIST_SECONDS:.0f} s"
        try:
            async with asyncio.timeout(LIST_SECONDS), aclosing(self._lines()) as lines:
                async for line in lines:
                    translator.translate(line, host.now())
                    if translator.synchronised:
                        break
        except TimeoutError:
            pass
        except LinkLost as lost:
            why = str(lost)
        if translator.synchronised:
            yield Finding(level="ok", subject="connection", message=f"{self._where} lists its phones")
        else:
            remedy = "see that the toy PBX runs, and that `host` and `port` are right"
            yield Finding(level="error", subject="connection", message=why, remedy=remedy)

    async def _live(self, host: Host, translator: Translator) -> str:
        """Live through one connection; return why it is over, as a sentence for people."""
        deadline = host.monotonic() + LIST_SECONDS
        try:
            async with aclosing(self._lines()) as lines:
                async for line in lines:
                    events = translator.translate(line, host.now())
                    if any(isinstance(event, Snapshot) for event in events):
                        self._asked = False
                    if not translator.synchronised and host.monotonic() > deadline:
                        return f"{self._where} sent no list of its phones within {LIST_SECONDS:.0f} s"
                    host.emit(events)
                    await host.drained()  # a slow log slows us, and so the toy
        except LinkLost as lost:
            return str(lost)
        return f"{self._where} closed the connection"

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        """Connect, ask for the list and yield lines until the toy closes the link. Raises :class:`LinkLost`."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=LINE_LIMIT)
        except TimeoutError as error:
            raise LinkLost(f"{self._where} did not answer within {CONNECT_SECONDS:.0f} s") from error
        except OSError as error:
            raise LinkLost(f"{self._where} can't be reached: {error.strerror or error}") from error
        self._writer, self._asked = writer, False
        try:
            self.request_snapshot()
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    line = await reader.readline()
                if not line:
                    return
                yield line
        except TimeoutError as error:
            raise LinkLost(f"nothing heard from {self._where} for {SILENCE_SECONDS:.0f} s") from error
        except ValueError as error:  # by which `readline` tells a line beyond the limit
            raise LinkLost(f"{self._where} sent a line of more than {LINE_LIMIT} bytes") from error
        except OSError as error:
            raise LinkLost(f"the connection to {self._where} broke: {error.strerror or error}") from error
        finally:
            self._writer = None
            writer.transport.abort()
