"""By which names the service may be called (DNS rebinding)."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from monitor.listening import host_of, is_own
from monitor.web.problems import problem


def only_called(names: Collection[str]) -> Middleware:
    """Return what refuses requests to any host but addresses, ``localhost`` and ``names`` (``*``: all).

    Programs that send no ``Host`` are served: browsers, which this protects, always do.
    """
    known = {name.lower() for name in names}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        said = request.headers.get(hdrs.HOST)
        if said is None or "*" in known:
            return await handler(request)
        host = host_of(said)
        if host is None:
            return problem(HTTPStatus.BAD_REQUEST, "the Host header names no host")
        if not is_own(host) and host not in known:
            return problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"the service is not known as {host}: call it by its address, or list the name in http.allowed_hosts",
            )
        return await handler(request)

    return check
