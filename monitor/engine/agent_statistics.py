"""An agent's day in seconds and counts.

Seconds are kept as whole microseconds per state, with one running span, so that the states' seconds always add
up exactly to the time since the agent was first seen that day.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from monitor.engine.service_level import share
from monitor.model import AgentFigures, AgentState

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL_TAKEN: frozenset[AgentState] = frozenset({"talking", "on_hold"})
"""States that say of the ringing before them that the call was taken."""


class AgentCalls(NamedTuple):
    """An agent's calls by kind, as :class:`monitor.model.AgentFigures` has them for a day."""

    answered: int
    missed: int
    outbound: int
    direct: int


_NO_CALLS = AgentCalls(0, 0, 0, 0)


class AgentStatistics(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The statistics of one agent's day (encodable by msgspec; a decoded copy goes on as the original would).

    ``AgentStatistics.begin(at, day_start, state)`` makes one. Time never runs backwards in here: what is older
    than the newest change counts at that change. ``begin_day`` must be told of a new day before the new day's
    first change. A lost source is the state ``unknown``: nothing but unknown seconds pass.
    """

    day_start_us: int
    since_us: int
    """How far the time is accounted for; the running span goes on from here."""
    state: AgentState | None = None
    """Of the running span; ``None``: the agent is gone."""
    spent_us: dict[AgentState, int] = {}
    """By state, without the running span."""
    accepted_us: int = 0
    """The ringing of accepted calls, a part of ``spent_us["ringing"]``."""
    ringing_us: int = 0
    """What passed today of the ringing that runs, or ended last."""
    taken: bool = False
    """That ringing is of an accepted call, and counted in ``accepted_us``."""
    answered: int = 0
    """Queue calls answered."""
    missed: int = 0
    """Times rung by a queue without answering."""
    outbound: int = 0
    """Outbound calls made, answered or not."""
    direct: int = 0
    """Inbound calls answered that came by no queue, internal ones included."""
    outcomes: dict[str, int] = {}
    """Business outcomes noted."""
    earlier: AgentCalls = _NO_CALLS
    """Of the days before."""

    @classmethod
    def begin(cls, at: float, day_start: float, state: AgentState) -> AgentStatistics:
        """Return the statistics of an agent first seen at ``at``."""
        day_start_us = _instant(day_start)
        return cls(day_start_us=day_start_us, since_us=max(_instant(at), day_start_us), state=state)

    def enter(self, at: float, state: AgentState, accepted: bool | None = None) -> None:  # noqa: FBT001 - the engine's own call
        """End the running span at ``at`` and begin one of ``state``.

        ``accepted``: whether the ringing that ends now was of a call that the agent took; ``None``: it was if
        the agent talks (or holds) next. Given while another call rings on, it ends the ringing before it.
        """
        if state == self.state and accepted is None:
            return
        self._pass_time(at)
        if self.state == "ringing" and (state in CALL_TAKEN if accepted is None else accepted):
            self.accepted_ringing()
        if state == "ringing":
            self.ringing_us = 0
            self.taken = False
        self.state = state

    def accepted_ringing(self) -> None:
        """Say that the ringing that runs, or ended last, is of an accepted call. Saying it twice changes nothing."""
        if not self.taken:
            self.taken = True
            self.accepted_us += self.ringing_us

    def stop(self, at: float) -> None:
        """End the running span without another: the agent is gone. ``enter`` begins again."""
        self._pass_time(at)
        self.state = None

    def begin_day(self, day_start: float) -> None:
        """Begin a new day: everything at 0, the running span split exactly there. An older day is ignored."""
        day_start_us = _instant(day_start)
        if day_start_us <= self.day_start_us:
            return
        self.day_start_us = day_start_us
        self.since_us = max(self.since_us, day_start_us)
        self.earlier = self.calls
        self.spent_us = {}
        self.accepted_us = self.ringing_us = 0
        self.answered = self.missed = self.outbound = self.direct = 0
        self.outcomes = {}

    @property
    def calls(self) -> AgentCalls:
        """The calls since the agent was first seen; these counts never go down."""
        earlier = self.earlier
        return AgentCalls(
            earlier.answered + self.answered,
            earlier.missed + self.missed,
            earlier.outbound + self.outbound,
            earlier.direct + self.direct,
        )

    def figures(self, at: float, day_start: float | None = None) -> AgentFigures:
        """Return the day's figures with the running span up to ``at``.

        With a ``day_start`` later than the last ``begin_day`` the figures are those of that new day. An ``at``
        before the newest change gives the figures of that change.
        """
        if day_start is not None and _instant(day_start) > self.day_start_us:
            new_day = copy.copy(self)
            new_day.begin_day(day_start)
            return new_day.figures(at)
        spent = self.spent_us.copy()
        accepted = self.accepted_us
        running = max(0, _instant(at) - self.since_us)
        if self.state is not None:
            spent[self.state] = spent.get(self.state, 0) + running
            if self.state == "ringing" and self.taken:
                accepted += running
        busy = sum(_of(spent, "talking", "on_hold", "wrap_up")) + accepted
        return AgentFigures(
            answered=self.answered,
            missed=self.missed,
            outbound=self.outbound,
            direct=self.direct,
            talk_seconds=_seconds(spent, "talking"),
            hold_seconds=_seconds(spent, "on_hold"),
            wrap_up_seconds=_seconds(spent, "wrap_up"),
            paused_seconds=_seconds(spent, "paused"),
            available_seconds=_seconds(spent, "available"),
            ringing_seconds=_seconds(spent, "ringing"),
            dialing_seconds=_seconds(spent, "dialing"),
            offline_seconds=_seconds(spent, "offline"),
            unknown_seconds=_seconds(spent, "unknown"),
            occupancy=share(busy, busy + spent.get("available", 0)),
            outcomes=self.outcomes.copy(),
        )

    def _pass_time(self, at: float) -> None:
        """Account for the running span up to ``at``."""
        at_us = max(self.since_us, _instant(at))
        passed = at_us - self.since_us
        self.since_us = at_us
        if self.state is None or not passed:
            return
        self.spent_us[self.state] = self.spent_us.get(self.state, 0) + passed
        if self.state == "ringing":
            self.ringing_us += passed
            if self.taken:
                self.accepted_us += passed


def _instant(at: float) -> int:
    """Return unix seconds as whole microseconds."""
    return round(at * 1_000_000)


def _of(spent: dict[AgentState, int], *states: AgentState) -> Iterator[int]:
    return (spent.get(state, 0) for state in states)


def _seconds(spent: dict[AgentState, int], state: AgentState) -> float:
    return spent.get(state, 0) / 1_000_000
