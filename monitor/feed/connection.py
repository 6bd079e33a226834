"""A WebSocket connection within limits: counted from its first byte, and cut when it sends frames without end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from monitor.feed.pace import MessageBudget
from monitor.listening import Door

HANDSHAKE_SECONDS = 10.0
"""Within which a connection must have become a client."""
FRAMES = 200.0
"""That a client may send at once: its messages, and the library's pings and pongs, of which nobody needs many."""
FRAMES_PER_SECOND = 10.0
PIECE = 4 * 1024
"""Bytes that are looked at together: some hundreds of the smallest frames, a few milliseconds."""


class Connection(ServerConnection):
    """The library's connection; ``door`` bounds it, ``flooded`` is called when it is cut for what it sent.

    Without this, pings are answered as fast as they come, which takes all the time there is, and all the memory if the
    answers aren't read.
    """

    def __init__(self, *args: Any, door: Door, flooded: Callable[[], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = door
        self._flooded = flooded
        self._budget = MessageBudget(self.loop.time(), burst=FRAMES, per_second=FRAMES_PER_SECOND)
        self._cut = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place."""
        self._door.enter(cast(asyncio.Transport, transport), HANDSHAKE_SECONDS)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._door.leave(self.transport)
        super().connection_lost(exc)

    def admit(self) -> None:
        """It is a client now: it keeps its place."""
        self._door.serve(self.transport)

    def data_received(self, data: bytes) -> None:
        """Take it in pieces, so that one read full of tiny frames stalls nobody."""
        for start in range(0, len(data), PIECE):
            if self._cut:
                return
            super().data_received(data[start : start + PIECE])

    def process_event(self, event: Any) -> None:
        """Count frames; the request before them comes once."""
        if not isinstance(event, Request) and not self._budget.spend(self.loop.time()):
            if not self._cut:
                self._cut = True
                self._flooded()
                self.transport.abort()
            return
        super().process_event(event)
