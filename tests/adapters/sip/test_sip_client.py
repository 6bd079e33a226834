"""The running adapter against a scripted server on real sockets: whatever happens to the way, it is found again."""

import asyncio
import itertools
import random
import socket
import ssl
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme

from adapters.common.backoff import Pace
from adapters.common.secrets import SecretSource
from adapters.sip.client import Access, SipAdapter
from adapters.sip.connect import HANDSHAKE_SECONDS
from adapters.sip.errors import Unreachable
from adapters.sip.inbox import STRANGERS_LIMIT, Inbox
from adapters.sip.network import CONNECTIONS_LIMIT
from adapters.sip.outputs import Count
from adapters.sip.refusals import remedy_of
from adapters.sip.settings import SECRET_KIND, client_context, listener_context, parse
from adapters.sip.timeouts import Timeouts
from adapters.sip_messages.building import response
from adapters.sip_messages.digest import Challenge, answer
from adapters.sip_messages.message import parse as parse_message
from monitor.events import LegEnded, LegRinging, LegStarted, Snapshot, SourceConnected, SourceLost
from tests.adapters.ami.loopback import RecordingHost
from tests.adapters.sip.loopback import LoopbackServer
from tests.adapters.sip.server import SECRET, USER, dialog, dialog_info

ANNA, BORIS = "sip:101@pbx.example.org", "sip:102@pbx.example.org"
CALM = Timeouts(silence=15.0)
"""Nothing in here expires by itself on a slow machine."""
QUICK = Timeouts(idle=0.3, silence=0.9, t1=0.1)
PACE = Pace(first=0.01, most=0.05, refused=0.05, refused_most=0.05)


def adapter_for(
    port: int, *, timeouts: Timeouts = CALM, directory: Path = Path(), **options: object
) -> SipAdapter:
    given = {
        "id": "sip1", "adapter": "sip", "host": "127.0.0.1", "port": port, "username": USER, "secret": SECRET,
        "watch": [ANNA, BORIS], "pace": 1_000, "registration": "none", **options,
    }  # fmt: skip
    if given.get("transport", "udp") == "udp":
        given.setdefault("listen", "127.0.0.1:0")
    settings = parse({key: value for key, value in given.items() if value is not None})
    push = settings.push
    access = Access(
        settings=settings,
        secret=SecretSource(SECRET_KIND, settings.secret, settings.secret_file, directory),
        push_secret=SecretSource(SECRET_KIND, push.secret if push else None, None, directory, prefix="push."),
        client_tls=client_context(settings, directory),
        listener_tls=listener_context(settings, directory),
    )
    return SipAdapter(access, timeouts=timeouts, pace=PACE, rng=random.Random(1))


@asynccontextmanager
async def running(adapter: SipAdapter):
    host = RecordingHost()
    task = asyncio.create_task(adapter.run(host))
    try:
        yield host
    finally:
        assert not task.done(), task  # it ends only by cancellation
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def certificates(tmp_path):
    authority = trustme.CA()
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    ours = authority.issue_cert("127.0.0.1", "localhost")
    (tmp_path / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in ours.cert_chain_pems))
    (tmp_path / "key.pem").write_bytes(ours.private_key_pem.bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return tmp_path, context


@pytest.fixture(params=["udp", "tcp", "tls"])
async def served(request, certificates):
    """A server and an adapter for it, by each transport."""
    directory, context = certificates
    async with LoopbackServer(request.param, context if request.param == "tls" else None) as server:

        def make(**options: object) -> SipAdapter:
            tls = {"tls": {"ca_file": "ca.pem"}} if request.param == "tls" else {}
            return adapter_for(
                server.port, transport=request.param, directory=directory, **{**tls, **options}
            )

        yield server, make


def names(host: RecordingHost) -> list[str]:
    return [type(event).__name__ for event in host.events]


# --- the ordinary way ----------------------------------------------------------------------------------------


async def test_connects_subscribes_and_shows_calls(served):
    server, make = served
    async with running(make()) as host:
        await host.synchronised()
        connected, snapshot = host.events
        assert isinstance(connected, SourceConnected)
        assert connected.version == "Testbed 1.0"
        assert isinstance(snapshot, Snapshot)
        assert sorted(facts.endpoint for facts in snapshot.endpoints) == [ANNA, BORIS]
        assert {facts.state for facts in snapshot.endpoints} == {"idle"}
        server.say(*server.script.tell(ANNA, dialog("1", "early", call_id="c1")))
        await host.until(lambda: host.count(LegRinging) == 1)
        server.say(*server.script.tell(ANNA))
        await host.until(lambda: host.count(LegEnded) == 1)
        assert names(host)[2:] == ["LegStarted", "LegRinging", "LegEnded"]
        assert set(server.script.statuses()) == {200}


async def test_restarted_server_is_found_and_everything_made_anew(served):
    server, make = served
    async with running(make(timeouts=QUICK)) as host:
        await host.synchronised()
        server.script.states[ANNA] = [dialog("1", "confirmed", call_id="c1")]
        await server.stop()
        await host.lost()
        await server.listen()
        await host.synchronised(2)
        snapshot = next(event for event in reversed(host.events) if isinstance(event, Snapshot))
        assert [leg.endpoint for leg in snapshot.legs] == [ANNA]
        assert len(server.script.subscriptions) == 2
        assert host.count(SourceLost) == 1


async def test_what_was_known_before_a_loss_is_unknown_until_it_is_told_again():
    async with LoopbackServer() as server, running(adapter_for(server.port, timeouts=QUICK)) as host:
        await host.synchronised()
        await server.stop()
        await host.lost()
        server.script.refused = {ANNA: (403, {})}
        await server.listen()
        await host.synchronised(2)
        snapshot = next(event for event in reversed(host.events) if isinstance(event, Snapshot))
        assert {facts.endpoint: facts.state for facts in snapshot.endpoints} == {
            ANNA: "unknown",
            BORIS: "idle",
        }


async def test_silent_network_is_loss_and_its_end_is_found(served):
    server, make = served
    async with running(make(timeouts=QUICK)) as host:
        await host.synchronised()
        server.deaf = True
        lost = await host.lost()
        assert "nothing heard" in lost.reason
        server.deaf = False
        await host.synchronised(2)


async def test_wrong_secret_is_said_once_with_a_remedy(served):
    server, make = served
    async with running(make(secret="wrong")) as host:
        lost = await host.lost()
        assert "refused the login (401" in lost.reason
        async with asyncio.timeout(20):
            while server.script.count("OPTIONS") < 4:
                await asyncio.sleep(0.01)
        (said,) = host.said("source_lost")
        assert "secret" in said["remedy"]
        assert host.count(SourceLost) == 1
        assert SECRET not in str(host.logs)


async def test_another_reason_of_a_loss_is_told_too():
    async with LoopbackServer("tcp") as server:
        await server.stop()
        async with running(adapter_for(server.port, transport="tcp", secret="wrong")) as host:
            assert "nothing listens there" in (await host.lost()).reason
            await server.listen()
            assert "refused the login" in (await host.lost(2)).reason
            async with asyncio.timeout(20):
                while server.script.count("OPTIONS") < 4:
                    await asyncio.sleep(0.01)
            assert host.count(SourceLost) == 2


async def test_silence_of_another_length_is_no_other_reason():
    async with LoopbackServer() as server, running(adapter_for(server.port, timeouts=QUICK)) as host:
        await host.synchronised()
        server.deaf = True
        await host.lost()
        await host.until(lambda: len(host.said("source_lost")) == 2)  # "no answer at all"
        assert host.count(SourceLost) == 1


async def test_requested_snapshot_comes_from_what_is_known():
    async with LoopbackServer() as server:
        adapter = adapter_for(server.port)
        adapter.request_snapshot()  # before there is a server: nothing to do
        async with running(adapter) as host:
            await host.synchronised()
            server.say(*server.script.tell(ANNA, dialog("1", "confirmed", call_id="c1")))
            await host.until(lambda: host.count(LegStarted) == 1)
            asked = len(server.script.asked)
            adapter.request_snapshot()
            await host.until(lambda: host.count(Snapshot) == 2)
            newest = host.events[-1]
            assert not newest.reconciliation
            assert [leg.endpoint for leg in newest.legs] == [ANNA]
            assert len(server.script.asked) == asked


async def test_ipv6():
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        server = LoopbackServer(host="::1")
        await server.listen()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    try:
        async with running(adapter_for(server.port, host="::1", listen="[::1]:0")) as host:
            await host.synchronised()
            server.say(*server.script.tell(ANNA, dialog("1", "early", call_id="c1")))
            await host.until(lambda: host.count(LegRinging) == 1)
    finally:
        await server.stop()


async def test_refused_endpoint_is_said_and_the_others_live_on():
    async with LoopbackServer() as server:
        server.script.refused = {ANNA: (403, {})}
        async with running(adapter_for(server.port)) as host:
            await host.synchronised()
            states = {facts.endpoint: facts.state for facts in host.events[-1].endpoints}
            assert states == {ANNA: "unknown", BORIS: "idle"}
            (said,) = host.said("subscriptions_refused")
            assert (said["number"], said["answer"], said["endpoints"]) == (1, "403 Forbidden", [ANNA])
            assert host.said("source_synchronised")[0]["refused"] == 1


# --- hostile -------------------------------------------------------------------------------------------------


async def test_junk_datagrams_are_dropped():
    async with LoopbackServer() as server:
        adapter = adapter_for(server.port)
        async with running(adapter) as host:
            await host.synchronised()
            for data in (
                b"",
                b"\x01" * 65_507,
                random.Random(1).randbytes(60_000),
                b"SIP/2.0 200 OK\r\n\r\n",
            ):
                server.say(data)
            await host.until(lambda: host.skipped["malformed"] == 3)
            server.say(*server.script.tell(ANNA, dialog("1", "early", call_id="c1")))
            await host.until(lambda: host.count(LegRinging) == 1)


async def test_datagrams_of_strangers_are_counted_and_not_answered():
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            stranger.setblocking(False)
            request = server.script.request("OPTIONS", "sip:x@y")
            for _ in range(10):
                stranger.sendto(request, server.client)
            await host.until(lambda: host.skipped["stranger"] == 10)
            with pytest.raises(BlockingIOError):
                stranger.recv(100)
        assert host.said("skipped_stranger") == [{"kind": "stranger", "address": "127.0.0.2"}]


def test_strangers_are_told_apart_up_to_a_limit():
    inbox = Inbox()
    for number in range(1_000):
        inbox.stranger(f"10.0.{number // 256}.{number % 256}")
    counts = inbox.take_counts()
    assert len(counts) == STRANGERS_LIMIT + 1
    assert sum(count.number for count in counts) == 1_000
    assert inbox.take_counts() == []


async def connect(port: int, address: str = "127.0.0.1"):
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))


async def test_connection_of_a_stranger_is_closed():
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        reader, writer = await connect(server.client[1], "127.0.0.2")
        assert await reader.read() == b""
        writer.close()
        await host.until(lambda: host.skipped["stranger"] == 1)


async def test_server_may_notify_by_a_connection_of_its_own():
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        reader, writer = await connect(server.client[1])
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        (data,) = server.script.tell(ANNA, dialog("1", "early", call_id="c1"))
        for place in range(0, len(data), 7):  # in small pieces
            writer.write(data[place : place + 7])
            await writer.drain()
        await host.until(lambda: host.count(LegRinging) == 1)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 OK\r\n")
        writer.close()


async def pour(writer: asyncio.StreamWriter, pieces: Iterator[bytes], pause: float = 0) -> None:
    for piece in pieces:
        if writer.is_closing():
            raise BrokenPipeError
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)


async def test_endless_headers_end_the_connection():
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        _reader, writer = await connect(server.client[1])
        writer.write(b"OPTIONS sip:x@y SIP/2.0\r\n")
        with pytest.raises(OSError):
            await pour(writer, itertools.repeat(b"X-Pad: " + b"x" * 5_000 + b"\r\n"))
        writer.close()
        server.say(*server.script.tell(ANNA, dialog("1", "early", call_id="c1")))
        await host.until(lambda: host.count(LegRinging) == 1)


async def test_message_that_trickles_in_is_given_up(monkeypatch):
    monkeypatch.setattr("adapters.sip.streams.MESSAGE_SECONDS", 0.2)
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        _reader, writer = await connect(server.client[1])
        writer.write(b"OPTIONS sip:x@y SIP/2.0\r\nVia: ")
        with pytest.raises(OSError):
            await pour(writer, itertools.repeat(b"x", 8_000), 0.01)
        writer.close()


async def test_too_many_connections_close_the_one_that_was_silent_longest():
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        first = await connect(server.client[1])
        others = []
        for _ in range(CONNECTIONS_LIMIT):
            others.append(await connect(server.client[1]))
            others[-1][1].write(b"\r\n\r\n")
            assert await others[-1][0].readexactly(2) == b"\r\n"
        with suppress(ConnectionResetError):
            assert await first[0].read() == b""
        await host.until(lambda: host.said("skipped_overflow") != [])
        assert host.skipped["overflow"] == 1
        for _, writer in [first, *others]:
            writer.close()


async def test_half_closed_connection_is_closed_whole():
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        reader, writer = await connect(server.client[1])
        writer.write_eof()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_stream_of_the_server_that_can_not_be_followed_is_loss():
    async with LoopbackServer("tcp") as server, running(adapter_for(server.port, transport="tcp")) as host:
        await host.synchronised()
        server.say(b"NOTIFY sip:x@y SIP/2.0\r\nno length\r\n\r\n")
        lost = await host.lost()
        assert "can't be followed" in lost.reason
        await host.synchronised(2)


async def test_waits_while_the_service_has_no_room():
    async with LoopbackServer() as server:
        adapter = adapter_for(server.port)
        async with running(adapter) as host:
            await host.synchronised()
            inbox = adapter._link._network.inbox
            host.room.clear()
            server.say(*server.script.tell(ANNA, dialog("1", "early", call_id="c1")))
            await host.until(lambda: host.count(LegRinging) == 1)
            server.say(*server.script.tell(ANNA))
            async with asyncio.timeout(10):
                while len(inbox) < 100:
                    server.say(server.script.request("OPTIONS", "sip:x@y"))
                    await asyncio.sleep(0)
            assert host.count(LegEnded) == 0
            host.room.set()
            await host.until(lambda: host.count(LegEnded) == 1)


async def test_what_comes_while_there_is_no_session_is_no_strangers():
    """What the server still says between two lives."""
    network = adapter_for(5060)._access.network(1.0)
    try:
        await network.listen()
        inbox = network.inbox
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.sendto(b"late", ("127.0.0.1", network._port))
            reader, writer = await connect(network._port)
            assert await reader.read() == b""
            writer.close()
        network.hears = lambda _host: False
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            stranger.sendto(b"strange", ("127.0.0.1", network._port))
        async with asyncio.timeout(10):
            await inbox.news.wait()
        assert inbox.take_counts() == [Count("stranger", 1, "127.0.0.2")]
    finally:
        await network.close()


# --- what is in the way --------------------------------------------------------------------------------------


async def test_nobody_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    async with running(adapter_for(port, transport="tcp")) as host:
        assert "nothing listens there" in (await host.lost()).reason
    async with running(adapter_for(port, timeouts=QUICK)) as host:
        assert "no answer at all" in (await host.lost()).reason


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_other_addresses_of_the_host_are_tried(monkeypatch, transport):
    async def addresses(*_: object) -> list[str]:
        return ["127.0.0.3", "127.0.0.1"]

    monkeypatch.setattr("adapters.sip.network.addresses_of", addresses)
    async with (
        LoopbackServer(transport) as server,
        running(adapter_for(server.port, transport=transport, timeouts=QUICK)) as host,
    ):
        await host.synchronised()
        assert host.count(SourceLost) == 0


async def test_host_that_is_not_known():
    async with running(adapter_for(5060, host="nobody.invalid")) as host:
        assert "nobody.invalid" in (await host.lost()).reason


async def test_port_of_ours_that_is_taken():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        async with running(adapter_for(5060, listen=place)) as host:
            lost = await host.lost()
            assert lost.reason == f"can't listen on {place}: the address is taken by another program"
            assert "try `check` with another `listen` port" in host.said("source_lost")[0]["remedy"]


async def test_certificate_that_is_not_trusted(certificates):
    _, context = certificates
    async with (
        LoopbackServer("tls", context) as server,
        running(adapter_for(server.port, transport="tls")) as host,
    ):
        assert "certificate is not trusted" in (await host.lost()).reason


async def test_server_without_tls():
    hasty = Timeouts(connect=0.5)
    async with (
        LoopbackServer("tcp") as server,
        running(adapter_for(server.port, transport="tls", timeouts=hasty)) as host,
    ):
        await host.lost()
        assert not host.count(SourceConnected)


async def test_server_may_call_back_by_tls(certificates):
    directory, context = certificates
    tls = {"ca_file": "ca.pem", "cert_file": "cert.pem", "key_file": "key.pem"}
    async with LoopbackServer("tls", context) as server:
        adapter = adapter_for(
            server.port, transport="tls", listen="127.0.0.1:0", tls=tls, directory=directory
        )
        async with running(adapter) as host:
            await host.synchronised()
            port = server.script.of(ANNA).contact.rpartition(":")[2].partition(";")[0]
            trust = ssl.create_default_context(cafile=directory / "ca.pem")
            _reader, writer = await asyncio.open_connection("127.0.0.1", int(port), ssl=trust)
            writer.write(server.script.tell(ANNA, dialog("1", "early", call_id="c1"))[0])
            await host.until(lambda: host.count(LegRinging) == 1)
            writer.transport.abort()


async def test_strangers_get_no_handshake_and_silent_ones_do_not_keep_others_out(certificates):
    directory, context = certificates
    tls = {"ca_file": "ca.pem", "cert_file": "cert.pem", "key_file": "key.pem"}
    async with LoopbackServer("tls", context) as server:
        adapter = adapter_for(
            server.port, transport="tls", listen="127.0.0.1:0", tls=tls, directory=directory
        )
        async with running(adapter) as host:
            await host.synchronised()
            port = int(server.script.of(ANNA).contact.rpartition(":")[2].partition(";")[0])
            reader, writer = await connect(port, "127.0.0.9")
            with suppress(ConnectionResetError):  # at once, not when a handshake was waited for in vain
                assert await asyncio.wait_for(reader.read(), HANDSHAKE_SECONDS / 2) == b""
            writer.close()
            await host.until(lambda: host.skipped["stranger"] == 1)
            silent = [await connect(port) for _ in range(CONNECTIONS_LIMIT + 3)]
            await host.until(lambda: host.skipped["overflow"] >= 3)
            trust = ssl.create_default_context(cafile=directory / "ca.pem")
            _reader, caller = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
            caller.write(server.script.tell(ANNA, dialog("1", "early", call_id="c1"))[0])
            await host.until(lambda: host.count(LegRinging) == 1)
            assert host.count(SourceLost) == 0
            for one in [caller, *(writer for _, writer in silent)]:
                one.transport.abort()


async def test_message_that_breaks_us_costs_that_message_alone(monkeypatch):
    def parse_or_break(data):
        if data == b"boom":
            raise RuntimeError("nobody foresaw this")
        return parse_message(data)

    monkeypatch.setattr("adapters.sip.session.parse", parse_or_break)
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        server.say(*[b"boom"] * 3, *server.script.tell(ANNA, dialog("1", "early", call_id="c1")))
        await host.until(lambda: host.count(LegRinging) == 1)
        assert host.skipped["untranslatable"] == 3
        (said,) = host.said("untranslatable_message")
        assert "nobody foresaw" in said["error"]
        assert said["place"].startswith("test_sip_client.py:")
        assert host.count(SourceLost) == 0


@pytest.mark.parametrize(
    "word", [b"SSH-2.0-Shell\r\n", b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", b""]
)
async def test_what_is_no_sip_server_is_called_so(word):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(word)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with running(adapter_for(port, transport="tcp")) as host:
            await host.lost()
            said = host.said("source_lost")[0]
            assert "no SIP server: see `port`" in said["remedy"]


# --- check ---------------------------------------------------------------------------------------------------


async def findings(adapter: SipAdapter) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    async for one in adapter.check(RecordingHost()):
        found.setdefault((one.level, one.subject), []).append(f"{one.message} -> {one.remedy}")
    return found


async def test_check_says_what_works_and_what_can_not_be_known():
    async with LoopbackServer() as server:
        found = await findings(adapter_for(server.port))
        assert ("ok", "server") in found
        assert ("ok", "login") in found
        assert found["ok", "event dialog"] == ["granted for 2 of 2 -> None"]
        assert "can't be told apart" in found["hint", "registration"][0]
        assert not [key for key in found if key[0] in {"error", "warning"}]
        assert server.script.subscriptions == {}  # given back


async def test_check_names_each_refusal_and_its_remedy():
    async with LoopbackServer() as server:
        server.script.refused = {ANNA: (404, {}), "presence": (489, {})}
        found = await findings(adapter_for(server.port, registration="presence"))
        assert ANNA in found["error", "event dialog"][0]
        assert "404" in found["error", "event dialog"][0]
        assert "489" in str(found["warning", "event presence"])
        assert ("hint", "registration") not in found


async def test_check_of_a_wrong_secret_and_of_nobody():
    async with LoopbackServer() as server:
        found = await findings(adapter_for(server.port, secret="wrong"))
        assert "refused the login" in found["error", "login"][0]
        port = server.port
    found = await findings(adapter_for(port, timeouts=QUICK))
    assert "no answer at all" in found["error", "server"][0]


@pytest.mark.parametrize("told", [True, False])
async def test_check_names_other_addresses_that_sip_came_from(monkeypatch, told):
    monkeypatch.setattr("adapters.sip.check.LOOK_SECONDS", 20.0 if told else 1.0)
    async with LoopbackServer() as server:
        subscribe = server.script._subscribe

        def by_another_address(asked):
            answers = subscribe(asked)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.2", 0))
                other.sendto(answers[-1], server.client)
            return answers if told or asked.target.aor == ANNA else answers[:1]

        server.script._subscribe = by_another_address
        found = await findings(adapter_for(server.port))
    (said,) = found["hint" if told else "warning", "addresses"]
    assert "127.0.0.2: no address of 127.0.0.1" in said
    if not told:
        assert "within 1 s" in found["warning", "time"][0]


async def test_check_of_many_dead_addresses_ends_in_time(monkeypatch):
    tried = []

    async def addresses(*_: object) -> list[str]:
        return [f"127.0.0.{number}" for number in range(2, 18)]

    async def nothing(address: str, *_: object) -> None:
        tried.append(address)
        await asyncio.sleep(0.2)
        raise Unreachable("no answer")

    monkeypatch.setattr("adapters.sip.check.LOOK_SECONDS", 0.5)
    monkeypatch.setattr("adapters.sip.network.addresses_of", addresses)
    monkeypatch.setattr("adapters.sip.network.open_stream", nothing)
    found = await findings(adapter_for(5060, transport="tcp"))
    assert "no answer" in found["error", "server"][0]
    assert 1 <= len(tried) <= 4


async def test_check_where_state_is_pushed(monkeypatch):
    monkeypatch.setattr("adapters.sip.check.PUSHED_SECONDS", 1.0)
    async with LoopbackServer() as server:
        server.script.refused = {"dialog": (403, {})}
        adapter = adapter_for(server.port, push={"allow": ["127.0.0.1"]})
        found = await findings(adapter)
        assert "unless it is pushed" in found["hint", "event dialog"][0]
        assert "nothing was pushed" in found["error", "push"][0]
        assert "can be forged" in found["warning", "push"][0]
        subscribe = server.script._subscribe

        def publishing(asked):
            body = dialog_info(ANNA, 0)
            more = {"body": body, "content_type": "application/dialog-info+xml"}
            return [*subscribe(asked), server.script.request("PUBLISH", ANNA, ("Event", "dialog"), **more)]

        server.script._subscribe = publishing
        found = await findings(adapter)
        assert found["ok", "push"] == ["state of 1 endpoints was pushed -> None"]


def pushing_with_a_wrong_secret(server: LoopbackServer) -> None:
    """Let a server publish with each SUBSCRIBE, and prove itself wrongly when it is challenged."""
    script = server.script
    hear = script.receive

    def publish(*headers):
        return script.request(
            "PUBLISH", ANNA, ("Event", "dialog"), *headers, body=dialog_info(ANNA, 0), **TYPED
        )

    def receive(data):
        said = hear(data)
        message = parse_message(data)
        if getattr(message, "method", "") == "SUBSCRIBE":
            said.append(publish())
        elif getattr(message, "status", 0) == 401 and message.cseq_method == "PUBLISH" and not told:
            told.append(True)
            challenges = Challenge.parse_all(message.all("WWW-Authenticate"))
            said.append(
                publish(("Authorization", answer(challenges, "pusher", "wrong", "PUBLISH", ANNA, "c", 1)))
            )
        return said

    told: list[bool] = []
    script.receive = receive


TYPED = {"content_type": "application/dialog-info+xml"}
PUSH = {"username": "pusher", "secret": "pu5h"}


async def test_check_says_whose_push_is_refused(monkeypatch):
    monkeypatch.setattr("adapters.sip.check.PUSHED_SECONDS", 1.0)
    async with LoopbackServer() as server:
        server.script.refused = {"dialog": (403, {})}
        pushing_with_a_wrong_secret(server)
        found = await findings(adapter_for(server.port, push=PUSH))
    said = "\n".join(found["error", "push"])
    assert "nothing was granted, and nothing was pushed" in said
    assert "1 PUBLISH from 127.0.0.1 refused: wrong user or secret" in said


async def test_log_says_whose_push_is_refused():
    async with LoopbackServer() as server:
        pushing_with_a_wrong_secret(server)
        async with running(adapter_for(server.port, push=PUSH)) as host:
            await host.until(lambda: host.said("skipped_unauthenticated") != [])
            (said,) = host.said("skipped_unauthenticated")
            assert (said["address"], said["method"]) == ("127.0.0.1", "PUBLISH")
            assert "secret of `push`" in said["remedy"]


async def test_refusals_are_told_apart_by_status_not_by_words():
    async with LoopbackServer() as server:
        everybody = [f"sip:{number}@pbx.example.org" for number in range(100, 140)]
        subscribe = server.script._subscribe

        def refusing(asked):
            said = subscribe(asked)
            if said[0].startswith(b"SIP/2.0 401") or asked.target.aor == everybody[0]:
                return said
            return [response(asked, 403, to_tag="t", reason=f"No {asked.call_id}")]

        server.script._subscribe = refusing
        async with running(adapter_for(server.port, watch=everybody)) as host:
            await host.synchronised()
            (said,) = host.said("subscriptions_refused")
            assert said["number"] == 39
        found = await findings(adapter_for(server.port, watch=everybody))
        assert len(found["error", "event dialog"]) == 1


def test_remedy_of_an_unknown_address_names_hints_and_lists():
    remedy = remedy_of(404, "404 Not Found", "dialog")
    assert "hint" in remedy
    assert "resource_list" in remedy
