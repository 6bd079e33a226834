"""From an event to the frame at the client: our feed against a bare relay of the same bytes.

200 agents, 500 relevant events a second, 100 clients in a process of their own. The relay sends each event's object to
every client at once, by the same library and without any state. Ours keeps the state, numbers the changes and
coalesces. A few of the clients, spread over the order of sending, decode what comes and measure; the others read and
forget, so that the clients' process does not become what is measured.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import msgspec
import uvloop
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, broadcast, serve

from monitor.engine import Picture, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import (
    Event,
    EventIds,
    LegAnswered,
    LegEnded,
    LegRinging,
    LegStarted,
    MemberFacts,
    QueueFacts,
    Snapshot,
    SourceConnected,
)
from monitor.feed import Feed

AGENTS, QUEUES, RATE, CLIENTS = 200, 5, 500, 100
SECONDS = 6.0
MEASURING = 5
"""Clients that decode and measure."""
SETTINGS = SimpleNamespace(host="127.0.0.1", port=0, public_url=None, allowed_origins=(), max_clients=1_000)


class _Times(msgspec.Struct):
    id: str
    since: float


class _Frame(msgspec.Struct):
    type: str
    agents: list[_Times] = []


def _engine(now: float) -> tuple[SourceEngine, EventIds]:
    engine, ids = SourceEngine(SourceConfig(source="pbx")), EventIds(1)
    engine.apply(SourceConnected(source="pbx", at=now, id=ids()))
    members = tuple(
        MemberFacts(
            queue=f"q{n % QUEUES}",
            interface=f"PJSIP/{n}",
            name=f"Agent {n}",
            endpoint=f"PJSIP/{n}",
            state="idle",
        )
        for n in range(AGENTS)
    )
    queues = tuple(QueueFacts(queue=f"q{n}") for n in range(QUEUES))
    engine.apply(
        Snapshot(source="pbx", at=now, id=ids(), taken_at=now, queues=queues, members=members, legs=())
    )
    engine.take_changes()
    return engine, ids


def _traffic(ids: EventIds) -> Iterator[Callable[[float], Event]]:
    """Yield events without their time: each changes the state of one agent."""
    for call in itertools.count():
        leg, endpoint = f"leg-{call}", f"PJSIP/{call % AGENTS}"
        yield lambda at, leg=leg, endpoint=endpoint: LegStarted(  # type: ignore[misc]
            source="pbx",
            at=at,
            id=ids(),
            leg=leg,
            call=leg,
            endpoint=endpoint,
            direction="outbound",
            party="100",
        )
        yield lambda at, leg=leg: LegAnswered(source="pbx", at=at, id=ids(), leg=leg)  # type: ignore[misc]
        yield lambda at, leg=leg: LegEnded(source="pbx", at=at, id=ids(), leg=leg)  # type: ignore[misc]
        yield lambda at, leg=leg, endpoint=endpoint: LegStarted(  # type: ignore[misc]
            source="pbx", at=at, id=ids(), leg=leg + "b", call=leg, endpoint=endpoint, direction="inbound"
        )
        yield lambda at, leg=leg: LegRinging(source="pbx", at=at, id=ids(), leg=leg + "b")  # type: ignore[misc]
        yield lambda at, leg=leg: LegEnded(source="pbx", at=at, id=ids(), leg=leg + "b")  # type: ignore[misc]


async def _pace(act: Callable[[float], None]) -> None:
    """Call ``act`` RATE times a second at even distances."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for n in range(int(RATE * SECONDS)):
        due = began + n / RATE
        while (left := due - loop.time()) > 0:
            await asyncio.sleep(left)
        act(time.time())
        if n % 8 == 0:
            await asyncio.sleep(0)


async def _ours(announce: Callable[[str], Any]) -> None:
    engine, ids = _engine(time.time())
    feed = Feed(Picture({"pbx": engine}), SETTINGS, now=time.time, epoch="bench")
    await feed.start()
    await asyncio.get_running_loop().run_in_executor(None, announce, feed.url)
    traffic = _traffic(ids)

    def act(at: float) -> None:
        engine.apply(next(traffic)(at))
        feed.publish([engine.take_changes()])

    await _pace(act)
    await asyncio.sleep(0.5)
    await feed.stop()


async def _relay(announce: Callable[[str], Any]) -> None:
    """Send the same objects without keeping anything: they are made before."""
    engine, ids = _engine(time.time())
    traffic = _traffic(ids)
    objects = []
    for _ in range(int(RATE * SECONDS)):
        engine.apply(next(traffic)(time.time()))
        (agent,) = engine.take_changes().agents
        objects.append(engine.agent_view(agent, time.time()))
    connections: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()

    encoder = msgspec.json.Encoder()
    remaining = iter(objects)
    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        await asyncio.get_running_loop().run_in_executor(None, announce, f"ws://127.0.0.1:{port}/")

        def act(at: float) -> None:
            agent = msgspec.structs.replace(next(remaining), since=at)
            broadcast(connections, encoder.encode({"type": "delta", "agents": [agent]}), text=True)

        await _pace(act)
        await asyncio.sleep(0.5)


def _clients(pipe: Connection) -> None:
    async def forget(url: str, subscribe: bytes, ready: asyncio.Event) -> None:
        async with connect(url, compression=None, max_size=None) as socket:
            await socket.send(subscribe.decode())
            ready.set()
            async for _ in socket:
                pass

    async def measure(url: str, subscribe: bytes, ready: asyncio.Event, found: list[float]) -> None:
        decoder = msgspec.json.Decoder(_Frame)
        seen: dict[str, float] = {}
        async with connect(url, compression=None, max_size=None) as socket:
            await socket.send(subscribe.decode())
            ready.set()
            async for message in socket:
                now = time.time()
                frame = decoder.decode(message)
                for agent in frame.agents:
                    if frame.type == "delta" and seen.get(agent.id) != agent.since:
                        found.append(now - agent.since)
                    seen[agent.id] = agent.since

    async def run(url: str) -> list[float]:
        subscribe = msgspec.json.encode({"type": "subscribe", "topics": ["agents"]})
        found: list[float] = []
        every = CLIENTS // MEASURING
        readies = [asyncio.Event() for _ in range(CLIENTS)]
        tasks = [
            asyncio.create_task(
                measure(url, subscribe, ready, found)
                if n % every == every // 2
                else forget(url, subscribe, ready)
            )
            for n, ready in enumerate(readies)
        ]
        await asyncio.gather(*(ready.wait() for ready in readies))
        await asyncio.sleep(0.5)
        pipe.send("ready")
        await asyncio.gather(*tasks, return_exceptions=True)
        return found

    while url := pipe.recv():
        pipe.send(uvloop.run(run(url)))


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> dict[str, float]:
    """Measure both in turn, twice; print and return milliseconds and the ratio of the medians of the p99."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_clients, args=(there,), daemon=True)
    process.start()

    def announce(url: str) -> None:
        here.send(url)
        if here.recv() != "ready":
            raise RuntimeError("the clients did not connect")

    found: dict[str, list[tuple[float, float]]] = {"relay": [], "ours": []}
    for _ in range(2):
        for name, run in (("relay", _relay), ("ours", _ours)):
            uvloop.run(run(announce))
            latencies = here.recv()
            found[name].append((_percentile(latencies, 0.5) * 1e3, _percentile(latencies, 0.99) * 1e3))
    here.send("")
    process.join(10)
    results: dict[str, float] = {}
    for name, runs in found.items():
        results[f"{name}_p50_ms"] = statistics.median(run[0] for run in runs)
        results[f"{name}_p99_ms"] = statistics.median(run[1] for run in runs)
    results["p99_ratio_ours_to_relay"] = results["ours_p99_ms"] / results["relay_p99_ms"]
    for key, value in results.items():
        print(f"{key:28} {value:8.2f}")
    return results


if __name__ == "__main__":
    main()
