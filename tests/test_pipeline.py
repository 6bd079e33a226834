"""What the pipeline promises: durable before shown, and nothing shown that the log did not take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
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
    Tick,
)
from monitor.log.contract import EventLog, StorageUnavailable
from monitor.log.memory import MemoryStorage
from monitor.pipeline import NotOfThisSource, SourcePipeline


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
        self.tell_all()

    def compare(self, *, paused: bool) -> None:
        self.tell_all(reconciliation=True, paused=paused)

    def tell_all(self, *, reconciliation: bool = False, paused: bool = False) -> None:
        assert self.host is not None
        self.emit(
            Snapshot,
            taken_at=self.host.now(),
            reconciliation=reconciliation,
            queues=(QueueFacts(queue="sales"),),
            members=(
                MemberFacts(
                    queue="sales",
                    interface="PJSIP/101",
                    name="Anna",
                    endpoint="PJSIP/101",
                    state="idle",
                    paused=paused,
                    reason="lunch" if paused else None,
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

    def log_writable(self, source: str, *, writable: bool) -> None:
        self.names.append("log written" if writable else "log refused")


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
    assert desk.ingest.names[-1] == "log refused"
    desk.log.broken = False
    await desk.until(lambda: desk.adapter.snapshots_asked > 0)
    assert "log written" in desk.ingest.names
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


@pytest.mark.parametrize(
    "wrong",
    [{"source": "other"}, {"id": ""}, {"id": "0000000000-0000000001"}],
    ids=["source", "no id", "old id"],
)
async def test_an_event_that_can_not_be_the_next_of_its_source_is_the_adapters_defect_and_is_not_kept(
    desk: Desk, wrong: dict[str, str]
) -> None:
    desk.adapter.synchronise()
    await desk.until(lambda: desk.source_state() == "up")
    host = desk.pipeline
    good = MemberPaused(
        source="pbx", at=host.now(), id=host.next_id(), queue="sales", interface="PJSIP/101", reason="lunch"
    )
    bad = msgspec.structs.replace(good, id=wrong.get("id", host.next_id()), source=wrong.get("source", "pbx"))
    with pytest.raises(NotOfThisSource, match=r"MemberPaused of the source '(pbx|other)'"):
        host.emit([good, bad])
    desk.adapter.synchronise()  # all or nothing: this comes next
    await desk.until(lambda: desk.ingest.names.count("Snapshot") == 2)
    assert desk.ingest.names == ["SourceConnected", "Snapshot"] * 2


async def test_an_adapter_that_can_not_be_asked_for_a_snapshot_does_not_end_its_sources_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.adapter.synchronise()
    await desk.until(lambda: desk.source_state() == "up")
    apply = desk.engine.apply

    def defective(event: Event) -> None:
        if isinstance(event, MemberPaused):
            raise KeyError("a defect")
        apply(event)

    def unasked() -> None:
        asked.set()
        raise RuntimeError("another defect")

    asked = asyncio.Event()
    monkeypatch.setattr(desk.engine, "apply", defective)
    monkeypatch.setattr(desk.adapter, "request_snapshot", unasked)
    desk.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
    await desk.until(asked.is_set)
    desk.adapter.compare(paused=True)
    await desk.until(lambda: desk.source_state() == "up")


async def test_the_reason_of_a_loss_is_what_the_source_shows(desk: Desk) -> None:
    desk.adapter.synchronise()
    desk.adapter.emit(SourceLost, reason="nothing heard for 4 s")
    await desk.until(lambda: desk.source_state() == "lost")
    assert desk.engine.source_view(desk.wall).detail == "nothing heard for 4 s"


async def test_an_event_that_the_engine_can_not_apply_costs_the_picture_until_the_next_snapshot_not_the_service(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.begin()
    desk.adapter.synchronise()
    await desk.until(lambda: desk.source_state() == "up")
    apply = desk.engine.apply

    def defective(event: Event) -> None:
        if isinstance(event, MemberPaused):
            raise KeyError("a defect")
        apply(event)

    monkeypatch.setattr(desk.engine, "apply", defective)
    desk.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
    await desk.until(lambda: desk.source_state() == "lost")
    assert desk.adapter.snapshots_asked == 1
    desk.adapter.compare(paused=True)
    await desk.until(lambda: desk.source_state() == "up")
    view = desk.engine.agent_view("pbx/Anna", desk.wall)
    assert view is not None
    assert (view.state, view.reason) == ("paused", "lunch")
    await desk.pipeline.stop()


@pytest.mark.parametrize("kind", [Snapshot, SourceLost])
async def test_a_snapshot_or_loss_that_can_not_be_applied_is_not_asked_for_over_and_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: type[Event]
) -> None:
    await desk.begin()
    refused = 0
    apply = desk.engine.apply

    def defective(event: Event) -> None:
        nonlocal refused
        if isinstance(event, kind):
            refused += 1
            raise KeyError("a defect")
        apply(event)

    monkeypatch.setattr(desk.engine, "apply", defective)
    desk.adapter.synchronise()
    desk.adapter.emit(SourceLost, reason="nothing heard for 4 s")
    desk.adapter.emit(Tick)
    await desk.until(lambda: refused == 1 and not desk.pipeline._inbox)
    assert desk.adapter.snapshots_asked == 0
    await desk.pipeline.stop()


async def test_an_event_in_the_log_that_can_not_be_applied_does_not_keep_the_service_from_starting(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(storage)
    await desk.begin()
    desk.adapter.synchronise()
    desk.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
    await desk.until(lambda: desk.source_state() == "up")
    for task in desk.pipeline._tasks:  # as if killed: nothing is saved
        task.cancel()
    again = Desk(storage)
    apply = again.engine.apply

    def defective(event: Event) -> None:
        if isinstance(event, MemberPaused):
            raise KeyError("a defect")
        apply(event)

    monkeypatch.setattr(again.engine, "apply", defective)
    await again.begin()
    view = again.engine.agent_view("pbx/Anna", again.wall)
    assert view is not None
    assert view.state == "unknown"
    await again.pipeline.stop()


async def test_comparisons_leave_the_log_an_hour_after_the_state_was_saved_and_it_still_rebuilds_the_state(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.pipeline.SAVE_SECONDS", 0.0)
    monkeypatch.setattr("monitor.pipeline.TRIM_SECONDS", 0.0)
    desk = Desk(storage)
    await desk.begin()
    desk.adapter.synchronise()
    times = [desk.wall + 600 * number for number in range(1, 31)]  # five hours
    for number, desk.wall in enumerate(times):
        if number == 10:
            desk.adapter.emit(MemberPaused, queue="sales", interface="PJSIP/101", reason="lunch")
        desk.adapter.compare(paused=number >= 10)
        await desk.until(lambda: desk.engine.now == desk.wall and not desk.engine.suspects)

    async def kept() -> list[Event]:
        return [event async for event in desk.log.read(None)]  # type: ignore[attr-defined]

    firsts = {at // 3600: at for at in reversed(times)}.values()
    expected = [at for at in times if at in firsts or at >= desk.wall - 3600]
    async with asyncio.timeout(10):
        while True:
            events = await kept()
            snapshots = [event for event in events if isinstance(event, Snapshot)]
            if [event.at for event in snapshots if event.reconciliation] == expected:
                break
            desk.adapter.emit(Tick)  # each save is followed by a trim
            await asyncio.sleep(0.001)
    assert len(expected) < 15
    assert not snapshots[0].reconciliation
    assert [type(event) for event in events].count(MemberPaused) == 1
    rebuilt = SourceEngine(SourceConfig(source="pbx"))
    for event in events:
        rebuilt.apply(event)
    assert rebuilt.agent_view("pbx/Anna", desk.wall) == desk.engine.agent_view("pbx/Anna", desk.wall)
    assert rebuilt.corrections == desk.engine.corrections
    without_beginning = SourceEngine(SourceConfig(source="pbx"))
    for event in events:
        if event.at > times[8]:  # the connection began before the oldest event that is kept
            without_beginning.apply(event)
    view = without_beginning.agent_view("pbx/Anna", desk.wall)
    assert view is not None
    assert (view.state, view.reason) == ("paused", "lunch")
    await desk.pipeline.stop()
