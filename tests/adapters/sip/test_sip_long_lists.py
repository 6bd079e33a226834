"""Resource lists that are longer than any datagram: over TCP they come whole, up to a limit that is told."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.common.backoff import Pace
from adapters.sip import factory
from adapters.sip.bodies import BadBody, read
from adapters.sip.client import SipAdapter
from adapters.sip.timeouts import Timeouts
from adapters.sip_messages.limits import BODY_LIMIT, DATAGRAM_LIMIT, PARTS_LIMIT
from monitor.events import EndpointStateChanged, Snapshot, SourceConnected, SourceLost
from tests.adapters.ami.loopback import RecordingHost
from tests.adapters.sip.loopback import LoopbackServer
from tests.adapters.sip.server import SECRET, USER, dialog, dialog_info

PBX = "pbx.example.org"
LIST = f"sip:agents@{PBX}"
TYPE = 'multipart/related;type="application/rlmi+xml";start="<list>";boundary="edge"'
PARAMETERS = {"boundary": "edge", "start": "<list>"}
CALM = Timeouts(silence=15.0)
"""Nothing in here expires by itself on a slow machine."""


def members(count: int) -> list[str]:
    return [f"sip:{10_000 + number}@{PBX}" for number in range(count)]


def listed(version: int, everybody: list[str], *, full: bool = True, **busy: str) -> bytes:
    """Return a list's body, as an Asterisk lays it out."""
    resources = "".join(
        f'  <resource uri="{uri}">\n    <name>{uri}</name>\n'
        f'    <instance id="{number:032}" state="active" cid="{number}@{PBX}"/>\n  </resource>\n'
        for number, uri in enumerate(everybody)
    )
    rlmi = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="{LIST}" version="{version}" '
        f'fullState="{str(full).lower()}">\n{resources}</list>\n'
    )
    parts = [("application/rlmi+xml", "list", rlmi.encode())]
    for number, uri in enumerate(everybody):
        calls = (dialog("1", "early", call_id=busy["ringing"]),) if busy and not number else ()
        parts.append(
            ("application/dialog-info+xml", f"{number}@{PBX}", dialog_info(uri, version, *calls) + b" " * 100)
        )
    rows = [
        f"--edge\r\nContent-ID: <{cid}>\r\nContent-Type: {kind}\r\n\r\n".encode() + body + b"\r\n"
        for kind, cid, body in parts
    ]
    return b"".join(rows) + b"--edge--\r\n"


class LongListServer(LoopbackServer):
    """Has one list, as long as wanted: longer than what we ourselves would send."""

    def __init__(self, count: int) -> None:
        super().__init__("tcp")
        self.everybody = members(count)
        self.plain = self.script.notify
        self.script.notify = self.notify

    def notify(self, held, state=None, body=None, **more):
        held.version += 1
        if body is None:
            body = listed(held.version, self.everybody, **more)
        head = self.plain(held, state, b"", extra=(("Require", "eventlist"),))
        empty = b"Content-Length: 0\r\n\r\n"
        assert head.endswith(empty)
        return head.removesuffix(empty) + (
            f"Content-Type: {TYPE}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )


@asynccontextmanager
async def following(server: LongListServer):
    options = {
        "id": "sip1", "host": "127.0.0.1", "port": server.port, "transport": "tcp", "username": USER,
        "secret": SECRET, "lists": [LIST], "registration": "none",
    }  # fmt: skip
    made = factory(options, Path())
    pace = Pace(first=0.01, most=0.05, refused=0.05, refused_most=0.05)
    adapter = SipAdapter(made._access, timeouts=CALM, pace=pace, rng=random.Random(1))
    host = RecordingHost()
    task = asyncio.create_task(adapter.run(host))
    try:
        yield host
    finally:
        assert not task.done(), task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_limits_of_a_body_of_its_parts_and_of_its_list_are_about_the_same():
    body = listed(0, members(1_300))
    assert DATAGRAM_LIMIT < len(body) <= BODY_LIMIT
    (report,) = read("multipart/related", PARAMETERS, body)
    assert len(report.resources) == 1_300
    assert report.bad == ()
    assert all(len(one.reports) == 1 for one in report.resources)
    with pytest.raises(
        BadBody
    ) as caught:  # what tells who is in the list is a document of its own, and too long
        read("multipart/related", PARAMETERS, listed(0, members(1_600)))
    assert caught.value.kind == "body_size"
    assert PARTS_LIMIT > 1_600


async def test_list_of_1000_members_comes_over_a_stream():
    async with LongListServer(1_000) as server, following(server) as host:
        await host.synchronised()
        snapshot = next(event for event in host.events if isinstance(event, Snapshot))
        assert sorted(facts.endpoint for facts in snapshot.endpoints) == server.everybody
        assert {facts.state for facts in snapshot.endpoints} == {"idle"}
        held = server.script.of(LIST)
        first = server.everybody[0]
        server.say(server.notify(held, full=True, ringing="c1"))
        await host.until(lambda: any(getattr(event, "call", None) == "c1" for event in host.events))
        assert not [e for e in host.events if isinstance(e, EndpointStateChanged) and e.endpoint != first]
        assert server.connections == 1
        assert host.count(SourceLost) == 0


async def test_list_over_the_limit_breaks_the_stream_and_says_why():
    async with LongListServer(2_500) as server, following(server) as host:
        lost = await host.lost()
        assert lost.reason == f"what is sent can't be followed: a body of more than {BODY_LIMIT} bytes"
        assert not [event for event in host.events if isinstance(event, SourceConnected | Snapshot)]
        server.everybody = server.everybody[:1_000]
        await host.synchronised()
