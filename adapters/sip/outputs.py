"""What a session tells its owner."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from adapters.sip.errors import ServerLost
from adapters.sip.peer import Peer
from adapters.sip.reports import Kind, Report


class Send(msgspec.Struct, frozen=True, gc=False):
    """Bytes that are to go out."""

    data: bytes
    peer: Peer


class Up(msgspec.Struct, frozen=True, kw_only=True):
    """The server granted a first subscription (or pushed state). ``software`` is what it calls itself."""

    software: str | None


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription or publication told. ``endpoint`` may be a list's URI."""

    endpoint: str
    kind: Kind
    report: Report
    at: float
    origin: str = ""
    """Which publication told it; empty: a subscription."""
    compared: bool = False
    """It came because we refreshed, and was told before: what it changes was announced by nothing."""


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription or publication told is not known any more."""

    endpoint: str
    kind: Kind
    at: float
    origin: str = ""
    """Which publication told it; empty: a subscription."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a subscription stands, for people; told when it changes."""

    endpoint: str
    package: str
    granted: bool
    answer: str = ""
    """What the server said, if it isn't granted (``403 Forbidden``)."""
    status: int = 0
    """The same as a number, which tells refusals apart: their words may be different each time."""
    remedy: str | None = None
    again: float | None = None
    """Seconds until it is asked for again; None: only when the server was lost and found."""


class Synchronised(msgspec.Struct, frozen=True, kw_only=True):
    """The first picture is complete, or nothing more came for a while. Counts subscriptions."""

    subscriptions: int
    granted: int
    refused: int
    """The remaining ones were not answered in time."""


class Count(msgspec.Struct, frozen=True):
    """Something was dropped or refused."""

    kind: str
    number: int = 1
    address: str | None = None
    """Who sent it, where that is the matter with it."""
    method: str | None = None
    """What was asked, where a request was refused for who sent it."""


class Defect(msgspec.Struct, frozen=True):
    """Work on one message failed in a way that nobody foresaw: that message is lost, and nothing else."""

    what: str
    error: Exception


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """The session is over. ``heard_at`` is when the server was last heard, by our clock (None: never)."""

    error: ServerLost
    heard_at: float | None


Output: TypeAlias = Send | Up | Reported | Unknown | Outcome | Synchronised | Count | Defect | Lost
