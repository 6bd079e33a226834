"""Reads single values of AMI messages: numbers, moments, names, device states.

Nothing here trusts the PBX: what cannot be read is ``None`` (optional values) or :class:`UnusableError` (values
without which the message means nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from adapters.ami.message import unescape
from monitor.events import EndpointState

Fields: TypeAlias = Mapping[str, str]
"""A message's values by lower-case key."""

NAME_LIMIT: Final = 1_024
"""Characters of an id, a channel, a queue, an interface: longer ones are no names."""
TEXT_LIMIT: Final = 512
"""Characters kept of what is only shown (a caller's name, a pause reason)."""
_LATEST: Final = 10**11
"""Unix seconds beyond this are garbage."""

_ANONYMOUS: Final = frozenset({"", "<unknown>", "unknown"})
"""How Asterisk writes "not known": events with brackets, ``QueueEntry`` without."""

MEMBER_STATES: Final[tuple[EndpointState, ...]] = (
    "unknown",
    "idle",
    "in_use",
    "busy",
    "unavailable",  # invalid: no such device
    "unavailable",
    "ringing",
    "in_use",  # in use, and a second call rings
    "on_hold",
)
"""``Status`` of a queue member: ``AST_DEVICE_*`` (include/asterisk/devicestate.h)."""

DEVICE_STATES: Final[dict[str, EndpointState]] = {
    "UNKNOWN": "unknown",
    "NOT_INUSE": "idle",
    "INUSE": "in_use",
    "BUSY": "busy",
    "INVALID": "unavailable",
    "UNAVAILABLE": "unavailable",
    "RINGING": "ringing",
    "RINGINUSE": "in_use",
    "ONHOLD": "on_hold",
}
"""``State`` of ``DeviceStateChange`` (main/devicestate.c)."""

_MEMBERSHIPS: Final[dict[str, Literal["static", "dynamic", "realtime"]]] = {
    "static": "static",
    "dynamic": "dynamic",
    "realtime": "realtime",
}


class UnusableError(Exception):
    """A message lacks what it is about; :attr:`kind` is the word it is counted under."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"the message cannot be used: {kind}")
        self.kind = kind


def required(fields: Fields, key: str) -> str:
    """Return a name that the message means nothing without.

    Raises :class:`UnusableError` where it is missing, empty or absurdly long.
    """
    value = fields.get(key)
    if not value:
        raise UnusableError("missing_field")
    if len(value) > NAME_LIMIT:
        raise UnusableError("oversized_field")
    return value


def whole(fields: Fields, key: str) -> int | None:
    """Return a whole number, ``None`` where there is none (or garbage)."""
    value = fields.get(key)
    if value == "0":
        return 0  # most are
    if not value or len(value) > 18:
        return None
    digits = value[1:] if value[0] == "-" else value
    return int(value) if digits.isascii() and digits.isdigit() else None


def count(fields: Fields, key: str) -> int:
    """Return a whole number >= 0; 0 where there is none."""
    return max(0, whole(fields, key) or 0)


def flag(fields: Fields, key: str) -> bool | None:
    """Return a yes or no written as a number, ``None`` where it is neither."""
    value = whole(fields, key)
    return None if value is None else value != 0


def span(fields: Fields, key: str, unit: float = 1.0) -> float | None:
    """Return a length of time in seconds, ``None`` where it is missing, negative or garbage."""
    value = whole(fields, key)
    return None if value is None or not 0 <= value < _LATEST else value * unit


def moment(second: int, offset: float) -> float | None:
    """Return a second of the PBX's clock on ours; ``None`` for 0, which Asterisk writes for "never"."""
    return second + offset if 0 < second < _LATEST else None


def stamp(fields: Fields) -> float | None:
    """Return the ``Timestamp`` header in seconds of the PBX's clock; ``None`` without ``timestampevents``."""
    return decimal(fields.get("timestamp", ""))


def decimal(value: str) -> float | None:
    """Return a decimal number (``12``, ``-3.5``), ``None`` for anything else: no infinities, no underscores."""
    if not value or len(value) > 32:
        return None
    number = value[1:] if value[0] in "+-" else value
    before, _, after = number.partition(".")
    if not number.isascii() or not (before + after).isdigit():
        return None
    return float(value)


def text(fields: Fields, key: str) -> str | None:
    """Return something to show, verbatim but cut to :data:`TEXT_LIMIT`; ``None`` where there is nothing."""
    value = fields.get(key)
    return value[:TEXT_LIMIT] if value else None


def party(fields: Fields, key: str) -> str | None:
    """Return a party's number, ``None`` where it is not known."""
    value = fields.get(key, "")
    return None if value in _ANONYMOUS else value[:TEXT_LIMIT]


def party_name(fields: Fields, key: str, *, escaped: bool = True) -> str | None:
    """Return a party's name as people write it. All but ``QueueEntry`` escape it."""
    value = fields.get(key, "")
    if value in _ANONYMOUS:
        return None
    return unescape(value)[:TEXT_LIMIT] if escaped else value[:TEXT_LIMIT]


def place(fields: Fields) -> tuple[str, str, str]:
    """Return where in the dialplan a channel is: context, extension, priority."""
    return fields.get("context", ""), fields.get("exten", ""), fields.get("priority", "")


def membership(fields: Fields) -> Literal["static", "dynamic", "realtime"]:
    """Return how the member came into its queue; lists call realtime members static."""
    return _MEMBERSHIPS.get(fields.get("membership", ""), "static")


def duration(value: str) -> float | None:
    """Return ``HH:MM:SS`` of ``CoreShowChannel`` in seconds (hours grow beyond two digits)."""
    parts = value.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    return hours * 3600.0 + minutes * 60 + seconds
