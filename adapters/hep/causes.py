"""Why a leg ended, in a word or two for people."""

from __future__ import annotations

import re
from typing import Final

UNSEEN: Final = "not seen any more"
HUNG_UP: Final = "hung up"
TRANSFERRED: Final = "transferred"
CANCELLED: Final = "cancelled"
ELSEWHERE: Final = "answered elsewhere"
REFUSED: Final = "not let in"

_CAUSES: Final[dict[int, str]] = {
    401: REFUSED,
    403: "forbidden",
    404: "no such number",
    407: REFUSED,
    408: "no answer",
    480: "not available",
    481: "gone",
    484: "incomplete number",
    486: "busy",
    487: CANCELLED,
    488: "no common codec",
    503: "server overloaded",
    600: "busy",
    603: "declined",
    604: "no such number",
    606: "no common codec",
    607: "unwanted",
    608: "rejected",
}
_ELSEWHERE: Final = re.compile(r"(?i)\bSIP\s*;.*\bcause\s*=\s*200\b")


def of_status(status: int) -> str:
    """Return the cause that a final response tells."""
    known = _CAUSES.get(status)
    if known is not None:
        return known
    return "redirected" if status < 400 else f"failed ({status})"


def of_cancel(reason: str | None) -> str:
    """Return the cause that a CANCEL tells by its Reason header (RFC 3326)."""
    return ELSEWHERE if reason is not None and _ELSEWHERE.search(reason) else CANCELLED
