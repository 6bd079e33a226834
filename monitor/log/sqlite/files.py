"""The database as a file: who may use it, whether it is one of ours, and how it is set aside if not."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from monitor.log.contract import StorageUnavailable
from monitor.log.sqlite.schema import APPLICATION_ID, VERSION

MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
SIDECARS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; belongs to it and moves with it."""


class FileLock:
    """Held by the one process that uses a database; the kernel gives it up when the process ends, however it ends.

    A file of its own rather than SQLite's locks: it is held before the database is looked at, so that of two
    services that start on a damaged file only one sets it aside; and a running database can still be read with
    other tools.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._database = database
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises ``StorageUnavailable`` where another process holds it."""
        # Never through a link: in a directory that others may write to, it would lead to a file of their choice.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            who = f"another service (process {holder})" if holder else "another service"
            why = f"{who} uses it; stop that one or give this one a storage.url of its own"
            raise StorageUnavailable("opening", str(self._database), why) from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        with contextlib.suppress(OSError):  # a full disk: the number only helps people
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    @property
    def in_place(self) -> bool:
        """Return whether the lock's file is still where others look for it."""
        if self._descriptor is None:
            return False
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        return False

    def release(self) -> None:
        """Give it up; idempotent. The file stays: to remove it would let two others in at once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def create(path: Path) -> None:
    """Make an empty file that only we may read (SQLite gives its sidecars the same rights), if there is none."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def why_not_ours(path: Path) -> str | None:
    """Return why a file can't be a database of ours, judged by its header alone; ``None`` if it can.

    A foreign file is not even opened by SQLite, which might change it.
    """
    if not path.exists() or path.stat().st_size == 0:
        if any(_beside(path, suffix).exists() for suffix in SIDECARS):
            return "the database is gone but its journal is left"  # which SQLite would delete
        return None
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        return "it is no SQLite database"
    application, version = (int.from_bytes(header[at : at + 4], "big") for at in (68, 60))
    if application != APPLICATION_ID:
        return "it is a database of another program"
    return why_not_version(version)


def why_not_version(version: int) -> str | None:
    """Return why a database with these tables can't be used."""
    if version > VERSION:
        return f"it was written by a newer release (tables of version {version}, {VERSION} is known here)"
    if version < VERSION:
        return f"its tables are of version {version}, which no release wrote"
    return None


def set_aside(path: Path, reason: str, now: Callable[[], float]) -> str:
    """Rename a database and its sidecars out of the way and return what to tell people. Nothing is deleted.

    The sidecars keep belonging to the database under its new name, so SQLite's tools can still open it.
    """
    stamp = datetime.fromtimestamp(now(), UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{path.name}.set-aside-{stamp}"
    aside = path.with_name(name)
    number = 1
    while any(_beside(aside, suffix).exists() for suffix in ("", *SIDECARS)):
        number += 1
        aside = path.with_name(f"{name}-{number}")
    for suffix in ("", *SIDECARS):
        with contextlib.suppress(FileNotFoundError):
            _beside(path, suffix).rename(_beside(aside, suffix))
    return (
        f"{path} can't be used: {reason}. It is kept as {aside}, and a fresh database begins: "
        "figures and history start anew."
    )


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
