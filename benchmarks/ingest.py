"""From the AMI socket to live state, against panoramisk merely parsing the same stream.

Ours: adapter (protocol, session, translation), event log in memory, engine, changes. Theirs: panoramisk reads and
parses, and calls one callback for one event at the end. Both get the same bytes of a recorded Asterisk 22 from the
same kind of process, by turns; all events of the stream count for both.

    python -m benchmarks.ingest
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from typing import Any

import panoramisk
import structlog
import uvloop

from adapters.ami import factory
from benchmarks.ami_recording import load
from benchmarks.ami_replay import LAST_REASON, replaying
from monitor.engine import Changes, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.log import open_storage
from monitor.pipeline import SourcePipeline

REPETITIONS = 100
ROUNDS = 5
PATIENCE = 300.0
ANNA = "pbx/Anna"


@dataclass(frozen=True)
class Run:
    """One measurement: from the word to begin until the last event took effect."""

    seconds: float
    cpu: float


class _Unmeasured:
    """Ingest metrics that count nothing."""

    def received(self, source: str, event_name: str, lag: float) -> None:
        """Do nothing."""

    def skipped(self, source: str, kind: str) -> None:
        """Do nothing."""


class _Watch:
    """Takes the time from the word until the end is seen."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def run(self, go: Event) -> Run:
        began, cpu = time.perf_counter(), time.process_time()
        go.set()
        async with asyncio.timeout(PATIENCE):
            await self.ended.wait()
        return Run(time.perf_counter() - began, time.process_time() - cpu)


async def _ours(port: int, go: Event) -> Run:
    options = {
        "id": "pbx",
        "adapter": "ami",
        "host": "127.0.0.1",
        "port": port,
        "username": "bench",
        "secret": "x",
    }
    storage = open_storage("memory://")
    engine = SourceEngine(SourceConfig(source="pbx"))
    watch, synchronised = _Watch(), asyncio.Event()

    def publish(changes: Sequence[Changes]) -> None:
        if engine.source_view(engine.now).state == "up":
            synchronised.set()
        if any(ANNA in one.agents for one in changes):
            agent = engine.agent_view(ANNA, engine.now)
            if agent is not None and any(queue.reason == LAST_REASON for queue in agent.queues):
                watch.ended.set()

    pipeline = SourcePipeline(
        factory(options, Path()),
        storage.log("pbx"),
        engine,
        now=time.time,
        publish=publish,
        ingest=_Unmeasured(),
        keep_seconds=3_600,
    )
    await pipeline.restore()
    pipeline.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await synchronised.wait()
        return await watch.run(go)
    finally:
        await pipeline.stop()
        await storage.close()


async def _theirs(port: int, go: Event) -> Run:
    watch = _Watch()
    manager = panoramisk.Manager(
        host="127.0.0.1", port=port, username="bench", secret="x", loop=asyncio.get_running_loop()
    )

    def paused(_manager: Any, message: Any) -> None:
        if message.pausedreason == LAST_REASON:
            watch.ended.set()

    manager.register_event("QueueMemberPause", paused)
    await manager.connect()
    try:
        await asyncio.sleep(0.2)  # its own login
        return await watch.run(go)
    finally:
        manager.close()


def _measure(client: Callable[[int, Event], Awaitable[Run]], first: int) -> Run:
    with replaying(REPETITIONS, first) as (port, go):
        return uvloop.run(client(port, go))


def main() -> dict[str, Any]:
    """Measure, print a table and return its figures."""
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    events = load().events * REPETITIONS
    runs: dict[str, list[Run]] = {"ours": [], "panoramisk": []}
    for round_ in range(ROUNDS):
        runs["ours"].append(_measure(_ours, round_ * REPETITIONS))
        runs["panoramisk"].append(_measure(_theirs, round_ * REPETITIONS))
    rate = {name: events / median(run.seconds for run in all_) for name, all_ in runs.items()}
    cpu = {name: 1e6 * median(run.cpu for run in all_) / events for name, all_ in runs.items()}
    pairs = list(zip(runs["ours"], runs["panoramisk"], strict=True))
    results = {
        "events_in_the_stream": events,
        "ours_events_per_second": rate["ours"],
        "panoramisk_events_per_second": rate["panoramisk"],
        "ratio": median(theirs.seconds / ours.seconds for ours, theirs in pairs),
        "ratio_by_cpu_time": median(theirs.cpu / ours.cpu for ours, theirs in pairs),
        "ours_cpu_microseconds_per_event": cpu["ours"],
        "panoramisk_cpu_microseconds_per_event": cpu["panoramisk"],
    }
    for name, value in results.items():
        print(f"{name.replace('_', ' '):40} {value:12,.2f}")
    return results


if __name__ == "__main__":
    main()
