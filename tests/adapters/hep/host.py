"""The service's side of an adapter, and a capture agent that sends to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from adapters.hep import factory
from adapters.hep.client import HepAdapter
from adapters.hep.packets import encode
from monitor.events import Event, EventIds
from tests.adapters.hep.ladder import DOMAIN, Step

PATIENCE = 20.0
"""Seconds after which a condition that does not come true fails the test."""
OPTIONS = {
    "id": "hep1",
    "adapter": "hep",
    "listen": "127.0.0.1:0",
    "watch": [f"sip:101@{DOMAIN}", f"sip:102@{DOMAIN}"],
}


class RecordingHost:
    """Keeps what an adapter tells (:class:`adapters.contract.Host`)."""

    def __init__(self) -> None:
        self.events: list[Event] = []
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

    def said(self, event: str) -> list[dict[str, Any]]:
        """The fields of every log line of this name."""
        return [fields for _, name, fields in self.logs if name == event]


@contextlib.asynccontextmanager
async def running(**options: Any) -> AsyncIterator[tuple[HepAdapter, RecordingHost]]:
    """An adapter that listens."""
    adapter, host = factory(OPTIONS | options, Path()), RecordingHost()
    task = asyncio.create_task(adapter.run(host))
    try:
        await host.until(lambda: bool(host.said("source_listening")))
        yield adapter, host
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Agent:
    """A capture agent on a datagram socket."""

    def __init__(self, port: int | None, host: str = "127.0.0.1") -> None:
        assert port
        self.place = (host, port)
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, *steps: Step, **fields: Any) -> None:
        """Send messages, captured just now."""
        for step in steps:
            self.raw(hep(step, **fields))

    def raw(self, data: bytes) -> None:
        self._socket.sendto(data, self.place)


def hep(step: Step, **fields: Any) -> bytes:
    """A message as a packet, captured just now."""
    return encode(msgspec.structs.replace(step.packet(time.time()), **fields))
