"""The running adapter against a scripted PBX on real sockets: whatever happens to a connection, it comes back."""

import asyncio
import random
import shutil
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.ami import TRANSLATION
from adapters.ami.client import AmiAdapter, Endpoint
from adapters.ami.settings import SECRET_KIND, parse, tls_context
from adapters.ami.timeouts import Timeouts
from adapters.common.backoff import Pace
from adapters.common.secrets import SecretSource
from monitor.events import EndpointStateChanged, Snapshot, SourceConnected, SourceLost
from tests.adapters.ami.loopback import LoopbackPbx, RecordingHost, say_nothing
from tests.adapters.ami.script import BANNER, DENIED, SECRET, say

CALM = Timeouts(
    boot_untold=0.2, settling=0.05, ping_spacing=0.05, spacing=0.05, reconcile=60.0, silence=15.0, banner=15.0
)
"""Nothing in here expires by itself on a slow machine."""
PACE = Pace(first=0.01, most=0.05, refused=0.05, refused_most=0.05)


def adapter_for(
    port: int, *, secret: str = SECRET, timeouts: Timeouts = CALM, **options: object
) -> AmiAdapter:
    settings = parse(
        {"id": "pbx1", "adapter": "ami", "port": port, "username": "monitor", "secret": secret, **options}
    )
    endpoint = Endpoint(
        settings=settings,
        secret=SecretSource(SECRET_KIND, settings.secret, settings.secret_file, Path()),
        tls=tls_context(settings, Path()),
    )
    return AmiAdapter(endpoint, TRANSLATION, timeouts=timeouts, pace=PACE, rng=random.Random(1))


@asynccontextmanager
async def running(adapter: AmiAdapter):
    host = RecordingHost()
    task = asyncio.create_task(adapter.run(host))
    try:
        yield host
    finally:
        assert not task.done(), task  # it ends only by cancellation
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def pbx():
    async with LoopbackPbx() as server:
        yield server


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# --- the ordinary way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["md5", "plain"])
async def test_connects_logs_in_and_brings_the_snapshot(pbx, auth):
    async with running(adapter_for(pbx.port, auth=auth)) as host:
        await host.synchronised()
        connected, snapshot = host.events
        assert isinstance(connected, SourceConnected)
        assert (connected.source, connected.version) == ("pbx1", "22.10.1")
        assert isinstance(snapshot, Snapshot)
        assert not snapshot.reconciliation
        assert [member.name for member in snapshot.members] == ["Anna", "Boris"]
        assert connected.id < snapshot.id


async def test_works_without_any_write_permission(pbx):
    actions = (
        "CoreShowChannels",
        "DeviceStateList",
        "ExtensionStateList",
        "GetConfig",
        "CoreSettings",
        "CoreStatus",
    )
    pbx.script.refused = dict.fromkeys(actions, DENIED)
    adapter = adapter_for(pbx.port)
    async with running(adapter) as host:
        await host.synchronised()
        assert host.said("source_synchronised")[0]["missing"] == ["channels", "devices", "hints", "config"]
        adapter.request_snapshot()
        await host.until(lambda: host.count(Snapshot) == 2)
        assert [pbx.script.names().count(action) for action in actions] == [1] * 6


async def test_events_of_one_read_come_in_one_batch_and_in_order(pbx):
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        batches = len(host.batches)
        states = ["INUSE", "ONHOLD", "NOT_INUSE"] * 5
        event = "Event: DeviceStateChange", "Privilege: call,all", "Device: PJSIP/101"
        pbx.say(b"".join(say(*event, f"State: {state}") for state in states))
        await host.until(lambda: host.count(EndpointStateChanged) == len(states))
        told = [event.state for event in host.events if isinstance(event, EndpointStateChanged)]
        assert told == ["in_use", "on_hold", "idle"] * 5
        assert len(host.batches) == batches + 1


async def test_reconciles_by_itself_and_on_request(pbx):
    timeouts = Timeouts(reconcile=0.1, reconcile_factor=0.0, spacing=0.05, settling=0.05)
    async with running(adapter_for(pbx.port, timeouts=timeouts)) as host:
        await host.until(lambda: host.count(Snapshot) >= 3)
        snapshots = [event for event in host.events if isinstance(event, Snapshot)]
        assert [snapshot.reconciliation for snapshot in snapshots[:3]] == [False, True, True]
        assert pbx.connections == 1


async def test_request_wakes_a_waiting_connection(pbx):
    timeouts = Timeouts(idle=60, silence=60, ping_every=60, reconcile=300, spacing=0.01, settling=0.05)
    adapter = adapter_for(pbx.port, timeouts=timeouts)
    adapter.request_snapshot()  # before there is a connection: nothing to do
    async with running(adapter) as host:
        await host.synchronised()
        adapter.request_snapshot()
        await host.until(lambda: host.count(Snapshot) == 2)


async def test_reads_no_further_while_the_service_has_no_room(pbx):
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        host.room.clear()
        pbx.say(say("Event: DeviceStateChange", "Device: PJSIP/101", "State: INUSE"))
        await host.until(lambda: host.count(EndpointStateChanged) == 1)
        flood = say("Event: DeviceStateChange", "Device: PJSIP/102", "State: INUSE", "Pad: " + "x" * 1_000)
        pbx.say(flood * 20_000)  # more than all buffers on the way hold
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await pbx.writers[-1].drain()
        assert host.count(EndpointStateChanged) == 1
        host.room.set()
        async with asyncio.timeout(10):
            await pbx.writers[-1].drain()
        await host.synchronised()


# --- loss and return -----------------------------------------------------------------------------------------


async def test_cut_in_the_middle_of_a_message_is_survived(pbx):
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        pbx.say(b"Event: DeviceStateChange\r\nDevice: PJSIP/101\r\nState: INU")
        await pbx.writers[-1].drain()
        pbx.cut()
        lost = await host.lost()
        assert lost.at <= host.now()
        await host.synchronised(times=2)
        assert host.count(EndpointStateChanged) == 0
        assert host.count(SourceLost) == 1


async def test_orderly_close_is_a_loss(pbx):
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        pbx.writers[-1].close()
        assert "closed the connection" in (await host.lost()).reason
        await host.synchronised(times=2)


async def test_shutdown_is_told_at_once_and_the_restart_with_the_next_snapshot(pbx):
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        pbx.script.start_date = "2026-11-24"
        pbx.say(say("Event: Shutdown", "Privilege: system,all", "Shutdown: Cleanly", "Restart: True"))
        assert "restarts" in (await host.lost()).reason
        await host.synchronised(times=2)
        snapshots = [event for event in host.events if isinstance(event, Snapshot)]
        assert [snapshot.restarted for snapshot in snapshots] == [False, True]
        assert [snapshot.reconciliation for snapshot in snapshots] == [False, False]


async def test_silent_half_open_connection_is_lost_and_replaced(pbx):
    async with running(adapter_for(pbx.port, timeouts=Timeouts(idle=0.1, silence=0.5))) as host:
        await host.synchronised()
        pbx.script.silent = {"Ping"}  # as if the cable were pulled
        lost = await host.lost()
        assert "sign of life" in lost.reason
        pbx.script.silent = set()
        await host.synchronised(times=2)


async def test_banner_that_never_comes_is_given_up(pbx):
    pbx.behaviours = [say_nothing]
    async with running(adapter_for(pbx.port, timeouts=Timeouts(banner=0.3))) as host:
        assert "greeting" in (await host.lost()).reason
        await host.synchronised()


async def test_login_that_is_never_answered_is_given_up(pbx):
    async def mute_after_greeting(reader, writer):
        writer.write(BANNER)
        await say_nothing(reader, writer)

    pbx.behaviours = [mute_after_greeting]
    async with running(adapter_for(pbx.port, timeouts=Timeouts(login=0.2))) as host:
        assert "login" in (await host.lost()).reason
        await host.synchronised()


@pytest.mark.parametrize("unended", ["QueueStatus", "DeviceStateList"])
async def test_list_that_never_ends_is_no_snapshot(pbx, unended):
    pbx.script.unended = {unended}
    async with running(adapter_for(pbx.port)) as host:
        assert unended in (await host.lost()).reason
        assert host.count(Snapshot) == 0
        pbx.script.unended = set()
        await host.synchronised()


async def test_pbx_that_falls_silent_in_its_lists_is_given_up(pbx):
    original = pbx.script._on_queuestatus

    def stop_there(action, action_id):
        pbx.script.silent = {"CoreShowChannels", "DeviceStateList", "ExtensionStateList", "GetConfig", "Ping"}
        return original(action, action_id)[:-40]

    pbx.script._on_queuestatus = stop_there
    async with running(adapter_for(pbx.port, timeouts=Timeouts(list_silence=0.3))) as host:
        assert "sign of life" in (await host.lost()).reason
        assert host.count(Snapshot) == 0
        pbx.script._on_queuestatus = original
        pbx.script.silent = set()
        await host.synchronised()


async def test_refused_login_is_told_once_and_tried_on(pbx):
    pbx.script.secret = "another"
    async with running(adapter_for(pbx.port)) as host:
        lost = await host.lost()
        assert "Authentication failed" in lost.reason
        async with asyncio.timeout(20):
            while pbx.connections < 4:
                await asyncio.sleep(0.01)
        assert len(host.said("source_lost")) == 1
        assert "manager.conf" in host.said("source_lost")[0]["remedy"]
        assert host.count(SourceLost) == 1
        pbx.script.secret = SECRET
        await host.synchronised()
        assert host.count(SourceLost) == 1


async def test_ipv6_address_that_is_not_there_is_told_in_brackets():
    port = free_port()
    adapter = adapter_for(port, host="::1")
    assert repr(adapter._endpoint) == f"Endpoint([::1]:{port})"
    async with running(adapter) as host:
        assert (await host.lost()).reason == f"[::1]:{port}: nothing listens there"


async def test_pbx_that_is_not_there_is_told_once_and_found_when_it_comes():
    port = free_port()
    async with running(adapter_for(port)) as host:
        assert "nothing listens" in (await host.lost()).reason
        pbx = LoopbackPbx()
        pbx.port = port
        async with pbx:
            await host.synchronised()
            assert len(host.said("source_lost")) == 1


async def test_change_of_the_reason_is_logged_but_is_no_second_loss(pbx):
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        pbx.script.secret = "changed"
        pbx.cut()
        await host.until(lambda: len(host.said("source_lost")) >= 2)
        assert host.count(SourceLost) == 1
        pbx.script.secret = SECRET
        await host.synchronised(times=2)
        pbx.cut()
        await host.lost(times=2)


async def test_flapping_connection_is_tried_less_and_less_often(pbx):
    async def hang_up(_reader, writer):
        writer.write(BANNER)

    pbx.behaviours = [hang_up] * 6
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        assert pbx.connections == 7
        assert host.count(SourceLost) == 1


async def test_broken_bytes_are_counted_and_logged_once_per_kind(pbx):
    async with running(adapter_for(pbx.port)) as host:
        await host.synchronised()
        hostile = b"Event: AgentConnect\r\nno colon\r\n\r\n" + b"nonsense: 1\r\n\r\n"
        pbx.say(hostile * 3 + say("Event: DeviceStateChange", "Device: PJSIP/101", "State: INUSE"))
        await host.until(lambda: host.count(EndpointStateChanged) == 1)
        assert host.skipped["line_without_key"] == 3
        assert host.skipped["neither_event_nor_response"] == 3
        assert len(host.said("skipped_line_without_key")) == 1
        assert pbx.connections == 1


async def test_message_that_the_translator_fails_on_does_not_cost_the_connection(pbx, monkeypatch):
    adapter = adapter_for(pbx.port)
    failing = TRANSLATION.make("pbx1", RecordingHost())

    def fail(message, at):
        raise RuntimeError(f"{message.name} at {at}")

    monkeypatch.setattr(type(failing), "translate", fail)
    async with running(adapter) as host:
        await host.synchronised()
        pbx.say(say("Event: DeviceStateChange", "Device: PJSIP/101", "State: INUSE"))
        await host.until(lambda: host.skipped["untranslatable"] == 1)
        adapter.request_snapshot()
        await host.until(lambda: host.count(Snapshot) == 2)
        assert host.count(SourceLost) == 0


async def test_secret_is_in_no_log_line(pbx):
    pbx.script.secret = "another"
    adapter = adapter_for(pbx.port, auth="plain")
    async with running(adapter) as host:
        await host.lost()
        assert SECRET not in str(host.logs)
        assert SECRET not in str(host.events)
        assert SECRET not in repr(adapter._endpoint)


async def test_rotated_secret_file_is_read_at_the_next_login(pbx, tmp_path):
    file = tmp_path / "secret"
    file.write_text("old\n")
    settings = parse(
        {"id": "pbx1", "adapter": "ami", "port": pbx.port, "username": "monitor", "secret_file": "secret"}
    )
    endpoint = Endpoint(
        settings=settings, secret=SecretSource(SECRET_KIND, settings.secret, settings.secret_file, tmp_path)
    )
    async with running(AmiAdapter(endpoint, TRANSLATION, timeouts=CALM, pace=PACE)) as host:
        await host.lost()
        file.write_text(SECRET + "\n")
        await host.synchronised()


# --- TLS -----------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command (package openssl)")
    subprocess.run(
        [
            *(
                openssl,
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
            ),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return tmp_path / "cert.pem", tmp_path / "key.pem"


async def test_tls_is_spoken_and_the_certificate_judged(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    async with LoopbackPbx(tls=context) as pbx:
        trusted = adapter_for(pbx.port, host="localhost", tls={"ca_file": str(certificate[0])})
        async with running(trusted) as host:
            await host.synchronised()
        async with running(adapter_for(pbx.port, host="localhost", tls=True)) as host:
            assert "certificate" in (await host.lost()).reason
        async with running(adapter_for(pbx.port, tls={"verify": False})) as host:
            await host.synchronised()


async def test_tls_to_a_plain_port_says_so(pbx):
    async with running(adapter_for(pbx.port, tls=True)) as host:
        assert "TLS" in (await host.lost()).reason
