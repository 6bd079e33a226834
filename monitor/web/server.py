"""The HTTP listener."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from monitor import __version__
from monitor.engine import Picture
from monitor.listening import BACKLOG, Door, at, bound_port, listen
from monitor.metrics import Families
from monitor.web import connections
from monitor.web.alerts import AlertHandlers
from monitor.web.files import File
from monitor.web.handlers import FeedAddress, Handlers, WallboardView
from monitor.web.headers import careful
from monitor.web.hosts import only_called
from monitor.web.openapi import document
from monitor.web.problems import as_problems
from monitor.web.routes import ROUTES, pattern
from monitor.web.sending import JSON, TURN

STOP_SECONDS = 2.0
"""How long requests that run have to end."""


class HttpSettings(Protocol):
    """What the listener must be told."""

    host: str
    port: int

    @property
    def frame_ancestors(self) -> Sequence[str]:
        """Sites that may show the page in a frame."""

    @property
    def allowed_hosts(self) -> Sequence[str]:
        """Names by which it may be called, besides addresses and ``localhost`` (``board.example.org``; ``*``: all)."""


class WebServer:
    """Serves the page, the HTTP API and the metrics."""

    def __init__(
        self,
        picture: Picture,
        settings: HttpSettings,
        *,
        now: Callable[[], float],
        feed: FeedAddress,
        metrics: Families,
        wallboard: WallboardView,
        alerts: AlertHandlers,
    ) -> None:
        self._settings = settings
        self._port = settings.port
        self._public_url = feed.public_url
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self._door = Door(connections.PLACES)
        openapi = File.of(msgspec.json.encode(document(ROUTES, __version__)), JSON)
        self._alert_handlers = alerts
        self._handlers = Handlers(picture, feed, metrics, openapi, now=now, wallboard=wallboard)

    @property
    def port(self) -> int:
        """Return the port listened on."""
        return self._port

    @property
    def url(self) -> str:
        """Return the address for people, without a slash at the end."""
        return f"http://{at(self._settings.host, self._port)}"

    async def start(self) -> None:
        """Listen. Raises :class:`monitor.listening.CannotListen`."""
        listener = listen("http", self._settings.host, self._settings.port)
        self._port = bound_port(listener)
        app = web.Application(
            middlewares=[
                connections.within_limits,
                as_problems,
                only_called(self._names()),
                connections.arrived,
            ]
        )
        app[TURN] = asyncio.Lock()
        app.on_response_prepare.append(careful(self._settings.frame_ancestors))
        app.add_routes(
            [web.route(route.method, pattern(route), self._handler(route.name)) for route in ROUTES]
        )
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=STOP_SECONDS,
            handle_signals=False,
            auto_decompress=False,  # nothing is done with bodies, least of all unpacking them
            logger=_quiet_logger(),
        )
        await self._runner.setup()
        library = self._runner.server
        if library is None:
            raise RuntimeError("a runner that is set up has a server")

        def connection() -> asyncio.Protocol:
            return connections.Connection(self._door, library())

        # Not by the library's site: that would listen anew, with a backlog of its own, and take no protocol of ours.
        self._listening = await asyncio.get_running_loop().create_server(
            connection, sock=listener, backlog=BACKLOG
        )

    async def stop(self) -> None:
        """Close the listener and all connections; idempotent and bounded in time."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def _handler(self, name: str) -> Handler:
        for handlers in (self._handlers, self._alert_handlers):
            if hasattr(handlers, name):
                handler: Handler = getattr(handlers, name)
                return handler
        raise AttributeError(f"no handler for the route {name!r}")

    def _names(self) -> list[str]:
        """Return the names by which it may be called: as configured, and that of the feed's public address."""
        public = urlsplit(self._public_url or "").hostname
        return [*self._settings.allowed_hosts, *([public] if public else [])]


def _quiet_logger() -> logging.Logger:
    """Return the library's logger, told to be silent.

    It writes a traceback for every request that is none, and whoever likes can send those. What our handlers do wrong is
    logged by :func:`monitor.web.problems.as_problems`.
    """
    quiet = logging.getLogger("monitor.web.aiohttp")
    quiet.setLevel(logging.CRITICAL)
    return quiet
