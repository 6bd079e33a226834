"""500 agents who change 50 times a second, looked at in a browser: what that costs, and whether anything piles up.

    python -m tests.wallboard.soak CHROMIUM SECONDS [QUERY]

A process of its own, with its own feed, web server and browser, so that tests can run beside it. CPU time is what the
kernel counts for each process, not what the clock says: other work on the machine makes it a little dearer, not a
multiple. The heap is measured after a full garbage collection, so that its growth is what is really kept.
Writes the figures as a JSON object.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from playwright.async_api import Browser, CDPSession, async_playwright

from monitor import events
from monitor.feed import Feed
from monitor.web import WebServer
from tests.helpers.centre import Centre
from tests.helpers.chromium import ARGUMENTS
from tests.helpers.publishing import WALLBOARD, FeedOptions, HttpOptions, alerts_of, metrics_of

AGENTS, QUEUES, RATE = 500, 8, 50
QUERY = "?view=agents&lang=en&theme=dark"
WARM_UP = 5.0
"""Seconds of traffic before the first measurement: code is compiled, every state has been drawn."""
VIEWPORT = {"width": 1920, "height": 1080}


def changes(centre: Centre) -> Iterator[Callable[[], object]]:
    """Give changes of an agent's state for ever: breaks, and calls that ring, are answered and end."""
    number = itertools.cycle((n * 7) % AGENTS for n in range(AGENTS))
    for turn in itertools.count():
        agent = next(number)
        if turn % 3 == 0:
            yield partial(centre.pause, agent)
            yield partial(centre.unpause, agent)
            continue
        call = f"c{turn}"
        yield partial(centre.rings, call, agent)
        yield partial(centre.answers, call, agent)
        yield partial(centre.hangs_up, call, agent)


class Watch:
    """The page's processes and heap."""

    def __init__(self, browser: Browser, machine: CDPSession, page: CDPSession) -> None:
        self.browser = browser
        self.machine = machine
        self.page = page

    async def look(self) -> dict[str, float]:
        """Return CPU seconds by process type and in all, the renderer's main thread's work, and what is kept."""
        await self.page.send("HeapProfiler.collectGarbage")
        await self.page.send("HeapProfiler.collectGarbage")  # what the first one's finalisers let go
        found = await self.machine.send("SystemInfo.getProcessInfo")
        metrics = await self.page.send("Performance.getMetrics")
        named = {metric["name"]: float(metric["value"]) for metric in metrics["metrics"]}
        cpu: dict[str, float] = {}
        for process in found["processInfo"]:
            cpu[process["type"]] = cpu.get(process["type"], 0.0) + float(process["cpuTime"])
        kept = ("Nodes", "JSEventListeners", "JSHeapUsedSize")
        work = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")
        return (
            {"at": time.monotonic(), "all": sum(cpu.values())}
            | {f"cpu_{kind}": seconds for kind, seconds in cpu.items()}
            | {name: named[name] for name in kept + work}
        )


async def drive(centre: Centre, stop: asyncio.Event) -> int:
    """Let the centre change ``RATE`` times a second until told to stop; return how often it did."""
    loop = asyncio.get_running_loop()
    steps, began = changes(centre), loop.time()
    for done in itertools.count():
        left = began + done / RATE - loop.time()
        if left > 0:
            await asyncio.sleep(left)
        if stop.is_set():
            return done
        centre.at = max(centre.at, time.time())
        if done % RATE == 0:
            centre.tell(events.Tick)
        next(steps)()
    raise AssertionError


async def measure(page: Any, watch: Watch, seconds: float) -> dict[str, float]:
    await page.wait_for_function(f"document.querySelectorAll('[data-agent]').length === {AGENTS}")
    await asyncio.sleep(WARM_UP)
    first = await watch.look()
    await asyncio.sleep(seconds)
    last = await watch.look()
    wall = last["at"] - first["at"]
    share = {key: (last[key] - first.get(key, 0.0)) / wall for key in last}
    return {
        "seconds": wall,
        "renderer_process_share_of_a_core": share["cpu_renderer"],
        "all_processes_share_of_a_core": share["all"],
        "gpu_process_share_of_a_core": share.get("cpu_GPU", 0.0),
        "main_thread_busy_share": share["TaskDuration"],
        "script_share": share["ScriptDuration"],
        "style_share": share["RecalcStyleDuration"],
        "layout_share": share["LayoutDuration"],
        "heap_bytes_at_first": first["JSHeapUsedSize"],
        "heap_bytes_grown": last["JSHeapUsedSize"] - first["JSHeapUsedSize"],
        "nodes": last["Nodes"],
        "nodes_grown": last["Nodes"] - first["Nodes"],
        "listeners_grown": last["JSEventListeners"] - first["JSEventListeners"],
    }


async def in_browser(
    chromium: str, url: str, work: Callable[[Any, Watch], Awaitable[dict[str, float]]]
) -> dict[str, float]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            page = await browser.new_page(viewport=VIEWPORT)  # type: ignore[arg-type] # a plain mapping will do
            await page.goto(url)
            session = await page.context.new_cdp_session(page)
            await session.send("Performance.enable")
            return await work(page, Watch(browser, await browser.new_browser_cdp_session(), session))
        finally:
            await browser.close()


async def main(chromium: str, seconds: float, query: str = QUERY) -> dict[str, float]:
    """Run it all; ends cleanly when told to by SIGTERM."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    centre = Centre(agents=AGENTS, queues=[f"queue {n}" for n in range(QUEUES)])
    centre.at = time.time()
    centre.up()
    feed = Feed(centre.picture, FeedOptions(), now=lambda: max(centre.at, time.time()), epoch="soak")
    web = WebServer(
        centre.picture,
        HttpOptions(),
        now=feed.now,
        feed=feed,
        metrics=metrics_of(centre.picture, feed, feed.now),
        wallboard=WALLBOARD,
        alerts=alerts_of(centre.picture, feed.now),
    )
    centre.publish = feed.publish
    await feed.start()
    await web.start()
    stop = asyncio.Event()
    driving = asyncio.create_task(drive(centre, stop))
    began = time.monotonic()
    try:
        found = await in_browser(
            chromium, f"{web.url}/{query}", lambda page, watch: measure(page, watch, seconds)
        )
        stop.set()
        done = await driving
    finally:
        driving.cancel()
        await web.stop()
        await feed.stop()
    return found | {"changes_per_second": done / (time.monotonic() - began)}


if __name__ == "__main__":
    found = asyncio.run(main(sys.argv[1], float(sys.argv[2]), *sys.argv[3:]))
    sys.stdout.write(json.dumps(found) + "\n")
