"""Alerts: rules over what is shown, judged as it changes, and told to whoever must know.

``rules`` (with ``expression``, ``schedule`` and ``summary``) is what a rule means, ``evaluator`` which alerts there are,
``silences`` and ``telling`` who is told what: all pure. ``center`` runs them on what changes, ``webhooks`` delivers, and
``desk`` is all of it for the service.
"""

from __future__ import annotations

from monitor.alerts.center import AlertCenter
from monitor.alerts.desk import Alerts, receivers_of
from monitor.alerts.errors import AlertsError, NoSuch, NotTakenOver, RuleError, RulesError, TooManySilences
from monitor.alerts.notification import Notification
from monitor.alerts.rules import Rule
from monitor.alerts.silences import Silence
from monitor.alerts.subjects import Subjects
from monitor.alerts.webhooks import DeadLetter, Webhooks, WebhookStatus

__all__ = [
    "AlertCenter",
    "Alerts",
    "AlertsError",
    "DeadLetter",
    "NoSuch",
    "NotTakenOver",
    "Notification",
    "Rule",
    "RuleError",
    "RulesError",
    "Silence",
    "Subjects",
    "TooManySilences",
    "WebhookStatus",
    "Webhooks",
    "receivers_of",
]
