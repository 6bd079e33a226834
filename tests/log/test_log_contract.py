"""What every backend of the log must do: the same tests for each."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.events import Event, EventIds, Snapshot, SourceConnected, SourceLost, Tick
from monitor.log import EventLog, Storage, StorageError, StorageMisused, open_storage
from tests.log.conftest import Backend, Events


async def everything(log: EventLog, after: str | None = None) -> list[Event]:
    return [event async for event in log.read(after)]


async def test_what_was_appended_is_read_back_equal_and_in_order(storage: Storage, events: Events) -> None:
    written = [*events.ticks(3), events.joined("Жанна d'Arc \u2028 \U0001f600"), events.snapshot(500)]
    log = storage.log("pbx1")
    assert await log.append(written) == [event.id for event in written]
    assert await everything(log) == written


async def test_an_empty_log_reads_as_nothing(storage: Storage) -> None:
    log = storage.log("pbx1")
    assert await everything(log) == []
    assert await log.load() == ({}, None)
    assert await log.append([]) == []


async def test_reading_after_an_id_begins_with_the_next(storage: Storage, events: Events) -> None:
    written = events.ticks(5)
    log = storage.log("pbx1")
    await log.append(written)
    assert await everything(log, written[1].id) == written[2:]
    assert await everything(log, written[-1].id) == []


async def test_reading_many_events_loses_none_between_batches(storage: Storage, events: Events) -> None:
    written = [*events.ticks(3_500), *(events.snapshot(3_000) for _ in range(4)), *events.ticks(10)]
    log = storage.log("pbx1")
    await log.append(written)
    assert await everything(log) == written


async def test_what_is_appended_while_reading_is_read_too(storage: Storage, events: Events) -> None:
    log = storage.log("pbx1")
    first, second = events.ticks(2)
    await log.append([first])
    seen = []
    async for event in log.read():
        seen.append(event)
        if event == first:
            await log.append([second])
    assert seen == [first, second]


async def test_a_retry_changes_nothing(storage: Storage, events: Events) -> None:
    written = events.ticks(3)
    log = storage.log("pbx1")
    await log.append(written)
    more = events.ticks(2)
    assert await log.append([*written[1:], *more]) == [event.id for event in more]
    assert await log.append([*written, *more]) == []
    assert await everything(log) == [*written, *more]


async def test_an_event_given_twice_in_one_append_is_written_once(storage: Storage, events: Events) -> None:
    (event,) = events.ticks(1)
    log = storage.log("pbx1")
    assert await log.append([event, event]) == [event.id]
    assert await everything(log) == [event]


async def test_an_id_that_comes_too_late_is_refused_and_nothing_of_its_append_written(
    storage: Storage, events: Events
) -> None:
    first, late, newest, never = events.ticks(4)
    log = storage.log("pbx1")
    await log.append([first, newest])
    with pytest.raises(StorageMisused, match="second service"):
        await log.append([never, late])
    with pytest.raises(StorageMisused):
        await log.append([late])
    assert await everything(log) == [first, newest]


async def test_an_event_of_another_source_is_refused(storage: Storage, events: Events) -> None:
    with pytest.raises(StorageMisused, match="'pbx1'"):
        await storage.log("pbx2").append(events.ticks(1))


async def test_sources_do_not_mix(storage: Storage) -> None:
    one, two = Events("pbx1"), Events("pbx2")
    for events in (one, two):
        log = storage.log(events.source)
        await log.open_epoch()
        await log.append(events.ticks(2))
        await log.save({"agent": events.source.encode()}, events.ticks(1)[0].id)
    for events in (one, two):
        log = storage.log(events.source)
        assert {event.source for event in await everything(log)} == {events.source}
        assert (await log.load())[0] == {"agent": events.source.encode()}
        assert await log.open_epoch() == 2


async def test_appends_of_many_sources_at_once_all_arrive(storage: Storage) -> None:
    sources = [Events(f"pbx{number}") for number in range(8)]
    parts = [(events, events.ticks(5)) for events in sources for _ in range(10)]
    await asyncio.gather(*(storage.log(events.source).append(part) for events, part in parts))
    for events in sources:
        expected = [event for owner, part in parts if owner is events for event in part]
        assert await everything(storage.log(events.source)) == expected


async def test_one_refused_append_does_not_take_its_neighbours_with_it(storage: Storage) -> None:
    good, bad = Events("pbx1"), Events("pbx2")
    late, newest = bad.ticks(2)
    await storage.log("pbx2").append([newest])
    # The first keeps the writer busy, so that the next three wait together.
    results = await asyncio.gather(
        storage.log("pbx1").append(good.ticks(1)),
        storage.log("pbx1").append(good.ticks(2)),
        storage.log("pbx2").append([late]),
        storage.log("pbx1").append(good.ticks(3)),
        return_exceptions=True,
    )
    assert isinstance(results[2], StorageMisused)
    assert len(await everything(storage.log("pbx1"))) == 6
    assert await everything(storage.log("pbx2")) == [newest]


async def test_an_append_whose_caller_gave_up_harms_no_other(storage: Storage, events: Events) -> None:
    log = storage.log("pbx1")
    first = asyncio.create_task(log.append(events.ticks(1)))
    second = asyncio.create_task(log.append(events.ticks(1)))
    third = asyncio.create_task(log.append(events.ticks(1)))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, second, third, return_exceptions=True)
    last = events.ticks(1)
    assert await third
    assert await log.append(last) == [last[0].id]


async def test_epochs_only_grow(storage: Storage) -> None:
    log = storage.log("pbx1")
    assert [await log.open_epoch() for _ in range(3)] == [1, 2, 3]


async def test_an_epoch_is_larger_than_that_of_any_event(storage: Storage) -> None:
    log = storage.log("pbx1")
    await log.append(Events(epoch=41).ticks(1))
    assert await log.open_epoch() == 42


async def test_saved_entities_are_replaced_removed_and_kept(storage: Storage, events: Events) -> None:
    log = storage.log("pbx1")
    first, second = events.ticks(2)
    await log.append([first, second])
    await log.save({"a": b"1", "b": b"2", "c": b"\x00\xff"}, first.id)
    await log.save({"a": b"3", "b": None, "never": None}, second.id)
    assert await log.load() == ({"a": b"3", "c": b"\x00\xff"}, second.id)


async def test_the_state_does_not_go_back(storage: Storage, events: Events) -> None:
    log = storage.log("pbx1")
    first, second = events.ticks(2)
    await log.append([first, second])
    await log.save({"a": b"2"}, second.id)
    with pytest.raises(StorageMisused, match="go back"):
        await log.save({"a": b"1"}, first.id)
    await log.save({"a": b"3"}, second.id)
    assert await log.load() == ({"a": b"3"}, second.id)


async def test_trimming_keeps_what_comes_after_the_cursor_however_old(
    storage: Storage, events: Events
) -> None:
    log = storage.log("pbx1")
    written = events.ticks(10)
    await log.append(written)
    assert await log.trim(written[-1].at + 1e6) == 0
    await log.save({}, written[5].id)
    assert await log.trim(written[3].at) == 3
    assert await everything(log) == written[3:]
    assert await log.trim(written[-1].at + 1e6) == 3
    assert await everything(log) == written[6:]
    assert await log.trim(written[-1].at + 1e6) == 0


async def test_trimming_goes_through_a_long_history(storage: Storage, events: Events) -> None:
    log = storage.log("pbx1")
    written = events.ticks(5_000)
    await log.append(written)
    await log.save({}, written[-1].id)
    assert await log.trim(written[4_500].at) == 4_500
    assert await everything(log) == written[4_500:]


async def test_a_trimmed_log_still_refuses_what_is_older(storage: Storage, events: Events) -> None:
    log = storage.log("pbx1")
    written = events.ticks(3)
    await log.append(written)
    await log.save({}, written[-1].id)
    await log.trim(written[-1].at + 1)
    with pytest.raises(StorageMisused):
        await log.append(written[:1])
    assert await log.open_epoch() == 2


HOUR = 3_600.0


class Day:
    """A source whose lists are compared again and again, with an event between two comparisons."""

    def __init__(self, begins: float = 500_000 * HOUR) -> None:
        self.ids = EventIds(1)
        self.at = begins
        self.events: list[Event] = []

    def tell(self, kind: type[Event], **fields: object) -> Event:
        self.events.append(kind(source="pbx1", at=self.at, id=self.ids(), **fields))
        return self.events[-1]

    def snapshot(self, **fields: object) -> Event:
        return self.tell(Snapshot, taken_at=self.at, **fields)

    def compares(self, times: int, every: float = 600.0) -> list[Event]:
        compared = []
        for _ in range(times):
            self.at += every
            self.tell(Tick)
            compared.append(self.snapshot(reconciliation=True))
        return compared

    async def in_log(self, log: EventLog) -> None:
        """Write it event by event, as it happens, and save the state after all of it."""
        for event in self.events:
            await log.append([event])
        await log.save({}, self.events[-1].id)


def snapshots(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Snapshot)]


async def test_of_comparisons_the_first_of_each_hour_is_kept_and_all_other_events(storage: Storage) -> None:
    day, log = Day(), storage.log("pbx1")
    day.tell(SourceConnected)
    first = day.snapshot()
    day.at -= 1.0
    compared = day.compares(18)  # three hours, six an hour: the first ones of the hours are 0, 6 and 12
    others = [event for event in day.events if not isinstance(event, Snapshot)]
    await day.in_log(log)
    assert await log.trim(0.0, compared[11].at + 1) == 10
    left = await everything(log)
    assert snapshots(left) == [first, compared[0], compared[6], *compared[12:]]
    assert [event for event in left if not isinstance(event, Snapshot)] == others
    assert await log.trim(0.0, compared[11].at + 1) == 0
    assert await log.trim(0.0, day.at + 1) == 5
    assert snapshots(await everything(log)) == [first, compared[0], compared[6], compared[12]]


@pytest.mark.parametrize(
    ("before", "fields"),
    [
        ([SourceConnected], {"reconciliation": True}),
        ([SourceLost], {"reconciliation": True}),
        ([SourceLost, SourceConnected, Tick], {"reconciliation": False}),
        ([], {"reconciliation": False}),
        ([], {"reconciliation": True, "restarted": True}),
    ],
    ids=["connected", "lost", "lost and connected", "no comparison", "restarted"],
)
async def test_a_snapshot_that_begins_a_time_in_sync_is_kept(
    storage: Storage, before: list[type[Event]], fields: dict[str, object]
) -> None:
    day, log = Day(), storage.log("pbx1")
    day.snapshot()
    kept = day.compares(1, every=10.0)
    day.compares(1, every=10.0)
    for kind in before:
        day.tell(kind, **({"reason": "x"} if kind is SourceLost else {}))
    kept.append(day.snapshot(**fields))
    day.compares(3, every=10.0)
    await day.in_log(log)
    assert await log.trim(0.0, day.at + 1) == 4
    assert snapshots(await everything(log))[1:] == kept


async def test_comparisons_after_the_cursor_are_kept_however_old(storage: Storage) -> None:
    day, log = Day(), storage.log("pbx1")
    day.snapshot()
    day.compares(10, every=10.0)
    await log.append(day.events)
    assert await log.trim(0.0, day.at + 1) == 0
    await log.save({}, day.events[10].id)
    assert await log.trim(0.0, day.at + 1) == 4
    assert len(snapshots(await everything(log))) == 7


async def test_an_append_that_was_refused_leaves_no_trace_in_what_is_kept(storage: Storage) -> None:
    day, log = Day(), storage.log("pbx1")
    first = day.snapshot()
    compared = day.compares(2, every=10.0)
    await log.append(day.events)
    lost = SourceLost(source="pbx2", at=day.at, id=day.ids(), reason="of another source")
    with pytest.raises(StorageMisused):
        await log.append([SourceLost(source="pbx1", at=day.at, id=day.ids(), reason="x"), lost])
    after = day.compares(1, every=10.0)
    await log.append(day.events)
    await log.save({}, day.events[-1].id)
    assert await log.trim(0.0, day.at + 1) == 2
    assert snapshots(await everything(log)) == [first, compared[0]]
    assert after[0] not in await everything(log)


async def test_thinning_goes_through_many_comparisons_and_survives_a_restart(durable: Backend) -> None:
    storage = durable.open()
    day, log = Day(), storage.log("pbx1")
    first = day.snapshot()
    compared = day.compares(300, every=20.0)
    await log.append(day.events)
    await log.save({}, day.events[-1].id)
    await storage.close()
    log = durable.open().log("pbx1")
    assert await log.trim(0.0, day.at + 1) == 298
    assert snapshots(await everything(log)) == [first, compared[0], compared[179]]
    after = [day.snapshot(reconciliation=True), *day.compares(1, every=20.0)]
    await log.append(day.events[-3:])
    await log.save({}, day.events[-1].id)
    assert (
        await log.trim(0.0, day.at + 1) == 1
    )  # the first one of a run is kept: nobody knows what came before
    assert snapshots(await everything(log)) == [first, compared[0], compared[179], after[0]]


async def test_a_log_in_which_all_comparisons_were_thinned_still_refuses_what_is_older(
    storage: Storage,
) -> None:
    day, log = Day(), storage.log("pbx1")
    day.snapshot()
    day.compares(5, every=10.0)
    await day.in_log(log)
    await log.trim(0.0, day.at + 1)
    with pytest.raises(StorageMisused):
        await log.append([day.events[-1]])


async def test_closing_twice_is_harmless_and_use_after_it_an_error(storage: Storage, events: Events) -> None:
    log = storage.log("pbx1")
    await log.append(events.ticks(1))
    await storage.close()
    await storage.close()
    for use in (log.append(events.ticks(1)), log.open_epoch(), log.load(), log.save({}, "x"), log.trim(0)):
        with pytest.raises(StorageError, match="closed"):
            await use
    with pytest.raises(StorageError, match="closed"):
        await everything(log)


async def test_closing_writes_what_waits(durable: Backend, events: Events) -> None:
    storage = durable.open()
    written = events.ticks(3)
    waiting = [asyncio.create_task(storage.log("pbx1").append([event])) for event in written]
    await asyncio.sleep(0)
    await storage.close()
    assert await asyncio.gather(*waiting) == [[event.id] for event in written]
    assert await everything(durable.open().log("pbx1")) == written


async def test_everything_is_there_after_opening_again(durable: Backend, events: Events) -> None:
    storage = durable.open()
    log = storage.log("pbx1")
    epoch = await log.open_epoch()
    written = events.ticks(5)
    await log.append(written)
    await log.save({"a": b"1"}, written[2].id)
    await storage.close()
    log = durable.open().log("pbx1")
    assert await log.open_epoch() > epoch
    assert await log.load() == ({"a": b"1"}, written[2].id)
    assert await everything(log) == written
    with pytest.raises(StorageMisused):
        await log.append([Tick(source="pbx1", at=0, id=EventIds(0)())])


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(1, 30), max_size=4)),
        st.tuples(st.just("save"), st.integers(1, 30)),
        st.tuples(st.just("trim"), st.integers(0, 20_000)),
        st.tuples(st.just("epoch"), st.none()),
        st.tuples(st.just("reopen"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(operations=OPERATIONS)
def test_sqlite_behaves_like_memory_whatever_is_done(
    operations: list[tuple[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.db"
    asyncio.run(_compare(operations, path))


async def _compare(operations: list[tuple[str, object]], path: Path) -> None:
    memory, sqlite = open_storage("memory://"), open_storage(f"sqlite:///{path}")
    try:
        for name, argument in operations:
            if name == "reopen":
                await sqlite.close()
                sqlite = open_storage(f"sqlite:///{path}")
                continue
            results = [await _do(storage.log("pbx1"), name, argument) for storage in (memory, sqlite)]
            assert results[0] == results[1], name
    finally:
        await sqlite.close()
        await memory.close()


async def _do(log: EventLog, name: str, argument: object) -> object:
    outcome: object
    try:
        match name, argument:
            case "append", list(numbers):
                outcome = await log.append([_event(number) for number in numbers])
            case "save", int(number):
                outcome = await log.save({f"k{number % 3}": b"v", f"k{number % 2}": None}, _event(number).id)
            case "trim", int(number):
                outcome = await log.trim(float(number), number * 2.0)
            case _:
                outcome = await log.open_epoch()
    except StorageMisused as error:
        outcome = type(error)
    return outcome, await everything(log), await log.load()


def _event(number: int) -> Event:
    id_ = f"{1:010d}-{number:010d}"
    if number % 7 == 0:
        return SourceConnected(source="pbx1", at=number * HOUR / 3, id=id_)
    if number % 7 > 2:
        return Snapshot(source="pbx1", at=number * HOUR / 3, id=id_, taken_at=0.0, reconciliation=True)
    return Tick(source="pbx1", at=number * HOUR / 3, id=id_)
