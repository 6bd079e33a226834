"""The event log and its backends; :func:`open_storage` picks one by its address."""

from __future__ import annotations

from pathlib import Path

from monitor.log.contract import EventLog, Shelf, Storage, StorageError, StorageMisused, StorageUnavailable
from monitor.log.memory import MemoryStorage
from monitor.log.sqlite import SqliteStorage

__all__ = [
    "EventLog",
    "Shelf",
    "Storage",
    "StorageError",
    "StorageMisused",
    "StorageUnavailable",
    "open_storage",
]

FORMS = "sqlite:///relative.db, sqlite:////absolute/path.db or memory://"


def open_storage(url: str, base_directory: Path | None = None) -> Storage:
    """Return the backend that an address names, opened and checked.

    A relative path is relative to ``base_directory`` (the working directory unless given). Opening reads the
    whole database once and so may take a second: it is done before the service begins to serve. Raises
    ``StorageMisused`` for an address that can't be used, ``StorageUnavailable`` when the backend can't be opened now.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "memory" and not rest:
        return MemoryStorage()
    if separator and scheme == "sqlite":
        return SqliteStorage((base_directory or Path.cwd()) / _sqlite_path(url, rest))
    if separator and scheme in ("redis", "rediss"):
        # Without the address itself: it may hold a password.
        raise StorageMisused("opening", f"{scheme}://…", f"Redis comes with a later version; use {FORMS}")
    raise StorageMisused("opening", f"storage {url.rpartition('@')[2]!r}", f"expected {FORMS}")


def _sqlite_path(url: str, rest: str) -> Path:
    """Return the path of ``sqlite:///relative`` or ``sqlite:////absolute``: what follows the third slash."""
    path = rest.removeprefix("/")
    if path == rest or not path.strip("/") or path.endswith("/") or "\0" in path:
        raise StorageMisused("opening", repr(url), f"it names no file: expected {FORMS}")
    return Path(path)
