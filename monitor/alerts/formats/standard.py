"""Our own body: the notification with its alerts as the feed and the API show them (``docs/alerts.md``)."""

from __future__ import annotations

from typing import Literal

import msgspec

from monitor.alerts.formats.language import summary
from monitor.alerts.notification import Notification
from monitor.model import Alert


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A request's body."""

    type: Literal["alerts"] = "alerts"
    id: str
    """The same as the header ``webhook-id``."""
    at: float
    group: dict[str, str]
    alerts: tuple[Alert, ...]


def body(notification: Notification, language: str | None) -> bytes:
    """Return the body as JSON."""
    alerts = tuple(
        msgspec.structs.replace(alert, summary=summary(alert, language)) for alert in notification.alerts
    )
    return msgspec.json.encode(
        Body(id=notification.id, at=notification.at, group=notification.group, alerts=alerts)
    )
