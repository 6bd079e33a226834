"""The read side over all sources: what the feed, the API and the metrics look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.engine.engine import SourceEngine
from monitor.engine.glances import QueueTime
from monitor.engine.queue_statistics import QueueTotals
from monitor.model import (
    Agent,
    AgentState,
    Alert,
    Call,
    Queue,
    QueueHistory,
    Source,
    State,
    Timeline,
)


class Picture:
    """Routes each id to its source's engine by the prefix. Unknown ids give ``None`` (or nothing)."""

    def __init__(
        self, engines: Mapping[str, SourceEngine], alerts: Mapping[str, Alert] | None = None
    ) -> None:
        self.engines = dict(engines)
        self.alerts: Mapping[str, Alert] = {} if alerts is None else alerts
        """By id: whoever watches for them keeps them up to date."""

    def engine_of(self, public_id: str) -> SourceEngine | None:
        """Return the engine that an id (``source/name``, or a source's own) belongs to."""
        return self.engines.get(public_id.partition("/")[0])

    # --- everything ------------------------------------------------------------------------------------

    def state(self, epoch: str, seq: int, at: float) -> State:
        """Return everything at ``at``, marked with the feed's epoch and sequence number."""
        return State(
            epoch=epoch,
            seq=seq,
            at=at,
            agents=list(self.agents(at)),
            queues=list(self.queues(at)),
            calls=list(self.calls(at)),
            alerts=list(self.alerts.values()),
            sources=list(self.sources(at)),
        )

    def agents(self, at: float) -> Iterator[Agent]:
        """Yield all agents, by source and id."""
        for engine in self.engines.values():
            for agent_id in engine.agent_ids():
                agent = engine.agent_view(agent_id, at)
                if agent is not None:
                    yield agent

    def queues(self, at: float) -> Iterator[Queue]:
        """Yield all queues, by source and id."""
        for engine in self.engines.values():
            for queue_id in engine.queue_ids():
                queue = engine.queue_view(queue_id, at)
                if queue is not None:
                    yield queue

    def calls(self, at: float) -> Iterator[Call]:
        """Yield all calls in progress, by source and id."""
        for engine in self.engines.values():
            for call_id in engine.call_ids():
                call = engine.call_view(call_id, at)
                if call is not None:
                    yield call

    def sources(self, at: float) -> Iterator[Source]:
        """Yield all sources, as configured."""
        for engine in self.engines.values():
            yield engine.source_view(at)

    # --- ids -------------------------------------------------------------------------------------------

    def agent_ids(self) -> list[str]:
        """Return the ids of all agents."""
        return [agent_id for engine in self.engines.values() for agent_id in engine.agent_ids()]

    def queue_ids(self) -> list[str]:
        """Return the ids of all queues."""
        return [queue_id for engine in self.engines.values() for queue_id in engine.queue_ids()]

    def call_ids(self) -> list[str]:
        """Return the ids of all calls in progress."""
        return [call_id for engine in self.engines.values() for call_id in engine.call_ids()]

    def source_ids(self) -> list[str]:
        """Return the ids of all sources."""
        return list(self.engines)

    # --- one of them -----------------------------------------------------------------------------------

    def source_view(self, source_id: str, at: float) -> Source | None:
        """Return a source."""
        engine = self.engines.get(source_id)
        return None if engine is None else engine.source_view(at)

    def agent_view(self, agent_id: str, at: float) -> Agent | None:
        """Return an agent with figures up to ``at``."""
        engine = self.engine_of(agent_id)
        return None if engine is None else engine.agent_view(agent_id, at)

    def agent_state(self, agent_id: str) -> AgentState | None:
        """Return an agent's state alone."""
        engine = self.engine_of(agent_id)
        return None if engine is None else engine.agent_state(agent_id)

    def agent_team(self, agent_id: str) -> str | None:
        """Return an agent's team."""
        engine = self.engine_of(agent_id)
        return None if engine is None else engine.agent_team(agent_id)

    def agent_queues(self, agent_id: str) -> frozenset[str]:
        """Return the ids of the queues that an agent is in."""
        engine = self.engine_of(agent_id)
        return frozenset() if engine is None else engine.agent_queues(agent_id)

    def timeline(self, agent_id: str, at: float) -> Timeline | None:
        """Return an agent's day up to ``at``."""
        engine = self.engine_of(agent_id)
        return None if engine is None else engine.timeline(agent_id, at)

    def queue_view(self, queue_id: str, at: float) -> Queue | None:
        """Return a queue."""
        engine = self.engine_of(queue_id)
        return None if engine is None else engine.queue_view(queue_id, at)

    def queue_history(self, queue_id: str, at: float) -> QueueHistory | None:
        """Return a queue's day in steps."""
        engine = self.engine_of(queue_id)
        return None if engine is None else engine.queue_history(queue_id, at)

    def queue_state_counts(self, queue_id: str) -> Mapping[AgentState, int] | None:
        """Return how many members of a queue are in each state."""
        engine = self.engine_of(queue_id)
        return None if engine is None else engine.queue_state_counts(queue_id)

    def queue_waiting(self, queue_id: str) -> tuple[int, float | None] | None:
        """Return how many callers wait in a queue, and since when the one who waits longest."""
        engine = self.engine_of(queue_id)
        return None if engine is None else engine.queue_waiting(queue_id)

    def queue_totals(self, queue_id: str) -> QueueTotals | None:
        """Return a queue's lifetime counters."""
        engine = self.engine_of(queue_id)
        return None if engine is None else engine.queue_totals(queue_id)

    def queue_time(self, queue_id: str) -> QueueTime | None:
        """Return the time that a queue's members spent in each state."""
        engine = self.engine_of(queue_id)
        return None if engine is None else engine.queue_time(queue_id)

    def alert_ids(self) -> list[str]:
        """Return the ids of all alerts, pending ones included."""
        return list(self.alerts)

    def alert_view(self, alert_id: str, at: float) -> Alert | None:
        """Return an alert."""
        del at
        return self.alerts.get(alert_id)

    def call_view(self, call_id: str, at: float) -> Call | None:
        """Return a call in progress."""
        engine = self.engine_of(call_id)
        return None if engine is None else engine.call_view(call_id, at)
