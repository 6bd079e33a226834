"""Puts entries on a shelf of the database named by its argument until it is killed, and prints what is acknowledged."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from monitor.log import open_storage


async def main() -> None:
    shelf = open_storage(f"sqlite:///{sys.argv[1]}").shelf("alerts")
    first = max((int(key) for key in await shelf.load()), default=0) + 1
    for number in count(first):
        # The last one goes, the next one and a counter come: all in one.
        await shelf.put({str(number - 1): None, str(number): b"x" * 3_000, "0": b"%d" % number})
        print(number, flush=True)  # noqa: T201 - that is its purpose


asyncio.run(main())
