"""The event log: what was seen, durable before it is shown; and the state at a cursor, so that a start is quick.

One :class:`EventLog` belongs to one source, a :class:`Shelf` to whoever has state of its own to keep; a
:class:`Storage` opens them on one backend. The same contract tests run over every backend.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from monitor.events import Event


class StorageError(Exception):
    """Root of all errors of the log. ``what`` was tried, ``where`` (never with a password), ``why`` it failed."""

    def __init__(self, what: str, where: str, why: str) -> None:
        super().__init__(f"{what} {where}: {why}")
        self.what = what
        self.where = where
        self.why = why


class StorageUnavailable(StorageError):
    """The backend can't write or read now (disk full, locked, unreachable); trying again later may work."""


class StorageMisused(StorageError):
    """The address names no backend, or the backend can't be used as it is configured; trying again won't help."""


class EventLog(Protocol):
    """The log of one source."""

    async def open_epoch(self) -> int:
        """Return a number larger than any returned before for this source, durably."""

    async def append(self, events: Sequence[Event]) -> list[str]:
        """Write events, all or none, durably, and return the ids written.

        An id that is already there is skipped (a retry is harmless); an id smaller than the newest one raises
        ``StorageMisused`` (a second writer). Raises ``StorageUnavailable`` when nothing was written.
        """

    def read(self, after: str | None = None) -> AsyncIterator[Event]:
        """Yield the events whose id is greater than ``after`` in order, in bounded batches."""

    async def save(self, entities: Mapping[str, bytes | None], cursor: str) -> None:
        """Replace the entities given (``None`` removes one) as the state after the event ``cursor``, atomically."""

    async def load(self) -> tuple[dict[str, bytes], str | None]:
        """Return the saved entities and their cursor; ``({}, None)`` when nothing was saved."""

    async def trim(self, before: float, comparisons_before: float | None = None) -> int:
        """Remove events older than ``before`` (unix seconds) up to the cursor; return how many.

        ``comparisons_before``: also the snapshots older than this that only compared, but for the first of each hour.
        What is left still rebuilds the state without the saved one: see :mod:`monitor.log.thinning`.
        """


class Shelf(Protocol):
    """A few thousand named values that belong to no source: what must outlive the process besides events."""

    async def load(self) -> dict[str, bytes]:
        """Return everything that is on it."""

    async def put(self, entries: Mapping[str, bytes | None]) -> None:
        """Set the values given (``None`` removes one), all or none, durably before it returns.

        Raises ``StorageUnavailable`` when nothing was written.
        """


class Storage(Protocol):
    """A backend, opened."""

    @property
    def notices(self) -> Sequence[str]:
        """What a person should know of how it was opened (a database set aside, and where), for the log."""

    def log(self, source: str) -> EventLog:
        """Return the log of one source."""

    def shelf(self, name: str) -> Shelf:
        """Return the shelf of this name; what is put on one is not seen on another."""

    async def close(self) -> None:
        """Flush and close; idempotent."""
