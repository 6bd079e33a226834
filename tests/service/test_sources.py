"""Sources of all kinds side by side in one service: each with its own truth, none hurt by the others' troubles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.app import Service, installed_adapters, make_adapter
from monitor.checking import findings
from monitor.settings import Settings
from monitor.simulator import QUIET, Simulation, SimulationConfig
from tests.adapters.hep.host import Agent as CaptureAgent
from tests.adapters.hep.ladder import ANNA, DOMAIN, PBX, Leg
from tests.adapters.sip.loopback import LoopbackServer
from tests.adapters.sip.server import SECRET, USER, dialog
from tests.service.conftest import settings_for

ROOM = SimulationConfig(habits=QUIET, load=0.0, warm_up=0.0, agents=4, queues=1)
SIP_ANNA = "sip:101@127.0.0.1"


@dataclass
class House:
    """Three telephone systems and the service that watches them."""

    simulation: Simulation
    server: LoopbackServer
    directory: Path
    service: Service

    def settings(self) -> Settings:
        sources = [
            settings_for(self.simulation, self.directory).sources[0].options(),
            {
                "id": "sip1",
                "adapter": "sip",
                "host": "127.0.0.1",
                "port": self.server.port,
                "listen": "127.0.0.1:0",
                "username": USER,
                "secret": SECRET,
                "watch": [{"uri": SIP_ANNA, "name": "Anna"}],
            },
            {
                "id": "hep1",
                "adapter": "hep",
                "listen": "127.0.0.1:0",
                "watch": [{"uri": f"sip:101@{DOMAIN}", "name": "Anna"}],
                "servers": [PBX],
            },
        ]
        team = [{"id": "Anna", "team": "North"}]
        return settings_for(self.simulation, self.directory, sources=sources, agents=team)

    def state(self, agent: str) -> str:
        found = self.service.picture.agent_view(agent, self.service.clock.now())
        return "absent" if found is None else found.state

    def source(self, source: str) -> str:
        return self.service.picture.engines[source].source_view(self.service.clock.now()).state

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)

    async def get(self, path: str) -> Any:
        async with aiohttp.ClientSession() as session, session.get(self.service.web.url + path) as response:
            return await (response.text() if path == "/metrics" else response.json())

    @property
    def hep_port(self) -> int:
        adapter = next(one for one in self.service._adapters if one.source == "hep1")
        return adapter.port  # type: ignore[attr-defined,no-any-return]


@asynccontextmanager
async def house_in(directory: Path) -> AsyncIterator[House]:
    simulation = Simulation(ROOM)
    await simulation.start()
    async with LoopbackServer() as server:
        house = House(simulation, server, directory, None)  # type: ignore[arg-type]
        house.service = Service(house.settings())
        try:
            await house.service.start()
            yield house
        finally:
            await house.service.stop()
            await simulation.stop()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path) as house:
        yield house


async def test_each_source_tells_of_its_own_agents(house: House) -> None:
    pbx = next(agent.name for agent in house.simulation.agents)
    await house.until(lambda: house.source("pbx") == "up" and house.source("sip1") == "up")
    assert house.state(f"pbx/{pbx}") == "available"
    assert house.state("sip1/Anna") == "available"
    call = Leg("101", "+74951234567", src=ANNA, dst=PBX)
    with CaptureAgent(house.hep_port) as capture:
        capture.send(call.invite(), call.reply(100), call.reply(180))
        await house.until(lambda: house.state("hep1/Anna") == "dialing")
        house.server.say(*house.server.script.tell(SIP_ANNA, dialog("d1", "early", call_id="c1")))
        await house.until(lambda: house.state("sip1/Anna") == "ringing")
        house.server.say(*house.server.script.tell(SIP_ANNA, dialog("d1", "confirmed", call_id="c1")))
        capture.send(call.reply(200), call.ack())
        await house.until(lambda: house.state("sip1/Anna") == house.state("hep1/Anna") == "talking")
    agents = {agent["id"]: agent for agent in await house.get("/api/v1/agents")}
    assert agents["sip1/Anna"]["team"] == agents["hep1/Anna"]["team"] == "North"
    assert agents["sip1/Anna"]["today"]["direct"] == 1
    assert agents["hep1/Anna"]["today"]["outbound"] == 1
    assert {one["source"] for one in await house.get("/api/v1/calls")} == {"sip1", "hep1"}
    metrics = await house.get("/metrics")
    for source in ("pbx", "sip1", "hep1"):
        assert f'callcenter_source_up{{source="{source}"}} 1.0' in metrics
    assert 'callcenter_agent_state{agent="sip1/Anna",state="talking"} 1.0' in metrics


async def test_a_lost_server_costs_its_own_agents_alone_and_comes_back(house: House) -> None:
    pbx = next(agent.name for agent in house.simulation.agents)
    await house.until(lambda: house.state("sip1/Anna") == house.state(f"pbx/{pbx}") == "available")
    house.server.deaf = True
    await house.until(lambda: house.source("sip1") == "lost")
    assert (house.state("sip1/Anna"), house.state(f"pbx/{pbx}")) == ("unknown", "available")
    house.server.script.restart()
    house.server.deaf = False
    await house.until(lambda: house.state("sip1/Anna") == "available")


async def test_a_restart_knows_again_who_works_at_endpoints(tmp_path: Path) -> None:
    async with house_in(tmp_path) as house:
        await house.until(lambda: house.state("sip1/Anna") == "available")
        house.server.say(*house.server.script.tell(SIP_ANNA, dialog("d1", "confirmed", call_id="c1")))
        await house.until(lambda: house.state("sip1/Anna") == "talking")
        await house.service.stop()
        house.service = Service(house.settings())
        await house.service.start()
        await house.until(lambda: house.state("sip1/Anna") == "talking")
        agent = house.service.picture.agent_view("sip1/Anna", house.service.clock.now())
        assert agent is not None
        assert agent.today.direct == 1, "the call that went on is counted once"


async def test_check_looks_at_all_of_them(house: House) -> None:
    settings = house.settings()
    factories = installed_adapters()
    found = {
        source.id: [one async for one in findings(make_adapter(settings, source, factories))]
        for source in settings.sources
        if source.id != "hep1"
    }
    for source, lines in found.items():
        assert lines, source
        assert all(line.level in {"ok", "hint"} for line in lines), lines
    assert any("subscri" in line.message or "dialog" in line.subject for line in found["sip1"])
