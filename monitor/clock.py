"""A clock that never jumps: the wall clock as read at the start, carried on by the monotonic clock.

A wall clock that is set (by hand, by a late time server) would make "talking for 61 minutes" out of one minute.
This one follows the wall clock by running at most 5 % faster or slower, and reports a step once. See
docs/decisions/0004-steady-clock.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

SLEW = 0.05
"""How much faster or slower than time it may run."""
STEP_SECONDS = 1.0
"""A wall clock that moved by more than this against the monotonic one was set."""


class SteadyClock:
    """Unix seconds that grow steadily; made of two injected clocks, both in seconds."""

    def __init__(
        self,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        *,
        on_step: Callable[[float], None] | None = None,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._on_step = on_step
        self._anchor_monotonic = monotonic()
        self._anchor = self._last = self._wall_then = wall()
        self._behind = 0.0
        """Seconds that the wall clock was ahead of this one at the anchor."""

    @classmethod
    def system(cls, *, on_step: Callable[[float], None] | None = None) -> Self:
        """Return a clock made of the system's own.

        Where there is one, the monotonic clock that goes on during a suspension is taken: time slept is time passed.
        """
        boot = getattr(time, "CLOCK_BOOTTIME", None)
        monotonic = time.monotonic if boot is None else lambda: time.clock_gettime(boot)
        return cls(time.time, monotonic, on_step=on_step)

    def now(self) -> float:
        """Return the time in unix seconds; never smaller than before."""
        return self._at(self._monotonic())

    def follow(self) -> None:
        """Look at the wall clock and lean towards it; to be called every second or so.

        Calls ``on_step(seconds)`` when the wall clock was set since the last call: by how much, forward positive.
        """
        monotonic, wall = self._monotonic(), self._wall()
        step = (wall - self._wall_then) - (monotonic - self._anchor_monotonic)
        self._anchor = self._at(monotonic)
        self._anchor_monotonic, self._wall_then = monotonic, wall
        self._behind = wall - self._anchor
        if abs(step) > STEP_SECONDS and self._on_step is not None:
            self._on_step(step)

    def _at(self, monotonic: float) -> float:
        elapsed = monotonic - self._anchor_monotonic
        most = SLEW * elapsed
        slewed = min(max(self._behind, -most), most)
        self._last = max(self._last, self._anchor + elapsed + slewed)
        return self._last
