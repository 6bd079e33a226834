"""Where the translator's parts put the domain events that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.ami.translate.fields import Fields, UnusableError
from monitor.events import Event


def ignore(_kind: str) -> None:
    """Count nothing."""


class Outbox:
    """Collects the events of one message: gives each its source, time and id.

    ``at`` is the time of the message that is being translated, ``offset`` what turns a second of the PBX's clock
    into one of ours; both are set by the translator.
    """

    __slots__ = ("_events", "_next_id", "at", "offset", "skipped", "source")

    def __init__(
        self, source: str, next_id: Callable[[], str], skipped: Callable[[str], None] = ignore
    ) -> None:
        self.source = source
        self.at = 0.0
        self.offset = 0.0
        self.skipped = skipped
        self._next_id = next_id
        self._events: list[Event] = []

    def put(self, kind: Callable[..., Event], **fields: Any) -> None:
        """Append one event of class ``kind``."""
        self._events.append(kind(source=self.source, at=self.at, id=self._next_id(), **fields))

    def attempt(self, handle: Callable[[Fields], object], fields: Fields) -> None:
        """Let a message be handled; count it if it cannot be used."""
        try:
            handle(fields)
        except UnusableError as error:
            self.skipped(error.kind)

    def take(self) -> list[Event]:
        """Return what was put since the last call."""
        events = self._events
        if not events:
            return []
        self._events = []
        return events
