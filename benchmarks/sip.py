"""5,000 phones on a SIP server: from the first SUBSCRIBE to the full picture, and what it costs to keep it.

The server is a process of its own and challenges every SUBSCRIBE; adapter, event log in memory and engine are one process
with one thread. Every subscription is refreshed in its turn, as always; on top of that the server tells changes at a rate.

    python -m benchmarks.sip
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog
import uvloop

from adapters.sip import factory
from benchmarks.sip_server import SECRET, USER, Control, serving
from monitor.engine import Changes, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.log import open_storage
from monitor.pipeline import SourcePipeline

ENDPOINTS = 5_000
PACE = 500
"""Requests a second that the adapter may send, here to a server near by; the default spares the server."""
RATE = 50
"""Changes a second."""
REFRESH = 60.0
"""Seconds in which every subscription is refreshed once (the default), and so what is measured for."""
PATIENCE = 400.0
PAGE_BYTES = resource.getpagesize()


class _Unmeasured:
    """Ingest metrics that count nothing but what was skipped."""

    def __init__(self) -> None:
        self.skips: dict[str, int] = {}

    def received(self, source: str, event_name: str, lag: float) -> None:
        """Do nothing."""

    def skipped(self, _source: str, kind: str) -> None:
        self.skips[kind] = self.skips.get(kind, 0) + 1

    def log_writable(self, source: str, *, writable: bool) -> None:
        """Do nothing."""


def _resident() -> int:
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * PAGE_BYTES


class _Room:
    """Adapter, log and engine, connected to the server."""

    def __init__(self, port: int) -> None:
        options = {
            "id": "sip", "adapter": "sip", "host": "127.0.0.1", "port": port, "transport": "udp",
            "listen": "127.0.0.1:0", "registration": "none", "reconcile_interval": REFRESH, "username": USER, "secret": SECRET, "pace": PACE,
            "watch": [f"sip:{number}@bench" for number in range(100_000, 100_000 + ENDPOINTS)],
        }  # fmt: skip
        self.storage = open_storage("memory://")
        self.engine = SourceEngine(SourceConfig(source="sip", adapter="sip"))
        self.up = asyncio.Event()
        self.changes = 0
        self.ingest = _Unmeasured()
        self.pipeline = SourcePipeline(
            factory(options, Path()),
            self.storage.log("sip"),
            self.engine,
            now=time.time,
            publish=self._publish,
            ingest=self.ingest,
            keep_seconds=3_600,
        )

    def _publish(self, changes: Sequence[Changes]) -> None:
        self.changes += sum(len(one.agents) for one in changes)
        if self.engine.source_view(self.engine.now).state == "up":
            self.up.set()

    def unknown(self) -> int:
        """Return how many phones are not known."""
        now = self.engine.now
        views = (self.engine.agent_view(agent, now) for agent in self.engine.agent_ids())
        return ENDPOINTS - sum(view is not None and view.state != "unknown" for view in views)

    async def picture(self) -> float:
        """Begin; return the seconds until every phone is known."""
        await self.pipeline.restore()
        began = time.perf_counter()
        self.pipeline.start()
        async with asyncio.timeout(PATIENCE):
            await self.up.wait()
            while self.unknown():
                await asyncio.sleep(0.1)
        return time.perf_counter() - began

    async def stop(self) -> None:
        await self.pipeline.stop()
        await self.storage.close()


async def _share(seconds: float) -> float:
    """Return the share of one core that this process takes."""
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - cpu) / (time.perf_counter() - began)


async def _measure(server: Control) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    before, cpu = _resident(), time.process_time()
    room = _Room(server.port)
    try:
        results = {"seconds": await room.picture()}
        results["cpu"] = time.process_time() - cpu
        results["bytes"] = (_resident() - before) / ENDPOINTS
        first = await loop.run_in_executor(None, server.tell, 0)
        results["rest"] = await _share(REFRESH)
        before_changes = await loop.run_in_executor(None, server.tell, RATE)
        results["refreshes"] = (before_changes.notified - first.notified) / REFRESH
        seen = room.changes
        results["changing"] = await _share(REFRESH)
        last = await loop.run_in_executor(None, server.tell, 0)
        await asyncio.sleep(1.0)
        told, shown = last.changed - before_changes.changed, room.changes - seen
        if shown < told:
            raise RuntimeError(f"{told} changes were told, {shown} shown; skipped: {room.ingest.skips}")
        results["again"] = last.sent_again
        if room.unknown():
            raise RuntimeError(f"{room.unknown()} phones are unknown; skipped: {room.ingest.skips}")
        return results
    finally:
        await room.stop()


def _client(pipe: Connection, server: Control) -> None:
    """Measure in a process that did nothing else before, on one core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    pipe.send(uvloop.run(_measure(server)))


def main() -> dict[str, Any]:
    """Measure, print a table and return its figures."""
    context = multiprocessing.get_context("spawn")
    with serving() as server:
        ours, theirs = context.Pipe()
        process = context.Process(target=_client, args=(theirs, server), daemon=True)
        process.start()
        theirs.close()  # so that a process that fails ends our wait
        try:
            run: dict[str, float] = ours.recv()
        finally:
            process.terminate()
            process.join()
    results = {
        "endpoints": ENDPOINTS,
        "requests_per_second_allowed": PACE,
        "seconds_to_the_full_picture": run["seconds"],
        "cpu_seconds_until_then": run["cpu"],
        "bytes_per_endpoint": run["bytes"],
        "refreshes_per_second_at_rest": run["refreshes"],
        "cpu_percent_at_rest": 100 * run["rest"],
        f"cpu_percent_at_{RATE}_changes_per_second": 100 * run["changing"],
        "cpu_microseconds_per_change": 1e6 * (run["changing"] - run["rest"]) / RATE,
        "notifies_sent_again": int(run["again"]),
    }
    for name, value in results.items():
        print(f"{name.replace('_', ' '):40} {value:12,.2f}")
    return results


if __name__ == "__main__":
    main()
