"""Alerts from the PBX's socket to a receiver's: the service as a process, the simulated PBX, a real HTTP receiver."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.telling import BURST
from monitor.log import open_storage
from monitor.simulator import QUIET, Simulation, SimulationConfig
from tests.alerts.receiver import OK, Answer, Receiver, answer, closes_after, receiving
from tests.alerts.sending import SECRET, until
from tests.lab.process import poll
from tests.service.running import Json, Running, configure

AGENTS = 30
ROUNDS = 10
ROOM = SimulationConfig(habits=QUIET, load=0.0, warm_up=0.0, agents=AGENTS, queues=2)
ON_BREAK = {
    "id": "break",
    "for_each": "agent",
    "when": 'state == "paused"',
    "summary": {"en": "{name} is on break", "ru": "{name} на перерыве"},
}
AT_LUNCH = {"id": "lunch", "for_each": "agent", "when": 'reason == "lunch"', "severity": "critical"}
SOURCE_LOST = {"id": "lost", "for_each": "source", "when": 'state == "lost"', "severity": "critical"}

Told = tuple[str, str, str]
"""Rule, subject, state."""


def webhook(receiver: Receiver, name: str = "ops", **more: Any) -> Json:
    return {"id": name, "url": receiver.url, "secret": SECRET} | more


def told(receiver: Receiver) -> list[Told]:
    """Return what a receiver was told, in order; what came again under the same id counts once."""
    bodies = {request.id: request.verified(SECRET) for request in receiver.requests}
    return [(one["rule"], one["subject"], one["state"]) for body in bodies.values() for one in body["alerts"]]


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    simulation = Simulation(ROOM)
    await simulation.start()
    yield simulation
    await simulation.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@contextmanager
def ending(running: Running) -> Iterator[Running]:
    """Have nothing left of it."""
    try:
        yield running
    finally:
        running.kill()


async def test_a_rule_fires_and_is_told_within_a_second_and_so_is_its_end(
    simulation: Simulation, receiver: Receiver, tmp_path: Path
) -> None:
    file = configure(tmp_path, simulation, {"rules": [ON_BREAK], "webhooks": [webhook(receiver)]})
    name = simulation.agents[0].name
    with ending(await Running.start(file)) as running:
        await running.up()
        simulation.pause(name, "lunch")
        await until(lambda: told(receiver) == [("break", f"pbx/{name}", "firing")])
        shown = await running.alerts()
        assert [(one["rule"], one["state"], one["summary"]) for one in shown] == [
            ("break", "firing", f"{name} is on break")
        ]
        body = receiver.requests[0].verified(SECRET)
        assert body["alerts"][0]["id"] == shown[0]["id"]
        simulation.unpause(name)
        await until(lambda: [state for _, _, state in told(receiver)] == ["firing", "resolved"])
        assert await running.alerts() == []
        history = await running.get("/api/v1/alerts/history")
        assert [(one["id"], one["state"]) for one in history] == [(shown[0]["id"], "resolved")]
        # From the PBX's word to the receiver: the promise, generously bounded for a busy machine.
        took = []
        for agent in simulation.agents[1:6]:
            began = time.monotonic()
            seen = len(receiver.requests)
            simulation.pause(agent.name, "lunch")
            await until(lambda seen=seen: len(receiver.requests) > seen)  # type: ignore[misc]
            took.append(time.monotonic() - began)
        assert min(took) < 1.0
        assert running.terminate() == 0


async def test_sighup_takes_over_new_rules_and_webhooks_and_refuses_a_broken_file(
    simulation: Simulation, receiver: Receiver, tmp_path: Path
) -> None:
    first, second = simulation.agents[0].name, simulation.agents[1].name
    file = configure(tmp_path, simulation, {"rules": [ON_BREAK], "webhooks": [webhook(receiver)]})
    async with receiving() as other:
        with ending(await Running.start(file)) as running:
            await running.up()
            simulation.pause(first, "lunch")
            await until(lambda: len(told(receiver)) == 1)

            hooks = [webhook(receiver), webhook(other, "other")]
            configure(tmp_path, simulation, {"rules": [ON_BREAK, AT_LUNCH], "webhooks": hooks})
            running.hang_up()
            await until(lambda: sorted(told(other)) == _both(first))
            await until(lambda: sorted(told(receiver)) == _both(first))
            assert running.log("alerts_reloaded")[-1]["rules"] == 2

            broken = {"rules": [AT_LUNCH | {"when": "reason == lunch"}], "webhooks": []}
            configure(tmp_path, simulation, broken)
            running.hang_up()
            await until(lambda: running.log("alerts_not_reloaded"))
            refused = running.log("alerts_not_reloaded")[0]
            assert any(re.search(r"monitor\.yaml:\d+:\d+: .*lunch", why) for why in refused["reasons"])
            simulation.pause(second, "lunch")
            await until(lambda: len(told(other)) == 4)  # the old ones go on

            configure(tmp_path, simulation, {"rules": [AT_LUNCH], "webhooks": [webhook(receiver)]})
            running.hang_up()
            over = [("break", f"pbx/{name}", "resolved") for name in sorted((first, second))]
            await until(lambda: sorted(told(receiver))[1::2][:2] == over or set(over) <= set(told(receiver)))
            simulation.unpause(first)
            await until(lambda: ("lunch", f"pbx/{first}", "resolved") in told(receiver))
            assert ("lunch", f"pbx/{first}", "resolved") not in told(other)


async def test_no_alert_of_the_alertmanager_format_closes_the_incident_of_another(
    simulation: Simulation, receiver: Receiver, tmp_path: Path
) -> None:
    first, second, last = (f"pbx/{agent.name}" for agent in simulation.agents[:3])
    hook = webhook(receiver, format="alertmanager")
    file = configure(tmp_path, simulation, {"rules": [ON_BREAK], "webhooks": [hook]})

    def incidents() -> dict[str, str]:
        """Return what a receiver holds open, as such tools do: by the key of the group, with its agent."""
        bodies = {request.id: request.json for request in receiver.requests}
        states = {body["groupKey"]: body for body in bodies.values()}
        return {
            key: body["groupLabels"].get("agent", "")
            for key, body in states.items()
            if body["status"] == "firing"
        }

    with ending(await Running.start(file)) as running:
        await running.up()
        for agent in simulation.agents[:3]:
            simulation.pause(agent.name, "lunch")
        await until(lambda: sorted(incidents().values()) == sorted((first, second, last)))
        simulation.unpause(simulation.agents[0].name)
        await until(lambda: any(request.json["status"] == "resolved" for request in receiver.requests))
        assert sorted(incidents().values()) == sorted((second, last))


def _both(name: str) -> list[Told]:
    return [("break", f"pbx/{name}", "firing"), ("lunch", f"pbx/{name}", "firing")]


async def test_the_api_takes_over_a_changed_file_and_says_what_is_wrong_with_it(
    simulation: Simulation, receiver: Receiver, tmp_path: Path
) -> None:
    name = simulation.agents[0].name
    file = configure(tmp_path, simulation, {"rules": [], "webhooks": []})
    with ending(await Running.start(file)) as running:
        await running.up()
        simulation.pause(name, "lunch")
        configure(tmp_path, simulation, {"rules": [AT_LUNCH], "webhooks": [webhook(receiver)]})
        assert await running.post("/api/v1/alerts/reload") == (
            200,
            {"rules": 1, "webhooks": 1, "waiting_for_restart": []},
        )
        await until(lambda: told(receiver) == [("lunch", f"pbx/{name}", "firing")])
        configure(tmp_path, simulation, {"rules": [AT_LUNCH | {"for": "soon"}]})
        status, problem = await running.post("/api/v1/alerts/reload")
        assert status == 409
        assert "rules" in str(problem)
        assert [one["rule"] for one in await running.alerts()] == ["lunch"]


async def test_a_reload_names_what_else_changed_and_waits_for_a_restart(
    simulation: Simulation, tmp_path: Path
) -> None:
    file = configure(tmp_path, simulation, {})
    with ending(await Running.start(file)) as running:
        await running.up()
        more: Json = {"day": {"timezone": "Asia/Tokyo"}, "agents": [{"id": "1", "name": "Anna"}]}
        configure(tmp_path, simulation, {"rules": [AT_LUNCH]}, **more)
        waiting = ["agents", "day"]
        assert await running.post("/api/v1/alerts/reload") == (
            200,
            {"rules": 1, "webhooks": 0, "waiting_for_restart": waiting},
        )
        assert running.log("alerts_reloaded")[0]["waiting_for_restart"] == waiting
        configure(tmp_path, simulation, {"rules": [AT_LUNCH]})
        running.hang_up()
        await until(lambda: len(running.log("alerts_reloaded")) == 2)
        assert running.log("alerts_reloaded")[1]["waiting_for_restart"] == []


async def test_a_restart_keeps_alerts_silences_and_acknowledgements(
    simulation: Simulation, receiver: Receiver, tmp_path: Path
) -> None:
    name, quiet = simulation.agents[0].name, simulation.agents[1].name
    file = configure(tmp_path, simulation, {"rules": [ON_BREAK], "webhooks": [webhook(receiver)]})
    with ending(await Running.start(file)) as running:
        await running.up()
        form: Json = {"matchers": {"agent": f"pbx/{quiet}"}, "by": "Anna", "until": time.time() + 600}
        status, silence = await running.post("/api/v1/silences", **form)
        assert status == 200
        assert silence.pop("matching") == 0
        simulation.pause(name, "lunch")
        simulation.pause(quiet, "lunch")
        await poll(lambda: _count(running, 2), "both alerts")
        await until(lambda: len(told(receiver)) == 1)
        mine = next(one for one in await running.alerts() if one["subject"] == f"pbx/{name}")
        status, _ = await running.post("/api/v1/alerts/acknowledge", id=mine["id"], by="Anna", why="a call")
        assert status == 200
        before = {one["id"]: one for one in await running.alerts()}
        assert before[mine["id"]]["acknowledged"]["by"] == "Anna"
        assert running.terminate() == 0
    with ending(await Running.start(file)) as running:
        await running.up()
        await poll(lambda: _nobody_inhibited(running), "the alerts to be told again")
        assert {one["id"]: one for one in await running.alerts()} == before
        assert await running.get("/api/v1/silences") == [silence]
        # Nobody was told again, and who is quiet still is: another one is told after them.
        last = simulation.agents[2].name
        simulation.pause(last, "lunch")
        await until(lambda: ("break", f"pbx/{last}", "firing") in told(receiver))
        assert told(receiver) == [("break", f"pbx/{name}", "firing"), ("break", f"pbx/{last}", "firing")]
        assert running.terminate() == 0


async def _count(running: Running, number: int) -> bool:
    return len(await running.alerts()) == number


async def _nobody_inhibited(running: Running) -> bool:
    return not any(one["inhibited"] for one in await running.alerts())


async def test_a_lost_source_is_told_and_holds_back_what_is_about_it(
    simulation: Simulation, receiver: Receiver, tmp_path: Path
) -> None:
    name, other = simulation.agents[0].name, simulation.agents[1].name
    rules = [ON_BREAK, SOURCE_LOST]
    file = configure(tmp_path, simulation, {"rules": rules, "webhooks": [webhook(receiver)]})
    with ending(await Running.start(file)) as running:
        await running.up()
        simulation.pause(name, "lunch")
        await until(lambda: len(told(receiver)) == 1)
        simulation.stall()
        await running.source_is("lost")
        await until(lambda: told(receiver)[1:] == [("lost", "pbx", "firing")])
        assert {one["rule"]: one["inhibited"] for one in await running.alerts()} == {
            "break": True,
            "lost": False,
        }
        simulation.unpause(name)  # nobody sees it
        simulation.pause(other, "lunch")
        simulation.resume()
        await running.up()
        ends = {("lost", "pbx", "resolved"), ("break", f"pbx/{name}", "resolved")}
        await until(lambda: ends | {("break", f"pbx/{other}", "firing")} == set(told(receiver)[2:]))
        assert [one["subject"] for one in await running.alerts()] == [f"pbx/{other}"]


class Beliefs:
    """What a receiver that works by the book believes, and whether it was ever told nonsense."""

    def __init__(self, receiver: Receiver) -> None:
        self.bodies: dict[str, bytes] = {}
        self.firing: set[str] = set()
        """Alerts that fire, by id."""
        self._states: dict[str, list[str]] = {}
        for request in receiver.requests:
            body = request.verified(SECRET)
            known = self.bodies.setdefault(request.id, request.body)
            assert known == request.body, "all tries of a notification say the same"
            if known is request.body:
                self._take(body["alerts"])

    def _take(self, alerts: list[Json]) -> None:
        for alert in alerts:
            states = self._states.setdefault(alert["id"], [])
            states.append(alert["state"])
            assert states in (["firing"], ["firing", "resolved"]), f"{alert['id']}: {states}"
            (self.firing.add if alert["state"] == "firing" else self.firing.remove)(alert["id"])


async def _shelf(tmp_path: Path) -> dict[str, bytes]:
    storage = open_storage(f"sqlite:///{tmp_path / 'monitor.db'}")
    try:
        assert storage.notices == ()
        return await storage.shelf("alerts").load()
    finally:
        await storage.close()


def _moods(chance: random.Random) -> list[Answer]:
    """Return answers of which some are no good, though the notification may have been understood."""
    cut = closes_after(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
    return chance.choices([OK, answer(503), closes_after(b""), cut], [16, 1, 1, 1], k=1_000)


async def test_kill_9_at_any_moment_loses_nothing_and_tells_nothing_twice(
    simulation: Simulation, receiver: Receiver, tmp_path: Path
) -> None:
    chance = random.Random(11)
    names = [agent.name for agent in simulation.agents]
    paused: set[str] = set()
    promised: dict[str, set[str]] = {"ops": set(), "pager": set()}
    moods = iter(_moods(chance))
    receiver.answers = lambda _: next(moods, OK)

    async def live() -> None:
        """Let people come and go for a while; nobody so often that it would be held back."""
        left = dict.fromkeys(names, BURST)
        for _ in range(chance.randrange(5, 60)):
            name = chance.choice(names)
            if name in paused:
                paused.remove(name)
                simulation.unpause(name)
            elif left[name]:
                left[name] -= 1
                paused.add(name)
                simulation.pause(name, chance.choice(["lunch", "coffee"]))
            await asyncio.sleep(chance.random() * 0.03)

    async with receiving() as second:
        hooks = [webhook(receiver), webhook(second, "pager", severities=["critical"])]
        file = configure(tmp_path, simulation, {"rules": [ON_BREAK, AT_LUNCH], "webhooks": hooks})
        for number in range(ROUNDS):
            with ending(await Running.start(file)) as running:
                if number % 3:  # else also killed while it finds its way
                    await running.up()
                await live()
            for key in await _shelf(tmp_path):
                kind, _, rest = key.partition(":")
                hook, _, notification = rest.partition("/")
                if kind == "outbox":
                    promised[hook].add(notification)
        receiver.answers = lambda _: OK
        with ending(await Running.start(file)) as running:
            await running.up()

            async def all_told() -> bool:
                hooks = await running.get("/api/v1/webhooks")
                alerts = await running.alerts()
                return (
                    {one["subject"] for one in alerts} == {f"pbx/{name}" for name in paused}
                    and not any(one["pending"] for one in hooks)
                    and not any(one["inhibited"] for one in alerts)
                    and {one["id"] for one in alerts} == Beliefs(receiver).firing
                )

            await poll(all_told, "everybody to know all", within=45)
            shown = {one["id"]: one for one in await running.alerts()}
            assert [one["dead"] for one in await running.get("/api/v1/webhooks")] == [0, 0]
            assert running.terminate() == 0
        ops, pager = Beliefs(receiver), Beliefs(second)
        assert ops.firing == set(shown)
        assert pager.firing == {name for name, one in shown.items() if one["severity"] == "critical"}
        assert promised["ops"] <= ops.bodies.keys()
        assert promised["pager"] <= pager.bodies.keys()
        assert promised["ops"], "some kill must have come while something waited"
        assert not [key for key in await _shelf(tmp_path) if key.startswith(("outbox:", "dead:"))]
