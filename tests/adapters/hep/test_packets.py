"""HEPv3 as bytes: the specification's own example, and whatever else may come."""

from __future__ import annotations

import contextlib
import gzip
import random
import statistics
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hep.errors import BadPacket, HepError, OldVersion, StreamBroken
from adapters.hep.framing import Framer
from adapters.hep.packets import PACKET_LIMIT, Address, Packet, decode, encode

GOLDEN = bytes.fromhex(
    "48455033 0071"
    "0000 0001 0007 02"
    "0000 0002 0007 11"
    "0000 0003 000a d4ca0001"
    "0000 0004 000a 527400d3"
    "0000 0007 0008 2eea"
    "0000 0008 0008 13c4"
    "0000 0009 000a 4e4982cb"
    "0000 000a 000a 0001d4c0"
    "0000 000b 0007 01"
    "0000 000c 000a 000000e4"
    "0000 000f 0014 494e56495445207369703a626f62"
)
"""The example of the specification (HEP3 Network Protocol Specification, revision 37)."""


def chunk(kind: int, value: bytes, vendor: int = 0, length: int | None = None) -> bytes:
    return struct.pack("!HHH", vendor, kind, 6 + len(value) if length is None else length) + value


def packet(*chunks: bytes, length: int | None = None) -> bytes:
    body = b"".join(chunks)
    return b"HEP3" + (6 + len(body) if length is None else length).to_bytes(2, "big") + body


def test_example_of_the_specification_is_read_and_written():
    read = decode(GOLDEN)
    assert read == Packet(
        source=Address(bytes([212, 202, 0, 1]), 12010),
        destination=Address(bytes([82, 116, 0, 211]), 5060),
        protocol=17,
        stamp=1313440459.12,
        type=1,
        agent=228,
        payload=b"INVITE sip:bob",
    )
    assert encode(read) == GOLDEN


def test_all_that_is_read_survives_the_way_there_and_back():
    told = Packet(
        source=Address(bytes(15) + b"\x01", 5060),
        destination=Address(bytes([0x20, 1, *[0] * 13, 5]), 5061),
        protocol=6,
        stamp=1_700_000_000.999999,
        type=5,
        agent=7,
        agent_name=b"edge",
        key=b"k",
        payload=b"x" * 1_000,
        correlation=b"c",
    )
    assert decode(encode(told)) == told


def test_unknown_chunks_and_other_vendors_are_skipped():
    odd = packet(chunk(0x0F, b"vendor", vendor=4), chunk(0x99, b"?"), chunk(0x28, b"12"), chunk(0x0F, b"SIP"))
    assert decode(odd).payload == b"SIP"


def test_first_of_two_chunks_counts_and_bytes_behind_the_told_length_do_not():
    assert decode(packet(chunk(0x0F, b"one"), chunk(0x0F, b"two"))).payload == b"one"
    assert decode(packet(chunk(0x0F, b"one")) + chunk(0x0E, b"key")).key is None


def test_other_name_of_the_protocol_is_known():
    assert decode(b"EEP3" + GOLDEN[4:]).agent == 228


def test_ipv4_written_as_ipv6_is_the_same_address():
    mapped = packet(chunk(0x05, bytes(10) + b"\xff\xff" + bytes([10, 0, 0, 5])))
    assert decode(mapped).source.host == bytes([10, 0, 0, 5])


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress])
def test_compressed_payload_is_inflated(pack):
    assert decode(packet(chunk(0x10, pack(b"INVITE " * 100)))).payload == b"INVITE " * 100


@pytest.mark.parametrize(
    "bomb",
    [zlib.compress(bytes(10_000_000)), gzip.compress(bytes(70_000)), zlib.compress(bytes(60_000))[:-6], b"no zlib", b""],
)  # fmt: skip
def test_bombs_and_broken_compression_are_refused(bomb):
    with pytest.raises(BadPacket, match="compressed"):
        decode(packet(chunk(0x10, bomb)))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"HEP", b"HEP3", b"HEP3\x00", b"HEP3\x00\x05abc", b"HEP4\x00\x06", b"INVITE sip:x SIP/2.0\r\n\r\n",
        packet(length=7),
        packet(chunk(0x0F, b"abc"), length=60_000),
        packet(chunk(0x0F, b"abc", length=5)),
        packet(chunk(0x0F, b"abc", length=0)),
        packet(chunk(0x0F, b"abc", length=65_535)),
        packet(b"\x00\x00\x00"),
        packet(chunk(0x01, b"\x02\x02")),
        packet(chunk(0x03, b"abc")),
        packet(chunk(0x09, b"")),
        packet(chunk(0x0B, b"")),
    ],
)  # fmt: skip
def test_lengths_that_lie_are_refused(data):
    with pytest.raises(BadPacket):
        decode(data)


def test_bomb_is_told_from_what_is_cut_off():
    with pytest.raises(BadPacket, match="more than 65536 bytes"):
        decode(packet(chunk(0x10, zlib.compress(bytes(10_000_000)))))
    with pytest.raises(BadPacket, match="cut off"):
        decode(packet(chunk(0x10, zlib.compress(bytes(60_000))[:-6])))


@pytest.mark.parametrize("version", [1, 2])
def test_old_versions_are_recognised(version):
    old = struct.pack("!BBBBHH4s4s", version, 16, 2, 17, 5060, 5060, b"\x0a\0\0\1", b"\x0a\0\0\2") + b"INVITE"
    with pytest.raises(OldVersion) as caught:
        decode(old)
    assert caught.value.version == version


def test_what_does_not_fit_is_not_written():
    with pytest.raises(BadPacket):
        encode(
            Packet(source=Address(bytes(4), 1), destination=Address(bytes(4), 1), payload=bytes(PACKET_LIMIT))
        )


@given(st.binary(max_size=400))
def test_any_bytes_are_a_packet_or_a_bad_one(data):
    for candidate in (data, b"HEP3" + data, b"HEP3" + (6 + len(data)).to_bytes(2, "big") + data):
        with contextlib.suppress(HepError):
            decode(candidate)


@given(st.integers(0, len(GOLDEN) - 1), st.integers(0, 255))
def test_any_byte_changed_is_a_packet_or_a_bad_one(place, value):
    with contextlib.suppress(BadPacket):
        decode(GOLDEN[:place] + bytes([value]) + GOLDEN[place + 1 :])


def test_junk_of_the_largest_size_is_refused_or_read_at_once():
    rng = random.Random(4)
    for _ in range(50):
        junk = rng.randbytes(PACKET_LIMIT - 6)
        with contextlib.suppress(BadPacket):
            decode(b"HEP3\xff\xff" + junk)


# --- over TCP --------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_any_split_of_a_stream_gives_the_same_packets(payloads, data):
    packets = [packet(chunk(0x0F, payload)) for payload in payloads]
    stream = b"".join(packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    framer, found = Framer(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += framer.receive(stream[begin:end])
    assert found == packets
    assert framer.waiting == 0


def test_byte_by_byte_is_a_packet_too():
    framer = Framer()
    found = [one for byte in GOLDEN for one in framer.receive(bytes([byte]))]
    assert found == [GOLDEN]


def test_each_byte_of_a_slow_sender_does_not_copy_what_waits():
    framer, costs = Framer(), []
    framer.receive(b"HEP3\xff\xff" + bytes(60_000))
    tracemalloc.start()
    try:
        for _ in range(50):
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            framer.receive(b"x")
            costs.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    assert statistics.median(costs) < 1_000, "bytes taken for one more"


@pytest.mark.parametrize("data", [b"X", b"HEX", b"HEP3\x00\x05", b"GET / HTTP/1.1\r\n", GOLDEN + b"?"])
def test_stream_of_something_else_is_broken(data):
    with pytest.raises(StreamBroken):
        Framer().receive(data)


def test_stream_of_an_old_version_says_so():
    with pytest.raises(StreamBroken, match="HEPv2"):
        Framer().receive(b"\x02\x10\x02\x11" + bytes(20))


@given(st.binary(max_size=200))
def test_any_stream_gives_packets_or_is_broken(data):
    with contextlib.suppress(HepError):
        Framer().receive(data)


def test_packet_that_never_ends_keeps_no_more_than_itself():
    framer = Framer()
    framer.receive(b"HEP3\xff\xff")
    for _ in range(1_000):
        framer.receive(b"x" * 60)
        assert framer.waiting <= PACKET_LIMIT
        if framer.waiting > PACKET_LIMIT - 100:
            break
    assert framer.waiting > 50_000
