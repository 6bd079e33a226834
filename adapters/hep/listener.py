"""The sockets: one for datagrams and one for connections, at the same address. All that comes goes into one bounded queue."""

from __future__ import annotations

import asyncio
import errno
from collections import Counter, deque
from collections.abc import Callable
from typing import Final, cast

import msgspec

from adapters.common.places import hostport
from adapters.common.sockets import bound_datagram_socket
from adapters.contract import Host
from adapters.hep.errors import CannotListen, StreamBroken
from adapters.hep.framing import Framer
from adapters.hep.settings import HepSettings

QUEUE_PACKETS: Final = 20_000
QUEUE_BYTES: Final = 32 * 1_024 * 1_024
"""What may wait to be translated. Further datagrams are dropped and counted; connections are not read meanwhile."""
PACKET_OVERHEAD: Final = 200
"""Bytes that a packet takes beside its own: many small ones need more memory than they have bytes."""
CONNECTIONS_LIMIT: Final = 256
CONNECTIONS_PER_SENDER: Final = 32
STALLED: Final = 10.0
"""Seconds after which a connection must have sent a packet whole that it began; and its first one at all within six times
as many."""
RECEIVE_BUFFER: Final = 4 * 1_024 * 1_024
"""Bytes that the system is asked to hold of datagrams while we do something else."""
PORT_TRIES: Final = 8
"""For a port 0, which must be free for TCP and UDP alike."""

_REASONS: Final = {
    errno.EADDRINUSE: (
        "is in use",
        "stop what listens there (another instance of this service?), or choose another port",
    ),
    errno.EADDRNOTAVAIL: ("is no address of this machine", "correct `listen`"),
    errno.EACCES: ("may not be listened on", "choose a port from 1024 on"),
}


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """One datagram, or one packet of a stream, as it came."""

    data: bytes
    sender: str
    at: float
    """By our clock."""
    now: float
    """Monotonic."""


class Listener:
    """Takes packets until it is closed.

    ``admits`` judges a sender before anything of it is kept; ``broken`` is told of streams that can't be followed. Both are
    given the monotonic clock's time last.
    """

    def __init__(
        self,
        settings: HepSettings,
        host: Host,
        *,
        admits: Callable[[str, float], bool],
        broken: Callable[[str, str, float], None],
    ) -> None:
        address, port = settings.place()
        self.address = str(address)
        self.port = port
        self.admits = admits
        self.broken = broken
        self.host = host
        self.news = asyncio.Event()
        self.connections: dict[_Connection, str] = {}
        self.senders: Counter[str] = Counter()
        self._waiting: deque[Arrived] = deque()
        self._bytes = 0
        self._paused = False
        """Whether no connection is read: all are paused together, else each would bring one reading more than there is room."""
        self._datagrams: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    @property
    def where(self) -> str:
        """The address that is listened on, for people."""
        return hostport(self.address, self.port)

    @property
    def full(self) -> bool:
        """Whether no more can be kept."""
        return len(self._waiting) >= QUEUE_PACKETS or self._bytes >= QUEUE_BYTES

    async def open(self) -> None:
        """Listen. Raises :class:`CannotListen`."""
        told = self.port
        for tries_left in reversed(range(PORT_TRIES)):
            try:
                await self._open(told)
            except OSError as error:
                given = self._server is not None  # so it is UDP for which the port is not free
                self.close()
                if told == 0 and given and tries_left:
                    continue
                reason, remedy = _REASONS.get(
                    error.errno or 0, (error.strerror or str(error), "see the system's log")
                )
                raise CannotListen(f"{self.where} {reason}", remedy) from error
            except BaseException:
                self.close()
                raise
            return

    async def _open(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self.port, self._server = port, None
        self._server = await loop.create_server(lambda: _Connection(self), self.address, port)
        self.port = self._server.sockets[0].getsockname()[1]
        bound = bound_datagram_socket(
            self.address, self.port, receive_buffer=RECEIVE_BUFFER
        )  # not the loop's own: uvloop loses the errno
        try:
            self._datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=bound)
        except BaseException:
            bound.close()
            raise

    def close(self) -> None:
        """Stop listening; cut all connections."""
        if self._server is not None:
            self._server.close()
        if self._datagrams is not None:
            self._datagrams.abort()
        for connection in list(self.connections):
            connection.cut()

    def put(self, data: bytes, sender: str) -> None:
        """Keep what came."""
        self._waiting.append(Arrived(data, sender, self.host.now(), self.host.monotonic()))
        self._bytes += len(data) + PACKET_OVERHEAD
        self.news.set()
        if self.full and not self._paused:
            self._paused = True
            for connection in self.connections:
                connection.pause()

    def take(self, most: int) -> list[Arrived]:
        """Return what came, the oldest first."""
        waiting = self._waiting
        taken = [waiting.popleft() for _ in range(min(most, len(waiting)))]
        self._bytes -= sum(len(one.data) + PACKET_OVERHEAD for one in taken)
        if not waiting:
            self.news.clear()
        if self._paused and not self.full:
            self._paused = False
            for connection in self.connections:
                connection.resume()
        return taken

    def next(self) -> Arrived | None:
        """Return the oldest that waits."""
        return self._waiting[0] if self._waiting else None

    def sweep(self) -> None:
        """Cut the connections that began a packet and don't end it, or never send any."""
        now = self.host.monotonic()
        for connection, sender in list(self.connections.items()):
            if connection.stalled(now):
                self.broken(sender, "a packet was begun and not ended, or none sent at all", now)
                connection.cut()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[object, ...]) -> None:
        listener = self._listener
        sender = str(addr[0])
        if not listener.admits(sender, listener.host.monotonic()):
            return
        if listener.full:
            listener.host.count_skipped("overrun")
            return
        listener.put(data, sender)

    def error_received(self, exc: Exception) -> None:
        """An answer to what we never send: nothing."""


class _Connection(asyncio.Protocol):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._since = listener.host.monotonic()
        """When the packet that has not ended began, or the connection while it sent none."""
        self._proven = False
        self._paused = False
        self._sender = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        listener = self._listener
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._sender = sender = str(peer[0]) if peer else ""
        if not listener.admits(sender, self._since):
            self._transport.abort()
            return
        if (
            len(listener.connections) >= CONNECTIONS_LIMIT
            or listener.senders[sender] >= CONNECTIONS_PER_SENDER
        ):
            listener.host.count_skipped("too_many_connections")
            self._transport.abort()
            return
        listener.connections[self] = sender
        if listener.full:
            self.pause()
        listener.senders[sender] += 1
        listener.news.set()

    def data_received(self, data: bytes) -> None:
        listener = self._listener
        if self not in listener.connections:
            return
        began = self._framer.waiting
        try:
            packets = self._framer.receive(data)
        except StreamBroken as error:
            listener.broken(self._sender, error.why, listener.host.monotonic())
            self.cut()
            return
        for packet in packets:
            listener.put(packet, self._sender)
        if packets or not began:
            self._since = listener.host.monotonic()
        self._proven = self._proven or bool(packets)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        listener = self._listener
        if listener.connections.pop(self, None) is not None:
            listener.senders[self._sender] -= 1
            if not listener.senders[self._sender]:
                del listener.senders[self._sender]

    def stalled(self, now: float) -> bool:
        """Whether it is to be cut off. While we don't read it, it is not its fault."""
        if self._paused:
            return False
        patience = STALLED if self._framer.waiting else 6 * STALLED
        return now - self._since > patience and (self._framer.waiting > 0 or not self._proven)

    def pause(self) -> None:
        """Don't read for now."""
        if self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._paused and self._transport is not None:
            self._paused = False
            self._since = self._listener.host.monotonic()
            self._transport.resume_reading()

    def cut(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()
