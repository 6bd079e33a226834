"""Sending answers of any size without stalling the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from aiohttp import web

from monitor.web.problems import NO_STORE

JSON = "application/json"
SEND_SECONDS = 60.0
"""How long a client may take to read an answer."""
TURN = web.AppKey("turn", asyncio.Lock)
"""Of an application: who holds it makes a piece. One piece is made in one turn of the event loop, however many answers
are under way; otherwise a thousand requests at once would stall the feed for seconds."""


async def send(request: web.Request, pieces: Iterable[bytes], content_type: str = JSON) -> web.StreamResponse:
    """Answer with pieces that each take little time to make; others have their turn between them.

    The pieces may be made from the live state: they are made as they are sent, never longer than
    :data:`SEND_SECONDS`.
    """
    headers = {"Content-Type": content_type, **NO_STORE}
    if request.method == "HEAD":
        return web.Response(headers=headers)
    left, turn = iter(pieces), request.app[TURN]
    first, second = await _next(left, turn), await _next(left, turn)
    if second is None:
        return web.Response(body=first or b"", headers=headers)
    response = web.StreamResponse(headers=headers)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await response.prepare(request)
            await response.write(first or b"")
            piece: bytes | None = second
            while piece is not None:
                await response.write(piece)
                piece = await _next(left, turn)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()  # too slow: a cut answer can't be taken for a whole one
    except ConnectionResetError:
        pass  # the client went away: its right, and nobody's fault
    return response


async def _next(pieces: Iterator[bytes], turn: asyncio.Lock) -> bytes | None:
    """Make the next piece when it is our turn; ``None`` at the end."""
    async with turn:
        await asyncio.sleep(0)
        return next(pieces, None)
