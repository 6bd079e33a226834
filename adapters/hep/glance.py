"""A first look at the bytes of a SIP message, before anything is parsed: most messages concern nobody who is watched.

It may only say "surely not": whatever it can't make out is parsed.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

_RESPONSE: Final = b"SIP/2.0 "
_CSEQ: Final = re.compile(rb"(?i)\ncseq[ \t]*:[ \t]*\d+[ \t]+([a-z]+)[ \t]*\r?\n")
_CALL_ID: Final = re.compile(rb"(?i)\n(?:call-id|i)[ \t]*:[ \t]*([^\s]+)[ \t]*\r?\n(?![ \t])")
_METHOD: Final = re.compile(rb"([A-Z]+) ")

FOLLOWED: Final = frozenset({b"INVITE", b"ACK", b"BYE", b"CANCEL", b"UPDATE", b"REFER", b"REGISTER"})
"""Methods that say something about calls and registrations."""


class Glance(msgspec.Struct, gc=False):
    """What a first look tells."""

    method: bytes
    """Of the request, or of the request that a response answers; empty: not made out."""
    status: int
    """0: a request."""
    call_id: bytes
    """Empty: not made out."""
    head: bytes


def glance(payload: bytes) -> Glance | None:
    """Look at a message; None: this is surely none (an empty or CRLF keep-alive, or no letters to begin with)."""
    start = payload[:1]
    if not start.isalpha():
        payload = payload.lstrip(b"\r\n")
        if not payload[:1].isalpha():
            return None
    end = payload.find(b"\r\n\r\n")
    head = payload if end < 0 else payload[: end + 2]
    status = 0
    if head.startswith(_RESPONSE):
        digits = head[8:11]
        status = int(digits) if digits.isdigit() else 0
        found = _CSEQ.search(head)
    else:
        found = _METHOD.match(head)
    method = found[1] if found else b""
    call_id = _CALL_ID.search(head)
    return Glance(method, status, call_id[1] if call_id else b"", head)
