"""Chat services by way of apprise, an optional extra: imported only where a webhook has this format.

apprise has clients of its own for each service, with their own connections: redirects are not followed here either, but
addresses are checked only as they are written, proxies from the environment hold, and a try that runs into its timeout
ends in the background some seconds later.
"""

from __future__ import annotations

import asyncio
import logging
import re
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.alerts.formats.text import Tone, message
from monitor.alerts.notification import Notification
from monitor.alerts.webhooks.addresses import AddressRefused, refused
from monitor.alerts.webhooks.errors import WebhookMisconfigured
from monitor.alerts.webhooks.outcome import Outcome
from monitor.alerts.webhooks.settings import WebhookSettings, plain

if TYPE_CHECKING:
    import apprise

KINDS: dict[Tone, str] = {
    "info": "info",
    "warning": "warning",
    "critical": "failure",
    "resolved": "success",
}
"""What apprise calls them; services show them as colours."""
_STATUS = re.compile(r"error=([1-5]\d\d)\b")
"""How its plugins tell an HTTP status. Nothing else of what they say is passed on: it may hold a token."""


class ChatSender:
    """A :class:`monitor.alerts.webhooks.sender.Sender` for what apprise can reach."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._service = _service(settings)

    async def send(self, notification: Notification) -> Outcome:
        """Try once."""
        title, text, tone = message(notification, self._settings.language)
        began = monotonic()
        status = None
        try:
            async with asyncio.timeout(self._settings.timeout):
                result = await self._service.async_notify(
                    body=text,
                    title=title,
                    notify_type=KINDS[tone],
                    body_format="text",
                    log_level=logging.WARNING,
                )
            with result:
                if result:
                    return Outcome(delivered=True, seconds=monotonic() - began)
                said = [match for entry in result.logs() if (match := _STATUS.search(entry.message))]
                status = int(said[-1][1]) if said else None
            error = (
                "the chat service was not reached"
                if status is None
                else f"the chat service answered {status}"
            )
        except TimeoutError:
            error = f"not done within {self._settings.timeout:g} s"
        except Exception as problem:  # noqa: BLE001 - of a hundred plugins; none may stop the deliveries
            error = f"apprise failed: {type(problem).__name__}"
        return Outcome(delivered=False, seconds=monotonic() - began, status=status, error=error)

    async def close(self) -> None:
        """Nothing is kept open."""


def _hush() -> None:
    """Keep apprise's lines out of our log: they come with every try, and with addresses that hold tokens."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _service(settings: WebhookSettings) -> apprise.Apprise:
    _hush()
    try:
        import apprise  # noqa: PLC0415 - slow, and not everybody has it
    except ImportError as error:
        problem = "apprise needs the package of this name: pip install 'operator-monitor[chat]'"
        raise WebhookMisconfigured(settings.id, "format", problem) from error
    url = plain(settings.url)
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if refused(host):
        raise WebhookMisconfigured(settings.id, "url", str(AddressRefused(host)))
    service = apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(secure_logging=True))
    if service is None:
        problem = "apprise doesn't understand it: see https://appriseit.com/services/"
        raise WebhookMisconfigured(settings.id, "url", problem)
    service.redirects = False
    services = apprise.Apprise(asset=service.asset)
    services.add(service)
    return services
