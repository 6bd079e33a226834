"""Multipart bodies: the parts of resource lists, and nothing of what was cut off or never ends."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip_messages.errors import BadBody
from adapters.sip_messages.limits import BODY_LIMIT, DEPTH_LIMIT, LINE_LIMIT, PART_HEADERS_LIMIT, PARTS_LIMIT
from adapters.sip_messages.message import parse
from adapters.sip_messages.multipart import Part, parts
from tests.adapters.sip_messages.test_rfc4475 import read

B = {"boundary": "b"}
LIST = b"""preamble
--b
Content-Transfer-Encoding: binary
Content-ID: <root@pbx>
Content-Type: application/rlmi+xml;
 charset="UTF-8"

<list/>
--b
content-type: Multipart/Related; boundary=b2; type="application/pidf+xml"
Content-ID:in@pbx

--b2

inner
--b2--
--b
Content-Type: application/pidf+xml

<presence>
--bb
--b--x
</presence>

--b--
epilogue
--b
""".replace(b"\n", b"\r\n")


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_parts(line_end):
    root, inner, last = parts(B, LIST.replace(b"\r\n", line_end))
    assert root == Part(
        (
            ("Content-Transfer-Encoding", "binary"),
            ("Content-ID", "<root@pbx>"),
            ("Content-Type", 'application/rlmi+xml; charset="UTF-8"'),
        ),
        "application/rlmi+xml",
        {"charset": "UTF-8"},
        "root@pbx",
        b"<list/>",
    )
    assert (inner.content_type, inner.content_id) == ("multipart/related", "in@pbx")
    assert [part.body for part in parts(inner.content_parameters, inner.body, depth=1)] == [b"inner"]
    assert last.body == b"<presence>\n--bb\n--b--x\n</presence>\n".replace(b"\n", line_end)
    assert last.content_id is None


def test_part_without_headers_is_text():
    for body in (b"--b\r\n\r\ntext\r\n--b--", b"--b \t\r\n\r\ntext\r\n--b-- \r\n"):
        assert parts(B, body) == [Part((), "text/plain", {}, None, b"text")]
    assert parts(B, b"--b\r\n--b--") == [Part((), "text/plain", {}, None, b"")]
    assert parts(B, b"--b\r\nX: y\r\n--b--")[0].headers == (("X", "y"),)
    assert parts(B, b"--b--") == []


def test_boundary_is_taken_as_it_is_written():
    for boundary in ("a.c", "=_(x+y)?", "(", "[z", "b|", "ü"):
        data = b"--" + boundary.encode() + b"\r\n\r\ntext\r\n--abc--\r\n--" + boundary.encode() + b"--"
        assert [part.body for part in parts({"boundary": boundary}, data)] == [b"text\r\n--abc--"]


def test_rfc4475_mpart01():
    message = parse(read("mpart01"))
    text, signature = parts(message.content_parameters, message.body)
    assert (text.content_type, text.body) == ("text/plain", b"Hello")
    assert (signature.content_type, len(signature.body)) == (
        "application/octet-stream",
        4 + 0x152,
    )  # as its DER says
    assert signature.body.startswith(b"0\x82\x01R\x06\x09*\x86H\x86\xf7")


@pytest.mark.parametrize(
    ("encoding", "sent", "body"),
    [
        ("base64", b"PGE+\r\nPC9hPg==", b"<a></a>"),
        ("Quoted-Printable", b"<a=20b=3D'1'/>=\r\n", b"<a b='1'/>"),
        ("8BIT", b"\xff", b"\xff"),
    ],
)
def test_encodings(encoding, sent, body):
    data = b"--b\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + sent + b"\r\n--b--"
    assert parts(B, data)[0].body == body


@pytest.mark.parametrize(
    ("parameters", "body", "why"),
    [
        ({}, b"--b--", "boundary"),
        ({"boundary": ""}, b"----", "boundary"),
        ({"boundary": "x" * 201}, b"--" + b"x" * 201 + b"--", "boundary"),
        ({"boundary": "a\nb"}, b"--a\nb--", "boundary"),
        (B, b"", "there is no boundary"),
        (B, b"x--b--", "there is no boundary"),
        (B, b"--b\r\n\r\nhalf a list", "last boundary"),
        (B, LIST.partition(b"--b--\r\n")[0], "last boundary"),
        (B, b"--b\r\nno header\r\n\r\n\r\n--b--", "header that is none"),
        (B, b"--b\r\n: x\r\n\r\n\r\n--b--", "header that is none"),
        (B, b"--b\r\nContent-Type: text\r\n\r\n\r\n--b--", "Content-Type"),
        (B, b"--b\r\nContent-Transfer-Encoding: gzip\r\n\r\n\r\n--b--", "encoding"),
        (B, b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nabc\r\n--b--", "base64"),
        (B, b"--b\r\n" + b"X: y\r\n" * (PART_HEADERS_LIMIT + 1) + b"\r\n\r\n--b--", "headers"),
        (B, b"--b\r\n" + b"X: " + b"y" * LINE_LIMIT + b"\r\n\r\n--b--", "headers"),
        (B, b"--b\r\n\r\n\r\n" * (PARTS_LIMIT + 2) + b"--b--", "parts"),
        (B, b"x" * (BODY_LIMIT + 1), "bytes"),
    ],
)
def test_what_cannot_be_taken_apart(parameters, body, why):
    with pytest.raises(BadBody, match=why):
        parts(parameters, body)


def test_depth_is_bounded():
    assert parts(B, b"--b--", depth=DEPTH_LIMIT - 1) == []
    with pytest.raises(BadBody, match="within one another"):
        parts(B, b"--b--", depth=DEPTH_LIMIT)


@pytest.mark.parametrize(
    "piece", [b"\r\n", b"\n", b"\r", b"--b", b"\r\n--b", b"\r\n--b ", b" ", b"\r\n--b\r\n", b"-", b"\r\n \r"]
)
def test_repeated_pieces_take_no_longer_than_their_length(piece):
    filler = piece * (BODY_LIMIT // 2 // len(piece))
    began = time.process_time()
    for body in (filler, b"--b\r\n" + filler, b"--b\r\n\r\n" + filler + b"\r\n--b--"):
        with contextlib.suppress(BadBody):
            parts(B, body)
    assert time.process_time() - began < 2


@given(
    st.binary(max_size=100)
    | st.lists(
        st.sampled_from(
            [b"--b", b"--b--", b"\r\n", b"\n", b"\r\n--b\r\n", b": ", b"Content-Type", b"a/b;c=d", b" "]
        )
    ).map(b"".join)
)
@settings(max_examples=300, deadline=None)
def test_any_body(body):
    with contextlib.suppress(BadBody):
        for part in parts(B, body):
            assert len(part.body) <= len(body)
