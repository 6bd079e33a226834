"""What is due when, for thousands of things at once."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Agenda(Generic[Key]):
    """At most one time for each key; the earliest is found at once."""

    __slots__ = ("_due", "_heap", "_number")

    def __init__(self) -> None:
        self._due: dict[Key, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._number = 0

    def __len__(self) -> int:
        """Return how many keys have a time."""
        return len(self._due)

    def put(self, key: Key, due: float) -> None:
        """Let the key be due then, and no longer at its former time; infinity takes it off."""
        if due == float("inf"):
            self._due.pop(key, None)
            return
        known = self._due.get(key)
        if known is not None and known[0] == due:
            return
        self._number += 1
        self._due[key] = (due, self._number)
        heapq.heappush(self._heap, (due, self._number, key))
        if len(self._heap) > 2 * len(self._due) + 64:  # mostly times that were moved
            self._heap = [(due, number, key) for key, (due, number) in self._due.items()]
            heapq.heapify(self._heap)

    def drop(self, key: Key) -> None:
        """Take the key off."""
        self._due.pop(key, None)

    def next(self) -> float:
        """Return when the earliest is due; infinity: nothing is."""
        while self._heap:
            due, number, key = self._heap[0]
            if self._due.get(key) == (due, number):
                return due
            heapq.heappop(self._heap)
        return float("inf")

    def take(self, now: float) -> Key | None:
        """Return one key that is due, and take it off."""
        if self.next() > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._due[key]
        return key
