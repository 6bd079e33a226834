"""The order that every backend keeps: ids of one source only grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.events import Event
from monitor.log.contract import StorageMisused


def new_events(
    events: Sequence[Event], *, source: str, newest: str | None, kept: Callable[[str], bool], where: str
) -> list[Event]:
    """Return those of ``events`` that the log doesn't have yet.

    ``newest`` is the largest id in the log, ``kept`` tells whether an id is in it. Raises ``StorageMisused`` for
    an event of another source and for an id that comes too late.
    """
    new: list[Event] = []
    ids: set[str] = set()
    for event in events:
        if event.source != source:
            why = f"the event {event.id} is of source {event.source!r}, this log of {source!r}"
            raise StorageMisused("writing to", where, why)
        if newest is None or event.id > newest:
            newest = event.id
            new.append(event)
            ids.add(event.id)
        elif event.id not in ids and not kept(event.id):
            why = f"the event {event.id} of {source!r} is older than {newest}: does a second service write here?"
            raise StorageMisused("writing to", where, why)
    return new


def check_cursor(cursor: str, saved: str | None, *, source: str, where: str) -> None:
    """Raise ``StorageMisused`` for a cursor that goes back."""
    if saved is not None and cursor < saved:
        why = f"the state of {source!r} is already that of {saved}, it can't go back to {cursor}"
        raise StorageMisused("saving to", where, why)


def epoch_of(event_id: str | None) -> int:
    """Return the epoch in an id, 0 where there is none."""
    digits = (event_id or "").partition("-")[0]
    return int(digits) if digits.isdecimal() else 0
