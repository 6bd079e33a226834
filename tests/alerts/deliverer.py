"""Delivers until it is killed: ``deliverer.py DATABASE URL FIRST``; prints the id of each notification that is on the shelf."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import structlog

from monitor.alerts.webhooks import SystemTime, Webhooks
from monitor.clock import SteadyClock
from monitor.log import open_storage
from tests.alerts.sending import SECRET, Hook, notification

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


async def main() -> None:
    shelf = open_storage(f"sqlite:///{sys.argv[1]}").shelf("alerts")
    webhooks = Webhooks(
        shelf,
        [Hook(url=sys.argv[2], secret=SECRET)],
        time=SystemTime(SteadyClock.system().now),
        random=lambda: 0.05,
    )
    await webhooks.start()
    for number in count(int(sys.argv[3])):
        told = [notification(f"n{number}", group=str(number % 5))]
        await shelf.put(webhooks.entries(told))
        print(number, flush=True)  # noqa: T201 - that is its purpose
        webhooks.submit(told)
        if number % 50 == 0:
            await asyncio.sleep(0.02)
        while webhooks.status()[0].pending > 50:  # so that the receiver is not outrun without end
            await asyncio.sleep(0.001)


asyncio.run(main())
