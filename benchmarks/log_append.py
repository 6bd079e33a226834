"""What durability costs: events per second appended, each batch acknowledged before the next, memory against SQLite.

The events are those of queue calls. The contestants take turns in short rounds, so that a busy machine slows all of
them alike; medians count. `sqlite 4 sources` appends batches of 10 from four sources at the same time, which share
commits. The file lies in the working directory, on a disk as the service's own would.

    python -m benchmarks.log_append
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from monitor.events import (
    AgentAnswered,
    CallerFacts,
    CallerJoined,
    Event,
    EventIds,
    LegAnswered,
    LegEnded,
    LegStarted,
)
from monitor.log import EventLog, open_storage

ROUNDS = 7
ROUND_SECONDS = 0.3
LATENCIES = 2_000
"""Appends of one event whose times are taken."""


def _call(source: str, number: int, ids: EventIds) -> list[Event]:
    at = 1_795_444_790.0 + number
    call, leg = f"1795444790.{number}", f"1795444790.{number}-a"
    caller = CallerFacts(
        queue="sales",
        call=call,
        linked=call,
        joined_at=at,
        position=1,
        party="+74951234567",
        party_name="Anna",
    )
    return [
        CallerJoined(source=source, at=at, id=ids(), caller=caller),
        LegStarted(
            source=source, at=at, id=ids(), leg=leg, call=call, endpoint="PJSIP/101", direction="inbound"
        ),
        LegAnswered(source=source, at=at, id=ids(), leg=leg),
        AgentAnswered(
            source=source, at=at, id=ids(), queue="sales", call=call, interface="PJSIP/101", leg=leg
        ),
        LegEnded(source=source, at=at, id=ids(), leg=leg),
    ]


class Contestant:
    """Appends batches of one size from some sources at once, for as long as it is told."""

    def __init__(self, logs: list[tuple[str, EventLog]], batch: int) -> None:
        self._logs = logs
        self._batch = batch
        self._ids = [EventIds(1) for _ in logs]
        self.rates: list[float] = []

    async def round(self) -> None:
        """Append for a while and note the events per second."""
        began = perf_counter()
        counts = await asyncio.gather(*(self._append(number, began) for number in range(len(self._logs))))
        self.rates.append(sum(counts) / (perf_counter() - began))

    async def _append(self, number: int, began: float) -> int:
        source, log = self._logs[number]
        ids, done, calls = self._ids[number], 0, 0
        pending: list[Event] = []
        while perf_counter() - began < ROUND_SECONDS:
            while len(pending) < self._batch:
                pending += _call(source, calls, ids)
                calls += 1
            batch, pending = pending[: self._batch], pending[self._batch :]
            await log.append(batch)
            done += len(batch)
        return done


@asynccontextmanager
async def _contestants(directory: Path) -> AsyncIterator[dict[str, Contestant]]:
    def sqlite(name: str) -> str:
        return f"sqlite:///{directory}/{name}.db"

    async with AsyncExitStack() as opened:

        def contestant(url: str, batch: int, sources: int = 1) -> Contestant:
            storage = open_storage(url)
            opened.push_async_callback(storage.close)
            return Contestant([(f"pbx{n}", storage.log(f"pbx{n}")) for n in range(sources)], batch)

        yield {
            "memory_1": contestant("memory://", 1),
            "memory_100": contestant("memory://", 100),
            "sqlite_1": contestant(sqlite("one"), 1),
            "sqlite_10": contestant(sqlite("ten"), 10),
            "sqlite_100": contestant(sqlite("hundred"), 100),
            "sqlite_4_sources": contestant(sqlite("four"), 10, sources=4),
        }


async def _latencies(directory: Path) -> list[float]:
    """Return how long appends of a single event took, in seconds, sorted."""
    storage = open_storage(f"sqlite:///{directory}/latency.db")
    log, ids, taken = storage.log("pbx"), EventIds(1), []
    for number in range(LATENCIES // 5):
        for event in _call("pbx", number, ids):
            began = perf_counter()
            await log.append([event])
            taken.append(perf_counter() - began)
    await storage.close()
    return sorted(taken)


async def _run(directory: Path) -> dict[str, object]:
    async with _contestants(directory) as contestants:
        for _ in range(ROUNDS):
            for contestant in contestants.values():
                await contestant.round()
    results: dict[str, object] = {
        f"{name}_events_per_second": median(contestant.rates) for name, contestant in contestants.items()
    }
    ratios = [
        memory / sqlite
        for memory, sqlite in zip(
            contestants["memory_100"].rates, contestants["sqlite_100"].rates, strict=True
        )
    ]
    results["memory_to_sqlite_in_batches_of_100"] = median(ratios)
    taken = await _latencies(directory)
    results["sqlite_append_p50_ms"] = 1e3 * taken[len(taken) // 2]
    results["sqlite_append_p99_ms"] = 1e3 * taken[len(taken) * 99 // 100]
    return results


def main() -> dict[str, object]:
    """Run, print a table and return the figures."""
    with tempfile.TemporaryDirectory(prefix="log-append-", dir=Path.cwd()) as directory:
        results = asyncio.run(_run(Path(directory)))
    for name, value in results.items():
        print(f"{name.replace('_', ' '):<45}{value:>12,.2f}")
    return results


if __name__ == "__main__":
    main()
