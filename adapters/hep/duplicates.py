"""Messages that were seen before: by another capture point, or sent again because no answer came.

A message is the same if it has the same branch in its topmost Via (which names one transaction on one hop, RFC 3261
8.1.1.7), the same method in CSeq, the same status and the same tag in To. Where the branch is of the old kind (RFC 2543), the
two ends, Call-ID and CSeq stand for it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

SPAN: Final = 32.0
"""Seconds for which a message is remembered at least: after 64*T1 nobody sends one again."""
LIMIT: Final = 50_000
"""Messages that are remembered at least, if there are so many; at most twice as many."""


class Duplicates:
    """Remembers messages for :data:`SPAN` to twice as long, and twice :data:`LIMIT` at most."""

    __slots__ = ("_before", "_limit", "_now", "_since")

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._since = 0.0
        self._now: set[Hashable] = set()
        self._before: set[Hashable] = set()

    def __len__(self) -> int:
        """Return how many messages are remembered."""
        return len(self._now) + len(self._before)

    def seen(self, key: Hashable, now: float) -> bool:
        """Note a message; whether it came before. ``now`` is monotonic."""
        if now - self._since > SPAN or len(self._now) >= self._limit:
            self._before, self._now, self._since = self._now, set(), now
        if key in self._now:
            return True
        self._now.add(key)
        return key in self._before

    def knows(self, key: Hashable) -> bool:
        """Whether a message came; without noting it."""
        return key in self._now or key in self._before

    def clear(self) -> None:
        """Forget all."""
        self._now.clear()
        self._before.clear()
