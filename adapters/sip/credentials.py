"""Who we are to the server: digest authentication of our requests (RFC 3261 §22, RFC 8760)."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from adapters.sip_messages.digest import ALGORITHMS, Challenge, answer
from adapters.sip_messages.errors import NoUsableChallenge
from adapters.sip_messages.message import Response

REALMS_LIMIT = 16
WEAKEST = len(ALGORITHMS)
ROUNDS = 4
"""How often one request may be challenged: two servers on its way, each with one stale nonce."""

HEADERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
"""Status -> where the challenge stands and where its answer goes (RFC 3261 §22.2, §22.3)."""


class Verdict(enum.Enum):
    """What a challenge means for the request that it answered."""

    AGAIN = "send it again with the credentials that are asked for"
    NO_CREDENTIALS = "the server wants a user name and none is configured"
    UNUSABLE = "the server offers no way of authentication that we know"
    WEAKER = "the server wants a weaker proof than the one that it took before"
    WRONG = "the server does not accept our user name and secret"


class _Known(msgspec.Struct):
    """The last challenges of one status, and how often their nonce was answered."""

    challenges: list[Challenge]
    count: int = 0


class Attempt:
    """What one request went through: a nonce that was given to it is answered once."""

    __slots__ = ("answered", "given", "rounds")

    def __init__(self) -> None:
        self.rounds = 0
        self.answered: set[tuple[int, str]] = set()
        """By status: 401 and 407 are two different servers' affairs."""
        self.given: set[tuple[int, str]] = set()
        """Nonces that came with a challenge to this very request: when their answer is refused, that is final."""


class Credentials:
    """Answers challenges, and proves us in advance where a nonce is known: that saves every second request."""

    __slots__ = ("_cnonce", "_known", "_secret", "_strongest", "_username")

    def __init__(self, username: str | None, secret: str, cnonce: Callable[[], str]) -> None:
        self._username = username
        self._secret = secret
        self._cnonce = cnonce
        self._known: dict[int, _Known] = {}
        self._strongest: dict[tuple[int, str], int] = {}
        """Status and realm -> the best algorithm that was good there, by its place in :data:`ALGORITHMS`."""

    def __repr__(self) -> str:
        """Return the user alone."""
        return f"Credentials({self._username!r})"

    def headers(self, attempt: Attempt, method: str, uri: str) -> list[tuple[str, str]]:
        """Return the headers that prove us, as far as the server has asked so far."""
        if self._username is None:
            return []
        headers = []
        for status, known in self._known.items():
            known.count += 1
            attempt.answered.update((status, challenge.nonce) for challenge in known.challenges)
            value = answer(
                known.challenges, self._username, self._secret, method, uri, self._cnonce(), known.count
            )
            headers.append((HEADERS[status][1], value))
        return headers

    def challenged(self, attempt: Attempt, response: Response) -> tuple[Verdict, str]:
        """Take a 401 or 407; return what to do, and the realm."""
        status = response.status
        challenges = Challenge.parse_all(response.all(HEADERS[status][0]))
        realm = challenges[0].realm if challenges else ""
        if not any(challenge.usable for challenge in challenges):
            return Verdict.UNUSABLE, realm
        if self._username is None:
            return Verdict.NO_CREDENTIALS, realm
        challenges = [
            one for one in challenges if _rank(one) <= self._strongest.get((status, one.realm), WEAKEST)
        ]
        if not any(challenge.usable for challenge in challenges):
            return Verdict.WEAKER, realm
        stale = any(challenge.stale for challenge in challenges)
        tried = any(given[0] == status for given in attempt.given & attempt.answered)
        attempt.rounds += 1
        if attempt.rounds > ROUNDS or (tried and not stale):
            self._known.pop(status, None)
            return Verdict.WRONG, realm
        attempt.given |= {(status, challenge.nonce) for challenge in challenges}
        self._known[status] = _Known(challenges)
        return Verdict.AGAIN, realm

    def accepted(self, attempt: Attempt) -> None:
        """A request was answered by something else than a challenge: what proved us in it was good enough.

        Whoever can put himself between can ask for less, and try to find the secret from a weaker proof.
        """
        for status, known in self._known.items():
            used = next((one for one in known.challenges if one.usable), None)
            if used is None or (status, used.nonce) not in attempt.answered:
                continue
            place = (status, used.realm)
            if place in self._strongest or len(self._strongest) < REALMS_LIMIT:
                self._strongest[place] = min(_rank(used), self._strongest.get(place, WEAKEST))

    def offered(self, response: Response) -> str:
        """Return what an unusable challenge offers, for people."""
        try:
            answer(Challenge.parse_all(response.all(HEADERS[response.status][0])), "", "", "", "", "", 1)
        except NoUsableChallenge as error:
            return str(error)
        return ""


def _rank(challenge: Challenge) -> int:
    """Return the place of its algorithm, the strongest first."""
    names = list(ALGORITHMS)
    name = challenge.algorithm.upper()
    return names.index(name) if name in names else WEAKEST
