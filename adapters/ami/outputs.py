"""What a session tells its owner."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from adapters.ami.errors import ConnectionLost
from adapters.ami.lists import SnapshotLists
from adapters.ami.message import Message


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The PBX let us in. ``version`` is Asterisk's own where it may tell, else AMI's."""

    version: str
    banner: str
    booted: bool


class Booting(msgspec.Struct, frozen=True, kw_only=True):
    """The PBX is still starting, or may not tell: its lists are asked for later."""

    known: bool


class EventMessage(msgspec.Struct, frozen=True, gc=False):
    """An event that nobody asked for: ``at`` is when it happened, by our clock."""

    message: Message
    at: float


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The PBX does not do an action for us; it is not asked again on this connection."""

    action: str
    answer: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The response to :meth:`AmiSession.ask`."""

    action: str
    message: Message


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """The connection is over. ``heard_at`` is when the PBX was last heard, by our clock (None: never)."""

    error: ConnectionLost
    heard_at: float | None


Output: TypeAlias = LoggedIn | Booting | EventMessage | SnapshotLists | Refused | Answer | Lost
