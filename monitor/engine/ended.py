"""What ended lately, so that a list made before the end does not bring it back."""

from __future__ import annotations

KEEP_SECONDS = 120.0
"""Longer than any snapshot takes to arrive."""

EndedKey = tuple[str, ...]


class Ended:
    """Ends by key (``("leg", id)``, ``("visit", queue, call)``, ``("member", queue, interface)``), oldest first."""

    __slots__ = ("_ends", "changed")

    def __init__(self) -> None:
        self._ends: dict[EndedKey, float] = {}
        self.changed = False

    def __len__(self) -> int:
        """Return how many ends are remembered."""
        return len(self._ends)

    def add(self, key: EndedKey, now: float) -> None:
        """Remember an end, forget those that are too old."""
        ends = self._ends
        ends.pop(key, None)
        ends[key] = now
        self.changed = True
        before = now - KEEP_SECONDS
        while ends:
            oldest = next(iter(ends))
            if ends[oldest] >= before:
                break
            del ends[oldest]

    def at(self, key: EndedKey) -> float | None:
        """Return when it ended, if it did lately."""
        return self._ends.get(key)

    def forget(self, key: EndedKey) -> None:
        """It began again."""
        if self._ends.pop(key, None) is not None:
            self.changed = True

    def clear(self) -> None:
        """Forget everything."""
        if self._ends:
            self._ends.clear()
            self.changed = True

    def dump(self) -> list[tuple[EndedKey, float]]:
        """Return what is remembered, oldest first."""
        return list(self._ends.items())

    def restore(self, ends: list[tuple[EndedKey, float]]) -> None:
        """Remember what :meth:`dump` gave."""
        self._ends = dict(ends)
