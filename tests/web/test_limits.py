"""The HTTP side's limits: who connects and says nothing, too slowly or too much keeps nobody else out."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from monitor.engine import Picture
from monitor.feed import Feed
from monitor.model import Agent
from monitor.web import WebServer, connections, handlers
from monitor.web.sending import TURN
from tests.helpers.centre import Centre
from tests.helpers.publishing import WALLBOARD, FeedOptions, HttpOptions, alerts_of, metrics_of, until

ASK = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
SOON = 0.05


class Caller:
    """A connection that says what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self) -> None:
        """Say a letter every now and then."""
        while True:
            await self.say(b"x")
            await asyncio.sleep(SOON / 10)

    async def answer(self) -> bytes:
        """Take one answer."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head + await self.reader.readexactly(length)

    async def ended(self) -> bytes:
        """Wait until the other side ends the connection; return what came before."""
        rest = b""
        try:
            while data := await asyncio.wait_for(self.reader.read(65_536), 10):
                rest += data
        except ConnectionError:
            pass
        return rest


class Listener:
    """A web server, and connections to it."""

    def __init__(self, server: WebServer, picture: Picture) -> None:
        self.server = server
        self.picture = picture
        self.callers: list[Caller] = []

    @property
    def connections(self) -> int:
        return len(self.server._door)

    async def begin(self, data: bytes) -> Caller:
        """Connect and say something."""
        caller = Caller(*await asyncio.open_connection("127.0.0.1", self.server.port))
        self.callers.append(caller)
        caller.writer.write(data)
        return caller

    async def call(self, data: bytes = b"") -> Caller:
        """Connect, say something, and wait until the connection has its place."""
        before = self.connections
        caller = await self.begin(data)
        await until(lambda: self.connections != before or self.connections == connections.PLACES, "it is in")
        return caller


@asynccontextmanager
async def listening(centre: Centre | None = None) -> AsyncIterator[Listener]:
    centre = centre or Centre().up()
    feed = Feed(centre.picture, FeedOptions(), now=centre.now, epoch="e1")
    server = WebServer(
        centre.picture,
        HttpOptions(),
        now=centre.now,
        feed=feed,
        metrics=metrics_of(centre.picture, feed, centre.now),
        wallboard=WALLBOARD,
        alerts=alerts_of(centre.picture, centre.now),
    )
    await server.start()
    listener = Listener(server, centre.picture)
    try:
        yield listener
    finally:
        for caller in listener.callers:
            caller.writer.transport.abort()
        await server.stop()
        await until(lambda: not listener.connections, "every place is given back")


@pytest.mark.parametrize("data", [b"", b"G", HALF], ids=["nothing", "a letter", "half a head"])
async def test_a_connection_that_does_not_finish_its_first_head_is_closed(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SOON)
    async with listening() as listener:
        caller = await listener.call(data)
        assert await caller.ended() == b""


async def test_a_head_that_comes_drop_by_drop_has_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SOON)
    async with listening() as listener:
        caller = await listener.call(HALF)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(caller.drip(), 10)


async def test_a_second_head_that_begins_has_the_time_of_a_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as listener:
        caller = await listener.call(ASK)
        assert b" 200 OK" in await caller.answer()
        monkeypatch.setattr(connections, "HEAD_SECONDS", SOON)
        await caller.say(HALF)
        assert await caller.ended() == b""


async def test_a_connection_that_asks_no_more_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", SOON)
    async with listening() as listener:
        caller = await listener.call(ASK)
        assert b" 200 OK" in await caller.answer()
        assert await caller.ended() == b""


async def test_a_connection_that_asks_again_and_again_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.5)
    async with listening() as listener:
        caller = await listener.call()
        for _ in range(12):
            await caller.say(ASK)
            assert b" 200 OK" in await caller.answer()
            await asyncio.sleep(0.05)


async def test_a_request_has_all_the_time_that_its_answer_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SOON)
    async with listening() as listener:
        runner = listener.server._runner
        assert runner is not None
        async with runner.app[TURN]:  # nobody else's turn comes
            caller = await listener.begin(ASK.replace(b"healthz", b"api/v1/agents"))
            await asyncio.sleep(3 * SOON)
        assert b" 200 OK" in await caller.answer()


async def test_who_takes_no_answers_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", SOON)
    ask = b"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    async with listening() as listener:
        caller = await listener.call()
        caller.writer.transport.pause_reading()
        await caller.say(ask * 900)  # some megabytes of answers, more than the system's buffers take
        await until(lambda: not listener.connections, "it is cut off")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 8_000) for n in range(20)),
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 200_000,
    ],
    ids=["head", "body"],
)
async def test_who_says_too_much_is_cut_off(data: bytes) -> None:
    async with listening() as listener:
        caller = await listener.begin(data)
        await caller.ended()
        await until(lambda: not listener.connections, "its place is given back")


async def test_a_head_as_long_as_browsers_and_proxies_make_it_is_served() -> None:
    async with listening() as listener:
        cookies = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 4_000) for n in range(8))
        caller = await listener.call(ASK[:-2] + cookies + b"\r\n")
        assert b" 200 OK" in await caller.answer()


async def test_those_who_only_hold_connections_open_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PLACES", 5)
    async with listening() as listener:
        idle = await listener.call(ASK)
        await idle.answer()
        held = [await listener.call(HALF) for _ in range(4)]
        assert listener.connections == 5
        caller = await listener.call(ASK)
        assert b" 200 OK" in await caller.answer()
        assert listener.connections == 5
        assert await idle.ended() == b""  # it had kept us waiting longest
        await held[-1].say(b"x\r\n\r\n")
        assert b" 200 OK" in await held[-1].answer()


async def test_many_large_answers_at_once_are_made_one_slice_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "SLICE", 10)
    async with listening(Centre(agents=200).up()) as listener:
        turn = 0
        made: Counter[int] = Counter()
        picture = listener.picture
        original = picture.agent_view

        def counting(id_: str, at: float) -> Agent | None:
            made[turn] += 1
            return original(id_, at)

        monkeypatch.setattr(picture, "agent_view", counting)
        ask = b"GET /api/v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

        async def whole() -> bytes:
            return await (await listener.begin(ask)).ended()

        answers = asyncio.gather(*(whole() for _ in range(30)))
        while not answers.done():
            await asyncio.sleep(0)
            turn += 1
        assert all(b"pbx1/a199" in answer for answer in await answers)
        assert sum(made.values()) == 30 * 200
        assert max(made.values()) <= 10


async def test_what_is_no_request_is_answered_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as listener:
        with caplog.at_level(logging.DEBUG):
            for data in (b"\x16\x03\x01 garbage\r\n\r\n", ASK[:-2] + b"X: %s\r\n\r\n" % (b"a" * 9_000)):
                caller = await listener.begin(data)
                assert b" 400 " in await caller.ended()
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_packed_body_is_not_unpacked(caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"
    async with listening() as listener:
        caller = await listener.call(head + b"no gzip !")
        assert b" 405 " in await caller.answer()
        await caller.say(ASK)
        assert b" 200 OK" in await caller.answer()
