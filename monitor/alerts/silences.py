"""Silences: for a time, alerts that match are shown but not told to receivers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.model import Alert, Model

MAX_SILENCES = 1_000


class Silence(Model, frozen=True, kw_only=True):
    """Who wants which alerts to be quiet, why, and until when."""

    id: str
    matchers: dict[str, str]
    """Label, ``rule`` or ``severity`` to the value that it must have; all must match."""
    by: str
    why: str
    created_at: float
    until: float

    def matches(self, alert: Alert) -> bool:
        """Whether an alert is meant, at any time."""
        told = alert.labels | {"rule": alert.rule, "severity": alert.severity}
        return all(told.get(name) == value for name, value in self.matchers.items())


def silencing(alert: Alert, silences: Iterable[Silence], now: float) -> Silence | None:
    """Return the silence that keeps an alert quiet now, of several the one that lasts longest."""
    found = [one for one in silences if one.until > now and one.matches(alert)]
    return max(found, key=lambda one: one.until, default=None)


def next_end(silences: Mapping[str, Silence], now: float) -> float | None:
    """Return when the next silence ends."""
    return min((one.until for one in silences.values() if one.until > now), default=None)
