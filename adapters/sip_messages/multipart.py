"""Multipart bodies (RFC 2046, RFC 2387), as resource lists and servers with several notifications in one send them."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Mapping

import msgspec

from adapters.sip_messages.errors import BadBody
from adapters.sip_messages.lexing import Unreadable, is_token
from adapters.sip_messages.limits import BODY_LIMIT, DEPTH_LIMIT, LINE_LIMIT, PART_HEADERS_LIMIT, PARTS_LIMIT
from adapters.sip_messages.message import content_type

_BOUNDARY_LIMIT = 200
"""RFC 2046 allows 70 characters; some servers take more."""
_FOLD = re.compile(r"\r?\n[ \t]+")
_LINE_END = re.compile(r"\r?\n")
_HEADERS_END = re.compile(rb"(?:\A|\r?\n)\r?\n")


class Part(msgspec.Struct, frozen=True):
    """One part of a multipart body."""

    headers: tuple[tuple[str, str], ...]
    content_type: str
    """``type/subtype`` in lower case; ``text/plain`` if the part doesn't say."""
    content_parameters: Mapping[str, str]
    content_id: str | None
    """Without angle brackets."""
    body: bytes
    """Decoded, if it came as base64 or quoted-printable."""


def parts(content_parameters: Mapping[str, str], body: bytes, *, depth: int = 0) -> list[Part]:
    """Return the parts of a multipart body, whose Content-Type had these parameters; raise :class:`.BadBody`.

    A part that is itself multipart comes as one part: call again with its own parameters and ``depth`` one more. A body that
    isn't closed was cut off: it is refused, for half a list would look like a short one.
    """
    if depth >= DEPTH_LIMIT:
        raise BadBody(f"more than {DEPTH_LIMIT} multipart bodies within one another")
    if len(body) > BODY_LIMIT:
        raise BadBody(f"a body of more than {BODY_LIMIT} bytes")
    boundary = content_parameters.get("boundary", "")
    if not 0 < len(boundary) <= _BOUNDARY_LIMIT or not boundary.isprintable():
        raise BadBody("Content-Type has no usable boundary")
    mark = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode(errors="replace")) + rb"(--)?[ \t]*+(?=\r?\n|\Z)"
    )
    found: list[Part] = []
    start = -1
    for match in mark.finditer(body):
        if start >= 0:
            if len(found) >= PARTS_LIMIT:
                raise BadBody(f"more than {PARTS_LIMIT} parts")
            found.append(_part(body[start : match.start()]))
        if match[1]:
            return found
        start = match.end()
    raise BadBody("the last boundary is missing" if start >= 0 else "there is no boundary")


def _part(data: bytes) -> Part:
    """Return the part between two boundaries; it begins with the line break of the first."""
    data = data.removeprefix(b"\r").removeprefix(b"\n")
    match = _HEADERS_END.search(data, 0, LINE_LIMIT)
    if match is not None:
        head, body = data[: match.start()], data[match.end() :]
    elif len(data) < LINE_LIMIT:
        head, body = data, b""
    else:
        raise BadBody(f"a part with headers of more than {LINE_LIMIT} bytes")
    headers = tuple(_headers(_FOLD.sub(" ", head.decode(errors="replace"))))
    known: dict[str, str] = {}
    for name, value in headers:
        known.setdefault(name.lower(), value)
    kind = "text/plain"
    parameters: dict[str, str] = {}
    if "content-type" in known:
        try:
            kind, parameters = content_type(known["content-type"])
        except Unreadable as problem:
            raise BadBody(f"a part: {problem}") from None
    identity = known.get("content-id")
    if identity is not None:
        identity = identity.removeprefix("<").removesuffix(">")
    return Part(
        headers, kind, parameters, identity, _decoded(body, known.get("content-transfer-encoding", "binary"))
    )


def _headers(text: str) -> list[tuple[str, str]]:
    rows = [row for row in _LINE_END.split(text) if row]
    if len(rows) > PART_HEADERS_LIMIT:
        raise BadBody(f"a part with more than {PART_HEADERS_LIMIT} headers")
    headers = []
    for row in rows:
        name, colon, value = row.partition(":")
        name = name.rstrip(" \t")
        if not colon or not is_token(name):
            raise BadBody("a part with a header that is none")
        headers.append((name, value.strip(" \t")))
    return headers


def _decoded(body: bytes, encoding: str) -> bytes:
    match encoding.lower():
        case "binary" | "8bit" | "7bit":
            return body
        case "base64":
            try:
                return base64.b64decode(body)
            except (binascii.Error, ValueError):
                raise BadBody("a part that is no base64") from None
        case "quoted-printable":
            return quopri.decodestring(body)
    raise BadBody("a part in an unknown encoding")
