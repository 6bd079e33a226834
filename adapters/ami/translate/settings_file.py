"""What ``GetConfig`` tells of queues.conf: after-call work and when callers leave an empty queue.

Templates are already applied in the answer (inherited lines come first, so the last line of a name counts), as
app_queue does. Of two sections with one name it uses the first (``reload_single_queue``). ``[general]`` has no
defaults for queues (``queue_set_global_params``). Realtime queues are in no file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adapters.ami.message import Message
from adapters.ami.translate.fields import decimal

_GENERAL: Final = "general"
_TRUE: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_FALSE: Final = frozenset({"no", "false", "n", "f", "0", "off"})
_STRICT: Final = frozenset({"invalid", "paused", "unavailable"})
_LOOSE: Final = frozenset({"invalid"})
_YES: Final = frozenset({"invalid", "paused"})


class QueueSettings:
    """One queue's section."""

    __slots__ = ("leave_when_empty", "wrap_up")

    def __init__(self, lines: dict[str, str]) -> None:
        self.wrap_up = max(0.0, decimal(lines.get("wrapuptime", "")) or 0.0)
        """Seconds."""
        self.leave_when_empty = _conditions(lines.get("leavewhenempty", ""))
        """The conditions under which a member counts as absent; empty: callers never leave for that."""


def _conditions(value: str) -> frozenset[str]:
    """Return ``leavewhenempty`` as single conditions (``parse_empty_options`` in app_queue.c)."""
    conditions: frozenset[str] = frozenset()
    for word in value.lower().replace(" ", "").split(","):
        if word in _TRUE:
            conditions = _YES
        elif word in _FALSE:
            conditions = frozenset()
        elif word == "strict":
            conditions = _STRICT
        elif word == "loose":
            conditions = _LOOSE
        elif word:
            conditions |= {word}
    return conditions


def read_settings(answer: Iterable[Message]) -> dict[str, QueueSettings]:
    """Return the settings by queue."""
    sections: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for message in answer:
        for key, value in message.fields.items():
            kind, _, number = key.partition("-")
            if kind == "category":
                names[number] = value
                sections[number] = {}
            elif kind == "line":
                section = sections.get(number.partition("-")[0])
                name, equals, setting = value.partition("=")
                if section is not None and equals and name != "member":
                    section[name.lower()] = setting
    settings: dict[str, QueueSettings] = {}
    for number, name in names.items():
        if name != _GENERAL and name not in settings:
            settings[name] = QueueSettings(sections[number])
    return settings
