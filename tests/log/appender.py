"""Appends to the database named by its argument until it is killed, and prints each id when it is acknowledged."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from monitor.events import EventIds, Tick
from monitor.log import open_storage


async def main() -> None:
    log = open_storage(f"sqlite:///{sys.argv[1]}").log("pbx1")
    ids = EventIds(await log.open_epoch())
    for number in count():
        written = await log.append([Tick(source="pbx1", at=float(number), id=ids()) for _ in range(3)])
        print("\n".join(written), flush=True)  # noqa: T201 - that is its purpose
        if number % 10 == 0:
            await log.save({"agent": b"x" * 500}, written[0])
        if number % 50 == 0:
            await log.trim(-1.0)


asyncio.run(main())
