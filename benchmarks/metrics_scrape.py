"""A scrape of /metrics with 10,000 agents, and how long it keeps the event loop from the feed.

The service's parts run in this process: engine, feed with clients, web server, and 200 events a second. Another
process scrapes by HTTP and reads the feed. The stall is the longest time in which the event loop did not come round,
measured during scrapes and, to compare, while nobody scrapes.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import statistics
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from types import SimpleNamespace

import aiohttp
import uvloop
from websockets.asyncio.client import connect

from monitor.alerts import Alerts
from monitor.engine import Picture, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import (
    Event,
    EventIds,
    MemberFacts,
    MemberPaused,
    MemberUnpaused,
    QueueFacts,
    Snapshot,
    SourceConnected,
)
from monitor.feed import Feed
from monitor.heap import Heap
from monitor.metrics import Families, IngestMetrics, LoopLag
from monitor.settings import Settings
from monitor.web import WebServer
from monitor.web.alert_forms import Reloaded
from monitor.web.alerts import AlertHandlers

AGENTS, QUEUES, RATE, CLIENTS = 10_000, 50, 200, 10
SCRAPES = 30
PAUSE = 0.2
"""Seconds between two scrapes, and half of those that are taken for quiet."""
LOOK = 0.001
"""Seconds between two looks at the event loop."""
FORMS = {"text": "text/plain", "openmetrics": "application/openmetrics-text;version=1.0.0"}
FEED = SimpleNamespace(host="127.0.0.1", port=0, public_url=None, allowed_origins=(), max_clients=100)
HTTP = SimpleNamespace(host="127.0.0.1", port=0, frame_ancestors=(), allowed_hosts=())
WALLBOARD = Settings.of(sources=[{"id": "pbx", "adapter": "ami"}], environ={}).wallboard_config()


def _events(ids: EventIds) -> Iterator[Event]:
    """Yield events that each change one agent."""
    for n in itertools.count():
        number, again = n % AGENTS, (n // AGENTS) % 2
        kind = MemberUnpaused if again else MemberPaused
        yield kind(
            source="pbx", at=time.time(), id=ids(), queue=f"q{number % QUEUES}", interface=f"PJSIP/{number}"
        )


def _engine(ids: EventIds) -> SourceEngine:
    engine, now = SourceEngine(SourceConfig(source="pbx")), time.time()
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
    engine.apply(SourceConnected(source="pbx", at=now, id=ids()))
    engine.apply(
        Snapshot(source="pbx", at=now, id=ids(), taken_at=now, queues=queues, members=members, legs=())
    )
    engine.take_changes()
    Heap().tend(engine.size)  # as the service does
    return engine


class _Watch:
    """Notes how long the event loop takes to come round."""

    def __init__(self) -> None:
        self.longest = 0.0

    def take(self) -> float:
        longest, self.longest = self.longest, 0.0
        return longest

    async def run(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(LOOK)
            self.longest = max(self.longest, time.perf_counter() - before - LOOK)


def _other_process(pipe: Connection) -> None:
    """Read the feed; scrape when told to; tell the seconds that a scrape took and its bytes."""

    async def read(url: str) -> None:
        async with connect(url, max_size=None) as socket:
            await socket.send('{"type":"subscribe"}')
            async for _ in socket:
                pass

    async def run(feed: str, metrics: str) -> None:
        loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(read(feed)) for _ in range(CLIENTS)]
        async with aiohttp.ClientSession() as session:
            while accept := await loop.run_in_executor(None, pipe.recv):
                began = time.perf_counter()
                async with session.get(metrics, headers={"Accept": accept}) as response:
                    body = await response.read()
                pipe.send((time.perf_counter() - began, len(body)))
        for task in tasks:
            task.cancel()

    uvloop.run(run(*pipe.recv()))


async def _no_reload() -> Reloaded:
    return Reloaded(rules=0, webhooks=0)


async def _measure(pipe: Connection) -> dict[str, float]:
    ids = EventIds(1)
    engine = _engine(ids)
    picture = Picture({"pbx": engine})
    feed = Feed(picture, FEED, now=time.time, epoch="bench")
    settings = Settings.of(sources=[{"id": "pbx", "adapter": "ami"}], environ={})
    desk = Alerts(
        picture, (), settings.alerts, now=time.time, publish=feed.publish, feed_clients=lambda: CLIENTS
    )
    metrics = Families(picture, IngestMetrics(), feed.stats, LoopLag(), desk, now=time.time, version="bench")
    alerts = AlertHandlers(desk, _no_reload, now=time.time)
    web = WebServer(
        picture,
        HTTP,
        now=time.time,
        feed=feed,
        metrics=metrics,
        wallboard=WALLBOARD,
        alerts=alerts,
    )
    await feed.start()
    await web.start()
    loop = asyncio.get_running_loop()
    watch = _Watch()

    async def work() -> None:
        for event in _events(ids):
            engine.apply(event)
            feed.publish([engine.take_changes()])
            await asyncio.sleep(1 / RATE)

    pipe.send((feed.url, f"{web.url}/metrics"))
    tasks = [asyncio.create_task(work()), asyncio.create_task(watch.run())]
    while feed.stats.messages_sent < 10 * CLIENTS:
        await asyncio.sleep(0.1)
    took: dict[str, list[float]] = {form: [] for form in FORMS}
    stalls: dict[str, list[float]] = {"quiet": [], "scrape": []}
    size = 0
    for form in itertools.islice(itertools.cycle(FORMS), SCRAPES):
        await asyncio.sleep(PAUSE)
        watch.take()
        await asyncio.sleep(PAUSE)
        stalls["quiet"].append(watch.take())
        pipe.send(FORMS[form])
        seconds, size = await loop.run_in_executor(None, pipe.recv)
        took[form].append(seconds)
        stalls["scrape"].append(watch.take())
    pipe.send("")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await web.stop()
    await feed.stop()
    results: dict[str, float] = {"agents": AGENTS, "bytes": size}
    for form, seconds_of in took.items():
        results[f"{form}_median_ms"] = statistics.median(seconds_of) * 1e3
        results[f"{form}_longest_ms"] = max(seconds_of) * 1e3
    for when, longest in stalls.items():
        results[f"{when}_stall_median_ms"] = statistics.median(longest) * 1e3
        results[f"{when}_stall_longest_ms"] = max(longest) * 1e3
    return results


def main() -> dict[str, float]:
    """Scrape in turn as text and OpenMetrics; print and return milliseconds."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_other_process, args=(there,), daemon=True)
    process.start()
    results = uvloop.run(_measure(here))
    process.join(10)
    for key, value in results.items():
        print(f"{key:28} {value:10,.1f}")
    return results


if __name__ == "__main__":
    main()
