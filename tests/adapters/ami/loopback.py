"""A scripted PBX on a real loopback socket, and the service's side of an adapter."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

from monitor.events import Event, EventIds, Snapshot, SourceConnected, SourceLost
from tests.adapters.ami.script import BANNER, ScriptedPbx

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PATIENCE = 20.0
"""Seconds after which a condition that does not come true fails the test."""


class LoopbackPbx:
    """Listens; each connection behaves by the next of ``behaviours``, and like an Asterisk when there are none left."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script = ScriptedPbx()
        self.behaviours: list[Behaviour] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def listen(self) -> None:
        """Listen, after :meth:`stop` on the same port again."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def say(self, data: bytes) -> None:
        """Say something on the newest connection."""
        self.writers[-1].write(data)

    def cut(self) -> None:
        """Break the newest connection."""
        self.writers[-1].transport.abort()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Behave like an Asterisk."""
        writer.write(BANNER)
        pending = b""
        while data := await reader.read(65_536):
            actions, end, pending = (pending + data).rpartition(b"\r\n\r\n")
            if not end:
                continue
            self.script.clock = time.time()
            answer = self.script.answer(actions + end)
            writer.write(answer)
            if b"Authentication failed" in answer:
                return

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        self.writers.append(writer)
        behave = self.behaviours.pop(0) if self.behaviours else self.converse
        try:
            await behave(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()


async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """A peer that accepts and is never heard again."""
    while await reader.read(65_536):
        pass


class RecordingHost:
    """Keeps what an adapter tells (:class:`adapters.contract.Host`)."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.batches: list[Sequence[Event]] = []
        self.logs: list[tuple[str, str, dict[str, Any]]] = []
        self.skipped: Counter[str] = Counter()
        self.next_id = EventIds(1)
        self.room = asyncio.Event()
        self.room.set()
        self._news = asyncio.Event()

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def emit(self, events: Sequence[Event]) -> None:
        self.batches.append(tuple(events))
        self.events += events
        self._news.set()

    async def drained(self) -> None:
        await self.room.wait()

    def log(self, level: str, event: str, **fields: Any) -> None:
        self.logs.append((level, event, fields))
        self._news.set()

    def count_skipped(self, kind: str) -> None:
        self.skipped[kind] += 1
        self._news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Return when the condition holds; it is looked at whenever the adapter told something."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    async def synchronised(self, times: int = 1) -> None:
        """Return when the adapter has brought a snapshot after having connected so many times."""

        def is_so() -> bool:
            if self.count(SourceConnected) < times:
                return False
            last = max(n for n, event in enumerate(self.events) if isinstance(event, SourceConnected))
            return any(isinstance(event, Snapshot) for event in self.events[last:])

        await self.until(is_so)

    async def lost(self, times: int = 1) -> SourceLost:
        """Return the newest loss when there have been so many."""
        await self.until(lambda: self.count(SourceLost) >= times)
        return next(event for event in reversed(self.events) if isinstance(event, SourceLost))

    def said(self, event: str) -> list[dict[str, Any]]:
        """The fields of every log line of this name."""
        return [fields for _, name, fields in self.logs if name == event]
