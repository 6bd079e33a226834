"""What came and waits to be worked on: bounded, so that a flood costs datagrams and not memory."""

from __future__ import annotations

import asyncio
from collections import deque

from adapters.sip.errors import ServerLost
from adapters.sip.peer import Peer

INBOX_LIMIT = 2_048
"""Messages that wait to be worked on: further datagrams are dropped, streams are not read on."""
INBOX_BYTES = 8 * 1_048_576


class Inbox:
    """Messages that came and wait to be worked on."""

    def __init__(self) -> None:
        self._messages: deque[tuple[bytes, Peer]] = deque()
        self._bytes = 0
        self.alive = False
        """The server gave a sign of life below SIP."""
        self.ended: ServerLost | None = None
        """The connection to the server is over."""
        self.dropped = 0
        self.strangers = 0
        self.news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def full(self) -> bool:
        """Whether no more is taken."""
        return len(self._messages) >= INBOX_LIMIT or self._bytes >= INBOX_BYTES

    def put(self, data: bytes, peer: Peer) -> None:
        """Take a message."""
        self._messages.append((data, peer))
        self._bytes += len(data)
        if self.full:
            self._room.clear()
        self.news.set()

    def take(self, at_most: int = INBOX_LIMIT) -> list[tuple[bytes, Peer]]:
        """Return what came first."""
        messages = [self._messages.popleft() for _ in range(min(at_most, len(self._messages)))]
        self._bytes -= sum(len(data) for data, _ in messages)
        self._room.set()
        if not self._messages:
            self.news.clear()
        return messages

    async def room(self) -> None:
        """Return when there is room."""
        await self._room.wait()
