"""One try over HTTP: a POST with everything bounded, and in words what came of it."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from time import monotonic
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from monitor import __version__
from monitor.alerts.formats import BODIES
from monitor.alerts.notification import Notification
from monitor.alerts.webhooks.addresses import AddressRefused, open_socket, refused
from monitor.alerts.webhooks.errors import WebhookMisconfigured
from monitor.alerts.webhooks.outcome import Outcome
from monitor.alerts.webhooks.reserved import reserved
from monitor.alerts.webhooks.retry_after import retry_after
from monitor.alerts.webhooks.settings import WebhookSettings, plain
from monitor.alerts.webhooks.signature import Signer

ANSWER_BYTES = 4 * 1024
"""Of an answer's body that are read, and thrown away; what is more is not waited for."""
HEADER_BYTES = 16 * 1024
GONE = 410
SAYS_WHEN = frozenset({429, 503})
"""Answers whose ``Retry-After`` is for the sender as a whole."""
KEEP_ALIVE_SECONDS = 15.0


class Sender(Protocol):
    """What delivers to one receiver."""

    async def send(self, notification: Notification) -> Outcome:
        """Try once; raises nothing but cancellation."""

    async def close(self) -> None:
        """Let go of connections; idempotent."""


class HttpSender:
    """A :class:`Sender` for the formats that are bodies of HTTP requests.

    Raises ``WebhookMisconfigured`` when made, with all that can be known before anything is sent.
    """

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        wall: Callable[[], float],
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._settings = settings
        self._wall = wall
        self._resolver = resolver
        self._body = BODIES[settings.format]
        self._url = _url(settings)
        self._headers = _headers(settings)
        if self._url.user is not None and any(name.lower() == "authorization" for name in self._headers):
            problem = "the url has a user or password already; leave one of them out"
            raise WebhookMisconfigured(settings.id, "headers.Authorization", problem)
        self._signer = Signer(settings)
        self._tls = _trust(settings)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, notification: Notification) -> Outcome:
        """Try once."""
        body = self._body(notification, self._settings.language)
        headers = {**self._headers, **self._signer.headers(notification.id, body, self._wall())}
        began = monotonic()
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._post(body, headers, began)
        except TimeoutError:
            error = f"no complete answer within {self._settings.timeout:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            error = in_words(problem)
        return Outcome(delivered=False, seconds=monotonic() - began, error=error)

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, body: bytes, headers: dict[str, str], began: float) -> Outcome:
        async with self._opened().post(
            self._url, data=body, headers=headers, allow_redirects=False
        ) as response:
            status = response.status
            await _read_away(response)
            answered = {name: response.headers.get(name) for name in ("Retry-After", "Date")}
            reason = response.reason
        seconds = monotonic() - began
        if 200 <= status < 300:
            return Outcome(delivered=True, seconds=seconds, status=status)
        pause = None
        if status in SAYS_WHEN:
            pause = retry_after(answered["Retry-After"], self._wall(), answered["Date"])
        return Outcome(
            delivered=False,
            seconds=seconds,
            status=status,
            error=_told(status, reason),
            gone=status == GONE,
            retry_after=pause,
        )

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._settings.parallel,
                resolver=self._resolver,
                use_dns_cache=False,  # what a name means now is what is checked
                ssl=self._tls,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
                socket_factory=open_socket,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None),  # ours is over everything
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # no proxies, no passwords from a .netrc
                auto_decompress=False,
                max_line_size=HEADER_BYTES,
                max_field_size=HEADER_BYTES,
            )
        return self._session


async def _read_away(response: aiohttp.ClientResponse) -> None:
    """Read an answer up to its end, or to where it becomes too much; then the connection is given up."""
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > ANSWER_BYTES:
            response.close()
            return


def in_words(problem: Exception) -> str:
    """Return what is wrong with a connection, without the address that it was to."""
    match problem:
        case aiohttp.ClientConnectorCertificateError():
            cause = problem.certificate_error
            words = f"its certificate is not trusted: {getattr(cause, 'verify_message', '') or cause}"
        case aiohttp.ClientConnectorDNSError():
            words = "its name can't be resolved"
        case aiohttp.ClientSSLError():
            words = f"TLS failed: {getattr(problem.os_error, 'reason', None) or problem.os_error}"
        case aiohttp.ClientConnectorError():
            words = f"no connection: {_of_the_system(problem.os_error)}"
        case aiohttp.ServerDisconnectedError():
            words = "it closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            words = "it closed the connection in the middle of its answer"
        case aiohttp.ClientResponseError():
            words = "its answer is not HTTP"
        case OSError():
            words = f"the connection broke: {_of_the_system(problem)}"
        case _:
            words = f"the request failed: {type(problem).__name__}"
    return words


def _of_the_system(error: OSError) -> str:
    """Return the system's own words; those of the event loop repeat the address."""
    if isinstance(error, AddressRefused):
        return str(error)
    return os.strerror(error.errno) if error.errno and error.errno > 0 else type(error).__name__


def _told(status: int, reason: str | None) -> str:
    words = (reason or "").strip()
    words = words[:60] if words.isprintable() else ""
    answered = f"it answered {status} {words}".rstrip()
    if 300 <= status < 400:
        return f"{answered}: redirects are not followed, configure the address itself"
    return answered


def _url(settings: WebhookSettings) -> URL:
    try:
        url = URL(plain(settings.url))
        usable = url.scheme in ("http", "https") and bool(url.host) and bool(url.port)
    except ValueError:
        usable = False
    if not usable:
        raise WebhookMisconfigured(settings.id, "url", "expected http://… or https://… with a host")
    if refused(url.host or ""):
        raise WebhookMisconfigured(settings.id, "url", str(AddressRefused(url.host or "")))
    return url


def _headers(settings: WebhookSettings) -> dict[str, str]:
    headers = {"User-Agent": f"operator-monitor/{__version__}"}
    for name, value in settings.headers.items():
        text = plain(value)
        if reserved(name):
            raise WebhookMisconfigured(
                settings.id, f"headers.{name}", "this header is made by the service; leave it out"
            )
        if not _is_token(name) or any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in text):
            raise WebhookMisconfigured(
                settings.id, f"headers.{name!a}", "expected a header's name, and text of one line"
            )
        if name.lower() == "user-agent":
            del headers["User-Agent"]
        headers[name] = text
    return {**headers, "Content-Type": "application/json"}


def _is_token(name: str) -> bool:
    """Whether a text can be a header's name (RFC 9110, section 5.6.2)."""
    return bool(name) and name.isascii() and all(sign.isalnum() or sign in "!#$%&'*+-.^_`|~" for sign in name)


def _trust(settings: WebhookSettings) -> ssl.SSLContext | bool:
    """Return by which certificates a receiver is believed."""
    if settings.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:  # ssl.SSLError is one
        problem = f"{settings.ca_file}: {error.strerror or error}; expected certificates in PEM form"
        raise WebhookMisconfigured(settings.id, "ca_file", problem) from error
