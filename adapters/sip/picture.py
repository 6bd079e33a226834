"""What all subscriptions together have brought: is the first picture complete, and who is still to be asked for."""

from __future__ import annotations

import enum
from collections.abc import Callable

from adapters.common.texts import shown
from adapters.sip.plan import PACKAGES, Plan
from adapters.sip.reports import Kind, ListReport
from adapters.sip.subscription import Subscription, Target
from adapters.sip_messages.message import Response

MEMBERS_LIMIT = 20_000
"""Members of one list that are kept, and of all lists together that are subscribed to one by one for what these don't tell."""


class Verdict(enum.Enum):
    """How the first picture stands."""

    OPEN = "not everybody has answered"
    COMPLETE = "it is to be shown"
    REFUSED = "everybody has answered, and all refuse"
    SHOWN = "it was shown"


def single(uri: str, kind: Kind) -> Target:
    """Return the subscription to one endpoint."""
    return Target(uri=uri, kind=kind, package=PACKAGES[kind])


class Picture:
    """Counts who has answered, and finds who is not covered by a list.

    Lists tell of dialogs. A watched endpoint is asked for its dialogs one by one only if no list has it, which is
    known once every list has answered.
    """

    __slots__ = (
        "_lists", "_members", "_open", "_plan", "_progress_at", "_unheard", "add", "granted", "is_proven", "refused",
        "remove", "shown", "software",
    )  # fmt: skip

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._open: set[int] = set()
        self._lists: dict[str, frozenset[str]] = {}
        """The members of each list that lives."""
        self._unheard = set(plan.lists)
        """Lists that have neither told their members nor been refused yet."""
        self._members: set[str] = set()
        self._progress_at = float("inf")
        self.add: Callable[[Target], None] = _nothing
        """Called with what is to be subscribed to."""
        self.remove: Callable[[Target], None] = _nothing
        self.granted: set[int] = set()
        self.refused: set[int] = set()
        self.is_proven = False
        """The server has answered a SUBSCRIBE by something else than a challenge."""
        self.software: str | None = None
        self.shown = False

    def begin(self) -> None:
        """Subscribe to what is known from the start."""
        plan = self._plan
        for uri in plan.lists:
            self.add(Target(uri=uri, kind="dialog", package=PACKAGES["dialog"], is_list=True))
        for kind in plan.kinds:
            if kind == "dialog" and plan.lists:
                continue
            for endpoint in plan.watch:
                self.add(single(endpoint, kind))

    # --- what the roster tells -------------------------------------------------------------------------

    def expect(self, number: int, now: float) -> None:
        """A subscription was added."""
        if not self.shown:
            self._open.add(number)
            self._progress_at = now + self._plan.timeouts.progress

    def drop(self, number: int, now: float) -> None:
        """A subscription was removed."""
        self._close(number, now)
        self.granted.discard(number)
        self.refused.discard(number)

    def update(self, subscription: Subscription, now: float) -> None:
        """A subscription may stand otherwise than before."""
        number = subscription.number
        for numbers, belongs in ((self.granted, subscription.alive), (self.refused, subscription.refused)):
            if belongs:
                numbers.add(number)
            else:
                numbers.discard(number)
        if subscription.answered:
            self._close(number, now)

    def proven(self, response: Response) -> None:
        """The server answered a SUBSCRIBE: it lets us in, or at least talks to us."""
        self.is_proven = True
        self.software = self.software or shown(response.get("Server")) or shown(response.get("User-Agent"))

    def listed(self, target: Target, report: ListReport) -> None:
        """A list told its members, or what changed among them."""
        told = frozenset(resource.uri for resource in report.resources)
        gone = frozenset(resource.uri for resource in report.resources if resource.state == "terminated")
        before = frozenset() if report.full else self._lists.get(target.uri, frozenset())
        stay, new = before - gone, told - gone - before
        room = MEMBERS_LIMIT - len(stay)
        self._lists[target.uri] = stay | (new if len(new) <= room else frozenset(sorted(new)[:room]))
        self._unheard.discard(target.uri)
        self._cover()

    def ended(self, target: Target) -> None:
        """What a subscription told is not known any more, or it was refused."""
        if target.is_list:
            self._lists.pop(target.uri, None)
            self._unheard.discard(target.uri)
            self._cover()

    # --- how it stands ---------------------------------------------------------------------------------

    def next_deadline(self) -> float:
        """Return when :meth:`verdict` may change by time alone."""
        return float("inf") if self.shown or not self.granted else self._progress_at

    def verdict(self, now: float, *, pushed: bool) -> Verdict:
        """Say how the first picture stands; ``pushed``: some state was pushed to us."""
        if self.shown:
            return Verdict.SHOWN
        any_known = bool(self.granted) or pushed
        if not self._open:
            return Verdict.COMPLETE if any_known else Verdict.REFUSED
        return Verdict.COMPLETE if any_known and now >= self._progress_at else Verdict.OPEN

    def _close(self, number: int, now: float) -> None:
        if number in self._open:
            self._open.discard(number)
            self._progress_at = now + self._plan.timeouts.progress

    def _cover(self) -> None:
        """Ask one by one for what the lists, as they are now, don't tell."""
        if self._unheard:
            return
        covered = frozenset().union(*self._lists.values())
        for endpoint in self._plan.watch:
            if endpoint not in covered:
                self.add(single(endpoint, "dialog"))
        if self._plan.watch:
            return  # those are asked for the other packages from the start
        members = set(sorted(covered)[:MEMBERS_LIMIT])
        for kind in self._plan.kinds:
            if kind != "dialog":
                for endpoint in sorted(members - self._members):
                    self.add(single(endpoint, kind))
                for endpoint in sorted(self._members - members):
                    self.remove(single(endpoint, kind))
        self._members = members


def _nothing(_target: Target) -> None:
    return
