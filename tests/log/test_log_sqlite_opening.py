"""Opening a database: what can't be used is set aside whole and told, what can is used by one service alone."""

# Nothing else runs in the loop of these tests, so they may block it.
# ruff: noqa: ASYNC221

from __future__ import annotations

import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from monitor.events import Event
from monitor.log import Storage, StorageUnavailable
from monitor.log.sqlite import SqliteStorage
from monitor.log.sqlite.schema import APPLICATION_ID, TABLES, VERSION
from tests.log.conftest import Events

Open = Callable[[], Storage]


async def everything(storage: Storage) -> list[Event]:
    return [event async for event in storage.log("pbx1").read()]


async def fill(open_sqlite: Open, count: int = 2_000) -> list[Event]:
    """Leave a database with events (the last 100 after the cursor) and entities, closed."""
    storage = open_sqlite()
    log, events = storage.log("pbx1"), Events()
    await log.open_epoch()
    written = events.ticks(count)
    await log.append(written)
    await log.save({f"agent:{n}": b"state of the agent" * 20 for n in range(100)}, written[-100].id)
    await storage.close()
    return written


def change(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript(sql)


def no_database(path: Path) -> None:
    path.write_bytes(b"I am a letter, no database. " * 1_000)


def short_file(path: Path) -> None:
    path.write_bytes(b"SQLite")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def half_a_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2_000])


def pages_of_noise(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for page in range(1, len(data) // 4096, 3):
        data[page * 4096 : page * 4096 + 4096] = random.Random(page).randbytes(4096)
    path.write_bytes(data)


def other_tables(path: Path) -> None:
    change(path, "ALTER TABLE events ADD COLUMN colour TEXT")


def another_index(path: Path) -> None:
    change(path, "CREATE INDEX mine ON events (at)")


def other_program(path: Path) -> None:
    path.unlink()
    change(
        path, "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('x'); PRAGMA application_id = 77"
    )


def unmarked_database(path: Path) -> None:
    path.unlink()
    change(path, "CREATE TABLE songs (title TEXT)")


def newer_release(path: Path) -> None:
    change(path, f"PRAGMA user_version = {VERSION + 1}")


def flipped_bit_in_an_event(path: Path) -> None:
    change(
        path,
        "UPDATE events SET event = replace(event, 'Tick', 'tick') WHERE id = (SELECT max(id) FROM events)",
    )


def flipped_bit_in_the_state(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"state of the agent", b"State of the agent", 1))


def lost_but_for_its_journal(path: Path) -> None:
    path.rename(path.with_name(path.name + "-wal"))


BROKEN: dict[str, Callable[[Path], None]] = {
    "is no SQLite database": no_database,
    "is no SQLite database ": short_file,
    "damaged": truncated,
    "damaged ": half_a_page,
    "damaged  ": pages_of_noise,
    "tables are not ours": other_tables,
    "tables are not ours ": another_index,
    "another program": other_program,
    "another program ": unmarked_database,
    "newer release": newer_release,
    "damaged   ": flipped_bit_in_an_event,
    "damaged    ": flipped_bit_in_the_state,
    "journal is left": lost_but_for_its_journal,
}


@pytest.mark.parametrize(("reason", "spoil"), BROKEN.items(), ids=[f.__name__ for f in BROKEN.values()])
async def test_what_can_not_be_used_is_set_aside_unchanged_and_a_fresh_database_begins(
    open_sqlite: Open, database: Path, reason: str, spoil: Callable[[Path], None]
) -> None:
    await fill(open_sqlite)
    spoil(database)
    before = {path.name: path.read_bytes() for path in database.parent.iterdir() if path.suffix != ".lock"}
    storage = open_sqlite()
    aside = {path.name: path.read_bytes() for path in database.parent.iterdir() if ".set-aside-" in path.name}
    assert sorted(aside.values()) == sorted(before.values())
    (notice,) = storage.notices
    assert reason.strip() in notice
    assert str(database) in notice
    assert any(name.startswith("log.db.set-aside-") and name.removesuffix("-wal") in notice for name in aside)
    assert await everything(storage) == []
    written = Events().ticks(3)
    await storage.log("pbx1").append(written)
    await storage.close()
    again = open_sqlite()
    assert again.notices == ()
    assert await everything(again) == written


async def test_a_journal_goes_aside_with_its_database(
    open_sqlite: Open, database: Path, tmp_path: Path, events: Events
) -> None:
    """Left by a kill: the database of a newer release whose last commits are in its journal."""
    storage = open_sqlite()
    await storage.log("pbx1").append(events.ticks(3))
    files = {suffix: database.with_name("log.db" + suffix).read_bytes() for suffix in ("", "-wal")}
    await storage.close()
    header = bytearray(files[""])
    header[60:64] = (VERSION + 1).to_bytes(4, "big")
    database.write_bytes(header)
    database.with_name("log.db-wal").write_bytes(files["-wal"])
    storage = open_sqlite()
    (journal,) = tmp_path.glob("log.db.set-aside-*-wal")
    assert journal.read_bytes() == files["-wal"]
    assert journal.with_name(journal.name.removesuffix("-wal")).read_bytes() == header


async def test_setting_aside_twice_in_a_second_overwrites_nothing(database: Path) -> None:
    for text in ("first", "second", "third"):
        database.write_text(text)
        await SqliteStorage(database, now=lambda: 1_795_444_790.0).close()
    aside = sorted(database.parent.glob("log.db.set-aside-*"))
    assert [path.name for path in aside] == [
        "log.db.set-aside-20261123T143950Z",
        "log.db.set-aside-20261123T143950Z-2",
        "log.db.set-aside-20261123T143950Z-3",
    ]
    assert [path.read_text() for path in aside] == ["first", "second", "third"]


async def test_noise_anywhere_never_becomes_garbage(open_sqlite: Open, database: Path) -> None:
    """Whatever bytes of the file are overwritten: it is set aside, or all that is read is what was written."""
    written = await fill(open_sqlite, 300)
    sound = database.read_bytes()
    chance = random.Random(1)
    for _ in range(60):
        data = bytearray(sound)
        at = chance.randrange(100, len(data) - 64)
        data[at : at + 64] = chance.randbytes(64)
        database.write_bytes(data)
        storage = open_sqlite()
        if not storage.notices:
            entities, _ = await storage.log("pbx1").load()
            assert set(entities.values()) == {b"state of the agent" * 20}
            try:
                assert await everything(storage) == written
            except StorageUnavailable as error:
                assert "damaged" in str(error)  # noqa: PT017 - either is right
        await storage.close()
        for path in database.parent.glob("log.db*"):
            path.unlink()


async def test_damage_found_later_is_an_error_and_no_garbage(open_sqlite: Open, database: Path) -> None:
    """An old event is not read at the start; when somebody reads it, the flipped bit is seen."""
    written = await fill(open_sqlite)
    change(database, f"UPDATE events SET event = replace(event, '1', '7') WHERE id = '{written[1_500].id}'")
    storage = open_sqlite()
    assert storage.notices == ()
    with pytest.raises(StorageUnavailable, match="damaged; restart the service"):
        await everything(storage)


async def test_an_empty_file_is_a_fresh_database(open_sqlite: Open, database: Path) -> None:
    database.touch()
    storage = open_sqlite()
    assert storage.notices == ()
    assert await everything(storage) == []


async def test_a_beginning_that_was_interrupted_while_it_was_written_is_begun_again(
    database: Path, open_sqlite: Open, events: Events
) -> None:
    """A kill may leave the pages of the first transaction in the file, and the journal that takes them back."""
    half = database.with_name("half.db")
    with closing(sqlite3.connect(half, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # so that the journal is written before the commit
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES.values():
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("CREATE TABLE filler (data BLOB)")
        connection.executemany("INSERT INTO filler VALUES (zeroblob(50000))", [()] * 20)
        shutil.copy(half.with_name("half.db-journal"), database.with_name(database.name + "-journal"))
        connection.execute("COMMIT")
    shutil.copy(half, database)
    storage = open_sqlite()
    assert storage.notices == ()
    written = events.ticks(2)
    await storage.log("pbx1").append(written)
    assert await everything(storage) == written


async def test_a_database_is_marked_as_ours_and_for_our_eyes_only(tmp_path: Path, events: Events) -> None:
    database = tmp_path / "new" / "directory" / "log.db"
    storage = SqliteStorage(database)
    await storage.log("pbx1").append(events.ticks(1))
    for name in ("log.db", "log.db-wal", "log.db-shm", "log.db.lock"):
        assert stat.S_IMODE((database.parent / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    await storage.close()
    assert not database.with_name("log.db-wal").exists()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


async def test_a_link_to_a_database_elsewhere_is_followed(tmp_path: Path, events: Events) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "log.db"
    link.symlink_to(tmp_path / "data" / "real.db")
    storage = SqliteStorage(link)
    written = events.ticks(2)
    await storage.log("pbx1").append(written)
    await storage.close()
    storage = SqliteStorage(tmp_path / "data" / "real.db")
    assert await everything(storage) == written
    await storage.close()


async def test_a_link_in_the_locks_place_is_not_followed(open_sqlite: Open, database: Path) -> None:
    """In a directory that others may write to, it would let them choose which file of ours is emptied."""
    precious = database.with_name("precious")
    precious.write_text("kept")
    database.with_name("log.db.lock").symlink_to(precious)
    with pytest.raises(StorageUnavailable, match=r"log\.db"):
        open_sqlite()
    assert precious.read_text() == "kept"


async def test_a_second_service_on_one_file_is_refused(open_sqlite: Open, database: Path) -> None:
    storage = open_sqlite()
    with pytest.raises(StorageUnavailable, match=r"another service \(process \d+\) uses it"):
        open_sqlite()
    code = "import sys; from pathlib import Path; from monitor.log.sqlite import SqliteStorage as S; S(Path(sys.argv[1]))"
    other = subprocess.run(
        [sys.executable, "-c", code, database], capture_output=True, text=True, check=False
    )
    assert other.returncode == 1
    assert "another service" in other.stderr
    await storage.close()
    await open_sqlite().close()


async def test_a_killed_service_leaves_no_lock(open_sqlite: Open, database: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from monitor.log.sqlite import SqliteStorage as S\n"
        "S(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, database], check=False)
    assert killed.returncode == -9
    assert open_sqlite().notices == ()


async def test_of_two_that_start_on_a_damaged_file_one_sets_it_aside(
    open_sqlite: Open, database: Path
) -> None:
    no_database(database)
    open_sqlite()
    with pytest.raises(StorageUnavailable):
        open_sqlite()
    assert len(list(database.parent.glob("log.db.set-aside-*"))) == 1


async def test_a_database_in_use_can_be_read_with_other_tools(open_sqlite: Open, database: Path) -> None:
    storage = open_sqlite()
    await storage.log("pbx1").append(Events().ticks(3))
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as tool:
        assert tool.execute("SELECT count(*) FROM events").fetchone() == (3,)
        assert await storage.log("pbx1").append(Events(epoch=2).ticks(1))
