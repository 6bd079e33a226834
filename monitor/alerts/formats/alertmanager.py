"""The body that Prometheus Alertmanager sends to its webhooks (version "4"), so that receivers made for it work.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; compared with a real Alertmanager's in
``tests/alerts/test_formats_alertmanager.py``. A rule is an ``alertname`` there, and summary and value are annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from monitor.alerts.formats.language import summary
from monitor.alerts.notification import Notification
from monitor.model import Alert

VERSION = "4"
NOT_OVER = "0001-01-01T00:00:00Z"
"""What stands for the end of an alert that still fires: the zero of Go's clock."""

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
"""FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/."""
_SEPARATOR = b"\xff"


def body(notification: Notification, language: str | None) -> bytes:
    """Return the body as JSON."""
    alerts = [_alert(alert, language) for alert in notification.alerts]
    group = {
        "alertname" if name == "rule" else name: value for name, value in notification.group.items() if value
    }
    return msgspec.json.encode(
        {
            "receiver": notification.webhook,
            "status": _status(alert.state == "firing" for alert in notification.alerts),
            "alerts": alerts,
            "groupLabels": group,
            "commonLabels": _common(alert["labels"] for alert in alerts),
            "commonAnnotations": _common(alert["annotations"] for alert in alerts),
            "externalURL": "",
            "version": VERSION,
            "groupKey": f"{{}}:{_text(group)}",
            "truncatedAlerts": 0,
        },
        order="deterministic",
    )


def _alert(alert: Alert, language: str | None) -> dict[str, Any]:
    labels = {**alert.labels, "alertname": alert.rule, "severity": alert.severity}
    labels = {name: value for name, value in labels.items() if value}  # empty is absent there
    annotations = {"summary": summary(alert, language)}
    if alert.value is not None:
        annotations["value"] = _number(alert.value) if isinstance(alert.value, float) else str(alert.value)
    over = alert.resolved_at if alert.state == "resolved" else None
    return {
        "status": _status([alert.state == "firing"]),
        "labels": labels,
        "annotations": annotations,
        "startsAt": _time(alert.since if alert.fired_at is None else alert.fired_at),
        "endsAt": NOT_OVER if over is None else _time(over),
        "generatorURL": "",
        "fingerprint": _fingerprint(labels),
    }


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _status(firing: Iterable[bool]) -> str:
    return "firing" if any(firing) else "resolved"


def _common(of_alerts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return what all have in common."""
    common: dict[str, str] | None = None
    for one in of_alerts:
        common = dict(one) if common is None else {k: v for k, v in common.items() if one.get(k) == v}
    return common or {}


def _time(at: float) -> str:
    """Return a time by RFC 3339, in UTC, without zeros at its end."""
    text = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"


def _text(labels: Mapping[str, str]) -> str:
    """Return labels in the notation of Prometheus."""
    pairs = (f"{name}={msgspec.json.encode(value).decode()}" for name, value in sorted(labels.items()))
    return "{" + ", ".join(pairs) + "}"


def _fingerprint(labels: Mapping[str, str]) -> str:
    """Return what names an alert by its labels: the same number that Prometheus makes of them."""
    number = _FNV_OFFSET
    for name, value in sorted(labels.items()):
        for byte in name.encode() + _SEPARATOR + value.encode() + _SEPARATOR:
            number = ((number ^ byte) * _FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return f"{number:016x}"
