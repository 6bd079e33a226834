"""The feed's listener: connections in rooms, one room per view; the pump that sends, the pulse that reassures."""

from __future__ import annotations

import asyncio
import http
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, cast
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from monitor.engine import Changes, Picture
from monitor.feed.broadcaster import Broadcaster
from monitor.feed.client import HIGH_WATER, Client
from monitor.feed.connection import Connection
from monitor.feed.errors import REFUSAL_CODES, RefusalCode, Refused
from monitor.feed.messages import MAX_MESSAGE_BYTES
from monitor.feed.origins import allowed
from monitor.feed.pace import rest
from monitor.feed.view import View
from monitor.listening import BACKLOG, Door, at, bound_port, listen

logger = structlog.get_logger(__name__)

PATH = "/v1/feed"
HEARTBEAT_SECONDS = 5.0
PING_SECONDS = 15.0
"""A connection whose other end is gone is noticed after at most twice this time."""
STOP_SECONDS = 3.0
NEWCOMERS = 500
"""Connections beyond ``max_clients`` that are becoming clients, or being refused."""
UNRESPONSIVE = "unresponsive"


class FeedSettings(Protocol):
    """What the feed must be told."""

    host: str
    port: int
    max_clients: int

    @property
    def public_url(self) -> str | None:
        """Address that browsers use, where a proxy stands in front (``wss://board.example.org/v1/feed``)."""

    @property
    def allowed_origins(self) -> Sequence[str]:
        """Pages of other hosts that may use the feed (``https://board.example.org``; ``*``: all)."""


class FeedStats:
    """Figures of the feed since the start."""

    __slots__ = ("bytes_sent", "clients", "dropped", "messages_sent")

    def __init__(self) -> None:
        self.clients = 0
        """Connections now."""
        self.dropped: dict[str, int] = dict.fromkeys((*REFUSAL_CODES, UNRESPONSIVE), 0)
        """Connections that the server closed, by reason."""
        self.messages_sent = 0
        """Deltas and heartbeats, counted once per client."""
        self.bytes_sent = 0
        """Of those."""


class _Room:
    """The live clients of one view."""

    __slots__ = ("clients", "spoke")

    def __init__(self, at_time: float) -> None:
        self.clients: set[Client] = set()
        self.spoke = at_time
        """Loop time of the last message."""


class Feed:
    """The WebSocket feed. :meth:`publish` may be called before :meth:`start`."""

    path = PATH

    def __init__(
        self, picture: Picture, settings: FeedSettings, *, now: Callable[[], float], epoch: str
    ) -> None:
        self.broadcaster = Broadcaster(picture, epoch=epoch, now=now)
        self.stats = FeedStats()
        self.now = now
        self._settings = settings
        self._port = settings.port
        self._door = Door(settings.max_clients + NEWCOMERS)
        self._clients: set[Client] = set()
        self._rooms: dict[View, _Room] = {}
        self._changed = asyncio.Event()
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # --- for the composition root and the other publishers ---------------------------------------------

    @property
    def epoch(self) -> str:
        """Return what this run's sequence numbers belong to."""
        return self.broadcaster.epoch

    @property
    def seq(self) -> int:
        """Return the sequence number up to which changes have left."""
        return self.broadcaster.flushed

    @property
    def port(self) -> int:
        """Return the port listened on."""
        return self._port

    @property
    def public_url(self) -> str | None:
        """Return the address for browsers where one is configured."""
        return self._settings.public_url

    @property
    def url(self) -> str:
        """Return the address for people."""
        return self.public_url or f"ws://{at(self._settings.host, self._port)}{PATH}"

    def publish(self, changes: Sequence[Changes]) -> None:
        """Take what changed; it leaves within one turn of the event loop when there is little to do. Never blocks."""
        self.broadcaster.mark(changes)
        self._changed.set()

    async def start(self) -> None:
        """Listen. Raises :class:`monitor.listening.CannotListen`."""
        listener = listen("feed", self._settings.host, self._settings.port)
        self._port = bound_port(listener)
        self._server = await serve(
            self._handle,
            sock=listener,
            backlog=BACKLOG,  # or else the event loop listens anew with its own
            create_connection=partial(  # type: ignore[arg-type] # a factory will do, as the library's text says
                Connection, door=self._door, flooded=lambda: self.refused("too_many_messages")
            ),
            open_timeout=None,  # the door's limit is enough, and holds from the first byte on
            compression=None,  # 50 KiB and twice the work per client, for bytes that a LAN has
            process_request=self._admit,
            server_header=None,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=4,
            logger=_quiet_logger(),
        )
        self._tasks = [
            asyncio.create_task(self._pump(), name="feed pump"),
            asyncio.create_task(self._pulse(), name="feed pulse"),
        ]

    async def stop(self) -> None:
        """Close all connections and the listener; idempotent and bounded in time."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server, self._server = self._server, None
        if server is None:
            return
        server.close(code=CloseCode.SERVICE_RESTART, reason="the service ends or restarts")
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await server.wait_closed()
        except TimeoutError:
            self._door.clear()  # clients that take nothing, and those who have not become any yet
            await server.wait_closed()

    @property
    def _public_host(self) -> str | None:
        return urlsplit(self.public_url or "").hostname

    # --- monitor.feed.client.Hub -----------------------------------------------------------------------

    def enter(self, client: Client, view: View) -> None:
        """Let a client that is up to date have what leaves from now on."""
        room = self._rooms.get(view)
        if room is None:
            room = self._rooms[view] = _Room(self._loop_time())
        room.clients.add(client)

    def leave(self, client: Client, view: View) -> None:
        """Send a client nothing more of this view."""
        room = self._rooms.get(view)
        if room is not None:
            room.clients.discard(client)
            if not room.clients:
                del self._rooms[view]

    def refused(self, code: RefusalCode) -> None:
        """Count a connection that we close."""
        self.stats.dropped[code] += 1

    # --- connections -----------------------------------------------------------------------------------

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse by HTTP what must not become a connection."""
        if request.path.partition("?")[0] != PATH:
            return connection.respond(http.HTTPStatus.NOT_FOUND, f"The feed is at {PATH}.\n")
        origin, host = request.headers.get("Origin"), request.headers.get("Host")
        if not allowed(origin, host, self._settings.allowed_origins, self._public_host):
            logger.warning("feed_origin_refused", origin=origin, host=host)
            return connection.respond(
                http.HTTPStatus.FORBIDDEN,
                "Pages of this origin may not use the feed; feed.allowed_origins lists those that may.\n",
            )
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        client = Client(connection, self)
        if len(self._clients) >= self._settings.max_clients:
            await client.refuse(
                Refused("too_many_clients", f"no more than {self._settings.max_clients} clients are served")
            )
            return
        cast(Connection, connection).admit()
        self._clients.add(client)
        self.stats.clients = len(self._clients)
        try:
            await client.converse()
        finally:
            self._clients.discard(client)
            self.stats.clients = len(self._clients)
            closed = connection.protocol.close_sent
            if closed is not None and closed.code == CloseCode.INTERNAL_ERROR and "ping" in closed.reason:
                self.stats.dropped[UNRESPONSIVE] += 1

    # --- pump and pulse --------------------------------------------------------------------------------

    async def _pump(self) -> None:
        """Send what changed, then rest in proportion to what it cost."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self.broadcaster.pending:
                began = self._loop_time()
                self._flush()
                await asyncio.sleep(
                    0
                )  # an event loop may write only at the end of its turn: that is our cost, too
                await asyncio.sleep(rest(self._loop_time() - began, self.stats.clients))

    def _flush(self) -> None:
        try:
            for frame in self.broadcaster.flush():
                self._send(frame.view, frame.message, frame.since)
        except Exception:  # the owner of the task: a defect must not silence the feed
            logger.exception("feed_flush_failed", clients=self.stats.clients)
            for client in self._clients:
                client.connection.transport.abort()  # they come back and get what they lack

    async def _pulse(self) -> None:
        """Let nobody wait longer than the heartbeat for a sign of life."""
        while True:
            now = self._loop_time()
            oldest = now
            for view, room in list(self._rooms.items()):
                if now - room.spoke >= HEARTBEAT_SECONDS:
                    since = view.seq
                    self._send(view, self.broadcaster.heartbeat(view), since)
                oldest = min(oldest, room.spoke)
            await asyncio.sleep(oldest + HEARTBEAT_SECONDS - now)

    def _send(self, view: View, message: bytes, since: int) -> None:
        """Send to the live clients of a view; one whose buffer is full falls behind."""
        room = self._rooms.get(view)
        if room is None:
            return
        ready: list[ServerConnection] = []
        for client in list(room.clients):
            if client.unsent > HIGH_WATER:
                client.fall_behind(view, since)
            else:
                ready.append(client.connection)
        broadcast(ready, message, text=True)
        room.spoke = self._loop_time()
        self.stats.messages_sent += len(ready)
        self.stats.bytes_sent += len(ready) * len(message)

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


def _quiet_logger() -> logging.Logger:
    """Return the library's logger, told to be silent: broken handshakes and lost connections are everyday."""
    quiet = logging.getLogger("monitor.feed.websockets")
    quiet.setLevel(logging.CRITICAL)
    return quiet
