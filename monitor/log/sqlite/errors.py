"""SQLite's errors in the contract's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.log.contract import StorageUnavailable

DAMAGED = "the file is damaged; restart the service: it then sets the file aside and begins a fresh one"

# By primary result code (https://www.sqlite.org/rescode.html).
WHY = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another program holds the database locked",
    sqlite3.SQLITE_LOCKED: "another program holds the database locked",
    sqlite3.SQLITE_READONLY: "it may not be written: check the rights of the file and its directory",
    sqlite3.SQLITE_PERM: "it may not be written: check the rights of the file and its directory",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened: check that its directory exists and may be written",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
PRIMARY = 0xFF
"""Extended result codes carry the primary one in their lowest byte."""


class Damaged(Exception):
    """What stands in the database is not what was written; the argument says what was seen."""


SqliteErrors = (sqlite3.Error, UnicodeDecodeError)
"""What the module raises: the second for a text (or an error's own text) that damage made no UTF-8."""


def primary_code(error: Exception) -> int | None:
    """Return SQLite's primary result code, ``None`` for an error of the Python module itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & PRIMARY


def is_damage(error: Exception) -> bool:
    """Return whether the error speaks of the file's contents rather than of its circumstances."""
    code = primary_code(error)
    return code is None or code in _DAMAGE


@contextmanager
def told(what: str, path: Path) -> Iterator[None]:
    """Turn what SQLite and the system raise into ``StorageUnavailable``."""
    try:
        yield
    except Damaged as error:
        raise StorageUnavailable(what, str(path), f"{DAMAGED} ({error})") from error
    except SqliteErrors as error:
        code = primary_code(error)
        why = DAMAGED if code is None else WHY.get(code)
        raise StorageUnavailable(what, str(path), f"{why} ({error})" if why else str(error)) from error
    except OSError as error:
        raise StorageUnavailable(what, str(path), error.strerror or str(error)) from error
