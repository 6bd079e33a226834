"""When to ask whether the server lives, and when to believe that it does not."""

from __future__ import annotations

from adapters.sip.timeouts import Timeouts


class Keepalive:
    """Follows when the server was heard and when it was last asked by OPTIONS."""

    __slots__ = ("_asked_at", "_timeouts", "ever", "heard_at", "heard_now")

    def __init__(self, timeouts: Timeouts, now: float) -> None:
        self._timeouts = timeouts
        self._asked_at = float("-inf")
        self.heard_now = now
        """By the monotonic clock; the beginning of the session counts as heard."""
        self.heard_at: float | None = None
        """By our clock; None: never."""
        self.ever = False

    def heard(self, now: float, at: float) -> None:
        """The server said something."""
        self.heard_now, self.heard_at = now, at
        self.ever = True

    def asked(self, now: float) -> None:
        """OPTIONS goes out."""
        self._asked_at = now

    def forgive(self, seconds: float) -> None:
        """We stood still for so long: the silence of that time proves nothing."""
        self.heard_now += seconds

    def ask_due(self) -> float:
        """Return when OPTIONS is to go out."""
        if not self.ever:
            return (
                self._asked_at + self._timeouts.silence if self._asked_at > float("-inf") else self.heard_now
            )
        return max(self.heard_now, self._asked_at) + self._timeouts.idle

    def lost_due(self) -> float:
        """Return when the server is to be given up."""
        return self.heard_now + self._timeouts.silence
