"""What the log does with its database: short transactions, each whole or not at all.

Everything here blocks and belongs to one thread (:mod:`monitor.log.sqlite.storage` gives it one).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from monitor.events import AnyEvent, Event
from monitor.log.contract import StorageMisused
from monitor.log.order import check_cursor, epoch_of, new_events
from monitor.log.sqlite.connection import BUSY_SECONDS, OpenDatabase
from monitor.log.sqlite.errors import told
from monitor.log.sqlite.records import EventRow, entity_of, entity_row, event_of, event_row
from monitor.log.thinning import Comparisons, superfluous

logger = structlog.get_logger(__name__)

READ_EVENTS = 1_000
READ_BYTES = 4 * 1024 * 1024
"""One batch of a reader ends at either; packed bytes."""
TRIM_EVENTS = 2_000
"""Removed in one transaction, so that writers wait for few milliseconds."""
TRIM_SNAPSHOTS = 10
"""The same for snapshots, which fill dozens of pages each."""


class Database:
    """One open database. Methods raise ``StorageUnavailable`` and ``StorageMisused`` as the contract says."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._file = OpenDatabase(path, now)
        self.path = self._file.path
        self.notices = tuple(self._file.notices)
        self._newest: dict[str, str | None] = {}
        self._in_sync: dict[str, bool] = {}
        """Whether the newest snapshot of a source is newer than its newest connection or loss."""

    def close(self) -> None:
        """Close it; idempotent."""
        with told("closing", self.path):
            self._file.close()

    def open_epoch(self, source: str) -> int:
        """Return a number larger than any before, on the disk: even a power cut doesn't bring it back."""
        with told("opening an epoch in", self.path):
            newest = self._newest_id(source)
            connection = self._file.connection
            connection.execute("PRAGMA synchronous = FULL")
            try:
                with self._transaction() as write:
                    (before,) = write.execute(
                        "SELECT coalesce(max(epoch), 0) FROM sources WHERE source = ?", (source,)
                    ).fetchone()
                    epoch: int = max(before, epoch_of(newest)) + 1
                    write.execute(
                        "INSERT INTO sources (source, epoch) VALUES (?, ?) "
                        "ON CONFLICT (source) DO UPDATE SET epoch = excluded.epoch",
                        (source, epoch),
                    )
            finally:
                self._file.connection.execute("PRAGMA synchronous = NORMAL")
        return epoch

    def append(self, groups: Sequence[tuple[str, Sequence[Event]]]) -> list[list[str] | StorageMisused]:
        """Write the events of several appends in one transaction.

        Returns for each its new ids, or why it was refused: then the others are written all the same.
        """
        results: list[list[str] | StorageMisused] = []
        rows: list[EventRow] = []
        newest: dict[str, str | None] = {}
        in_sync: dict[str, bool] = {}
        coming: set[tuple[str, str]] = set()
        with told("writing to", self.path):
            for source, events in groups:
                try:
                    new = new_events(
                        events,
                        source=source,
                        newest=newest[source] if source in newest else self._newest_id(source),
                        kept=lambda key, source=source: (source, key) in coming or self._has(source, key),  # type: ignore[misc]
                        where=str(self.path),
                    )
                except StorageMisused as error:
                    results.append(error)
                    continue
                watch = Comparisons(in_sync=in_sync.get(source, self._in_sync.get(source, False)))
                rows += [event_row(event, compares=watch.is_one(event)) for event in new]
                in_sync[source] = watch.in_sync
                coming.update((source, event.id) for event in new)
                if new:
                    newest[source] = new[-1].id
                results.append([event.id for event in new])
            if rows:
                with self._transaction() as write:
                    write.executemany(
                        "INSERT INTO events (source, id, at, compares, crc, event) VALUES (?, ?, ?, ?, ?, ?)",
                        rows,
                    )
        self._newest.update(newest)
        self._in_sync.update(in_sync)
        return results

    def read(self, source: str, after: str) -> list[AnyEvent]:
        """Return the next events after an id (``""``: from the beginning); none at the end."""
        query = "SELECT id, crc, event FROM events WHERE source = ? AND id > ? ORDER BY id LIMIT ?"
        events: list[AnyEvent] = []
        size = 0
        with told("reading from", self.path):
            for event_id, crc, data in self._file.connection.execute(query, (source, after, READ_EVENTS)):
                events.append(event_of(event_id, data, crc))
                size += len(data)
                if size >= READ_BYTES:
                    break
        return events

    def save(self, source: str, entities: Mapping[str, bytes | None], cursor: str) -> None:
        """Replace entities and move the cursor, in one transaction."""
        with told("saving to", self.path):
            check_cursor(cursor, self._cursor(source), source=source, where=str(self.path))
            newest = self._newest_id(source)
            with self._transaction() as write:
                _write_entities(write, source, entities)
                write.execute(
                    "INSERT INTO sources (source, epoch, cursor) VALUES (?, 0, ?) "
                    "ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor",
                    (source, cursor),
                )
            self._newest[source] = max(newest or "", cursor)

    def load(self, source: str) -> tuple[dict[str, bytes], str | None]:
        """Return the entities and the cursor."""
        with told("reading from", self.path):
            return self.entities(source), self._cursor(source)

    def put(self, owner: str, entities: Mapping[str, bytes | None]) -> None:
        """Replace entities that belong to no state at a cursor, in one transaction."""
        with told("writing to", self.path), self._transaction() as write:
            _write_entities(write, owner, entities)

    def entities(self, owner: str) -> dict[str, bytes]:
        """Return the entities of a source, or of whoever else puts some here."""
        query = "SELECT key, crc, value FROM entities WHERE source = ?"
        with told("reading from", self.path):
            rows = self._file.connection.execute(query, (owner,))
            return {key: entity_of(key, value, crc) for key, crc, value in rows}

    def trim(self, source: str, before: float, after: str) -> tuple[int, str | None]:
        """Remove the old ones among the next events after an id, up to the cursor.

        Returns how many, and from where to go on: ``None`` when no more old ones are to be expected.
        """
        query = "SELECT id, at FROM events WHERE source = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?"
        with told("trimming", self.path):
            cursor = self._cursor(source)
            if cursor is None:
                return 0, None
            self._newest_id(source)  # remembered before the last event may go
            found = self._file.connection.execute(query, (source, after, cursor, TRIM_EVENTS)).fetchall()
            old = [(source, event_id) for event_id, at in found if at < before]
            if not old:
                return 0, None  # events are in order of time but for a few
            with self._transaction() as write:
                write.executemany("DELETE FROM events WHERE source = ? AND id = ?", old)
        return len(old), found[-1][0]

    def thin(self, source: str, before: float) -> tuple[int, bool]:
        """Remove some snapshots that only compared; return how many, and whether there may be more of them."""
        query = (
            "SELECT id, at FROM events INDEXED BY comparisons "
            "WHERE source = ? AND compares = 1 AND id <= ? ORDER BY id"
        )
        with told("trimming", self.path):
            comparisons = self._file.connection.execute(query, (source, self._cursor(source) or ""))
            gone = superfluous(comparisons, before)[:TRIM_SNAPSHOTS]
            if gone:
                with self._transaction() as write:
                    rows = [(source, event_id) for event_id in gone]
                    write.executemany("DELETE FROM events WHERE source = ? AND id = ?", rows)
        return len(gone), len(gone) == TRIM_SNAPSHOTS

    def checkpoint(self) -> None:
        """Write the whole journal into the database and begin it anew, unless somebody else reads just now."""
        with told("writing to", self.path):
            self._file.connection.execute("PRAGMA busy_timeout = 0")
            try:
                self._file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._file.connection.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is written inside, or take all of it back."""
        if (notice := self._file.ensure_in_place()) is not None:
            logger.warning("database_written_anew", notice=notice)
        connection = self._file.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # some errors (a full disk) have SQLite roll back by itself
                connection.execute("ROLLBACK")
            raise

    def _newest_id(self, source: str) -> str | None:
        """Return the newest id there is, or was before it was trimmed: trimming ends at the cursor."""
        if source not in self._newest:
            query = "SELECT max(id) FROM events WHERE source = ?"
            (newest,) = self._file.connection.execute(query, (source,)).fetchone()
            self._newest[source] = max(newest or "", self._cursor(source) or "") or None
        return self._newest[source]

    def _cursor(self, source: str) -> str | None:
        row = self._file.connection.execute(
            "SELECT cursor FROM sources WHERE source = ?", (source,)
        ).fetchone()
        return None if row is None else row[0]

    def _has(self, source: str, event_id: str) -> bool:
        query = "SELECT 1 FROM events WHERE source = ? AND id = ?"
        return self._file.connection.execute(query, (source, event_id)).fetchone() is not None


def _write_entities(write: sqlite3.Connection, owner: str, entities: Mapping[str, bytes | None]) -> None:
    """Set the entities given; ``None`` removes one."""
    gone = [(owner, key) for key, value in entities.items() if value is None]
    kept = [entity_row(owner, key, value) for key, value in entities.items() if value is not None]
    write.executemany("DELETE FROM entities WHERE source = ? AND key = ?", gone)
    write.executemany(
        "INSERT INTO entities (source, key, crc, value) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (source, key) DO UPDATE SET crc = excluded.crc, value = excluded.value",
        kept,
    )
