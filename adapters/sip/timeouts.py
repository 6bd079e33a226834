"""How long everything may take."""

from __future__ import annotations

import msgspec


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long everything may take, in seconds."""

    t1: float = 0.5
    """The round trip that SIP supposes; all timers of transactions are made of it (RFC 3261 §17)."""
    t2: float = 4.0
    t4: float = 5.0
    connect: float = 5.0
    idle: float = 2.0
    """Silence after which OPTIONS goes out."""
    silence: float = 4.0
    """Nothing at all heard for this long: the server is lost."""
    progress: float = 10.0
    """The first picture is shown when nothing more came for this long, even if endpoints are missing."""
    grace: float = 4.0
    """What a subscription told counts for so long after it ended, if it is made anew meanwhile."""
    soon: float = 30.0
    """Rest of a subscription whose server says "later" without saying when, and of one that was not answered."""
    rest: float = 120.0
    """Rest of a refused subscription: endpoints are added to servers without a restart, and people wait for them to appear."""
    steady: float = 30.0
    """A subscription that lived so long was a good one: when it ends, it is made anew at once."""
    reconcile: float = 60.0
    """How often each subscription is refreshed, which brings its full state."""
    gap: float = 5.0
    """Between two requests for the full state because of missed NOTIFYs."""
    unproven: float = 2.0
    """Before one subscription was granted they are asked for one by one; the next not later than after this."""

    @property
    def transaction(self) -> float:
        """Timers B, F, J, L and N: 64 * T1."""
        return 64 * self.t1
