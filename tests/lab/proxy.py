"""What stands on loopback between us and a server and does what networks do: a TCP proxy, a UDP relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self, TypeAlias

Address: TypeAlias = tuple[str, int]


class Proxy:
    """Stands between our adapter and Asterisk's manager port."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.connections = 0
        """How many were accepted so far."""
        self._target_port = target_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self._flowing.set()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break all connections at once."""
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Let nothing through any more in either direction; connections stay open (new ones too)."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let everything through again, what was held back included."""
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.transport.abort()
            self._writers.discard(sink)


class Relay:
    """Stands between our SIP adapter and a server as a NAT does: both see the relay's address, and may lose datagrams."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        """Where we reach the server."""
        self.lost = 0
        """How many datagrams were dropped so far."""
        self._target = ("127.0.0.1", target_port)
        self._flows = True
        self._near = _Side(self._outward)
        self._far = _Side(self._inward)
        self._us: Address | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self._near, local_addr=("127.0.0.1", 0))
        await loop.create_datagram_endpoint(lambda: self._far, local_addr=("127.0.0.1", 0))
        self.port = self._near.address[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for side in (self._near, self._far):
            side.transport.close()

    def drop(self) -> None:
        """Lose every datagram from now on, in both directions."""
        self._flows = False

    def flow(self) -> None:
        """Let datagrams through again; those lost stay lost."""
        self._flows = True

    def _outward(self, data: bytes, peer: Address) -> None:
        self._us = peer
        if self._passes():
            self._far.transport.sendto(data, self._target)

    def _inward(self, data: bytes, peer: Address) -> None:
        if self._us is not None and peer == self._target and self._passes():
            self._near.transport.sendto(data, self._us)

    def _passes(self) -> bool:
        self.lost += not self._flows
        return self._flows


class _Side(asyncio.DatagramProtocol):
    """One of a relay's two sockets."""

    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received
        self.transport: asyncio.DatagramTransport

    @property
    def address(self) -> Address:
        address: Address = self.transport.get_extra_info("sockname")
        return address

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens at the other side just now: the datagram is lost, as in any network."""
