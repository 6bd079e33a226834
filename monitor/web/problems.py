"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

logger = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong with a request."""

    title: str
    """The status in words."""
    status: int
    detail: str
    """This very case, and what to do about it."""
    type: str = "about:blank"
    reasons: list[str] = []
    """For ``/readyz``: what is missing."""


class Refused(Exception):
    """A handler's own refusal: the status and what to do about it."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def problem(
    status: HTTPStatus,
    detail: str,
    reasons: list[str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return a response that tells a problem."""
    told = Problem(title=status.phrase, status=status, detail=detail, reasons=reasons or [])
    return web.Response(
        status=status,
        body=msgspec.json.encode(told),
        content_type=MEDIA_TYPE,
        headers={**(headers or {}), **NO_STORE},
    )


NO_STORE = {"Cache-Control": "no-store"}


def _not_found(request: web.Request, _error: web.HTTPException) -> str:
    return f"nothing is served at {request.path}; /api/openapi.json tells what is"


def _not_offered(request: web.Request, error: web.HTTPException) -> str:
    return f"{request.method} is not offered here; offered: {error.headers.get('Allow', 'GET, HEAD')}"


def _reason(_request: web.Request, error: web.HTTPException) -> str:
    return error.reason


_DETAILS: dict[int, Callable[[web.Request, web.HTTPException], str]] = {
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.METHOD_NOT_ALLOWED: _not_offered,
}


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into problem details; what we did wrong is logged and not told."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        detail = _DETAILS.get(error.status, _reason)(request, error)
        kept = {name: value for name, value in error.headers.items() if name in ("Allow", "Retry-After")}
        return problem(HTTPStatus(error.status), detail, headers=kept)
    except Refused as error:
        return problem(error.status, error.detail)
    except ConnectionError:
        raise  # the client left
    except Exception:  # the outermost handler: a defect costs one request
        logger.exception("request_failed", method=request.method, path=request.path)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the request could not be served; the log tells why")
