"""Sending answers of any size without stalling the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiohttp import web

from monitor.web.problems import NO_STORE

JSON = "application/json"
SEND_SECONDS = 60.0
"""How long a client may take to read an answer."""


async def send(request: web.Request, pieces: Iterable[bytes], content_type: str = JSON) -> web.StreamResponse:
    """Answer with pieces that each take little time to make; others have their turn between them.

    The pieces may be made from the live state: they are made as they are sent, never longer than
    :data:`SEND_SECONDS`.
    """
    headers = {"Content-Type": content_type, **NO_STORE}
    if request.method == "HEAD":
        return web.Response(headers=headers)
    left = iter(pieces)
    first, second = next(left, b""), next(left, None)
    if second is None:
        return web.Response(body=first, headers=headers)
    response = web.StreamResponse(headers=headers)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await response.prepare(request)
            await response.write(first)
            await response.write(second)
            for piece in left:
                await asyncio.sleep(0)
                await response.write(piece)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()  # too slow: a cut answer can't be taken for a whole one
    except ConnectionResetError:
        pass  # the client went away: its right, and nobody's fault
    return response
