"""A contact centre that is watched by an alert center: what is shown, and what receivers were told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.alerts import AlertCenter, Notification, Rule, Subjects
from monitor.alerts.rules import rule_of
from monitor.log import MemoryStorage
from monitor.log.contract import Storage
from monitor.model import Alert
from monitor.settings.alerts import RuleSettings
from tests.alerts.test_telling import Ear
from tests.helpers.centre import Centre


def rule(name: str = "wait", for_each: str = "queue", when: str = "waiting > 1", **more: Any) -> Rule:
    """Return a rule as it would be configured."""
    return rule_of(RuleSettings.model_validate({"id": name, "for_each": for_each, "when": when, **more}))


@dataclass
class Deliveries:
    """Writes down what it is to deliver."""

    notifications: list[Notification] = field(default_factory=list)
    kept: list[bool] = field(default_factory=list)

    def entries(self, notifications: Sequence[Notification]) -> Mapping[str, bytes | None]:
        return {f"outbox:{one.webhook}/{one.id}": b"-" for one in notifications}

    def submit(self, notifications: Sequence[Notification], *, kept: bool) -> None:
        self.notifications += notifications
        self.kept.append(kept)

    def said(self) -> list[tuple[str, str, str]]:
        """Return receiver, subject and state of everything that was told, and forget it."""
        said = [
            (one.webhook, alert.subject, alert.state) for one in self.notifications for alert in one.alerts
        ]
        self.notifications.clear()
        return said


class Watch:
    """An alert center on a :class:`Centre`. Time passes only by the centre's clock."""

    def __init__(self, centre: Centre, *rules: Rule, storage: Storage | None = None) -> None:
        self.centre = centre
        self.storage = storage or MemoryStorage()
        self.deliveries = Deliveries()
        self.published: list[set[str]] = []
        self.removed: list[set[str]] = []
        self._ids = itertools.count(1)
        self.center = AlertCenter(
            Subjects(centre.picture, feed_clients=lambda: 0, webhooks_failing=lambda: 0),
            rules,
            language="en",
            shelf=self.storage.shelf("alerts"),
            now=centre.now,
            new_id=lambda: f"n{next(self._ids)}",
            publish=self._publish,
        )
        centre.publish = self.center.hear

    async def start(self, *ears: Ear) -> Watch:
        await self.center.restore()
        self.centre.picture.alerts = self.center.alerts
        self.center.start(ears or (Ear(),), self.deliveries)
        return await self.settled()

    async def settled(self) -> Watch:
        """Wait until everything that is known was judged, kept and told."""
        center = self.center
        for _ in range(3):
            while center._wake.is_set() or center._dirty or center._lock.locked():
                await asyncio.sleep(0)
            await asyncio.sleep(0)
        return self

    async def at(self, seconds: float) -> Watch:
        """Let time pass: for the engines, and for what the center waits for."""
        self.centre.passes(seconds)
        self.center.look()
        return await self.settled()

    def states(self) -> dict[str, str]:
        return {alert.subject: alert.state for alert in self.center.alerts.values()}

    def only(self) -> Alert:
        (alert,) = self.center.alerts.values()
        return alert

    async def stop(self) -> None:
        await self.center.stop()
        await asyncio.sleep(0)

    def _publish(self, changes: Any) -> None:
        for change in changes:
            self.published.append(change.alerts)
            self.removed.append(change.alerts_removed)
