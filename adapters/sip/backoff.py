"""How long to wait before looking for the server again."""

from __future__ import annotations

import random

import msgspec

from adapters.sip.errors import CredentialsRefused, EverythingRefused, ServerLost


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The waits in seconds."""

    first: float = 0.2
    most: float = 5.0
    refused: float = 10.0
    """After a refusal: somebody must change something, and each try may count against us in the server."""
    refused_most: float = 120.0
    steady: float = 10.0
    """A life that was synchronised for this long was a good one: the next failure is the first again."""


class Backoff:
    """Doubles the wait with each failure, up to a limit, with jitter so that many services don't come at once."""

    __slots__ = ("_failures", "_pace", "_rng")

    def __init__(self, pace: Pace, rng: random.Random) -> None:
        self._pace = pace
        self._rng = rng
        self._failures = 0

    def after(self, error: ServerLost, good_seconds: float) -> float:
        """Return the wait after a life that had been synchronised for ``good_seconds``."""
        pace = self._pace
        if good_seconds >= pace.steady:
            self._failures = 0
        refused = isinstance(error, CredentialsRefused | EverythingRefused)
        first, most = (pace.refused, pace.refused_most) if refused else (pace.first, pace.most)
        ceiling = min(first * 2.0 ** min(self._failures, 30), most)
        self._failures += 1
        return ceiling * self._rng.uniform(0.5, 1.0)
