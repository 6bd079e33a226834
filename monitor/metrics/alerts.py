"""The metrics of alerts: what fires, and how it reaches those who must know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from monitor.engine.histogram import Histogram
from monitor.metrics.family import Family, Sample, histogram


class WebhookFigures(Protocol):
    """What a webhook tells about itself."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def pending(self) -> int:
        """Notifications that are not delivered yet."""

    @property
    def dead(self) -> int:
        """Notifications that were given up and can be sent again."""


class AlertFigures(Protocol):
    """What the alerts tell about themselves: :class:`monitor.alerts.Alerts` is one."""

    @property
    def delivery(self) -> Mapping[str, Histogram]:
        """Seconds to the delivery, by webhook."""

    def firing(self) -> Mapping[tuple[str, str], int]:
        """How many alerts fire, by rule and severity."""

    def deliveries(self) -> Mapping[tuple[str, str], int]:
        """How many deliveries had which result, by webhook and result."""

    def webhooks(self) -> Sequence[WebhookFigures]:
        """How deliveries to each webhook go."""


class AlertFamilies:
    """Makes the families."""

    def __init__(self, alerts: AlertFigures) -> None:
        self._alerts = alerts

    def all(self) -> list[Family]:
        """Return the families."""
        return [
            Family(
                "callcenter_alerts_firing",
                "gauge",
                "Alerts of the service's own rules that fire.",
                self._firing,
                ("rule", "severity"),
                'sum(callcenter_alerts_firing{severity="critical"})',
            ),
            Family(
                "callcenter_webhook_deliveries",
                "counter",
                "Deliveries by result: `delivered`, `failed` (a try), `dropped` (given up, to the dead letters).",
                self._deliveries,
                ("result", "webhook"),
                'increase(callcenter_webhook_deliveries_total{result="failed"}[1h])',
            ),
            Family(
                "callcenter_webhook_delivery_seconds",
                "histogram",
                "From the fact (or from when what was kept back may be told) to its first delivery, dead letters aside.",
                self._latency,
                ("webhook",),
                "histogram_quantile(0.99, sum by (le, webhook) (rate(callcenter_webhook_delivery_seconds_bucket[1h])))",
            ),
            Family(
                "callcenter_webhook_pending",
                "gauge",
                "Notifications that are not delivered yet.",
                lambda: [("", (("webhook", one.id),), one.pending) for one in self._alerts.webhooks()],
                ("webhook",),
                "callcenter_webhook_pending > 100",
            ),
            Family(
                "callcenter_webhook_dead_letters",
                "gauge",
                "Notifications that were given up and can be sent again.",
                lambda: [("", (("webhook", one.id),), one.dead) for one in self._alerts.webhooks()],
                ("webhook",),
                "callcenter_webhook_dead_letters > 0",
            ),
        ]

    def _firing(self) -> Iterator[Sample]:
        for (rule, severity), count in self._alerts.firing().items():
            yield "", (("rule", rule), ("severity", severity)), count

    def _deliveries(self) -> Iterator[Sample]:
        for (webhook, result), count in self._alerts.deliveries().items():
            yield "_total", (("result", result), ("webhook", webhook)), count

    def _latency(self) -> Iterator[Sample]:
        for webhook, seconds in self._alerts.delivery.items():
            yield from histogram(seconds, ("webhook", webhook))
