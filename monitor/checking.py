"""The host that an adapter sees during ``operator-monitor check``: it listens to nothing and shows nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

import structlog

from monitor.events import Event, EventIds

logger = structlog.get_logger(__name__)


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
