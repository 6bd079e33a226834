"""The local day: when it starts, when the next one does, whatever summer time does to it.

A day starts when the local clock first shows the configured time of its date or a later one. So a start time
that summer time skips begins the day at the skip, and one that comes twice begins it the first time; days
have 23 or 25 hours where the clocks change. The time zones come from the tz database (``zoneinfo``).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from monitor.engine.config import DayConfig

_STARTS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")

_DATES_AROUND = range(-2, 4)
"""Dates whose starts can bound an instant, from its local date: clocks have jumped by a whole day, no further."""


class Day:
    """The days of one configuration; remembers the bounds of the day last asked for.

    Raises ``ValueError`` for a start that is not ``HH:MM`` and ``zoneinfo.ZoneInfoNotFoundError`` (a
    ``KeyError``) or ``ValueError`` for a time zone that does not exist.
    """

    __slots__ = ("_next", "_start", "_starts", "_zone")

    def __init__(self, config: DayConfig) -> None:
        match = _STARTS.fullmatch(config.starts)
        if match is None:
            raise ValueError(
                f"a day can't start at {config.starts!r}: give a local time as HH:MM, 00:00 to 23:59"
            )
        self._starts = time(int(match[1]), int(match[2]))
        self._zone = ZoneInfo(config.timezone)
        self._start = self._next = 0.0

    def start(self, at: float) -> float:
        """Return when the day that ``at`` belongs to began: ``start(at) <= at`` always."""
        if not self._start <= at < self._next:
            self._find(at)
        return self._start

    def next_start(self, at: float) -> float:
        """Return when the following day begins: always after ``at``."""
        if not self._start <= at < self._next:
            self._find(at)
        return self._next

    def _find(self, at: float) -> None:
        """Set the bounds of the day that ``at`` belongs to."""
        today = datetime.fromtimestamp(at, self._zone).date()
        starts = [self._start_of(today + timedelta(days=days)) for days in _DATES_AROUND]
        self._start = max(start for start in starts if start <= at)
        self._next = min(start for start in starts if start > at)

    def _start_of(self, day: date) -> float:
        """Return when the local clock first shows the start time of ``day`` or a later one."""
        wall = datetime.combine(day, self._starts, self._zone)
        first = wall.timestamp()
        if datetime.fromtimestamp(first, self._zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
            return first
        # The clock skips this time. Read with the offset after the skip it lies before the skip, and with the
        # offset before it, after: the skip is between the two, where the offset changes.
        early, late = int(wall.replace(fold=1).timestamp()), int(first)
        after = self._offset(late)
        while late - early > 1:
            middle = (early + late) // 2
            if self._offset(middle) == after:
                late = middle
            else:
                early = middle
        return float(late)

    def _offset(self, at: int) -> timedelta | None:
        return datetime.fromtimestamp(at, UTC).astimezone(self._zone).utcoffset()
