"""Deadlines in a heap. An entry that its owner no longer stands by is dropped when it comes up (lazy deletion)."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from enum import IntEnum
from math import inf

Key = tuple[str, ...]


class Timer(IntEnum):
    """What falls due. Of two at the same instant the lower one comes first."""

    WRAP_UP = 0
    """A member's wrap-up ends."""
    VISIT = 1
    """A caller who left is no longer waited for."""
    QUEUE_CALL = 2
    """A queue call that is over is no longer waited for."""
    DEVICE = 3
    """A device's state speaks again."""
    WINDOW = 4
    """A call leaves a queue's last 30 minutes."""
    DAY = 5
    """A new day begins."""
    STEP = 6
    """A step of the queues' history begins."""


Entry = tuple[float, Timer, Key]

_SLACK = 1024
"""Entries beyond twice the useful ones at which the useless ones are thrown out."""


class Timers:
    """The heap. ``deadline_of(timer, key)`` is what the owner says now; any other entry is stale."""

    __slots__ = ("_deadline_of", "_heap", "_limit")

    def __init__(self, deadline_of: Callable[[Timer, Key], float | None]) -> None:
        self._deadline_of = deadline_of
        self._heap: list[Entry] = []
        self._limit = _SLACK

    def __len__(self) -> int:
        """Return how many entries are held, stale ones included."""
        return len(self._heap)

    def set(self, at: float, timer: Timer, key: Key) -> None:
        """Add a deadline; the owner must already say the same."""
        if len(self._heap) >= self._limit:
            self._heap = [entry for entry in set(self._heap) if self._stands(entry)]
            heapq.heapify(self._heap)
            self._limit = 2 * len(self._heap) + _SLACK
        heapq.heappush(self._heap, (at, timer, key))

    def next(self) -> float | None:
        """Return the earliest deadline."""
        heap = self._heap
        while heap and not self._stands(heap[0]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    @property
    def soonest(self) -> float:
        """The earliest entry's deadline, perhaps a stale one's: nothing is due before."""
        heap = self._heap
        return heap[0][0] if heap else inf

    def due(self, now: float) -> Entry | None:
        """Take the earliest deadline that is not later than ``now``."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            entry = heapq.heappop(heap)
            if self._stands(entry):
                return entry
        return None

    def _stands(self, entry: Entry) -> bool:
        at, timer, key = entry
        return self._deadline_of(timer, key) == at
