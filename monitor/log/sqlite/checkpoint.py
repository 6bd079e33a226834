"""Checkpoints beside the writer: the journal goes into the database while events go on being appended.

A checkpoint waits for the disk several times, which would hold up an append for tens of milliseconds or, on a slow
disk, for a second. SQLite lets another connection do it meanwhile (a PASSIVE checkpoint keeps nobody waiting). What
it can't do is begin the journal anew while events arrive without a pause; for that the writer is asked, rarely,
when the journal has become long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import structlog

from monitor.log.contract import StorageError

logger = structlog.get_logger(__name__)

BEGIN_BYTES = 4 * 1024 * 1024
"""By how much the journal grows between checkpoints."""
LONG_BYTES = 64 * 1024 * 1024
"""Length from which on the writer has to wait for it."""


class Checkpointer:
    """Keeps the journal of one database short, in a thread of its own."""

    def __init__(
        self,
        path: Path,
        writer_checkpoint: Callable[[], object],
        *,
        begin_bytes: int = BEGIN_BYTES,
        long_bytes: int = LONG_BYTES,
    ) -> None:
        self._path = path
        self._journal = path.with_name(path.name + "-wal")
        self._writer_checkpoint = writer_checkpoint
        self._begin_bytes = begin_bytes
        self._long_bytes = long_bytes
        self._thread = ThreadPoolExecutor(1, "log-checkpoint")
        self._running: Future[None] | None = None
        self._covered = 0
        """Length of the journal when the last checkpoint began."""

    def written(self) -> None:
        """Look at the journal after something was written; called by the writer's thread.

        Keeps it waiting only when the journal is long: then the disk can't follow.
        """
        size = self._size()
        if size < self._covered:
            self._covered = 0  # begun anew
        if size - self._covered < self._begin_bytes:
            return
        if size >= self._long_bytes:
            wait([self._running] if self._running else [])
            self._attempt(self._writer_checkpoint)
        elif self._running is None or self._running.done():
            self._running = self._thread.submit(self._attempt, self._checkpoint)
        else:
            return
        self._covered = size

    def close(self) -> None:
        """Wait for a running checkpoint and end the thread; idempotent."""
        self._thread.shutdown(wait=True)

    def _size(self) -> int:
        try:
            return self._journal.stat().st_size
        except FileNotFoundError:
            return 0

    def _checkpoint(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _attempt(self, checkpoint: Callable[[], object]) -> None:
        """Do it or leave it: what was written is in the journal, whose next checkpoint comes."""
        try:
            checkpoint()
        except (sqlite3.Error, StorageError) as error:
            logger.debug("checkpoint_failed", database=str(self._path), reason=str(error))
