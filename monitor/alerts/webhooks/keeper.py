"""Writes to the shelf what the outboxes became, behind their backs: a delivery doesn't wait for the disk.

What comes while a write is under way goes with the next one, so a fast receiver costs few writes. A change that is not
kept yet when the process is killed means a try that is repeated, under the same id, never one that is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from monitor.log.contract import Shelf, StorageError

logger = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
MAX_UNKEPT = 200_000
"""Changes that wait for a disk that can't be written; the oldest are forgotten."""


class Keeper:
    """Owns what is to be written to one shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._unkept: dict[str, bytes | None] = {}
        self._being_kept: dict[str, bytes | None] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._work(), name="webhooks-keeper")

    async def stop(self, within: float) -> None:
        """Write what waits, for some seconds at most, and end."""
        task, self._task = self._task, None
        if task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._idle.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._unkept or self._being_kept:
            logger.error("webhooks_not_kept_at_the_end", changes=len(self._unkept | self._being_kept))

    def note(self, changes: Mapping[str, bytes | None]) -> None:
        """Write these changes soon."""
        if not changes:
            return
        for key, value in changes.items():
            self._unkept.pop(key, None)  # to the end: the newest are forgotten last
            self._unkept[key] = value
        while len(self._unkept) > MAX_UNKEPT:
            del self._unkept[next(iter(self._unkept))]
        self._idle.clear()
        self._wake.set()

    async def flush(self) -> None:
        """Return when everything that was noted is on the shelf."""
        await self._idle.wait()

    async def load(self) -> dict[str, bytes]:
        """Return what is on the shelf, or will be. Raises :class:`monitor.log.contract.StorageError`."""
        entries = await self._shelf.load()
        for key, value in {**self._being_kept, **self._unkept}.items():
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
        return entries

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._unkept:
                await self._write()
            self._idle.set()

    async def _write(self) -> None:
        self._being_kept, self._unkept = self._unkept, {}
        try:
            await self._shelf.put(self._being_kept)
        except StorageError as error:
            if not self._failing:
                self._failing = True
                logger.error("webhooks_not_kept", reason=str(error), retry_seconds=RETRY_SECONDS)
            self._unkept = {**self._being_kept, **self._unkept}
            self._being_kept = {}
            await asyncio.sleep(RETRY_SECONDS)
            return
        self._being_kept = {}
        if self._failing:
            self._failing = False
            logger.info("webhooks_kept_again")
