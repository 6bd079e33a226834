"""The service from the PBX's socket to its figures, against what the simulated PBX says really happened."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import aiohttp
import msgspec
import pytest
from websockets.asyncio.client import connect

from adapters.ami import factory
from adapters.contract import Adapter, AdapterFactory
from monitor.app import ENTRY_POINTS, Service, make_adapter
from monitor.recording import replay
from monitor.settings import AlertSettings, Settings, SettingsError
from monitor.simulator import QUIET, Simulation, SimulationConfig
from tests.service.conftest import Start, settings_for

AMI = {"id": "a", "adapter": "ami", "username": "monitor", "secret": "s3cret"}
BUSY = SimulationConfig(speed=30.0, seed=7)
QUIET_ROOM = SimulationConfig(habits=QUIET, load=0.0, warm_up=0.0, agents=6, queues=2)


def _in_tokyo(room_settings: Settings, *rules: dict[str, object]) -> Settings:
    """Return the same settings as they would be read anew, with other rules and another time zone."""
    day = room_settings.day.model_copy(update={"timezone": "Asia/Tokyo"})
    alerts = AlertSettings.model_validate({"rules": list(rules)})
    return room_settings.model_copy(update={"day": day, "alerts": alerts})


async def _get(url: str) -> tuple[int, dict[str, object]]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.json(content_type=None)


async def test_the_figures_of_a_busy_room_equal_its_ledger(start: Start) -> None:
    room = await start(BUSY)
    began = room.simulation.now
    ledger = room.simulation.ledger
    queues = [queue.name for queue in room.queues()]

    def counted() -> int:
        return sum(ledger.expected_queue(q, since=began, until=room.simulation.now).offered for q in queues)

    await room.until(lambda: counted() >= 60, seconds=90)
    with room.simulation.silence():  # nothing new happens while both are read
        until = room.simulation.now
        await asyncio.sleep(0)
        await room.until(
            lambda: all(
                queue.today.offered == ledger.expected_queue(queue.name, since=began, until=until).offered
                for queue in room.queues()
            )
        )
    corrections = room.service.picture.engines["pbx"].corrections
    assert not any(corrections.values())
    for queue in room.queues():
        expected = ledger.expected_queue(queue.name, since=began, until=until)
        figures = queue.today
        assert (figures.answered, figures.abandoned, figures.timed_out, figures.left, figures.unknown) == (
            expected.answered,
            expected.abandoned,
            expected.timed_out,
            expected.left,
            0,
        )
    for agent in room.agents():
        expected_agent = ledger.expected_agent(agent.name, since=began, until=until)
        assert (agent.today.answered, agent.today.missed) == (expected_agent.answered, expected_agent.missed)


async def test_a_dropped_link_shows_unknown_and_then_the_truth_again(start: Start) -> None:
    room = await start(BUSY)
    room.simulation.drop_connections()
    await room.until(lambda: room.source_state() != "up")
    assert {agent.state for agent in room.agents()} == {"unknown"}
    await room.until(lambda: room.source_state() == "up")
    gaps = room.service.picture.engines["pbx"].source_view(room.now).gaps
    assert len(gaps) == 1
    assert gaps[0].end is not None


async def test_a_silent_link_is_shown_as_lost_within_five_seconds(start: Start) -> None:
    room = await start(QUIET_ROOM)
    room.simulation.stall()
    await room.until(lambda: room.source_state() == "lost", seconds=5.0)  # the promise itself
    room.simulation.resume()
    await room.until(lambda: room.source_state() == "up", seconds=30.0)


async def test_a_restart_of_the_service_keeps_the_figures(start: Start, tmp_path: Path) -> None:
    room = await start(BUSY)
    await room.until(lambda: sum(queue.today.answered for queue in room.queues()) >= 10, seconds=60)
    await room.service.stop()
    before = {queue.id: queue.today for queue in room.queues()}
    again = Service(room.service.settings)
    room.service = again
    await again.start()
    await room.until(lambda: room.source_state() == "up")
    for queue in room.queues():
        assert queue.today.answered >= before[queue.id].answered
        assert queue.today.offered >= before[queue.id].offered
    assert (tmp_path / "monitor.db").stat().st_mode & 0o077 == 0


async def test_the_interfaces_tell_one_truth(start: Start) -> None:
    room = await start(QUIET_ROOM)
    status, ready = await _get(f"{room.service.web.url}/readyz")
    assert status == 200, ready
    _, state = await _get(f"{room.service.web.url}/api/v1/state")
    async with connect(room.service.feed.url) as feed:
        await feed.send(msgspec.json.encode({"type": "subscribe"}).decode())
        snapshot = msgspec.json.decode(await feed.recv())
        assert snapshot["type"] == "snapshot"
        names = {agent["id"]: agent["state"] for agent in snapshot["agents"]}
        assert names == {agent["id"]: agent["state"] for agent in state["agents"]}  # type: ignore[attr-defined]
        name = room.agents()[0].name
        room.simulation.pause(name, "lunch")
        changed: dict[str, object] = {}
        async with asyncio.timeout(10):
            while changed.get("state") != "paused":
                message = msgspec.json.decode(await feed.recv())
                changed = next((a for a in message.get("agents", []) if a["name"] == name), changed)
    assert changed["reason"] == "lunch"


async def test_a_recording_replays_to_the_state_that_was_shown(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "day.jsonl"
    room = await start(BUSY, record=file)
    await room.until(lambda: sum(queue.today.answered for queue in room.queues()) >= 5, seconds=60)
    await room.service.stop()
    picture, at = replay(file)
    assert picture.state(epoch="", seq=0, at=at) == room.service.picture.state(epoch="", seq=0, at=at)


async def test_a_database_that_is_none_is_set_aside_and_the_service_starts(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "monitor.db").write_bytes(b"not a database, but somebody's file " * 100)
    room = await start(QUIET_ROOM)
    assert room.agents()
    aside = [path for path in tmp_path.iterdir() if "set-aside" in path.name]
    assert len(aside) == 1
    assert aside[0].read_bytes().startswith(b"not a database")
    assert sqlite3.connect(tmp_path / "monitor.db").execute("PRAGMA application_id").fetchone() != (0,)


async def test_a_port_in_use_is_an_error_and_nothing_stays_open(start: Start, tmp_path: Path) -> None:
    room = await start(QUIET_ROOM)
    taken = room.service.web.port
    other = tmp_path / "other"
    other.mkdir()
    source = room.service.settings.sources[0].options()
    settings = Settings.of(
        environ={}, base_directory=other, sources=[source], http={"port": taken}, feed={"port": 0}
    )
    clients = room.simulation.clients
    with pytest.raises(OSError, match=str(taken)):
        await Service(settings).start()
    assert room.simulation.clients == clients


def test_an_adapter_that_is_not_installed_is_named() -> None:
    settings = Settings.of(environ={}, sources=[{"id": "a", "adapter": "nosuch"}])
    with pytest.raises(
        SettingsError, match=r"adapter.*expected an installed adapter \(ami, hep, sip\).*'nosuch'"
    ):
        asyncio.run(_make(settings))


def test_a_broken_package_is_told_where_its_adapter_is_asked_for_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = EntryPoint(name="broken", value="nowhere.at.all:factory", group=ENTRY_POINTS)
    known = entry_points(group=ENTRY_POINTS)
    monkeypatch.setattr("monitor.app.entry_points", lambda group: [*known, broken])
    asyncio.run(_make(Settings.of(environ={}, sources=[AMI])))
    settings = Settings.of(environ={}, sources=[AMI, {"id": "b", "adapter": "broken"}])
    with pytest.raises(
        SettingsError, match=r"sources\[1\]\.adapter.*'nowhere.at.all:factory'.*can't be loaded.*nowhere"
    ):
        asyncio.run(_make(settings))


def test_two_packages_with_adapters_of_one_name_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither may take the other's place unseen."""
    announced = [
        EntryPoint(name="ami", value=f"{name}:factory", group=ENTRY_POINTS)
        for name in ("adapters.ami", "evil")
    ]
    monkeypatch.setattr("monitor.app.entry_points", lambda group: announced)
    with pytest.raises(
        SettingsError, match=r"adapters\.ami:factory, evil:factory all offer an adapter 'ami'"
    ):
        asyncio.run(_make(Settings.of(environ={}, sources=[AMI])))


def _fails(options: Mapping[str, object], base_directory: Path) -> Adapter:
    raise KeyError("defect")


def _is_nothing(options: Mapping[str, object], base_directory: Path) -> Adapter:
    return None  # type: ignore[return-value]


def _is_another(options: Mapping[str, object], base_directory: Path) -> Adapter:
    return factory({**AMI, "id": "another"}, base_directory)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_fails, r"the factory of 'theirs' failed: KeyError\('defect'\); tell whoever made this adapter"),
        (_is_nothing, r"the factory of 'theirs' made no adapter of the source 'a'"),
        (_is_another, r"the factory of 'theirs' made no adapter of the source 'a'"),
    ],
)
def test_a_defect_in_a_factory_is_told_where_its_adapter_is_asked_for(
    make: AdapterFactory, told: str
) -> None:
    settings = Settings.of(environ={}, sources=[{"id": "a", "adapter": "theirs"}])
    with pytest.raises(SettingsError, match=r"sources\[0\]\.adapter.*" + told):
        make_adapter(settings, settings.sources[0], {"theirs": make})


def test_bad_options_of_a_source_are_told_by_their_key() -> None:
    settings = Settings.of(environ={}, sources=[{"id": "a", "adapter": "ami", "port": "many"}])
    with pytest.raises(SettingsError, match=r"sources\[0\]\.port|sources\.0\.port"):
        asyncio.run(_make(settings))


async def _make(settings: Settings) -> Service:
    return Service(settings)


async def test_hours_of_rules_stay_in_the_zone_of_the_figures_until_a_restart(tmp_path: Path) -> None:
    simulation = Simulation(QUIET_ROOM)
    await simulation.start()
    settings = settings_for(simulation, tmp_path, day={"timezone": "Europe/Moscow"})
    rule = {"id": "r", "for_each": "queue", "when": "waiting > 0", "schedule": {"hours": "09:00-18:00"}}
    abroad = rule | {"id": "abroad", "schedule": {"hours": "09:00-18:00", "timezone": "Asia/Dubai"}}
    service = Service(settings, reread=lambda: _in_tokyo(settings, rule, abroad))
    try:
        await service.start()
        reloaded = await service.reload_alerts()
        assert reloaded.waiting_for_restart == ["day"]
        at = datetime(2026, 11, 23, 5, 30, tzinfo=UTC).timestamp()  # 08:30 in Moscow, 09:30 in Dubai
        hours = {one.id: one.schedule for one in service.alerts.rules if one.schedule}
        assert {name: one.is_open(at) for name, one in hours.items()} == {"r": False, "abroad": True}
    finally:
        await service.stop()
        await simulation.stop()


async def test_of_two_reloads_at_once_the_later_one_holds(tmp_path: Path) -> None:
    simulation = Simulation(QUIET_ROOM)
    await simulation.start()
    settings = settings_for(simulation, tmp_path)
    rule = {"id": "old", "for_each": "queue", "when": "waiting > 0"}
    reading, second_done = threading.Event(), threading.Event()

    def reread() -> Settings:
        if reading.is_set():
            return _in_tokyo(settings, rule | {"id": "new"})
        reading.set()
        second_done.wait(0.5)  # the second overtakes this one, if it may
        return _in_tokyo(settings, rule)

    service = Service(settings, reread=reread)
    try:
        await service.start()
        first = asyncio.create_task(service.reload_alerts())
        assert await asyncio.to_thread(reading.wait, 30)
        await service.reload_alerts()
        second_done.set()
        await first
        assert [one.id for one in service.alerts.rules] == ["new"]
    finally:
        await service.stop()
        await simulation.stop()


async def test_a_reload_while_it_starts_comes_after_the_start(tmp_path: Path) -> None:
    simulation = Simulation(QUIET_ROOM)
    await simulation.start()
    settings = settings_for(simulation, tmp_path)
    rule = {"id": "new", "for_each": "queue", "when": "waiting > 0"}
    service = Service(settings, reread=lambda: _in_tokyo(settings, rule))
    try:
        starting = asyncio.create_task(service.start())
        await asyncio.sleep(0)  # it has begun
        await service.reload_alerts()
        assert starting.done()
        await starting
        assert [one.id for one in service.alerts.rules] == ["new"]
    finally:
        await service.stop()
        await simulation.stop()
