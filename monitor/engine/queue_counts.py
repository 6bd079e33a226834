"""What is counted of a queue over a period, and the facts that change it.

Durations are whole microseconds, the precision of the sources: sums of integers lose nothing, however often a
rolling period adds and takes back, and a wait of exactly the threshold is not spoilt by the clock's last bit.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec


def microseconds(seconds: float) -> int:
    """Return a duration in whole microseconds; a negative one (clocks differ) is 0."""
    return max(0, round(seconds * 1_000_000))


class QueueCounts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Sums over a period."""

    answered: int = 0
    answered_in_threshold: int = 0
    abandoned: int = 0
    """Short ones included."""
    abandoned_in_threshold: int = 0
    short_abandoned: int = 0
    timed_out: int = 0
    left: int = 0
    """Left empty, exited by key, transferred or closed."""
    unknown: int = 0
    """Callers whose end fell into a gap; in no other count."""
    wait_us: int = 0
    """Of answered calls."""
    completed: int = 0
    talk_us: int = 0
    """Of completed calls, like ``hold_us``."""
    hold_us: int = 0
    wrap_up_us: int = 0

    @property
    def offered(self) -> int:
        """Calls counted: answered + abandoned + timed out + left."""
        return self.answered + self.abandoned + self.timed_out + self.left

    def add(self, fact: int, first: int = 0, second: int = 0) -> None:
        """Add a :class:`Fact`; ``first`` and ``second`` are its durations, if it has any."""
        counts, sums = _CHANGES[fact]
        for name in counts:
            setattr(self, name, getattr(self, name) + 1)
        for name, duration in zip(sums, (first, second), strict=False):
            setattr(self, name, getattr(self, name) + duration)

    def take_back(self, fact: int, first: int = 0, second: int = 0) -> None:
        """Undo :meth:`add` of the same fact."""
        counts, sums = _CHANGES[fact]
        for name in counts:
            setattr(self, name, getattr(self, name) - 1)
        for name, duration in zip(sums, (first, second), strict=False):
            setattr(self, name, getattr(self, name) - duration)


class Fact(IntEnum):
    """What happened to a call, judged by the settings of that moment. Stored: never renumber."""

    VOID = 0
    """Taken back."""
    ANSWERED_LATE = 1
    ANSWERED_IN_THRESHOLD = 2
    ABANDONED_LATE = 3
    ABANDONED_IN_THRESHOLD = 4
    SHORT_ABANDONED_LATE = 5
    """Short, yet over the threshold: where the threshold is the smaller of the two."""
    SHORT_ABANDONED_IN_THRESHOLD = 6
    TIMED_OUT = 7
    LEFT = 8
    UNKNOWN = 9
    COMPLETED = 10
    WRAPPED_UP = 11


_CHANGES: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # fact: (counts that grow by one, sums that grow by its durations)
    Fact.VOID: ((), ()),
    Fact.ANSWERED_LATE: (("answered",), ("wait_us",)),
    Fact.ANSWERED_IN_THRESHOLD: (("answered", "answered_in_threshold"), ("wait_us",)),
    Fact.ABANDONED_LATE: (("abandoned",), ()),
    Fact.ABANDONED_IN_THRESHOLD: (("abandoned", "abandoned_in_threshold"), ()),
    Fact.SHORT_ABANDONED_LATE: (("abandoned", "short_abandoned"), ()),
    Fact.SHORT_ABANDONED_IN_THRESHOLD: (("abandoned", "abandoned_in_threshold", "short_abandoned"), ()),
    Fact.TIMED_OUT: (("timed_out",), ()),
    Fact.LEFT: (("left",), ()),
    Fact.UNKNOWN: (("unknown",), ()),
    Fact.COMPLETED: (("completed",), ("talk_us", "hold_us")),
    Fact.WRAPPED_UP: ((), ("wrap_up_us",)),
}


def counted(fact: int) -> tuple[str, ...]:
    """Return which counts grow by one with a :class:`Fact`."""
    return _CHANGES[fact][0]


ENDS_A_WAIT = frozenset(range(Fact.ANSWERED_LATE, Fact.UNKNOWN))
"""Facts whose first duration is a wait that counts for the longest one."""
