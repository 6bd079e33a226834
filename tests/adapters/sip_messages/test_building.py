"""What is sent says what was meant, and nothing that somebody else slipped in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip_messages.building import REASONS, request, response
from adapters.sip_messages.errors import BadMessage, BuildError
from adapters.sip_messages.limits import DATAGRAM_LIMIT
from adapters.sip_messages.message import Request, Response, parse
from tests.adapters.sip_messages.texts import NOTIFY, replaced

HEADERS = (
    ("Via", "SIP/2.0/UDP 192.0.2.5:5070;branch=z9hG4bK1;rport"),
    ("Max-Forwards", "70"),
    ("From", "<sip:monitor@pbx1>;tag=m1"),
    ("To", "<sip:101@pbx1>"),
    ("Call-ID", "c1@monitor"),
    ("CSeq", "1 SUBSCRIBE"),
    ("Event", "dialog"),
    ("Subject", "Привет"),
)


def received(data: bytes = NOTIFY) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def answered(data: bytes) -> Response:
    message = parse(data)
    assert isinstance(message, Response)
    return message


def test_request_is_read_as_it_was_meant():
    message = received(request("SUBSCRIBE", "sip:101@pbx1", HEADERS, b"body", "text/plain;charset=utf-8"))
    assert (message.method, message.uri, message.body) == ("SUBSCRIBE", "sip:101@pbx1", b"body")
    assert message.headers == (
        *HEADERS,
        ("Content-Type", "text/plain;charset=utf-8"),
        ("Content-Length", "4"),
    )
    assert received(request("SUBSCRIBE", "sip:101@pbx1", HEADERS)).get("content-length") == "0"


def test_response_copies_what_it_has_to():
    message = answered(
        response(received(), 489, headers=[("Allow-Events", "dialog")], body=b"x", content_type="text/plain")
    )
    assert (message.status, message.reason) == (489, "Bad Event")
    assert (message.cseq, message.call_id, message.from_.tag, message.to.tag) == (
        7,
        "c1@monitor",
        "as1",
        "m1",
    )
    assert message.via == received().via
    assert message.tokens("allow-events") == ("dialog",)
    assert (message.body, message.content_type) == (b"x", "text/plain")
    assert answered(response(received(), 299)).reason == "Unknown"
    assert answered(response(received(), 200, reason="Fine")).reason == "Fine"
    assert all(answered(response(received(), status)).reason == reason for status, reason in REASONS.items())


def test_tag_is_added_where_there_is_none():
    without = received(replaced(b"<sip:monitor@192.0.2.5>;tag=m1", b"<sip:monitor@192.0.2.5;tag=no>"))
    assert answered(response(without, 200, to_tag="t2")).to.tag == "t2"
    assert answered(response(without, 200)).to.tag is None
    assert answered(response(received(), 200, to_tag="t2")).to.tag == "m1"
    assert b"t2" not in response(received(), 200, to_tag="t2")


def test_unreadable_to_gets_one_tag_too():
    for value, tags in ((b'"A <sip:m@h>', 1), (b'"A <sip:m@h>;TAG = x', 0)):
        with pytest.raises(BadMessage) as caught:
            parse(replaced(b"<sip:monitor@192.0.2.5>;tag=m1", value))
        assert caught.value.head is not None
        assert response(caught.value.head, 400, to_tag="t2").count(b";tag=t2") == tags


@pytest.mark.parametrize(
    ("hop", "source", "told"),
    [
        (
            b"pbx1:5060;rport;branch=b",
            ("192.0.2.1", 6000),
            b"pbx1:5060;rport=6000;branch=b;received=192.0.2.1",
        ),
        (
            b"192.0.2.1;rport;branch=b",
            ("192.0.2.1", 6000),
            b"192.0.2.1;rport=6000;branch=b;received=192.0.2.1",
        ),
        (b"192.0.2.1;branch=b", ("192.0.2.1", 6000), b"192.0.2.1;branch=b"),
        (b"192.0.2.2;branch=b", ("192.0.2.1", 6000), b"192.0.2.2;branch=b;received=192.0.2.1"),
        (b"[2001:db8::1];branch=b", ("2001:db8::1", 6000), b"[2001:db8::1];branch=b"),
        (
            b"pbx1;branch=b;RPORT , SIP/2.0/UDP b;rport",
            ("fe80::1%eth0", 1),
            b"pbx1;branch=b;rport=1;received=fe80::1, SIP/2.0/UDP b;rport",
        ),
        (b'pbx1;branch=b;x="a,b";rport', ("192.0.2.1", 6000), b'pbx1;branch=b;x="a,b";rport'),
    ],
)
def test_topmost_hop_tells_where_it_came_from(hop, source, told):
    message = received(replaced(b"pbx1:5060;rport;branch=z9hG4bKPj1", hop))
    assert b"\r\nVia: SIP/2.0/UDP " + told + b"\r\n" in response(message, 200, source=source)


# --- what must not be sent -------------------------------------------------------------------------------------

EVIL = ["\r\nX: 1", "\nX: 1", "\rX", "a\0b", "a\x1bb", "a\x7fb", "\ud800"]


@pytest.mark.parametrize("value", EVIL)
def test_nothing_can_be_slipped_in(value):
    for field, build in (
        ("method", lambda: request("A" + value, "sip:h", ())),
        ("uri", lambda: request("A", "sip:h" + value, ())),
        ("Subject", lambda: request("A", "sip:h", [("Subject", value)])),
        ("*", lambda: request("A", "sip:h", [("Subject" + value, "x")])),
        ("content_type", lambda: request("A", "sip:h", (), b"", "text/" + value)),
        ("reason", lambda: response(received(), 200, reason=value)),
        ("to_tag", lambda: response(received(), 200, to_tag="t" + value)),
        ("Subject", lambda: response(received(), 200, headers=[("Subject", value)])),
        ("content_type", lambda: response(received(), 200, content_type=value)),
    ):
        with pytest.raises(BuildError) as caught:
            build()
        assert field in {"*", caught.value.field}


def test_other_things_that_are_no_messages():
    for build in (
        lambda: request("", "sip:h", ()),
        lambda: request("A B", "sip:h", ()),
        lambda: request("A", "", ()),
        lambda: request("A", "sip:h x", ()),
        lambda: request("A", "<sip:h>", ()),
        lambda: request("A", "sip:h", [("", "x")]),
        lambda: request("A", "sip:h", [("A:", "x")]),
        lambda: request("A", "sip:h", [("Content-Length", "5")]),
        lambda: request("A", "sip:h", [("l", "5")]),
        lambda: request("A", "sip:h", (), b"x" * DATAGRAM_LIMIT),
        lambda: response(received(), 99),
        lambda: response(received(), 700),
        lambda: response(received(), 200, to_tag="a b"),
        lambda: response(received(), 200, source=("\r\n", 1)),
    ):
        with pytest.raises(BuildError):
            build()


@given(st.text(max_size=30))
@settings(deadline=None)
def test_any_value_comes_out_as_it_went_in_or_is_refused(value):
    try:
        data = request("SUBSCRIBE", "sip:101@pbx1", [*HEADERS, ("X-Any", value)])
    except BuildError:
        return
    message = received(data)
    assert len(message.headers) == len(HEADERS) + 2
    assert message.get("x-any") == value.strip(" \t")
