"""What the pipeline promises: durable before shown, and nothing shown that the log did not take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from monitor.engine import Changes, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import (
    Event,
    MemberFacts,
    MemberPaused,
    QueueFacts,
    Snapshot,
    SourceConnected,
    SourceLost,
)
from monitor.log.contract import EventLog, StorageUnavailable
from monitor.log.memory import MemoryStorage
from monitor.pipeline import SourcePipeline


class ScriptedAdapter:
    """Emits what the test hands it, through the host that the pipeline is."""

    source = "pbx"

    def __init__(self) -> None:
        self.host: SourcePipeline | None = None
        self.running = asyncio.Event()
        self.snapshots_asked = 0
        self.fail_with: Exception | None = None

    async def run(self, host: SourcePipeline) -> None:
        self.host = host
        self.running.set()
        if self.fail_with is not None:
            error, self.fail_with = self.fail_with, None
            raise error
        await asyncio.Event().wait()

    def request_snapshot(self) -> None:
        self.snapshots_asked += 1

    async def check(self, host: object) -> AsyncIterator[object]:
        return
        yield

    def emit(self, kind: type[Event], **fields: object) -> None:
        assert self.host is not None
        self.host.emit([kind(source=self.source, at=self.host.now(), id=self.host.next_id(), **fields)])

    def synchronise(self) -> None:
        self.emit(SourceConnected)
        assert self.host is not None
        self.emit(
            Snapshot,
            taken_at=self.host.now(),
            queues=(QueueFacts(queue="sales"),),
            members=(
                MemberFacts(
                    queue="sales", interface="PJSIP/101", name="Anna", endpoint="PJSIP/101", state="idle"
                ),
            ),
            legs=(),
        )


class FragileLog:
    """A log that refuses to write while it is told to."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.broken = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    async def append(self, events: Sequence[Event]) -> list[str]:
        if self.broken:
            raise StorageUnavailable("append to", "test", "no space left on device")
        return await self._log.append(events)


class Ingest:
    def __init__(self) -> None:
        self.names: list[str] = []

    def received(self, source: str, event_name: str, lag: float) -> None:
        self.names.append(event_name)

    def skipped(self, source: str, kind: str) -> None:
        self.names.append(kind)


class Desk:
    """A pipeline with what a test needs around it."""

    def __init__(self, storage: MemoryStorage, log: FragileLog | None = None) -> None:
        self.adapter = ScriptedAdapter()
        self.engine = SourceEngine(SourceConfig(source="pbx"))
        self.log = log or FragileLog(storage.log("pbx"))
        self.published: list[Changes] = []
        self.ingest = Ingest()
        self.wall = 1_795_444_790.0
        self.pipeline = SourcePipeline(
            self.adapter,
            self.log,  # type: ignore[arg-type]
            self.engine,
            now=lambda: self.wall,
            publish=self.published.extend,
            ingest=self.ingest,
            keep_seconds=86_400,
        )

    async def begin(self) -> None:
        await self.pipeline.restore()
        self.pipeline.start()
        await self.adapter.running.wait()

    def state(self) -> str:
        view = self.engine.agent_view("pbx/Anna", self.wall)
        return "none" if view is None else view.state

    def source_state(self) -> str:
        return self.engine.source_view(self.wall).state

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.001)


@pytest.fixture
async def storage() -> AsyncIterator[MemoryStorage]:
    storage = MemoryStorage()
    yield storage
    await storage.close()


@pytest.fixture
async def desk(storage: MemoryStorage) -> AsyncIterator[Desk]:
    desk = Desk(storage)
    await desk.begin()
    yield desk
    await desk.pipeline.stop()


async def test_an_event_reaches_the_log_before_the_publishers(desk: Desk) -> None:
    desk.adapter.synchronise()
    await desk.until(lambda: desk.state() == "available")
    logged = [event async for event in desk.log.read(None)]  # type: ignore[attr-defined]
    assert [type(event).__name__ for event in logged if type(event).__name__ != "Tick"] == [
        "SourceConnected",
        "Snapshot",
    ]
    assert any("pbx/Anna" in changes.agents for changes in desk.published)
    assert desk.ingest.names == ["SourceConnected", "Snapshot"]


async def test_what_the_log_refuses_is_not_shown_and_the_source_is_lost(desk: Desk) -> None:
    desk.adapter.synchronise()
    await desk.until(lambda: desk.state() == "available")
    desk.log.broken = True
    desk.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
    await desk.until(lambda: desk.source_state() == "lost")
    assert desk.state() == "unknown"
    assert "no space left" in (desk.engine.source_view(desk.wall).detail or "")


async def test_a_log_that_works_again_records_the_loss_and_asks_for_a_snapshot(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.pipeline.RETRY_SECONDS", 0.01)
    desk.adapter.synchronise()
    await desk.until(lambda: desk.state() == "available")
    desk.log.broken = True
    desk.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
    await desk.until(lambda: desk.source_state() == "lost")
    desk.log.broken = False
    await desk.until(lambda: desk.adapter.snapshots_asked > 0)
    kinds = [type(event).__name__ async for event in desk.log.read(None)]  # type: ignore[attr-defined]
    assert kinds[-1] == "SourceLost"
    assert "MemberPaused" not in kinds
    desk.adapter.synchronise()
    await desk.until(lambda: desk.state() == "available")
    replayed = SourceEngine(SourceConfig(source="pbx"))
    async for event in desk.log.read(None):  # type: ignore[attr-defined]
        replayed.apply(event)
    assert replayed.agent_view("pbx/Anna", desk.wall) == desk.engine.agent_view("pbx/Anna", desk.wall)


async def test_a_restart_shows_the_last_state_as_unknown_and_records_a_gap(storage: MemoryStorage) -> None:
    first = Desk(storage)
    await first.begin()
    first.adapter.synchronise()
    first.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
    await first.until(lambda: first.state() == "paused")
    await first.pipeline.stop()

    second = Desk(storage)
    second.wall = first.wall + 600
    await second.begin()
    view = second.engine.agent_view("pbx/Anna", second.wall)
    assert view is not None
    assert (view.state, view.last_state) == ("unknown", "paused")
    gaps = second.engine.source_view(second.wall).gaps
    assert [(gap.start, gap.end) for gap in gaps] == [(first.wall, None)]
    assert view.today.unknown_seconds == pytest.approx(600)
    await second.pipeline.stop()


async def test_killed_in_the_middle_nothing_that_was_shown_is_lost(storage: MemoryStorage) -> None:
    first = Desk(storage)
    await first.begin()
    first.adapter.synchronise()
    first.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
    await first.until(lambda: first.state() == "paused")
    for task in first.pipeline._tasks:  # no stop(): as a kill leaves it, nothing is saved
        task.cancel()

    second = Desk(storage)
    await second.begin()
    view = second.engine.agent_view("pbx/Anna", second.wall)
    assert view is not None
    assert view.last_state == "paused"
    assert view.presence.reason == "lunch"
    await second.pipeline.stop()


async def test_an_adapter_that_fails_is_shown_as_lost_and_started_again(storage: MemoryStorage) -> None:
    desk = Desk(storage)
    desk.adapter.fail_with = RuntimeError("defect")
    await desk.begin()
    await desk.until(lambda: desk.source_state() == "lost")
    assert "defect" in (desk.engine.source_view(desk.wall).detail or "")
    desk.adapter.running.clear()
    await desk.adapter.running.wait()
    desk.adapter.synchronise()
    await desk.until(lambda: desk.state() == "available")
    await desk.pipeline.stop()


async def test_the_reason_of_a_loss_is_what_the_source_shows(desk: Desk) -> None:
    desk.adapter.synchronise()
    desk.adapter.emit(SourceLost, reason="nothing heard for 4 s")
    await desk.until(lambda: desk.source_state() == "lost")
    assert desk.engine.source_view(desk.wall).detail == "nothing heard for 4 s"
