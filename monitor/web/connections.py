"""Limits that the HTTP library lacks: how many connections, how long and how much each may say before it is answered."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

from monitor.listening import Door

PLACES = 1_000
"""Connections at the same time; the next one takes the place of the one that has been idle longest."""
HEAD_SECONDS = 10.0
"""Within which a request must have arrived, body and all, once it began (the first one: once it could begin)."""
HEAD_BYTES = 64 * 1024
"""That may arrive unanswered: the few bodies there are have a kilobyte, and heads of browsers and proxies are shorter."""
IDLE_SECONDS = 75.0
"""For a client to take its answer and ask again; longer than proxies keep idle connections (nginx: 60 s), so that
they close them and meet no closed one."""


class Connection(asyncio.Protocol):
    """One connection: the library's protocol within limits."""

    def __init__(self, door: Door, inside: asyncio.Protocol) -> None:
        self._door = door
        self._inside = inside
        self._unanswered = 0
        self._idle = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place."""
        self._transport = cast(asyncio.Transport, transport)
        self._door.enter(self._transport, HEAD_SECONDS)
        self._inside.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._door.leave(self._transport)
        self._inside.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what isn't too much."""
        self._unanswered += len(data)
        if self._unanswered > HEAD_BYTES:
            self._transport.abort()
            return
        if self._idle:
            self._idle = False
            self._door.wait_for(self._transport, HEAD_SECONDS)
        self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._inside.eof_received()

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inside.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inside.resume_writing()

    def asked(self) -> None:
        """A request has arrived."""
        self._unanswered = 0
        self._idle = False
        self._door.serve(self._transport)

    def answered(self) -> None:
        """Its answer is made; that the client takes it and asks again has its time."""
        self._idle = True
        self._door.wait_for(self._transport, IDLE_SECONDS)


@web.middleware
async def within_limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the connection know when it is asked and when that is answered. The outermost middleware."""
    connection = _connection_of(request)
    if connection is None:
        return await handler(request)
    if not request.can_read_body:
        connection.asked()
    try:
        return await handler(request)
    finally:
        connection.answered()


@web.middleware
async def arrived(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Wait for a request's body before anything is done about it: a part of it keeps us waiting as half a head does."""
    if request.can_read_body:
        await request.read()
        connection = _connection_of(request)
        if connection is not None:
            connection.asked()
    return await handler(request)


def _connection_of(request: web.Request) -> Connection | None:
    transport = request.transport
    found = None if transport is None else transport.get_protocol()
    return found if isinstance(found, Connection) else None
