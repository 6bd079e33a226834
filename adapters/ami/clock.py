"""The PBX's clock against ours: the offset from Pongs, and the time of an event from both.

Times are unix seconds; ``now`` is monotonic. Nothing here reads a clock.
"""

from __future__ import annotations

from collections import deque

import msgspec

KEEP_SECONDS = 300.0
"""How long a measurement counts: two ordinary clocks drift apart by less than 30 ms in that time."""
KEEP_SAMPLES = 64
DRIFT = 0.0001
"""How much two ordinary clocks may drift apart, in seconds per second."""
TOLERANCE = 0.005
OLDEST = 5.0
"""An event that claims to be older than this, though we were listening, is timed by its arrival."""
FUTURE = 1.0
"""Likewise one that claims to come from the future."""


class _Sample(msgspec.Struct, frozen=True):
    at: float
    round_trip: float
    offset: float


class PbxClock:
    """Estimates what to add to the PBX's clock to get ours.

    Of the recent measurements the one with the shortest round trip is the best. A measurement that can't be true
    together with the best one means that a clock was set: the older ones are forgotten.
    """

    __slots__ = ("_best", "_samples", "doubtful")

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=KEEP_SAMPLES)
        self._best: _Sample | None = None
        self.doubtful = False
        """An event's own time could not be believed: measure again."""

    @property
    def offset(self) -> float:
        """Seconds to add to the PBX's clock; 0 until it was measured."""
        return self._best.offset if self._best else 0.0

    @property
    def measured(self) -> bool:
        """Whether the offset is more than a guess."""
        return self._best is not None

    def pong(self, pbx_time: float, sent_at: float, received_at: float, now: float) -> None:
        """Take a measurement: our clock when the Ping left and when its Pong came, the PBX's clock in between."""
        self.doubtful = False
        round_trip = max(received_at - sent_at, 0.0)
        sample = _Sample(now, round_trip, (sent_at + received_at) / 2 - pbx_time)
        best = self._best
        if best is not None:
            possible = (round_trip + best.round_trip) / 2 + TOLERANCE + DRIFT * (now - best.at)
            if abs(sample.offset - best.offset) > possible:
                self._samples.clear()
        self._samples.append(sample)
        while self._samples[0].at < now - KEEP_SECONDS:
            self._samples.popleft()
        self._best = min(self._samples, key=_round_trip)

    def event_time(self, stamp: str, received_at: float, unread: float) -> float:
        """Return when an event happened, by our clock, never after ``received_at``.

        ``stamp`` is its ``Timestamp`` header ("" without ``timestampevents``), ``unread`` the seconds for which the
        event may have lain in our own buffers.
        """
        if not stamp or self._best is None:
            return received_at
        try:
            at = float(stamp) + self._best.offset
        except ValueError:
            return received_at
        if -FUTURE <= received_at - at <= OLDEST + unread:
            return min(at, received_at)
        self.doubtful = True
        return received_at


def _round_trip(sample: _Sample) -> float:
    return sample.round_trip
