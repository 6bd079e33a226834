"""The running adapter on real loopback sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import struct
import time
from pathlib import Path

import pytest
import uvloop

from adapters.contract import Adapter
from adapters.hep import capture, factory, listener, translate
from monitor.events import LegAnswered, LegEnded, LegStarted, Snapshot, SourceConnected, SourceLost
from tests.adapters.hep.host import OPTIONS, Agent, RecordingHost, hep, running
from tests.adapters.hep.ladder import ANNA, PBX, Leg, register, words

OLD = struct.pack("!BBBBHH4s4s", 2, 16, 2, 17, 5060, 5060, b"\x0a\0\0\1", b"\x0a\0\0\2") + b"INVITE"


def a_call() -> list:
    call = Leg("101", "5000", src=ANNA, dst=PBX)
    return [call.invite(), call.reply(100), call.reply(200), call.ack(), call.bye(), call.reply(200)]


async def open_tcp(port):
    return await asyncio.open_connection("127.0.0.1", port)


async def test_first_packet_brings_the_snapshot_and_calls_follow():
    async with running(servers=["10.0.0.5"]) as (adapter, host):
        assert isinstance(adapter, Adapter)
        assert [type(one) for one in host.events] == [SourceConnected], "nothing came: not yet synchronised"
        with Agent(adapter.port) as agent:
            agent.send(*a_call())
            await host.until(lambda: host.count(LegEnded) == 1)
        kinds = [type(one) for one in host.events]
        assert kinds[:3] == [SourceConnected, SourceConnected, Snapshot]
        assert words(host.events[3:]) == [
            "started 101 outbound 5000",
            "idle 101",
            "answered 101",
            "ended 101: hung up",
        ]
        assert [one.id for one in host.events] == sorted(one.id for one in host.events)


async def test_servers_are_learnt_and_logged():
    async with running() as (adapter, host):
        with Agent(adapter.port) as agent:
            agent.send(*register("777", "10.0.9.9:5060", status=401), *a_call())
            await host.until(lambda: host.count(LegEnded) == 1)
        assert host.said("server_learnt") == [{"servers": ["10.0.0.5"]}]


async def test_packets_over_tcp_in_any_pieces():
    async with running(servers=["10.0.0.5"]) as (adapter, host):
        _, writer = await open_tcp(adapter.port)
        stream = b"".join(hep(step, protocol=socket.IPPROTO_TCP) for step in a_call())
        for begin in range(0, len(stream), 700):
            writer.write(stream[begin : begin + 700])
            await writer.drain()
        await host.until(lambda: host.count(LegEnded) == 1)
        writer.close()


async def test_ipv6_is_listened_on():
    async with running(listen="[::1]:0", servers=["10.0.0.5"]) as (adapter, host):
        with Agent(adapter.port, "::1") as agent:
            agent.send(*a_call())
            await host.until(lambda: host.count(LegEnded) == 1)


async def test_wrong_and_missing_keys_are_counted_and_change_nothing():
    async with running(servers=["10.0.0.5"], key="right") as (adapter, host):
        with Agent(adapter.port) as agent:
            agent.send(*a_call())
            agent.send(*a_call(), key=b"wrong")
            await host.until(lambda: host.skipped["key_missing"] == 6 and host.skipped["key_wrong"] == 6)
            assert [type(one) for one in host.events] == [SourceConnected]
            assert len(host.said("skipped_key_wrong")) == 1
            agent.send(*a_call(), key=b"right")
            await host.until(lambda: host.count(LegEnded) == 1)
        assert "right" not in str(host.logs)


async def test_rotated_key_needs_no_restart(tmp_path, monkeypatch):
    monkeypatch.setattr("adapters.hep.capture.REREAD", 0.0)
    path = tmp_path / "key"
    path.write_text("old\n")
    async with running(servers=["10.0.0.5"], key_file=str(path)) as (adapter, host):
        with Agent(adapter.port) as agent:
            agent.send(a_call()[0], key=b"old")
            await host.until(lambda: host.count(Snapshot) == 1)
            path.write_text("new\n")
            agent.send(*a_call(), key=b"new")
            await host.until(lambda: host.count(LegEnded) == 1)


async def test_sender_that_is_not_allowed_is_counted_and_said_once():
    async with running(allow=["192.0.2.0/24"]) as (adapter, host):
        with Agent(adapter.port) as agent:
            agent.send(*a_call())
            await host.until(lambda: host.skipped["not_allowed"] == 6)
        reader, writer = await open_tcp(adapter.port)
        with pytest.raises(OSError):  # noqa: PT012 - either end of the connection may notice first
            if await reader.read() == b"":
                raise OSError
        writer.close()
        assert len(host.said("skipped_not_allowed")) == 1
        assert host.said("skipped_not_allowed")[0]["sender"] == "127.0.0.1"
        assert [type(one) for one in host.events] == [SourceConnected]


async def test_old_versions_and_junk_are_counted_and_said_once_a_sender():
    async with running() as (adapter, host):
        with Agent(adapter.port) as agent:
            for _ in range(3):
                agent.raw(OLD)
                agent.raw(b"HEP3\xff\xff" + bytes(60_000))
            await host.until(lambda: host.skipped["old_version"] == 3 and host.skipped["bad_packet"] == 3)
        (said,) = host.said("skipped_old_version")
        assert said["version"] == 2
        assert len(host.said("skipped_bad_packet")) == 1


async def test_other_protocols_are_counted_and_show_that_the_agent_lives():
    async with running() as (adapter, host):
        with Agent(adapter.port) as agent:
            agent.send(a_call()[0], type=5)
            await host.until(lambda: host.count(Snapshot) == 1)
        assert host.skipped["not_sip"] == 1


async def test_silence_loses_the_source_and_the_next_packet_begins_anew():
    async with running(servers=["10.0.0.5"], silent_after=1.0) as (adapter, host):
        with Agent(adapter.port) as agent:
            agent.send(*a_call()[:3])
            await host.until(lambda: host.count(SourceLost) == 1)
            (lost,) = [one for one in host.events if isinstance(one, SourceLost)]
            assert lost.reason == "nothing captured for 1 s"
            agent.send(*register("777", "10.0.9.9:5060"))
            await host.until(lambda: host.count(Snapshot) == 2)
        snapshot = [one for one in host.events if isinstance(one, Snapshot)][-1]
        assert snapshot.legs == ()
        assert {one.state for one in snapshot.endpoints} == {"unknown"}


async def test_snapshot_that_is_asked_for_tells_what_goes_on():
    async with running(servers=["10.0.0.5"]) as (adapter, host):
        adapter.request_snapshot()
        with Agent(adapter.port) as agent:
            agent.send(*a_call()[:4])
            await host.until(lambda: host.count(LegAnswered) == 1)
            before = host.count(Snapshot)
            adapter.request_snapshot()
            await host.until(lambda: host.count(Snapshot) == before + 1)
        snapshot = host.events[-1]
        assert isinstance(snapshot, Snapshot)
        assert [leg.state for leg in snapshot.legs or ()] == ["answered"]
        assert snapshot.work == "endpoints"


ON_EACH_LOOP = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
"""The service runs on uvloop, whose errors say less."""


@ON_EACH_LOOP
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_address_in_use_is_told_and_tried_again_until_it_is_free(run, kind):
    async def story() -> None:
        with socket.socket(type=kind) as taken:
            taken.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            adapter, host = factory(OPTIONS | {"listen": where}, Path()), RecordingHost()
            task = asyncio.create_task(adapter.run(host))
            await host.until(lambda: host.count(SourceLost) == 1)
            said = host.said("source_lost")[0]
            assert said["reason"] == f"{where} is in use"
            assert "choose another port" in said["remedy"]
            taken.close()
            await host.until(lambda: host.count(SourceConnected) == 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    run(story())


@ON_EACH_LOOP
def test_address_of_another_machine_is_told(run):
    async def story() -> None:
        listen = {"listen": "192.0.2.1:9060", "allow": ["192.0.2.0/24"]}
        adapter, host = factory(OPTIONS | listen, Path()), RecordingHost()
        task = asyncio.create_task(adapter.run(host))
        await host.until(lambda: host.count(SourceLost) == 1)
        assert host.said("source_lost")[0]["reason"] == "192.0.2.1:9060 is no address of this machine"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(story())


@ON_EACH_LOOP
def test_free_port_is_one_that_is_free_for_udp_and_tcp_alike(run, monkeypatch):
    async def story() -> None:
        taken: list[socket.socket] = []
        bind = listener.bound_datagram_socket

        def after_another(address: str, port: int, **options: int) -> socket.socket:
            if len(taken) < 3:  # somebody else has it for UDP
                taken.append(bind(address, port))
            return bind(address, port, **options)

        monkeypatch.setattr(listener, "bound_datagram_socket", after_another)
        async with running(servers=["10.0.0.5"]) as (adapter, host):
            assert len(taken) == 3
            assert not host.count(SourceLost)
            assert adapter.port not in {one.getsockname()[1] for one in taken}
            _, writer = await open_tcp(adapter.port)
            writer.write(hep(register("777", "10.0.9.9:5060")[0]))
            await host.until(lambda: host.count(Snapshot) == 1)
            with Agent(adapter.port) as agent:
                agent.send(*a_call())
                await host.until(lambda: host.count(LegEnded) == 1)
            writer.transport.abort()
        for one in taken:
            one.close()

    run(story())


async def test_tries_to_listen_again_come_soon_at_first_then_ever_less_often(monkeypatch):
    loop = asyncio.get_running_loop()
    tries: list[float] = []
    enough = asyncio.Event()
    open_for_real = listener.Listener.open

    async def counted(self: listener.Listener) -> None:
        tries.append(loop.time())
        if len(tries) == 4:
            enough.set()
        await open_for_real(self)

    monkeypatch.setattr(listener.Listener, "open", counted)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        host = RecordingHost()
        task = asyncio.create_task(factory(OPTIONS | {"listen": where}, Path()).run(host))
        async with asyncio.timeout(20):
            await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    waits = [after - before for before, after in itertools.pairwise(tries)]
    assert all(wait >= least for wait, least in zip(waits, (0.1, 0.2, 0.4), strict=True))
    assert sum(waits) < 3.0, "at most 0.2 + 0.4 + 0.8 s, and what a busy machine adds"
    assert len(host.said("source_lost")) == 1, "said once while it stays the same"


async def test_thousand_connections_are_bounded_and_packets_still_come():
    async with running(servers=["10.0.0.5"]) as (adapter, host):
        writers = []
        for _ in range(1_000):
            _, writer = await open_tcp(adapter.port)
            writers.append(writer)
        await host.until(
            lambda: host.skipped["too_many_connections"] >= 1_000 - listener.CONNECTIONS_PER_SENDER
        )
        running_listener = adapter._listener
        assert running_listener is not None
        assert len(running_listener.connections) == listener.CONNECTIONS_PER_SENDER
        with Agent(adapter.port) as agent:
            agent.send(*a_call())
            await host.until(lambda: host.count(LegEnded) == 1)
        for writer in writers:
            writer.transport.abort()


async def test_stream_that_trickles_or_says_nothing_is_cut(monkeypatch):
    monkeypatch.setattr(listener, "STALLED", 0.3)
    async with running() as (adapter, host):
        slow_reader, slow = await open_tcp(adapter.port)
        mute_reader, mute = await open_tcp(adapter.port)
        slow.write(b"HEP3\xff\xff")

        async def trickle() -> None:
            while not slow.is_closing():
                slow.write(b"x")
                await asyncio.sleep(0.05)

        task = asyncio.create_task(trickle())
        for reader in (slow_reader, mute_reader):
            async with asyncio.timeout(20):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
        await host.until(lambda: host.skipped["broken_stream"] == 2)
        task.cancel()
        for writer in (slow, mute):
            writer.transport.abort()


async def test_stream_of_something_else_is_cut_and_counted():
    async with running() as (adapter, host):
        reader, writer = await open_tcp(adapter.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await host.until(lambda: host.skipped["broken_stream"] == 1)
        with pytest.raises(ConnectionError):  # noqa: PT012
            if await reader.read() == b"":
                raise ConnectionError
        writer.close()


async def test_datagrams_beyond_the_bound_are_counted_and_connections_wait(monkeypatch):
    monkeypatch.setattr(listener, "QUEUE_PACKETS", 50)
    async with running(servers=["10.0.0.5"]) as (adapter, host):
        _, writer = await open_tcp(adapter.port)
        with Agent(adapter.port) as agent:
            agent.send(a_call()[0])
            await host.until(lambda: host.count(Snapshot) == 1)
            host.room.clear()
            for _ in range(200):
                agent.raw(b"junk")
                await asyncio.sleep(0)
            await host.until(lambda: host.skipped["overrun"] > 0)
            waiting = adapter._listener
            assert waiting is not None
            assert len(waiting._waiting) <= 50
            writer.write(b"".join(hep(step) for step in a_call()) * 20)
            host.room.set()
            await host.until(lambda: host.count(LegEnded) == 1)
        writer.close()


async def test_connection_is_not_read_while_there_is_no_room_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(listener, "QUEUE_PACKETS", 50)
    async with running(servers=["10.0.0.5"]) as (adapter, host):
        waiting = adapter._listener
        assert waiting is not None
        _, writer = await open_tcp(adapter.port)
        writer.write(hep(register("777", "10.0.9.9:5060")[0]))
        await host.until(lambda: host.count(Snapshot) == 1)
        host.room.clear()
        calls = [Leg("101", "5000", src=ANNA, dst=PBX, call=f"call-{n}") for n in range(1_500)]
        packets = [hep(step) for call in calls for step in (call.invite(), call.reply(100), call.bye())]
        writer.write(b"".join(packets))
        (connection,) = waiting.connections
        with Agent(adapter.port) as agent:
            for n in range(10):  # a datagram that was looked at: so was the connection, if it is read
                before = host.skipped["overrun"]
                while host.skipped["overrun"] == before:
                    agent.raw(b"junk")
                    await asyncio.sleep(0.001)
                if n == 0:
                    held = len(waiting._waiting)
                assert connection._paused
                assert len(waiting._waiting) == held
        one_read = 256 * 1_024 // min(map(len, packets)) + 1
        assert held <= 50 + one_read < len(packets) / 3, "what does not fit stays with the sender"
        host.room.set()
        await host.until(lambda: host.count(LegEnded) == len(calls))
        assert set(host.skipped) == {"overrun"}
        writer.close()


async def test_many_connections_together_bring_no_more_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(listener, "QUEUE_PACKETS", 50)
    async with running(key="s3cret") as (adapter, host):
        waiting = adapter._listener
        assert waiting is not None
        host.room.clear()
        writers = [(await open_tcp(adapter.port))[1] for _ in range(10)]
        while len(waiting.connections) < len(writers):
            await asyncio.sleep(0.001)
        for writer in writers:
            writer.write(b"HEP3\x00\x06" * 2_000)
        while not waiting.full:
            await asyncio.sleep(0.001)
        writers.append((await open_tcp(adapter.port))[1])
        writers[-1].write(b"HEP3\x00\x06" * 2_000)
        with Agent(
            adapter.port
        ) as agent:  # datagrams that were looked at: so were the connections, if they are read
            while host.skipped["overrun"] < 10 or len(waiting.connections) < len(writers):
                agent.raw(b"junk")
                await asyncio.sleep(0.001)
        assert all(one._paused for one in waiting.connections)
        assert len(waiting._waiting) <= 50 + 2_000
        host.room.set()
        await host.until(lambda: host.skipped["bad_packet"] + host.skipped["key_missing"] >= 22_000)
        for writer in writers:
            writer.close()


async def test_small_packets_count_with_what_they_take_beside_their_bytes(monkeypatch):
    monkeypatch.setattr(listener, "QUEUE_BYTES", 10_000)
    async with running() as (adapter, host):
        waiting = adapter._listener
        assert waiting is not None
        host.room.clear()
        with Agent(adapter.port) as agent:
            while not host.skipped["overrun"]:
                agent.raw(b"HEP3\x00\x06")
                await asyncio.sleep(0)
        assert len(waiting._waiting) <= 50
        host.room.set()


async def test_dear_packets_do_not_keep_others_from_their_turn(monkeypatch):
    taken = []

    def dear(self, data, sender, at, now):
        taken.append(at)
        time.sleep(0.005)
        return []

    monkeypatch.setattr(capture.Capture, "receive", dear)
    async with running() as (adapter, _):
        _, writer = await open_tcp(adapter.port)
        writer.write(b"HEP3\x00\x06" * 150)
        most = 0
        while len(taken) < 150:
            before = len(taken)
            await asyncio.sleep(0)
            most = max(most, len(taken) - before)
        assert 0 < most <= 4
        writer.close()


async def test_one_odd_message_does_not_cost_the_source(monkeypatch):
    async with running(servers=["10.0.0.5"]) as (adapter, host):
        with Agent(adapter.port) as agent:
            parse = translate.parse
            monkeypatch.setattr(translate, "parse", lambda *_, **__: 1 / 0)
            agent.send(a_call()[0])
            await host.until(lambda: host.skipped["untranslatable"] == 1)
            monkeypatch.setattr(translate, "parse", parse)
            agent.send(*a_call())
            await host.until(lambda: host.count(LegStarted) == 1)
