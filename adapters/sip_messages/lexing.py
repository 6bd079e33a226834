"""The small pieces that SIP headers are made of: tokens, quoted strings, parameters, lists.

Every pattern here matches a text in one way only, so that hostile input takes no longer than its length.
The sets of characters are those of the library ``sipmessage``; see the package's docstring for what else is (not) used of it.
"""

from __future__ import annotations

import re

from sipmessage import grammar

from adapters.sip_messages.limits import HEADERS_LIMIT, PARAMETERS_LIMIT

TOKEN = grammar.cset(grammar.C_TOKEN) + "+"
QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
"""One group: what is between the quotes, still escaped."""
HOST = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*)|\[[0-9A-Fa-f:.]+\])"
"""Wider than RFC 3261: hosts named ``pbx1`` or ``my_pbx`` exist, above all between containers."""

is_token = re.compile(TOKEN).fullmatch
_PARAMETER = re.compile(
    rf'[ \t]*;[ \t]*({TOKEN})(?:[ \t]*=[ \t]*(?:{QUOTED}|([^\x00-\x20;,"<>\\\x7f-\xa0]+)))?', re.DOTALL
)
_ITEM = re.compile(r'(?:[^,"<]|"[^"\\]*(?:\\.[^"\\]*)*"|<[^>]*>)*', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Unreadable(ValueError):
    """A text isn't what it should be; the text says why. Never leaves this package."""


def unescaped(text: str) -> str:
    """Return what the inside of a quoted string stands for."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def quoted(text: str) -> str:
    """Return a text as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parameters(text: str, start: int = 0) -> dict[str, str | None]:
    """Return the parameters that a text has from ``start`` to its end; of a repeated one the first."""
    found: dict[str, str | None] = {}
    position, end = start, len(text)
    while position < end:
        match = _PARAMETER.match(text, position)
        if match is None:
            if not text[position:].strip(" \t"):
                break
            raise Unreadable("a parameter can't be read")
        name, inside, plain = match.groups()
        name = name.lower()
        if name not in found:
            found[name] = unescaped(inside) if inside is not None else plain
            if len(found) > PARAMETERS_LIMIT:
                raise Unreadable(f"more than {PARAMETERS_LIMIT} parameters")
        position = match.end()
    return found


def items(text: str) -> list[str]:
    """Return the items of a list, which commas part (not those in quotes or angle brackets)."""
    if "," not in text:
        return [text.strip(" \t")]
    found = []
    position = 0
    while True:
        match = _ITEM.match(text, position)
        end = match.end() if match else position
        found.append(text[position:end].strip(" \t"))
        if end == len(text):
            return found
        if text[end] != ",":
            raise Unreadable("a quote or angle bracket is not closed")
        if len(found) >= HEADERS_LIMIT:
            raise Unreadable(f"a list of more than {HEADERS_LIMIT}")
        position = end + 1
