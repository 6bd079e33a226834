"""The example of an adapter works as docs/adapters.md says: installed beside the service, found, run, lost and back."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from monitor.engine import SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import EventIds
from tests.examples.toy import Toy
from tests.lab.process import poll
from tests.lab.product import check
from tests.service.running import Json, Running

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "toypbx"
PAGE = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)\n```\n", PAGE, re.DOTALL))


# --- the page --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [*sorted(EXAMPLE.glob("**/*.py")), EXAMPLE / "pyproject.toml"])
def test_the_page_shows_the_example_as_it_is(file: Path) -> None:
    name = str(file.relative_to(ROOT))
    assert SHOWN.get(name) == file.read_text(encoding="utf-8").rstrip("\n"), (
        f"copy {name} into its block in docs/adapters.md"
    )


def test_the_page_shows_the_test_of_a_recording_as_it_is() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    test = re.search(r"^RECORDING = .*?(?=\n\n\n@)", text, re.DOTALL | re.MULTILINE)
    assert test is not None
    assert SHOWN.get(str(Path(__file__).relative_to(ROOT))) == test[0]


def test_the_example_needs_the_contract_and_the_events_alone() -> None:
    ours = set()
    for file in EXAMPLE.glob("**/*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours |= {name for name in names if name.split(".")[0] in {"monitor", "adapters"}}
    assert ours == {"adapters.contract", "monitor.events"}


# --- without a socket ------------------------------------------------------------------------------------


@pytest.fixture
def translation(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return importlib.import_module("toypbx.translate")


RECORDING = b"""\
{"version": "1.0", "phones": [{"phone": "101", "name": "Anna", "state": "free"}]}
{"phone": "101", "state": "rings"}
{"phone": "101", "state": "talks"}
{"phone": "101", "state": "dances"}
"""


def test_a_recording_gives_the_states_one_by_one(translation: ModuleType) -> None:
    skipped: list[str] = []
    translator = translation.Translator("toy", EventIds(1), skipped.append)
    engine = SourceEngine(SourceConfig(source="toy"))
    seen = []
    for second, line in enumerate(RECORDING.splitlines()):
        for event in translator.translate(line, 1_800_000_000.0 + second):
            engine.apply(event)
        agent = engine.agent_view("toy/Anna", engine.now)
        assert agent is not None
        seen.append(agent.state)
    assert seen == ["available", "ringing", "talking", "unknown"]
    assert skipped == ["unknown_state"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"", "malformed"),
        (b"\xff\x00", "malformed"),
        (b"[1]", "malformed"),
        (b'{"phone": 101, "state": "free"}', "malformed"),
        (b'{"phones": [{"phone": "101"}]}', "malformed"),
        (b'{"phone": "\xff", "state": "free"}', "malformed"),
        (b'{"weather": ' + b"[" * 100_000, "malformed"),
        (b'{"phone": "999", "state": "free"}', "unknown_phone"),
        (b'{"alive": true}', None),
        (b'{"weather": "fine"}', None),
    ],
)
def test_a_line_that_says_nothing_changes_nothing(
    translation: ModuleType, line: bytes, kind: str | None
) -> None:
    skipped: list[str] = []
    translator = translation.Translator("toy", EventIds(1), skipped.append)
    translator.translate(RECORDING.splitlines()[0], 1.0)
    assert translator.translate(line, 2.0) == []
    assert skipped == ([] if kind is None else [kind])


# --- in the service --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the example as a user would, but into a directory of its own."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    copy = tmp_path_factory.mktemp("source") / "toypbx"
    subprocess.run(["cp", "-r", EXAMPLE, copy], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", target, copy], check=True)
    return target


@pytest.fixture(autouse=True)
def found(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes of tests that ask for it find what was installed."""
    if "installed" in request.fixturenames:
        monkeypatch.setenv("PYTHONPATH", str(request.getfixturevalue("installed")))


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    toy = Toy(
        {
            "101": ("Anna", "free"),
            "102": ("Boris", "talks"),
            "103": ("Clara", "gone"),
            "104": ("Dmitri", "dances"),
        }
    )
    await toy.start()
    yield toy
    await toy.stop()


@pytest.fixture
def configured(toy: Toy, tmp_path: Path) -> Callable[..., Path]:
    def write(**options: Any) -> Path:
        sections: Json = {
            "sources": [{"id": "toy", "adapter": "toypbx", "port": toy.port} | options],
            "http": {"port": 0},
            "feed": {"port": 0},
            "storage": {"url": "sqlite:///monitor.db"},
        }
        file = tmp_path / "monitor.yaml"
        file.write_text(json.dumps(sections), encoding="utf-8")
        file.chmod(0o600)
        return file

    return write


class Service:
    """The service, asked over HTTP."""

    def __init__(self, running: Running) -> None:
        self.running = running

    async def states(self) -> dict[str, str]:
        state = await self.running.get("/api/v1/state")
        return {agent["name"]: agent["state"] for agent in state["agents"]}

    async def until(self, states: dict[str, str]) -> None:
        async def there() -> bool:
            return await self.states() == states

        await poll(there, f"{states}")


@pytest.fixture
async def service(installed: Path, configured: Callable[..., Path]) -> AsyncIterator[Service]:
    running = await Running.start(configured())
    yield Service(running)
    running.kill()


KNOWN = {"Anna": "available", "Boris": "talking", "Clara": "offline", "Dmitri": "unknown"}
LOST = dict.fromkeys(KNOWN, "unknown")


async def test_states_are_shown_change_and_are_unknown_while_the_link_is_lost(
    service: Service, toy: Toy
) -> None:
    await service.until(KNOWN)
    toy.put("101", "rings")
    await service.until(KNOWN | {"Anna": "ringing"})
    toy.put("101", "talks")
    await service.until(KNOWN | {"Anna": "talking"})
    await toy.stop()
    await service.until(LOST)
    sources = await service.running.get("/api/v1/sources")
    assert sources[0]["state"] == "lost"
    assert "127.0.0.1" in sources[0]["detail"]
    toy.phones["101"][1] = "free"  # while nobody could see it
    await toy.start()
    await service.until(KNOWN)


async def test_a_mute_link_is_lost_and_told_once(service: Service, toy: Toy) -> None:
    await service.until(KNOWN)
    toy.mute = True
    await service.until(LOST)
    links = toy.links
    await poll(lambda: _true(toy.links >= links + 2), "two more tries")
    toy.mute = False
    toy.cut()
    await service.until(KNOWN)
    told = [entry["reason"] for entry in service.running.log("source_lost")]
    assert told.count(f"nothing heard from 127.0.0.1:{toy.port} for 4 s") == 1


async def test_garbage_is_counted_and_a_line_without_end_only_costs_the_link(
    service: Service, toy: Toy
) -> None:
    await service.until(KNOWN)
    toy.write(b"garbage\n")
    toy.put("101", "rings")
    await service.until(KNOWN | {"Anna": "ringing"})
    links = toy.links
    toy.write(b"x" * 1_000_000)
    await poll(lambda: _true(toy.links > links), "a new link")
    await service.until(KNOWN | {"Anna": "ringing"})
    assert any("262144 bytes" in entry["reason"] for entry in service.running.log("source_lost"))


async def _true(value: bool) -> bool:
    return value


async def test_check_says_what_works_and_what_is_missing(
    installed: Path, toy: Toy, configured: Callable[..., Path]
) -> None:
    file = configured()
    status, printed = await check(file)
    assert (status, "lists its phones" in printed) == (0, True), printed
    await toy.stop()
    status, printed = await check(file)
    assert status == 1
    assert f"127.0.0.1:{toy.port} can't be reached" in printed
    assert "see that the toy PBX runs" in printed


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"port": 0}, r"monitor\.yaml:1:\d+: sources\[0\]\.port: .*1"),
        ({"prot": 7000}, r"monitor\.yaml:1:\d+: sources\[0\]\.prot: "),
    ],
)
async def test_a_wrong_option_is_told_with_its_place(
    installed: Path, configured: Callable[..., Path], options: Json, told: str
) -> None:
    status, printed = await check(configured(**options))
    assert status == 2
    assert re.search(told, printed), printed


async def test_without_the_package_the_service_names_what_is_missing(configured: Callable[..., Path]) -> None:
    status, printed = await check(configured())
    assert status == 2
    assert re.search(r"monitor\.yaml:1:\d+: sources\[0\]\.adapter: .*'toypbx'", printed), printed
