"""Non-INVITE transactions (RFC 3261 §17.1.2 and §17.2.2, figures 6 and 8), without I/O.

A client transaction repeats its request over UDP until it is answered (timer E), gives up after 64 * T1 (timer F)
and swallows repeated answers for a while (timer K). A server transaction answers repeated requests from memory
(timer J); as every request is answered at once, its states Trying and Proceeding do not occur.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Callable
from typing import ClassVar, TypeAlias

from adapters.sip.agenda import Agenda
from adapters.sip.peer import Peer
from adapters.sip.timeouts import Timeouts
from adapters.sip_messages.message import Request, Response

MAGIC = "z9hG4bK"
"""How the branch of every transaction begins (RFC 3261 §8.1.1.7)."""

ANSWERS_LIMIT = 8_192
"""Answers that are remembered for repeated requests."""
ANSWERS_BYTES = 8 * 1_048_576


class State(enum.Enum):
    """Where a client transaction is."""

    TRYING = "sent, nothing heard"
    PROCEEDING = "the server works on it"
    COMPLETED = "answered; repeated answers are swallowed"
    OVER = "over"


class Input(enum.Enum):
    """What moves a client transaction on."""

    PROVISIONAL = "1xx came"
    FINAL = "2xx … 6xx came"
    TIMER_E = "time to repeat the request"
    TIMER_F = "nobody answers"
    TIMER_K = "no repeated answers are to be expected any more"


OnEnd: TypeAlias = "Callable[[Response | None, float], None]"
"""Called once with the final answer and the time, or with None: no answer came."""

_Step: TypeAlias = "Callable[[ClientTransaction, Response | None], None]"


class ClientTransaction:
    """One request of ours. Its state machine is the table at the end of the class."""

    __slots__ = (
        "_interval", "_on_end", "_send", "_timeouts", "due_e", "due_f", "due_k", "now", "reliable", "state",
    )  # fmt: skip

    def __init__(
        self, send: Callable[[float], None], on_end: OnEnd, *, reliable: bool, now: float, timeouts: Timeouts
    ) -> None:
        self.state = State.TRYING
        self.reliable = reliable
        self.now = now
        self._timeouts = timeouts
        self._send = send
        self._on_end = on_end
        self._interval = timeouts.t1
        self.due_e = float("inf") if reliable else now + timeouts.t1
        self.due_f = now + timeouts.transaction
        self.due_k = float("inf")
        send(now)

    def feed(self, what: Input, now: float, response: Response | None = None) -> None:
        """Move on."""
        self.now = now
        step = self._TABLE.get((self.state, what))
        if step is not None:
            step(self, response)

    def due(self) -> float:
        """Return when :meth:`tick` is due."""
        if self.state is State.OVER:
            return float("inf")
        if self.state is State.COMPLETED:
            return self.due_k
        return min(self.due_e, self.due_f)

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.state is State.COMPLETED:
            self.feed(Input.TIMER_K, now)
        elif self.due_f <= now:
            self.feed(Input.TIMER_F, now)
        else:
            self.feed(Input.TIMER_E, now)

    def _repeat_doubling(self, _response: Response | None) -> None:
        self._send(self.now)
        self._interval = min(2 * self._interval, self._timeouts.t2)
        self.due_e = self.now + self._interval

    def _repeat_slowly(self, _response: Response | None) -> None:
        self._send(self.now)
        self.due_e = self.now + self._timeouts.t2

    def _proceed(self, _response: Response | None) -> None:
        self.state = State.PROCEEDING

    def _answer(self, response: Response | None) -> None:
        self.state = State.OVER if self.reliable else State.COMPLETED
        self.due_k = self.now + self._timeouts.t4
        self._on_end(response, self.now)

    def _give_up(self, _response: Response | None) -> None:
        self.state = State.OVER
        self._on_end(None, self.now)

    def _end(self, _response: Response | None) -> None:
        self.state = State.OVER

    _TABLE: ClassVar[dict[tuple[State, Input], _Step]] = {
        (State.TRYING, Input.PROVISIONAL): _proceed,
        (State.TRYING, Input.FINAL): _answer,
        (State.TRYING, Input.TIMER_E): _repeat_doubling,
        (State.TRYING, Input.TIMER_F): _give_up,
        (State.PROCEEDING, Input.FINAL): _answer,
        (State.PROCEEDING, Input.TIMER_E): _repeat_slowly,
        (State.PROCEEDING, Input.TIMER_F): _give_up,
        (State.COMPLETED, Input.TIMER_K): _end,
    }
    """What to do in which state on which input; what is not here changes nothing."""


class ClientTransactions:
    """All requests of ours that are under way, by branch and method (RFC 3261 §17.1.3).

    Their number is bounded by the pace: so many begin each second, and none lives longer than 64 * T1 + T4.
    """

    __slots__ = ("_agenda", "_all", "_timeouts")

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._all: dict[tuple[str, str], ClientTransaction] = {}
        self._agenda: Agenda[tuple[str, str]] = Agenda()

    def __len__(self) -> int:
        """Return how many there are, those that only swallow repeated answers included."""
        return len(self._all)

    def begin(
        self,
        branch: str,
        method: str,
        send: Callable[[float], None],
        on_end: OnEnd,
        *,
        reliable: bool,
        now: float,
    ) -> None:
        """Send a request and follow it."""
        key = (branch, method)
        self._all[key] = ClientTransaction(send, on_end, reliable=reliable, now=now, timeouts=self._timeouts)
        self._after(key)

    def has(self, response: Response) -> bool:
        """Whether an answer belongs to anything."""
        return _answered_by(response) in self._all

    def receive(self, response: Response, now: float) -> bool:
        """Take an answer; return whether it belongs to anything."""
        key = _answered_by(response)
        transaction = self._all.get(key)
        if transaction is None:
            return False
        kind = Input.PROVISIONAL if response.status < 200 else Input.FINAL
        transaction.feed(kind, now, response)
        self._after(key)
        return True

    def tick(self, now: float) -> None:
        """Do what is due."""
        while (key := self._agenda.take(now)) is not None:
            self._all[key].tick(now)
            self._after(key)

    def next_deadline(self) -> float:
        """Return when :meth:`tick` is due."""
        return self._agenda.next()

    def _after(self, key: tuple[str, str]) -> None:
        transaction = self._all[key]
        if transaction.state is State.OVER:
            del self._all[key]
            self._agenda.drop(key)
        else:
            self._agenda.put(key, transaction.due())


def _answered_by(response: Response) -> tuple[str, str]:
    via = response.via
    return via[0].branch or "" if via else "", response.cseq_method


RequestKey: TypeAlias = tuple[str, str, str, str, int, str]


def request_key(request: Request, peer: Peer) -> RequestKey:
    """Return by what a repeated request is known (RFC 3261 §17.2.3, and what older clients leave for it)."""
    via = request.via[0]
    return (
        peer.host,
        f"{via.host}:{via.port}",
        via.branch or request.from_.tag or "",
        request.call_id,
        request.cseq,
        request.method,
    )


class ServerTransactions:
    """The answers to others' requests, remembered for their repetitions.

    Those to NOTIFY have room of their own: whatever else is asked, the repetition of one that changed something is known.
    """

    __slots__ = ("_others", "_to_notify")

    def __init__(self, timeouts: Timeouts) -> None:
        self._to_notify = _Memory(timeouts)
        self._others = _Memory(timeouts)

    def __len__(self) -> int:
        """Return how many answers are remembered."""
        return len(self._to_notify) + len(self._others)

    def known(self, key: RequestKey, now: float) -> bytes | None:
        """Return what this request was answered with, if it is a repeated one."""
        for memory in (self._to_notify, self._others):
            memory.forget(now)
        return self._of(key).known(key)

    def remember(self, key: RequestKey, answer: bytes, now: float) -> None:
        """Keep an answer for 64 * T1 (timer J), or for less when there are too many."""
        self._of(key).remember(key, answer, now)

    def _of(self, key: RequestKey) -> _Memory:
        return self._to_notify if key[-1] == "NOTIFY" else self._others


class _Memory:
    """Answers for a while, the eldest first to go."""

    __slots__ = ("_answers", "_bytes", "_timeouts")

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._answers: OrderedDict[RequestKey, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """Return how many answers are remembered."""
        return len(self._answers)

    def known(self, key: RequestKey) -> bytes | None:
        """Return what this request was answered with, if it is a repeated one."""
        found = self._answers.get(key)
        return found[1] if found is not None else None

    def remember(self, key: RequestKey, answer: bytes, now: float) -> None:
        """Keep an answer for 64 * T1 (timer J), or for less when there are too many."""
        before = self._answers.pop(key, None)
        if before is not None:
            self._bytes -= len(before[1])
        self._answers[key] = (now + self._timeouts.transaction, answer)
        self._bytes += len(answer)
        while len(self._answers) > ANSWERS_LIMIT or self._bytes > ANSWERS_BYTES:
            self._bytes -= len(self._answers.popitem(last=False)[1][1])

    def forget(self, now: float) -> None:
        """Forget what was kept for long enough."""
        while self._answers:
            key, (until, answer) = next(iter(self._answers.items()))
            if until > now:
                return
            del self._answers[key]
            self._bytes -= len(answer)
