"""The journal goes into the database while events go on being appended, and does not grow without end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.log.sqlite import SqliteStorage
from monitor.log.sqlite import storage as storage_module
from monitor.log.sqlite.checkpoint import Checkpointer
from tests.log.conftest import Events

KIB = 1024


@pytest.fixture
async def storage(database: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteStorage]:
    """Give a storage whose journal is short after 64 KiB and long after 512."""

    def early(path: Path, writer_checkpoint: object) -> Checkpointer:
        return Checkpointer(path, writer_checkpoint, begin_bytes=64 * KIB, long_bytes=512 * KIB)  # type: ignore[arg-type]

    monkeypatch.setattr(storage_module, "Checkpointer", early)
    storage = SqliteStorage(database)
    yield storage
    await storage.close()


def journal(storage: SqliteStorage) -> int:
    return storage.path.with_name("log.db-wal").stat().st_size


async def test_the_journal_stays_short_however_fast_events_come(
    storage: SqliteStorage, events: Events
) -> None:
    longest = 0
    for _ in range(400):
        await storage.log("pbx1").append(events.ticks(20))
        longest = max(longest, journal(storage))
    assert storage.path.stat().st_size > 128 * KIB  # so a good part of it has gone there
    assert longest < 1024 * KIB


async def test_the_journal_is_begun_anew_when_there_is_a_pause(
    storage: SqliteStorage, events: Events
) -> None:
    while journal(storage) < 64 * KIB:
        await storage.log("pbx1").append(events.ticks(20))
    before = journal(storage)
    async with asyncio.timeout(30):
        while journal(storage) >= before:
            await asyncio.sleep(0.01)
            await storage.log("pbx1").append(events.ticks(1))


async def test_a_reader_that_holds_the_journal_holds_up_nobody(
    storage: SqliteStorage, events: Events
) -> None:
    log = storage.log("pbx1")
    await log.append(events.ticks(1))
    with closing(sqlite3.connect(storage.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (1,)
        while journal(storage) < 800 * KIB:
            await log.append(events.ticks(50))
    async with asyncio.timeout(30):
        while journal(storage) >= 512 * KIB:
            await log.append(events.ticks(50))


async def test_a_checkpoint_that_fails_loses_no_append(storage: SqliteStorage, events: Events) -> None:
    """With the writer's own checkpoint failing, too, what was acknowledged stays acknowledged."""

    def fail() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    storage._checkpointer._writer_checkpoint = fail
    written = []
    while journal(storage) < 600 * KIB:
        batch = events.ticks(50)
        assert len(await storage.log("pbx1").append(batch)) == 50
        written += batch
    assert [event async for event in storage.log("pbx1").read()] == written
