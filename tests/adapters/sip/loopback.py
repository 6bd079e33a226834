"""The scripted server on real loopback sockets: UDP, TCP or TLS."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Self

from adapters.sip_messages.framing import Framer
from tests.adapters.sip.server import SipServer


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, owner: LoopbackServer) -> None:
        self.owner = owner

    def datagram_received(self, data: bytes, addr: Any) -> None:
        owner = self.owner
        if not owner.deaf:
            owner.client = addr
            owner.reply(data)


class LoopbackServer:
    """Serves one client; ``deaf`` makes the network swallow everything."""

    def __init__(
        self, transport: str = "udp", tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.script = SipServer(
            host=f"[{host}]" if ":" in host else host, port=0, transport=transport.upper()
        )
        self.host = host
        self.transport = transport
        self.deaf = False
        self.port = 0
        self.connections = 0
        self.client: Any = None
        self._tls = tls
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def listen(self) -> None:
        """Listen, after :meth:`stop` on the same port again."""
        loop = asyncio.get_running_loop()
        if self.transport == "udp":
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(self.host, self.port)
            )
            self.port = self._udp.get_extra_info("sockname")[1]
        else:
            self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self._tls)
            self.port = self._server.sockets[0].getsockname()[1]
        self.script.port = self.port

    async def stop(self) -> None:
        """Stop and forget everything, as a restarted server has."""
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writers.clear()
        self.script.restart()

    def reply(self, data: bytes) -> None:
        self.script.now = asyncio.get_running_loop().time()
        self.say(*self.script.receive(data))

    def say(self, *messages: bytes) -> None:
        """Say something to the client, on the newest connection."""
        for message in messages:
            if self.deaf:
                continue
            if self._udp is not None:
                self._udp.sendto(message, self.client)
            elif self._writers:
                self._writers[-1].write(message)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        self._writers.append(writer)
        framer = Framer()
        try:
            while data := await reader.read(65_536):
                for message in framer.receive(data):
                    if not self.deaf:
                        self.reply(message)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()
