"""State that somebody pushes: who may, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapters.sip.bodies import ACCEPT
from adapters.sip.incoming import ALLOW_EVENTS, Answer
from adapters.sip.notify import Refusal, reports_of, subscription_state
from adapters.sip.outputs import Count, Output, Reported, Unknown
from adapters.sip.peer import Peer
from adapters.sip.plan import KINDS, Plan, Push, within
from adapters.sip.publications import Publications, Wish, unsolicited
from adapters.sip.reports import Kind, Report
from adapters.sip_messages.digest import Verifier
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.message import Request
from adapters.sip_messages.uri import Uri


class Pushed:
    """Takes PUBLISH and unsolicited NOTIFY from those who may push."""

    __slots__ = (
        "_by_user",
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
        taken: Callable[[str, Kind], None],
    ) -> None:
        self.store = Publications(token)
        self._push = push
        self._token = token
        self._out = out
        self._taken = taken
        self._verifier = (
            Verifier("operator-monitor", push.username, push.secret) if push.username is not None else None
        )
        self._watch = frozenset(plan.watch)
        self._local_hosts = frozenset({local_host, f"[{local_host}]"})
        self._by_user = _unique_users(plan.watch)

    def publish(self, request: Request, peer: Peer, now: float, at: float) -> Answer:
        """Take a PUBLISH."""
        refusal = self._refusal(request, peer, now)
        if refusal is not None:
            return refusal
        kind = _kind(request)
        if kind is None:
            return Answer(489, ALLOW_EVENTS)
        try:
            reports = reports_of(request, request.event[0] if request.event else "", None)
        except Refusal as error:
            self._out(Count(error.kind))
            return error.answer
        endpoint = self._endpoint((*self._named(request, "Request-URI", "To"), *_entities(reports)))
        if endpoint is None:
            return Answer(404)
        wish = Wish(
            endpoint=endpoint,
            kind=kind,
            if_match=request.get("SIP-If-Match"),
            expires=request.expires,
            has_body=bool(request.body),
        )
        answer = self.store.publish(wish, now)
        if answer.told:
            self._tell(endpoint, kind, reports, at, answer.origin)
        if answer.ended:
            self._out(Unknown(endpoint=endpoint, kind=kind, at=at, origin=answer.origin))
        return Answer(answer.status, answer.headers)

    def notify(self, request: Request, peer: Peer, now: float, at: float) -> Answer:
        """Take a NOTIFY that nobody asked for."""
        refusal = self._refusal(request, peer, now)
        if refusal is not None:
            return refusal
        kind = _kind(request)
        if kind is None:
            return Answer(489, ALLOW_EVENTS)
        try:
            reports = reports_of(request, request.event[0] if request.event else "", None)
        except Refusal as error:
            self._out(Count(error.kind))
            return error.answer
        endpoint = self._endpoint((*self._named(request, "From", "To"), *_entities(reports)))
        if endpoint is None:
            return Answer(404)
        state = subscription_state(request)
        over = state is not None and state.value == "terminated"
        expires = 0 if over else (state.expires if state is not None else None)
        if not self.store.notified(endpoint, kind, expires, now):
            return Answer(503, (("Retry-After", "60"),))
        origin = unsolicited(endpoint, kind)
        if over:
            self._out(Unknown(endpoint=endpoint, kind=kind, at=at, origin=origin))
        else:
            self._tell(endpoint, kind, reports, at, origin)
        return Answer(200)

    def tick(self, now: float, at: float) -> None:
        """Forget what was not refreshed."""
        for gone in self.store.expired(now):
            self._out(Unknown(endpoint=gone.endpoint, kind=gone.kind, at=at, origin=gone.origin))

    def _tell(self, endpoint: str, kind: Kind, reports: tuple[Report, ...], at: float, origin: str) -> None:
        for report in reports:
            self._out(Reported(endpoint=endpoint, kind=kind, report=report, at=at, origin=origin))
        self._taken(endpoint, kind)

    def _refusal(self, request: Request, peer: Peer, now: float) -> Answer | None:
        """Return the answer for those who may not push."""
        if self._verifier is None:
            if within(peer.host, self._push.networks):
                return None
            self._out(Count("unauthenticated"))
            return Answer(403)
        given = request.get("Authorization")
        verdict = self._verifier.verify(given, request.method, request.uri, now, request.body)
        if verdict == "right":
            return None
        if given is not None and verdict == "wrong":
            self._out(Count("unauthenticated"))
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
