"""A browser for all tests of the wallboard, and contact centres for it to show."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.helpers.chromium import ARGUMENTS, executable, missing
from tests.wallboard.board import Board, open_board
from tests.wallboard.figures import Figures
from tests.wallboard.room import CommandedRoom, ServedRoom

Open = Callable[..., Awaitable[Board]]
AXE = Path(__file__).parents[2] / "dashboards" / "wallboard" / "node_modules" / "axe-core" / "axe.min.js"
SOAK_SECONDS = float(os.environ.get("WALLBOARD_SOAK_SECONDS", "120"))
FIGURES = Figures(Path(__file__).parents[2] / ".cache" / "wallboard-figures.json")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the soak, which runs beside all others, be looked at last."""
    items.sort(key=lambda item: "soaked" in getattr(item, "fixturenames", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was measured."""
    if FIGURES.measured:
        terminalreporter.section("wallboard: what was measured")
        for line in FIGURES.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def chromium() -> str:
    return executable()


@pytest.fixture(scope="session")
def figures() -> Figures:
    return FIGURES


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Debian's Chromium, for the whole session: each test has contexts of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_(browser: Browser) -> AsyncIterator[Open]:
    """Open wallboards (:func:`open_board`); they are closed after the test."""

    async def _open(url: str, query: str = "", **options: Any) -> Board:
        return await open_board(browser, url, query, **options)

    yield _open
    for context in browser.contexts:
        await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def still(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServedRoom]:
    """A room in which nothing happens any more, for tests that only look."""
    async with ServedRoom(tmp_path_factory.mktemp("still")) as room:
        await room.scene()
        yield room


@pytest_asyncio.fixture(loop_scope="session")
async def room(tmp_path: Path) -> AsyncIterator[ServedRoom]:
    """A room for tests that change it."""
    async with ServedRoom(tmp_path) as room:
        yield room


@pytest_asyncio.fixture(loop_scope="session")
async def commanded(tmp_path: Path) -> AsyncIterator[CommandedRoom]:
    """A room whose service is a process."""
    async with CommandedRoom(tmp_path) as room:
        yield room


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, as a script."""
    if not AXE.is_file():
        missing("axe-core is missing: scripts/wallboard .venv npm ci")
    return AXE.read_text(encoding="utf-8")


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def soaking(request: pytest.FixtureRequest) -> AsyncIterator[Process | None]:
    """Begin the soak at once if a test asks for it: it has a process of its own and runs beside the other tests."""
    wanted = any("soaked" in getattr(item, "fixturenames", ()) for item in request.session.items)
    found = shutil.which("chromium")
    if not wanted or found is None:
        yield None
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.wallboard.soak", found, str(SOAK_SECONDS),
        stdout=PIPE, stderr=PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    yield process
    if process.returncode is None:
        process.terminate()  # it closes its browser
        await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def soaked(soaking: Process | None, chromium: str) -> dict[str, float]:
    """What the soak measured."""
    assert soaking is not None, chromium
    out, errors = await soaking.communicate()
    assert soaking.returncode == 0, errors.decode()
    found: dict[str, float] = json.loads(out)
    return found
