"""How long to wait before connecting again."""

from __future__ import annotations

import random

import msgspec

from adapters.ami.errors import ConnectionLost, LoginRefused, NotAmi


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The waits in seconds. With the timeouts of a connection they keep within the 30 s of a resynchronisation."""

    first: float = 0.2
    most: float = 5.0
    refused: float = 10.0
    """After a refused login: somebody must change something, and each try is a line in the PBX's security log."""
    steady: float = 10.0
    """A connection that was synchronised for this long was a good one: the next failure is the first again."""


class Backoff:
    """Doubles the wait with each failure, up to a limit, with jitter so that many services don't come at once."""

    __slots__ = ("_failures", "_pace", "_rng")

    def __init__(self, pace: Pace, rng: random.Random) -> None:
        self._pace = pace
        self._rng = rng
        self._failures = 0

    def after(self, error: ConnectionLost, good_seconds: float) -> float:
        """Return the wait after a connection ended that had been synchronised for ``good_seconds``."""
        pace = self._pace
        if good_seconds >= pace.steady:
            self._failures = 0
        ceiling = min(pace.first * 2.0 ** min(self._failures, 30), pace.most)
        if isinstance(error, LoginRefused | NotAmi):
            ceiling = pace.refused
        self._failures += 1
        return ceiling * self._rng.uniform(0.5, 1.0)
