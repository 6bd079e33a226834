"""Reads messages of a layout that was met before: one match of a regular expression instead of a look at each line.

A PBX writes an event of one name with the same keys in the same order for ever, but for a few variants. The careful
parse (:mod:`.protocol`) teaches the layouts, and whatever fits none is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

LAYOUTS_LIMIT: Final = 8
"""Layouts remembered for one name."""
KEYS_LIMIT: Final = 100
"""Keys of a layout: longer messages come rarely or from somebody who means no good."""
KEY_LIMIT: Final = 100
"""Characters of a key."""

_Layout: TypeAlias = "tuple[Callable[[str], re.Match[str] | None], tuple[str, ...]]"


class Layouts:
    """The layouts of the events of one name."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: list[_Layout] = []

    def read(self, message: bytes) -> dict[str, str] | None:
        """Return a message's values by lower-case key, ``None`` if no known layout fits exactly."""
        try:
            text = message.decode()
        except UnicodeDecodeError:
            return None
        for match, keys in self._known:
            found = match(text)
            if found is not None:
                return dict(zip(keys, found.groups(), strict=True))
        return None

    def learn(self, keys: Sequence[str]) -> None:
        """Remember a layout: the keys as they are written, none of them twice, none with a colon."""
        known = self._known
        if len(known) >= LAYOUTS_LIMIT or len(keys) > KEYS_LIMIT or max(map(len, keys)) > KEY_LIMIT:
            return
        # A value has no CR in it: so each line is matched by exactly its own part, and nothing is tried twice.
        pattern = "\r\n".join(f"{re.escape(key)}: ([^\r]*+)" for key in keys)
        known.append((re.compile(pattern).fullmatch, tuple(key.lower() for key in keys)))
