"""The SQLite backend for the event loop: one thread writes, and what waits together is committed together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from monitor.events import Event
from monitor.log.contract import StorageError, StorageMisused
from monitor.log.sqlite.checkpoint import Checkpointer
from monitor.log.sqlite.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class _Append:
    """One append that waits for its commit."""

    __slots__ = ("done", "events", "source")

    def __init__(self, source: str, events: Sequence[Event], done: asyncio.Future[list[str]]) -> None:
        self.source = source
        self.events = events
        self.done = done


class SqliteStorage:
    """A :class:`monitor.log.contract.Storage` in one file.

    Opening blocks (it checks the file) and raises ``StorageUnavailable`` or ``StorageMisused``; everything after
    that happens in the storage's own threads and never holds up the event loop.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._thread = ThreadPoolExecutor(1, "log-writer")
        try:
            self._database = self._thread.submit(Database, path, now).result()
        except BaseException:
            self._thread.shutdown()
            raise
        self._checkpointer = Checkpointer(self._database.path, self._database.checkpoint)
        self._logs: dict[str, SqliteLog] = {}
        self._shelves: dict[str, SqliteShelf] = {}
        self._waiting: list[_Append] = []
        self._committing: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def path(self) -> Path:
        """Return the database's file."""
        return self._database.path

    @property
    def notices(self) -> Sequence[str]:
        """Return what a person should know of how it was opened."""
        return self._database.notices

    def log(self, source: str) -> SqliteLog:
        """Return the log of one source."""
        return self._logs.setdefault(source, SqliteLog(source, self, self._database))

    def shelf(self, name: str) -> SqliteShelf:
        """Return the shelf of this name."""
        return self._shelves.setdefault(name, SqliteShelf(name, self, self._database))

    async def close(self) -> None:
        """Write what waits and close; idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._committing is not None:
            await self._committing
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown()

    def _close(self) -> None:
        self._checkpointer.close()
        self._database.close()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a method of the database returns, called in its thread."""
        if self._closed:
            raise StorageMisused("using", str(self._database.path), "it is closed")
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._then_checkpoint(function, *args, **kwargs)
        )

    async def append(self, source: str, events: Sequence[Event]) -> list[str]:
        """Write events with the next commit: at once if none is under way, else together with all that wait."""
        if self._closed:
            raise StorageMisused("writing to", str(self._database.path), "it is closed")
        append = _Append(source, tuple(events), asyncio.get_running_loop().create_future())
        self._waiting.append(append)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_waiting(), name="log-writer")
        return await append.done

    async def _commit_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            pairs = [(append.source, append.events) for append in group]
            outcome: Sequence[list[str] | StorageError]
            try:
                outcome = await loop.run_in_executor(
                    self._thread, self._then_checkpoint, self._database.append, pairs
                )
            except StorageError as error:
                outcome = [error] * len(group)
            except BaseException:
                # A defect, or the loop is ending: whoever waits must not wait for ever.
                for append in (*group, *self._waiting):
                    append.done.cancel()
                self._waiting = []
                raise
            for append, result in zip(group, outcome, strict=True):
                if append.done.done():
                    continue  # its caller was cancelled; the events are written all the same
                if isinstance(result, StorageError):
                    append.done.set_exception(result)
                else:
                    append.done.set_result(result)

    def _then_checkpoint(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        result = function(*args, **kwargs)
        self._checkpointer.written()
        return result


class SqliteLog:
    """A :class:`monitor.log.contract.EventLog`."""

    def __init__(self, source: str, storage: SqliteStorage, database: Database) -> None:
        self._source = source
        self._storage = storage
        self._database = database

    async def open_epoch(self) -> int:
        """Return a number larger than any before."""
        return await self._storage.run(self._database.open_epoch, self._source)

    async def append(self, events: Sequence[Event]) -> list[str]:
        """Write events, all or none; see the contract."""
        return await self._storage.append(self._source, events)

    async def read(self, after: str | None = None) -> AsyncIterator[Event]:
        """Yield the events after an id."""
        last = after or ""
        while batch := await self._storage.run(self._database.read, self._source, last):
            for event in batch:
                yield event
            last = batch[-1].id

    async def save(self, entities: Mapping[str, bytes | None], cursor: str) -> None:
        """Replace the entities given as the state after the event ``cursor``."""
        await self._storage.run(self._database.save, self._source, dict(entities), cursor)

    async def load(self) -> tuple[dict[str, bytes], str | None]:
        """Return the saved entities and their cursor."""
        return await self._storage.run(self._database.load, self._source)

    async def trim(self, before: float, comparisons_before: float | None = None) -> int:
        """Remove old events up to the cursor, a few at a time so that appends go on; see the contract."""
        removed = 0
        after: str | None = ""
        while after is not None:
            count, after = await self._storage.run(self._database.trim, self._source, before, after)
            removed += count
        if comparisons_before is None:
            return removed
        more = True
        while more:
            count, more = await self._storage.run(self._database.thin, self._source, comparisons_before)
            removed += count
        return removed


class SqliteShelf:
    """A :class:`monitor.log.contract.Shelf`: entities of an owner that no source can be, for their ids have no colon."""

    def __init__(self, name: str, storage: SqliteStorage, database: Database) -> None:
        self._owner = f"shelf:{name}"
        self._storage = storage
        self._database = database

    async def load(self) -> dict[str, bytes]:
        """Return everything that is on it."""
        return await self._storage.run(self._database.entities, self._owner)

    async def put(self, entries: Mapping[str, bytes | None]) -> None:
        """Set or remove values, all or none; see the contract."""
        await self._storage.run(self._database.put, self._owner, dict(entries))
