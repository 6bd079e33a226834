"""How long everything may take."""

from __future__ import annotations

import msgspec


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long everything may take, in seconds. Together: a working PBX is synchronised again within 30 s."""

    connect: float = 5.0
    banner: float = 3.0
    login: float = 5.0
    greeting: float = 5.0
    boot: float = 120.0
    """For a PBX that is known to tell when it has started."""
    boot_untold: float = 5.0
    """For one that is not known to (permission ``system`` may be missing)."""
    idle: float = 1.5
    """Silence after which a Ping goes out."""
    ping_every: float = 10.0
    """A Ping goes out at least this often, to follow the clocks."""
    ping_spacing: float = 1.0
    silence: float = 4.0
    """Nothing at all heard for this long: the connection is dead."""
    pong: float = 15.0
    """No Pong although other things are heard."""
    list_silence: float = 10.0
    """Like ``silence``, while the PBX makes its first lists (realtime queues come from a database)."""
    list_total: float = 60.0
    reconcile: float = 20.0
    reconcile_factor: float = 20.0
    """Lists are asked for so rarely that making them takes at most one part in this many."""
    reconcile_max: float = 300.0
    settling: float = 2.0
    """Lists that only compare are held back this long. Asterisk makes a list from its state, its events go through a bus
    of their own: when it is busy, the event of a change comes after a list, and a Pong, that knew the change."""
    spacing: float = 1.0
    """Between the end of a snapshot and the begin of the next one, however urgent."""
    config: float = 60.0
    """How often queues.conf is read again."""
