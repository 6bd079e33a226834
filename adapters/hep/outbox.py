"""Where the translator's parts put the domain events that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitor.events import Event


class Outbox:
    """Collects events: gives each its source and id."""

    __slots__ = ("_events", "_next_id", "skipped", "source")

    def __init__(self, source: str, next_id: Callable[[], str], skipped: Callable[[str], None]) -> None:
        self.source = source
        self.skipped = skipped
        self._next_id = next_id
        self._events: list[Event] = []

    def put(self, kind: Callable[..., Event], at: float, **fields: Any) -> None:
        """Append one event of class ``kind``."""
        self._events.append(kind(source=self.source, at=at, id=self._next_id(), **fields))

    def take(self) -> list[Event]:
        """Return what was put since the last call."""
        events = self._events
        if events:
            self._events = []
        return events
