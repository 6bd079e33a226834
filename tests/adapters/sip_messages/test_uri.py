"""URIs and addresses: what they say, one canonical form for one address, and what is none."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip_messages.address import Address, Via
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.limits import HEADERS_LIMIT, LINE_LIMIT, PARAMETERS_LIMIT
from adapters.sip_messages.uri import Uri


@pytest.mark.parametrize(
    ("text", "scheme", "user", "host", "port", "parameters"),
    [
        ("sip:101@pbx.example.org", "sip", "101", "pbx.example.org", None, {}),
        ("SIPS:101@PBX.example.ORG:5061", "sips", "101", "pbx.example.org", 5061, {}),
        ("sip:pbx1", "sip", None, "pbx1", None, {}),
        ("sip:my_pbx:5060;transport=TCP;lr", "sip", None, "my_pbx", 5060, {"transport": "TCP", "lr": None}),
        ("sip:a:secret@h;X=%41?Route=x", "sip", "a", "h", None, {"x": "A"}),
        ("sip:a:@h", "sip", "a", "h", None, {}),
        ("sip:*72#@h", "sip", "*72#", "h", None, {}),
        ("sip:анна@h", "sip", "анна", "h", None, {}),
        ("sip:%D0%B0@h", "sip", "а", "h", None, {}),  # noqa: RUF001 - the Cyrillic letter
        ("sip:%ff%fe@h", "sip", "ÿþ", "h", None, {}),
        ("sip:1@[2001:DB8:0::1]:5060", "sip", "1", "[2001:db8::1]", 5060, {}),
        ("sip:1@192.0.2.1;a=;a=2", "sip", "1", "192.0.2.1", None, {"a": ""}),
        ("tel:+7 (495)".replace(" ", "-"), "tel", "+7495", "", None, {}),
        ("TEL:101;phone-context=+7495", "tel", "101", "", None, {"phone-context": "+7495"}),
        ("urn:service:sos", "urn", "service:sos", "", None, {}),
        ("http://www.example.com", "http", "//www.example.com", "", None, {}),
    ],
)
def test_parts(text, scheme, user, host, port, parameters):
    assert Uri.parse(text) == Uri(scheme, user, host, port, parameters)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "sip",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a@b@c",
            "sip:a b@c",
            "sip:h:",
            "sip:h:65536",
            "sip:h:123456",
            "sip:h:-1",
        ),
        *(
            "sip:[::1",
            "sip:[::g]",
            "sip:[1::2::3]",
            "sip:%zz@h",
            "sip:%4@h",
            "sip:h;",
            "sip:h;;a",
            "sip:h;=a",
            "sip: h",
        ),
        *(
            "tel:",
            "tel:+",
            "tel:++",
            "tel:--",
            "tel:+7;",
            "tel:a b",
            ":a",
            "1a:b",
            "<sip:h>",
            "sip:h>",
            "sip:h\n",
            "sip:h\0",
        ),
        "sip:h" + ";".join(f"{number}" for number in range(PARAMETERS_LIMIT + 2)),
        "sip:h?" + "x" * LINE_LIMIT,
    ],
)
def test_what_is_none(text):
    with pytest.raises(BadUri):
        Uri.parse(text)


@pytest.mark.parametrize(
    ("texts", "aor"),
    [
        (
            ("sip:101@h", "SIP:101@H", "sips:101@h:5061;a=b", "sip:%31%30%31@h?x=y", "sip:101:pw@h"),
            "sip:101@h",
        ),
        (("sip:h", "sip:h:5060"), "sip:h"),
        (("sip:a%20b@h",), "sip:a%20b@h"),
        (("sip:a%40b@h",), "sip:a%40b@h"),
        (("sip:*72#@h", "sip:*72%23@h"), "sip:*72%23@h"),
        (("sip:1@[::1]", "sip:1@[0:0::0:1]:5060"), "sip:1@[::1]"),
        (("tel:+7495", "tel:+7-(49.5)", "TEL:+7495;a=b"), "tel:+7495"),
        (("isbn:2983792873",), "isbn:2983792873"),
    ],
)
def test_one_address_has_one_canonical_form(texts, aor):
    assert {Uri.parse(text).aor for text in texts} == {aor}
    assert Uri.parse(aor).aor == aor


def test_case_of_the_user_matters():
    assert Uri.parse("sip:Anna@h").aor != Uri.parse("sip:anna@h").aor


USERS = st.text(min_size=1, max_size=20).filter(lambda text: max(text) < "\ud800" or max(text) > "\udfff")


@given(USERS, st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), st.none() | USERS, max_size=3))
@settings(max_examples=300, deadline=None)
def test_written_and_read_again_it_is_the_same(user, parameters):
    with contextlib.suppress(UnicodeEncodeError):
        uri = Uri("sip", user, "pbx1", 5060, parameters)
        assert Uri.parse(str(uri)) == uri
        assert Uri.parse(uri.aor).aor == uri.aor


def test_written():
    for text in (
        "sip:101@h:5060;lr;transport=tcp",
        "sip:h",
        "tel:+7495;a=b",
        "urn:service:sos",
        "sips:a@[::1]",
    ):
        assert str(Uri.parse(text)) == text


@given(
    st.text(max_size=40)
    | st.text(alphabet='sip:@%41;=?[]<>, \t"\\', max_size=40).map(lambda text: "sip:" + text)
)
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_uri_or_none(text):
    for parse in (
        Uri.parse,
        Address.parse,
        Via.parse,
        lambda text: Address.parse_all([text]),
        lambda text: Via.parse_all([text]),
    ):
        with contextlib.suppress(BadUri):
            parse(text)


# --- addresses and hops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "aor", "parameters"),
    [
        ("<sip:1@h>", None, "sip:1@h", {}),
        ("sip:1@h;tag=x", None, "sip:1@h", {"tag": "x"}),
        ('"" <sip:1@h>', None, "sip:1@h", {}),
        ('"A \\"B\\" \\\\" <sip:1@h> ; TAG = x', 'A "B" \\', "sip:1@h", {"tag": "x"}),
        ("Anna Petrova<sip:1@h>", "Anna Petrova", "sip:1@h", {}),
        ("Анна (1) <sip:1@h>", "Анна (1)", "sip:1@h", {}),
        ('<sip:1@h;a=b>;c="d;e,f";g', None, "sip:1@h", {"c": "d;e,f", "g": None}),
        (
            '<sip:1@h>;+sip.instance="<urn:uuid:0>";expires=60',
            None,
            "sip:1@h",
            {"+sip.instance": "<urn:uuid:0>", "expires": "60"},
        ),
        ("<sip:1@h>;self=1;tag=a;tag=b", None, "sip:1@h", {"self": "1", "tag": "a"}),
        ("  <tel:+7495>  ", None, "tel:+7495", {}),
        ('<sip:1@h>;a="b \\"c\\""', None, "sip:1@h", {"a": 'b "c"'}),
    ],
)
def test_address(text, name, aor, parameters):
    address = Address.parse(text)
    assert (address.name, address.uri.aor, address.parameters) == (name, aor, parameters)
    assert address.tag == parameters.get("tag")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "<sip:1@h",
        "sip:1@h>",
        '"A <sip:1@h>',
        "A, B <sip:1@h>",
        "<sip:1@h>x",
        "< sip:1@h>",
        "sip:1@h?a=b",
        "sip:1,2@h",
        "<sip:1@h>;",
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(BadUri):
        Address.parse(text)


def test_lists_have_a_limit():
    with pytest.raises(BadUri):
        Address.parse_all([",".join(["<sip:1@h>"] * (HEADERS_LIMIT + 1))])
    with pytest.raises(BadUri):
        Address.parse_all(["<sip:1@h>"] * (HEADERS_LIMIT + 1))
    with pytest.raises(BadUri):
        Via.parse_all(["SIP/2.0/UDP h"] * (HEADERS_LIMIT + 1))
    with pytest.raises(BadUri):
        Address.parse("<sip:1@h>" + "".join(f";a{number}" for number in range(PARAMETERS_LIMIT + 1)))


def test_hops():
    first, second = Via.parse_all(
        ["sip / 2.0 / tcp  [::1] : 5060 ;branch=b;received=::1, SIP/2.0/WSS x.invalid;keep"]
    )
    assert (first.transport, first.host, first.port, first.branch, first.parameters["received"]) == (
        "TCP",
        "[::1]",
        5060,
        "b",
        "::1",
    )
    assert (second.transport, second.host, second.port, second.branch) == ("WSS", "x.invalid", None, None)
