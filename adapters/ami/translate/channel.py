"""One channel: what must be known of it."""

from __future__ import annotations

from typing import Final

from adapters.ami.translate.names import is_local
from monitor.events import Direction

DOWN: Final = 0
RINGING: Final = 5
UP: Final = 6
"""``ChannelState`` (``enum ast_channel_state``, include/asterisk/channelstate.h)."""
LOST_DIAL: Final = ""
"""Stands in :attr:`Channel.dials` for a dialled channel that a list does not name."""


class Channel:
    """What must be known of one channel."""

    __slots__ = (
        "answered",
        "answered_at",
        "bridge",
        "call",
        "carried",
        "device",
        "dials",
        "direction",
        "held",
        "held_back_until",
        "is_leg",
        "leg",
        "local",
        "name",
        "party",
        "party_name",
        "queue",
        "queue_call",
        "replaced",
        "rings",
        "started_at",
        "state",
        "touched_at",
    )

    def __init__(
        self, leg: str, name: str, *, call: str, device: str, direction: Direction, at: float
    ) -> None:
        self.leg = leg
        self.name = name
        self.call = call
        self.device = device
        self.direction: Direction = direction
        self.local = is_local(name)
        self.is_leg = False
        """Whether ``LegStarted`` was sent (or a snapshot had it)."""
        self.state = DOWN
        self.rings = False
        self.answered = False
        self.answered_at: float | None = None
        """``None`` although :attr:`answered`: a list told that, not since when."""
        self.held: bool | None = False
        """Whether the person holds the other side; ``None``: a list does not tell."""
        self.held_back_until = 0.0
        """Until when an outbound leg that is up may still turn out to be dialling."""
        self.started_at = at
        self.touched_at = at
        self.party: str | None = None
        self.party_name: str | None = None
        self.bridge = ""
        self.queue: str | None = None
        self.queue_call: str | None = None
        self.dials: set[str] = set()
        """Channels being dialled for this one."""
        self.carried: list[Channel] = []
        """Halves of Local pairs that end with this channel."""
        self.replaced = False
        """Whether another channel took this one's place in its bridge."""

    @property
    def pair(self) -> str:
        """The name of the pair of Local channels that this is a half of."""
        return self.name.partition(";")[0]
