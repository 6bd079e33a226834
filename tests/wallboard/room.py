"""A small contact centre whose people do what a test says, and the service that watches it: here or as a process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp

from monitor.app import Service
from monitor.settings import Settings
from monitor.simulator import QUIET, AgentSpec, QueueSpec, Simulation, SimulationConfig, World
from tests.lab.proxy import Proxy

LIMIT = 60.0
"""Only bounds a failure."""
NEVER = 1e6
"""Seconds: longer than any test."""

TEAMS = {"Anna": "North", "Boris": "North", "Clara": "South", "Жанна": "South", "Egor": "South"}
MEMBERS = {"Anna": ("sales",), "Boris": ("sales",), "Clara": ("support",), "Жанна": ("support",)}
WORLD = World(
    queues=tuple(QueueSpec(name=name, timeout=NEVER, wrap_up=0.0) for name in ("sales", "support")),
    agents=tuple(
        AgentSpec(number=str(101 + n), name=name, queues=MEMBERS.get(name, ("sales", "support")))
        for n, name in enumerate(TEAMS)
    ),
)


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    try:
        async with asyncio.timeout(LIMIT):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"never came true: {what}") from None


class Room:
    """The simulated PBX, behind a wire (``pbx_wire``) that can be cut or fall silent."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.simulation = Simulation(SimulationConfig(world=WORLD, habits=QUIET, load=0.0, warm_up=0.0))
        self.pbx_wire = Proxy(0)
        self.stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self.begin()
        except BaseException:
            await self.stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stack.aclose()

    async def begin(self) -> None:
        _, port = await self.simulation.start()
        self.stack.push_async_callback(self.simulation.stop)
        self.pbx_wire = await self.stack.enter_async_context(Proxy(port))

    def sections(self, **more: Any) -> dict[str, Any]:
        source = {
            "id": "pbx",
            "adapter": "ami",
            "host": "127.0.0.1",
            "port": self.pbx_wire.port,
            "username": self.simulation.username,
            "secret": self.simulation.secret,
        }
        return {
            "sources": [source],
            "agents": [{"id": name, "team": team} for name, team in TEAMS.items()],
            "storage": {"url": "sqlite:///monitor.db"},
            "day": {"timezone": "UTC"},
        } | more

    # --- scenes ----------------------------------------------------------------------------------------

    async def talks(self, who: str, queue: str) -> None:
        """Somebody calls, and the only agent whom the queue can ring answers."""
        agent = next(agent for agent in self.simulation.agents if agent.name == who)
        self.simulation.call_arrives(queue, number="+74951234567", patience=NEVER, talk=NEVER)
        await until(lambda: agent.offer is not None, f"it rings {who}")
        self.simulation.answer(who)

    def waits(self, queue: str, number: str = "+74957654321") -> None:
        """Somebody calls and waits for ever."""
        self.simulation.call_arrives(queue, number=number, patience=NEVER)

    async def scene(self) -> None:
        """Sales: Anna talks, two pause, two callers wait. Support: two are free."""
        self.simulation.pause("Boris", "lunch")
        self.simulation.pause("Egor", "training")
        await self.talks("Anna", "sales")
        self.waits("sales")
        self.waits("sales", "+74959876543")


class ServedRoom(Room):
    """With the service in this process; its feed, too, is behind a wire (``feed_wire``)."""

    def __init__(self, directory: Path, **more: Any) -> None:
        """``more``: further sections of the configuration."""
        super().__init__(directory)
        self.more = more
        self.feed_wire = Proxy(0)
        self.service: Service | None = None
        self.url = ""

    async def begin(self) -> None:
        await super().begin()
        feed = free_port()
        self.feed_wire = await self.stack.enter_async_context(Proxy(feed))
        address = f"ws://127.0.0.1:{self.feed_wire.port}/v1/feed"
        sections = self.sections(http={"port": 0}, feed={"port": feed, "public_url": address}, **self.more)
        service = Service(Settings.of(environ={}, base_directory=self.directory, **sections))
        self.stack.push_async_callback(service.stop)
        await service.start()
        self.url = service.web.url
        self.service = service
        engine = service.picture.engines["pbx"]
        await until(lambda: engine.source_view(service.clock.now()).state == "up", "the source is up")

    async def scene(self) -> None:
        """Let it be so, and the service know it."""
        await super().scene()
        await until(self._waiting_is_known, "the service knows who waits")

    def _waiting_is_known(self) -> bool:
        assert self.service is not None
        sales = self.service.picture.queue_view("pbx/sales", self.service.clock.now())
        return sales is not None and sales.waiting == 2 and sales.today.answered == 1


class CommandedRoom(Room):
    """With ``operator-monitor run`` as a process, always on the same ports."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process: Process | None = None

    async def begin(self) -> None:
        await super().begin()
        ports = {"http": {"port": int(self.url.rpartition(":")[2])}, "feed": {"port": free_port()}}
        file = self.directory / "monitor.yaml"
        file.write_text(json.dumps(self.sections(**ports)), encoding="utf-8")
        self.stack.push_async_callback(self.kill)
        await self.run()

    async def run(self) -> None:
        """Start the service and wait until it is ready."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "monitor.cli",
            "run",
            "--config",
            "monitor.yaml",
            cwd=self.directory,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        async with asyncio.timeout(LIMIT), aiohttp.ClientSession() as session:
            while not await self._ready(session):
                assert self.process.returncode is None
                await asyncio.sleep(0.05)

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/readyz") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def ask(self, path: str) -> Any:
        """Return what the service answers."""
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as response:
            return await response.json()

    def tell(self, what: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(what)

    async def kill(self) -> None:
        """Kill it as nothing can be refused."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
