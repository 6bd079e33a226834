"""All of the alerts for the service: rules, webhooks and what is kept of both, opened on a storage."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from monitor.alerts.center import AlertCenter
from monitor.alerts.notification import Notification
from monitor.alerts.rules import LABELS_OF_SUBJECTS, Rule
from monitor.alerts.silences import Known, Silence, check
from monitor.alerts.subjects import Subjects
from monitor.alerts.telling import Receiver
from monitor.alerts.webhooks import DeadLetter, SystemTime, Webhooks, WebhookSettings, WebhookStatus
from monitor.engine import Changes, Picture
from monitor.engine.histogram import Histogram
from monitor.log.contract import Storage
from monitor.model import Alert, ServiceHealth

SHELF = "alerts"
DELIVERY_BOUNDS: tuple[float, ...] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600)
"""Seconds from the moment at which an alert began or ended to its delivery."""


class WebhookConfig(WebhookSettings, Receiver, Protocol):
    """All that is configured of a webhook: how it is reached, and what it wants to hear."""


class AlertsConfig(Protocol):
    """What is configured: :class:`monitor.settings.AlertSettings` is one."""

    @property
    def language(self) -> str:
        """Of what an alert says."""

    @property
    def webhooks(self) -> Sequence[WebhookConfig]:
        """Who is told."""


class Alerts:
    """The alerts of one service. Between :meth:`open` and :meth:`close` they are shown, after :meth:`start` they work."""

    def __init__(
        self,
        picture: Picture,
        rules: Sequence[Rule],
        config: AlertsConfig,
        *,
        now: Callable[[], float],
        publish: Callable[[Sequence[Changes]], None],
        feed_clients: Callable[[], int],
    ) -> None:
        self.delivery: dict[str, Histogram] = {}
        """Seconds from the moment at which an alert began or ended to its delivery, by webhook."""
        self._picture = picture
        self._rules = tuple(rules)
        self._config = config
        self._now = now
        self._publish = publish
        self._subjects = Subjects(picture, feed_clients=feed_clients, webhooks_failing=self._webhooks_failing)
        self._center: AlertCenter | None = None
        self._webhooks: Webhooks | None = None
        self._changing = asyncio.Lock()

    # --- life ------------------------------------------------------------------------------------------

    async def open(self, storage: Storage) -> None:
        """Show what was kept, and begin to deliver what still waits.

        Raises :class:`monitor.log.contract.StorageError`, and
        :class:`monitor.alerts.webhooks.WebhookMisconfigured` for a webhook that can't work.
        """
        shelf = storage.shelf(SHELF)
        self._webhooks = Webhooks(
            shelf, self._config.webhooks, time=SystemTime(self._now), on_delivered=self._delivered
        )
        self._center = center = AlertCenter(
            self._subjects,
            self._rules,
            language=self._config.language,
            shelf=shelf,
            now=self._now,
            new_id=new_id,
            publish=self._publish,
        )
        await center.restore()
        self._picture.alerts = center.alerts
        await self._webhooks.start()
        self._measure_deliveries()

    def start(self) -> None:
        """Begin to judge."""
        if self._center is not None and self._webhooks is not None:
            self._center.start(self._config.webhooks, self._webhooks)

    async def close(self) -> None:
        """End; what is not delivered is kept. Idempotent and bounded in time."""
        if self._center is not None:
            await self._center.stop()
        if self._webhooks is not None:
            await self._webhooks.stop()

    async def replace(self, rules: Sequence[Rule], config: AlertsConfig) -> None:
        """Go on with another configuration. Raises as :meth:`open` does; then everything stays as it was."""
        async with self._changing:
            if self._webhooks is not None:
                await self._webhooks.replace(config.webhooks)
            self._rules, self._config = tuple(rules), config
            self._measure_deliveries()
            if self._center is not None:
                await self._center.replace(rules, config.webhooks, language=config.language)

    def hear(self, changes: Sequence[Changes]) -> None:
        """Note what changed in the picture."""
        if self._center is not None:
            self._center.hear(changes)

    # --- what is shown ---------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether everything that was heard is judged, kept and handed to the deliveries."""
        return self._center is None or self._center.is_idle

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules in force."""
        return self._rules

    @property
    def past(self) -> Sequence[Alert]:
        """Alerts that are over, the latest first."""
        return () if self._center is None else self._center.past

    @property
    def silences(self) -> Mapping[str, Silence]:
        """Silences by id, perhaps also some that have just ended."""
        return {} if self._center is None else self._center.silences

    def webhooks(self) -> Sequence[WebhookStatus]:
        """Return how deliveries to each webhook go."""
        return () if self._webhooks is None else self._webhooks.status()

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Return the notifications that were given up."""
        return () if self._webhooks is None else self._webhooks.dead_letters()

    def service(self) -> ServiceHealth:
        """Return the service as a whole, as rules see it."""
        return self._subjects.service(self._now())

    def firing(self) -> dict[tuple[str, str], int]:
        """Return how many alerts fire, by rule and severity; 0 for a rule of which none does."""
        counts: dict[tuple[str, str], int] = {(rule.id, rule.severity): 0 for rule in self._rules}
        for alert in self._picture.alerts.values():
            if alert.state == "firing":
                key = (alert.rule, alert.severity)
                counts[key] = counts.get(key, 0) + 1
        return counts

    def deliveries(self) -> Mapping[tuple[str, str], int]:
        """Return how many deliveries had which result, by webhook and result."""
        return {} if self._webhooks is None else self._webhooks.counters()

    # --- what people do --------------------------------------------------------------------------------

    async def acknowledge(self, alert_id: str, *, by: str, why: str) -> Alert:
        """Note that somebody cares for an alert. Raises :class:`monitor.alerts.errors.NoSuch`."""
        return await self._opened().acknowledge(alert_id, by=by, why=why)

    async def silence(self, *, matchers: dict[str, str], by: str, why: str, until: float) -> Silence:
        """Keep matching alerts quiet until a time.

        Raises :class:`monitor.alerts.errors.NothingMatches` and :class:`monitor.alerts.errors.TooManySilences`.
        """
        now = self._now()
        known = Known(
            labels=LABELS_OF_SUBJECTS - {"alertname"}
            | {label for rule in self._rules for label in rule.labels},
            rules={rule.id for rule in self._rules},
            sources=self._picture.engines.keys(),
            has=lambda kind, id_: self._subjects.find(kind, id_, now) is not None,
        )
        check(matchers, known)
        return await self._opened().silence(matchers=matchers, by=by, why=why, until=until)

    def matching(self, silence: Silence) -> int:
        """Return how many alerts that there are now a silence is about."""
        return sum(silence.matches(alert) for alert in self._picture.alerts.values())

    async def unsilence(self, silence_id: str) -> None:
        """End a silence now. Raises :class:`monitor.alerts.errors.NoSuch`."""
        await self._opened().unsilence(silence_id)

    async def replay(self, webhook: str, notification: str) -> None:
        """Try a dead letter again. Raises :class:`monitor.alerts.errors.NoSuch`."""
        if self._webhooks is not None:
            await self._webhooks.replay(webhook, notification)

    # --- inside ----------------------------------------------------------------------------------------

    def _opened(self) -> AlertCenter:
        if self._center is None:
            raise RuntimeError("the alerts are not opened yet")
        return self._center

    def _webhooks_failing(self) -> int:
        return sum(one.failing_since is not None for one in self.webhooks())

    def _measure_deliveries(self) -> None:
        """Have a histogram for every webhook, the new ones from 0 on."""
        known = self.delivery
        self.delivery = {
            webhook.id: known.get(webhook.id) or Histogram.empty(DELIVERY_BOUNDS)
            for webhook in self._config.webhooks
        }

    def _delivered(self, notification: Notification, seconds: float) -> None:
        if notification.webhook in self.delivery:
            self.delivery[notification.webhook].observe(max(0, round(seconds * 1_000_000)))


def new_id() -> str:
    """Return an id that nobody else has."""
    return secrets.token_hex(16)


def receivers_of(webhooks: Iterable[WebhookConfig], alert: Alert) -> list[str]:
    """Return the ids of the webhooks that would be told of an alert."""
    return [webhook.id for webhook in webhooks if webhook.wants(alert)]
