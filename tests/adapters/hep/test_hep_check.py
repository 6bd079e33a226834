"""What `check` says of what comes: from whom, with which key, and what is missing."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path

import pytest

from adapters.contract import Finding
from adapters.hep import check, client, factory
from tests.adapters.hep.host import OPTIONS, Agent, RecordingHost
from tests.adapters.hep.ladder import ANNA, PBX, Leg, register

OLD = struct.pack("!BBBBHH4s4s", 1, 16, 2, 17, 5060, 5060, b"\x0a\0\0\1", b"\x0a\0\0\2") + b"INVITE"


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def findings(port: int, send, **options) -> dict[str, Finding]:
    """Run a check while an agent sends."""
    settings = OPTIONS | {"listen": f"127.0.0.1:{port}"} | options
    adapter = client.HepAdapter(*_parts(settings), check_seconds=1.0)
    found = []
    async for finding in adapter.check(RecordingHost()):
        found.append(finding)
        if finding.subject == "listening" and send is not None:
            with Agent(port) as agent:
                send(agent)
                await asyncio.sleep(0)
    assert len({one.subject for one in found}) == len(found)
    assert "s3cret" not in str(found)
    return {one.subject: one for one in found}


def _parts(settings):
    made = factory(settings, Path())
    return made._settings, made._key


def ladder() -> list:
    call = Leg("101", "5000", src=ANNA, dst=PBX)
    return [
        *register("101", ANNA, contacts=[f"<sip:101@{ANNA}>"]),
        call.invite(),
        call.reply(100),
        call.next("OPTIONS"),
    ]


async def test_good_traffic_has_no_complaint(port):
    found = await findings(port, lambda agent: agent.send(*ladder(), key=b"s3cret", agent=2001), key="s3cret")
    assert {one.level for one in found.values()} == {"ok"}, found
    assert "agent 2001: 5 SIP" in found["sender 127.0.0.1"].message
    assert found["servers"].message == "learnt: 10.0.0.5"
    assert found["endpoints"].message == "1 of 2 occurred meanwhile"
    assert "2 INVITE" in found["SIP"].message


async def test_nothing_that_comes_is_an_error_that_says_how_to_send(port):
    found = await findings(port, None)
    assert found["packets"].level == "error"
    for word in ("hep.conf", "siptrace", f"127.0.0.1:{port}"):
        assert word in str(found["packets"].remedy)


@pytest.mark.parametrize(("key", "words"), [(None, "without the key"), (b"other", "with a wrong key")])
async def test_wrong_and_missing_keys_are_told(port, key, words):
    found = await findings(port, lambda agent: agent.send(*ladder(), key=key), key="s3cret")
    assert found["packets of 127.0.0.1"].level == "error"
    assert f"5 {words}" in found["packets of 127.0.0.1"].message


async def test_senders_that_are_not_allowed_are_told(port):
    found = await findings(port, lambda agent: agent.send(*ladder()), allow=["192.0.2.0/24"])
    assert found["sender 127.0.0.1"].level == "warning"
    assert found["sender 127.0.0.1"].remedy == "if it is a capture agent of yours: allow: [127.0.0.1]"


async def test_old_versions_and_junk_are_told(port):
    def send(agent: Agent) -> None:
        agent.raw(OLD)
        agent.raw(b"junk")
        agent.send(*ladder())

    found = await findings(port, send)
    assert found["packets of 127.0.0.1"].level == "warning"
    assert "HEPv1" in found["packets of 127.0.0.1"].message


async def test_packets_without_sip_unknown_servers_and_endpoints_are_told(port):
    found = await findings(port, lambda agent: agent.send(*ladder(), type=5))
    assert found["SIP"].level == "error"
    stranger = Leg("801", "802", src=ANNA, dst=PBX)
    found = await findings(port, lambda agent: agent.send(stranger.invite()))
    assert (found["servers"].level, found["endpoints"].level) == ("hint", "hint")


async def test_office_without_keepalives_is_hinted_at(port):
    found = await findings(port, lambda agent: agent.send(*ladder()[:-1]))
    assert found["keepalives"].level == "hint"
    assert "qualify_frequency" in str(found["keepalives"].remedy)


async def test_clock_that_is_far_off_is_told(port):
    found = await findings(port, lambda agent: agent.send(*ladder(), stamp=1_700_000_000.0))
    assert "behind ours" in found["clock of 127.0.0.1"].message


async def test_open_address_without_a_key_is_a_warning(port):
    found = await findings(port, None, listen=f"0.0.0.0:{port}", allow=["127.0.0.1"])
    assert found["key"].level == "warning"


async def test_address_in_use_is_told_with_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = await findings(taken.getsockname()[1], None)
    assert list(found) == ["listening"]
    assert found["listening"].level == "error"
    assert "is in use" in found["listening"].message


def test_check_ends_within_a_minute():
    assert check.LISTEN_SECONDS < 30
