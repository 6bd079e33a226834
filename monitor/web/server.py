"""The HTTP listener."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from aiohttp import web

from monitor import __version__
from monitor.engine import Picture
from monitor.listening import at, bound_port, listen
from monitor.metrics import Families, FeedFigures, IngestMetrics
from monitor.web.files import File
from monitor.web.handlers import FeedAddress, Handlers
from monitor.web.headers import careful
from monitor.web.openapi import document
from monitor.web.problems import as_problems
from monitor.web.routes import ROUTES, pattern
from monitor.web.sending import JSON

STOP_SECONDS = 2.0
"""How long requests that run have to end."""


class HttpSettings(Protocol):
    """What the listener must be told."""

    host: str
    port: int
    agent_series: bool
    """Whether the metrics have a series per agent."""

    @property
    def frame_ancestors(self) -> Sequence[str]:
        """Sites that may show the page in a frame."""


class FeedView(FeedAddress, Protocol):
    """What is shown of the feed: :class:`monitor.feed.Feed` is one."""

    @property
    def stats(self) -> FeedFigures:
        """Its figures since the start."""


class WebServer:
    """Serves the page, the HTTP API and the metrics."""

    def __init__(
        self,
        picture: Picture,
        settings: HttpSettings,
        *,
        now: Callable[[], float],
        feed: FeedView,
        ingest: IngestMetrics,
    ) -> None:
        self._settings = settings
        self._port = settings.port
        self._runner: web.AppRunner | None = None
        families = Families(
            picture, ingest, feed.stats, now=now, version=__version__, agent_series=settings.agent_series
        )
        openapi = File.of(msgspec.json.encode(document(ROUTES, __version__)), JSON)
        self._handlers = Handlers(picture, feed, families, openapi, now=now)

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
        app = web.Application(middlewares=[as_problems])
        app.on_response_prepare.append(careful(self._settings.frame_ancestors))
        app.add_routes(
            [
                web.get(pattern(route), getattr(self._handlers, route.name), name=route.name)
                for route in ROUTES
            ]
        )
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=STOP_SECONDS, handle_signals=False
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Close the listener and all connections; idempotent and bounded in time."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
