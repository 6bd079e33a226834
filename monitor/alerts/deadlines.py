"""Deadlines by key, of which only the soonest are asked for."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

SLACK = 1_000
"""Entries that may lie in the heap beyond twice those that count, before it is cleared of the others."""


class Deadlines(Generic[K]):
    """One deadline for each key at the most; a later ``set`` replaces it."""

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0

    def set(self, key: K, at: float | None) -> None:
        """Set the deadline of a key; ``None``: it has none."""
        if at is None:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            self._count += 1  # so that keys themselves are never compared
            heappush(self._heap, (at, self._count, key))
            if len(self._heap) > 2 * len(self._at) + SLACK:
                self._heap = [entry for entry in self._heap if self._at.get(entry[2]) == entry[0]]
                heapify(self._heap)

    def due(self, now: float) -> list[K]:
        """Return the keys whose deadline has come; they have none then."""
        keys = []
        while self._heap and self._heap[0][0] <= now:
            at, _, key = heappop(self._heap)
            if self._at.get(key) == at:
                del self._at[key]
                keys.append(key)
        return keys

    def next(self) -> float | None:
        """Return the soonest deadline."""
        while self._heap and self._at.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None
