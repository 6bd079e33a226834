"""State that somebody pushes: who may, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from adapters.common.places import within
from adapters.sip.bodies import ACCEPT
from adapters.sip.incoming import ALLOW_EVENTS, Answer
from adapters.sip.notify import Refusal, reports_of, subscription_state
from adapters.sip.outputs import Count, Output, Reported, Unknown
from adapters.sip.peer import Peer
from adapters.sip.plan import KINDS, PACKAGES, Plan, Push
from adapters.sip.publications import Publications, Wish, calls_of, unsolicited
from adapters.sip.reports import Kind, Report
from adapters.sip_messages.digest import Verifier
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.message import Request
from adapters.sip_messages.uri import Uri


class _Told(NamedTuple):
    """What is pushed, and about whom."""

    endpoint: str
    kind: Kind
    reports: tuple[Report, ...]


class Pushed:
    """Takes PUBLISH and unsolicited NOTIFY from those who may push."""

    __slots__ = (
        "_by_user",
        "_lives",
        "_local_hosts",
        "_out",
        "_push",
        "_taken",
        "_token",
        "_verifier",
        "_watch",
        "store",
    )

    def __init__(
        self,
        plan: Plan,
        push: Push,
        *,
        local_host: str,
        token: Callable[[], str],
        out: Callable[[Output], None],
        lives: Callable[[], None],
        taken: Callable[[str, Kind], None],
    ) -> None:
        self.store = Publications(token)
        self._push = push
        self._token = token
        self._out = out
        self._lives = lives
        self._taken = taken
        self._verifier = (
            Verifier("operator-monitor", push.username, push.secret) if push.username is not None else None
        )
        self._watch = frozenset(plan.watch)
        self._local_hosts = frozenset({local_host, f"[{local_host}]"})
        self._by_user = _unique_users(plan.watch)

    def publish(self, request: Request, peer: Peer, now: float, at: float) -> Answer:
        """Take a PUBLISH."""
        told = self._read(request, peer, now, "Request-URI", "To")
        if isinstance(told, Answer):
            return told
        wish = Wish(
            endpoint=told.endpoint,
            kind=told.kind,
            if_match=request.get("SIP-If-Match"),
            expires=request.expires,
            has_body=bool(request.body),
            tells=calls_of(told.reports),
        )
        result = self.store.publish(wish, now)
        if result.told:
            self._tell(told, at, result.origin)
        for origin in result.ended:
            self._out(Unknown(endpoint=told.endpoint, kind=told.kind, at=at, origin=origin))
        return Answer(result.status, result.headers)

    def notify(self, request: Request, peer: Peer, now: float, at: float) -> Answer:
        """Take a NOTIFY that nobody asked for."""
        told = self._read(request, peer, now, "From", "To")
        if isinstance(told, Answer):
            return told
        endpoint, kind, _ = told
        state = subscription_state(request)
        over = state is not None and (state.value == "terminated" or state.expires == 0)
        expires = 0 if over else (state.expires if state is not None else None)
        if not self.store.notified(endpoint, kind, expires, now):
            return Answer(503, (("Retry-After", "60"),))
        origin = unsolicited(endpoint, kind)
        if over:
            self._out(Unknown(endpoint=endpoint, kind=kind, at=at, origin=origin))
        else:
            self._tell(told, at, origin)
        return Answer(200)

    def _read(self, request: Request, peer: Peer, now: float, *places: str) -> _Told | Answer:
        """Return what a request tells, if its sender may; else its answer. ``places``: where it names the endpoint."""
        refusal = self._refusal(request, peer, now)
        if refusal is not None:
            return refusal
        self._lives()
        kind = _kind(request)
        if kind is None:
            return Answer(489, ALLOW_EVENTS)
        try:
            reports = reports_of(request, PACKAGES[kind], None)
        except Refusal as error:
            self._out(Count(error.kind))
            return error.answer
        endpoint = self._endpoint((*self._named(request, *places), *_entities(reports)))
        return _Told(endpoint, kind, reports) if endpoint is not None else Answer(404)

    def tick(self, now: float, at: float) -> None:
        """Forget what was not refreshed."""
        for gone in self.store.expired(now):
            self._out(Unknown(endpoint=gone.endpoint, kind=gone.kind, at=at, origin=gone.origin))

    def _tell(self, told: _Told, at: float, origin: str) -> None:
        endpoint, kind, reports = told
        for report in reports:
            self._out(Reported(endpoint=endpoint, kind=kind, report=report, at=at, origin=origin))
        self._taken(endpoint, kind)

    def _refusal(self, request: Request, peer: Peer, now: float) -> Answer | None:
        """Return the answer for those who may not push."""
        if self._verifier is None:
            if within(peer.host, self._push.networks):
                return None
            self._out(Count("unauthenticated", address=peer.host, method=request.method))
            return Answer(403)
        given = request.get("Authorization")
        verdict = self._verifier.verify(given, request.method, request.uri, now, request.body)
        if verdict == "right":
            return None
        if given is not None and verdict == "wrong":
            self._out(Count("unauthenticated", address=peer.host, method=request.method))
        challenges = self._verifier.challenge(self._token(), now, stale=verdict == "stale")
        return Answer(401, tuple(("WWW-Authenticate", value) for value in challenges))

    def _named(self, request: Request, *places: str) -> Iterator[Uri]:
        for place in places:
            if place == "Request-URI":
                if request.target is not None:
                    yield request.target
            else:
                yield (request.from_ if place == "From" else request.to).uri

    def _endpoint(self, uris: tuple[Uri, ...]) -> str | None:
        """Return the watched endpoint that one of these names: wholly, or by its user alone at our own address."""
        for uri in uris:
            if uri.aor in self._watch:
                return uri.aor
        for uri in uris:
            if uri.host in self._local_hosts and uri.user in self._by_user:
                return self._by_user[uri.user]
        return None


def _kind(request: Request) -> Kind | None:
    event = request.event
    return KINDS.get(event[0]) if event is not None and event[0] in ACCEPT else None


def _entities(reports: tuple[Report, ...]) -> Iterator[Uri]:
    """Yield whom the bodies are about, as they say."""
    for report in reports:
        try:
            yield Uri.parse(getattr(report, "entity", ""))
        except BadUri:
            continue


def _unique_users(watch: tuple[str, ...]) -> dict[str, str]:
    """Return the endpoints whose user part is theirs alone, by it."""
    users: dict[str, str] = {}
    twice = set()
    for endpoint in watch:
        user = Uri.parse(endpoint).user or ""
        if user in users:
            twice.add(user)
        users[user] = endpoint
    return {user: endpoint for user, endpoint in users.items() if user not in twice}
