"""HEP packets per second on one core, from the socket to live state, against a loop that only receives them.

A PBX's morning (calls in and out, holds, registrations, OPTIONS) of 500 phones, 200 of them watched, captured at the PBX.
The sender is a process of its own; it looks at the receiving socket's queue and sends as fast as the receiver takes, so
nothing is lost. Both receivers are asked for the same: to see the last call.

    python -m benchmarks.hep
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from typing import Any

import structlog
import uvloop

from adapters.hep import factory
from benchmarks.hep_traffic import DOMAIN, KEY, LAST, PBX, WATCHED, number, traffic
from monitor.engine import Changes, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.log import open_storage
from monitor.pipeline import SourcePipeline

PACKETS = 50_000
ROUNDS = 3
PATIENCE = 120.0
QUEUED = 65_536
"""Bytes (as the system counts them) that may wait at the receiving socket."""
BURST = 16
_LAST = f"INVITE sip:{LAST}@".encode()


@dataclass(frozen=True)
class Run:
    """One measurement: from the first packet until the last took effect."""

    seconds: float
    cpu: float
    lost: int


class _Counts:
    """Ingest metrics: how many events of each class, and what was skipped."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.skips: Counter[str] = Counter()

    def received(self, _source: str, event_name: str, _lag: float) -> None:
        self.events[event_name] += 1

    def skipped(self, _source: str, kind: str) -> None:
        self.skips[kind] += 1

    def log_writable(self, source: str, *, writable: bool) -> None:
        """Do nothing."""


# --- the sender ------------------------------------------------------------------------------------------


def _socket_state(port: int) -> tuple[int, int] | None:
    """Return how many bytes wait at a UDP socket of this machine and how many packets it dropped."""
    for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if int(fields[1].partition(":")[2], 16) == port:
            return int(fields[4].partition(":")[2], 16), int(fields[12])
    return None


def _send(pipe: Connection, go: Event, port: int) -> None:
    """Send everything as fast as it is taken; tell how many packets the socket dropped."""
    receivers = os.sched_getaffinity(0)  # inherited
    os.sched_setaffinity(0, set(range(os.cpu_count() or 1)) - receivers or receivers)
    packets = traffic(PACKETS, time.time()).packets
    pipe.send(None)
    go.wait()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        dropped = 0
        for first in range(0, len(packets), BURST):
            while (state := _socket_state(port)) is not None and state[0] > QUEUED:
                pass
            dropped = state[1] if state is not None else dropped
            for one in packets[first : first + BURST]:
                sender.send(one)
    pipe.send(dropped)


@contextmanager
def _sending(port: int) -> Iterator[tuple[Connection, Event]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    go = context.Event()
    process = context.Process(target=_send, args=(theirs, go, port), daemon=True)
    process.start()
    theirs.close()
    try:
        ours.recv()  # all is prepared
        yield ours, go
    finally:
        process.terminate()
        process.join()


async def _timed(port: int, ended: asyncio.Event) -> Run:
    loop = asyncio.get_running_loop()
    manager = _sending(port)
    pipe, go = await loop.run_in_executor(None, manager.__enter__)
    try:
        began, cpu = time.perf_counter(), time.process_time()
        go.set()
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        return Run(seconds, cpu, await loop.run_in_executor(None, pipe.recv))
    finally:
        await loop.run_in_executor(None, manager.__exit__, None, None, None)


# --- the receivers ---------------------------------------------------------------------------------------


class _Bare(asyncio.DatagramProtocol):
    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - asyncio's signature
        if _LAST in data:
            self._ended.set()


async def _bare(port: int) -> Run:
    ended = asyncio.Event()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Bare(ended), ("127.0.0.1", port)
    )
    try:
        return await _timed(port, ended)
    finally:
        transport.close()


async def _ours(port: int) -> Run:
    watch = [{"uri": f"sip:{number(phone)}@{DOMAIN}", "name": number(phone)} for phone in WATCHED]
    options = {
        "id": "hep", "adapter": "hep", "listen": f"127.0.0.1:{port}", "key": KEY, "servers": [PBX[0]],
        "watch": [*watch, {"uri": f"sip:{LAST}@{DOMAIN}", "name": LAST}],
    }  # fmt: skip
    storage = open_storage("memory://")
    engine = SourceEngine(SourceConfig(source="hep", adapter="hep"))
    ended = asyncio.Event()
    counts = _Counts()

    def publish(told: Sequence[Changes]) -> None:
        for one in told:
            if f"hep/{LAST}" in one.agents:
                agent = engine.agent_view(f"hep/{LAST}", engine.now)
                if agent is not None and agent.state == "ringing":
                    ended.set()

    pipeline = SourcePipeline(
        factory(options, Path()),
        storage.log("hep"),
        engine,
        now=time.time,
        publish=publish,
        ingest=counts,
        keep_seconds=3_600,
    )
    await pipeline.restore()
    pipeline.start()
    try:
        async with asyncio.timeout(PATIENCE):
            while _socket_state(port) is None:
                await asyncio.sleep(0.05)
        run = await _timed(port, ended)
    finally:
        await pipeline.stop()
        await storage.close()
    answered = traffic(PACKETS, time.time()).answered
    if counts.skips or counts.events["LegAnswered"] != answered:
        raise RuntimeError(
            f"{answered} legs were answered, told were {counts.events}, skipped {counts.skips}"
        )
    return run


def _receive(pipe: Connection, receiver: Callable[[int], Awaitable[Run]]) -> None:
    """Measure on one core, in a process that did nothing else before."""
    cores = sorted(os.sched_getaffinity(0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.sched_setaffinity(0, {cores[-1]})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    pipe.send(uvloop.run(receiver(port)))


def _measure(receiver: Callable[[int], Awaitable[Run]]) -> Run:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_receive, args=(theirs, receiver))
    process.start()
    theirs.close()  # so that a process that fails ends our wait
    try:
        run: Run = ours.recv()
        return run
    finally:
        process.join()


def main() -> dict[str, Any]:
    """Measure both by turns, print a table and return its figures."""
    runs: dict[str, list[Run]] = {"bare": [], "ours": []}
    for _ in range(ROUNDS):
        runs["bare"].append(_measure(_bare))
        runs["ours"].append(_measure(_ours))
    count = PACKETS + 2
    cpu = {name: 1e6 * median(run.cpu for run in all_) / count for name, all_ in runs.items()}
    results = {
        "packets": count,
        "ours_packets_per_second_and_core": 1e6 / cpu["ours"],
        "bare_packets_per_second_and_core": 1e6 / cpu["bare"],
        "ours_cpu_microseconds_per_packet": cpu["ours"],
        "bare_cpu_microseconds_per_packet": cpu["bare"],
        "ratio_by_cpu_time": cpu["ours"] / cpu["bare"],
        "packets_lost": sum(run.lost for all_ in runs.values() for run in all_),
    }
    for name, value in results.items():
        print(f"{name.replace('_', ' '):40} {value:12,.2f}")
    return results


if __name__ == "__main__":
    main()
