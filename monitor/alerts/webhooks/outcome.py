"""What came of one try."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One try to deliver a notification."""

    delivered: bool
    seconds: float
    """How long it took."""
    status: int | None = None
    """The answer's HTTP status, if there was one."""
    error: str | None = None
    """What went wrong, in words, without secrets or the address."""
    gone: bool = False
    """The receiver says that it is no more (410): no further try is of use."""
    retry_after: float | None = None
    """Seconds for which the receiver wants to be left alone."""
