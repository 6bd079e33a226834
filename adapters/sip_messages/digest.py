"""Digest authentication (RFC 7616, RFC 8760), both sides of it: MD5, SHA-256 and SHA-512-256.

Of Authentication-Info nothing is used: ``nextnonce`` would save one exchange in minutes, and its ``rspauth`` proves nothing that
a connection in clear could not forge.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec
from sipmessage import AuthChallenge, AuthParameters

from adapters.sip_messages.errors import BadUri, BuildError, NoUsableChallenge
from adapters.sip_messages.lexing import QUOTED, TOKEN, quoted, unescaped
from adapters.sip_messages.limits import LINE_LIMIT, PARAMETERS_LIMIT
from adapters.sip_messages.uri import Uri

Verdict: TypeAlias = Literal["right", "stale", "wrong"]

ALGORITHMS = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "MD5": "md5"}
"""The algorithms of RFC 8760 as hashlib names them, the strongest first."""

_SCHEME = re.compile(rf"[ \t]*({TOKEN})[ \t]+")
_PARAMETER = re.compile(
    rf'[ \t]*({TOKEN})[ \t]*=[ \t]*(?:{QUOTED}|([^\x00-\x20",\x7f]+))[ \t]*(?:,|\Z)', re.DOTALL
)
_COUNT = re.compile(r"[0-9A-Fa-f]{8}")
_NONCES_LIMIT = 20_000
"""Challenges that wait for their answer. Anybody may ask for one: so many that an answer under way isn't pushed out."""
_PROVEN_LIMIT = 1_024
"""Nonces that were answered rightly; kept apart from those that anybody may ask for."""


class Challenge(msgspec.Struct, frozen=True):
    """One WWW-Authenticate or Proxy-Authenticate header."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    """As it was written."""
    qop: tuple[str, ...] = ()
    """Lower case; empty: the server knows only RFC 2069."""
    opaque: str | None = None
    stale: bool = False
    """The answer was right but its nonce too old: try again with this one."""

    @classmethod
    def parse_all(cls, values: Iterable[str]) -> list[Challenge]:
        """Return the digest challenges among the values of a header, in their order. What is none, or broken, is left out."""
        found = []
        for value in values:
            fields = _fields(value)
            if fields is None or "realm" not in fields or not fields.get("nonce"):
                continue
            found.append(
                cls(
                    realm=fields["realm"],
                    nonce=fields["nonce"],
                    algorithm=fields.get("algorithm", "MD5"),
                    qop=tuple(
                        item.strip().lower() for item in fields.get("qop", "").split(",") if item.strip()
                    ),
                    opaque=fields.get("opaque"),
                    stale=fields.get("stale", "").lower() == "true",
                )
            )
        return found

    @property
    def usable(self) -> bool:
        """Whether :func:`answer` can answer it."""
        known = self.algorithm.upper() in ALGORITHMS
        return known and (not self.qop or "auth" in self.qop or "auth-int" in self.qop)


def answer(  # noqa: PLR0917 - what a digest is made of, in the order of the RFC
    challenges: Sequence[Challenge],
    username: str,
    secret: str,
    method: str,
    uri: str,
    cnonce: str,
    count: int,
    body: bytes = b"",
) -> str:
    """Return the value of the Authorization (or Proxy-Authorization) header that answers the topmost usable challenge.

    ``uri`` is the Request-URI as it is sent; ``count`` is how often, with this time, that challenge's nonce was used. Raises
    :class:`.NoUsableChallenge`.
    """
    challenge = next((challenge for challenge in challenges if challenge.usable), None)
    if challenge is None:
        raise NoUsableChallenge(", ".join(dict.fromkeys(challenge.algorithm for challenge in challenges)))
    algorithm = challenge.algorithm.upper()
    qop = next((qop for qop in ("auth", "auth-int") if qop in challenge.qop), None)
    nonce_count = f"{count:08x}"
    proof = _response(
        algorithm,
        (username, challenge.realm, secret),
        (challenge.nonce, nonce_count, cnonce, qop),
        (method, uri, body),
    )
    # Not the library's AuthCredentials: it would put qop in quotes, where RFC 7616 3.4 has none.
    fields = [
        f"username={quoted(username)}",
        f"realm={quoted(challenge.realm)}",
        f"nonce={quoted(challenge.nonce)}",
        f"uri={quoted(uri)}",
        f'response="{proof}"',
        f"algorithm={challenge.algorithm}",
    ]
    if qop is not None:
        fields += [f"cnonce={quoted(cnonce)}", f"qop={qop}", f"nc={nonce_count}"]
    if challenge.opaque is not None:
        fields.append(f"opaque={quoted(challenge.opaque)}")
    return "Digest " + ", ".join(fields)


class Verifier:
    """The server's side: one user who may do something.

    Remembers the nonces that it gave (bounded) and how often each was used: an answer heard by others is worth nothing to them.
    """

    __slots__ = ("_algorithms", "_lifetime", "_nonces", "_proven", "_realm", "_secret", "_username")

    def __init__(
        self,
        realm: str,
        username: str,
        secret: str,
        algorithms: Sequence[str] = ("SHA-256", "MD5"),
        lifetime: float = 300.0,
    ) -> None:
        for algorithm in algorithms:
            if algorithm not in ALGORITHMS:
                raise BuildError("algorithms", f"none of {', '.join(ALGORITHMS)}")
        if lifetime <= 0:
            raise BuildError("lifetime", "a nonce has to live for a while")
        self._realm = realm
        self._username = username
        self._secret = secret
        self._algorithms = tuple(algorithms)
        self._lifetime = lifetime
        self._nonces: OrderedDict[str, _Nonce] = OrderedDict()
        self._proven: OrderedDict[str, _Nonce] = OrderedDict()

    def challenge(self, nonce: str, now: float, *, stale: bool = False) -> list[str]:
        """Return the values of the WWW-Authenticate headers in the order of ``algorithms``. ``nonce`` is fresh and random."""
        self._nonces[nonce] = _Nonce(now + self._lifetime)
        _limit(self._nonces, _NONCES_LIMIT, now)
        more = {"stale": "true"} if stale else {}
        return [
            str(
                AuthChallenge(
                    "Digest",
                    AuthParameters(realm=self._realm, nonce=nonce, algorithm=algorithm, qop="auth", **more),
                )
            )
            for algorithm in self._algorithms
        ]

    def verify(self, value: str | None, method: str, uri: str, now: float, body: bytes = b"") -> Verdict:
        """Judge an Authorization header (None: there is none). ``stale``: right, but for an old or used-up nonce."""
        fields = _fields(value) if value is not None else None
        if fields is None:
            return "wrong"
        algorithm = fields.get("algorithm", "MD5").upper()
        count = fields.get("nc", "")
        qop = fields.get("qop", "").lower()
        if (
            algorithm not in self._algorithms
            or qop != "auth"
            or not _COUNT.fullmatch(count)
            or not fields.get("cnonce")
        ):
            return "wrong"
        if not _same_uri(fields.get("uri", ""), uri):
            return "wrong"
        nonce = fields.get("nonce", "")
        proof = _response(
            algorithm,
            (self._username, self._realm, self._secret),
            (nonce, count, fields["cnonce"], qop),
            (method, fields["uri"], body),
        )
        right = _equal(fields.get("username", ""), self._username)
        right &= _equal(fields.get("realm", ""), self._realm)
        right &= _equal(fields.get("response", "").lower(), proof)
        if not right:
            return "wrong"
        known = self._proven.get(nonce) or self._nonces.get(nonce)
        if known is None or known.until <= now or int(count, 16) <= known.count:
            return "stale"
        known.count = int(count, 16)
        if self._nonces.pop(nonce, None) is not None:
            self._proven[nonce] = known
            _limit(self._proven, _PROVEN_LIMIT, now)
        return "right"


class _Nonce:
    """Until when a nonce may be used, and how often it was."""

    __slots__ = ("count", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.count = 0


def _limit(nonces: OrderedDict[str, _Nonce], limit: int, now: float) -> None:
    """Forget the oldest beyond a limit, and those that are over. There is at least one that is not."""
    while len(nonces) > limit or next(iter(nonces.values())).until <= now:
        nonces.popitem(last=False)


def _fields(value: str) -> dict[str, str] | None:
    """Return the fields of a digest challenge or answer by their lower case names; None if it is none."""
    scheme = _SCHEME.match(value)
    if scheme is None or scheme[1].lower() != "digest" or len(value) > LINE_LIMIT:
        return None
    found: dict[str, str] = {}
    position = scheme.end()
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None:
            return None
        name, inside, plain = match.groups()
        if name.lower() in found or len(found) >= PARAMETERS_LIMIT:
            return None
        found[name.lower()] = unescaped(inside) if inside is not None else plain
        position = match.end()
    return found


def _response(
    algorithm: str,
    user: tuple[str, str, str],
    use: tuple[str, str, str, str | None],
    about: tuple[str, str, bytes],
) -> str:
    """Return the proof that one knows the secret (RFC 7616 3.4.1; without qop that of RFC 2069)."""
    method, uri, body = about
    nonce, count, cnonce, qop = use
    first = _hash(algorithm, ":".join(user))
    second = f"{method}:{uri}"
    if qop == "auth-int":
        second += ":" + _digest(algorithm, body)
    second = _hash(algorithm, second)
    if qop is None:
        return _hash(algorithm, f"{first}:{nonce}:{second}")
    return _hash(algorithm, f"{first}:{nonce}:{count}:{cnonce}:{qop}:{second}")


def _hash(algorithm: str, text: str) -> str:
    return _digest(algorithm, text.encode(errors="replace"))


def _digest(algorithm: str, data: bytes) -> str:
    return hashlib.new(ALGORITHMS[algorithm], data, usedforsecurity=False).hexdigest()


def _equal(one: str, other: str) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _same_uri(told: str, sent: str) -> bool:
    """Tell whether two URIs name the same thing: some clients write theirs anew, without parameters."""
    if told == sent:
        return bool(told)
    try:
        one, other = Uri.parse(told), Uri.parse(sent)
    except BadUri:
        return False
    return (one.scheme, one.user, one.host, one.port) == (other.scheme, other.user, other.host, other.port)
