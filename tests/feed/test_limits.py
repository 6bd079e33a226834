"""The feed's limits: who connects and does not subscribe, or sends frames without end, harms nobody else."""

from __future__ import annotations

import asyncio
import gc
import struct
from collections import Counter
from typing import Any

import pytest

from monitor.feed import broadcaster as broadcaster_module
from monitor.feed import connection as connection_module
from monitor.feed import server as server_module
from monitor.feed.broadcaster import Broadcaster
from monitor.feed.messages import Subscribe
from monitor.feed.view import Filter, View
from tests.feed.test_server import Stage, staged
from tests.helpers.centre import Centre
from tests.helpers.publishing import until

ASK = (
    b"GET /v1/feed HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HALF = ASK[:-20]


def frame(kind: int, data: bytes) -> bytes:
    """A whole frame (RFC 6455 section 5.2) under a mask of zeros."""
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
    return bytes([0x80 | kind]) + length + bytes(4) + data


SUBSCRIBE = frame(1, b'{"type":"subscribe"}')
PING, PONG, TEXT = 9, 10, 1


async def call(stage: Stage, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.feed.port)
    writer.write(data)
    return reader, writer


async def ended(reader: asyncio.StreamReader) -> None:
    try:
        while await asyncio.wait_for(reader.read(65_536), 10):
            pass
    except ConnectionError:
        pass


async def flood(writer: asyncio.StreamWriter, data: bytes) -> None:
    while True:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0)


@pytest.mark.parametrize("data", [b"", HALF], ids=["nothing", "half a head"])
async def test_a_connection_that_does_not_finish_its_handshake_is_closed(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "HANDSHAKE_SECONDS", 0.05)
    async with staged() as stage:
        reader, writer = await call(stage, data)
        await ended(reader)
        writer.close()
        await until(lambda: not len(stage.feed._door), "its place is given back")


async def test_who_has_not_finished_its_handshake_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_module, "STOP_SECONDS", 0.05)
    monkeypatch.setattr(connection_module, "HANDSHAKE_SECONDS", 3_600.0)
    async with staged() as stage:
        reader, writer = await call(stage, HALF)
        await until(lambda: len(stage.feed._door) == 1, "it is there")
        async with asyncio.timeout(10):
            await stage.feed.stop()
        await ended(reader)
        writer.close()


async def test_a_client_keeps_its_place_as_long_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "HANDSHAKE_SECONDS", 0.05)
    async with staged() as stage:
        screen = await stage.screen()
        await screen.subscribe()
        await asyncio.sleep(0.1)
        stage.centre.pause(1)
        assert (await screen.next())["type"] == "delta"


async def test_those_who_only_hold_connections_open_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "NEWCOMERS", 3)
    async with staged(max_clients=2) as stage:
        screen = await stage.screen()
        await screen.subscribe()
        held = [await call(stage, HALF) for _ in range(12)]
        await until(lambda: len(stage.feed._door) == 5, "all places are taken")
        another = await stage.screen()
        assert (await another.subscribe())["type"] == "snapshot"
        stage.centre.pause(1)
        assert (await screen.next())["type"] == "delta"
        assert len(stage.feed._door) == 5
        for _, writer in held:
            writer.transport.abort()


@pytest.mark.parametrize("kind", [PING, PONG, TEXT])
@pytest.mark.parametrize("reads", [True, False], ids=["reading", "not reading"])
async def test_who_sends_frames_without_end_is_cut_off_and_counted(kind: int, reads: bool) -> None:
    async with staged() as stage:
        good = await stage.screen()
        await good.subscribe()
        _, writer = await call(stage, ASK + SUBSCRIBE)
        await until(lambda: stage.feed.stats.clients == 2, "both are there")
        if not reads:
            writer.transport.pause_reading()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flood(writer, frame(kind, b"x" * 100) * 100), 10)
        await until(lambda: stage.feed.stats.clients == 1, "its place is given back")
        assert stage.feed.stats.dropped["too_many_messages"] == 1
        stage.centre.pause(1)
        assert (await good.next())["type"] == "delta"


async def test_a_read_full_of_tiny_frames_is_left_where_it_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = 0
    original = connection_module.ServerConnection.data_received

    def counting(self: connection_module.ServerConnection, data: bytes) -> None:
        nonlocal taken
        taken += len(data)
        original(self, data)

    monkeypatch.setattr(connection_module.ServerConnection, "data_received", counting)
    async with staged() as stage:
        reader, writer = await call(stage, ASK + frame(PING, b"") * 100_000)
        await ended(reader)
        writer.close()
        assert taken < 3 * connection_module.PIECE


@pytest.mark.parametrize("subscribes", [True, False])
async def test_a_client_that_leaves_before_it_is_sent_anything_leaves_nothing_half_begun(
    stage: Stage, subscribes: bool
) -> None:
    """A coroutine that nobody awaits would be told as a warning, which fails this test and litters the log."""
    screen = await stage.screen()
    await screen.subscribe()
    await until(lambda: stage.feed._rooms, "the client is live")
    (client,) = stage.feed._clients
    assert client._view is not None
    if subscribes:
        await client._subscribe(Subscribe())
    else:
        client.fall_behind(client._view, client._view.seq)
    assert client._behind is not None
    client._behind.cancel()
    await asyncio.wait({client._behind})
    gc.collect()


async def test_no_more_different_selections_than_a_change_can_be_compared_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broadcaster_module, "MAX_VIEWS", 2)
    async with staged() as stage:
        first = await stage.screen()
        for selection in (["sales"], ["support"], ["sales"]):
            assert (await (await stage.screen()).subscribe(queues=selection))["type"] == "snapshot"
        refused = await stage.screen()
        await refused.say({"type": "subscribe", "queues": ["other"]})
        error, code = await refused.ending()
        assert error is not None
        assert (error["code"], code) == ("too_many_clients", 1013)
        assert (await first.subscribe())["type"] == "snapshot"  # everything is always served
        assert stage.feed.stats.clients == 4


async def test_many_different_selections_at_once_are_prepared_one_slice_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broadcaster_module, "SLICE", 10)
    turn = 0
    seen: Counter[int] = Counter()
    original = View.sees

    def counting(self: View, *args: Any) -> bool:
        seen[turn] += 1
        return original(self, *args)

    monkeypatch.setattr(View, "sees", counting)
    centre = Centre(agents=100).up()
    broadcaster = Broadcaster(centre.picture, epoch="e1", now=centre.now)
    views = [broadcaster.join(Filter(queues=frozenset({f"q{number}"}))) for number in range(20)]
    building = asyncio.gather(
        *(broadcaster.snapshot(view) for view in views), *(broadcaster.prepare(view) for view in views)
    )
    while not building.done():
        await asyncio.sleep(0)
        turn += 1
    assert sum(seen.values()) > 20 * 2 * 100
    assert max(seen.values()) <= 10


async def test_a_client_that_pings_and_answers_pings_is_welcome(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.subscribe()
    for _ in range(50):
        await (await screen.connection.ping())
    stage.centre.pause(1)
    assert (await screen.next())["type"] == "delta"


@pytest.fixture
async def stage():
    async with staged() as stage:
        yield stage
