"""Why the feed closes a connection.

FeedError
├── Refused         the client's fault or bad luck: it is told the code and why
└── HistoryLost     a client's sequence number is older than what is remembered: it needs a snapshot
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from websockets.frames import CloseCode

RefusalCode: TypeAlias = Literal[
    "bad_request", "unauthorized", "unsupported", "too_many_messages", "too_many_clients", "too_slow"
]
REFUSAL_CODES: tuple[RefusalCode, ...] = get_args(RefusalCode)

CLOSE_CODES: dict[RefusalCode, CloseCode] = {
    # RFC 6455 section 7.4.1; 1013 is IANA's "try again later"
    "bad_request": CloseCode.POLICY_VIOLATION,
    "unauthorized": CloseCode.POLICY_VIOLATION,
    "unsupported": CloseCode.UNSUPPORTED_DATA,
    "too_many_messages": CloseCode.POLICY_VIOLATION,
    "too_many_clients": CloseCode.TRY_AGAIN_LATER,
    "too_slow": CloseCode.TRY_AGAIN_LATER,
}


class FeedError(Exception):
    """Root of the feed's errors."""


class Refused(FeedError):
    """The connection ends; the client is told ``code`` and ``message`` first."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class HistoryLost(FeedError):
    """Changes after ``since`` are no longer remembered completely (only those after ``floor`` are)."""

    def __init__(self, since: int, floor: int) -> None:
        super().__init__(f"changes after {since} are asked for, those after {floor} are remembered")
        self.since = since
        self.floor = floor
