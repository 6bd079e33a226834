"""One subscription's way (RFC 6665 §4.1, figure 1), without I/O: a table of what happens on what.

Its owner feeds it what the server answers and notifies, asks :meth:`Subscription.due` when time matters, and reads
``wants`` (a request is to be sent, and how urgently) and ``take_ended`` (what it told is not known any more).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import ClassVar, TypeAlias

import msgspec

from adapters.sip.incoming import Answer
from adapters.sip.judgement import Input
from adapters.sip.pacing import Priority
from adapters.sip.reports import Kind
from adapters.sip.timeouts import Timeouts

EXPIRES_LIMIT = 86_400
RETRY_LIMIT = 3_600.0
"""Seconds: no server may put us off for longer."""
BRIEF_LIMIT = 2
"""How often in a row a server may want a longer time: one that always does is not followed."""
REFRESH_PART = 0.75
"""Of the time that was granted, when nothing else makes us refresh earlier."""


class State(enum.Enum):
    """Where a subscription is."""

    WAITING = "its turn to ask is awaited"
    NOTIFY_WAIT = "asked for; the first NOTIFY is awaited"
    PENDING = "the server has not decided yet"
    ACTIVE = "granted"
    RESTING = "ended or refused; asked for again later"
    REFUSED = "refused for as long as the server lives"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription is to."""

    uri: str
    """An address of record; a list's own, if ``list``."""
    kind: Kind
    package: str
    is_list: bool = False


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """What comes with an input."""

    expires: int | None = None
    retry_after: float | None = None
    answer: str = ""
    """What the server said, for people."""
    status: int = 0


NOTHING = Detail()
_NEVER = float("inf")
_Step: TypeAlias = "Callable[[Subscription, Detail], None]"


class SipDialog:
    """The dialog that a SUBSCRIBE asks for and the first NOTIFY makes (RFC 6665 §4.4.1)."""

    __slots__ = (
        "call_id",
        "cseq",
        "local_tag",
        "remote_answer",
        "remote_branch",
        "remote_cseq",
        "remote_tag",
        "remote_target",
        "routes",
    )

    def __init__(self, call_id: str, local_tag: str) -> None:
        self.call_id = call_id
        self.local_tag = local_tag
        self.cseq = 0
        self.remote_tag: str | None = None
        self.remote_cseq = -1
        self.remote_branch: str | None = None
        self.remote_answer: Answer | None = None
        """What the NOTIFY of this CSeq and branch was answered with."""
        self.remote_target: str | None = None
        self.routes: tuple[str, ...] = ()


class Subscription:
    """One subscription. Its state machine is the table at the end of the class."""

    __slots__ = (
        "_asked_for",
        "_began",
        "_failures",
        "_gap_at",
        "_refreshing",
        "_timeouts",
        "_told_ended",
        "_too_short",
        "accepted",
        "answer",
        "answered",
        "compared",
        "dialog",
        "expires",
        "expires_at",
        "forget_at",
        "notified",
        "notify_due",
        "now",
        "number",
        "refresh_at",
        "retry_at",
        "state",
        "status",
        "target",
        "under_way",
        "wants",
    )  # fmt: skip

    def __init__(self, number: int, target: Target, expires: int, timeouts: Timeouts, now: float) -> None:
        self.number = number
        self.target = target
        self.state = State.WAITING
        self.now = now
        self.expires = expires
        """Seconds that we ask for."""
        self.dialog: SipDialog | None = None
        self.wants: Priority | None = Priority.NEW
        """How urgently a request is to be sent; the owner takes it (sets it to None)."""
        self.under_way = False
        """A request of it is unanswered."""
        self.answered = False
        """It has brought a state, or a definite refusal, once in this session."""
        self.accepted = False
        self.notified = False
        """This subscription (not an earlier one) has brought a NOTIFY."""
        self.compared = False
        """The server has granted a refresh, and the NOTIFY that answers it is the next one."""
        self._refreshing = False
        """A refresh went out, and no NOTIFY has come since."""
        self.answer = ""
        self.status = 0
        self._timeouts = timeouts
        self._asked_for = False
        self._told_ended = False
        self._failures = 0
        self._too_short = 0
        """How often in a row the server wanted a longer time."""
        self._gap_at = -_NEVER
        self._began = now
        self.expires_at = _NEVER
        self.refresh_at = _NEVER
        self.retry_at = _NEVER
        self.notify_due = _NEVER
        self.forget_at = _NEVER

    # --- the owner's side ------------------------------------------------------------------------------

    def feed(self, what: Input, now: float, detail: Detail = NOTHING) -> None:
        """Move on."""
        self.now = now
        step = self._TABLE.get((self.state, what))
        if step is not None:
            step(self, detail)

    def due(self) -> float:
        """Return when :meth:`tick` is due."""
        return min(self.expires_at, self.refresh_at, self.retry_at, self.notify_due, self.forget_at)

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.now = now
        if self.forget_at <= now:
            self.forget_at = _NEVER
            self._told_ended = True
        if self.expires_at <= now:
            self.feed(Input.EXPIRED, now)
        elif self.notify_due <= now:
            self.feed(Input.NO_NOTIFY, now)
        elif self.retry_at <= now:
            self.feed(Input.RETRY, now)
        elif self.refresh_at <= now:
            self.feed(Input.REFRESH, now)

    def take_ended(self) -> bool:
        """Return whether what it told is not known any more (once)."""
        ended, self._told_ended = self._told_ended, False
        return ended

    def gap(self, now: float) -> None:
        """A NOTIFY was missed: ask for the full state at once, or soon if that was just done.

        A server whose versions always jump is not to be asked with each of its NOTIFYs.
        """
        self.now = now
        if not self.alive:
            return
        if now >= self._gap_at + self._timeouts.gap:
            self._gap_at = now
            self._want(Priority.URGENT)
        else:
            self.refresh_at = min(self.refresh_at, self._gap_at + self._timeouts.gap)

    def outdated(self, now: float) -> None:
        """A NOTIFY is older than one before: the network mixed them up, or the server came back with an older state.

        Asterisk does the latter after a crash, and ends a subscription whose NOTIFY is refused, though it may still grant
        its refresh just then. So this one is made anew; what it told counts meanwhile.
        """
        if self.alive:
            self.feed(Input.GONE, now)

    def suspect(self, now: float) -> None:
        """The server may have forgotten it: ask soon."""
        self.now = now
        if self.alive:
            self._want(Priority.NEW)

    @property
    def alive(self) -> bool:
        """Whether the server has it, as far as we know."""
        return self.state in {State.ACTIVE, State.PENDING}

    @property
    def refused(self) -> bool:
        """Whether the server said no."""
        return self.state in {State.RESTING, State.REFUSED} and self.status >= 300

    # --- steps -----------------------------------------------------------------------------------------

    def _want(self, priority: Priority) -> None:
        self.refresh_at = _NEVER
        if self.under_way:
            self._asked_for = True
        elif self.wants is None or priority < self.wants:
            self.wants = priority

    def _ask(self, _detail: Detail) -> None:
        """The first SUBSCRIBE goes out."""
        self.state = State.NOTIFY_WAIT
        self.notified = self.compared = self._refreshing = self._asked_for = False
        self.status, self.answer = 0, ""
        self._began = self.now
        self.notify_due = self.now + self._timeouts.transaction

    def _ask_again(self, _detail: Detail) -> None:
        """A refresh goes out."""
        self.compared, self._refreshing = False, True
        self._asked_for = False
        self.notify_due = self.now + self._timeouts.transaction

    def _granted(self, detail: Detail) -> None:
        """2xx: the expiry counts from here until a NOTIFY says otherwise."""
        self.accepted = True
        self._too_short = 0
        self.compared, self._refreshing = self._refreshing, False
        self._set_expiry(detail.expires or self.expires)  # granting 0 s says nothing
        if self._asked_for:
            self._asked_for = False
            self._want(Priority.URGENT)

    def _set_expiry(self, seconds: int) -> None:
        granted = min(seconds, EXPIRES_LIMIT)
        self.expires_at = self.now + granted
        if self.wants is None and not self._asked_for:
            self.refresh_at = self.now + min(self._timeouts.reconcile, REFRESH_PART * granted)

    def _activate(self, detail: Detail) -> None:
        self._notified(detail, State.ACTIVE)

    def _pend(self, detail: Detail) -> None:
        self._notified(detail, State.PENDING)

    def _notified(self, detail: Detail, state: State) -> None:
        self.state = state
        self.accepted = self.notified = True
        self.compared = self._refreshing = False
        self.notify_due = self.forget_at = self.retry_at = _NEVER
        if self.now - self._began >= self._timeouts.steady:
            self._failures = 0
        if detail.expires:
            self._set_expiry(detail.expires)
        elif self.expires_at == _NEVER:
            self._set_expiry(self.expires)

    def _too_brief(self, detail: Detail) -> None:
        """423: ask for what the server wants at least; a server that asks for more than a day is not followed."""
        wanted = detail.expires or 2 * self.expires
        self._too_short += 1
        if wanted <= self.expires or wanted > EXPIRES_LIMIT or self._too_short > BRIEF_LIMIT:
            self._too_short = 0
            self._refuse(detail)
            return
        self.expires = wanted
        if self.alive:
            self._want(Priority.URGENT)
            return
        self._clear(State.WAITING)
        self.wants = Priority.URGENT

    def _clear(self, state: State) -> None:
        self.state = state
        self.dialog = None
        self.wants = None
        self.under_way = False  # what the old dialog still asks is of no interest
        self.accepted = self.compared = self._refreshing = self._asked_for = False
        self.expires_at = self.refresh_at = self.retry_at = self.notify_due = _NEVER

    def _anew(self, _detail: Detail) -> None:
        """It is over and to be made anew: at once, unless that has just failed too."""
        young = self.now - self._began < self._timeouts.steady
        self._failures = self._failures + 1 if young else 0
        self.status = 0
        if self._failures <= 1:
            self._clear(State.WAITING)
            self.wants = Priority.URGENT
        else:
            self._rest(min(2.0 ** min(self._failures - 2, 30), self._timeouts.soon))
        if self.forget_at == _NEVER:
            self.forget_at = self.now + self._timeouts.grace

    def _anew_later(self, detail: Detail) -> None:
        self._failures += 1
        self._note(detail)
        self._rest(_patience(detail, self._timeouts.soon))
        self._end()

    def _refuse_for_now(self, detail: Detail) -> None:
        """A refusal that passes."""
        self._failures += 1
        self._note(detail)
        doubled = min(self._timeouts.soon * 2.0 ** min(self._failures - 1, 20), self._timeouts.rest)
        self._rest(_patience(detail, doubled))
        self._end()

    def _refuse(self, detail: Detail) -> None:
        self._note(detail)
        self._rest(_patience(detail, self._timeouts.rest))
        self._end()

    def _refuse_for_good(self, detail: Detail) -> None:
        self._note(detail)
        self._clear(State.REFUSED)
        self._end()

    def _unanswered(self, _detail: Detail) -> None:
        """Neither an answer nor a NOTIFY."""
        self._refuse_for_now(Detail(answer="no answer", status=408))

    def _never_notified(self, _detail: Detail) -> None:
        self._refuse_for_now(Detail(answer="accepted, but no NOTIFY came", status=408))

    def _end_for_long(self, detail: Detail) -> None:
        """``terminated`` for good. What is guaranteed not to change (``invariant``) stays known."""
        self._note(detail)
        self._rest(self._timeouts.rest)
        if detail.answer != "invariant":
            self._end()

    def _try_refresh_later(self, detail: Detail) -> None:
        """A refresh failed in a way that leaves the subscription alive until it expires."""
        self.notify_due = _NEVER
        self.compared = self._refreshing = False
        self.refresh_at = self.now + _patience(detail, min(self._timeouts.reconcile, self._timeouts.soon))

    def _refresh(self, _detail: Detail) -> None:
        near = self.expires_at - self.now < self._timeouts.transaction + self._timeouts.reconcile
        self._want(Priority.URGENT if near else Priority.COMPARE)

    def _wait_again(self, _detail: Detail) -> None:
        self._clear(State.WAITING)
        self.wants = Priority.NEW

    def _note(self, detail: Detail) -> None:
        self.answer, self.status = detail.answer, detail.status or 600
        self.answered = True

    def _rest(self, seconds: float) -> None:
        self._clear(State.RESTING)
        self.retry_at = self.now + seconds

    def _end(self) -> None:
        self.forget_at = _NEVER
        self._told_ended = True

    # --- the table -------------------------------------------------------------------------------------

    _LIVING: ClassVar[dict[Input, _Step]] = {
        Input.TURN: _ask_again,
        Input.ACCEPTED: _granted,
        Input.BRIEF: _too_brief,
        Input.GONE: _anew,
        Input.BAD_EVENT: _refuse_for_good,
        Input.PASSING: _try_refresh_later,
        Input.REFUSED: _refuse,
        Input.NO_ANSWER: _try_refresh_later,
        Input.ACTIVE: _activate,
        Input.PENDING: _pend,
        Input.AT_ONCE: _anew,
        Input.LATER: _anew_later,
        Input.NEVER: _end_for_long,
        Input.NO_NOTIFY: _anew,
        Input.EXPIRED: _anew,
        Input.REFRESH: _refresh,
    }
    """What happens to a subscription that the server has."""

    _TABLE: ClassVar[dict[tuple[State, Input], _Step]] = {
        (State.WAITING, Input.TURN): _ask,
        (State.NOTIFY_WAIT, Input.ACCEPTED): _granted,
        (State.NOTIFY_WAIT, Input.BRIEF): _too_brief,
        (State.NOTIFY_WAIT, Input.GONE): _refuse_for_now,
        (State.NOTIFY_WAIT, Input.BAD_EVENT): _refuse_for_good,
        (State.NOTIFY_WAIT, Input.PASSING): _refuse_for_now,
        (State.NOTIFY_WAIT, Input.REFUSED): _refuse,
        (State.NOTIFY_WAIT, Input.NO_ANSWER): _unanswered,
        (State.NOTIFY_WAIT, Input.ACTIVE): _activate,
        (State.NOTIFY_WAIT, Input.PENDING): _pend,
        (State.NOTIFY_WAIT, Input.AT_ONCE): _anew,
        (State.NOTIFY_WAIT, Input.LATER): _anew_later,
        (State.NOTIFY_WAIT, Input.NEVER): _end_for_long,
        (State.NOTIFY_WAIT, Input.NO_NOTIFY): _never_notified,
        (State.NOTIFY_WAIT, Input.EXPIRED): _never_notified,
        **{(State.PENDING, what): step for what, step in _LIVING.items()},
        **{(State.ACTIVE, what): step for what, step in _LIVING.items()},
        (State.RESTING, Input.RETRY): _wait_again,
    }
    """What to do in which state on which input; what is not here changes nothing."""


def _patience(detail: Detail, otherwise: float) -> float:
    """Return how long to wait, as the server says or otherwise."""
    if detail.retry_after is None:
        return otherwise
    return min(max(detail.retry_after, 1.0), RETRY_LIMIT)
