"""The product as a user runs it: the installed command with a configuration file, its HTTP API and its feed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.helpers.feed_copy import FeedCopy, without_running_figures
from tests.lab.asterisk import SECRET
from tests.lab.monitored import SOURCE
from tests.lab.process import Supervised, poll

COMMAND = Path(sys.executable).with_name("operator-monitor")
USER = "operator-monitor"
"""The manager user, with the permissions that README.md asks for."""
WRAP_UP = 2
"""Seconds of after-call work in the queue ``sales``."""

Json = dict[str, Any]


def environment() -> dict[str, str]:
    """Return ours without what would overrule the configuration file."""
    return {key: value for key, value in os.environ.items() if not key.startswith("OPERATOR_MONITOR_")}


def configure(directory: Path, manager_port: int, secret: str = SECRET) -> Path:
    """Write a configuration as README.md shows it, with a database beside it; return the file."""
    directory.mkdir(exist_ok=True)
    (directory / "ami.secret").write_text(f"{secret}\n", encoding="utf-8")
    (directory / "ami.secret").chmod(0o600)
    file = directory / "monitor.yaml"
    file.write_text(
        f"""\
sources:
  - {{id: {SOURCE}, adapter: ami, host: 127.0.0.1, port: {manager_port}, username: {USER}, secret_file: ami.secret}}
queues:
  sales: {{wrap_up: {WRAP_UP}}}
http: {{port: 0}}
feed: {{port: 0}}
storage: {{url: "sqlite:///monitor.db"}}
""",
        encoding="utf-8",
    )
    return file


async def check(file: Path) -> tuple[int, str]:
    """Run ``operator-monitor check``; return its exit status and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "check", "--config", file,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=environment(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, printed.decode()


class Run:
    """One process of ``operator-monitor run`` and one client of its feed, a screen that keeps what it saw."""

    def __init__(self, file: Path, log: Path) -> None:
        self.feed = FeedCopy()
        self.seen: dict[str, list[str]] = {}
        """The states that each agent, call and source was shown in, by its id, one after the other."""
        self._process = Supervised([COMMAND, "run", "--config", file], log, file.parent, environment())
        self._http = ""
        self._screen: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @classmethod
    async def start(cls, file: Path, log: Path) -> Self:
        """Start it and return when it serves its first snapshot, whether or not it has reached the PBX."""
        run = cls(file, log)
        try:
            await poll(run._started, "the service to start")
            addresses = next(entry for entry in run.log() if entry["event"] == "started")
            run._http = addresses["http"]
            run._screen = await connect(addresses["feed"], max_size=None)
            await run._screen.send(json.dumps({"type": "subscribe"}))
            run._reader = asyncio.create_task(run._read(run._screen))
            await run.until(lambda: run.feed.seen, "the first snapshot comes")
        except BaseException:
            await run.close()
            raise
        return run

    async def close(self) -> None:
        """Kill it if it still runs, and the client; raises what the client found wrong. Idempotent."""
        self._process.kill()
        reader, self._reader = self._reader, None
        if self._screen is not None:
            await self._screen.close()
        if reader is not None:
            await reader

    async def kill(self) -> None:
        """``kill -9``."""
        await self.close()

    async def terminate(self, within: float) -> int:
        """Send SIGTERM; return the exit status. Raises ``subprocess.TimeoutExpired`` after so many seconds."""
        self._process.terminate()
        status = await asyncio.to_thread(self._process.wait, within)
        await self.close()
        return status

    # --- what it says ------------------------------------------------------------------------------------

    def log(self) -> list[Json]:
        """Return what it logged: everything that it printed, for it prints nothing else."""
        return [json.loads(line) for line in self._lines()]

    async def get(self, path: str) -> tuple[int, Any]:
        """Ask the HTTP API: the status and the JSON."""
        async with aiohttp.ClientSession() as session, session.get(f"{self._http}{path}") as response:
            return response.status, await response.json(content_type=None)

    async def metric(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of ``/metrics`` that have this name and these labels among theirs."""
        values = [
            sample.value for sample in await self._samples(name) if labels.items() <= sample.labels.items()
        ]
        assert values, f"no {name} with {labels}"
        return sum(values)

    async def corrections(self) -> dict[str, float]:
        """Return the drift corrections by kind, without zeros."""
        samples = await self._samples("callcenter_corrections_total")
        return {sample.labels["kind"]: sample.value for sample in samples if sample.value}

    async def _samples(self, name: str) -> list[Sample]:
        async with aiohttp.ClientSession() as session, session.get(f"{self._http}/metrics") as response:
            families = list(text_string_to_metric_families(await response.text()))
        return [sample for family in families for sample in family.samples if sample.name == name]

    async def api_agrees(self) -> None:
        """Wait until the API tells the state of the same moment as the feed; raises if it is another one."""
        state: Json = {"seq": None}
        async with asyncio.timeout(10):
            while state["seq"] != self.feed.seq:
                _, state = await self.get("/api/v1/state")
                await asyncio.sleep(0)
        topics = {
            topic: {one["id"]: one for one in state[topic]}
            for topic in ("agents", "queues", "calls", "alerts", "sources")
        }
        assert state["epoch"] == self.feed.epoch
        assert without_running_figures(topics) == without_running_figures(self.feed.objects)

    # --- what the screen shows ---------------------------------------------------------------------------

    def agent(self, name: str) -> Json:
        return self._object("agents", name)

    def queue(self, name: str) -> Json:
        return self._object("queues", name)

    def source(self) -> Json:
        return dict(self.feed.objects["sources"][SOURCE])

    def calls(self) -> list[Json]:
        return list(self.feed.objects["calls"].values())

    def state(self, name: str) -> str:
        """Return the agent's state."""
        return str(self.agent(name).get("state"))

    async def until(self, condition: Callable[[], object], what: str, within: float = 20) -> None:
        """Return when ``condition`` holds of what the screen shows; raises ``TimeoutError`` with the story."""
        end = time.monotonic() + within
        while not condition():
            if self._reader is not None and self._reader.done():
                self._reader.result()
                raise ConnectionError(f"the feed ended before {what}\n{self.story()}")
            if time.monotonic() > end:
                raise TimeoutError(f"waited {within:g} s in vain until {what}\n{self.story()}")
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self._news.wait()

    async def up(self) -> None:
        """Wait until the source is synchronised."""
        await self.until(lambda: self.source()["state"] == "up", "the source is up", within=30)

    def _object(self, topic: str, name: str) -> Json:
        return dict(self.feed.objects[topic].get(f"{SOURCE}/{name}", {}))

    async def _started(self) -> bool:
        if not self._process.running:
            raise RuntimeError(f"the service ended while starting:\n{self._process.output}")
        return any('"event": "started"' in line for line in self._lines())

    def _lines(self) -> list[str]:
        """Return the lines that are complete."""
        return self._process.output.split("\n")[:-1]

    async def _read(self, screen: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in screen:
                self.feed.take(message)
                for topic in ("agents", "calls", "sources"):
                    for one in self.feed.objects[topic].values():
                        states = self.seen.setdefault(one["id"], [])
                        if states[-1:] != [one["state"]]:
                            states.append(one["state"])
                self._news.set()

    def story(self) -> str:
        """Return what was shown and logged, for the message of a failed test."""
        seen = "\n".join(f"{name}: {' '.join(states)}" for name, states in self.seen.items())
        return f"{seen}\n{self._process.output[-4000:]}"
