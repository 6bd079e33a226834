"""Time of the simulation: a deterministic queue of things to come."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Timer:
    """One thing to come; :meth:`cancel` makes it never come."""

    __slots__ = ("at", "callback")

    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget it; harmless when it has come already."""
        self.callback = None


class Schedule:
    """Runs callbacks in order of time, and in order of asking where times are equal."""

    def __init__(self, now: float) -> None:
        self.now = now
        """Unix seconds of the PBX's clock."""
        self._heap: list[tuple[float, int, Timer]] = []
        self._asked = 0

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back in ``seconds`` (at once where negative)."""
        return self.at(self.now + max(seconds, 0.0), callback)

    def at(self, time: float, callback: Callable[[], None]) -> Timer:
        """Call back at ``time``."""
        timer = Timer(time, callback)
        self._asked += 1
        heapq.heappush(self._heap, (time, self._asked, timer))
        return timer

    def next_at(self) -> float | None:
        """Return when something comes next."""
        while self._heap and self._heap[0][2].callback is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_until(self, time: float, limit: int | None = None) -> bool:
        """Let time pass until ``time``; stop after ``limit`` callbacks and return ``False`` if more are due."""
        done = 0
        while (due := self.next_at()) is not None and due <= time:
            if limit is not None and done >= limit:
                return False
            _, _, timer = heapq.heappop(self._heap)
            callback, timer.callback = timer.callback, None
            self.now = max(self.now, due)
            if callback is not None:
                callback()
            done += 1
        self.now = max(self.now, time)
        return True
