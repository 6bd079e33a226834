"""What a shelf promises on every backend, and what a database makes of a shelf in trouble."""

# Nothing else runs in the loop of these tests, so they may block it.
# ruff: noqa: ASYNC220

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from monitor.log import Storage, StorageError, StorageUnavailable
from monitor.log.sqlite import SqliteStorage
from tests.log.conftest import Backend, Events

Open = Callable[[], Storage]
PUTTER = Path(__file__).with_name("putter.py")


async def test_what_was_put_is_read_back_byte_for_byte(storage: Storage) -> None:
    shelf = storage.shelf("alerts")
    entries = {"outbox:ops/1": b'{"a":1}', "dead:ops/Жанна \U0001f600": bytes(range(256)), "empty": b""}
    await shelf.put(entries)
    assert await shelf.load() == entries
    assert await storage.shelf("alerts").load() == entries


async def test_an_empty_shelf_reads_as_nothing(storage: Storage) -> None:
    shelf = storage.shelf("alerts")
    assert await shelf.load() == {}
    await shelf.put({})
    assert await shelf.load() == {}


async def test_a_put_replaces_adds_and_removes_and_leaves_the_others(storage: Storage) -> None:
    shelf = storage.shelf("alerts")
    await shelf.put({"a": b"1", "b": b"2", "c": b"3"})
    await shelf.put({"a": b"4", "b": None, "d": b"5", "never there": None})
    assert await shelf.load() == {"a": b"4", "c": b"3", "d": b"5"}


async def test_shelves_know_nothing_of_each_other_nor_of_the_logs(storage: Storage, events: Events) -> None:
    (event,) = events.ticks(1)
    log = storage.log("pbx1")
    await log.append([event])
    await log.save({"a": b"of the log"}, event.id)
    await storage.shelf("alerts").put({"a": b"of the alerts"})
    await storage.shelf("pbx1").put({"a": b"of another"})
    await storage.shelf("alerts").put({"gone": None})
    assert await storage.shelf("alerts").load() == {"a": b"of the alerts"}
    assert await storage.shelf("pbx1").load() == {"a": b"of another"}
    assert await log.load() == ({"a": b"of the log"}, event.id)
    assert await storage.log("shelf").load() == ({}, None)
    assert await log.trim(event.at + 1) == 1
    assert await storage.shelf("alerts").load() == {"a": b"of the alerts"}


async def test_what_is_loaded_is_the_readers_own(storage: Storage) -> None:
    shelf = storage.shelf("alerts")
    await shelf.put({"a": b"1"})
    (await shelf.load()).clear()
    assert await shelf.load() == {"a": b"1"}


async def test_puts_at_the_same_time_take_effect_in_their_order(storage: Storage) -> None:
    shelf = storage.shelf("alerts")
    await asyncio.gather(*(shelf.put({"a": b"%d" % number, f"k{number}": b""}) for number in range(50)))
    entries = await shelf.load()
    assert entries["a"] == b"49"
    assert len(entries) == 51


async def test_ten_thousand_entries_come_and_go(storage: Storage) -> None:
    shelf = storage.shelf("alerts")
    entries = {f"outbox:ops/{number}": b"%d" % number * 100 for number in range(10_000)}
    await shelf.put(entries)
    assert await shelf.load() == entries
    await shelf.put(dict.fromkeys(entries))
    assert await shelf.load() == {}


async def test_a_closed_storage_gives_and_takes_nothing(storage: Storage) -> None:
    shelf = storage.shelf("alerts")
    await shelf.put({"a": b"1"})
    await storage.close()
    for use in (shelf.put({"a": b"2"}), shelf.load()):
        with pytest.raises(StorageError, match="closed"):
            await use


async def test_everything_is_there_after_opening_again(durable: Backend) -> None:
    storage = durable.open()
    await storage.shelf("alerts").put({"a": b"1", "b": b"2"})
    await storage.shelf("alerts").put({"b": None})
    await storage.close()
    assert await durable.open().shelf("alerts").load() == {"a": b"1"}


async def test_a_full_disk_refuses_a_put_whole_and_takes_it_when_there_is_room(open_sqlite: Open) -> None:
    storage = open_sqlite()
    assert isinstance(storage, SqliteStorage)
    shelf = storage.shelf("alerts")
    await shelf.put({"a": b"1", "b": b"2"})
    connection = storage._database._file
    await storage.run(lambda: connection.connection.execute("PRAGMA max_page_count = 20").fetchall())
    refused = {"a": b"2", "b": None, "c": random.Random(1).randbytes(300_000)}
    with pytest.raises(StorageUnavailable, match="disk is full"):
        await shelf.put(refused)
    assert await shelf.load() == {"a": b"1", "b": b"2"}
    await storage.run(lambda: connection.connection.execute("PRAGMA max_page_count = 1000000").fetchall())
    await shelf.put(refused)
    assert await shelf.load() == {"a": b"2", "c": refused["c"]}


async def test_a_lock_of_another_program_refuses_a_put_and_harms_nothing(
    open_sqlite: Open, database: Path
) -> None:
    storage = open_sqlite()
    assert isinstance(storage, SqliteStorage)
    shelf = storage.shelf("alerts")
    file = storage._database._file
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await storage.run(lambda: file.connection.execute("PRAGMA busy_timeout = 0").fetchall())
        with pytest.raises(StorageUnavailable, match="another program holds the database locked"):
            await shelf.put({"a": b"1"})
        other.execute("ROLLBACK")
    await shelf.put({"a": b"1"})
    assert await shelf.load() == {"a": b"1"}


async def test_a_damaged_entry_sets_the_file_aside_at_the_start(open_sqlite: Open, database: Path) -> None:
    storage = open_sqlite()
    await storage.shelf("alerts").put({"a": b"waiting 1", "b": b"2"})
    await storage.close()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("UPDATE entities SET value = CAST('waiting 7' AS BLOB) WHERE key = 'a'")
    storage = open_sqlite()
    (notice,) = storage.notices
    assert "checksum" in notice
    assert await storage.shelf("alerts").load() == {}
    assert len(list(database.parent.glob("log.db.set-aside-*"))) == 1


async def test_damage_that_comes_later_is_an_error_and_no_garbage(open_sqlite: Open, database: Path) -> None:
    shelf = open_sqlite().shelf("alerts")
    await shelf.put({"a": b"waiting 1"})
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("UPDATE entities SET value = CAST('waiting 7' AS BLOB) WHERE key = 'a'")
    with pytest.raises(StorageUnavailable, match="damaged; restart the service"):
        await shelf.load()


@pytest.mark.parametrize("seed", range(3))
async def test_kill_9_at_any_instant_loses_no_put_and_halves_none(
    open_sqlite: Open, database: Path, seed: int
) -> None:
    chance = random.Random(seed)
    acknowledged = 0
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, PUTTER, database], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 300)):
                acknowledged = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            for line in process.stdout:
                if line.endswith("\n"):
                    acknowledged = int(line)
        assert process.returncode == -signal.SIGKILL
    storage = open_sqlite()
    assert storage.notices == ()
    entries = await storage.shelf("alerts").load()
    newest = int(entries["0"])
    assert newest in (acknowledged, acknowledged + 1)
    assert entries == {"0": b"%d" % newest, str(newest): b"x" * 3_000}
