"""The log in memory: for tests, demonstrations and whoever wants nothing on disk. All is gone with the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence

from monitor.events import Event, decode, encode
from monitor.log.contract import StorageMisused
from monitor.log.order import check_cursor, epoch_of, new_events
from monitor.log.thinning import Comparisons, superfluous

WHERE = "memory://"
MAX_EVENTS = 100_000
"""Events that one source's log keeps; the oldest make room."""


class MemoryStorage:
    """A :class:`monitor.log.contract.Storage` that forgets everything when it is closed."""

    def __init__(self, *, max_events: int = MAX_EVENTS) -> None:
        self.notices: tuple[str, ...] = ()
        self._max_events = max_events
        self._logs: dict[str, MemoryLog] = {}
        self._shelves: dict[str, MemoryShelf] = {}

    def log(self, source: str) -> MemoryLog:
        """Return the log of one source."""
        return self._logs.setdefault(source, MemoryLog(source, self._max_events))

    def shelf(self, name: str) -> MemoryShelf:
        """Return the shelf of this name."""
        return self._shelves.setdefault(name, MemoryShelf())

    async def close(self) -> None:
        """Forget everything; idempotent."""
        for log in self._logs.values():
            log.close()
        for shelf in self._shelves.values():
            shelf.close()


class MemoryShelf:
    """A :class:`monitor.log.contract.Shelf`."""

    def __init__(self) -> None:
        self._entries: dict[str, bytes] = {}
        self._closed = False

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._entries.clear()

    async def load(self) -> dict[str, bytes]:
        """Return everything that is on it."""
        self._check_open("reading from")
        return dict(self._entries)

    async def put(self, entries: Mapping[str, bytes | None]) -> None:
        """Set or remove values."""
        self._check_open("writing to")
        change(self._entries, entries)

    def _check_open(self, what: str) -> None:
        if self._closed:
            raise StorageMisused(what, WHERE, "it is closed")


class MemoryLog:
    """A :class:`monitor.log.contract.EventLog`."""

    def __init__(self, source: str, max_events: int) -> None:
        self._source = source
        self._max_events = max_events
        # As bytes, like every other backend: what is read is what would have come back from a disk.
        self._events: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._comparisons: dict[str, float] = {}
        """Snapshots that only compared: id and time."""
        self._watch = Comparisons()
        self._newest: str | None = None
        self._entities: dict[str, bytes] = {}
        self._cursor: str | None = None
        self._epoch = 0
        self._closed = False

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._events.clear()
        self._comparisons.clear()
        self._entities.clear()

    async def open_epoch(self) -> int:
        """Return a number larger than any before."""
        self._check_open("opening an epoch in")
        self._epoch = max(self._epoch, epoch_of(self._newest)) + 1
        return self._epoch

    async def append(self, events: Sequence[Event]) -> list[str]:
        """Keep events, all or none; see the contract."""
        self._check_open("writing to")
        kept = self._events.__contains__
        new = new_events(events, source=self._source, newest=self._newest, kept=kept, where=WHERE)
        for event in new:
            self._events[event.id] = (event.at, encode(event))
            self._newest = event.id
            if self._watch.is_one(event):
                self._comparisons[event.id] = event.at
        while len(self._events) > self._max_events:
            self._remove(next(iter(self._events)))
        return [event.id for event in new]

    async def read(self, after: str | None = None) -> AsyncIterator[Event]:
        """Yield the events after an id."""
        self._check_open("reading from")
        last = after or ""
        while batch := [item for item in self._events.items() if item[0] > last]:
            for _, (_, data) in batch:
                yield decode(data)
            last = batch[-1][0]  # and then what came meanwhile

    async def save(self, entities: Mapping[str, bytes | None], cursor: str) -> None:
        """Replace the entities given."""
        self._check_open("saving to")
        check_cursor(cursor, self._cursor, source=self._source, where=WHERE)
        change(self._entities, entities)
        self._cursor = cursor
        self._newest = max(self._newest or "", cursor)

    async def load(self) -> tuple[dict[str, bytes], str | None]:
        """Return the saved entities and their cursor."""
        self._check_open("reading from")
        return dict(self._entities), self._cursor

    async def trim(self, before: float, comparisons_before: float | None = None) -> int:
        """Remove old events up to the cursor; see the contract."""
        self._check_open("trimming")
        if self._cursor is None:
            return 0
        old = [key for key, (at, _) in self._events.items() if at < before and key <= self._cursor]
        for key in old:
            self._remove(key)
        if comparisons_before is None:
            return len(old)
        thin = superfluous(
            [item for item in self._comparisons.items() if item[0] <= self._cursor], comparisons_before
        )
        for key in thin:
            self._remove(key)
        return len(old) + len(thin)

    def _remove(self, key: str) -> None:
        del self._events[key]
        self._comparisons.pop(key, None)

    def _check_open(self, what: str) -> None:
        if self._closed:
            raise StorageMisused(what, WHERE, "it is closed")


def change(kept: dict[str, bytes], entries: Mapping[str, bytes | None]) -> None:
    """Set the values given; ``None`` removes one."""
    for key, value in entries.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
