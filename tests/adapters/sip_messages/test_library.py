"""The library ``sipmessage`` and this package read the same, wherever the library reads something."""

import pytest
import sipmessage
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip_messages.address import Address, Via
from adapters.sip_messages.digest import Challenge
from adapters.sip_messages.message import Request, parse
from adapters.sip_messages.uri import Uri
from tests.adapters.sip_messages.test_rfc4475 import REQUESTS, RESPONSES, read
from tests.adapters.sip_messages.texts import sip

TORTURE = {*REQUESTS, *RESPONSES} - {
    "novelsc",
    "regescrt",
    "semiuri",
    "unkscm",
    "unksm2",
    "wsinv",
}  # the library refuses these
TOKEN = st.from_regex(r"[A-Za-z0-9!%*_+`'~.-]{1,8}", fullmatch=True)
USER = st.from_regex(r"[A-Za-z0-9_.!~*'()&=+$,;?/-]{1,8}", fullmatch=True)
HOST = st.sampled_from(["pbx.example.org", "192.0.2.1", "[2001:db8::1]", "localhost", "a-b.example"])
PORT = st.none() | st.integers(0, 65_535)
PARAMETERS = st.dictionaries(
    st.from_regex("[a-z][a-z0-9-]{0,5}", fullmatch=True).filter(lambda name: name != "self"),
    st.none() | st.from_regex("[a-zA-Z0-9.-]{1,6}", fullmatch=True),
    max_size=3,
)
NAME = st.from_regex(r"[A-Za-z0-9.-]{0,6}", fullmatch=True) | st.text(
    alphabet='abc ,;<>:@"\\é', max_size=8
).filter(lambda name: '"' not in name and "\\" not in name and name == " ".join(name.split()))


def same(ours: Address, theirs: sipmessage.Address) -> None:
    assert ours.name == (theirs.name or None)
    assert dict(ours.parameters) == dict(theirs.parameters)
    same_uri(ours.uri, theirs.uri)


def same_uri(ours: Uri, theirs: sipmessage.URI) -> None:
    assert (ours.scheme, ours.user, ours.host, ours.port) == (
        theirs.scheme,
        theirs.user,
        theirs.host,
        theirs.port,
    )
    assert dict(ours.parameters) == dict(theirs.parameters)


@pytest.mark.parametrize(
    "name", sorted(TORTURE - {"intmeth", "esc01", "escnull", "dblreq", "inv2543", "longreq"})
)
def test_torture_messages(name):
    ours, theirs = parse(read(name)), sipmessage.Message.parse(read(name))
    assert ours.call_id == theirs.call_id
    assert (ours.cseq, ours.cseq_method) == (theirs.cseq.sequence, theirs.cseq.method)
    assert ours.body == theirs.body
    same(ours.from_, theirs.from_address)
    same(ours.to, theirs.to_address)
    assert [(via.transport, via.host, via.port, dict(via.parameters)) for via in ours.via] == [
        (via.transport, via.host, via.port, dict(via.parameters)) for via in theirs.via
    ]


@given(st.sampled_from(["sip", "sips"]), st.none() | USER, HOST, PORT, PARAMETERS)
@settings(max_examples=200, deadline=None)
def test_uris(scheme, user, host, port, parameters):
    theirs = sipmessage.URI(scheme, host, user, None, port, sipmessage.Parameters(**parameters))
    same_uri(Uri.parse(str(theirs)), theirs)
    assert str(Uri.parse(str(theirs))) == str(theirs)


@given(NAME, USER, HOST, PARAMETERS)
@settings(max_examples=200, deadline=None)
def test_addresses(name, user, host, parameters):
    theirs = sipmessage.Address(sipmessage.URI("sip", host, user), name, sipmessage.Parameters(**parameters))
    same(Address.parse(str(theirs)), theirs)


@given(
    st.lists(
        st.tuples(st.sampled_from(["UDP", "TCP", "TLS"]), HOST, PORT, PARAMETERS), min_size=1, max_size=3
    )
)
@settings(deadline=None)
def test_hops(hops):
    theirs = [
        sipmessage.Via(transport, host, port, sipmessage.Parameters(**more))
        for transport, host, port, more in hops
    ]
    ours = Via.parse_all([", ".join(map(str, theirs))])
    assert [(via.transport, via.host, via.port, dict(via.parameters)) for via in ours] == hops


@given(TOKEN, st.integers(0, 2**31 - 1), USER)
@settings(deadline=None)
def test_messages_that_the_library_writes(method, cseq, call_id):
    request = sipmessage.Request(method, sipmessage.URI("sip", "pbx.example.org", "101"))
    request.via = [sipmessage.Via("UDP", "192.0.2.1")]
    request.from_address = request.to_address = sipmessage.Address(sipmessage.URI("sip", "pbx.example.org"))
    request.call_id = call_id
    request.cseq = sipmessage.CSeq(cseq, method)
    ours = parse(bytes(request))
    assert isinstance(ours, Request)
    assert (ours.method, ours.cseq, ours.cseq_method, ours.call_id) == (method, cseq, method, call_id)


@given(st.text(alphabet='abc \\"é/=+', min_size=1, max_size=12), st.sampled_from(["MD5", "SHA-256"]))
@settings(deadline=None)
def test_challenges_that_the_library_writes(text, algorithm):
    theirs = sipmessage.AuthChallenge(
        "Digest", sipmessage.AuthParameters(realm=text, nonce=text, algorithm=algorithm, qop="auth")
    )
    assert Challenge.parse_all([str(theirs)]) == [Challenge(text, text, algorithm, ("auth",))]


@pytest.mark.parametrize(
    ("parse_it", "text", "ours"),
    [
        (sipmessage.URI.parse, "sip:101@pbx1", lambda: Uri.parse("sip:101@pbx1").host == "pbx1"),
        (sipmessage.URI.parse, "sip:101@my_pbx", lambda: Uri.parse("sip:101@my_pbx").host == "my_pbx"),
        (sipmessage.URI.parse, "SIP:101@h", lambda: Uri.parse("SIP:101@h").scheme == "sip"),
        (
            sipmessage.AuthChallenge.parse,
            'Digest realm="r", nonce="n", qop="auth,auth-int"',
            lambda: len(Challenge.parse_all(['Digest realm="r", nonce="n", qop="auth,auth-int"'])) == 1,
        ),
        (sipmessage.Message.parse, sip("A sip:h SIP/2.0\nSubject:\n folded"), lambda: True),
    ],
)
def test_why_the_library_does_not_parse_here(parse_it, text, ours):
    """If one of these fails, the library has learnt something: see the package's docstring."""
    with pytest.raises(ValueError):
        parse_it(text)
    assert ours()


def test_more_reasons():
    assert len(sipmessage.Address.parse_many('"A" <sip:a@x>, "B" <sip:b@x>')) == 1
    assert len(Address.parse_all(['"A" <sip:a@x>, "B" <sip:b@x>'])) == 2
    with pytest.raises(TypeError):
        sipmessage.Address.parse("<sip:a@x>;self=1")
    assert Address.parse("<sip:a@x>;self=1").parameters == {"self": "1"}
