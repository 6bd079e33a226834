"""The feed over real connections: the conversation, its limits, slow clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from monitor.feed import Feed
from monitor.feed import broadcaster as broadcaster_module
from monitor.feed import client as client_module
from monitor.feed import server as server_module
from monitor.feed.origins import allowed
from monitor.listening import CannotListen
from tests.helpers.centre import Centre
from tests.helpers.feed_copy import FeedCopy, without_running_figures
from tests.helpers.publishing import FeedOptions, until


class Screen:
    """A client on a real connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.copy = FeedCopy()

    async def say(self, message: Any) -> None:
        text = message if isinstance(message, str) else msgspec.json.encode(message).decode()
        await self.connection.send(text)

    async def subscribe(self, **fields: Any) -> dict[str, Any]:
        """Subscribe and take the first message."""
        await self.say({"type": "subscribe", **fields})
        return await self.next()

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            return self.copy.take(await self.connection.recv())

    async def until_equal(self, centre: Centre) -> None:
        while without_running_figures(self.copy.objects) != without_running_figures(centre.everything()):
            await self.next()

    async def ending(self) -> tuple[dict[str, Any] | None, int]:
        """The error message that came and the close code."""
        error = None
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(20):
                while True:
                    told = msgspec.json.decode(await self.connection.recv())
                    if told["type"] == "error":
                        error = told
        assert self.connection.close_code is not None
        return error, self.connection.close_code


class Stage:
    """A centre, its feed and screens."""

    def __init__(self, centre: Centre, options: FeedOptions) -> None:
        self.centre = centre
        self.feed = Feed(centre.picture, options, now=centre.now, epoch="e1")
        centre.publish = self.feed.publish
        self.screens: list[Screen] = []

    async def screen(self, **options: Any) -> Screen:
        screen = Screen(await connect(self.feed.url, max_size=None, ping_interval=None, **options))
        self.screens.append(screen)
        return screen


@asynccontextmanager
async def staged(centre: Centre | None = None, **options: Any) -> AsyncIterator[Stage]:
    stage = Stage(centre or Centre().up(), FeedOptions(**options))
    await stage.feed.start()
    try:
        yield stage
    finally:
        await stage.feed.stop()
        await asyncio.gather(*(screen.connection.close() for screen in stage.screens))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage


async def test_a_subscriber_gets_a_snapshot_then_changes(stage: Stage) -> None:
    screen = await stage.screen()
    first = await screen.subscribe()
    assert list(first) == ["type", "epoch", "seq", "at", "agents", "queues", "calls", "alerts", "sources"]
    stage.centre.talks("c1", 0)
    told = await screen.next()
    assert told["type"] == "delta"
    assert told["at"] == stage.centre.at
    await screen.until_equal(stage.centre)


async def test_an_idle_feed_sends_a_change_within_a_turn_of_the_loop(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.subscribe()
    await until(lambda: stage.feed._rooms, "the client is live")
    before = stage.feed.stats.messages_sent
    stage.centre.pause(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert stage.feed.stats.messages_sent == before + 1


async def test_every_client_of_a_view_gets_the_same_bytes(stage: Stage) -> None:
    screens = [await stage.screen() for _ in range(3)]
    for screen in screens:
        await screen.subscribe()
    await until(lambda: sum(len(room.clients) for room in stage.feed._rooms.values()) == 3, "all are live")
    stage.centre.pause(1)
    got = [await screen.connection.recv(decode=False) for screen in screens]
    assert len(set(got)) == 1


async def test_resume_after_a_dropped_connection_brings_one_delta(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.subscribe()
    await screen.connection.close()
    stage.centre.pause(1).talks("c1", 0)
    again = await stage.screen()
    again.copy = screen.copy
    told = await again.subscribe(resume=screen.copy.position)
    assert told["type"] == "delta"
    await again.until_equal(stage.centre)


async def test_resume_from_another_run_brings_a_snapshot(stage: Stage) -> None:
    screen = await stage.screen()
    told = await screen.subscribe(resume={"epoch": "e0", "seq": 1})
    assert (told["type"], told["epoch"]) == ("snapshot", "e1")


async def test_a_second_subscribe_replaces_the_first(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.subscribe()
    told = await screen.subscribe(topics=["queues"], queues=["sales"])
    assert told["type"] == "snapshot"
    assert "agents" not in told
    assert [one["id"] for one in told["queues"]] == ["pbx1/sales"]
    assert len(stage.feed.broadcaster.views) == 1


async def test_silence_is_broken_by_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HEARTBEAT_SECONDS", 0.02)
    async with staged() as stage:
        screen = await stage.screen()
        await screen.subscribe()
        beats = [await screen.next() for _ in range(3)]
        assert [(one["type"], one["seq"]) for one in beats] == [("heartbeat", screen.copy.seq)] * 3


async def test_a_token_is_ignored_while_no_access_is_configured(stage: Stage) -> None:
    told = await (await stage.screen()).subscribe(token="whatever")
    assert told["type"] == "snapshot"


async def test_unknown_fields_are_ignored(stage: Stage) -> None:
    told = await (await stage.screen()).subscribe(of_a_later_version={"a": [1]})
    assert told["type"] == "snapshot"


BAD = {
    "no JSON": "{",
    "no object": "[]",
    "no type": "{}",
    "a topic that is none": '{"type":"subscribe","topics":["agents","cats"]}',
    "queues that are no list": '{"type":"subscribe","queues":"sales"}',
    "a name too long": '{"type":"subscribe","queues":["%s"]}' % ("x" * 301),
    "too many names": '{"type":"subscribe","queues":["q"' + ',"q"' * 1_000 + "]}",
    "a negative number": '{"type":"subscribe","resume":{"epoch":"e1","seq":-1}}',
    "a huge number": '{"type":"subscribe","resume":{"epoch":"e1","seq":1' + "0" * 40 + "}}",
    "deep nesting": '{"type":"subscribe","x":%s' % ("[" * 60_000),
    "half a surrogate": '{"type":"subscribe","queues":["\\ud800"]}',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
async def test_a_bad_request_is_told_and_ends_only_that_connection(stage: Stage, text: str) -> None:
    other = await stage.screen()
    await other.subscribe()
    screen = await stage.screen()
    await screen.say(text)
    error, code = await screen.ending()
    assert error is not None
    assert (error["code"], code) == ("bad_request", 1008)
    assert error["message"]
    assert stage.feed.stats.dropped["bad_request"] == 1
    stage.centre.pause(1)
    assert (await other.next())["type"] == "delta"


@pytest.mark.parametrize("message", ['{"type":"shout"}', b'{"type":"subscribe"}'], ids=["type", "binary"])
async def test_what_is_not_offered_is_called_unsupported(stage: Stage, message: str | bytes) -> None:
    screen = await stage.screen()
    await screen.connection.send(message)
    error, code = await screen.ending()
    assert error is not None
    assert (error["code"], code) == ("unsupported", 1003)


async def test_a_message_too_long_is_refused(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.say("x" * 70_000)
    _, code = await screen.ending()
    assert code == 1009


async def test_a_client_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "HELLO_SECONDS", 0.01)
    async with staged() as stage:
        error, _ = await (await stage.screen()).ending()
        assert error is not None
        assert error["code"] == "bad_request"


async def test_a_client_that_talks_without_end_is_closed(stage: Stage) -> None:
    screen = await stage.screen()
    for _ in range(100):
        try:
            await screen.say({"type": "subscribe", "topics": []})
        except ConnectionClosed:
            break
    error, _ = await screen.ending()
    assert error is not None
    assert error["code"] == "too_many_messages"


async def test_no_more_clients_than_allowed() -> None:
    async with staged(max_clients=2) as stage:
        served = [await stage.screen(), await stage.screen()]
        await served[1].subscribe()
        error, code = await (await stage.screen()).ending()
        assert error is not None
        assert (error["code"], code) == ("too_many_clients", 1013)
        assert stage.feed.stats.clients == 2
        await served[0].connection.close()
        await until(lambda: stage.feed.stats.clients == 1, "the place is free again")
        assert (await (await stage.screen()).subscribe())["type"] == "snapshot"


@pytest.mark.parametrize(
    ("origin", "listed", "served"),
    [
        (None, (), True),
        ("http://127.0.0.1:8080", (), True),
        ("https://evil.example", (), False),
        ("https://127.0.0.1.evil.example", (), False),
        ("null", (), False),
        ("http://[", (), False),
        ("https://board.example", ("https://board.example",), True),
        ("https://other.example", ("https://board.example",), False),
        ("https://other.example", ("*",), True),
    ],
)
async def test_only_pages_of_this_host_or_listed_ones_may_use_it(
    origin: str | None, listed: tuple[str, ...], served: bool
) -> None:
    async with staged(allowed_origins=listed) as stage:
        if served:
            screen = await stage.screen(origin=origin)
            assert (await screen.subscribe())["type"] == "snapshot"
        else:
            with pytest.raises(InvalidStatus) as refused:
                await stage.screen(origin=origin)
            assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("host", "public_url", "served"),
    [
        ("127.0.0.1", None, True),
        ("localhost", None, True),
        ("[::1]", None, True),
        ("rebound.example", None, False),
        ("board.example", "wss://board.example/v1/feed", True),
        ("rebound.example", "wss://board.example/v1/feed", False),
    ],
)
async def test_a_page_under_a_strangers_name_that_leads_here_may_not_use_it(
    host: str, public_url: str | None, served: bool
) -> None:
    """DNS rebinding: page and feed then have the same host, but it is not ours."""
    assert allowed(f"http://{host}:8080", f"{host}:8081", (), urlsplit(public_url or "").hostname) is served
    async with staged(public_url=public_url) as stage:
        address = f"ws://127.0.0.1:{stage.feed.port}/v1/feed"
        headers = {"Origin": f"http://{host}:8080", "Host": f"{host}:8081"}
        async with aiohttp.ClientSession() as session:
            if served:
                async with session.ws_connect(address, headers=headers) as socket_:
                    await socket_.send_str('{"type":"subscribe"}')
                    assert (await socket_.receive_json())["type"] == "snapshot"
            else:
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(address, headers=headers)
                assert refused.value.status == 403


async def test_another_path_is_not_found(stage: Stage) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(stage.feed.url.replace("/v1/feed", "/v2/feed"))
    assert refused.value.response.status_code == 404


async def test_garbage_instead_of_a_handshake_harms_nobody(stage: Stage) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.feed.port)
    writer.write(b"\x16\x03\x01garbage\r\n\r\n")
    await reader.read()
    writer.close()
    assert (await (await stage.screen()).subscribe())["type"] == "snapshot"


class Sleeper:
    """A client that subscribes and then reads nothing, with little room for what it is sent."""

    def __init__(self, stage: Stage) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.stage = stage

    async def fall_asleep(self) -> None:
        self.socket.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.stage.feed.port))
        self.connection = await connect(
            self.stage.feed.url, sock=self.socket, ping_interval=None, max_size=None, close_timeout=0.1
        )
        await self.connection.send('{"type":"subscribe"}')
        await self.connection.recv()
        self.connection.transport.pause_reading()


async def overwhelm(stage: Stage, sleeper_is: Any) -> None:
    """Let everything change again and again until a condition holds."""
    for round_ in range(100_000):
        for number in range(len(stage.centre.names)):
            stage.centre.pause(number, f"reason {round_}")
        await asyncio.sleep(0.005)
        if sleeper_is():
            return
    raise AssertionError("never came true")


async def test_a_client_that_cannot_keep_up_is_closed_and_counted_and_holds_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "BEHIND_SECONDS", 0.3)
    monkeypatch.setattr(client_module, "FAREWELL_SECONDS", 0.1)
    async with staged(Centre(agents=100).up()) as stage:
        good = await stage.screen()
        await good.subscribe()
        sleeper = Sleeper(stage)
        await sleeper.fall_asleep()
        await until(lambda: stage.feed.stats.clients == 2, "both are there")
        most = 0

        async def read() -> None:
            while True:
                await good.next()

        def gone() -> bool:
            nonlocal most
            most = max([most, *(client.unsent for client in stage.feed._clients)])
            return stage.feed.stats.dropped["too_slow"] == 1 and stage.feed.stats.clients == 1

        reading = asyncio.create_task(read())
        await overwhelm(stage, gone)
        reading.cancel()
        await asyncio.wait({reading})
        assert most < client_module.HIGH_WATER + 512 * 1024
        await good.until_equal(stage.centre)
        sleeper.connection.transport.abort()


async def test_a_client_that_wakes_in_time_gets_the_latest_state_without_a_gap() -> None:
    async with staged(Centre(agents=100).up()) as stage:
        sleeper = Sleeper(stage)
        await sleeper.fall_asleep()
        await overwhelm(stage, lambda: stage.feed._rooms == {})
        fresher = stage.feed.broadcaster.seq
        sleeper.connection.transport.resume_reading()
        positions = []
        while not positions or positions[-1][1] < fresher:
            told = msgspec.json.decode(await sleeper.connection.recv())
            positions.append((told["since"], told["seq"]))
        assert all(before[1] == after[0] for before, after in pairwise(positions))
        await until(lambda: stage.feed._rooms, "it is live again")
        stage.centre.pause(0, "at last")
        told = msgspec.json.decode(await sleeper.connection.recv())
        assert [(one["id"], one["reason"]) for one in told["agents"]] == [("pbx1/a0", "at last")]
        assert stage.feed.stats.dropped["too_slow"] == 0


async def test_a_long_snapshot_does_not_stall_the_others_and_arrives_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broadcaster_module, "SLICE", 50)
    async with staged(Centre(agents=1_000).up()) as stage:
        screen = await stage.screen()
        subscribing = asyncio.create_task(screen.subscribe())
        turns = 0
        while not subscribing.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 20
        assert len(screen.copy.objects["agents"]) == 1_000
        stage.centre.pause(7)
        await screen.until_equal(stage.centre)


async def test_a_defect_while_sending_costs_connections_but_not_the_feed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = await stage.screen()
    await screen.subscribe()
    await until(lambda: stage.feed._rooms, "the client is live")
    with monkeypatch.context() as patch:

        def broken() -> None:
            raise ValueError("a defect")

        patch.setattr(stage.feed.broadcaster, "flush", broken)
        patch.setattr(server_module.logger, "exception", lambda *_args, **_fields: None)
        stage.centre.pause(1)
        with pytest.raises(ConnectionClosed):
            await screen.connection.recv()
    again = await stage.screen()
    again.copy = screen.copy
    await again.subscribe(resume=again.copy.position)
    await again.until_equal(stage.centre)


async def test_stopping_tells_clients_that_the_service_restarts() -> None:
    async with staged() as stage:
        screen = await stage.screen()
        await screen.subscribe()
        await stage.feed.stop()
        _, code = await screen.ending()
        assert code == 1012
        await stage.feed.stop()


async def test_stopping_does_not_wait_for_those_who_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "STOP_SECONDS", 0.05)
    async with staged(Centre(agents=100).up()) as stage:
        sleeper = Sleeper(stage)
        await sleeper.fall_asleep()
        await overwhelm(stage, lambda: stage.feed._rooms == {})
        await stage.feed.stop()
        assert stage.feed.stats.clients == 0
        sleeper.connection.transport.abort()


async def test_a_taken_port_is_told_with_what_to_do(stage: Stage) -> None:
    second = Feed(stage.centre.picture, FeedOptions(port=stage.feed.port), now=stage.centre.now, epoch="e2")
    with pytest.raises(CannotListen, match=rf"can't listen on 127\.0\.0\.1:{stage.feed.port} for the feed"):
        await second.start()
    await second.stop()
