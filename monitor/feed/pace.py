"""When the next message may leave."""

from __future__ import annotations

SHARE = 1.0
"""After work of c seconds comes a rest of SHARE * c: the feed takes about half of a core at the most."""
FEW_CLIENTS = 100
REST_FEW = 0.040
"""Longest rest in seconds with up to FEW_CLIENTS clients."""
REST_MANY = 0.250


def rest(cost: float, clients: int) -> float:
    """Return how many seconds to wait after a flush that took ``cost`` seconds; what changes meanwhile coalesces."""
    return min(SHARE * cost, REST_FEW if clients <= FEW_CLIENTS else REST_MANY)


class MessageBudget:
    """How often a client may speak: a burst, then a slow rate."""

    __slots__ = ("_burst", "_filled", "_left", "_rate")

    def __init__(self, at: float, *, burst: float = 20.0, per_second: float = 1.0) -> None:
        self._burst = burst
        self._rate = per_second
        self._left = burst
        self._filled = at

    def spend(self, at: float) -> bool:
        """Take one message at a monotonic time; ``False`` if it is one too many."""
        self._left = min(self._burst, self._left + (at - self._filled) * self._rate)
        self._filled = at
        if self._left < 1:
            return False
        self._left -= 1
        return True
