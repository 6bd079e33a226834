"""What a message says, what is wrong with one, and that nothing but BadMessage comes of any bytes."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip_messages.errors import BadMessage, KeepAlive
from adapters.sip_messages.limits import BODY_LIMIT, HEADERS_LIMIT, LINE_LIMIT, STREAM_MESSAGE_LIMIT
from adapters.sip_messages.message import Message, Request, Response, parse
from tests.adapters.sip_messages.test_rfc4475 import MESSAGES, told
from tests.adapters.sip_messages.texts import NOTIFY, NOTIFY_BODY, OK, replaced


def request(data: bytes, *, lenient: bool = False) -> Request:
    message = parse(data, lenient=lenient)
    assert isinstance(message, Request)
    return message


def refused(data: bytes, status: int = 400) -> str:
    with pytest.raises(BadMessage) as caught:
        parse(data)
    assert caught.value.status == status
    assert (caught.value.head is not None) == (status != 0)
    return caught.value.why


# --- what it says ----------------------------------------------------------------------------------------------


def test_request_tells_its_parts():
    message = request(NOTIFY)
    assert (message.method, message.uri) == ("NOTIFY", "sip:monitor@192.0.2.5:5070")
    assert message.target is not None
    assert (message.target.user, message.target.port) == ("monitor", 5070)
    assert (message.from_.name, message.from_.tag, message.from_.uri.aor) == (
        "Anna Petrova",
        "as1",
        "sip:101@pbx1",
    )
    assert (message.to.name, message.to.tag) == (None, "m1")
    assert (message.call_id, message.cseq, message.cseq_method) == ("c1@monitor", 7, "NOTIFY")
    assert message.contacts[0].uri_text == "sip:101@pbx1:5060"
    assert message.event == ("dialog", "e1")
    assert message.expires is None
    assert message.content_type == "application/dialog-info+xml"
    assert message.content_parameters == {"charset": "utf-8"}
    assert message.body == NOTIFY_BODY
    via = message.via[0]
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "pbx1", 5060, "z9hG4bKPj1")
    assert via.parameters["rport"] is None


def test_response_tells_its_parts():
    message = parse(OK)
    assert isinstance(message, Response)
    assert (message.status, message.reason, message.expires) == (200, "OK", 3600)
    assert (message.via[0].host, message.via[0].parameters["received"]) == ("[2001:db8::1]", "2001:db8::1")
    assert (message.contacts, message.content_type, message.content_parameters, message.event) == (
        (),
        None,
        {},
        None,
    )
    assert message.record_routes == ()


def test_headers_keep_their_order_and_have_their_usual_names():
    message = request(replaced(b"Max-Forwards: 70", b"k: a\r\nX-Odd: 1\r\nMAX-FORWARDS: 70\r\nSUPPORTED :b"))
    assert message.headers[1:5] == (
        ("Supported", "a"),
        ("x-odd", "1"),
        ("Max-Forwards", "70"),
        ("Supported", "b"),
    )
    assert message.all("supported") == ("a", "b")
    assert message.get("X-ODD") == "1"
    assert message.get("nothing") is None
    assert message.all("nothing") == ()
    assert message.tokens("Supported") == ("a", "b")


def test_list_that_is_too_long_or_never_closed_is_none():
    assert request(replaced(b"Max-Forwards: 70", b"Allow: " + b",".join([b"A"] * HEADERS_LIMIT))).tokens(
        "allow"
    )
    assert (
        request(replaced(b"Max-Forwards: 70", b"Allow: " + b",".join([b"A"] * (HEADERS_LIMIT + 1)))).tokens(
            "allow"
        )
        == ()
    )
    assert request(replaced(b"Max-Forwards: 70", b'Allow: A, "')).tokens("allow") == ()


def test_lists_may_be_in_one_line_or_in_several():
    message = request(
        replaced(
            b"Contact: <sip:101@pbx1:5060>",
            b'Contact: "A, B" <sip:a,b@x>;q=1, sip:c@x\r\nm: <sip:d@x?h=1,2>\r\n'
            b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nRecord-Route: <sip:p3;lr>",
        )
    )
    assert [contact.uri.aor for contact in message.contacts] == ["sip:a,b@x", "sip:c@x", "sip:d@x"]
    assert message.contacts[0].name == "A, B"
    assert message.record_routes == ("<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>")


def test_contact_star_is_no_address():
    message = request(replaced(b"Contact: <sip:101@pbx1:5060>", b"Contact: *"))
    assert (message.contacts, message.get("contact")) == ((), "*")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("120", 120),
        ("18000;duration=3600", 18000),
        ("5 (back soon)", 5),
        ("9" * 400, 2**32 - 1),
        ("9" * 10, 2**32 - 1),
        ("soon", None),
        ("", None),
    ],
)
def test_numbers(text, number):
    assert (
        request(replaced(b"Max-Forwards: 70", b"Retry-After: " + text.encode())).number("Retry-After")
        == number
    )


def test_names_that_are_not_utf_8_are_marked_but_copied_as_they_came():
    message = request(replaced(b'"Anna Petrova"', '"Анна"'.encode("cp1251")))
    assert message.from_.name == "\ufffd" * 4
    assert message.from_.tag == "as1"
    assert dict(message.headers)["From"].startswith('"\ufffd')
    assert message.wire("from") == ['"Анна" <sip:101@pbx1>;tag=as1'.encode("cp1251")]
    assert request(replaced(b'"Anna Petrova"', "Анна Петрова".encode())).from_.name == "Анна Петрова"


def test_blank_lines_before_a_message_mean_nothing():
    assert request(b"\r\n\r\n" + NOTIFY).cseq == 7


def test_datagram_is_cut_at_content_length_and_may_do_without():
    assert request(NOTIFY + b"more").body == NOTIFY_BODY
    assert request(replaced(b"Content-Length: 14\r\n", b"") + b"more").body == NOTIFY_BODY + b"more"


def test_representation_has_no_numbers_of_people():
    assert repr(parse(NOTIFY)) == "<Request NOTIFY 7>"
    assert repr(parse(OK)) == "<Response 200 to SUBSCRIBE 2>"


# --- what is wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\0", b"\0\0\0\0", b"\r\n", b" "])
def test_keep_alives_are_dropped(data):
    with pytest.raises(KeepAlive) as caught:
        parse(data)
    assert (caught.value.status, caught.value.head) == (0, None)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"Max-Forwards: 70", b"Max-Forwards 70", "none"),
        (b"Max-Forwards: 70", b"Max Forwards: 70", "none"),
        (b"Max-Forwards: 70", b": 70", "none"),
        (b"Max-Forwards: 70", b"Max-Forwards: 256", "Max-Forwards"),
        (b"Max-Forwards: 70", b"Max-Forwards: -1", "Max-Forwards"),
        (b"Max-Forwards: 70", b"Expires: 4294967296", "Expires"),
        (b"Max-Forwards: 70", b"Expires: " + b"9" * 5000, "Expires"),
        (b"Max-Forwards: 70", b"Expires: \xd9\xa3", "Expires"),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\nX: 1", "line break"),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\rX: 1", "line break"),
        (b"Max-Forwards: 70", b'Record-Route: <sip:a, "', "closed"),
        (b"CSeq: 7 NOTIFY", b"CSeq: 2147483648 NOTIFY", "CSeq"),
        (b"CSeq: 7 NOTIFY", b"CSeq: 7 notify", "CSeq"),
        (b"CSeq: 7 NOTIFY", b"CSeq: 7NOTIFY", "CSeq"),
        (b"CSeq: 7 NOTIFY", b"CSeq: " + b"9" * 5000 + b" NOTIFY", "CSeq"),
        (b"CSeq: 7 NOTIFY", b"CSeq: \xd9\xa3 NOTIFY", "CSeq"),
        (b"Call-ID: c1@monitor", b"Call-ID: c1 monitor", "Call-ID"),
        (b"Call-ID: c1@monitor", b"Call-ID: c1@\xc2\x85", "Call-ID"),
        (b"Event: dialog;id=e1", b"Event: ;id=e1", "Event"),
        (b"Event: dialog;id=e1", b"Event: dialog;id=e1\r\no: reg", "Event"),
        (b"Content-Length: 14", b"Content-Length: 15", "shorter"),
        (b"Content-Length: 14", b"Content-Length: 99999999999999999999", "no number"),
        (b"Content-Length: 14", b"Content-Length: 1e1", "no number"),
        (b"Content-Type: application/dialog-info+xml", b"Content-Type: application", "Content-Type"),
        (b";rport;", b";=;", "Via"),
        (b"UDP pbx1:5060", b"UDP pbx1:65536", "Via"),
        (b"UDP pbx1:5060", b"UDP", "Via"),
        (b"<sip:101@pbx1>;tag=as1", b"<sip:101@pbx1>;tag=", "address"),
        (b"<sip:101@pbx1>;tag=as1", b"<sip:101@pbx1>tag=as1", "address"),
        (b"<sip:101@pbx1>;tag=as1", b"<sip:101@pbx1>;tag=as1\x1d", "address"),
        (b"<sip:101@pbx1>;tag=as1", b"<sip:101@pbx1>;tag=as1\xc2\xa0\xc2\x85", "address"),
        (b"<sip:101@pbx1>;tag=as1", b"<sip:101@pbx1>" + b";a%d=1" * 1, "address"),
        (b"sip:monitor@192.0.2.5:5070 SIP", b"sip:monitor@192.0.2.5:99999 SIP", "Request-URI"),
        (b"sip:monitor@192.0.2.5:5070 SIP", b"sip:@192.0.2.5 SIP", "Request-URI"),
        (b"sip:monitor@192.0.2.5:5070 SIP", b"monitor SIP", "Request-URI"),
    ],
)
def test_flaws_are_answered_with_400(old, new, why):
    if b";a%d=1" in new:
        new = new.replace(b";a%d=1", b"".join(b";a%d=1" % i for i in range(100)))
    assert why in refused(replaced(old, new))


def test_other_versions_are_answered_with_505():
    assert "SIP/2.0" in refused(replaced(b"5070 SIP/2.0", b"5070 SIP/3.0"), 505)


@pytest.mark.parametrize("header", [b"Via", b"From", b"To", b"Call-ID", b"CSeq"])
def test_what_lacks_what_an_answer_needs_is_dropped(header):
    refused(replaced(b"\r\n" + header + b": ", b"\r\nX-" + header + b": "), 0)
    refused(replaced(b"\r\n" + header + b": ", b"\r\n" + header + b": \r\nX-" + header + b": "), 0)


def test_acks_and_responses_are_never_answered():
    broken = replaced(b"Max-Forwards: 70", b"Max-Forwards: 256")
    refused(broken.replace(b"NOTIFY sip", b"ACK sip").replace(b"7 NOTIFY", b"7 ACK"), 0)
    refused(replaced(b"Expires: 3600", b"Expires: soon", OK), 0)
    for start in (
        b"SIP/2.0 99 OK",
        b"SIP/2.0 700 OK",
        b"SIP/2.0 2000 OK",
        b"SIP/2.0 abc OK",
        b"SIP/3.0 200 OK",
    ):
        refused(replaced(b"SIP/2.0 200 OK", start, OK), 0)


def test_without_end_of_headers_it_is_answered_with_what_came():
    assert "no empty line" in refused(NOTIFY.partition(b"Event")[0])
    assert "no empty line" in refused(NOTIFY.partition(b"\r\nEvent")[0])
    assert "no empty line" in refused(NOTIFY.partition(b"CSeq")[0], 0)


def test_what_is_copied_of_a_flawed_request_has_no_line_breaks():
    with pytest.raises(BadMessage) as caught:
        parse(replaced(b"Call-ID: c1@monitor", b"Call-ID: c1@monitor\nX: 1"))
    assert caught.value.head is not None
    assert caught.value.head.wire("call-id") == [b"c1@monitor X: 1"]
    assert caught.value.head.body == b""  # nothing else of it may be trusted


# --- endless things --------------------------------------------------------------------------------------------


def test_limits_are_answered_with_their_status():
    assert "headers" in refused(replaced(b"Max-Forwards: 70", b"\r\n".join([b"X: 1"] * (HEADERS_LIMIT + 1))))
    assert "header of more" in refused(replaced(b"Max-Forwards: 70", b"X: " + b"x" * LINE_LIMIT))
    assert "start line" in refused(
        replaced(b"sip:monitor@", b"sip:" + b"m" * LINE_LIMIT + b"@", NOTIFY[:60]) + NOTIFY[60:], 414
    )
    assert "message of more" in refused(NOTIFY + b"x" * STREAM_MESSAGE_LIMIT, 413)
    endless = b"\r\n".join([b"X: " + b"x" * 8_000] * 10)
    assert "no empty line" in refused(replaced(b"Event: dialog;id=e1", endless))
    assert parse(replaced(b"Max-Forwards: 70", b"\r\n".join([b"X: 1"] * (HEADERS_LIMIT - 11))))
    largest = replaced(b"Content-Length: 14", b"Content-Length: %d" % BODY_LIMIT)
    assert len(parse(largest.removesuffix(b"<dialog-info/>") + b"x" * BODY_LIMIT).body) == BODY_LIMIT


def test_ten_megabytes_are_refused_at_once():
    body = b"<x>" * 3_500_000
    began = time.process_time()
    refused(replaced(b"Content-Length: 14", b"Content-Length: %d" % len(body)) + body, 413)
    refused(b"\r\n" * 5_000_000, 0)
    refused(b"NOTIFY " * 1_500_000, 0)
    refused(b"\r\nX: 1" * 2_000_000, 0)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    "piece",
    [
        '"',
        "\\",
        '"\\',
        "<",
        ",",
        ";",
        ";a",
        ";a=",
        ';a="',
        "=",
        "%",
        "%4",
        "@",
        ":",
        "[",
        " ",
        "\t",
        "\r\n ",
        "-",
        ".",
        "/",
        "a-",
        "?",
        "a,<",
    ],
)
def test_repeated_pieces_take_no_longer_than_their_length(piece, lenient):
    """A pattern that goes back and forth would take hours."""
    filler = piece * (8_000 // len(piece))
    began = time.process_time()
    for old in (
        b"sip:monitor@192.0.2.5:5070",
        b'"Anna Petrova"',
        b"<sip:101@pbx1>;tag=as1",
        b"SIP/2.0/UDP ",
        b"branch=z9hG4bKPj1",
        b"<sip:101@pbx1:5060>",
        b"c1@monitor",
        b"CSeq: 7",
        b"dialog;id=e1",
        b"14\r\n",
        b'application/dialog-info+xml;charset="utf-8"',
    ):
        for new in (filler.encode(), old + filler.encode(), filler.encode() + old):
            with contextlib.suppress(BadMessage):
                told(parse(replaced(old, new), lenient=lenient))
    assert time.process_time() - began < 1


# --- lenient ---------------------------------------------------------------------------------------------------


def test_lenient_reading_takes_what_can_be_read():
    data = NOTIFY
    for old, new in (
        (b";rport;", b";=;"),
        (b"Contact: <sip:101@pbx1:5060>", b"Contact: <<<>"),
        (b"Max-Forwards: 70", b"Max-Forwards: many\r\nno header\r\nRecord-Route: <,"),
        (b"Event: dialog;id=e1", b"Event: ;;"),
        (b"Content-Type: application/dialog-info+xml", b"Content-Type: application"),
        (b"Content-Length: 14", b"Content-Length: 1400"),
        (b"sip:monitor@192.0.2.5:5070 SIP", b"monitor SIP"),
    ):
        data = replaced(old, new, data)
    refused(data)
    message = request(data, lenient=True)
    assert (message.cseq, message.from_.tag, message.body, message.target) == (7, "as1", NOTIFY_BODY, None)
    assert told(message)[1:] == ((), (), (), None, {}, None, None)


def test_lenient_reading_still_needs_what_all_messages_have():
    for header in (b"Via", b"From", b"To", b"Call-ID", b"CSeq"):
        with pytest.raises(BadMessage):
            parse(replaced(b"\r\n" + header + b": ", b"\r\nX-" + header + b": "), lenient=True)


# --- any bytes -------------------------------------------------------------------------------------------------

KNOWN = [path.read_bytes() for path in sorted(MESSAGES.glob("*.dat"))] + [NOTIFY, OK]


def survives(data: bytes) -> None:
    for lenient in (False, True):
        try:
            message: Message | None = parse(data, lenient=lenient)
            status = 200
        except BadMessage as bad:
            message, status = bad.head, bad.status
        assert (message is None) == (status == 0)
        if message is not None:
            for value in [text for pair in message.headers for text in pair] + [
                message.from_.name or "",
                message.call_id,
            ]:
                value.encode()  # no lone surrogates
            told(message)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data):
    survives(data)


@given(st.sampled_from(KNOWN), st.data())
@settings(max_examples=600, deadline=None)
def test_any_change_of_a_message(message, data):
    start = data.draw(st.integers(0, len(message)))
    end = min(len(message), start + data.draw(st.integers(0, 20)))
    noise = st.one_of(
        st.binary(max_size=20), st.text(alphabet='"\\<>,;:=%@/ \t\r\n[]?*()', max_size=20).map(str.encode)
    )
    survives(message[:start] + data.draw(noise) + message[end:])


@given(
    st.lists(st.sampled_from(sorted({line for data in KNOWN for line in data.split(b"\r\n")})), max_size=30)
)
@settings(max_examples=300, deadline=None)
def test_any_mixture_of_lines(lines):
    survives(b"\r\n".join(lines))
    survives(NOTIFY.partition(b"\r\n")[0] + b"\r\n" + b"\r\n".join(lines) + b"\r\n\r\n")
