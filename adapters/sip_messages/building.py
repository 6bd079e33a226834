"""Messages to be sent, as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from adapters.sip_messages.errors import BuildError
from adapters.sip_messages.lexing import HOST, is_token
from adapters.sip_messages.limits import DATAGRAM_LIMIT
from adapters.sip_messages.message import Request

REASONS = {
    100: "Trying",
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    412: "Conditional Request Failed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    423: "Interval Too Brief",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    488: "Not Acceptable Here",
    489: "Bad Event",
    493: "Undecipherable",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
}

_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_URI = re.compile(r'[^\x00-\x20\x7f<>"]+')
_COPIED = (("Via", "via"), ("From", "from"), ("To", "to"), ("Call-ID", "call-id"), ("CSeq", "cseq"))
_TAGGED = re.compile(rb";[ \t]*tag[ \t]*=", re.IGNORECASE)
_SENT_BY = re.compile(rf"[^,;]*[ \t]({HOST})".encode())
_RPORT = re.compile(rb";[ \t]*rport[ \t]*(?=[;,]|\Z)", re.IGNORECASE)
_STATUSES = range(100, 700)


def request(
    method: str,
    uri: str,
    headers: Sequence[tuple[str, str]],
    body: bytes = b"",
    content_type: str | None = None,
) -> bytes:
    """Return a request. Content-Length is added, Content-Type if given; all other headers are the caller's.

    Raises :class:`.BuildError` for what would be another message than the one meant (line breaks and NUL in values).
    """
    if not is_token(method):
        raise BuildError("method", "this is no method")
    if not _URI.fullmatch(uri):
        raise BuildError("uri", "a blank or control character would end the Request-URI")
    return _message(f"{method} {_encodable('uri', uri)} SIP/2.0".encode(), (), headers, body, content_type)


def response(
    request: Request,
    status: int,
    *,
    to_tag: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
    reason: str | None = None,
    source: tuple[str, int] | None = None,
) -> bytes:
    """Return the response to a request (also to the ``head`` of a :class:`.BadMessage`).

    Via, From, To, Call-ID and CSeq are copied as they came; ``to_tag`` is added if To has no tag yet. With ``source``, the address
    and port that the request came from, the topmost Via tells them as RFC 3581 wants it. Raises :class:`.BuildError`.
    """
    if status not in _STATUSES:
        raise BuildError("status", f"{status} is no status")
    if to_tag is not None and not is_token(to_tag):
        raise BuildError("to_tag", "this is no tag")
    if reason is None:
        reason = REASONS.get(status, "Unknown")
    copied = []
    for name, key in _COPIED:
        for index, value in enumerate(request.wire(key)):
            copy = value
            if key == "to" and to_tag is not None and request.to.tag is None and not _tagged(request, value):
                copy = value + f";tag={to_tag}".encode()
            elif key == "via" and index == 0 and source is not None:
                copy = _received(value, *source)
            copied.append(name.encode() + b": " + copy)
    start = f"SIP/2.0 {status} {_sendable('reason', reason)}".encode()
    return _message(start, copied, headers, body, content_type)


def _message(
    start: bytes,
    copied: Iterable[bytes],
    headers: Sequence[tuple[str, str]],
    body: bytes,
    content_type: str | None,
) -> bytes:
    rows = [start, *copied]
    for name, value in headers:
        if not is_token(name):
            raise BuildError(name[:40].encode("ascii", "replace").decode(), "this is no header name")
        if name.lower() in {"content-length", "l"}:
            raise BuildError(name, "it is set here")
        rows.append(f"{name}: {_sendable(name, value)}".encode())
    if content_type is not None:
        rows.append(f"Content-Type: {_sendable('content_type', content_type)}".encode())
    rows.append(b"Content-Length: %d" % len(body))
    data = b"\r\n".join(rows) + b"\r\n\r\n" + body
    if len(data) > DATAGRAM_LIMIT:
        raise BuildError("*", f"{len(data)} bytes are more than the {DATAGRAM_LIMIT} of a datagram")
    return data


def _sendable(field: str, value: str) -> str:
    if _UNSENDABLE.search(value):
        raise BuildError(field, "a line break or control character in a value would start another header")
    return _encodable(field, value)


def _encodable(field: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BuildError(field, "this can't be written in UTF-8") from None
    return value


def _tagged(request: Request, value: bytes) -> bool:
    """Tell whether a To that could not be read has a tag all the same."""
    return request.to.uri.scheme == "unreadable" and _TAGGED.search(value) is not None


def _received(value: bytes, host: str, port: int) -> bytes:
    """Return a Via whose first hop tells where it really came from (RFC 3261 18.2.1, RFC 3581)."""
    first, comma, rest = value.partition(b",")
    if b'"' in first:  # a quoted comma: not worth the trouble, the answer arrives without
        return value
    address = host.partition("%")[0]
    _sendable("source", address)
    sent_by = _SENT_BY.match(first)
    told, asked = _RPORT.subn(b";rport=%d" % port, first, count=1)
    if asked or sent_by is None or sent_by[1].strip(b"[]").lower() != address.lower().encode():
        told += b";received=" + address.encode()
    return told + comma + rest
