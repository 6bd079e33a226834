"""When to send a Ping, and what a Pong tells of the clocks."""

from __future__ import annotations

from adapters.ami.clock import PbxClock
from adapters.ami.timeouts import Timeouts


class Keepalive:
    """One connection's Pings: never more than one under way."""

    __slots__ = ("_sent_at", "_sent_wall", "_timeouts", "_under_way", "clock")

    def __init__(self, timeouts: Timeouts) -> None:
        self.clock = PbxClock()
        self._timeouts = timeouts
        self._under_way = False
        self._sent_at = 0.0
        self._sent_wall = 0.0

    def begin(self, now: float) -> None:
        """The connection was made."""
        self._sent_at = now

    def sent(self, now: float, wall: float) -> None:
        """A Ping goes out."""
        self._under_way = True
        self._sent_at, self._sent_wall = now, wall

    def pong(self, stamp: str, now: float, wall: float) -> None:
        """Its Pong came; ``stamp`` is the PBX's clock (Asterisk before 1.8 tells none)."""
        self._under_way = False
        try:
            pbx_time = float(stamp)
        except ValueError:
            return
        self.clock.pong(pbx_time, self._sent_wall, wall, now)

    def forgive(self, seconds: float) -> None:
        """We stood still for so long."""
        self._sent_at += seconds

    def due(self, heard: float) -> tuple[float, bool]:
        """Return when something is due, and whether it is that a Pong is missing (else: send a Ping).

        ``heard`` is when the PBX was last heard.
        """
        limits = self._timeouts
        if self._under_way:
            return self._sent_at + limits.pong, True
        soonest = self._sent_at + min(limits.ping_spacing, limits.idle)
        if self.clock.doubtful:
            return soonest, False
        return max(soonest, min(heard + limits.idle, self._sent_at + limits.ping_every)), False
