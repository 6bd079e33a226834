"""The whole service in this process, connected to the simulated PBX on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.app import Service
from monitor.model import Agent, Queue
from monitor.settings import Settings
from monitor.simulator import Simulation, SimulationConfig

Start = Callable[..., Awaitable["Room"]]


class Room:
    """A simulated contact centre and the service that watches it."""

    def __init__(self, simulation: Simulation, service: Service) -> None:
        self.simulation = simulation
        self.service = service

    @property
    def now(self) -> float:
        return self.service.clock.now()

    def agent(self, name: str) -> Agent:
        agent = self.service.picture.agent_view(f"pbx/{name}", self.now)
        assert agent is not None
        return agent

    def agents(self) -> list[Agent]:
        return self.service.picture.state(epoch="", seq=0, at=self.now).agents

    def queues(self) -> list[Queue]:
        return self.service.picture.state(epoch="", seq=0, at=self.now).queues

    def source_state(self) -> str:
        return self.service.picture.engines["pbx"].source_view(self.now).state

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for a condition; the time only bounds a failure."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)


def settings_for(simulation: Simulation, directory: Path, **sections: Any) -> Settings:
    host, port = simulation.address
    source = {
        "id": "pbx",
        "adapter": "ami",
        "host": host,
        "port": port,
        "username": simulation.username,
        "secret": simulation.secret,
    }
    defaults: dict[str, Any] = {
        "sources": [source],
        "http": {"port": 0},
        "feed": {"port": 0},
        "storage": {"url": "sqlite:///monitor.db"},
    }
    return Settings.of(environ={}, base_directory=directory, **(defaults | sections))


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a simulation and the service on it, synchronised; both are stopped after the test."""
    rooms: list[Room] = []

    async def begin(config: SimulationConfig, *, record: Path | None = None, **sections: Any) -> Room:
        simulation = Simulation(config)
        await simulation.start()
        service = Service(settings_for(simulation, tmp_path, **sections), record=record)
        room = Room(simulation, service)
        rooms.append(room)
        await service.start()
        await room.until(lambda: room.source_state() == "up")
        return room

    yield begin
    for room in rooms:
        await room.service.stop()
        await room.simulation.stop()
