"""Digest authentication against the RFCs' own examples, against hashlib, and against those who listen in."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sipmessage import AuthChallenge

from adapters.sip_messages import digest
from adapters.sip_messages.digest import Challenge, Verifier, answer
from adapters.sip_messages.errors import BuildError, NoUsableChallenge

NAMES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def field(value: str, name: str) -> str:
    """The field of an answer, quoted or not; found without the code under test."""
    for piece in value.removeprefix("Digest ").split(", "):
        key, _, content = piece.partition("=")
        if key == name:
            return content.strip('"')
    raise KeyError(name)


def hashed(algorithm: str, *pieces: str) -> str:
    return hashlib.new(NAMES[algorithm], ":".join(pieces).encode()).hexdigest()


# --- the examples of the RFCs ------------------------------------------------------------------------------------


def test_rfc_2617_example():
    value = answer(
        Challenge.parse_all(
            [
                'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
            ]
        ),
        "Mufasa",
        "Circle Of Life",
        "GET",
        "/dir/index.html",
        "0a4f113b",
        1,
    )
    assert field(value, "response") == "6629fae49393a05397450978507c4ef1"
    assert field(value, "opaque") == "5ccc069c403ebaf9f0171e9517f40e41"
    assert "qop=auth, nc=00000001" in value  # neither in quotes


@pytest.mark.parametrize(
    ("algorithm", "proof"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_examples(algorithm, proof):
    challenges = Challenge.parse_all([RFC_7616.format(algorithm)])
    value = answer(challenges, "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE, 1)
    assert field(value, "response") == proof
    assert field(value, "algorithm") == algorithm


# --- against hashlib ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", NAMES)
@pytest.mark.parametrize("qop", ["auth", "auth-int", ""])
def test_proofs_of_sip_requests(algorithm, qop):
    challenge = f'Digest realm="pbx1", nonce="n/1==", algorithm={algorithm}' + (
        f', qop="{qop}"' if qop else ""
    )
    value = answer(
        Challenge.parse_all([challenge]),
        "monitor",
        "geheim ü",
        "SUBSCRIBE",
        "sip:101@pbx1",
        "c0",
        26,
        b"body",
    )
    first = hashed(algorithm, "monitor", "pbx1", "geheim ü")
    second = ["SUBSCRIBE", "sip:101@pbx1"]
    if qop == "auth-int":
        second.append(hashlib.new(NAMES[algorithm], b"body").hexdigest())
    use = ["0000001a", "c0", qop] if qop else []
    assert field(value, "response") == hashed(algorithm, first, "n/1==", *use, hashed(algorithm, *second))
    assert ("cnonce" in value) == ("nc=" in value) == ("qop=" in value) == bool(qop)
    assert field(value, "uri") == "sip:101@pbx1"
    assert field(value, "username") == "monitor"
    assert "opaque" not in value


def test_auth_is_taken_before_auth_int():
    (challenge,) = Challenge.parse_all(['Digest realm="r", nonce="n", qop=" auth-int , AUTH"'])
    assert challenge.qop == ("auth-int", "auth")
    assert "qop=auth," in answer([challenge], "u", "s", "A", "sip:h", "c", 1)


def test_quotes_in_names_stay_within_their_quotes():
    (challenge,) = Challenge.parse_all([r'Digest realm="a \"b\" \\", nonce="n"'])
    assert challenge.realm == 'a "b" \\'
    assert r'realm="a \"b\" \\"' in answer([challenge], 'u"', "s", "A", "sip:h", "c", 1)


# --- several challenges (RFC 8760) -------------------------------------------------------------------------------


def test_topmost_challenge_that_can_be_answered_is():
    values = [
        'Digest realm="r", nonce="n0", algorithm=SHA3-512, qop="auth"',
        'Digest realm="r", nonce="n1", algorithm=sha-512-256, qop="auth"',
        'Digest realm="r", nonce="n2", algorithm=SHA-256, qop="auth"',
        'Digest realm="r", nonce="n3", algorithm=MD5, qop="auth"',
    ]
    challenges = Challenge.parse_all(values)
    assert [challenge.usable for challenge in challenges] == [False, True, True, True]
    assert field(answer(challenges, "u", "s", "A", "sip:h", "c", 1), "nonce") == "n1"
    assert field(answer(challenges, "u", "s", "A", "sip:h", "c", 1), "algorithm") == "sha-512-256"
    assert field(answer(challenges[::-1], "u", "s", "A", "sip:h", "c", 1), "nonce") == "n3"


def test_what_cannot_be_answered_is_named():
    values = [
        'Digest realm="r", nonce="n", algorithm=MD5-sess',
        'Digest realm="r", nonce="n", algorithm=X, qop="auth"',
    ]
    with pytest.raises(NoUsableChallenge, match="only MD5-sess, X"):
        answer(Challenge.parse_all(values), "u", "s", "A", "sip:h", "c", 1)
    with pytest.raises(NoUsableChallenge, match="no digest"):
        answer(Challenge.parse_all(['Basic realm="r"']), "u", "s", "A", "sip:h", "c", 1)
    with pytest.raises(NoUsableChallenge):
        answer(
            Challenge.parse_all(['Digest realm="r", nonce="n", qop="other"']), "u", "s", "A", "sip:h", "c", 1
        )


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "Digest",
            "Digest ",
            'Digest realm="r"',
            'Digest nonce="n"',
            'Digest realm="r", nonce=""',
            "Bearer abc",
        ),
        *(
            'Digest realm="r" nonce="n"',
            'Digest realm="r, nonce="n"',
            'Digest realm="r", nonce="n", nonce="m"',
        ),
        'Digest realm="r", nonce="n", x',
        'Digest realm="r", nonce="n"' + "".join(f", a{number}=1" for number in range(100)),
        'Digest realm="r", nonce="' + "n" * 10_000 + '"',
    ],
)
def test_broken_challenges_are_left_out(value):
    assert Challenge.parse_all([value, 'dIGEST REALM="r" , Nonce=n,stale=TRUE']) == [
        Challenge("r", "n", stale=True)
    ]


def test_nextnonce_is_ignored():
    (challenge,) = Challenge.parse_all(['Digest realm="r", nonce="n", nextnonce="m", qop="auth"'])
    assert challenge == Challenge("r", "n", qop=("auth",))


@given(
    st.text(max_size=80)
    | st.text(alphabet='realmnonce="\\, \t', max_size=80).map(lambda text: "Digest " + text)
)
@settings(max_examples=300, deadline=None)
def test_any_header_is_a_challenge_or_left_out(text):
    for challenge in Challenge.parse_all([text]):
        assert challenge.nonce
    assert Verifier("r", "u", "s").verify(text, "A", "sip:h", 0) == "wrong"


# --- the server's side -------------------------------------------------------------------------------------------


def asked(verifier: Verifier, nonce: str = "n1", now: float = 0, **more: bool) -> list[Challenge]:
    return Challenge.parse_all(verifier.challenge(nonce, now, **more))


def proof(
    challenges: list[Challenge], *, user="pbx", secret="s3", method="PUBLISH", uri="sip:101@h", count=1
) -> str:
    return answer(challenges, user, secret, method, uri, "c0", count)


VERIFIER = ("monitor", "pbx", "s3")


def test_challenges_are_as_the_rfc_writes_them():
    verifier = Verifier(*VERIFIER, ("SHA-512-256", "MD5"))
    assert verifier.challenge("n1", 0) == [
        'Digest realm="monitor", nonce="n1", algorithm=SHA-512-256, qop="auth"',
        'Digest realm="monitor", nonce="n1", algorithm=MD5, qop="auth"',
    ]
    assert asked(verifier, stale=True)[0].stale
    assert AuthChallenge.parse(verifier.challenge("n", 0)[0]).parameters["nonce"] == "n"


@pytest.mark.parametrize("algorithm", NAMES)
def test_who_knows_the_secret_is_right(algorithm):
    verifier = Verifier(*VERIFIER, (algorithm,))
    challenges = asked(verifier)
    assert challenges[0].algorithm == algorithm
    assert verifier.verify(proof(challenges), "PUBLISH", "sip:101@h", 1) == "right"
    assert verifier.verify(proof(challenges, count=2), "PUBLISH", "sip:101@h", 2) == "right"


@pytest.mark.parametrize(
    "other",
    [
        {"user": "px"},
        {"secret": "s4"},
        {"method": "NOTIFY"},
        {"uri": "sip:102@h"},
        {"uri": "sip:101@h:5061"},
        {"uri": "x"},
    ],
)
def test_who_does_not_is_wrong(other):
    verifier = Verifier(*VERIFIER)
    assert verifier.verify(proof(asked(verifier), **other), "PUBLISH", "sip:101@h", 1) == "wrong"


def test_other_things_that_are_wrong():
    verifier = Verifier(*VERIFIER)
    good = proof(asked(verifier))
    assert verifier.verify(None, "PUBLISH", "sip:101@h", 1) == "wrong"
    for old, new in (
        ("Digest", "Basic"),
        ('realm="monitor"', 'realm="other"'),
        ("qop=auth", "qop=auth-int"),
        ("qop=auth, ", ""),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=00000002"),
        ("nc=00000001", "nc=0000000٣"),
        ('cnonce="c0"', 'cnonce=""'),
        ("algorithm=SHA-256", "algorithm=SHA-512-256"),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ('uri="sip:101@h"', 'uri=""'),
        ('username="pbx"', 'username=""'),
    ):
        assert good.count(old) == 1
        assert verifier.verify(good.replace(old, new), "PUBLISH", "sip:101@h", 1) == "wrong", new
    assert verifier.verify(good, "PUBLISH", "sip:101@h", 1) == "right"


@pytest.mark.parametrize(
    ("algorithm", "qop"), [("MD5", ("auth",)), ("SHA-256", ("auth-int",)), ("SHA-256", ())]
)
def test_weaker_answer_than_was_asked_for_is_wrong_although_it_proves_the_secret(algorithm, qop):
    verifier = Verifier(*VERIFIER, ("SHA-256",))
    asked(verifier)
    value = proof([Challenge("monitor", "n1", algorithm, qop)])
    assert verifier.verify(value, "PUBLISH", "sip:101@h", 1) == "wrong"


def test_uri_may_be_written_otherwise():
    verifier = Verifier(*VERIFIER)
    value = proof(asked(verifier), uri="sip:101@H;transport=udp")
    assert verifier.verify(value, "PUBLISH", "sip:101@h", 1) == "right"


def test_nonce_grows_old():
    verifier = Verifier(*VERIFIER, lifetime=30)
    challenges = asked(verifier, now=100)
    assert verifier.verify(proof(challenges), "PUBLISH", "sip:101@h", 129) == "right"
    assert verifier.verify(proof(challenges, count=2), "PUBLISH", "sip:101@h", 130) == "stale"
    assert verifier.verify(proof(challenges, count=2, secret="no"), "PUBLISH", "sip:101@h", 130) == "wrong"


def test_answer_that_was_heard_is_worth_nothing():
    verifier = Verifier(*VERIFIER)
    challenges = asked(verifier)
    value = proof(challenges, count=5)
    assert verifier.verify(value, "PUBLISH", "sip:101@h", 1) == "right"
    assert verifier.verify(value, "PUBLISH", "sip:101@h", 1) == "stale"
    assert verifier.verify(proof(challenges, count=4), "PUBLISH", "sip:101@h", 1) == "stale"
    assert verifier.verify(proof(challenges, count=6), "PUBLISH", "sip:101@h", 1) == "right"


def test_nonce_of_somebody_else_is_stale_and_a_wrong_answer_uses_none_up():
    verifier = Verifier(*VERIFIER)
    challenges = asked(verifier)
    assert (
        verifier.verify(
            proof([Challenge("monitor", "mine", "SHA-256", ("auth",))]), "PUBLISH", "sip:101@h", 1
        )
        == "stale"
    )
    assert verifier.verify(proof(challenges, secret="no", count=9), "PUBLISH", "sip:101@h", 1) == "wrong"
    assert verifier.verify(proof(challenges), "PUBLISH", "sip:101@h", 1) == "right"


def test_nonces_are_bounded(monkeypatch):
    monkeypatch.setattr(digest, "_NONCES_LIMIT", 1_024)
    verifier = Verifier(*VERIFIER, lifetime=30)
    first = asked(verifier, "first", 0)
    for number in range(5_000):
        last = asked(verifier, f"n{number}", 1)
    assert len(verifier._nonces) <= 1_024
    assert verifier.verify(proof(first), "PUBLISH", "sip:101@h", 2) == "stale"
    assert verifier.verify(proof(last), "PUBLISH", "sip:101@h", 2) == "right"
    asked(verifier, "late", 100)
    assert len(verifier._nonces) == 1


def test_proven_nonces_are_bounded_and_no_flood_of_challenges_pushes_them_out(monkeypatch):
    monkeypatch.setattr(digest, "_NONCES_LIMIT", 10)
    monkeypatch.setattr(digest, "_PROVEN_LIMIT", 10)
    verifier = Verifier(*VERIFIER, lifetime=30)
    first = asked(verifier, "first", 0)
    assert verifier.verify(proof(first), "PUBLISH", "sip:101@h", 1) == "right"
    for number in range(100):
        asked(verifier, f"n{number}", 1)
    assert verifier.verify(proof(first, count=2), "PUBLISH", "sip:101@h", 2) == "right"
    for number in range(100):
        assert verifier.verify(proof(asked(verifier, f"p{number}", 2)), "PUBLISH", "sip:101@h", 2) == "right"
    assert len(verifier._proven) == 10
    assert verifier.verify(proof(first, count=3), "PUBLISH", "sip:101@h", 3) == "stale"
    asked_late = asked(verifier, "late", 100)
    assert verifier.verify(proof(asked_late), "PUBLISH", "sip:101@h", 100) == "right"
    assert len(verifier._proven) == 1


def test_proofs_are_compared_in_constant_time(monkeypatch):
    compared = []

    def remember(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    class Spy:
        compare_digest = staticmethod(remember)

    monkeypatch.setattr(digest, "hmac", Spy)
    verifier = Verifier(*VERIFIER)
    value = proof(asked(verifier), user="other")
    assert verifier.verify(value, "PUBLISH", "sip:101@h", 1) == "wrong"
    assert (b"other", b"pbx") in compared
    assert field(value, "response").encode() in [
        one for one, _ in compared
    ]  # although the name was wrong already


def test_settings_that_make_no_verifier():
    with pytest.raises(BuildError):
        Verifier(*VERIFIER, ("MD5", "MD4"))
    with pytest.raises(BuildError):
        Verifier(*VERIFIER, lifetime=0)
