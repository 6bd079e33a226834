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

from adapters.sip.backoff import Pace
from adapters.sip.client import Access, SipAdapter
from adapters.sip.network import CONNECTIONS_LIMIT
from adapters.sip.settings import SecretSource, client_context, listener_context, parse
from adapters.sip.timeouts import Timeouts
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
        "watch": [ANNA, BORIS], "pace": 1_000, **options,
    }  # fmt: skip
    if given.get("transport", "udp") == "udp":
        given.setdefault("listen", "127.0.0.1:0")
    settings = parse({key: value for key, value in given.items() if value is not None})
    push = settings.push
    access = Access(
        settings=settings,
        secret=SecretSource(settings.secret, settings.secret_file, directory),
        push_secret=SecretSource(push.secret if push else None, None, directory, option="push."),
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
        await host.until(lambda: host.skipped["overflow"] == 1)
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
    async with LoopbackServer() as server, running(adapter_for(server.port)) as host:
        await host.synchronised()
        host.room.clear()
        server.say(*server.script.tell(ANNA, dialog("1", "early", call_id="c1")))
        await host.until(lambda: host.count(LegRinging) == 1)
        for _ in range(3_000):
            server.say(server.script.request("OPTIONS", "sip:x@y"))
            await asyncio.sleep(0)
        host.room.set()
        server.say(*server.script.tell(ANNA))
        await host.until(lambda: host.count(LegEnded) == 1 or host.skipped["overflow"] > 0)


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


async def test_check_where_state_is_pushed(monkeypatch):
    monkeypatch.setattr("adapters.sip.check.PUSHED_SECONDS", 1.0)
    async with LoopbackServer() as server:
        server.script.refused = {"dialog": (403, {})}
        adapter = adapter_for(server.port, push={"allow": ["127.0.0.1"]})
        found = await findings(adapter)
        assert "unless it is pushed" in found["hint", "event dialog"][0]
        assert "nothing was pushed" in found["hint", "push"][0]
        assert "can be forged" in found["warning", "push"][0]
        subscribe = server.script._subscribe

        def publishing(asked):
            body = dialog_info(ANNA, 0)
            more = {"body": body, "content_type": "application/dialog-info+xml"}
            return [*subscribe(asked), server.script.request("PUBLISH", ANNA, ("Event", "dialog"), **more)]

        server.script._subscribe = publishing
        found = await findings(adapter)
        assert found["ok", "push"] == ["state of 1 endpoints was pushed -> None"]
