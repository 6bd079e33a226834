"""The host that an adapter sees during ``operator-monitor check``: it listens to nothing and shows nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import structlog

from adapters.contract import Adapter, Finding
from monitor.events import Event, EventIds

logger = structlog.get_logger(__name__)

PATIENCE = 90.0
"""Seconds for one source; the contract gives an adapter a minute."""


async def findings(adapter: Adapter) -> AsyncIterator[Finding]:
    """Yield what an adapter finds out. A defect in it, or one without an end, is a finding of its own."""
    found = adapter.check(CheckHost())
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    try:
        while True:
            async with asyncio.timeout_at(until):
                finding = await anext(found)
            yield finding
    except StopAsyncIteration:
        return
    except TimeoutError:
        why = f"the check did not end within {PATIENCE:.0f} s"
    except Exception as error:  # the owner of a plug-in sees all of its errors
        logger.exception("check_failed", source=adapter.source)
        why = f"the check failed: {error!r}"
    yield Finding(level="error", subject="adapter", message=why, remedy="tell whoever made this adapter")


class CheckHost:
    """An :class:`adapters.contract.Host` for one look at a source."""

    def __init__(self) -> None:
        self.now = time.time
        self.monotonic = time.monotonic
        self.next_id = EventIds(0)

    def emit(self, events: Sequence[Event]) -> None:
        """Events are of no interest here."""

    async def drained(self) -> None:
        """There is always room."""

    def log(self, level: Literal["debug", "info", "warning", "error"], event: str, **fields: Any) -> None:
        """Findings say what matters; the log only helps to look deeper."""
        logger.debug(event, level_there=level, **fields)

    def count_skipped(self, kind: str) -> None:
        """Nothing is counted here."""
