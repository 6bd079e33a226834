"""How late the event loop comes round: whatever waits in this process waits as long."""

from __future__ import annotations

import asyncio

from monitor.engine.histogram import Histogram

BOUNDS: tuple[float, ...] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Seconds."""
LOOK_SECONDS = 0.1


class LoopLag:
    """Looks at the event loop for as long as :meth:`run` runs."""

    def __init__(self) -> None:
        self.histogram = Histogram.empty(BOUNDS)

    async def run(self) -> None:
        """Note every tenth of a second how much later than that it became."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self.histogram.observe(max(0, round((loop.time() - due) * 1_000_000)))
