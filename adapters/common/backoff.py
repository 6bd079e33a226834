"""How long to wait before trying again."""

from __future__ import annotations

import random

import msgspec


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The waits in seconds."""

    first: float = 0.2
    most: float = 5.0
    refused: float = 10.0
    """After a refusal: somebody must change something, and each try may count against us there."""
    refused_most: float = 10.0
    """How long that grows."""
    steady: float = 10.0
    """What was good for this long was good: the next failure is the first again."""


class Backoff:
    """Doubles the wait with each failure, up to a limit, with jitter so that many services don't come at once.

    ``refusals`` are the errors after which only somebody's doing helps.
    """

    __slots__ = ("_failures", "_pace", "_refusals", "_rng")

    def __init__(self, pace: Pace, rng: random.Random, refusals: tuple[type[Exception], ...]) -> None:
        self._pace = pace
        self._rng = rng
        self._refusals = refusals
        self._failures = 0

    def after(self, error: Exception, good_seconds: float) -> float:
        """Return the wait after what ended with this error had been good for ``good_seconds``."""
        pace = self._pace
        if good_seconds >= pace.steady:
            self._failures = 0
        refused = isinstance(error, self._refusals)
        first, most = (pace.refused, pace.refused_most) if refused else (pace.first, pace.most)
        ceiling = min(first * 2.0 ** min(self._failures, 30), most)
        self._failures += 1
        return ceiling * self._rng.uniform(0.5, 1.0)
