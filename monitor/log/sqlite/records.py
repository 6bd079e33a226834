"""Events and entities as rows: packed where they are long, with a checksum that tells damage from data.

SQLite's own check sees a broken structure, not a flipped bit inside a value; that bit could turn a wait of 12 s
into one of 92 s.
"""

from __future__ import annotations

import zlib
from typing import Any, TypeAlias

import msgspec

from monitor.events import AnyEvent, Event, decode, encode
from monitor.log.sqlite.errors import Damaged

EventRow: TypeAlias = tuple[str, str, float, bool, int, bytes]
"""``source, id, at, compares, crc, event``."""
EntityRow: TypeAlias = tuple[str, str, int, bytes]
"""``source, key, crc, value``."""

PACK_FROM = 2_048
"""Bytes from which on an event is packed: only snapshots are that long, and they shrink to a tenth."""
PACK_LEVEL = 1
_JSON = b"{"


def event_row(event: Event, *, compares: bool) -> EventRow:
    """Return the row of an event; ``compares``: it is a snapshot that only compared."""
    data = encode(event)
    if len(data) >= PACK_FROM:
        data = zlib.compress(data, PACK_LEVEL)
    return event.source, event.id, event.at, compares, zlib.crc32(data), data


def event_of(event_id: str, data: Any, crc: Any) -> AnyEvent:
    """Return the event of a row. Raises :class:`Damaged`."""
    _check(isinstance(data, bytes) and zlib.crc32(data) == crc, f"the event {event_id}")
    try:
        event = decode(data if data.startswith(_JSON) else zlib.decompress(data))
    except (msgspec.MsgspecError, zlib.error) as error:
        raise Damaged(f"the event {event_id} can't be decoded: {error}") from error
    _check(event.id == event_id, f"the event {event_id}")
    return event


def entity_row(source: str, key: str, value: bytes) -> EntityRow:
    """Return the row of an entity."""
    return source, key, _entity_crc(key, value), value


def entity_of(key: str, value: Any, crc: Any) -> bytes:
    """Return the entity of a row. Raises :class:`Damaged`."""
    _check(isinstance(value, bytes) and _entity_crc(key, value) == crc, f"the state of {key}")
    return bytes(value)


def _entity_crc(key: str, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key.encode()))


def _check(sound: bool, what: str) -> None:  # noqa: FBT001 - a condition, not a switch
    if not sound:
        raise Damaged(f"{what} fails its checksum")
