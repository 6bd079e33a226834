"""Who may send a request next: so many a second and no more, however many are due at once."""

from __future__ import annotations

import enum
import heapq

CATCH_UP = 0.05
"""Seconds by which a late tick may let requests follow one another without a pause."""


class Priority(enum.IntEnum):
    """Who goes first."""

    CHALLENGED = 0
    """A request that the server wants again with credentials."""
    URGENT = 1
    """A subscription that would run out, or whose state has a gap."""
    NEW = 2
    """A subscription that is to be made."""
    COMPARE = 3
    """A refresh that only compares."""


class Pacer:
    """Lets at most ``per_second`` requests go out each second, and at most ``window`` be unanswered at once.

    Both keep a server that just came back, or is slow, from being flooded.
    """

    __slots__ = ("_free_at", "_heap", "_interval", "_number", "_under_way", "_wanted", "window")

    def __init__(self, per_second: float) -> None:
        self._interval = 1.0 / per_second
        self.window = max(4, int(per_second))
        self._free_at = 0.0
        self._under_way = 0
        self._number = 0
        self._heap: list[tuple[int, int, int]] = []
        self._wanted: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._wanted)

    def want(self, who: int, priority: Priority) -> None:
        """Queue up; who already waits keeps the better of the two places."""
        known = self._wanted.get(who)
        if known is not None and known[0] <= priority:
            return
        self._number += 1
        self._wanted[who] = (int(priority), self._number)
        heapq.heappush(self._heap, (int(priority), self._number, who))

    def withdraw(self, who: int) -> None:
        """Leave the queue."""
        self._wanted.pop(who, None)

    def next_deadline(self) -> float:
        """Return when :meth:`take` may give somebody a turn."""
        if not self._wanted or self._under_way >= self.window:
            return float("inf")
        return self._free_at

    def take(self, now: float) -> int | None:
        """Return who may send now; whoever was given a turn reports :meth:`spent` at once and :meth:`answered` later."""
        if self.next_deadline() > now:
            return None
        while self._heap:
            priority, number, who = heapq.heappop(self._heap)
            if self._wanted.get(who) == (priority, number):
                del self._wanted[who]
                self._under_way += 1
                return who
        return None

    def spent(self, now: float) -> None:
        """A request went out (a repeated one too): it takes its share of the pace."""
        self._free_at = max(self._free_at, now - CATCH_UP) + self._interval

    def answered(self) -> None:
        """A request that had its turn is over."""
        self._under_way -= 1
