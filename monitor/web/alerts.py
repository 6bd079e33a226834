"""What is done about alerts over HTTP: acknowledge, silence, reload, replay.

Requests that change something must say ``Content-Type: application/json`` and, from a browser, come from our own page:
else any web site could send them through the visitor's browser.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from aiohttp import hdrs, web

from monitor.alerts import Alerts, AlertsError, NoSuch, NotTakenOver, Silence
from monitor.alerts.errors import NothingMatches
from monitor.web.alert_forms import Acknowledge, Form, NewSilence, Nothing, Reloaded, Replay, Silenced
from monitor.web.handlers import array, pieces
from monitor.web.problems import NO_STORE, Refused, problem
from monitor.web.routes import Health
from monitor.web.sending import JSON, send

F = TypeVar("F", bound=Form)

MAX_SILENCE_SECONDS = 366 * 86_400.0

_encode = msgspec.json.Encoder().encode


Reload = Callable[[], Awaitable[Reloaded]]
"""Reads rules and webhooks anew. Raises :class:`monitor.alerts.errors.NotTakenOver`."""


class AlertHandlers:
    """One method for each route."""

    def __init__(self, alerts: Alerts, reload: Reload, *, now: Callable[[], float]) -> None:
        self._alerts = alerts
        self._reload = reload
        self._now = now

    async def past_alerts(self, request: web.Request) -> web.StreamResponse:
        """Answer with the alerts that are over."""
        return await send(request, _list(self._alerts.past))

    async def silences(self, request: web.Request) -> web.StreamResponse:
        """Answer with all silences that last."""
        now = self._now()
        return await send(request, _list([one for one in self._alerts.silences.values() if one.until > now]))

    async def webhooks(self, request: web.Request) -> web.StreamResponse:
        """Answer with how deliveries go."""
        return await send(request, _list(self._alerts.webhooks()))

    async def dead_letters(self, request: web.Request) -> web.StreamResponse:
        """Answer with what was given up."""
        return await send(request, _list(self._alerts.dead_letters()))

    async def service(self, _request: web.Request) -> web.StreamResponse:
        """Answer with the service as a whole."""
        return _json(self._alerts.service())

    async def acknowledge(self, request: web.Request) -> web.StreamResponse:
        """Note who cares for an alert."""
        form = await _form(request, Acknowledge)
        return _json(await _told(self._alerts.acknowledge(form.id, by=form.by, why=form.why)))

    async def silence(self, request: web.Request) -> web.StreamResponse:
        """Make a silence."""
        form = await _form(request, NewSilence)
        now = self._now()
        if not now < form.until <= now + MAX_SILENCE_SECONDS:
            raise Refused(
                HTTPStatus.BAD_REQUEST, "until must be a time to come, at most a year ahead, in unix seconds"
            )
        made = self._alerts.silence(matchers=form.matchers, by=form.by, why=form.why, until=form.until)
        silence: Silence = await _told(made)
        return _json(Silenced(**msgspec.structs.asdict(silence), matching=self._alerts.matching(silence)))

    async def unsilence(self, request: web.Request) -> web.StreamResponse:
        """End a silence."""
        _from_our_own_page(request)
        await _told(self._alerts.unsilence(request.match_info["id"]))
        return _json(Health(status="ended"))

    async def replay(self, request: web.Request) -> web.StreamResponse:
        """Try a dead letter again."""
        form = await _form(request, Replay)
        await _told(self._alerts.replay(form.webhook, form.id))
        return _json(Health(status="queued"))

    async def reload_alerts(self, request: web.Request) -> web.StreamResponse:
        """Read rules and webhooks anew."""
        await _form(request, Nothing)
        try:
            return _json(await self._reload())
        except NotTakenOver as error:
            return problem(HTTPStatus.CONFLICT, "the configuration was not taken over", list(error.reasons))


async def _form(request: web.Request, type_: type[F]) -> F:
    """Return what a request carries. Raises an HTTP error that says what is wrong with it."""
    _from_our_own_page(request)
    if request.content_type != JSON:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send JSON, with Content-Type: {JSON}")
    try:
        return msgspec.json.decode(await request.read(), type=type_)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error


def _from_our_own_page(request: web.Request) -> None:
    """Refuse what a page of another site sends. Whoever sends no ``Origin`` is no browser."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and origin.partition("://")[2].lower() != request.host.lower():
        raise Refused(HTTPStatus.FORBIDDEN, "a page of another site must not do this")


async def _told(doing: Awaitable[Any]) -> Any:
    """Return what comes of it. What it refuses becomes an answer."""
    try:
        return await doing
    except NoSuch as error:
        raise Refused(HTTPStatus.NOT_FOUND, str(error)) from error
    except NothingMatches as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
    except AlertsError as error:
        raise Refused(HTTPStatus.CONFLICT, str(error)) from error


def _json(value: object) -> web.Response:
    return web.Response(body=_encode(value), content_type=JSON, headers=NO_STORE)


def _list(values: Iterable[object]) -> Iterator[bytes]:
    return pieces(array(map(_encode, values)))
