"""What came and waits to be worked on: bounded, so that a flood costs datagrams and not memory."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from adapters.sip.errors import ServerLost
from adapters.sip.outputs import Count
from adapters.sip.peer import Peer

INBOX_LIMIT = 2_048
"""Messages that wait to be worked on: further datagrams are dropped, streams are not read on."""
INBOX_BYTES = 8 * 1_048_576
STRANGERS_LIMIT = 8
"""Addresses of strangers that are told apart at a time."""


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
        self._strangers: Counter[str] = Counter()
        self.news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._messages)

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

    def stranger(self, host: str) -> None:
        """Something came from an address that is not heard."""
        known = host in self._strangers or len(self._strangers) < STRANGERS_LIMIT
        self._strangers[host if known else ""] += 1
        self.news.set()

    def take_counts(self) -> list[Count]:
        """Return what was not taken since the last call."""
        counts = [Count("stranger", number, host or None) for host, number in self._strangers.items()]
        if self.dropped:
            counts.append(Count("overflow", self.dropped))
        self.dropped = 0
        self._strangers.clear()
        return counts

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
