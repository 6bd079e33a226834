"""A lifetime histogram of durations, as Prometheus wants it."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import inf

import msgspec

WAIT_BOUNDS: tuple[float, ...] = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
"""Seconds; the usual service-level thresholds are among them."""
TALK_BOUNDS: tuple[float, ...] = (10, 20, 30, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 3600)
HOLD_BOUNDS: tuple[float, ...] = (0, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600)
"""Most calls have no hold: they are the first bucket."""
WRAP_UP_BOUNDS: tuple[float, ...] = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)


class Histogram(msgspec.Struct, kw_only=True):
    """Counts by upper bound; never goes down. ``Histogram.empty(bounds)`` makes one."""

    bounds: tuple[float, ...]
    """Upper bounds in seconds, ascending; a value equal to a bound is within. The last bucket has none."""
    counts: list[int]
    """Of each bucket alone, one more than there are bounds."""
    sum_us: int = 0
    """Sum in whole microseconds, so that adding never loses anything."""

    @classmethod
    def empty(cls, bounds: tuple[float, ...]) -> Histogram:
        """Return a histogram that has counted nothing."""
        # Whole numbers become floats, so that a decoded copy is the same to the last byte.
        return cls(bounds=tuple(map(float, bounds)), counts=[0] * (len(bounds) + 1))

    def observe(self, microseconds: int) -> None:
        """Count one duration."""
        self.counts[bisect_left(self.bounds, microseconds / 1_000_000)] += 1
        self.sum_us += microseconds

    def cumulative(self) -> list[tuple[float, int]]:
        """Return ``(upper bound, count up to it)`` for each bucket, the last with ``inf``."""
        return list(zip((*self.bounds, inf), accumulate(self.counts), strict=True))

    @property
    def count(self) -> int:
        """How many durations were counted."""
        return sum(self.counts)

    @property
    def sum(self) -> float:
        """Sum of the durations in seconds."""
        return self.sum_us / 1_000_000
