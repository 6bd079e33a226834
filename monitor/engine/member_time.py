"""The time that a queue's members spend in each state: since ever for counters, and today.

Time is taken from the engine's own clock, which never runs back, so that the sums never go down. Whole microseconds
lose nothing, however often a state changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from monitor.engine.queue_counts import microseconds
from monitor.model import AGENT_STATES, AgentState


class TimeSpent(msgspec.Struct, kw_only=True, frozen=True):
    """Seconds that the members of a queue spent, all together."""

    states: dict[AgentState, float]
    """Every state is a key."""
    accepted_ringing: float
    """Of ``states["ringing"]``: what ended in a call taken."""


class MemberTime(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Adds up one queue's time (encodable by msgspec; a decoded copy goes on as the original would).

    ``pass_time`` must be called with the members by state as they were, before any of them changes.
    """

    queue: str
    until_us: int = 0
    """How far the time is accounted for; 0: it has not begun."""
    spent_us: dict[AgentState, int] = {}
    accepted_us: int = 0
    earlier_us: dict[AgentState, int] = {}
    """``spent_us`` as it was when the day began."""
    earlier_accepted_us: int = 0

    def pass_time(self, now: float, members: Mapping[AgentState, int]) -> None:
        """Account for the time up to ``now`` (unix seconds), in which ``members`` were in each state."""
        now_us = microseconds(now)
        passed = now_us - self.until_us
        if passed <= 0:
            return
        began, self.until_us = self.until_us, now_us
        if not began:
            return
        spent = self.spent_us
        for state, count in members.items():
            if count:
                spent[state] = spent.get(state, 0) + count * passed

    def accepted(self, seconds: float) -> None:
        """Say that ``seconds`` of ringing ended in a call taken."""
        self.accepted_us += microseconds(seconds)

    def begin_day(self, now: float, members: Mapping[AgentState, int]) -> None:
        """Begin a new day at ``now``."""
        self.pass_time(now, members)
        self.earlier_us = self.spent_us.copy()
        self.earlier_accepted_us = self.accepted_us

    def ever(self, now: float, members: Mapping[AgentState, int]) -> TimeSpent:
        """Return the time since ever, with what runs up to ``now``."""
        return self._spent(now, members, {}, 0)

    def today(self, now: float, members: Mapping[AgentState, int]) -> TimeSpent:
        """Return the time since the day began."""
        return self._spent(now, members, self.earlier_us, self.earlier_accepted_us)

    def _spent(
        self, now: float, members: Mapping[AgentState, int], before: Mapping[AgentState, int], accepted: int
    ) -> TimeSpent:
        running = max(0, microseconds(now) - self.until_us) if self.until_us else 0
        spent = self.spent_us
        return TimeSpent(
            states={
                state: (spent.get(state, 0) + members.get(state, 0) * running - before.get(state, 0))
                / 1_000_000
                for state in AGENT_STATES
            },
            accepted_ringing=(self.accepted_us - accepted) / 1_000_000,
        )
