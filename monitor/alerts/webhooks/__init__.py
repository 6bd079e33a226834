"""Webhooks: what brings alerts to people and machines elsewhere, at least once each.

``webhooks`` is what the service uses. For each receiver it has a ``courier``, who takes from an ``outbox`` (pure: order,
retries, limits) what is due and gives it to a ``sender`` (HTTP) or to ``chat`` (apprise); a ``keeper`` writes behind them.
"""

from __future__ import annotations

from monitor.alerts.webhooks.errors import WebhookMisconfigured
from monitor.alerts.webhooks.outcome import Outcome
from monitor.alerts.webhooks.settings import WebhookSettings
from monitor.alerts.webhooks.status import DeadLetter, WebhookStatus
from monitor.alerts.webhooks.webhooks import SystemTime, Webhooks, make_sender, send_once

__all__ = [
    "DeadLetter",
    "Outcome",
    "SystemTime",
    "WebhookMisconfigured",
    "WebhookSettings",
    "WebhookStatus",
    "Webhooks",
    "make_sender",
    "send_once",
]
