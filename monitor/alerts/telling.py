"""What each receiver has been told and is to be told next. Pure.

By level, not by edge: an alert that fires and may be told is told once; one that ended is told to whoever was told that it
began. What is kept back (silenced, its source lost, said too often) is told when that is over, if it still fires.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from monitor.model import Alert

BURST = 3
"""Beginnings of the same alert that a receiver is told at once, however soon after each other."""
REST_SECONDS = 60.0
"""Further ones are told this far apart: a condition that flaps doesn't spam."""

Topic: TypeAlias = tuple[str, str, str]
"""Receiver, rule, subject."""
_Group: TypeAlias = tuple[tuple[str, str], ...]
_Messages: TypeAlias = dict[tuple[str, _Group], list[Alert]]
"""By receiver and group."""


class Receiver(Protocol):
    """Somebody who is told: a webhook."""

    @property
    def id(self) -> str:
        """Its name in the configuration."""

    @property
    def send_resolved(self) -> bool:
        """Whether it is told of the end."""

    @property
    def group_by(self) -> tuple[str, ...]:
        """Labels (or ``rule``) that all alerts of one notification have in common."""

    def wants(self, alert: Alert) -> bool:
        """Whether it is to be told of an alert."""


class Message(NamedTuple):
    """What one receiver is to be told at once."""

    receiver: str
    group: dict[str, str]
    alerts: tuple[Alert, ...]


class Telling:
    """Keeps who was told what; :meth:`settle` after every change."""

    def __init__(self) -> None:
        self.told: dict[str, set[str]] = {}
        """Receivers that know of an alert, by its id."""
        self._open: dict[str, None] = {}
        """Alerts that fire and that some receiver may not have been told yet: to be asked at the next opportunity."""
        self._resting: dict[str, None] = {}
        """Those that somebody has heard too much of."""
        self._rested_at: float | None = None
        """When the first of these may be told."""
        self._spoken: dict[Topic, list[float]] = {}
        """When the latest beginnings were told."""

    def restore(self, alert: Alert, told: Iterable[str]) -> None:
        """Go on with an alert of an earlier run."""
        self.told[alert.id] = set(told)
        self._open[alert.id] = None

    def settle(
        self,
        alerts: Mapping[str, Alert],
        changed: Collection[Alert],
        receivers: Sequence[Receiver],
        quiet: Callable[[Alert], bool],
        now: float,
    ) -> tuple[list[Message], float | None]:
        """Return what is to be told now, and when to ask again though nothing changes.

        ``alerts``: all that there are, by id; ``changed``: those that fired or ended since, or of which ``quiet``, whether one is
        to be kept back for now, may say otherwise.
        """
        messages: _Messages = {}
        for alert in changed:
            if alert.state == "firing":
                self._open.setdefault(alert.id)
            elif alert.state == "resolved":
                self._tell_end(alert, receivers, messages)
        if self._rested_at is not None and self._rested_at <= now:
            self._open |= self._resting
            self._resting, self._rested_at = {}, None
        to_ask, self._open = self._open, {}
        for alert_id in to_ask:
            current = alerts.get(alert_id)
            if current is None or quiet(current):
                continue
            later = self._tell(current, receivers, messages, now)
            if later is not None:
                self._resting[alert_id] = None
                self._rested_at = later if self._rested_at is None else min(later, self._rested_at)
        found = [
            Message(receiver, dict(group), tuple(alerts_)) for (receiver, group), alerts_ in messages.items()
        ]
        return found, self._rested_at

    def ask_all(self, alerts: Iterable[Alert]) -> None:
        """Look at all alerts again: there are other receivers."""
        for alert in alerts:
            if alert.state == "firing":
                self._open.setdefault(alert.id)

    def _tell_end(self, alert: Alert, receivers: Sequence[Receiver], messages: _Messages) -> None:
        self._open.pop(alert.id, None)
        self._resting.pop(alert.id, None)
        if not self._resting:
            self._rested_at = None
        told = self.told.pop(alert.id, set())
        for receiver in receivers:
            if receiver.id in told and receiver.send_resolved:
                messages.setdefault((receiver.id, _group(alert, receiver.group_by)), []).append(alert)

    def _tell(
        self, alert: Alert, receivers: Sequence[Receiver], messages: _Messages, now: float
    ) -> float | None:
        """Tell whoever wants to know and doesn't; return when those can be told who have heard too much of it."""
        told = self.told.setdefault(alert.id, set())
        later: float | None = None
        for receiver in receivers:
            if receiver.id in told or not receiver.wants(alert):
                continue
            allowed = self._allowed_from(receiver.id, alert, now)
            if allowed <= now:
                told.add(receiver.id)
                self._spoken[receiver.id, alert.rule, alert.subject].append(now)
                messages.setdefault((receiver.id, _group(alert, receiver.group_by)), []).append(alert)
            elif later is None or allowed < later:
                later = allowed
        return later

    def _allowed_from(self, receiver: str, alert: Alert, now: float) -> float:
        """Return from when on a receiver may be told again that an alert began."""
        topic = (receiver, alert.rule, alert.subject)
        spoken = self._spoken[topic] = [
            at for at in self._spoken.get(topic, ()) if now - BURST * REST_SECONDS < at <= now
        ]
        if len(spoken) < BURST:
            return now
        return spoken[-1] + REST_SECONDS

    def forget_old(self, now: float) -> None:
        """Forget beginnings that count no longer."""
        horizon = now - BURST * REST_SECONDS
        self._spoken = {topic: at for topic, at in self._spoken.items() if at and at[-1] > horizon}


def _group(alert: Alert, labels: Iterable[str]) -> _Group:
    told = alert.labels | {"rule": alert.rule}
    return tuple((name, told[name]) for name in labels if told.get(name))
