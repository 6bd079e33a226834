"""From connecting to a PBX with 10,000 members until the source is up and every agent is known.

The PBX is the simulation in a process of its own: 10,600 agents, 95 % of them signed on to four queues, at low
traffic. Each run is a fresh connection, adapter, log and engine.

    python -m benchmarks.ready_10k
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import structlog
import uvloop

from adapters.ami import factory
from monitor.engine import Changes, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.log import open_storage
from monitor.pipeline import SourcePipeline
from monitor.simulator import QUIET, Simulation, SimulationConfig

AGENTS = 10_600
ROUNDS = 5
PATIENCE = 120.0
CONFIG = SimulationConfig(agents=AGENTS, queues=4, load=0.01, warm_up=0.0, habits=QUIET)


class _Unmeasured:
    """Ingest metrics that count nothing."""

    def received(self, source: str, event_name: str, lag: float) -> None:
        """Do nothing."""

    def skipped(self, source: str, kind: str) -> None:
        """Do nothing."""


def _serve(pipe: Connection) -> None:
    async def run() -> None:
        simulation = Simulation(CONFIG)
        _, port = await simulation.start()
        members = sum(len(queue.members) for queue in simulation.pbx.centre.queues.values())
        signed_on = sum(bool(agent.members) for agent in simulation.agents)
        pipe.send((port, members, signed_on))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        await simulation.stop()

    uvloop.run(run())


async def _until_up(port: int) -> tuple[float, int]:
    """Return the seconds until the source was up, and how many agents were known then."""
    username, secret = CONFIG.users[0].username, CONFIG.users[0].secret
    options = {
        "id": "pbx", "adapter": "ami", "host": "127.0.0.1", "port": port, "username": username, "secret": secret,
    }  # fmt: skip
    storage = open_storage("memory://")
    engine = SourceEngine(SourceConfig(source="pbx"))
    up = asyncio.Event()
    found: list[tuple[float, int]] = []

    def publish(changes: Sequence[Changes]) -> None:
        if not found and any(one.source for one in changes) and engine.source_view(engine.now).state == "up":
            found.append((time.perf_counter(), len(engine.agent_ids())))
            up.set()

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
    began = time.perf_counter()
    pipeline.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await up.wait()
    finally:
        await pipeline.stop()
        await storage.close()
    ended, agents = found[0]
    return ended - began, agents


def main() -> dict[str, Any]:
    """Measure, print a table and return its figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        port, members, signed_on = ours.recv()
        runs = [uvloop.run(_until_up(port)) for _ in range(ROUNDS)]
    finally:
        ours.send(None)
        process.join(10)
        process.kill()
    if any(agents != signed_on for _, agents in runs):
        raise RuntimeError(
            f"{signed_on} agents are signed on, known when up were {[agents for _, agents in runs]}"
        )
    seconds = [seconds for seconds, _ in runs]
    results = {
        "memberships": members,
        "agents": signed_on,
        "seconds_until_up": median(seconds),
        "seconds_until_up_slowest": max(seconds),
    }
    for name, value in results.items():
        print(f"{name.replace('_', ' '):40} {value:12,.2f}")
    return results


if __name__ == "__main__":
    main()
