"""TCP and TLS connections: framed, bounded in number, in what they may send, and in how slowly."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from adapters.sip.connect import READ_LIMIT
from adapters.sip.peer import Peer
from adapters.sip_messages.errors import StreamBroken
from adapters.sip_messages.framing import Framer
from adapters.sip_messages.limits import LINE_LIMIT

MESSAGE_SECONDS = 10.0
"""A message that has begun must end within this time, however many bytes trickle in."""
WRITE_LIMIT = 1_048_576
"""Bytes that a peer may leave unread."""

Take: TypeAlias = "Callable[[bytes, Peer], Awaitable[None]]"


class Stream:
    """One connection, until it ends."""

    def __init__(
        self,
        peer: Peer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.peer = peer
        self.used_at = 0.0
        self.speaks: bool | None = None
        """Whether what comes is SIP; None: nothing came yet."""
        self._reader = reader
        self._writer = writer
        self._framer = Framer()
        self._first = b""

    @property
    def local(self) -> tuple[str, int]:
        """Our end's address and port."""
        name = self._writer.get_extra_info("sockname")
        return str(name[0]), int(name[1])

    def send(self, data: bytes) -> bool:
        """Send; return False if the peer has not read for so long that the connection is given up."""
        if self._writer.is_closing():
            return False
        try:
            self._writer.write(data)
            waiting = self._writer.transport.get_write_buffer_size()
        except (OSError, RuntimeError):  # uvloop's word for a connection that has just ended
            return False
        if waiting > WRITE_LIMIT:
            self._writer.transport.abort()
            return False
        return True

    def cut(self) -> None:
        """Close at once, without waiting for a peer that may be gone."""
        self._writer.transport.abort()

    async def closed(self) -> None:
        """Return when the connection is closed."""
        try:
            await self._writer.wait_closed()
        except (OSError, ssl.SSLError):
            return

    async def read(self, take: Take, pinged: Callable[[Peer], None]) -> str:
        """Pass on each message until the connection ends; return why it did (a sentence without a full stop)."""
        loop = asyncio.get_running_loop()
        until: float | None = None
        while True:
            try:
                async with asyncio.timeout_at(until):
                    data = await self._reader.read(READ_LIMIT)
            except TimeoutError:
                return "a message did not end"
            except (OSError, ssl.SSLError) as error:
                return f"the connection broke ({getattr(error, 'strerror', None) or error})"
            if not data:
                return "the server closed the connection"
            self.used_at = loop.time()
            if not self._is_sip(data):
                return "what answers there does not speak SIP"
            try:
                messages = self._framer.receive(data)
            except StreamBroken as error:
                return f"what is sent can't be followed: {error.why}"
            self._pong(pinged)
            if not self._framer.waiting:
                until = None
            elif messages or until is None:
                until = loop.time() + MESSAGE_SECONDS
            for message in messages:
                await take(message, self.peer)

    def _is_sip(self, data: bytes) -> bool:
        """Look at the first line that comes, once it is whole; what else there is to be wrong is found later."""
        if self.speaks is None:
            self._first = (self._first + data).lstrip(b"\r\n")
            line, end, _ = self._first.partition(b"\n")
            if end or len(line) > LINE_LIMIT:
                self.speaks = b"SIP/" in line
                self._first = b""
        return self.speaks is not False

    def _pong(self, pinged: Callable[[Peer], None]) -> None:
        """Answer keep-alives (RFC 5626 §3.5.1)."""
        if self._framer.pings:
            self._framer.pings = 0
            self.send(b"\r\n")
            pinged(self.peer)
