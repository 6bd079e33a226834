"""Messages out of a stream: however it is cut the same, and nothing endless is waited for."""

import itertools
import time
import tracemalloc
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip_messages.errors import StreamBroken
from adapters.sip_messages.framing import Framer
from adapters.sip_messages.limits import BODY_LIMIT, HEAD_LIMIT, STREAM_MESSAGE_LIMIT
from tests.adapters.sip_messages.texts import NOTIFY, OK, replaced

COMPACT = replaced(b"Content-Length: 14", b"L  : \r\n 14\t")
TWICE = replaced(b"Content-Length: 14", b"Content-Length: 14\r\nl:14")
MESSAGES = [NOTIFY, OK, COMPACT, TWICE]


def framed(*reads: bytes) -> tuple[list[bytes], int]:
    framer = Framer()
    return [message for data in reads for message in framer.receive(data)], framer.pings


def whole(message: bytes, length: int) -> bytes:
    return message.replace(b"Content-Length: 14", b"Content-Length: %d" % length).replace(
        b"<dialog-info/>", b"x" * length
    )


def test_messages_of_one_read():
    assert framed(b"".join(MESSAGES)) == (MESSAGES, 0)


@given(st.lists(st.sampled_from([*MESSAGES, b"\r\n", b"\r\n\r\n"]), max_size=8), st.data())
@settings(max_examples=200, deadline=None)
def test_any_cuts_give_the_same(pieces, data):
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    edges = [0, *cuts, len(stream)]
    reads = [stream[start:end] for start, end in itertools.pairwise(edges)]
    expected = [piece for piece in pieces if piece in MESSAGES]
    assert framed(*reads) == framed(stream)
    assert framed(*reads)[0] == expected


def test_byte_by_byte():
    stream = b"\r\n\r\n" + NOTIFY + b"\r\n" + OK + b"\r\n\r\n\r\n\r\n" + COMPACT
    assert framed(*[bytes([byte]) for byte in stream]) == ([NOTIFY, OK, COMPACT], 3)


def test_largest_message_byte_by_byte_takes_no_longer_than_its_length():
    message = whole(NOTIFY, BODY_LIMIT)
    began = time.process_time()
    assert framed(*[bytes([byte]) for byte in message])[0] == [message]
    head = b"NOTIFY sip:h SIP/2.0\r\n" + b"X: y\r\n" * 10_000
    framed(*[bytes([byte]) for byte in head])
    assert time.process_time() - began < 2


def test_what_one_connection_may_hold_is_bounded():
    framer = Framer()
    framer.receive(whole(NOTIFY, BODY_LIMIT)[:-1])
    assert BODY_LIMIT < framer.waiting < STREAM_MESSAGE_LIMIT
    assert len(framer.receive(b"x" + NOTIFY[:99])[0]) < STREAM_MESSAGE_LIMIT
    assert framer.waiting == 99


def test_body_that_is_too_long_breaks_the_stream_before_it_costs_memory():
    message = whole(NOTIFY, BODY_LIMIT + 1)
    framer = Framer()
    tracemalloc.start()
    try:
        with pytest.raises(StreamBroken, match=f"a body of more than {BODY_LIMIT} bytes"):
            deque((framer.receive(message[start : start + 100]) for start in range(0, len(message), 100)), 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert framer.waiting < 1_000
    assert peak < 100_000


def test_many_messages_of_one_read_take_no_longer_than_their_length():
    began = time.process_time()
    assert len(framed(NOTIFY * 5_000)[0]) == 5_000
    assert framed(b"\r\n" * 2_000_000) == ([], 1_000_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("stream", "pings"),
    [
        (b"\r\n", 0),
        (b"\r\n\r\n", 1),
        (b"\r\n" * 5, 2),
        (b"\r\n" + NOTIFY + b"\r\n", 0),
        (NOTIFY + b"\r\n\r\n", 1),
        (b"", 0),
    ],
)
def test_keep_alives_are_counted(stream, pings):
    assert framed(stream)[1] == pings
    assert framed(*[bytes([byte]) for byte in stream])[1] == pings


def test_pings_may_be_set_back():
    framer = Framer()
    framer.receive(b"\r\n\r\n")
    framer.pings = 0
    framer.receive(b"\r\n\r\n\r\n")
    assert framer.pings == 1


def test_what_has_begun_is_waiting():
    framer = Framer()
    assert framer.waiting == 0
    framer.receive(NOTIFY[:50])
    assert framer.waiting == 50
    framer.receive(NOTIFY[50:] + b"SIP")
    assert framer.waiting == 3


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "without Content-Length"),
        (replaced(b"Content-Length: 14", b"Content-Length: -1"), "no number"),
        (replaced(b"Content-Length: 14", b"Content-Length: "), "no number"),
        (replaced(b"Content-Length: 14", b"Content-Length: 1 4"), "no number"),
        (replaced(b"Content-Length: 14", b"Content-Length: 0x14"), "no number"),
        (replaced(b"Content-Length: 14", b"Content-Length: " + b"9" * 5000), "no number"),
        (replaced(b"Content-Length: 14", b"Content-Length: 14\r\nl: 15"), "several"),
        (replaced(b"Content-Length: 14", b"Content-Length: 14\nl: 15"), "without"),
        (replaced(b"Content-Length: 14", b"Content-Length: 10000000"), "more than"),
        (replaced(b"Content-Length: 14", b"Content-Length: %d" % (BODY_LIMIT + 1)), "body of more than"),
        (b"X: " + b"x" * HEAD_LIMIT, "headers of more than"),
        (b"X: x\r\n" * HEAD_LIMIT, "headers of more than"),
        (b"x" * 10_000_000, "headers of more than"),
        (b"\r\rNOTIFY", "line break"),
        (b"\n\n", "line break"),
        (b"\r\nNOTIFY"[:2] + b"\n", "line break"),
    ],
)
def test_streams_that_cannot_be_followed(stream, why):
    if b"Content-Length: 14\nl: 15" in stream:
        stream = stream.replace(b"Content-Length: 14\n", b"X: 14\n")
    with pytest.raises(StreamBroken, match=why):
        framed(stream)
    with pytest.raises(StreamBroken, match=why):
        framed(*[stream[start : start + 7] for start in range(0, min(len(stream), 200_000), 7)])


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"\r\n", b"\r\n\r\n", b"l: 3\r\n", b"X:", OK])))
@settings(max_examples=300, deadline=None)
def test_any_stream_is_bounded_and_cut_the_same(reads):
    results = []
    for pieces in (reads, [b"".join(reads)], [bytes([byte]) for byte in b"".join(reads)]):
        framer = Framer()
        found = []
        try:
            for data in pieces:
                found += framer.receive(data)
                assert framer.waiting <= STREAM_MESSAGE_LIMIT + len(data)
        except StreamBroken as broken:
            results.append(broken.why)
        else:
            results.append((found, framer.pings, framer.waiting))
    assert results[0] == results[1] == results[2]
