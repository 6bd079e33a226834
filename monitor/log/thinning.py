"""Which snapshots are needed for an hour only.

The source's lists are compared every 20 s, and each comparison is in the log whole: with 10,000 members that is more
than everything else together. Once the state after it is saved, a snapshot serves only a start that finds the saved
state unreadable and replays all events that are kept. What that needs of snapshots:

- those that begin a time in sync (the first of a connection, after a loss, after the source's restart): without them
  nobody would be known until the next one;
- of those that merely compared, one now and then: a connection may be older than the oldest event that is kept, so
  that its beginning is gone; and what a comparison corrected must be corrected by the replay too, if a little later.
  The first of every hour is kept for that;
- nothing else: a comparison that found no difference changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.events import Event, Snapshot, SourceConnected, SourceLost

SPAN = 3_600.0
"""Seconds of which the first comparison is kept."""


class Comparisons:
    """Tells the comparisons among the events of one source, in the order in which they are written."""

    __slots__ = ("in_sync",)

    def __init__(self, *, in_sync: bool = False) -> None:
        self.in_sync = in_sync
        """Whether a snapshot was written since the source was last connected or lost."""

    def is_one(self, event: Event) -> bool:
        """Whether the next event is a snapshot that only compares."""
        match event:
            case Snapshot():
                compares = self.in_sync and event.reconciliation and not event.restarted
                self.in_sync = True
                return compares
            case SourceConnected() | SourceLost():
                self.in_sync = False
        return False


def superfluous(comparisons: Iterable[tuple[str, float]], before: float) -> list[str]:
    """Return which comparisons (id and time, in order) may go: those before a time, but for the first of each hour."""
    gone = []
    kept = None
    for event_id, at in comparisons:
        span = at // SPAN
        if span != kept:
            kept = span
        elif at < before:
            gone.append(event_id)
    return gone
