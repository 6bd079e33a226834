"""Whatever a body is, it is read or refused as :class:`BadBody`, in bounded time and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.common.texts import TEXT_LIMIT
from adapters.sip.bodies import BadBody, dialog_info, read, reginfo, rlmi, xml
from adapters.sip.bodies.values import NAME_LIMIT
from adapters.sip.errors import SipError
from adapters.sip.reports import DialogReport, ListReport, PresenceReport, Report
from tests.adapters.sip import shapes
from tests.adapters.sip.shapes import (
    ANNA,
    DIALOG_INFO,
    FEATURE,
    PIDF,
    REGINFO,
    RELATED,
    a_list,
    asterisk_dialog_info,
    asterisk_pidf,
    cisco_pidf,
    kamailio_dialog,
    kamailio_dialog_info,
    not_ready,
)

TYPES = [DIALOG_INFO, REGINFO, PIDF, FEATURE, "multipart/mixed", "multipart/related"]

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "&a%s;&a%s;">' % (n, b"" if n == 0 else b"%d" % (n - 1), b"" if n == 0 else b"%d" % (n - 1)) for n in range(64))
    + b"]><dialog-info>&a63;</dialog-info>"
)  # fmt: skip

HOSTILE: dict[str, tuple[bytes, str]] = {
    "entity bomb": (BOMB, "body_xml"),
    "one long entity": (
        b'<!DOCTYPE b [<!ENTITY a "'
        + b"a" * 100_000
        + b'">]><dialog-info>'
        + b"&a;" * 10_000
        + b"</dialog-info>",
        "body_xml",
    ),
    "file entity": (
        b'<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><dialog-info>&a;</dialog-info>',
        "body_xml",
    ),
    "parameter entity": (
        b'<!DOCTYPE b [<!ENTITY % a SYSTEM "http://127.0.0.1/a"> %a;]><dialog-info/>',
        "body_xml",
    ),
    "document type alone": (b"<!DOCTYPE dialog-info><dialog-info/>", "body_xml"),
    "external document type": (
        b'<!DOCTYPE dialog-info SYSTEM "http://127.0.0.1/a.dtd"><dialog-info/>',
        "body_xml",
    ),
    "undeclared entity": (b"<dialog-info>&nbsp;</dialog-info>", "body_xml"),
    "10 MB": (b"<dialog-info>" + b" " * 10_000_000 + b"</dialog-info>", "body_size"),
    "10 MB of nothing": (bytes(10_000_000), "body_size"),
    "deep": (b"<a>" * 60_000, "body_size"),
    "deep and closed": (b"<a>" * 30_000 + b"</a>" * 30_000, "body_size"),
    "wide": (b"<dialog-info>" + b"<a/>" * 60_000 + b"</dialog-info>", "body_size"),
    "many attributes": (
        b"<dialog-info " + b" ".join(b'a%d=""' % n for n in range(20_000)) + b"/>",
        "body_size",
    ),
    "many namespaces": (
        b"<dialog-info " + b" ".join(b'xmlns:a%d="u"' % n for n in range(15_000)) + b"/>",
        "body_content",
    ),
    "one attribute twice": (b'<dialog-info version="1" version="2"/>', "body_xml"),
    "unbound prefix": (b"<a:dialog-info/>", "body_xml"),
    "NUL": (kamailio_dialog_info(kamailio_dialog(display="a\0b")), "body_xml"),
    "control character": (kamailio_dialog_info(kamailio_dialog(display="a\x1bb")), "body_xml"),
    "NUL as reference": (kamailio_dialog_info(kamailio_dialog(display="a&#0;b")), "body_xml"),
    "surrogate as reference": (kamailio_dialog_info(kamailio_dialog(display="a&#xD800;b")), "body_xml"),
    "not the declared encoding": (
        b'<?xml version="1.0" encoding="UTF-8"?><dialog-info a="\xe9"/>',
        "body_xml",
    ),
    "no encoding": (b"<dialog-info a='\xff'/>", "body_xml"),
    "odd encoding": (b'<?xml version="1.0" encoding="utf-7"?><dialog-info/>', "body_xml"),
    "no encoding at all": (b'<?xml version="1.0" encoding="zlib_codec"?><dialog-info/>', "body_xml"),
    "half of UTF-16": ("\ufeff<dialog-info/>".encode("utf-16-le")[:-1], "body_xml"),
    "lone surrogate in UTF-16": (b"\xff\xfe<\x00\x00\xd8", "body_xml"),
    "empty": (b"", "body_xml"),
    "white space": (b" \r\n", "body_xml"),
    "no XML": (b"INVITE sip:101@pbx SIP/2.0\r\n\r\n", "body_xml"),
    "cut off": (asterisk_dialog_info()[:-3], "body_xml"),
    "two roots": (b"<dialog-info/><dialog-info/>", "body_xml"),
    "only a comment": (b"<!-- nothing -->", "body_xml"),
    "another root": (b"<html/>", "body_content"),
    "many dialogs": (
        kamailio_dialog_info(*(f'<dialog id="{n}"><state>early</state></dialog>' for n in range(1_001))),
        "body_size",
    ),
    "an endless id": (kamailio_dialog_info(kamailio_dialog("a" * (NAME_LIMIT + 1))), "body_size"),
    "an endless entity": (kamailio_dialog_info(entity="sip:" + "1" * 100_000 + "@pbx"), "body_size"),
    "an absurd version": (kamailio_dialog_info(version=2**80), "body_content"),
    "an endless version": (kamailio_dialog_info(version="9" * 100_000), "body_content"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_and_says_why(name: str) -> None:
    body, kind = HOSTILE[name]
    with pytest.raises(BadBody) as refused:
        read(DIALOG_INFO, {}, body)
    assert refused.value.kind == kind
    assert 0 < len(refused.value.why) < 300
    assert isinstance(refused.value, SipError)


def test_memory_stays_bounded() -> None:
    largest = b"<dialog-info>" + b"<a b=''/>" * 9_000 + b"x" * (xml.BYTES_LIMIT - 100_000) + b"</dialog-info>"
    tracemalloc.start()
    for body in (BOMB, largest, HOSTILE["deep"][0], HOSTILE["many attributes"][0]):
        with pytest.raises(BadBody):
            read(DIALOG_INFO, {}, body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize("content_type", TYPES)
def test_10_mb_are_refused_unread(content_type: str) -> None:
    body = shapes.multipart([(DIALOG_INFO, "", b"<a/>" * 2_500_000)])
    with pytest.raises(BadBody) as refused:
        read(content_type, RELATED, body)
    assert refused.value.kind == "body_size"


def test_a_type_that_is_not_read_is_refused() -> None:
    for content_type in ("text/plain", "", "application/xpidf+xml", "a" * 100_000, "multipart/alternative"):
        with pytest.raises(BadBody) as refused:
            read(content_type, {}, b"<dialog-info/>")
        assert refused.value.kind == "body_type"
        assert len(refused.value.why) < 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_that_servers_use_are_read(encoding: str) -> None:
    declared = encoding if encoding.startswith(("iso", "win")) else encoding.removesuffix("-sig")
    text = kamailio_dialog_info(kamailio_dialog(display="Zo\xeb")).decode()
    text = text.replace('<?xml version="1.0"?>', f'<?xml version="1.0" encoding="{declared}"?>')
    (report,) = read(DIALOG_INFO, {}, text.encode(encoding))
    assert isinstance(report, DialogReport)
    assert report.dialogs[0].remote_name == "Zo\xeb"


def test_white_space_around_a_document_is_no_matter() -> None:
    assert read(DIALOG_INFO, {}, b"\r\n " + asterisk_dialog_info() + b"\r\n\r\n")


def test_what_is_shown_is_one_short_line_without_tricks() -> None:
    name = "Anna&#10;\u202eannA&#x85;\u200b" + "a" * 10_000
    (report,) = read(DIALOG_INFO, {}, kamailio_dialog_info(kamailio_dialog(display=name)))
    assert isinstance(report, DialogReport)
    shown = report.dialogs[0].remote_name
    assert shown is not None
    assert shown.startswith("Anna annA aaa")
    assert len(shown) == TEXT_LIMIT
    (told,) = read(PIDF, {}, asterisk_pidf(note="\u2066" * 100))
    assert isinstance(told, PresenceReport)
    assert told.note is None


def test_ids_are_never_with_control_characters() -> None:
    (report,) = read(
        DIALOG_INFO, {}, kamailio_dialog_info(kamailio_dialog("a\x9fb&#10;c", call_id="x\u202ey"))
    )
    assert isinstance(report, DialogReport)
    assert (report.dialogs[0].id, report.dialogs[0].call_id) == ("a\ufffdb\ufffdc", "x\ufffdy")


def test_the_longest_that_is_let_through_is_read() -> None:
    dialogs = [f'<dialog id="{n}"><state>early</state></dialog>' for n in range(dialog_info.DIALOGS_LIMIT)]
    (report,) = read(DIALOG_INFO, {}, kamailio_dialog_info(*dialogs))
    assert isinstance(report, DialogReport)
    assert len(report.dialogs) == dialog_info.DIALOGS_LIMIT


def test_activities_are_bounded() -> None:
    (report,) = read(PIDF, {}, cisco_pidf(*(f"e:a{n}" for n in range(5_000)), "e:" + "a" * 1_000))
    assert isinstance(report, PresenceReport)
    assert len(report.activities) == 32


def test_contacts_and_members_are_bounded() -> None:
    contacts = [(f"{n}", "active") for n in range(reginfo.CONTACTS_LIMIT)]
    with pytest.raises(BadBody) as refused:
        read(REGINFO, {}, shapes.reginfo(*contacts))
    assert refused.value.kind == "body_size"
    members = "".join(f'<resource uri="sip:{n}@x"/>' for n in range(rlmi.RESOURCES_LIMIT + 1))
    with pytest.raises(BadBody) as refused:
        read("multipart/related", RELATED, shapes.multipart([(shapes.RLMI, "root@x", shapes.rlmi(members))]))
    assert refused.value.kind == "body_size"


def test_lists_in_lists_have_an_end() -> None:
    body, boundary = kamailio_dialog_info(), ""
    content_type = DIALOG_INFO
    for level in range(40):
        body = a_list((ANNA, body), content_type=content_type).replace(b"XbN3k", b"b%db" % level)
        boundary = f"b{level}b"
        content_type = f'multipart/related;type="{shapes.RLMI}";boundary={boundary}'
    report: Report
    (report,) = read("multipart/related", {"boundary": boundary}, body)
    depth = 0
    while isinstance(report, ListReport) and report.resources[0].reports:
        (report,) = report.resources[0].reports
        depth += 1
    assert isinstance(report, ListReport)
    assert report.bad == ("body_multipart",)
    assert 1 <= depth < 10


# --- any bytes -------------------------------------------------------------------------------------------

GOOD = [
    asterisk_dialog_info("confirmed", held=True),
    kamailio_dialog_info(kamailio_dialog(), kamailio_dialog("b", "early")),
    shapes.reginfo(("0x1", "active")),
    asterisk_pidf("closed", "On the phone", "busy"),
    cisco_pidf("ce:dnd"),
    not_ready("1"),
    a_list((ANNA, kamailio_dialog_info(kamailio_dialog()))),
]


def only_bad_body(call: Callable[[], object]) -> None:
    with suppress(BadBody):
        call()


@given(st.sampled_from(TYPES), st.binary(max_size=400))
@example(DIALOG_INFO, b"\xef\xbb\xbf")
@example("multipart/mixed", b"--XbN3k")
def test_any_bytes_are_read_or_refused(content_type: str, body: bytes) -> None:
    only_bad_body(lambda: read(content_type, RELATED, body))


@given(st.sampled_from(GOOD), st.data())
@settings(max_examples=400)
def test_a_document_that_was_tampered_with_is_read_or_refused(good: bytes, data: st.DataObject) -> None:
    body = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        length = data.draw(st.integers(0, 12))
        body[at : at + length] = data.draw(
            st.one_of(
                st.binary(max_size=6), st.sampled_from([b"<", b"&", b'"', b"]]>", b"<a>", b"\r\n--XbN3k\r\n"])
            )
        )
    for content_type in TYPES:
        only_bad_body(lambda content_type=content_type: read(content_type, RELATED, bytes(body)))


@given(st.text(), st.text(), st.text())
def test_any_texts_in_a_document_are_read_or_refused(ident: str, name: str, entity: str) -> None:
    def escaped(text: str) -> str:
        return "".join(f"&#{ord(letter)};" for letter in text)

    body = kamailio_dialog_info(
        kamailio_dialog(escaped(ident), display=escaped(name), peer=escaped(entity)), entity=escaped(entity)
    )
    only_bad_body(lambda: read(DIALOG_INFO, {}, body))
    only_bad_body(lambda: read(DIALOG_INFO, {}, body.replace(escaped(entity).encode(), ANNA.encode())))
