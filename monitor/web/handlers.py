"""What is answered at each path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from itertools import chain
from typing import Protocol

import msgspec
from aiohttp import web

from monitor import __version__
from monitor.engine import Picture
from monitor.listening import at, host_of
from monitor.metrics import Families, negotiate, render
from monitor.model import Model, QueueThresholds, Thresholds
from monitor.web.files import INDEX, File, page_files
from monitor.web.headers import FEED_ORIGIN
from monitor.web.problems import NO_STORE, problem
from monitor.web.routes import Health
from monitor.web.sending import JSON, send

SLICE = 200
"""Objects encoded before others have their turn: about 5 ms."""

_encode = msgspec.json.Encoder().encode


class FeedAddress(Protocol):
    """What the page and the state must know of the feed: :class:`monitor.feed.Feed` is one."""

    @property
    def epoch(self) -> str:
        """Return what the sequence numbers belong to."""

    @property
    def seq(self) -> int:
        """Return the number up to which changes have left."""

    @property
    def port(self) -> int:
        """Return the port listened on."""

    @property
    def path(self) -> str:
        """Return the path of the feed's address."""

    @property
    def public_url(self) -> str | None:
        """Return the address for browsers where one is configured."""


class WallboardView(Protocol):
    """How the wallboard is configured: :class:`monitor.settings.WallboardConfig` is one."""

    @property
    def title(self) -> str | None:
        """Return what is shown on top."""

    @property
    def timezone(self) -> str | None:
        """Return the IANA name of the zone in which times of day are told; ``None``: the reader's own."""

    @property
    def thresholds(self) -> Thresholds:
        """Return what holds for agents, and for queues that are not refined."""

    def of(self, queue_id: str) -> QueueThresholds:
        """Return a queue's thresholds."""


class Handlers:
    """One method for each route."""

    def __init__(
        self,
        picture: Picture,
        feed: FeedAddress,
        families: Families,
        openapi: File,
        *,
        now: Callable[[], float],
        wallboard: WallboardView,
    ) -> None:
        self._picture = picture
        self._feed = feed
        self._families = families
        self._openapi = openapi
        self._now = now
        self._wallboard = wallboard
        self._files = page_files()
        self._page = self._files.pop(INDEX)

    # --- operations ------------------------------------------------------------------------------------

    async def healthz(self, _request: web.Request) -> web.StreamResponse:
        """Answer as long as the process can."""
        return _json(Health(status="alive"))

    async def readyz(self, _request: web.Request) -> web.StreamResponse:
        """Answer well when every source is synchronised, else with the reasons."""
        reasons = [
            f"source {source.id} is {source.state}" + (f": {source.detail}" if source.detail else "")
            for source in self._picture.sources(self._now())
            if source.state != "up"
        ]
        if reasons:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "not every source is synchronised", reasons)
        return _json(Health(status="ready"))

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Answer a scrape."""
        form = negotiate(request.headers.get("Accept"))
        return await send(request, render(self._families.all(), form), form.content_type)

    async def openapi(self, request: web.Request) -> web.StreamResponse:
        """Answer with the description of the API."""
        return self._openapi.answer(request)

    # --- state -----------------------------------------------------------------------------------------

    async def state(self, request: web.Request) -> web.StreamResponse:
        """Answer with everything. The feed can be resumed from the numbers in it."""
        feed, picture = self._feed, self._picture
        head = b'{"epoch":%b,"seq":%d,"at":%b' % (_encode(feed.epoch), feed.seq, _encode(self._now()))
        parts: list[Iterable[bytes]] = [
            (head,),
            _member(b"agents", self._each(picture.agent_ids(), picture.agent_view)),
            _member(b"queues", self._each(picture.queue_ids(), picture.queue_view)),
            _member(b"calls", self._each(picture.call_ids(), picture.call_view)),
            _member(b"alerts", self._each(picture.alert_ids(), picture.alert_view)),
            _member(b"sources", self._each(picture.source_ids(), picture.source_view)),
            (b"}",),
        ]
        return await send(request, pieces(chain.from_iterable(parts)))

    async def agents(self, request: web.Request) -> web.StreamResponse:
        """Answer with all agents."""
        return await self._all(request, self._picture.agent_ids(), self._picture.agent_view)

    async def queues(self, request: web.Request) -> web.StreamResponse:
        """Answer with all queues."""
        return await self._all(request, self._picture.queue_ids(), self._picture.queue_view)

    async def calls(self, request: web.Request) -> web.StreamResponse:
        """Answer with all calls."""
        return await self._all(request, self._picture.call_ids(), self._picture.call_view)

    async def alerts(self, request: web.Request) -> web.StreamResponse:
        """Answer with all alerts that are pending or firing."""
        return await self._all(request, self._picture.alert_ids(), self._picture.alert_view)

    async def sources(self, request: web.Request) -> web.StreamResponse:
        """Answer with all sources."""
        return await self._all(request, self._picture.source_ids(), self._picture.source_view)

    async def agent(self, request: web.Request) -> web.StreamResponse:
        """Answer with one agent."""
        return self._one(request, "agent", self._picture.agent_view)

    async def queue(self, request: web.Request) -> web.StreamResponse:
        """Answer with one queue."""
        return self._one(request, "queue", self._picture.queue_view)

    async def history(self, request: web.Request) -> web.StreamResponse:
        """Answer with a queue's day."""
        return self._one(request, "queue", self._picture.queue_history)

    async def wallboard(self, request: web.Request) -> web.StreamResponse:
        """Answer with how the wallboard is configured."""
        board = self._wallboard
        head = b'{"title":%b,"timezone":%b,"version":%b,"thresholds":%b,"queues":{' % (
            _encode(board.title),
            _encode(board.timezone),
            _encode(__version__),
            _encode(board.thresholds),
        )
        queues = (
            b"%b%b:%b" % (b"," if number else b"", _encode(queue), _encode(board.of(queue)))
            for number, queue in enumerate(self._picture.queue_ids())
        )
        return await send(request, pieces(chain((head,), queues, (b"}}",))))

    async def timeline(self, request: web.Request) -> web.StreamResponse:
        """Answer with an agent's day."""
        return self._one(request, "agent", self._picture.timeline)

    # --- page ------------------------------------------------------------------------------------------

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Answer with the wallboard, which is told where the feed is."""
        address = self._feed_address(request)
        if address is None:
            return problem(HTTPStatus.BAD_REQUEST, "the Host header names no host")
        request[FEED_ORIGIN] = _origins(address)
        return self._page.saying(b"{{feed}}", address).answer(request)

    async def page_file(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file of the page."""
        file = self._files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        return file.answer(request)

    # --- inside ----------------------------------------------------------------------------------------

    def _feed_address(self, request: web.Request) -> str | None:
        """Return where a browser finds the feed: as configured, else on the host that it asked."""
        if self._feed.public_url is not None:
            return self._feed.public_url
        host = host_of(request.host)
        return None if host is None else f"ws://{at(host, self._feed.port)}{self._feed.path}"

    def _each(self, ids: Iterable[str], find: Callable[[str, float], Model | None]) -> Iterator[bytes]:
        """Yield objects as JSON; one that is gone meanwhile is left out."""
        for id_ in ids:
            found = find(id_, self._now())
            if found is not None:
                yield _encode(found)

    async def _all(
        self, request: web.Request, ids: Iterable[str], find: Callable[[str, float], Model | None]
    ) -> web.StreamResponse:
        return await send(request, pieces(array(self._each(ids, find))))

    def _one(
        self, request: web.Request, kind: str, find: Callable[[str, float], Model | None]
    ) -> web.StreamResponse:
        id_ = request.match_info["id"]
        found = find(id_, self._now())
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, f"there is no {kind} {id_!r}")
        return _json(found)


def _json(value: msgspec.Struct) -> web.Response:
    return web.Response(body=_encode(value), content_type=JSON, headers=NO_STORE)


def array(objects: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a JSON array."""
    separator = b"["
    for one in objects:
        yield separator + one
        separator = b","
    yield b"[]" if separator == b"[" else b"]"


def _member(name: bytes, objects: Iterable[bytes]) -> Iterator[bytes]:
    yield b',"%b":' % name
    yield from array(objects)


def pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Join parts to pieces of some objects each."""
    piece: list[bytes] = []
    for part in parts:
        piece.append(part)
        if len(piece) >= SLICE:
            yield b"".join(piece)
            piece = []
    yield b"".join(piece)


def _origins(address: str) -> str:
    """Return what the page may connect to: behind TLS it uses ``wss``."""
    scheme, _, rest = address.partition("://")
    origin = rest.partition("/")[0]
    return f"wss://{origin}" if scheme == "wss" else f"ws://{origin} wss://{origin}"
