"""One life with one SIP server, without I/O: found, asked, heard, lost.

The owner passes in messages and the time, and takes out what is to be sent and what happened::

    session.start(now, at)                      session.take_output() -> what is to be done and what happened, in order
    session.receive(data, peer, now, at)        session.next_deadline() -> when to call tick
    session.tick(now, at)
    session.closed(error)

``now`` is monotonic (timers), ``at`` our clock in unix seconds (times of events). Nothing here raises: the end is the
output :class:`Lost`, after which the session does nothing more; the next one begins anew.

How it goes
-----------
OPTIONS asks whether anybody is there. When the server is heard, everything that is watched is subscribed to, one by
one until it has proved that it lets us in, then paced. The first subscription that it grants makes it ``Up``; when
everybody has answered, the first picture is complete (``Synchronised``). While it is heard it lives; after 2 s of
silence OPTIONS asks again, after 4 s it is lost and so is all that it granted.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable
from typing import ClassVar, TypeAlias

from adapters.common.places import plain, within
from adapters.sip.errors import EverythingRefused, ServerLost, Silent
from adapters.sip.incoming import Incoming
from adapters.sip.keepalive import Keepalive
from adapters.sip.outputs import Count, Lost, Output, Send, Synchronised, Up
from adapters.sip.pacing import Pacer
from adapters.sip.peer import Peer
from adapters.sip.picture import Picture, Verdict
from adapters.sip.plan import Plan, Way
from adapters.sip.pushed import Pushed
from adapters.sip.refusals import remedy_of
from adapters.sip.reports import Kind
from adapters.sip.requests import Requests
from adapters.sip.roster import Roster
from adapters.sip_messages.errors import BadMessage, KeepAlive
from adapters.sip_messages.message import Request, parse

_STALLED = 1.0
"""Seconds by which a deadline may be missed before we must suppose that it was we who stood still."""


class State(enum.Enum):
    """Where a session is."""

    SEEKING = "nothing was heard of the server yet"
    ASKING = "the server is there; nothing was granted yet"
    UP = "something was granted"
    OVER = "the session is over"


class Input(enum.Enum):
    """What moves a session on."""

    HEARD = "the server said something"
    GRANTED = "the server granted a subscription, or pushed state"
    ALL_REFUSED = "each subscription was refused"


_Step: TypeAlias = "Callable[[SipSession], None]"


class SipSession:
    """One life with a server. Its state machine is the table at the end of the class."""

    def __init__(self, plan: Plan, way: Way, token: Callable[[], str]) -> None:
        self.state = State.SEEKING
        self._plan = plan
        self._way = way
        self._from_server = False
        """Whether the message that is worked on came from an address of the server."""
        self._now = 0.0
        self._at = 0.0
        self._outputs: list[Output] = []
        self._keepalive = Keepalive(plan.timeouts, 0.0)
        self._pacer = Pacer(plan.pace)
        self._window = self._pacer.window
        self._widen_at = float("inf")
        self._requests = Requests(plan, way, token, self._send, self._pacer.spent)
        self._picture = Picture(plan)
        self._pushed = (
            Pushed(
                plan,
                plan.push,
                local_host=way.local_host,
                token=token,
                out=self._put,
                lives=self._lives,
                taken=self._push_taken,
            )
            if plan.push is not None
            else None
        )
        self._push_heard = False
        self._roster = Roster(
            plan,
            requests=self._requests,
            pacer=self._pacer,
            picture=self._picture,
            token=token,
            out=self._put,
            lives=self._lives,
            refused=self._lose,
        )
        self._picture.add = lambda target: self._roster.add(target, self._now)
        self._picture.remove = lambda target: self._roster.remove(target, self._now)
        self._incoming = Incoming(
            plan.timeouts,
            token,
            self._put,
            notify=self._roster.notify,
            unsolicited=self._pushed.notify if self._pushed is not None else None,
            publish=self._pushed.publish if self._pushed is not None else None,
        )

    # --- the owner's side ------------------------------------------------------------------------------

    def start(self, now: float, at: float) -> None:
        """There is a way to the server: ask whether it is there."""
        self._clock(now, at)
        self._keepalive = Keepalive(self._plan.timeouts, now)
        self._ask_alive()

    def receive(self, data: bytes, peer: Peer, now: float, at: float) -> None:
        """Take a datagram, or one message of a stream."""
        if self._is_over():
            return
        self._clock(now, at)
        if not self.hears(peer.host):
            self._put(Count("stranger", address=plain(peer.host)))
            return
        self._from_server = plain(peer.host) in self._way.hosts
        exact = peer == self._way.server
        if exact and peer.reliable:
            self._lives()  # it came on the connection that we made
        try:
            message = parse(data)
        except KeepAlive:
            return
        except BadMessage as error:
            if exact and data.startswith(b"SIP/2.0 "):
                self._lives()  # what it answers can't be read, but it answers
            self._incoming.malformed(error, peer)
            return
        if isinstance(message, Request):
            self._incoming.take(message, peer, now, at)
        elif self._from_server and self._requests.transactions.has(message):
            self._lives()
            self._requests.transactions.receive(message, now)
            self._requests.learn(message)
        else:
            self._put(Count("stray_response"))
        self._work()

    def alive(self, now: float, at: float) -> None:
        """The server gave a sign of life below SIP (CRLF on a connection)."""
        if not self._is_over():
            self._clock(now, at)
            self._keepalive.heard(now, at)

    def closed(self, error: ServerLost) -> None:
        """The way to the server is gone."""
        self._lose(error)

    def tick(self, now: float, at: float) -> None:
        """Do what is due."""
        if self._is_over():
            return
        late = now - self.next_deadline()
        if late > _STALLED:
            # It is we who did not run. The server was not asked in that time, so its silence proves nothing.
            self._keepalive.forgive(late)
        self._clock(now, at)
        if self._keepalive.lost_due() <= now:
            self._lose(Silent(now - self._keepalive.heard_now, ever=self._keepalive.ever))
            return
        if self._keepalive.ask_due() <= now:
            self._ask_alive()
        self._work()

    def next_deadline(self) -> float:
        """Return when :meth:`tick` must be called at the latest."""
        if self._is_over():
            return float("inf")
        due = min(
            self._keepalive.lost_due(),
            self._keepalive.ask_due(),
            self._requests.transactions.next_deadline(),
        )
        if self.state is not State.SEEKING:
            due = min(due, self._roster.next_deadline(), self._picture.next_deadline(), self._widen_at)
        if self._pushed is not None:
            due = min(due, self._pushed.store.next_deadline())
        return due

    def take_output(self) -> list[Output]:
        """Return what is to be done and what happened since the last call, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def leave(self, now: float, at: float) -> None:
        """Give back the subscriptions: we go."""
        if not self._is_over():
            self._clock(now, at)
            self._roster.leave(now)

    def hears(self, host: str) -> bool:
        """Whether what comes from an address is looked at."""
        push = self._plan.push
        return plain(host) in self._way.hosts or (push is not None and within(host, push.networks))

    # --- within ----------------------------------------------------------------------------------------

    def _clock(self, now: float, at: float) -> None:
        self._now, self._at = now, at
        self._roster.at = at

    def _lives(self) -> None:
        """Something came that only the server can have said: an answer to us, a NOTIFY in a dialog of ours, a proved push.

        All else, anybody on its host can say, and by UDP anybody who forges its address.
        """
        if self._from_server:
            self._keepalive.heard(self._now, self._at)
            self._feed(Input.HEARD)

    def _put(self, output: Output) -> None:
        self._outputs.append(output)

    def _send(self, data: bytes) -> None:
        self._outputs.append(Send(data, self._way.server))

    def _is_over(self) -> bool:
        return self.state is State.OVER

    def _feed(self, what: Input) -> None:
        step = self._TABLE.get((self.state, what))
        if step is not None:
            step(self)

    def _lose(self, error: ServerLost) -> None:
        if self._is_over():
            return
        self.state = State.OVER
        self._put(Lost(error=error, heard_at=self._keepalive.heard_at))

    def _ask_alive(self) -> None:
        self._keepalive.asked(self._now)
        self._requests.options(self._now, lambda _response, _now: None)
        self._roster.probe(self._now)

    def _work(self) -> None:
        """Do what is due and see what follows."""
        now = self._now
        self._requests.transactions.tick(now)
        if self._pushed is not None:
            self._pushed.tick(now, self._at)
        if self._is_over() or self.state is State.SEEKING:
            return
        self._set_window(now)
        self._roster.tick(now)
        if self._picture.granted or self._push_heard:
            self._feed(Input.GRANTED)
        verdict = self._picture.verdict(now, pushed=self._push_heard)
        if verdict is Verdict.REFUSED and self._pushed is None:  # else state may still be pushed
            self._feed(Input.ALL_REFUSED)
        elif verdict is Verdict.COMPLETE and self.state is State.UP:
            self._picture.shown = True
            self._put(
                Synchronised(
                    subscriptions=len(self._roster.subscriptions),
                    granted=len(self._picture.granted),
                    refused=len(self._picture.refused),
                )
            )

    def _set_window(self, now: float) -> None:
        """Until the server has let us in, ask one by one: a wrong secret is to be tried once."""
        if self._picture.is_proven:
            self._pacer.window = self._window
            self._widen_at = float("inf")
        elif self._widen_at <= now and self._pacer.window < self._window:
            self._pacer.window += 1
            self._widen_at = now + self._plan.timeouts.unproven

    def _push_taken(self, endpoint: str, kind: Kind) -> None:
        self._push_heard = True
        self._roster.pushed(endpoint, kind, self._now)

    # --- steps -----------------------------------------------------------------------------------------

    def _found(self) -> None:
        self.state = State.ASKING
        self._pacer.window = 1
        self._widen_at = self._now + self._plan.timeouts.unproven
        self._picture.begin()

    def _come_up(self) -> None:
        self.state = State.UP
        self._put(Up(software=self._picture.software))

    def _give_up(self) -> None:
        answers = Counter(
            (subscription.answer, subscription.status, subscription.target.package)
            for subscription in self._roster.subscriptions.values()
        )
        (answer, status, package), _ = answers.most_common(1)[0]
        self._lose(EverythingRefused(answers.total(), answer, remedy_of(status, answer, package)))

    _TABLE: ClassVar[dict[tuple[State, Input], _Step]] = {
        (State.SEEKING, Input.HEARD): _found,
        (State.ASKING, Input.GRANTED): _come_up,
        (State.ASKING, Input.ALL_REFUSED): _give_up,
    }
    """What to do in which state on which input; what is not here changes nothing."""
