"""Notifications as the bodies of requests, and as text for people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from monitor.alerts.formats import alertmanager, standard
from monitor.alerts.notification import Notification

BODIES: Mapping[str, Callable[[Notification, str | None], bytes]] = {
    "standard": standard.body,
    "alertmanager": alertmanager.body,
}
"""What makes the JSON body of a notification, by format; the second argument is the language of the summaries."""
