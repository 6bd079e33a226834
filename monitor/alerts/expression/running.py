"""Comparisons of what moves with the clock: when they turn.

A running value is a line, ``base + slope * time``. So a comparison of two is one of the time with the moment at which the lines
meet, and it is *that* which is compared: no rounding of a difference can make it turn at another moment than foretold.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, nextafter
from typing import Final, NamedTuple, TypeAlias

import msgspec


class Line(NamedTuple):
    """A value as a function of time."""

    base: float
    slope: float


LineOf: TypeAlias = Callable[[msgspec.Struct], Line | None]
Outlook: TypeAlias = tuple[bool | None, float | None]
"""What is true now, and when that may turn by time alone: never sooner."""
Judge: TypeAlias = Callable[[msgspec.Struct, float], Outlook]

UNKNOWN: Final[Outlook] = (None, None)

_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def added(left: Line, right: Line, sign: float) -> Line | None:
    """Return the sum, or with ``sign`` -1 the difference."""
    return finite(left.base + sign * right.base, left.slope + sign * right.slope)


def scaled(line: Line, factor: float) -> Line | None:
    """Return the product with a number."""
    return finite(line.base * factor, line.slope * factor)


def divided(line: Line, divisor: float) -> Line | None:
    """Return the quotient by a number."""
    return finite(line.base / divisor, line.slope / divisor) if divisor else None


def finite(base: float, slope: float) -> Line | None:
    """Return the line, ``None`` if it lies beyond what numbers can say."""
    return Line(base, slope) if isfinite(base) and isfinite(slope) else None


def compared(operator: str, left: LineOf, right: LineOf) -> Judge:
    """Return what judges the comparison of two lines."""
    turn = TURNS[operator]
    falling = TURNS[_FLIPPED[operator]]
    steady = STEADY[operator]

    def judge(subject: msgspec.Struct, now: float) -> Outlook:
        one, other = left(subject), right(subject)
        if one is None or other is None:
            return UNKNOWN
        slope = one.slope - other.slope
        if slope == 0:
            return steady(one.base, other.base), None
        meet = (other.base - one.base) / slope
        return (turn if slope > 0 else falling)(now, meet)

    return judge


def _above(now: float, meet: float) -> Outlook:
    return (True, None) if now > meet else (False, _after(meet))


def _from(now: float, meet: float) -> Outlook:
    return (True, None) if now >= meet else (False, _at(meet))


def _below(now: float, meet: float) -> Outlook:
    return (True, _at(meet)) if now < meet else (False, None)


def _until(now: float, meet: float) -> Outlook:
    return (True, _after(meet)) if now <= meet else (False, None)


def _equal(now: float, meet: float) -> Outlook:
    if now == meet:
        return True, _after(meet)
    return False, _at(meet) if now < meet else None


def _unequal(now: float, meet: float) -> Outlook:
    equal, turns = _equal(now, meet)
    return not equal, turns


def _after(meet: float) -> float | None:
    later = nextafter(meet, inf)
    return later if isfinite(later) else None


def _at(meet: float) -> float | None:
    return meet if isfinite(meet) else None


TURNS: Final[dict[str, Callable[[float, float], Outlook]]] = {
    ">": _above,
    ">=": _from,
    "<": _below,
    "<=": _until,
    "==": _equal,
    "!=": _unequal,
}
"""For a difference that grows."""

STEADY: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}
