"""A message's lines: bytes -> start line, headers and the rest, whatever the bytes are.

Nothing is judged here but what can't be read at all. What is wrong is told as ``flaw``; what could be read is returned all the
same, for an answer to be possible.
"""

from __future__ import annotations

import re

import msgspec
from sipmessage.message import COMPACT_FORMS

from adapters.sip_messages.lexing import is_token
from adapters.sip_messages.limits import HEAD_LIMIT, HEADERS_LIMIT, LINE_LIMIT, STREAM_MESSAGE_LIMIT

_NAMES = (
    *COMPACT_FORMS.values(),
    *(
        "Accept",
        "Allow",
        "Authorization",
        "CSeq",
        "Date",
        "Expires",
        "Max-Forwards",
        "Min-Expires",
        "P-Asserted-Identity",
    ),
    *(
        "Privacy",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "RAck",
        "Reason",
        "Record-Route",
        "Remote-Party-ID",
    ),
    *("Replaces", "Require", "Retry-After", "Route", "RSeq", "Server", "Min-SE", "SIP-ETag", "SIP-If-Match"),
    *("Subscription-State", "Timestamp", "Unsupported", "User-Agent", "Warning", "WWW-Authenticate"),
)
SPELLING = {name.lower(): name for name in _NAMES}
"""Headers' names as they are usually written, by their lower case."""
_COMPACT = {short: name.lower() for short, name in COMPACT_FORMS.items()}
_KEYS = (
    {name: name.lower() for name in _NAMES}
    | {name.lower(): name.lower() for name in _NAMES}
    | {spelled: key for short, key in _COMPACT.items() for spelled in (short, short.upper())}
)
"""Lower case names by the usual spellings: most headers need no closer look. Never grows."""
_END = b"\r\n\r\n"
_FOLD = re.compile(r"\r\n[ \t]+")
_BREAKS = str.maketrans("\r\n", "  ")


class Lines(msgspec.Struct):
    """What :func:`scan` found."""

    start: str
    headers: list[tuple[str, str]]
    """Lower case names and values, in their order."""
    body: bytes
    """All that follows the headers."""
    undecodable: bool
    """The headers are not UTF-8: the values have lone surrogates in place of the bytes that are not."""
    unreadable: int
    """Header lines that are none, left out."""
    flaw: str | None
    status: int
    """The answer to the flaw."""


def scan(data: bytes) -> Lines:
    """Take a message's lines apart; never raises."""
    too_large = len(data) > STREAM_MESSAGE_LIMIT
    if too_large:
        data = data[:STREAM_MESSAGE_LIMIT]
    if data[:1] in b"\r\n":  # empty lines before a message mean nothing (RFC 3261 7.5)
        data = data.lstrip(b"\r\n")
    ended = data.find(_END, 0, HEAD_LIMIT)
    head = data[: HEAD_LIMIT if ended < 0 else ended]
    body = b"" if ended < 0 else data[ended + len(_END) :]
    undecodable = False
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode(errors="surrogateescape")
        undecodable = True
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    rows = text.split("\r\n")
    flaw, status = _judge(text, rows, ended=ended >= 0)
    if too_large:
        flaw, status = f"a message of more than {STREAM_MESSAGE_LIMIT} bytes", 413
    if flaw is not None:
        rows = [row.translate(_BREAKS) for row in rows if row]
    headers = []
    unreadable = 0
    for row in rows[1:]:
        name, colon, value = row.partition(":")
        key = _KEYS.get(name) or _key(name)
        if colon and key:
            headers.append((key, value.strip(" \t")))
        else:
            unreadable += 1
    return Lines(rows[0] if rows else "", headers, body, undecodable, unreadable, flaw, status)


def _judge(text: str, rows: list[str], *, ended: bool) -> tuple[str | None, int]:
    """Return what is wrong with the lines as such, and the status that says so."""
    breaks = len(rows) - 1
    if not ended:
        return "no empty line ends the headers", 400
    if text.count("\n") != breaks or text.count("\r") != breaks:
        return "a line break that is not CR LF", 400
    if breaks > HEADERS_LIMIT:
        return f"more than {HEADERS_LIMIT} headers", 400
    if len(text) > LINE_LIMIT:
        if len(rows[0]) > LINE_LIMIT:
            return f"a start line of more than {LINE_LIMIT} characters", 414
        if any(len(row) > LINE_LIMIT for row in rows):
            return f"a header of more than {LINE_LIMIT} characters", 400
    return None, 400


def _key(name: str) -> str:
    """Return a header name in lower case and in full; "" if it is none."""
    name = name.rstrip(" \t")
    if not is_token(name):
        return ""
    name = name.lower()
    return _COMPACT.get(name, name)


def cleaned(value: str) -> str:
    """Return a value of undecodable headers as text that can be encoded: what was no UTF-8 is marked."""
    return value.encode(errors="surrogateescape").decode(errors="replace")
