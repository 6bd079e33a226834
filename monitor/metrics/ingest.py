"""What came in from the sources: counted where it happens, so cheaply that it can stand in the hot path."""

from __future__ import annotations

from collections import Counter, defaultdict

from monitor.engine.histogram import Histogram

LAG_BOUNDS: tuple[float, ...] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds from an event's own time to its arrival."""


class IngestMetrics:
    """Counts events by source since the start of the process."""

    __slots__ = ("events", "lag", "refused", "skips")

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str]] = Counter()
        """By source and event name."""
        self.skips: Counter[tuple[str, str]] = Counter()
        """Malformed things by source and kind."""
        self.lag: defaultdict[str, Histogram] = defaultdict(lambda: Histogram.empty(LAG_BOUNDS))
        """By source."""
        self.refused: set[str] = set()
        """Sources whose log can't be written."""

    def received(self, source: str, event_name: str, lag: float) -> None:
        """Count one domain event that took ``lag`` seconds to arrive (less than 0 counts as 0)."""
        self.events[source, event_name] += 1
        self.lag[source].observe(max(0, round(lag * 1_000_000)))

    def log_writable(self, source: str, *, writable: bool) -> None:
        """Note whether a source's log can be written."""
        (self.refused.discard if writable else self.refused.add)(source)

    def skipped(self, source: str, kind: str) -> None:
        """Count something malformed that was skipped."""
        self.skips[source, kind] += 1
