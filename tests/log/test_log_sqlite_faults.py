"""What happens to a database in use: a full disk, a lock, a removed file, a kill. Nothing acknowledged is lost."""

# Nothing else runs in the loop of these tests, so they may block it.
# ruff: noqa: ASYNC220, ASYNC221

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.events import Event, EventIds, Tick
from monitor.log import Storage, StorageUnavailable
from monitor.log.sqlite import SqliteStorage
from tests.log.conftest import Events

Open = Callable[[], Storage]


async def everything(storage: Storage) -> list[Event]:
    return [event async for event in storage.log("pbx1").read()]


async def pragma(storage: Storage, sql: str) -> None:
    """Set a pragma of the writer's own connection."""
    assert isinstance(storage, SqliteStorage)
    file = storage._database._file
    await storage.run(lambda: file.connection.execute(sql).fetchall())


async def check_full_then_space(storage: Storage, fill: Callable[[], None], free: Callable[[], None]) -> None:
    events = Events()
    log = storage.log("pbx1")
    await log.open_epoch()
    kept = events.ticks(10)
    await log.append(kept)
    await log.save({"a": b"1"}, kept[-1].id)
    fill()
    refused = [*events.ticks(20_000), events.snapshot(1_000)]
    with pytest.raises(StorageUnavailable, match="disk is full"):
        await log.append(refused)
    with pytest.raises(StorageUnavailable, match="disk is full"):
        await log.save({"a": b"2", "b": random.Random(1).randbytes(3_000_000)}, kept[-1].id)
    assert await everything(storage) == kept
    assert await log.load() == ({"a": b"1"}, kept[-1].id)
    free()
    await log.append(refused)
    assert await everything(storage) == [*kept, *refused]


async def test_a_database_at_its_limit_refuses_whole_batches_and_goes_on_when_there_is_room(
    open_sqlite: Open, database: Path
) -> None:
    storage = open_sqlite()
    events = Events()
    log = storage.log("pbx1")
    kept = events.ticks(10)
    await log.append(kept)
    await pragma(storage, "PRAGMA max_page_count = 20")
    refused = events.ticks(2_000)
    with pytest.raises(StorageUnavailable, match="disk is full"):
        await log.append(refused)
    assert await everything(storage) == kept
    await pragma(storage, "PRAGMA max_page_count = 1000000")
    await log.append(refused)
    assert await everything(storage) == [*kept, *refused]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a directory with 2 MB of its own, where that may be made."""
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("mounting a small file system takes root; the limit of pages is tested all the same")
    yield mount
    subprocess.run(["umount", "--lazy", mount], check=True)


def fill_up(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


async def test_a_full_disk_refuses_whole_batches_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"

    def fill() -> None:
        fill_up(ballast)

    def free() -> None:
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)

    storage = SqliteStorage(small_disk / "log.db")
    await check_full_then_space(storage, fill, free)
    await storage.close()


async def test_a_full_disk_at_the_start_is_told(small_disk: Path) -> None:
    fill_up(small_disk / "ballast")
    with pytest.raises(StorageUnavailable, match=r"full|No space"):
        SqliteStorage(small_disk / "log.db")
    (small_disk / "ballast").unlink()
    storage = SqliteStorage(small_disk / "log.db")
    assert storage.notices == ()
    await storage.close()


async def test_a_read_only_disk_is_told(small_disk: Path) -> None:
    await SqliteStorage(small_disk / "log.db").close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StorageUnavailable, match="Read-only"):
        SqliteStorage(small_disk / "log.db")


async def test_a_database_that_may_not_be_written_is_told_and_works_when_it_may_again(
    open_sqlite: Open, events: Events
) -> None:
    storage = open_sqlite()
    log = storage.log("pbx1")
    await pragma(storage, "PRAGMA query_only = ON")
    written = events.ticks(2)
    with pytest.raises(StorageUnavailable, match="may not be written"):
        await log.append(written)
    await pragma(storage, "PRAGMA query_only = OFF")
    await log.append(written)
    assert await everything(storage) == written


async def test_a_lock_of_another_program_is_told_and_waited_out(
    open_sqlite: Open, database: Path, events: Events
) -> None:
    storage = open_sqlite()
    log = storage.log("pbx1")
    written = events.ticks(2)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await pragma(storage, "PRAGMA busy_timeout = 0")
        with pytest.raises(StorageUnavailable, match="another program holds the database locked"):
            await log.append(written)
        other.execute("ROLLBACK")
    await log.append(written)
    assert await everything(storage) == written


async def test_a_database_that_keeps_the_writer_waiting_does_not_hold_up_the_event_loop(
    open_sqlite: Open, database: Path, events: Events
) -> None:
    storage = open_sqlite()
    log = storage.log("pbx1")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(log.append(events.ticks(2)))
        for _ in range(1_000):  # turns of the loop, while the writer waits for the lock
            await asyncio.sleep(0)
        assert not waiting.done()
        other.execute("ROLLBACK")
    assert len(await waiting) == 2


def unlink_database(database: Path) -> None:
    database.unlink()


def unlink_everything(database: Path) -> None:
    for path in database.parent.glob("log.db*"):
        path.unlink()


def remove_directory(database: Path) -> None:
    shutil.rmtree(database.parent)


def unlink_journal(database: Path) -> None:
    database.with_name("log.db-wal").unlink()


@pytest.mark.parametrize("remove", [unlink_database, unlink_everything, remove_directory, unlink_journal])
async def test_a_database_removed_while_in_use_is_written_anew_with_all_that_it_held(
    tmp_path: Path, events: Events, remove: Callable[[Path], None]
) -> None:
    database = tmp_path / "data" / "log.db"
    storage = SqliteStorage(database)
    log = storage.log("pbx1")
    epoch = await log.open_epoch()
    before = events.ticks(100)
    await log.append(before)
    await log.save({"a": b"1"}, before[50].id)
    remove(database)
    after = events.ticks(3)
    await log.append(after)
    with pytest.raises(StorageUnavailable, match="another service"):
        SqliteStorage(database)
    await storage.close()
    storage = SqliteStorage(database)
    assert storage.notices == ()
    assert await everything(storage) == [*before, *after]
    assert await storage.log("pbx1").load() == ({"a": b"1"}, before[50].id)
    assert await storage.log("pbx1").open_epoch() > epoch
    await storage.close()


async def test_a_database_replaced_while_in_use_is_refused_until_a_restart(
    open_sqlite: Open, database: Path, tmp_path: Path, events: Events
) -> None:
    other = SqliteStorage(tmp_path / "other" / "log.db")
    theirs = events.ticks(1)
    await other.log("pbx1").append(theirs)
    await other.close()
    storage = open_sqlite()
    await storage.log("pbx1").append(events.ticks(1))
    (tmp_path / "other" / "log.db").replace(database)
    with pytest.raises(StorageUnavailable, match="replaced by another"):
        await storage.log("pbx1").append(events.ticks(1))


APPENDER = Path(__file__).with_name("appender.py")


@pytest.mark.parametrize("seed", range(3))
async def test_kill_9_at_any_instant_loses_nothing_that_was_acknowledged(
    open_sqlite: Open, database: Path, seed: int
) -> None:
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, APPENDER, database], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 400)):
                acknowledged += process.stdout.readline().split()
            os.kill(process.pid, signal.SIGKILL)
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
        assert process.returncode == -signal.SIGKILL
    storage = open_sqlite()
    assert storage.notices == ()
    ids = [event.id for event in await everything(storage)]
    assert set(acknowledged) <= set(ids)
    assert len(acknowledged) == len(set(acknowledged))
    # Each append of the other process is of three events: none is there in part.
    epochs = [event_id.partition("-")[0] for event_id in ids]
    assert all(epochs.count(epoch) % 3 == 0 for epoch in set(epochs))
    assert await storage.log("pbx1").open_epoch() == 5


async def test_a_kill_in_the_middle_of_a_start_harms_nothing(database: Path) -> None:
    """However far the first start of all came, the next one finds nothing to complain of."""
    for delay in range(6):
        directory = database.parent / str(delay)
        with subprocess.Popen(
            [sys.executable, APPENDER, directory / "log.db"], stdout=subprocess.DEVNULL
        ) as process:
            while process.poll() is None and len(list(directory.glob("log.db*"))) < 1 + delay % 3:
                await asyncio.sleep(0)
            process.kill()
        storage = SqliteStorage(directory / "log.db")
        assert all("journal is left" in notice for notice in storage.notices)
        await storage.log("pbx1").append([Tick(source="pbx1", at=0, id=EventIds(99)())])
        await storage.close()
