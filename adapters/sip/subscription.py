"""One subscription's way (RFC 6665 §4.1, figure 1), without I/O: a table of what happens on what.

Its owner feeds it what the server answers and notifies, asks :meth:`Subscription.due` when time matters, and reads
``wants`` (a request is to be sent, and how urgently) and ``take_ended`` (what it told is not known any more).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import ClassVar, TypeAlias

import msgspec

from adapters.sip.pacing import Priority
from adapters.sip.reports import Kind
from adapters.sip.timeouts import Timeouts

ENDING = frozenset({404, 405, 410, 416, *range(480, 486), 489, 501, 604})
"""Answers to a refresh after which the subscription is over; after others it lives until it expires (RFC 6665 §4.1.2.2)."""

TEMPORARY = frozenset({404, 408, 480, 486, 487, 491, 500, 502, 503, 504, 600})
"""Refusals that pass: asked again when Retry-After says so, or soon. A 404 without Retry-After does not pass."""

EXPIRES_LIMIT = 86_400
RETRY_LIMIT = 86_400.0
"""Seconds: no server may put us off for longer."""
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


class Input(enum.Enum):
    """What moves a subscription on."""

    TURN = "its request goes out"
    ACCEPTED = "2xx"
    BRIEF = "423: longer, please"
    GONE = "481: the server does not know it"
    BAD_EVENT = "489: the server does not do this event package"
    PASSING = "refused for now"
    REFUSED = "refused"
    NO_ANSWER = "no answer to the request"
    ACTIVE = "NOTIFY: active"
    PENDING = "NOTIFY: pending"
    AT_ONCE = "NOTIFY: terminated; make it anew"
    LATER = "NOTIFY: terminated; make it anew later"
    NEVER = "NOTIFY: terminated; don't make it anew"
    NO_NOTIFY = "timer N: accepted, but no NOTIFY came"
    EXPIRED = "it ran out"
    REFRESH = "time to refresh"
    RETRY = "the rest is over"


REASONS: dict[str, Input] = {
    "deactivated": Input.AT_ONCE,
    "timeout": Input.AT_ONCE,
    "probation": Input.LATER,
    "giveup": Input.LATER,
    "rejected": Input.NEVER,
    "noresource": Input.NEVER,
    "invariant": Input.NEVER,
}
"""Why a NOTIFY says ``terminated`` (RFC 6665 §4.1.3). Without a reason: later if it says when, else at once."""


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


class Dialog:
    """The dialog that a SUBSCRIBE asks for and the first NOTIFY makes (RFC 6665 §4.4.1)."""

    __slots__ = ("call_id", "cseq", "local_tag", "remote_cseq", "remote_tag", "remote_target", "routes")

    def __init__(self, call_id: str, local_tag: str) -> None:
        self.call_id = call_id
        self.local_tag = local_tag
        self.cseq = 0
        self.remote_tag: str | None = None
        self.remote_cseq = -1
        self.remote_target: str | None = None
        self.routes: tuple[str, ...] = ()


class Subscription:
    """One subscription. Its state machine is the table at the end of the class."""

    __slots__ = (
        "_asked_for",
        "_began",
        "_failures",
        "_gap_at",
        "_timeouts",
        "_told_ended",
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
        self.dialog: Dialog | None = None
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
        """The next NOTIFY answers a refresh."""
        self.answer = ""
        self.status = 0
        self._timeouts = timeouts
        self._asked_for = False
        self._told_ended = False
        self._failures = 0
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
        self.notified = self.compared = self._asked_for = False
        self.status, self.answer = 0, ""
        self._began = self.now
        self.notify_due = self.now + self._timeouts.transaction

    def _ask_again(self, _detail: Detail) -> None:
        """A refresh goes out."""
        self.compared = True
        self._asked_for = False
        self.notify_due = self.now + self._timeouts.transaction

    def _granted(self, detail: Detail) -> None:
        """2xx: the expiry counts from here until a NOTIFY says otherwise."""
        self.accepted = True
        self._set_expiry(detail.expires if detail.expires is not None else self.expires)
        if self._asked_for:
            self._asked_for = False
            self._want(Priority.URGENT)

    def _set_expiry(self, seconds: int) -> None:
        granted = min(max(seconds, 0), EXPIRES_LIMIT)
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
        self.notify_due = self.forget_at = self.retry_at = _NEVER
        if self.now - self._began >= self._timeouts.steady:
            self._failures = 0
        if detail.expires is not None:
            self._set_expiry(detail.expires)
        elif self.expires_at == _NEVER:
            self._set_expiry(self.expires)

    def _too_brief(self, detail: Detail) -> None:
        """423: ask for what the server wants at least; a server that asks for more than a day is not followed."""
        wanted = detail.expires or 2 * self.expires
        if wanted <= self.expires or wanted > EXPIRES_LIMIT:
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
        self.accepted = self._asked_for = False
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
        self.compared = False
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


def judge(status: int, *, refresh: bool, retry_after: float | None) -> Input:
    """Return what a final answer to a SUBSCRIBE means (other than 401 and 407)."""
    if status < 300:
        return Input.ACCEPTED
    special = {423: Input.BRIEF, 481: Input.GONE, 489: Input.BAD_EVENT}.get(status)
    if special is not None:
        return special
    if refresh and status not in ENDING:
        return Input.PASSING
    passes = status in TEMPORARY and (status != 404 or retry_after is not None)
    if passes and not refresh:
        return Input.PASSING
    if refresh and retry_after is None and status in TEMPORARY - {404}:
        return Input.GONE  # the subscription ended, which says nothing of the next one
    return Input.REFUSED


def judge_reason(reason: str | None, retry_after: float | None) -> Input:
    """Return what a NOTIFY with ``terminated`` means."""
    known = REASONS.get((reason or "").lower())
    if known is not None:
        return known
    return Input.AT_ONCE if retry_after is None else Input.LATER
