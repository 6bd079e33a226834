"""The engine of one source: events in, live state and what changed out.

Pure and synchronous: no I/O, no clock, no randomness. The same events give the same state, on any machine, at any
speed. The steps are the same for each event: let time pass up to it, apply it by its handler, settle whom it
concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from monitor import events
from monitor.engine import callers, legs, members, source, storage, workplaces
from monitor.engine.changes import Changes
from monitor.engine.config import SourceConfig
from monitor.engine.glances import AgentGlance, QueueTime
from monitor.engine.live import Live
from monitor.engine.members import configure_agents
from monitor.engine.passing import advance, begin_day
from monitor.engine.queue_statistics import QueueTotals
from monitor.engine.reconcile import CORRECTION_KINDS
from monitor.engine.settle import settle
from monitor.engine.views import Views
from monitor.model import Agent, AgentState, Call, Queue, QueueHistory, Source, Timeline

HANDLERS: Final[dict[type[events.Event], Callable[[Live, Any], None]]] = {
    events.SourceConnected: source.source_connected,
    events.SourceLost: source.source_lost,
    events.Snapshot: source.snapshot_taken,
    events.Tick: source.tick,
    events.EndpointReachable: members.endpoint_reachable,
    events.EndpointUnreachable: members.endpoint_unreachable,
    events.EndpointStateChanged: members.endpoint_state_changed,
    events.DoNotDisturbChanged: members.do_not_disturb_changed,
    events.PresenceChanged: workplaces.presence_changed,
    events.MemberAdded: members.member_added,
    events.MemberRemoved: members.member_removed,
    events.MemberPaused: members.member_paused,
    events.MemberUnpaused: members.member_unpaused,
    events.MemberChanged: members.member_changed,
    events.CallerJoined: callers.caller_joined,
    events.CallerLeft: callers.caller_left,
    events.AgentOffered: callers.agent_offered,
    events.AgentAnswered: callers.agent_answered,
    events.AgentMissed: callers.agent_missed,
    events.AgentCompleted: callers.agent_completed,
    events.LegStarted: legs.leg_started,
    events.LegRinging: legs.leg_ringing,
    events.LegAnswered: legs.leg_answered,
    events.LegHeld: legs.leg_held,
    events.LegResumed: legs.leg_resumed,
    events.LegChanged: legs.leg_changed,
    events.LegEnded: legs.leg_ended,
    events.TalkingStarted: legs.talking_started,
    events.TalkingStopped: legs.talking_stopped,
    events.OutcomeRecorded: members.outcome_recorded,
}

_OWN_EVENTS: Final = (events.Tick, events.SourceLost)
"""Events that we make ourselves: nothing was heard from the source."""

_LAST_INSTANT: Final = 32_503_680_000.0
"""The year 3000. An ``at`` outside of 1970 to 3000 (or not a number) is taken for now, and counted."""


class SourceEngine:
    """The live state of one source. Ids given and taken are public ones (``source/name``).

    Every ``apply`` costs the same however many agents there are, except a snapshot, the loss of the source and the
    change of the day.
    """

    def __init__(self, config: SourceConfig) -> None:
        self.config = config
        self._reset()

    def _reset(self) -> None:
        self._live = Live(self.config)
        self._views = Views(self._live)
        self._live.source.corrections = dict.fromkeys(CORRECTION_KINDS, 0)

    # --- write side ------------------------------------------------------------------------------------

    def apply(self, event: events.Event) -> None:
        """Apply one event. One that was applied before (an id not greater than the last) changes nothing."""
        live = self._live
        record = live.source
        if event.id <= record.last_id:
            return
        record.last_id = event.id
        kind = type(event)
        at = event.at
        if not 0.0 <= at < _LAST_INSTANT:
            live.cause = (kind.__name__, record.now, event.id)
            live.unexpected("impossible_time")
            at = record.now
            event = msgspec.structs.replace(event, at=at)
        if not record.day_end:
            self._begin(at)
        if at >= live.timers.soonest:
            advance(live, at, event.id)
        elif at > record.now:
            record.now = at
        live.at = at
        live.cause = (kind.__name__, at, event.id)
        if kind not in _OWN_EVENTS:
            record.last_event_at = at
        HANDLERS[kind](live, event)
        settle(live)

    def _begin(self, at: float) -> None:
        """Begin with the first event."""
        live = self._live
        live.at = live.source.now = live.source.since = at
        begin_day(live, at)
        configure_agents(live)

    def take_changes(self) -> Changes:
        """Return what changed since this was last called."""
        return self._live.changes.take(self.config.source)

    def dump(self) -> dict[str, bytes | None]:
        """Return the entities that changed since the last dump, encoded; ``None`` for those that are gone."""
        return storage.dump(self._live)

    def restore(self, entities: Mapping[str, bytes]) -> None:
        """Go on from what dumps gave (the newest of each key). Raises :class:`StateUnreadable`, empty then."""
        self._reset()
        try:
            storage.restore(self._live, entities)
        except BaseException:
            self._reset()
            raise
        for kind, count in dict.fromkeys(CORRECTION_KINDS, 0).items():
            self._live.source.corrections.setdefault(kind, count)

    # --- about the engine ------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The engine's time: the newest that an event told."""
        return self._live.source.now

    @property
    def is_up(self) -> bool:
        """Whether the source is synchronised: what is shown of it is known to be so."""
        return self._live.up

    @property
    def suspects(self) -> int:
        """How many differences from the last snapshot wait for another one to confirm them."""
        return len(self._live.source.suspicions)

    @property
    def corrections(self) -> dict[str, int]:
        """How often the live state was corrected, by kind, since ever."""
        return dict(self._live.source.corrections)

    @property
    def unexpected(self) -> dict[str, int]:
        """How often an event did not fit (``LegAnswered.unknown_leg``), since ever."""
        return dict(self._live.source.unexpected)

    @property
    def size(self) -> int:
        """How many entities the state has that live long: agents, queues and memberships."""
        live = self._live
        return len(live.agents) + len(live.queues) + len(live.members)

    def next_deadline(self) -> float | None:
        """Return when time will have something to do: send a ``Tick`` then."""
        return self._live.timers.next()

    # --- read side -------------------------------------------------------------------------------------

    def source_view(self, at: float) -> Source:
        """Return the source itself."""
        del at
        return self._views.source()

    def agent_ids(self) -> Sequence[str]:
        """Return the ids of all agents, sorted."""
        return [self._views.public(name) for name in sorted(self._live.agents)]

    def agent_view(self, agent_id: str, at: float) -> Agent | None:
        """Return an agent with figures up to ``at``."""
        agent = self._live.agents.get(self._views.local(agent_id) or "")
        return None if agent is None else self._views.agent(agent, at)

    def agent_state(self, agent_id: str) -> AgentState | None:
        """Return an agent's state alone."""
        agent = self._live.agents.get(self._views.local(agent_id) or "")
        return None if agent is None else agent.state

    def agent_glances(self) -> Iterator[AgentGlance]:
        """Yield what is counted of each agent, by id. Others may work between two of them."""
        prefix, agents = f"{self.config.source}/", self._live.agents
        for name in sorted(agents):
            agent = agents.get(name)
            if agent is not None:
                yield AgentGlance(prefix + name, agent.name, agent.team, agent.state, agent.statistics.calls)

    def agent_team(self, agent_id: str) -> str | None:
        """Return an agent's team."""
        agent = self._live.agents.get(self._views.local(agent_id) or "")
        return None if agent is None else agent.team

    def agent_queues(self, agent_id: str) -> frozenset[str]:
        """Return the ids of the queues that an agent is in."""
        members_of = self._live.members_of.get(self._views.local(agent_id) or "", ())
        return frozenset(self._views.public(member.queue) for member in members_of)

    def timeline(self, agent_id: str, at: float) -> Timeline | None:
        """Return an agent's day up to ``at``."""
        agent = self._live.agents.get(self._views.local(agent_id) or "")
        return None if agent is None else self._views.timeline(agent, at)

    def queue_ids(self) -> Sequence[str]:
        """Return the ids of all queues, sorted."""
        return [self._views.public(name) for name in sorted(self._live.queues)]

    def queue_view(self, queue_id: str, at: float) -> Queue | None:
        """Return a queue."""
        del at
        name = self._queue(queue_id)
        return None if name is None else self._views.queue(name)

    def queue_history(self, queue_id: str, at: float) -> QueueHistory | None:
        """Return a queue's day in steps."""
        name = self._queue(queue_id)
        return None if name is None else self._views.history(name, at)

    def queue_state_counts(self, queue_id: str) -> Mapping[AgentState, int] | None:
        """Return how many members of a queue are in each state."""
        name = self._queue(queue_id)
        return None if name is None else dict(self._live.counts[name])

    def queue_waiting(self, queue_id: str) -> tuple[int, float | None] | None:
        """Return how many callers wait in a queue, and since when the one who waits longest."""
        name = self._queue(queue_id)
        if name is None:
            return None
        return len(self._live.queues[name].waiting), self._views.longest_wait_since(name)

    def queue_totals(self, queue_id: str) -> QueueTotals | None:
        """Return a queue's lifetime counters."""
        name = self._queue(queue_id)
        return None if name is None else self._live.queues[name].statistics.totals

    def queue_time(self, queue_id: str) -> QueueTime | None:
        """Return the time that a queue's members spent, up to the engine's own time."""
        name = self._queue(queue_id)
        if name is None:
            return None
        counts, time, now = self._live.counts[name], self._live.member_times[name], self.now
        return QueueTime(ever=time.ever(now, counts), today=time.today(now, counts))

    def call_ids(self) -> Sequence[str]:
        """Return the ids of all calls in progress, sorted."""
        names = self._live.group_calls.union(self._live.visit_calls)
        return [self._views.public(name) for name in sorted(names)]

    def call_view(self, call_id: str, at: float) -> Call | None:
        """Return a call in progress."""
        del at
        name = self._views.local(call_id)
        return None if name is None else self._views.call(name)

    def _queue(self, queue_id: str) -> str | None:
        name = self._views.local(queue_id)
        return name if name in self._live.queues else None
