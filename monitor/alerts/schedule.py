"""Working hours: when a rule is in force. Pure: the time is an argument.

Hours belong to the day on which they begin, so those over midnight (22:00-06:00) of a Friday end on Saturday. A time of day is
the moment at which the local clock first shows it or a later one, as for the day of the figures
(:mod:`monitor.engine.calendar`): what summer time skips begins at the skip, what comes twice the first time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.alerts.errors import RuleError
from monitor.engine.calendar import Day
from monitor.engine.config import DayConfig

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY: Final = "mon-sun"
ALL_DAY: Final = "00:00-24:00"

_HOURS: Final = re.compile(r"\s*([0-9]{1,2}):([0-5][0-9])\s*-\s*([0-9]{1,2}):([0-5][0-9])\s*", re.ASCII)
_MIDNIGHT: Final = 24 * 60
_BACK: Final = 2
_AHEAD: Final = 16
"""Days to look at: two weeks and what is around; hours may fall into a skip once, not twice in a row."""


class Schedule:
    """Days of the week and hours of the day in a time zone.

    Raises :class:`RuleError` (``key`` is ``days``, ``hours`` or ``timezone``) for what can't be understood.
    """

    __slots__ = ("_bounds", "_clock", "_days", "_hours", "_known_from", "_known_until", "_zone", "text")

    def __init__(
        self, *, days: str = EVERY_DAY, hours: str | Sequence[str] = ALL_DAY, timezone: str = "UTC"
    ) -> None:
        written = [hours] if isinstance(hours, str) else list(hours)
        self.text = f"{days} {', '.join(written)} {timezone}"
        self._days = _days(days)
        self._hours = [_minutes(each) for each in written]
        if not written:
            raise RuleError("expected hours such as 09:00-18:00", key="hours")
        try:
            self._zone = ZoneInfo(timezone)
        except (ValueError, OSError, KeyError):
            raise RuleError("expected an IANA time zone such as Europe/Moscow", key="timezone") from None
        self._clock = {
            minutes % _MIDNIGHT: Day(
                DayConfig(timezone=timezone, starts=_clock_time(minutes).strftime("%H:%M"))
            )
            for hours_ in self._hours
            for minutes in hours_
        }
        self._bounds: list[float] = []
        """Moments at which it opens and closes, by turns, around those last asked for."""
        self._known_from = self._known_until = 0.0

    def is_open(self, at: float) -> bool:
        """Return whether a moment lies within the hours."""
        return bisect_right(self._around(at), at) % 2 == 1

    def next_change(self, at: float) -> float | None:
        """Return the first moment after ``at`` at which it opens or closes; ``None`` if it is always open."""
        bounds = self._around(at)
        following = bisect_right(bounds, at)
        return bounds[following] if following < len(bounds) else None

    def _around(self, at: float) -> list[float]:
        if not self._known_from <= at < self._known_until:
            today = datetime.fromtimestamp(at, self._zone).date()
            days = [today + timedelta(days=offset) for offset in range(-_BACK, _AHEAD)]
            self._bounds = _bounds(self._spans(days))
            # Hours that go on at the end of what was looked at: nothing closes there.
            horizon = datetime.combine(days[-1], time(), self._zone).timestamp()
            self._bounds = [bound for bound in self._bounds if bound < horizon]
            self._known_from = datetime.combine(today, time(), self._zone).timestamp()
            self._known_until = self._known_from + 86_400.0
            self._known_from = min(self._known_from, at)
        return self._bounds

    def _spans(self, days: Iterable[date]) -> Iterator[tuple[float, float]]:
        """Yield what is open, from moment to moment."""
        for day in days:
            if day.weekday() not in self._days:
                continue
            for opens, closes in self._hours:
                begin = self._moment(day, opens)
                end = self._moment(day, closes if closes > opens else closes + _MIDNIGHT)
                if begin < end:
                    yield begin, end

    def _moment(self, day: date, minutes: int) -> float:
        """Return when the clock first shows a time of a day, or a later one."""
        later, minute = divmod(minutes, _MIDNIGHT)
        wall = datetime.combine(day + timedelta(days=later), _clock_time(minute), self._zone)
        # Of a time that is skipped the two folds lie on both sides of the skip: the later one is within the day that
        # begins at this time.
        inside = max(wall.timestamp(), wall.replace(fold=1).timestamp())
        return self._clock[minute].start(inside)


def _bounds(spans: Iterable[tuple[float, float]]) -> list[float]:
    """Return the bounds of the union of spans, in order."""
    bounds: list[float] = []
    for begin, end in sorted(spans):
        if bounds and begin <= bounds[-1]:
            bounds[-1] = max(bounds[-1], end)
        else:
            bounds += [begin, end]
    return bounds


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = (name.strip() for name in part.partition("-"))
        names = (first, last) if dash else (first, first)
        if not all(name in DAYS for name in names):
            raise RuleError(
                f"expected days such as mon-fri or mon,wed,sat-sun (of {', '.join(DAYS)}), found {part.strip()!r}",
                key="days",
            )
        begin, end = map(DAYS.index, names)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(found)


def _minutes(text: str) -> tuple[int, int]:
    """Return minutes of the day: from, and until."""
    match = _HOURS.fullmatch(text)
    if match is not None:
        opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if opens == closes:
            raise RuleError(f"these hours end where they begin; for a whole day write {ALL_DAY}", key="hours")
        if opens < _MIDNIGHT and closes <= _MIDNIGHT:
            return opens, closes
    raise RuleError(f"expected hours such as 09:00-18:00 or 22:00-06:00, found {text!r}", key="hours")


def _clock_time(minutes: int) -> time:
    return time(minutes % _MIDNIGHT // 60, minutes % 60)
