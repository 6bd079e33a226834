"""One action as bytes."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.ami.errors import ActionError

LINE_LIMIT = 1023
"""Bytes of a line that Asterisk reads (``inbuf`` in manager.c)."""
HEADER_LIMIT = 128
"""Lines of an action that Asterisk reads (``AST_MAX_MANHEADERS``)."""


def build_action(name: str, fields: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return the bytes of an action. Raises :class:`ActionError` for what Asterisk would misread."""
    lines = []
    for key, value in (("Action", name), *fields):
        line = f"{key}: {value}".encode()
        if not key or not key.isascii() or not key.replace("-", "").isalnum():
            raise ActionError(name, key, "this is no header name")
        if b"\r" in line or b"\n" in line or b"\0" in line:
            raise ActionError(name, key, "a line break or NUL in a value would start another header")
        if len(line) > LINE_LIMIT:
            raise ActionError(name, key, f"{len(line)} bytes are more than the {LINE_LIMIT} of a line")
        lines.append(line)
    if len(lines) > HEADER_LIMIT:
        raise ActionError(name, "*", f"{len(lines)} headers are more than {HEADER_LIMIT}")
    return b"\r\n".join(lines) + b"\r\n\r\n"
