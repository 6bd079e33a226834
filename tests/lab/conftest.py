"""Fixtures for tests against real servers: marked ``servers``, skipped where it is not installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.lab.asterisk import LAB, Configuration
from tests.lab.kamailio import PROGRAM
from tests.lab.monitored import Monitored
from tests.lab.scene import Scene

HERE = Path(__file__).parent
MISSING = "Asterisk, Kamailio or SIPp is not installed: run `sudo tests/lab/install-servers`"

OpenScene = Callable[..., Awaitable[Scene]]
Watch = Callable[[Monitored], Awaitable[Monitored]]


def _installed() -> bool:
    sip = shutil.which("sipp") is not None and PROGRAM is not None
    return sip and (LAB / "usr/sbin/asterisk").exists()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.servers)


@pytest.fixture(autouse=True)
def _servers_installed() -> None:
    if _installed():
        return
    if os.environ.get("REQUIRE_SERVERS") == "1":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture
async def open_scene() -> AsyncIterator[OpenScene]:
    """Open a call centre with our service watching it: ``await open_scene(office(...), ...)``."""
    async with AsyncExitStack() as stack:

        async def open_one(configuration: Configuration, **options: object) -> Scene:
            return await stack.enter_async_context(Scene.open(configuration, **options))

        yield open_one


@pytest.fixture
async def watch_with() -> AsyncIterator[Watch]:
    """Let our service watch a server, too: ``await watch_with(Monitored.by_sip(...))``."""
    views: list[Monitored] = []

    async def one_more(view: Monitored) -> Monitored:
        await view.start()
        views.append(view)
        return view

    yield one_more
    for view in reversed(views):
        await view.stop()
