"""A database opened: locked, known as ours, checked; or set aside and begun anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from monitor.log.contract import StorageMisused, StorageUnavailable
from monitor.log.sqlite.errors import Damaged, SqliteErrors, is_damage, told
from monitor.log.sqlite.files import FileLock, create, set_aside, why_not_ours, why_not_version
from monitor.log.sqlite.records import entity_of, event_of
from monitor.log.sqlite.schema import APPLICATION_ID, TABLES, VERSION, plain

BUSY_SECONDS = 2.0
"""How long another program's lock is waited for."""
CHECK_WHOLE_BYTES = 256 * 1024 * 1024
"""Up to this size the structure of the whole file is checked when it is opened (less than half a second);
of a larger one only what a start reads."""


class OpenDatabase:
    """The connection to one database file and the lock on it. Belongs to the thread that made it.

    Raises ``StorageUnavailable`` or ``StorageMisused`` when the database can't be opened; a file that can't be used
    is set aside, which ``notices`` tells.
    """

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path = path.resolve()  # SQLite keeps the sidecars beside the real file
        self.notices: list[str] = []
        self._now = now
        self._lock = FileLock(self.path)
        with told("opening", self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
            try:
                self.connection = self._open()
                self._identity = _identity(self.path)
            except BaseException:
                self._lock.release()
                raise

    def close(self) -> None:
        """Close the connection, which writes the journal into the database, and give up the lock; idempotent."""
        self.connection.close()
        self._lock.release()

    def ensure_in_place(self) -> str | None:
        """Make sure that what is written now can be found by the next start.

        A database whose file was removed while in use is written anew, with everything in it, from the one that
        is still open; then what was done is returned. Raises ``StorageUnavailable`` when that can't be.
        """
        identity = _identity(self.path)
        if identity == self._identity:
            return None
        if identity[0] is not None and identity[0] != self._identity[0]:
            why = "the file was replaced by another while it was in use; restart the service to use that one"
            raise StorageUnavailable("writing to", str(self.path), why)
        if identity[0] is None:
            self._write_anew()
        else:
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the journal alone was removed
        self.connection.close()
        self.connection = _connect(self.path)
        self._identity = _identity(self.path)
        return f"{self.path} was removed while in use; it was written anew with all that it held"

    def _write_anew(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._lock.in_place:
            lock = FileLock(self.path)
            lock.acquire()
            self._lock.release()
            self._lock = lock
        copy = self.path.with_name(self.path.name + ".copy")
        copy.unlink(missing_ok=True)
        create(copy)
        try:
            self.connection.execute("VACUUM INTO ?", (str(copy),))
            for suffix in ("-wal", "-shm"):  # they belong to the file that is gone
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            copy.rename(self.path)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise

    def _open(self) -> sqlite3.Connection:
        reason = why_not_ours(self.path)
        if reason is None:
            try:
                return self._checked()
            except _Unusable as error:
                reason = str(error)
        self.notices.append(set_aside(self.path, reason, self._now))
        return _connect(self.path)

    def _checked(self) -> sqlite3.Connection:
        try:
            connection = _connect(self.path)
            try:
                _check(connection, self.path)
            except BaseException:
                connection.close()
                raise
        except Damaged as error:
            raise _Unusable(f"it is damaged ({error})") from error
        except SqliteErrors as error:
            if is_damage(error):
                raise _Unusable(f"it is damaged ({error})") from error
            raise
        return connection


class _Unusable(Exception):
    """The database can't be used and is to be set aside; the argument says why."""


def _connect(path: Path) -> sqlite3.Connection:
    """Return a connection with our pragmas to a database of ours, whose tables are made if it is empty.

    ``synchronous=NORMAL``: a commit is in the kernel's hands, so it survives the end of the process however it
    comes. A power cut may take the last commits since the journal was last synchronised, but never leaves half of
    one. To be safe from that too would cost a wait for the disk with every commit, for seconds of a history that a
    PBX without power did not continue.
    """
    create(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # Asked of SQLite, which first takes back a beginning that a kill interrupted: the file then looks like a database.
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        # Before WAL is switched on: so an interrupted beginning leaves an empty file and no half database.
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES.values():
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        why = (
            "its file system can't share memory (a network drive?), which the journal needs; use a local disk"
        )
        raise StorageMisused("opening", str(path), why)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # done beside the writer: see checkpoint.py
    connection.execute("PRAGMA journal_size_limit = 0")  # so that the journal's size tells what is in it
    connection.execute("BEGIN IMMEDIATE")  # tells at once if it can't be written
    connection.execute("ROLLBACK")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise if a database is damaged or its tables are not ours."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if (reason := why_not_version(version)) is not None:
        raise _Unusable(reason)
    tables = {
        name: plain(sql or "") for name, sql in connection.execute("SELECT name, sql FROM sqlite_master")
    }
    if tables != {name: plain(sql) for name, sql in TABLES.items()}:
        raise _Unusable("its tables are not ours")
    whole = path.stat().st_size <= CHECK_WHOLE_BYTES
    for part in ("",) if whole else ("(sources)", "(entities)"):
        # Not quick_check: it passes over rows in the wrong order, which make all behind them invisible.
        (found,) = connection.execute(f"PRAGMA integrity_check{part}").fetchone()
        if found != "ok":
            raise Damaged(found)
    _read_what_a_start_reads(connection)


def _read_what_a_start_reads(connection: sqlite3.Connection) -> None:
    for key, crc, value in connection.execute("SELECT key, crc, value FROM entities"):
        entity_of(key, value, crc)
    cursors = connection.execute("SELECT source, coalesce(cursor, '') FROM sources").fetchall()
    for source, cursor in cursors:
        query = "SELECT id, crc, event FROM events WHERE source = ? AND id > ?"
        for event_id, crc, event in connection.execute(query, (source, cursor)):
            event_of(event_id, event, crc)


def _identity(path: Path) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return what tells the files of a database from others of the same names."""
    return _file_identity(path), _file_identity(path.with_name(path.name + "-wal"))


def _file_identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
