"""The last 30 minutes of a queue, exactly: every fact enters and leaves at its own time.

A fact takes 25 bytes, and 16 more while it is the longest wait of all later ones, in byte arrays that are saved
as they are. At most :data:`LIMIT` facts are kept (a call gives up to three: its outcome, its completion, its
wrap-up), so a queue's window never takes more than 21 MB (and an eighth for growing); beyond that the oldest
leave early and are counted. Adding and leaving cost the same whatever the window holds.
"""

from __future__ import annotations

from bisect import bisect_left
from struct import Struct

import msgspec

from monitor.engine.queue_counts import ENDS_A_WAIT, Fact, QueueCounts

LENGTH = 1800.0
"""Seconds; a fact that is exactly this old is out."""

LIMIT = 500_000
"""Facts kept at most: over 160,000 calls in 30 minutes."""

_FACT = Struct("<dBqq")  # at, fact, first and second duration in microseconds
_WAIT = Struct("<dq")  # at, wait in microseconds


class RollingWindow(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Sums over the last 30 minutes; times given never go backwards."""

    facts: bytearray = msgspec.field(default_factory=bytearray)
    """Packed, oldest first. Python's ``bytearray`` drops a prefix without moving the rest."""
    waits: bytearray = msgspec.field(default_factory=bytearray)
    """Packed, oldest first: the waits that no later one exceeds, so the first is the longest of all."""
    counts: QueueCounts = msgspec.field(default_factory=QueueCounts)
    dropped: int = 0
    """Facts that left early because of the limit."""

    def add(self, at: float, fact: Fact, first: int = 0, second: int = 0) -> None:
        """Add a fact with its durations in microseconds."""
        if len(self.facts) >= LIMIT * _FACT.size:
            self._drop_oldest()
        self.facts += _FACT.pack(at, fact, first, second)
        self.counts.add(fact, first, second)
        if fact in ENDS_A_WAIT:
            while self.waits and _WAIT.unpack_from(self.waits, len(self.waits) - _WAIT.size)[1] <= first:
                del self.waits[-_WAIT.size :]
            self.waits += _WAIT.pack(at, first)

    def expire(self, now: float) -> None:
        """Let everything go that is 30 minutes old or older."""
        gone = 0
        while gone < len(self.facts):
            at, fact, first, second = _FACT.unpack_from(self.facts, gone)
            if at + LENGTH > now:
                break
            self.counts.take_back(fact, first, second)
            gone += _FACT.size
        if gone:
            del self.facts[:gone]
        while self.waits and _WAIT.unpack_from(self.waits)[0] + LENGTH <= now:
            del self.waits[: _WAIT.size]

    def next_expiry(self) -> float | None:
        """Return when the oldest fact leaves; ``None`` when there is none."""
        if not self.facts:
            return None
        at: float = _FACT.unpack_from(self.facts)[0]
        return at + LENGTH

    def longest_wait(self) -> int | None:
        """Return the longest wait in microseconds; ``None`` when nobody waited."""
        if not self.waits:
            return None
        wait: int = _WAIT.unpack_from(self.waits)[1]
        return wait

    def void_unknown(self, at: float) -> None:
        """Take back one ``UNKNOWN`` added with exactly this time, if it is still here."""
        everything = range(0, len(self.facts), _FACT.size)
        first = bisect_left(everything, at, key=lambda offset: _FACT.unpack_from(self.facts, offset)[0])
        for offset in everything[first:]:
            fact_at, fact, _, _ = _FACT.unpack_from(self.facts, offset)
            if fact_at != at:
                return
            if fact == Fact.UNKNOWN:
                _FACT.pack_into(self.facts, offset, at, Fact.VOID, 0, 0)
                self.counts.take_back(Fact.UNKNOWN)
                return

    def _drop_oldest(self) -> None:
        at, fact, first, second = _FACT.unpack_from(self.facts)
        self.counts.take_back(fact, first, second)
        del self.facts[: _FACT.size]
        while self.waits and _WAIT.unpack_from(self.waits)[0] <= at:
            del self.waits[: _WAIT.size]
        self.dropped += 1
