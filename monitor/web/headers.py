"""Headers that tell browsers to be careful with everything that is served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

FEED_ORIGIN = web.RequestKey("feed_origin", str)
"""Of a request whose page may connect to the feed there."""


def careful(frame_ancestors: Sequence[str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return what adds the headers as a response is about to leave.

    ``frame_ancestors``: the sites that may show the page in a frame (``https://intranet.example.org``).
    """
    ancestors = " ".join(frame_ancestors) or "'none'"

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        connect = " ".join(filter(None, ("'self'", request.get(FEED_ORIGIN))))
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; connect-src {connect}; frame-ancestors {ancestors}; "
            "base-uri 'none'; form-action 'none'; object-src 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers.popall("Server", None)

    return add
