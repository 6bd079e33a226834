"""What real servers sent (``recordings/``), packet by packet: what is told of it, and what the wallboard shows after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.hep.framing import Framer
from adapters.hep.packets import decode
from tests.adapters.hep.ladder import words
from tests.adapters.hep.test_any_order import once_each
from tests.adapters.hep.test_hep_engine import Monitored

RECORDINGS = Path(__file__).parent / "recordings"
ANNA, BORIS = "sip:101@127.0.0.1", "sip:102@127.0.0.1"
OUTSIDE = "+74951230001"

Told = tuple[str, list[str], str, str]
"""The packet (method, or status and method), what is told of it, and the states of 101 and 102 after it."""

BEGINNING: list[Told] = [
    ("REGISTER 200", ["idle 101"], "available", "unknown"),
    ("REGISTER 200", ["idle 102"], "available", "available"),
    ("INVITE", [f"started 101 inbound {OUTSIDE}"], "available", "available"),
    ("INVITE 180", ["ringing 101"], "ringing", "available"),
    ("INVITE 200", ["answered 101"], "talking", "available"),
    ("INVITE 200", ["held 101"], "on_hold", "available"),
    ("INVITE 200", ["resumed 101"], "talking", "available"),
    ("BYE", ["ended 101: hung up"], "available", "available"),
    ("INVITE 100", ["started 101 outbound 102"], "dialing", "available"),
    ("INVITE", ["started 102 inbound 101"], "dialing", "available"),
    ("INVITE 180", ["ringing 102"], "dialing", "ringing"),
]
"""The same behind both: 101 is called and calls 102."""
END: list[Told] = [("REGISTER 200", ["unreachable 101"], "offline", "available")]

STORIES: dict[str, list[Told]] = {
    "asterisk-22": [
        ("PUBLISH", ["SourceConnected", "Snapshot"], "unknown", "unknown"),
        *BEGINNING,
        ("INVITE 200", ["answered 102"], "dialing", "talking"),
        ("INVITE 200", ["answered 101"], "talking", "talking"),
        ("INVITE 200", ["held 101"], "on_hold", "talking"),
        ("INVITE 200", ["resumed 101"], "talking", "talking"),
        ("INVITE 200", ["held 102"], "talking", "on_hold"),
        ("BYE", ["ended 101: hung up"], "available", "on_hold"),
        ("BYE", ["ended 102: hung up"], "available", "available"),
        *END,
    ],
    "kamailio-5.6": [
        ("OPTIONS", ["SourceConnected", "Snapshot"], "unknown", "unknown"),
        *BEGINNING,
        ("INVITE 200", ["answered 102", "answered 101"], "talking", "talking"),
        ("INVITE 200", ["held 101"], "on_hold", "talking"),
        ("INVITE 200", ["resumed 101"], "talking", "talking"),
        ("BYE", ["ended 101: hung up", "ended 102: hung up"], "available", "available"),
        *END,
    ],
}


def title(payload: bytes) -> str:
    """The method of a request; the method and status of a response."""
    lines = payload.decode().split("\r\n")
    first = lines[0].split(" ")
    if not first[0].startswith("SIP/"):
        return first[0]
    method = next(line.split()[-1] for line in lines if line.lower().startswith("cseq:"))
    return f"{method} {first[1]}"


def server(datagrams: list[bytes]) -> str:
    """The server's address: where the first REGISTER goes."""
    packets = map(decode, datagrams)
    first = next(one for one in packets if one.payload.startswith(b"REGISTER "))
    return f"127.0.0.1:{first.destination.port}"


@pytest.mark.parametrize("configured", [False, True], ids=["learnt", "configured"])
@pytest.mark.parametrize("name", STORIES)
def test_recording_of_a_real_server_is_its_story(name, configured):
    datagrams = Framer().receive((RECORDINGS / f"{name}.hep").read_bytes())
    place = server(datagrams)
    house = Monitored(servers=[place] if configured else [], watch=[ANNA, BORIS], key=b"example-secret")
    story: list[Told] = []
    for data in datagrams:
        packet = decode(data)
        house.at = packet.stamp
        before = len(house.events)
        house.tell(house.capture.tick(house.at, house.at))
        house.tell(house.capture.receive(data, "127.0.0.1", house.at, house.at))
        agents = house.agents()
        told = (title(packet.payload), words(house.events[before:]), agents[ANNA], agents[BORIS])
        if told[1] or (story and story[-1][2:] != told[2:]):
            story.append(told)
    assert story == STORIES[name]
    once_each(house.events)
    assert house.translator.servers.shown() == [place]
    assert not house.skipped
    assert not house.engine.unexpected
    assert not any(house.engine.corrections.values())
    house.wait(8)
    assert house.legs() == []


@pytest.mark.parametrize("name", STORIES)
def test_recording_without_its_key_tells_nothing(name):
    house = Monitored(servers=[], watch=[ANNA, BORIS], key=b"another")
    before = list(house.events)
    datagrams = Framer().receive((RECORDINGS / f"{name}.hep").read_bytes())
    for data in datagrams:
        house.tell(house.capture.receive(data, "127.0.0.1", house.at, house.at))
    assert house.events == before
    assert house.skipped == {"key_wrong": len(datagrams)}
