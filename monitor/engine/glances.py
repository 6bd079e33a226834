"""What the metrics look at: figures that are not shown to people one by one, so there is no public object for them."""

from __future__ import annotations

from typing import NamedTuple

from monitor.engine.agent_statistics import AgentCalls
from monitor.engine.member_time import TimeSpent
from monitor.model import AgentState


class AgentGlance(NamedTuple):
    """An agent in short: made ten thousand times for each scrape, where the whole object would take too long."""

    id: str
    name: str
    team: str | None
    state: AgentState
    calls: AgentCalls
    """Since the agent was first seen."""


class QueueTime(NamedTuple):
    """The time that a queue's members spent."""

    ever: TimeSpent
    today: TimeSpent
