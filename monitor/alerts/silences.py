"""Silences: for a time, alerts that match are shown but not told to receivers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple, get_args

from monitor.alerts.errors import NoSuchLabel, NoSuchValue, NothingMatches
from monitor.alerts.fields import Kind
from monitor.model import Alert, Model, Severity

MAX_SILENCES = 1_000
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)


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


class Known(NamedTuple):
    """What alerts may speak of."""

    labels: Collection[str]
    rules: Collection[str]
    sources: Collection[str]
    has: Callable[[Kind, str], bool]
    """Whether there is a queue or agent of an id."""


def check(matchers: Mapping[str, str], known: Known) -> None:
    """Raise :class:`monitor.alerts.errors.NothingMatches` where it is clear that no alert could ever match.

    A queue or agent may come yet; its source can't, without a restart.
    """
    choices = {"rule": known.rules, "severity": SEVERITIES, "source": known.sources}
    for label, value in matchers.items():
        if label not in known.labels:
            raise NoSuchLabel(label, known.labels)
        if label in choices and value not in choices[label]:
            raise NoSuchValue(label, value, choices[label])
        if label == "queue":
            _check_id("queue", value, known)
        elif label == "agent":
            _check_id("agent", value, known)


def _check_id(kind: Kind, value: str, known: Known) -> None:
    source, slash, name = value.partition("/")
    if slash and source not in known.sources:
        raise NoSuchValue("source", source, known.sources)
    if name:
        return
    possible = [source] if slash else sorted(known.sources)
    ids = [f"{one}/{'NAME' if slash else value}" for one in possible]
    ids = [one for one in ids if known.has(kind, one)] or ids
    article = "an" if kind == "agent" else "a"
    raise NothingMatches(
        f"{article} {kind} is named with its source: write {' or '.join(map(repr, ids))}", kind
    )


def silencing(alert: Alert, silences: Iterable[Silence], now: float) -> Silence | None:
    """Return the silence that keeps an alert quiet now, of several the one that lasts longest."""
    found = [one for one in silences if one.until > now and one.matches(alert)]
    return max(found, key=lambda one: one.until, default=None)


def next_end(silences: Mapping[str, Silence], now: float) -> float | None:
    """Return when the next silence ends."""
    return min((one.until for one in silences.values() if one.until > now), default=None)
