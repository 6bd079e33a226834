"""Others' requests: each gets the answer that RFC 3261 §8.2 gives it, once; repeated ones get the same again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from adapters.sip.bodies import ACCEPT
from adapters.sip.outputs import Count, Output, Send
from adapters.sip.peer import Peer
from adapters.sip.timeouts import Timeouts
from adapters.sip.transactions import ServerTransactions, request_key
from adapters.sip_messages.building import response
from adapters.sip_messages.errors import BadMessage, BuildError
from adapters.sip_messages.message import Request

SUPPORTED = frozenset({"eventlist"})
"""Extensions that a request may require of us (RFC 4662)."""

DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}

Headers: TypeAlias = "tuple[tuple[str, str], ...]"


class Answer(msgspec.Struct, frozen=True):
    """What a request is answered with."""

    status: int
    headers: Headers = ()


ALLOW_EVENTS: Headers = (("Allow-Events", ", ".join(ACCEPT)),)


def accept_of(packages: tuple[str, ...]) -> Headers:
    """Return the Accept header for these event packages, without repetitions."""
    types = dict.fromkeys(content_type for package in packages for content_type in ACCEPT[package])
    return (("Accept", ", ".join(types)),)


Serve: TypeAlias = "Callable[[Request, Peer, float, float], Answer]"


class Incoming:
    """Answers requests: what is done by which method is the table in ``_serves``."""

    __slots__ = ("_notify", "_out", "_serves", "_token", "_unsolicited", "answers")

    def __init__(
        self,
        timeouts: Timeouts,
        token: Callable[[], str],
        out: Callable[[Output], None],
        *,
        notify: Callable[[Request, float], Answer | None],
        unsolicited: Serve | None,
        publish: Serve | None,
    ) -> None:
        self.answers = ServerTransactions(timeouts)
        self._token = token
        self._out = out
        self._notify = notify
        self._unsolicited = unsolicited
        self._serves: dict[str, Serve] = {
            "OPTIONS": self._answer_options,
            "NOTIFY": self._answer_notify,
            **({"PUBLISH": publish} if publish is not None else {}),
            "CANCEL": self._answer_cancel,
        }
        """Method -> what is done; all others get 405, ACK gets nothing."""

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are served."""
        return tuple(method for method in self._serves if method != "CANCEL")

    def take(self, request: Request, peer: Peer, now: float, at: float) -> None:
        """Answer a request, or repeat the answer that it had."""
        if request.method == "ACK":
            return
        key = request_key(request, peer)
        known = self.answers.known(key, now)
        if known is None:
            known = self._build(request, peer, self._judge(request, peer, now, at))
            if known is None:
                self._out(Count("malformed"))
                return
            self.answers.remember(key, known, now)
        self._out(Send(known, return_path(request, peer)))

    def malformed(self, error: BadMessage, peer: Peer) -> None:
        """Answer what can't be read, if it can be answered at all."""
        self._out(Count("malformed"))
        if error.status and error.head is not None:
            try:
                source = (peer.host, peer.port)
                answer = response(error.head, error.status, to_tag=self._token(), source=source)
                self._out(Send(answer, return_path(error.head, peer)))
            except BuildError:
                return

    def _build(self, request: Request, peer: Peer, answer: Answer) -> bytes | None:
        """Return an answer's bytes; None: what it must repeat of the request leaves no room for any."""
        source = (peer.host, peer.port)
        try:
            return response(
                request, answer.status, to_tag=self._token(), headers=answer.headers, source=source
            )
        except BuildError:
            with contextlib.suppress(BuildError):
                return response(request, 500, to_tag=self._token())
        return None

    def _judge(self, request: Request, peer: Peer, now: float, at: float) -> Answer:
        """Go through the steps of RFC 3261 §8.2: method, Request-URI, Require; then do it."""
        method = request.method
        serve = self._serves.get(method)
        if serve is None:
            self._out(Count("refused_request"))
            return Answer(405, (("Allow", ", ".join(self.methods)),))
        if request.target is None:
            self._out(Count("refused_request"))
            return Answer(416)
        if method != "CANCEL":
            unknown = [tag for tag in request.tokens("Require") if tag.lower() not in SUPPORTED]
            if unknown:
                self._out(Count("refused_request"))
                return Answer(420, (("Unsupported", ", ".join(unknown)),))
        return serve(request, peer, now, at)

    def _answer_options(self, _request: Request, _peer: Peer, _now: float, _at: float) -> Answer:
        return Answer(
            200,
            (
                ("Allow", ", ".join(self.methods)),
                *accept_of(tuple(ACCEPT)),
                *ALLOW_EVENTS,
                ("Supported", ", ".join(sorted(SUPPORTED))),
            ),
        )

    def _answer_cancel(self, _request: Request, _peer: Peer, _now: float, _at: float) -> Answer:
        """Nothing of ours lasts long enough to be cancelled."""
        return Answer(481)

    def _answer_notify(self, request: Request, peer: Peer, now: float, at: float) -> Answer:
        answer = self._notify(request, now)
        if answer is None and request.to.tag is None and self._unsolicited is not None:
            answer = self._unsolicited(request, peer, now, at)
        if answer is None:
            self._out(Count("unknown_dialog"))
            return Answer(481)
        return answer


def return_path(request: Request, peer: Peer) -> Peer:
    """Return where an answer goes: back where the request came from (RFC 3261 §18.2.2, RFC 3581).

    Over UDP, a sender that does not say ``rport`` listens at the port in its Via. The address is always the one
    that the request came from, so nobody else can be made a target.
    """
    via = request.via[0] if request.via else None  # what can't be read may have none
    if via is None or peer.reliable or "rport" in via.parameters:
        return peer
    return Peer(peer.transport, peer.host, via.port or DEFAULT_PORT[peer.transport])
