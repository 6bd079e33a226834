"""Python's garbage collector, told what lives as long as the service.

A full collection looks at every object: with 10,000 agents that is 45 ms in which no screen is told anything. Agents,
queues and modules are not garbage, so they are taken out of its sight once they are there. What was taken out is
never looked at again: hence only after a growth, not by the clock, or every connection would in time become a leak.
"""

from __future__ import annotations

import gc

SHARE = 0.25
"""Growth since the last time, as a share, at which the collector is told anew."""
NUMBER = 500
"""And at least so many entities more: what is smaller does not show."""


class Heap:
    """Tells the collector whenever the state has grown much."""

    def __init__(self) -> None:
        self._settled: int | None = None

    def tend(self, entities: int) -> bool:
        """Take what lives now out of the collector's sight if there are many more ``entities`` than last time.

        Return whether that was so: it takes as long as a full collection.
        """
        if self._settled is not None and entities < self._settled * (1 + SHARE) + NUMBER:
            return False
        gc.collect()
        gc.freeze()
        self._settled = entities
        return True
