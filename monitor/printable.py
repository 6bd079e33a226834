"""Texts of strangers made harmless: nothing in them steers a terminal, turns the direction of text or forges a line. Pure."""

from __future__ import annotations

from typing import Final

_KEPT: Final = (0x09, 0x0A)
_STEERING: Final = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x2028,
    0x2029,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
)
"""What steers terminals, or the direction of text. Names and reasons come from a PBX, which has them from strangers."""
_ONE_LINE: Final = {code: f"\\u{code:04x}" for code in _STEERING}
_LINES: Final = {code: number for code, number in _ONE_LINE.items() if code not in _KEPT}


def printable(text: str) -> str:
    """Return a text of one or more lines without what steers: its number stands instead."""
    return text.translate(_LINES)


def one_line(text: str) -> str:
    """Return a text without what steers, and without tabs and ends of lines."""
    return text if text.isprintable() else text.translate(_ONE_LINE)
