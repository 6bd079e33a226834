"""The 49 torture messages of RFC 4475: each is accepted with what it says, refused with the right status, or dropped.

What a server makes of an accepted one (401, 404, 415, 416, 420, 483, 488, whose response it is) is decided where requests are
answered; here stands that it is told everything that it needs for that.
"""

from pathlib import Path

import pytest

from adapters.sip_messages.building import response
from adapters.sip_messages.errors import BadMessage
from adapters.sip_messages.message import Message, Request, Response, parse

MESSAGES = Path(__file__).parent / "rfc4475"

REQUESTS = {
    # file: (section, method, CSeq, From, To, hops, contacts, bytes of the body)
    "wsinv": (
        "3.1.1.1",
        "INVITE",
        9,
        "sip:jdrosen@example.com",
        "sip:vivekg@chair-dnrc.example.com",
        3,
        1,
        150,
    ),
    "intmeth": (
        "3.1.1.2",
        "!interesting-Method0123456789_*+`.%indeed'~",
        139122385,
        "sip:mundane@example.com",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com",
        1,
        0,
        0,
    ),
    "esc01": (
        "3.1.1.3",
        "INVITE",
        234234,
        "sip:I%20have%20spaces@example.net",
        "sip:user@example.com",
        1,
        1,
        150,
    ),
    "escnull": (
        "3.1.1.4",
        "REGISTER",
        14398234,
        "sip:null-%00-null@example.com",
        "sip:null-%00-null@example.com",
        1,
        2,
        0,
    ),
    "esc02": (
        "3.1.1.5",
        "RE%47IST%45R",
        29344,
        "sip:resource@example.com",
        "sip:resource@example.com",
        1,
        2,
        0,
    ),
    "lwsdisp": ("3.1.1.6", "OPTIONS", 60, "sip:caller@example.com", "sip:user@example.com", 1, 0, 0),
    "longreq": (
        "3.1.1.7",
        "INVITE",
        3882340,
        "sip:" + "amazinglylongcallername" * 5 + "@example.net",
        "sip:user@example.com",
        34,
        1,
        150,
    ),
    "dblreq": ("3.1.1.8", "REGISTER", 8, "sip:j.user@example.com", "sip:j.user@example.com", 1, 1, 0),
    "semiuri": ("3.1.1.9", "OPTIONS", 8, "sip:caller@example.org", "sip:j_user@example.com", 1, 0, 0),
    "transports": ("3.1.1.10", "OPTIONS", 60, "sip:caller@example.com", "sip:user@example.com", 5, 0, 0),
    "mpart01": ("3.1.1.11", "MESSAGE", 1, "sip:fluffy@example.com", "sip:kumiko@example.org", 1, 1, 553),
    "baddate": ("3.1.2.12", "INVITE", 1392934, "sip:caller@example.net", "sip:user@example.com", 1, 1, 150),
    "badbranch": ("3.2.1", "OPTIONS", 8, "sip:caller@example.org", "sip:user@example.com", 1, 0, 0),
    "unkscm": ("3.3.2", "OPTIONS", 3923423, "sip:caller@example.net", "sip:user@example.com", 1, 0, 0),
    "novelsc": ("3.3.3", "OPTIONS", 3923423, "sip:caller@example.net", "sip:user@example.com", 1, 0, 0),
    "unksm2": ("3.3.4", "REGISTER", 234902, "http://www.example.com", "isbn:2983792873", 1, 1, 0),
    "bext01": ("3.3.5", "OPTIONS", 8, "sip:caller@example.net", "sip:j_user@example.com", 1, 0, 0),
    "invut": ("3.3.6", "INVITE", 235448, "sip:caller@example.net", "sip:j.user@example.com", 1, 1, 40),
    "regaut01": ("3.3.7", "REGISTER", 9338, "sip:j.user@example.com", "sip:j.user@example.com", 1, 0, 0),
    "zeromf": ("3.3.11", "OPTIONS", 39234321, "sip:caller@example.net", "sip:user@example.com", 1, 0, 0),
    "cparam01": ("3.3.12", "REGISTER", 2, "sip:watson@example.com", "sip:watson@example.com", 1, 1, 0),
    "cparam02": ("3.3.13", "REGISTER", 3, "sip:watson@example.com", "sip:watson@example.com", 1, 1, 0),
    "regescrt": ("3.3.14", "REGISTER", 14398234, "sip:user@example.com", "sip:user@example.com", 1, 1, 0),
    "sdp01": ("3.3.15", "INVITE", 8, "sip:caller@example.net", "sip:j_user@example.com", 1, 1, 150),
    "inv2543": (
        "3.4.1",
        "INVITE",
        56,
        "sip:+13035551111@ift.client.example.net",
        "sip:+16505552222@ss1.example.net",
        1,
        0,
        105,
    ),
}
RESPONSES = {
    # file: (section, status, beginning of the reason, CSeq, hops)
    "unreason": ("3.1.1.12", 200, "= 2**3 * 5**2 но сто", 35, 1),
    "noreason": ("3.1.1.13", 100, "", 35, 1),
    "bcast": ("3.3.10", 200, "OK", 35, 2),
}
REFUSED = {
    # file: (section, status; 0: dropped, what is told)
    "badinv01": ("3.1.2.1", 400, "a Via"),
    "clerr": ("3.1.2.2", 400, "shorter than Content-Length"),
    "ncl": ("3.1.2.3", 400, "Content-Length is no number"),
    "scalar02": ("3.1.2.4", 400, "CSeq"),
    "scalarlg": ("3.1.2.5", 0, "CSeq"),
    "quotbal": ("3.1.2.6", 400, "no address"),
    "ltgtruri": ("3.1.2.7", 400, "the Request-URI"),
    "lwsruri": ("3.1.2.8", 400, "start line"),
    "lwsstart": ("3.1.2.9", 400, "start line"),
    "trws": ("3.1.2.10", 400, "start line"),
    "escruri": ("3.1.2.11", 400, "the Request-URI has headers"),
    "regbadct": ("3.1.2.13", 400, "an address"),
    "badaspec": ("3.1.2.14", 400, "no URI"),
    "baddn": ("3.1.2.15", 400, "no URI"),
    "badvers": ("3.1.2.16", 505, "version"),
    "mismatch01": ("3.1.2.17", 400, "CSeq names another method"),
    "mismatch02": ("3.1.2.18", 400, "CSeq names another method"),
    "bigcode": ("3.1.2.19", 0, "start line"),
    "insuf": ("3.3.1", 0, "there is no From"),  # nothing to copy into an answer
    "multi01": ("3.3.8", 400, "more than one From"),
    "mcl01": ("3.3.9", 400, "more than one Content-Length"),
}


def read(name: str) -> bytes:
    return (MESSAGES / f"{name}.dat").read_bytes()


def accepted(name: str) -> Request:
    message = parse(read(name))
    assert isinstance(message, Request)
    return message


def told(message: Message) -> tuple[object, ...]:
    """All that a message tells by its parts, so that whatever raises is seen."""
    return (
        message.headers,
        message.via,
        message.contacts,
        message.record_routes,
        message.content_type,
        message.content_parameters,
        message.expires,
        message.event,
    )


def test_every_message_has_its_place_in_the_tables():
    names = {path.stem for path in MESSAGES.glob("*.dat")}
    assert len(names) == 49
    assert names == {*REQUESTS, *RESPONSES, *REFUSED}
    assert len({row[0] for table in (REQUESTS, RESPONSES, REFUSED) for row in table.values()}) == 49


@pytest.mark.parametrize("name", REQUESTS)
def test_request_is_accepted(name):
    _, method, cseq, from_, to, hops, contacts, body = REQUESTS[name]
    message = accepted(name)
    assert (message.method, message.cseq_method, message.cseq) == (method, method, cseq)
    assert (message.from_.uri.aor, message.to.uri.aor) == (from_, to)
    assert (len(message.via), len(message.contacts), len(message.body)) == (hops, contacts, body)
    assert name in message.call_id or name == "mpart01"
    assert told(message)


@pytest.mark.parametrize("name", RESPONSES)
def test_response_is_accepted(name):
    _, status, reason, cseq, hops = RESPONSES[name]
    message = parse(read(name))
    assert isinstance(message, Response)
    assert (message.status, message.cseq, len(message.via)) == (status, cseq, hops)
    assert message.reason.startswith(reason)
    assert bool(message.reason) == bool(reason)
    assert told(message)


@pytest.mark.parametrize("name", REFUSED)
def test_message_is_refused(name):
    _, status, why = REFUSED[name]
    with pytest.raises(BadMessage) as caught:
        parse(read(name))
    assert caught.value.status == status
    assert why in caught.value.why
    assert (caught.value.head is not None) == (status != 0)


@pytest.mark.parametrize("name", [name for name, row in REFUSED.items() if row[1]])
def test_refused_request_can_be_answered(name):
    with pytest.raises(BadMessage) as caught:
        parse(read(name))
    head = caught.value.head
    assert head is not None
    data = response(head, caught.value.status, to_tag="t1")
    assert data.startswith(b"SIP/2.0 %d " % caught.value.status)
    for header in (b"Via: SIP/", b"From: ", b"To: ", b"Call-ID: ", b"CSeq: "):
        assert data.count(b"\r\n" + header) >= 1
    assert b"tag=" in data.split(b"\r\nTo: ")[1].split(b"\r\n")[0]
    assert told(head)


@pytest.mark.parametrize("name", sorted({*REQUESTS, *RESPONSES, *REFUSED}))
def test_lenient_reading_accepts_whatever_the_strict_one_does(name):
    try:
        strict = parse(read(name))
    except BadMessage:
        strict = None
    try:
        lenient = parse(read(name), lenient=True)
    except BadMessage:
        assert strict is None
    else:
        assert told(lenient)
        if strict is not None:
            assert (told(strict), strict.body) == (told(lenient), lenient.body)


# --- what is particular to some of them ------------------------------------------------------------------------


def test_wsinv_folding_compact_names_and_blanks_are_undone():
    message = accepted("wsinv")
    assert [(via.transport, via.host, via.branch) for via in message.via] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert (message.to.tag, message.from_.tag) == ("1918181833n", "98asjd8")
    assert message.from_.name == 'J Rosenberg \\"'
    assert message.contacts[0].name == 'Quoted string ""'
    assert message.contacts[0].parameters == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}
    assert message.get("Subject") == ""
    assert message.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.get("Max-Forwards") == "0068"
    assert message.uri == "sip:vivekg@chair-dnrc.example.com;unknownparam"
    assert message.target is not None
    assert message.target.parameters == {"unknownparam": None}


def test_intmeth_unusual_characters_stay():
    message = accepted("intmeth")
    assert message.to.name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_.name == "token1~` token2'+_ token3*%!.-"
    assert message.from_.parameters["fromparam''~+*_!.-%"] == "работающий"
    assert message.from_.tag == "_token~1'+`*%!-."
    assert message.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert message.get("extensionHeader-!.%*+_`'~") == "\ufeff大停電"


def test_escapes_are_undone_in_uris_but_nowhere_else():
    message = accepted("esc01")
    assert message.target is not None
    assert (message.target.user, message.target.host) == ("sips:user@example.com", "example.net")
    assert message.target.aor == "sip:sips%3Auser%40example.com@example.net"
    assert message.contacts[0].uri.user == "caller"
    assert message.contacts[0].uri.parameters == {"lr": None, "name": "value%41"}
    message = accepted("esc02")
    assert message.to.name == "%Z%45"
    assert [contact.uri.user for contact in message.contacts] == ["alias1", "alias3"]
    assert message.get("C%6Fntact") == "<sip:alias2@host2.example.com>"


def test_escnull_users_of_nothing_but_nul_differ():
    assert [contact.uri.user for contact in accepted("escnull").contacts] == ["\0", "\0\0"]


def test_parameters_belong_to_the_header_or_to_the_uri():
    without, within = accepted("cparam01").contacts[0], accepted("cparam02").contacts[0]
    assert (without.parameters, without.uri.parameters) == ({"unknownparam": None}, {})
    assert (within.parameters, within.uri.parameters) == ({}, {"unknownparam": None})


def test_semiuri_and_regescrt():
    target = accepted("semiuri").target
    assert target is not None
    assert (target.user, target.host) == ("user;par=u@example.net", "example.com")
    assert accepted("semiuri").tokens("accept")[-1] == "message/sipfrag"
    contact = accepted("regescrt").contacts[0]
    assert contact.uri_text == "sip:user@example.com?Route=%3Csip:sip.example.com%3E"
    assert contact.uri.aor == "sip:user@example.com"


def test_dblreq_what_follows_the_body_is_not_read():
    message = accepted("dblreq")
    assert (message.body, message.call_id) == (b"", "dblreq.0ha0isndaksdj99sdfafnl3lk233412")


def test_what_a_server_needs_for_its_own_answers_is_there():
    assert accepted("unkscm").target is None  # 416
    assert accepted("novelsc").target is None  # 416
    assert accepted("unkscm").uri == "nobodyKnowsThisScheme:totallyopaquecontent"
    assert accepted("bext01").tokens("Require") == ("nothingSupportsThis", "nothingSupportsThisEither")  # 420
    assert accepted("invut").content_type == "application/unknownformat"  # 415
    assert (accepted("regaut01").get("authorization") or "").startswith("NoOneKnowsThisScheme ")  # 401
    assert accepted("zeromf").number("max-forwards") == 0  # 483, for those who forward
    assert accepted("sdp01").tokens("accept") == ("text/nobodyKnowsThis",)  # 406 or 488
    assert parse(read("bcast")).via[1].host == "255.255.255.255"  # not our response
    assert accepted("badbranch").via[0].branch == "z9hG4bK"


def test_inv2543_needs_neither_tags_nor_length():
    message = accepted("inv2543")
    assert (message.from_.tag, message.to.tag, message.to.parameters) == (None, None, {"user": "phone"})
    assert message.record_routes == ("<sip:UserB@example.com;maddr=ss1.example.com>",)


def test_mpart01_body_stays_binary():
    message = accepted("mpart01")
    assert message.content_type == "multipart/mixed"
    assert message.content_parameters == {"boundary": "7a9cbec02ceef655"}
    assert b"\x82\x01" in message.body
