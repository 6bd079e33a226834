"""The commands as a user calls them: real processes, real signals, real exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.simulator import Simulation, SimulationConfig

COMMAND = (sys.executable, "-m", "monitor.cli")
LIMIT = 60.0
"""Only bounds a failure."""

Begin = Callable[..., Awaitable[Process]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Start a command in an empty directory; whatever still runs after the test is killed."""
    processes: list[Process] = []

    async def _begin(*arguments: str, **environ: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            cwd=tmp_path,
            stdout=PIPE,
            stderr=PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "120"} | environ,
        )
        processes.append(process)
        return process

    yield _begin
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    simulation = Simulation(SimulationConfig(speed=40.0, seed=3))
    await simulation.start()
    yield simulation
    await simulation.stop()


async def _finish(process: Process) -> tuple[int, str, str]:
    async with asyncio.timeout(LIMIT):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def _line(process: Process, pattern: str) -> re.Match[str]:
    """Return the first line of the output that matches."""
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT):
        while line := (await process.stdout.readline()).decode():
            if match := re.search(pattern, line):
                return match
    _, _, err = await _finish(process)
    raise AssertionError(f"the output ended without {pattern!r}: {err}")


async def _get(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.json(content_type=None)


def _configure(directory: Path, simulation: Simulation, **more: Any) -> Path:
    host, port = simulation.address
    source = {
        "id": "pbx",
        "adapter": "ami",
        "host": host,
        "port": port,
        "username": simulation.username,
        "secret": simulation.secret,
    }
    file = directory / "monitor.yaml"
    sections = {
        "sources": [source],
        "http": {"port": 0},
        "feed": {"port": 0},
        "log": {"format": "json"},
    } | more
    file.write_text(json.dumps(sections), encoding="utf-8")
    return file


async def _address(process: Process) -> str:
    """Return the HTTP address that the log names."""
    assert process.stderr is not None
    async with asyncio.timeout(LIMIT):
        while line := await process.stderr.readline():
            entry = json.loads(line)
            if entry["event"] == "started":
                return str(entry["http"])
    raise AssertionError("the service did not start")


async def test_demo_prints_both_addresses_serves_them_and_ends_cleanly(begin: Begin) -> None:
    process = await begin("demo", OPERATOR_MONITOR_HTTP__PORT="0", OPERATOR_MONITOR_FEED__PORT="0")
    page = (await _line(process, r"(http://127\.0\.0\.1:\d+)/")).group(1)
    await _line(process, r"ws://127\.0\.0\.1:\d+/v1/feed")
    async with asyncio.timeout(LIMIT):
        while not (agents := await _get(f"{page}/api/v1/agents")):
            await asyncio.sleep(0.05)
    assert len(agents) >= 20
    process.send_signal(signal.SIGTERM)
    code, _, err = await _finish(process)
    assert (code, err) == (0, "")


async def test_check_of_a_good_source_says_that_all_is_well(
    begin: Begin, simulation: Simulation, tmp_path: Path
) -> None:
    code, out, err = await _finish(await begin("check", "--config", str(_configure(tmp_path, simulation))))
    assert code == 0, out + err
    assert "All is well" in out


async def test_check_with_a_wrong_secret_says_what_to_do_and_never_shows_it(
    begin: Begin, simulation: Simulation, tmp_path: Path
) -> None:
    file = _configure(tmp_path, simulation)
    text = file.read_text(encoding="utf-8").replace(simulation.secret, "hunter-two")
    file.write_text(text, encoding="utf-8")
    code, out, err = await _finish(await begin("check", "--config", str(file)))
    assert code == 1
    assert "manager.conf" in out
    assert "hunter-two" not in out + err


async def test_check_tells_of_a_webhook_that_can_not_work(
    begin: Begin, simulation: Simulation, tmp_path: Path
) -> None:
    good = {"id": "good", "url": "https://example.org/hook"}
    bad = good | {"id": "bad", "ca_file": "missing.pem"}
    file = _configure(tmp_path, simulation, alerts={"webhooks": [good, bad]})
    code, out, _ = await _finish(await begin("check", "--config", str(file)))
    assert code == 1
    assert "✓ webhook good: is configured" in out
    assert "✗ webhook bad: ca_file: " in out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sources: [{id: a, adapter: ami, host: h, username: u, secret: s}]\nhtpp: {}\n", "htpp"),
        ("sources: [{id: a, adapter: nosuch}]\n", "nosuch"),
        ("sources: [\n", "monitor.yaml:"),
        ("", "sources"),
    ],
)
async def test_a_mistake_in_the_file_is_told_with_its_place(
    begin: Begin, tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "monitor.yaml").write_text(text, encoding="utf-8")
    code, _, err = await _finish(await begin("run", "--config", "monitor.yaml"))
    assert code == 2
    assert expected in err
    assert "Traceback" not in err


async def test_run_without_its_file_says_so(begin: Begin) -> None:
    code, _, err = await _finish(await begin("run", "--config", "nosuch.yaml"))
    assert code == 2
    assert "nosuch.yaml" in err
    assert "Traceback" not in err


async def test_a_hang_up_while_it_starts_does_not_end_it(
    begin: Begin, simulation: Simulation, tmp_path: Path
) -> None:
    file = _configure(tmp_path, simulation)
    text = file.read_text(encoding="utf-8")
    file.unlink()
    os.mkfifo(file)
    process = await begin("run", "--config", str(file))
    async with asyncio.timeout(LIMIT):
        pipe = await asyncio.to_thread(
            file.open, "w", encoding="utf-8"
        )  # it is reading its configuration now
        process.send_signal(signal.SIGHUP)
        with pipe:
            pipe.write(text)
    await _address(process)
    process.send_signal(signal.SIGTERM)
    assert (await _finish(process))[0] == 0


async def test_replay_of_something_else_says_so(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x00\xff not a recording\n")
    code, _, err = await _finish(await begin("replay", "x"))
    assert code == 2
    assert "recording" in err
    assert "Traceback" not in err


async def test_a_recording_is_never_overwritten(begin: Begin, simulation: Simulation, tmp_path: Path) -> None:
    (tmp_path / "day.jsonl").write_text("mine", encoding="utf-8")
    file = _configure(tmp_path, simulation)
    code, _, err = await _finish(await begin("run", "--config", str(file), "--record", "day.jsonl"))
    assert code == 2
    assert "day.jsonl" in err
    assert (tmp_path / "day.jsonl").read_text(encoding="utf-8") == "mine"


async def test_record_and_replay_show_the_same_room(
    begin: Begin, simulation: Simulation, tmp_path: Path
) -> None:
    file = _configure(tmp_path, simulation)
    process = await begin("run", "--config", str(file), "--record", "day.jsonl")
    address = await _address(process)
    async with asyncio.timeout(LIMIT):
        while sum(q["today"]["answered"] for q in await _get(f"{address}/api/v1/queues")) < 3:
            await asyncio.sleep(0.05)
    shown = await _get(f"{address}/api/v1/agents")
    process.send_signal(signal.SIGTERM)
    assert process.returncode is None
    async with asyncio.timeout(LIMIT):
        assert await process.wait() == 0
    code, out, _ = await _finish(await begin("replay", "day.jsonl", "--json"))
    assert code == 0
    assert {agent["id"] for agent in shown} <= {agent["id"] for agent in json.loads(out)["agents"]}
    code, out, _ = await _finish(await begin("replay", "day.jsonl"))
    assert code == 0
    assert shown[0]["id"] in out


async def test_nothing_that_was_shown_is_lost_by_kill_9(
    begin: Begin, simulation: Simulation, tmp_path: Path
) -> None:
    file = _configure(tmp_path, simulation)
    shown: dict[str, dict[str, int]] = {}
    for _ in range(3):
        process = await begin("run", "--config", str(file))
        address = await _address(process)
        first = {queue["id"]: queue["today"] for queue in await _get(f"{address}/api/v1/queues")}
        for queue_id, figures in shown.items():
            for key in ("offered", "answered", "abandoned", "timed_out", "left"):
                assert first[queue_id][key] >= figures[key]
        target = sum(figures["answered"] for figures in first.values()) + 5
        async with asyncio.timeout(LIMIT):
            while True:
                shown = {queue["id"]: queue["today"] for queue in await _get(f"{address}/api/v1/queues")}
                if shown and sum(figures["answered"] for figures in shown.values()) >= target:
                    break
        process.kill()
        await process.wait()
