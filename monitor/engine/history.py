"""A queue's day in steps of five minutes, 53 bytes each: what the queue page plots.

Calls are counted in the step of the time under which the day's figures count them, by the same facts, so the steps
add up to the day. What could not be seen is marked and stays empty: it is never filled in from before or after. A
day of 25 hours takes 16 kB, in a byte array that is saved as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

import msgspec

from monitor.engine.queue_counts import Fact, QueueCounts, counted
from monitor.engine.service_level import service_level
from monitor.model import AgentState, HistoryPoint, MemberGroups, ServiceLevelFormula

STEP: Final = 300
"""Seconds of a step. Stored: the saved steps would mean other times."""

# Stored: a record that is shorter or longer than this is refused, any other change would be read wrongly.
_COUNTS: Final = (
    "answered",
    "answered_in_threshold",
    "abandoned",
    "abandoned_in_threshold",
    "short_abandoned",
    "timed_out",
    "left",
)
_GROUPS: Final = ("available", "busy", "paused", "offline", "unknown")
_RECORD: Final = Struct(f"<BI{len(_COUNTS)}I{len(_GROUPS)}I")  # flags, waiting, counts, members by group
_FIELD: Final = Struct("<I")
_WAITING: Final = 1
"""Offset of the highest number of waiting callers."""
_COUNT_OFFSETS: Final = {name: 5 + 4 * place for place, name in enumerate(_COUNTS)}
_AGENTS: Final = Struct(f"<{len(_GROUPS)}I")
_AGENTS_OFFSET: Final = _RECORD.size - _AGENTS.size

_GAP: Final = 1
"""A part of the step, or all of it, could not be seen."""
_WAITING_SEEN: Final = 2
_AGENTS_SEEN: Final = 4

_OFFSETS: Final[dict[Fact, tuple[int, ...]]] = {
    fact: tuple(_COUNT_OFFSETS[name] for name in counted(fact) if name in _COUNT_OFFSETS) for fact in Fact
}
"""What grows by one, by fact."""

_GROUP_OF: Final[dict[AgentState, str]] = {
    "available": "available",
    "ringing": "busy",
    "dialing": "busy",
    "talking": "busy",
    "on_hold": "busy",
    "wrap_up": "busy",
    "paused": "paused",
    "offline": "offline",
    "unknown": "unknown",
}


class DayHistory(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The steps of one queue's day (encodable by msgspec); a new day has a new one.

    Moments are given in seconds since the day's start; one before the first step kept belongs to that.
    """

    first: int = 0
    """Number of the first step kept: a queue may be heard of later than the day's start."""
    packed: bytearray = msgspec.field(default_factory=bytearray)
    """Oldest first, without holes."""

    def __post_init__(self) -> None:
        """Refuse what another version saved in another form (msgspec makes its own error of it)."""
        if self.first < 0 or len(self.packed) % _RECORD.size:
            raise ValueError("the steps of the day have another form here")

    def begin(self, into: float, members: Mapping[AgentState, int], waiting: int, *, seen: bool) -> None:
        """Begin the step that starts at ``into``, with the members by state and the callers as they are now.

        Unless the source is ``seen``, the step is a gap, and how many wait is not known.
        """
        offset = self._offset(into)
        groups = dict.fromkeys(_GROUPS, 0)
        for state, count in members.items():
            groups[_GROUP_OF[state]] += count
        _AGENTS.pack_into(self.packed, offset + _AGENTS_OFFSET, *groups.values())
        self.packed[offset] |= _AGENTS_SEEN if seen else _AGENTS_SEEN | _GAP
        if seen:
            self._saw_waiting(offset, waiting)

    def saw_waiting(self, into: float, waiting: int) -> None:
        """Note how many callers wait: a step keeps the highest number."""
        self._saw_waiting(self._offset(into), waiting)

    def count(self, into: float, fact: Fact) -> None:
        """Count a fact that the day's figures count, too."""
        offsets = _OFFSETS[fact]
        if not offsets:
            return
        start = self._offset(into)
        for offset in offsets:
            (value,) = _FIELD.unpack_from(self.packed, start + offset)
            _FIELD.pack_into(self.packed, start + offset, value + 1)

    def unseen(self, since: float) -> None:
        """Note that the source could not be seen from a moment on, which may lie some steps back."""
        for offset in range(self._offset(since), len(self.packed), _RECORD.size):
            self.packed[offset] |= _GAP
            if (self.first + offset // _RECORD.size) * STEP >= since:
                self.packed[offset] &= ~_WAITING_SEEN
                _FIELD.pack_into(self.packed, offset + _WAITING, 0)
                members = sum(_AGENTS.unpack_from(self.packed, offset + _AGENTS_OFFSET))
                _AGENTS.pack_into(self.packed, offset + _AGENTS_OFFSET, 0, 0, 0, 0, members)

    def points(self, day_start: float, formula: ServiceLevelFormula) -> list[HistoryPoint]:
        """Return the steps kept, the running one included."""
        return [
            _point(day_start + (self.first + number) * STEP, record, formula)
            for number, record in enumerate(_RECORD.iter_unpack(self.packed))
        ]

    def _saw_waiting(self, offset: int, waiting: int) -> None:
        self.packed[offset] |= _WAITING_SEEN
        if waiting > _FIELD.unpack_from(self.packed, offset + _WAITING)[0]:
            _FIELD.pack_into(self.packed, offset + _WAITING, waiting)

    def _offset(self, into: float) -> int:
        """Return where the step of a moment is kept; it and those before it are made if they are missing."""
        step = int(max(into, 0.0) // STEP)
        if not self.packed:
            self.first = step
        offset = max(step - self.first, 0) * _RECORD.size
        missing = offset + _RECORD.size - len(self.packed)
        if missing > 0:
            self.packed += bytes(missing)
        return offset


def _point(start: float, record: tuple[int, ...], formula: ServiceLevelFormula) -> HistoryPoint:
    flags, waiting, *numbers = record
    counts = QueueCounts(**dict(zip(_COUNTS, numbers, strict=False)))
    level = service_level(formula, counts, threshold=0.0, target=None)  # for met and of, which need neither
    agents = MemberGroups(**dict(zip(_GROUPS, numbers[len(_COUNTS) :], strict=True)))
    return HistoryPoint(
        start=start,
        waiting=waiting if flags & _WAITING_SEEN else None,
        offered=counts.offered,
        answered=counts.answered,
        abandoned=counts.abandoned,
        met=level.met,
        of=level.of,
        agents=agents if flags & _AGENTS_SEEN else None,
        gap=bool(flags & _GAP),
    )
