"""The sockets of one source: where we listen, the way to the server, and what comes by any of them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import socket
import ssl
from collections.abc import Callable
from typing import Any

from adapters.common.places import hostport, plain
from adapters.common.sockets import bound_datagram_socket
from adapters.sip.connect import (
    addresses_of,
    is_v6,
    listening_socket,
    local_address,
    open_stream,
    served_stream,
    why,
)
from adapters.sip.errors import Closed, ServerLost, Unreachable
from adapters.sip.inbox import Inbox
from adapters.sip.peer import Peer, Transport
from adapters.sip.plan import Way
from adapters.sip.settings import ListenSettings, SipSettings
from adapters.sip.streams import Stream

CONNECTIONS_LIMIT = 32
"""Connections that others may have to us; of more, the one that was silent longest is closed."""
NO_SIP = "nothing on this connection was SIP, so this may be no SIP server: see `port`"
ACCEPT_PAUSE = 1.0
"""Seconds until the next try when this process may open no more files."""
PORT_TRIES = 8
"""For a port 0, which must be free for TCP and UDP alike."""


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP socket's events."""

    def __init__(self, take: Callable[[bytes, Peer], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Take a datagram."""
        self._take(data, Peer("udp", plain(str(addr[0])), int(addr[1])))

    def error_received(self, exc: Exception) -> None:
        """Do nothing: whether the server lives is judged by what it says."""


class Sockets:
    """Listens as configured for as long as the source runs, and leads to the server for one life after the other."""

    def __init__(
        self,
        settings: SipSettings,
        client_tls: ssl.SSLContext | None,
        listener_tls: ssl.SSLContext | None,
        *,
        connect_seconds: float,
    ) -> None:
        self.inbox = Inbox()
        self.hears: Callable[[str], bool] = _nobody
        """Whether an address is listened to at all; set for each life."""
        self._settings = settings
        self._client_tls = client_tls
        self._listener_tls = listener_tls
        self._seconds = connect_seconds
        self._udp: asyncio.DatagramTransport | None = None
        self._listening: socket.socket | None = None
        self._main: Stream | None = None
        self._streams: dict[int, Stream] = {}
        self._handshakes: dict[int, asyncio.Task[None]] = {}
        """Connections on which TLS is not agreed on yet; the eldest comes first."""
        self._accepting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    # --- listening -------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Open what is configured and not open yet. Raises :class:`Unreachable`."""
        place = self._settings.listen
        if place is None:
            return
        for tries_left in reversed(range(PORT_TRIES)):
            try:
                await self._open(place)
            except OSError as error:
                taken = place.port == 0 and self._udp is None
                if (
                    taken and tries_left and self._listening is not None
                ):  # the port that TCP was given is not free for UDP: take another one
                    await self._stop_listening()
                    continue
                reason, remedy = why(error)
                raise Unreachable(f"can't listen on {place}: {reason}", remedy) from error
            return

    async def _open(self, place: ListenSettings) -> None:
        if self._listening is None:
            self._listening = listening_socket(place.host, self._port)
            self._accepting = asyncio.create_task(self._accept_all(self._listening))
        if self._udp is None and self._settings.transport == "udp":
            loop = asyncio.get_running_loop()
            bound = bound_datagram_socket(
                place.host, self._port
            )  # not the loop's own: uvloop loses the errno
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self._take_datagram), sock=bound
            )

    @property
    def _port(self) -> int:
        """The port that we listen at, or are to listen at."""
        place = self._settings.listen
        if self._listening is not None:
            return int(self._listening.getsockname()[1])
        return place.port if place is not None else 0

    async def close(self) -> None:
        """Close everything."""
        await self.leave()
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        await self._stop_listening()
        for stream in list(self._streams.values()):
            stream.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _stop_listening(self) -> None:
        task, self._accepting = self._accepting, None
        if task is not None:  # it must let go of the socket before that is closed
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()

    # --- the way to the server -------------------------------------------------------------------------

    async def addresses(self) -> list[str]:
        """Return the server's addresses, those that can be reached from where we listen. Raises :class:`Unreachable`."""
        settings = self._settings
        found = await addresses_of(settings.host, settings.port, self._seconds)
        if settings.transport != "udp" or settings.listen is None:
            return found
        fitting = [address for address in found if is_v6(address) == is_v6(settings.listen.host)]
        if not fitting:
            family = "IPv6" if is_v6(settings.listen.host) else "IPv4"
            raise Unreachable(
                f"{settings.host} has no {family} address, but `listen` is one",
                f"listen on an address of the same kind as {found[0]}",
            )
        return fitting

    async def reach(self, address: str, addresses: list[str]) -> Way:
        """Open the way to one of the server's addresses. Raises :class:`Unreachable`."""
        settings = self._settings
        self.inbox.take()
        self.inbox.ended = None
        listen = settings.listen
        wildcard = listen is None or listen.host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
        local_host, local_port, connection = "", self._port, 0
        if listen is not None:
            local_host = local_address(address, settings.port) if wildcard else listen.host
        if settings.transport != "udp":
            reader, writer = await open_stream(
                address, settings.port, self._client_tls, settings.host, self._seconds
            )
            connection = next(self._numbers)
            self._main = Stream(Peer(settings.transport, address, settings.port, connection), reader, writer)
            if listen is None:
                local_host, local_port = self._main.local
            self._start(self._follow_main(self._main))
        return Way(
            server=Peer(settings.transport, address, settings.port, connection),
            local_host=plain(local_host),
            local_port=local_port,
            hosts=frozenset(addresses),
            adapts=wildcard,
        )

    async def leave(self) -> None:
        """Give up the way to the server."""
        self.hears = _nobody
        stream, self._main = self._main, None
        if stream is not None:
            stream.cut()
            await stream.closed()

    def send(self, data: bytes, peer: Peer) -> None:
        """Send; what can't be sent is lost, as on any network."""
        if peer.transport == "udp":
            if self._udp is not None and not self._udp.is_closing():
                with contextlib.suppress(OSError, ValueError):
                    self._udp.sendto(data, (peer.host, peer.port))
            return
        main = self._main
        stream = main if main is not None and main.peer.connection == peer.connection else None
        stream = stream or self._streams.get(peer.connection)
        if stream is not None and not stream.send(data) and stream is main:
            self._end(Closed("the server does not read what we send"))

    # --- what comes ------------------------------------------------------------------------------------

    def _take_datagram(self, data: bytes, peer: Peer) -> None:
        inbox = self.inbox
        if self.hears is _nobody:
            return  # there is no session to hear anybody
        if not self.hears(peer.host):
            inbox.stranger(peer.host)
        elif inbox.full:
            inbox.dropped += 1
        else:
            inbox.put(data, peer)

    async def _take_message(self, data: bytes, peer: Peer) -> None:
        await self.inbox.room()
        self.inbox.put(data, peer)

    def _pinged(self, peer: Peer) -> None:
        main = self._main
        if main is not None and main.peer == peer:
            self.inbox.alive = True
            self.inbox.news.set()

    def _end(self, error: ServerLost) -> None:
        self.inbox.ended = error
        self.inbox.news.set()

    async def _follow_main(self, stream: Stream) -> None:
        reason = await stream.read(self._take_message, self._pinged)
        stream.cut()
        if self._main is stream:
            self._end(Closed(reason, None if stream.speaks else NO_SIP))

    async def _accept_all(self, listening: socket.socket) -> None:
        """Let in who is heard. All others are closed here: before a handshake, or anything else, costs something."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, name = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(ACCEPT_PAUSE)
                continue
            transport: Transport = "tcp" if self._listener_tls is None else "tls"
            peer = Peer(transport, plain(str(name[0])), int(name[1]), next(self._numbers))
            if self.hears(peer.host):
                self._make_room()
                self._handshakes[peer.connection] = task = self._start(self._serve(accepted, peer))
                task.add_done_callback(functools.partial(_let_go, accepted))
            else:
                accepted.close()
                if self.hears is not _nobody:
                    self.inbox.stranger(peer.host)
            await asyncio.sleep(0)  # a crowd of them must not keep others from their turn

    async def _serve(self, accepted: socket.socket, peer: Peer) -> None:
        """Follow a connection of somebody who is heard until it ends."""
        number = peer.connection
        try:
            reader, writer = await served_stream(accepted, self._listener_tls)
        except (OSError, ssl.SSLError):
            return
        finally:
            self._handshakes.pop(number, None)
        try:
            stream = Stream(peer, reader, writer)
            stream.used_at = asyncio.get_running_loop().time()
            self._streams[number] = stream
            await stream.read(self._take_message, self._pinged)
        finally:
            self._streams.pop(number, None)
            writer.transport.abort()

    def _make_room(self) -> None:
        if len(self._streams) + len(self._handshakes) < CONNECTIONS_LIMIT:
            return
        self.inbox.dropped += 1
        self.inbox.news.set()
        if self._handshakes:
            number = next(iter(self._handshakes))
            self._handshakes.pop(number).cancel()
            return
        number, oldest = min(self._streams.items(), key=_used)
        del self._streams[number]
        oldest.cut()

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def __repr__(self) -> str:
        """Return where it leads."""
        return f"Sockets({self._settings.transport} {hostport(self._settings.host, self._settings.port)})"


def _nobody(_host: str) -> bool:
    return False


def _used(item: tuple[int, Stream]) -> float:
    return item[1].used_at


def _let_go(accepted: socket.socket, _task: asyncio.Task[None]) -> None:
    """Close what a task may not even have begun to serve."""
    accepted.close()
