"""Callers: who waits in which queue, why they left, which member they were offered to and talk with.

Why a caller left
-----------------
app_queue says ``QueueCallerLeave`` at every exit and ``QueueCallerAbandon`` before it at most of them, whatever the
reason. The reason is read from what came before (:data:`_REASONS`):

* the caller's channel was asked to hang up (``HangupRequest``) before ``QueueCallerAbandon``: abandoned;
* the channel's place in the dialplan is another than at ``QueueCallerJoin``: a Redirect took it away (with
  ``QueueCallerAbandon``) or a key was pressed (without);
* no ``QueueCallerAbandon``: a member answered, by telephone or by picking up another's ringing phone;
* ``QueueCallerAbandon`` although a member had answered and nobody hung up: the channels don't fit (SYSCOMPAT);
* none of these: the time was over, or ``leavewhenempty`` (told from the members' states, where the queue's
  configuration may be read), or a withdrawal (only class ``dialplan`` tells), or a manager's action Hangup, of which
  nothing is told before.

What is a guess then is held back for a moment (:data:`SETTLE`), because what settles it follows at once: ``VarSet
QUEUESTATUS`` where class ``dialplan`` may be read, or the channel's ``SoftHangupRequest`` at the same place in the
dialplan (a caller who was sent on would be past ``Queue()``).

Who a caller is
---------------
A caller is the channel that joined. Another channel may take its place: a Local pair is optimised away while it
talks (``BridgeEnter`` with ``SwapUniqueid``); a masquerade while it waits (attended transfer into a queue), after
which the leaving channel is one we do not know, and the one that we know has ended. A caller who waits and enters a bridge
was taken away by the Bridge action, which app_queue never tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from adapters.ami.message import Message
from adapters.ami.translate.channels import Channels
from adapters.ami.translate.fields import Fields, count, party, party_name, place, required, span
from adapters.ami.translate.legs import Legs
from adapters.ami.translate.names import is_local
from adapters.ami.translate.outbox import Outbox
from monitor.events import CallerFacts, CallerJoined, CallerLeft, LeftOutcome

WAITING_LIMIT: Final = 100_000
"""Callers remembered: beyond this new ones are told but not remembered, and of those who left the oldest go."""

SETTLE: Final = 0.25
"""Seconds for which it is waited for what tells why a caller left; it follows within a millisecond."""

_Reason = Literal["hung_up", "moved", "answered", "nothing"]

_REASONS: Final[dict[tuple[bool, _Reason], LeftOutcome]] = {
    # (QueueCallerAbandon came, the strongest thing that was seen before it)
    (True, "hung_up"): "abandoned",
    (True, "moved"): "transferred",
    (True, "answered"): "closed",
    (True, "nothing"): "timed_out",
    (False, "moved"): "exited_by_key",
    (False, "answered"): "answered",
    (False, "nothing"): "answered",
}

_STATUSES: Final[dict[str, LeftOutcome]] = {
    "TIMEOUT": "timed_out",
    "LEAVEEMPTY": "left_empty",
    "LEAVEUNAVAIL": "left_empty",
    "WITHDRAW": "transferred",
}
"""``QUEUESTATUS`` of callers who did wait (``queue_results`` in app_queue.c); CONTINUE follows an answered call."""


class Visit:
    """One caller's stay in one queue."""

    __slots__ = (
        "abandoned",
        "answered",
        "call",
        "channel",
        "hung_up",
        "joined_at",
        "linked",
        "local",
        "party",
        "place",
        "queue",
    )

    def __init__(self, queue: str, channel: str, call: str, joined_at: float) -> None:
        self.queue = queue
        self.channel = channel
        self.call = call
        self.local = False
        self.linked = call
        self.joined_at = joined_at
        self.place: tuple[str, str, str] | None = None
        """Context, extension and priority at joining; ``None`` if we did not see it."""
        self.party: str | None = None
        self.hung_up = False
        self.answered = False
        self.abandoned: _Reason | None = None
        """What was seen before ``QueueCallerAbandon``."""


class _Left:
    """A caller who left, until the channel ends or joins again."""

    __slots__ = ("at", "local", "outcome", "place", "queue")

    def __init__(self, queue: str, outcome: LeftOutcome, at: float) -> None:
        self.queue = queue
        self.outcome: LeftOutcome = outcome
        """As told; while undecided: to be told if nothing better comes."""
        self.at = at
        self.local = False
        self.place: tuple[str, str, str] | None = None
        """Where in the dialplan the caller waited."""


class Callers:
    """Everybody who waits."""

    def __init__(
        self, out: Outbox, channels: Channels, legs: Legs, left_empty: Callable[[str], bool]
    ) -> None:
        self._out = out
        self._channels = channels
        self._legs = legs
        self._left_empty = left_empty
        self._visits: dict[str, Visit] = {}
        """By channel."""
        self._gone: dict[str, Visit] = {}
        """Those whose channel ended although they wait: another has taken its place."""
        self._left: dict[str, _Left] = {}
        """By channel."""
        self._undecided: dict[str, _Left] = {}
        """Those of them of whom nothing was told yet, in the order in which they left."""
        self._same: dict[str, str] = {}
        """The caller whose place a channel took."""

    def call_of(self, uniqueid: str) -> str:
        """Return the caller that a channel is."""
        return self._same.get(uniqueid, uniqueid)

    def caller(self, queue: str, uniqueid: str) -> str:
        """Return the caller of a queue that a channel is, which may have taken a waiting one's place unseen."""
        if uniqueid not in self._visits and uniqueid not in self._left:
            self._replaced(queue, uniqueid)
        return self.call_of(uniqueid)

    # --- joining and leaving -----------------------------------------------------------------------------

    def joined(self, fields: Fields) -> None:
        """``QueueCallerJoin``."""
        queue, uniqueid = required(fields, "queue"), required(fields, "uniqueid")
        self._decide(uniqueid)
        self._left.pop(uniqueid, None)
        stale = self._visits.get(uniqueid)
        if stale is not None:
            self._leave(stale, "unknown")
        visit = Visit(queue, uniqueid, self.call_of(uniqueid), self._out.at)
        visit.local = is_local(fields.get("channel", ""))
        visit.linked = fields.get("linkedid", "") or uniqueid
        visit.place = place(fields)
        visit.party = party(fields, "calleridnum")
        self._remember(visit)
        self._legs.joined_queue(uniqueid)
        self._out.put(
            CallerJoined,
            caller=CallerFacts(
                queue=queue,
                call=visit.call,
                linked=visit.linked,
                joined_at=visit.joined_at,
                position=max(1, count(fields, "position")),
                party=visit.party,
                party_name=party_name(fields, "calleridname"),
            ),
        )

    def _remember(self, visit: Visit) -> None:
        if len(self._visits) >= WAITING_LIMIT:
            self._out.skipped("waiting_limit")
        else:
            self._visits[visit.channel] = visit

    def abandoned(self, fields: Fields) -> None:
        """``QueueCallerAbandon``: says that the caller will leave unanswered, not why."""
        visit = self._visit(fields)
        if visit is None or visit.abandoned is not None:
            return
        visit.abandoned = _seen(visit, fields)

    def left(self, fields: Fields) -> None:
        """``QueueCallerLeave``."""
        visit = self._visit(fields)
        if visit is None:
            queue, uniqueid = required(fields, "queue"), required(fields, "uniqueid")
            left = self._left.get(uniqueid)
            if left is None or left.queue != queue:
                self._leave(Visit(queue, uniqueid, self.call_of(uniqueid), self._out.at), "unknown")
            return
        if visit.abandoned is None:
            # without QueueCallerAbandon a hang-up came after the caller left: a key and the receiver at once
            seen = _place_or_answer(visit, fields)
            if seen == "nothing" and visit.place is None and not visit.hung_up:
                # known from a list that did not tell the place: AgentConnect follows or not
                self._leave(visit, "exited_by_key", guess=True)
            else:
                self._leave(visit, _REASONS[False, seen])
            return
        outcome = _REASONS[True, visit.abandoned]
        if visit.abandoned == "nothing" and self._left_empty(visit.queue):
            outcome = "left_empty"
        self._leave(visit, outcome, guess=visit.abandoned == "nothing")

    def _visit(self, fields: Fields) -> Visit | None:
        """Return the visit that an event of a queue and a channel is about."""
        queue, uniqueid = required(fields, "queue"), required(fields, "uniqueid")
        visit = self._visits.get(uniqueid)
        if visit is not None:
            return visit if visit.queue == queue else None
        return None if uniqueid in self._left else self._replaced(queue, uniqueid)

    def _replaced(self, queue: str, uniqueid: str) -> Visit | None:
        """Return the visit of the caller whose channel is gone: an unknown channel has taken the place."""
        gone = [visit for visit in self._gone.values() if visit.queue == queue]
        if len(gone) != 1:
            return None
        visit = gone[0]
        del self._gone[visit.channel]
        self._visits.pop(visit.channel, None)
        visit.channel = uniqueid
        self._visits[uniqueid] = visit
        self._take_place(uniqueid, visit.call)
        return visit

    def _take_place(self, uniqueid: str, call: str) -> None:
        self._same[uniqueid] = call
        if len(self._same) > WAITING_LIMIT:
            del self._same[next(iter(self._same))]

    def _leave(self, visit: Visit, outcome: LeftOutcome, *, guess: bool = False) -> None:
        uniqueid = visit.channel
        self._visits.pop(uniqueid, None)
        self._gone.pop(uniqueid, None)
        self._decide(uniqueid)
        left = self._left[uniqueid] = _Left(visit.queue, outcome, self._out.at)
        left.local = visit.local
        left.place = visit.place
        if len(self._left) > WAITING_LIMIT:
            oldest = next(iter(self._left))
            self._decide(oldest)
            del self._left[oldest]
        if guess:
            self._undecided[uniqueid] = left
        else:
            self._tell(uniqueid, left)

    def _tell(self, uniqueid: str, left: _Left) -> None:
        now, self._out.at = self._out.at, left.at
        self._out.put(CallerLeft, queue=left.queue, call=self.call_of(uniqueid), outcome=left.outcome)
        self._out.at = now

    def _decide(self, uniqueid: str, outcome: LeftOutcome | None = None) -> None:
        """Tell why an undecided caller left: ``outcome``, or what was guessed."""
        left = self._undecided.pop(uniqueid, None)
        if left is not None:
            left.outcome = outcome or left.outcome
            self._tell(uniqueid, left)

    def next_due(self) -> float | None:
        """Return when :meth:`due` will have something to tell, if nothing else happens."""
        return next((left.at + SETTLE for left in self._undecided.values()), None)

    def due(self, at: float) -> None:
        """Time has reached ``at``: nothing better came than what was guessed."""
        if not self._undecided:
            return
        for uniqueid, left in tuple(self._undecided.items()):
            if left.at + SETTLE > at:
                break
            self._decide(uniqueid)

    def variable_set(self, fields: Fields) -> None:
        """``VarSet``: only ``QUEUESTATUS`` means something."""
        outcome = _STATUSES.get(fields.get("value", ""))
        if fields.get("variable") == "QUEUESTATUS" and outcome is not None:
            self._decide(fields.get("uniqueid", ""), outcome)

    # --- what happens to a caller's channel ----------------------------------------------------------------

    def hangup_requested(self, fields: Fields) -> None:
        """``HangupRequest``, ``SoftHangupRequest``: the caller, or somebody for the caller, hangs up."""
        visit = self._visits.get(fields.get("uniqueid", ""))
        if visit is not None:
            visit.hung_up = True

    def soft_hangup_requested(self, fields: Fields) -> None:
        """``SoftHangupRequest``: of one who just left, it tells whether the dialplan went on."""
        self.hangup_requested(fields)
        uniqueid = fields.get("uniqueid", "")
        left = self._undecided.get(uniqueid)
        if left is not None:
            self._decide(uniqueid, "abandoned" if left.place == place(fields) else None)

    def dial_ended(self, fields: Fields) -> None:
        """``DialEnd``: a member answered the waiting caller's call."""
        if fields.get("dialstatus") == "ANSWER":
            visit = self._visits.get(fields.get("uniqueid", ""))
            if visit is not None:
                visit.answered = True

    def dumped(self, uniqueid: str) -> None:
        """The member who had answered hung up before being connected: the caller goes on waiting."""
        visit = self._visits.get(uniqueid)
        if visit is not None:
            visit.answered = False

    def entered_bridge(self, fields: Fields) -> None:
        """``BridgeEnter``: a waiting caller is taken away, or another channel takes a caller's place."""
        uniqueid = fields.get("uniqueid", "")
        visit = self._visits.get(uniqueid)
        if visit is not None:
            self._leave(visit, "transferred")
        swapped = fields.get("swapuniqueid", "")
        left = self._left.get(swapped)
        if left is not None and left.local and left.outcome == "answered":
            self._take_place(uniqueid, self.call_of(swapped))

    def ended(self, fields: Fields) -> None:
        """``Hangup``. The caller may wait on: then another channel has taken the place."""
        uniqueid = fields.get("uniqueid", "")
        visit = self._visits.get(uniqueid)
        if visit is not None:
            self._gone[uniqueid] = visit
        self._decide(uniqueid)
        self._left.pop(uniqueid, None)
        self._same.pop(uniqueid, None)

    def connected(self, queue: str, uniqueid: str) -> str:
        """A member talks with the caller: whatever was guessed, the caller was answered. Return the caller."""
        visit = self._visits.get(uniqueid)
        left = self._left.get(uniqueid)
        if visit is not None and visit.queue == queue:
            self._leave(visit, "answered")
        elif left is not None and left.queue == queue and left.outcome != "answered":
            self._undecided.pop(uniqueid, None)
            left.outcome = "answered"
            self._tell(uniqueid, left)
        return self.call_of(uniqueid)

    # --- snapshot ----------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Forget everybody: the link was lost."""
        self._visits.clear()
        self._gone.clear()
        self._left.clear()
        self._undecided.clear()
        self._same.clear()

    def learn(self, items: Iterable[Message], taken_at: float, since: float) -> tuple[CallerFacts, ...]:
        """Learn who waits (``QueueEntry``); return them.

        Who left from ``since`` on is not among them, even if waiting in another queue by now.
        """
        before = self._visits
        recent = [visit for visit in before.values() if visit.joined_at >= since]
        listed: list[Visit] = []
        facts = []
        for item in items:
            if item.name != "QueueEntry":
                continue
            fields = item.fields
            queue, uniqueid = fields.get("queue", ""), fields.get("uniqueid", "")
            left = self._left.get(uniqueid)
            if not queue or not uniqueid:
                self._out.skipped("missing_field")
                continue
            has_left = left and left.queue == queue and left.at >= since and uniqueid not in before
            visit = before.get(uniqueid)
            has_moved = visit and visit.queue != queue and visit.joined_at >= since
            if self._channels.has_ended(uniqueid) or has_left or has_moved:
                continue
            visit = visit or self._replaced(queue, uniqueid)
            if visit is None or visit.queue != queue:
                visit = self._learn_one(queue, uniqueid, fields, taken_at)
            listed.append(visit)
            facts.append(_facts(visit, max(1, count(fields, "position")), fields))
        self._visits = {}
        for visit in listed:
            self._remember(visit)
        for visit in recent:
            if visit.channel not in self._visits:
                self._remember(visit)
        self._gone = {channel: visit for channel, visit in self._gone.items() if channel in self._visits}
        return tuple(facts)

    def _learn_one(self, queue: str, uniqueid: str, fields: Fields, taken_at: float) -> Visit:
        visit = Visit(queue, uniqueid, self.call_of(uniqueid), taken_at - (span(fields, "wait") or 0.0))
        visit.local = is_local(fields.get("channel", ""))
        visit.party = party(fields, "calleridnum")
        visit.linked = self._channels.call_of(uniqueid)
        visit.place = self._channels.place_of(uniqueid)
        return visit


def _facts(visit: Visit, position: int, fields: Fields) -> CallerFacts:
    return CallerFacts(
        queue=visit.queue,
        call=visit.call,
        linked=visit.linked,
        joined_at=visit.joined_at,
        position=position,
        party=visit.party,
        party_name=party_name(fields, "calleridname", escaped=False),
    )


def _seen(visit: Visit, fields: Fields) -> _Reason:
    """Return the strongest reason for leaving that was seen up to now."""
    return "hung_up" if visit.hung_up else _place_or_answer(visit, fields)


def _place_or_answer(visit: Visit, fields: Fields) -> _Reason:
    if visit.place is not None and place(fields) != visit.place:
        return "moved"
    return "answered" if visit.answered else "nothing"
