"""What every backend of the log must do: the same tests for each."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.events import Event, EventIds, Tick
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
        st.tuples(st.just("trim"), st.integers(0, 40)),
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
                outcome = await log.trim(float(number))
            case _:
                outcome = await log.open_epoch()
    except StorageMisused as error:
        outcome = type(error)
    return outcome, await everything(log), await log.load()


def _event(number: int) -> Event:
    return Tick(source="pbx1", at=float(number), id=f"{1:010d}-{number:010d}")
