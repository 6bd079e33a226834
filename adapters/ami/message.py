"""One message of AMI as everybody after the protocol sees it."""

from __future__ import annotations

import re

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False):
    """One event, list item or response.

    ``name`` is the value of the first ``Event`` header and ``response`` that of a leading ``Response`` header; one
    of the two is always empty. ``fields`` has lower-case keys; of a repeated key it has the first value.
    """

    name: str
    fields: dict[str, str]
    response: str = ""
    repeated: tuple[tuple[str, str], ...] = ()
    """The further values of repeated keys, in the order in which they came."""

    def get(self, key: str, default: str = "") -> str:
        """Return the first value of a key (lower case)."""
        return self.fields.get(key, default)

    def get_all(self, key: str) -> list[str]:
        """Return all values of a key (lower case) in the order in which they came."""
        values = [self.fields[key]] if key in self.fields else []
        values += [value for name, value in self.repeated if name == key]
        return values

    def __repr__(self) -> str:
        """Return the name and the keys; values may be secrets or people's numbers."""
        return f"<Message {self.name or self.response!r} {' '.join(self.fields)}>"


_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\([abfnrtv\\'\"?])")


def unescape(value: str) -> str:
    r"""Undo ``ast_escape_c`` (``O\'Brien`` -> ``O'Brien``).

    Asterisk applies it to ``CallerIDName``, ``ConnectedLineName`` and ``ChanVariable`` only
    (``main/manager_channels.c``); other values must not be unescaped.
    """
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), value)
