"""The backends that the contract tests run over, and events to fill them with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from monitor.events import CallerFacts, CallerJoined, Event, EventIds, MemberFacts, Snapshot, Tick
from monitor.log import Storage, open_storage


class Backend:
    """A place where a storage can be opened; a further backend needs an entry in ``BACKENDS`` and no more."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened = AsyncExitStack()

    def open(self) -> Storage:
        storage = open_storage(self.url)
        self._opened.push_async_callback(storage.close)
        return storage

    async def close(self) -> None:
        await self._opened.aclose()


DURABLE: dict[str, Callable[[Path], Backend]] = {
    "sqlite": lambda directory: Backend(f"sqlite:///{directory}/log.db"),
}
BACKENDS: dict[str, Callable[[Path], Backend]] = {
    "memory": lambda _: Backend("memory://"),
    **DURABLE,
}


@pytest.fixture(params=sorted(BACKENDS))
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    backend = BACKENDS[request.param](tmp_path)
    yield backend
    await backend.close()


@pytest.fixture(params=sorted(DURABLE))
async def durable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    """Give the backends that remember when they are opened again."""
    backend = DURABLE[request.param](tmp_path)
    yield backend
    await backend.close()


@pytest.fixture
async def storage(backend: Backend) -> Storage:
    return backend.open()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
async def open_sqlite(database: Path) -> AsyncIterator[Callable[[], Storage]]:
    """Open the database as the service does; what was opened is closed at the end."""
    async with AsyncExitStack() as opened:

        def open_() -> Storage:
            storage = open_storage(f"sqlite:///{database}")
            opened.push_async_callback(storage.close)
            return storage

        yield open_


class Events:
    """Events of all sizes, with ids in order."""

    def __init__(self, source: str = "pbx1", epoch: int = 1) -> None:
        self.source = source
        self.ids = EventIds(epoch)
        self.at = 1_795_444_790.125

    def ticks(self, count: int, *, every: float = 1.0) -> list[Event]:
        return list(self._ticks(count, every))

    def _ticks(self, count: int, every: float) -> Iterator[Event]:
        for _ in range(count):
            self.at += every
            yield Tick(source=self.source, at=self.at, id=self.ids())

    def joined(self, name: str) -> Event:
        caller = CallerFacts(
            queue="sales", call="c1", linked="c1", joined_at=self.at, position=1, party_name=name
        )
        return CallerJoined(source=self.source, at=self.at, id=self.ids(), caller=caller)

    def snapshot(self, members: int) -> Event:
        facts = tuple(
            MemberFacts(queue="sales", interface=f"PJSIP/{n}", name=f"Agent {n}", endpoint=f"PJSIP/{n}")
            for n in range(members)
        )
        return Snapshot(source=self.source, at=self.at, id=self.ids(), taken_at=self.at, members=facts)


@pytest.fixture
def events() -> Events:
    return Events()
