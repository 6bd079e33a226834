"""The live state of one source: its entities and the indexes over them.

Everything that adds, removes or moves an entity goes through here, so that the indexes are right and what
changed is known (``dirty`` for saving, ``changes`` for publishing, ``unsettled`` for deriving states anew).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nextafter
from typing import Final, Literal, TypeAlias, get_args

from monitor.engine import derive
from monitor.engine.agent_statistics import CALL_TAKEN
from monitor.engine.calendar import Day
from monitor.engine.changes import ChangeLog
from monitor.engine.config import AgentConfig, QueueConfig, SourceConfig
from monitor.engine.ended import Ended
from monitor.engine.identity import Identity
from monitor.engine.member_time import MemberTime
from monitor.engine.phone import Group
from monitor.engine.queue_statistics import QueueStatistics
from monitor.engine.state import (
    AgentEntity,
    Endpoint,
    Leg,
    Member,
    MemberKey,
    QueueCall,
    QueueCallKey,
    QueueEntity,
    SourceRecord,
    Visit,
    VisitKey,
)
from monitor.engine.timers import Key, Timer, Timers
from monitor.model import AGENT_STATES, AgentState, SourceState

Kind: TypeAlias = Literal["agent", "member", "member_time", "queue", "visit", "queue_call", "leg", "endpoint"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


MARGIN: Final = 1.0
"""Seconds by which an event may seem older than it is. A snapshot counts only when every event that came before
its lists has been applied, so an entity touched that recently is right as it is."""


SOURCE_FACTS: Final[dict[SourceState, int]] = {
    "connecting": derive.NOT_SYNCHRONISED,
    "synchronising": derive.NOT_SYNCHRONISED,
    "up": 0,
    "lost": derive.SOURCE_LOST,
}


Cause: TypeAlias = tuple[str, float, str | None]
"""The event that is being applied, as ``why`` shows it: its name, when it happened, its id."""


class Live:
    """Entities by key, indexes, what is to be settled after the event."""

    def __init__(self, config: SourceConfig) -> None:  # noqa: PLR0915 - one line for each table and index
        self.config = config
        self.day = Day(config.day)
        self.identity = Identity(config.agents)
        self.configured: dict[str, AgentConfig] = {agent.id: agent for agent in config.agents}
        self.source = SourceRecord()
        self.source_facts = SOURCE_FACTS[self.source.state]
        """What the source's own state says of each of its agents."""

        self.agents: dict[str, AgentEntity] = {}
        self.members: dict[MemberKey, Member] = {}
        self.member_times: dict[str, MemberTime] = {}
        """By queue; apart from it, because they change with every member, and it is larger."""
        self.queues: dict[str, QueueEntity] = {}
        self.visits: dict[VisitKey, Visit] = {}
        self.queue_calls: dict[QueueCallKey, QueueCall] = {}
        self.legs: dict[str, Leg] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.ended = Ended()

        self.members_of: dict[str, list[Member]] = {}
        """By agent, ordered by key."""
        self.members_in: dict[str, dict[str, Member]] = {}
        """By queue and interface."""
        self.counts: dict[str, dict[AgentState, int]] = {}
        """Members of a queue by state."""
        self.owners: dict[str, list[str]] = {}
        """Agents that an endpoint belongs to."""
        self.legs_on: dict[str, dict[str, Leg]] = {}
        """By endpoint."""
        self.groups: dict[str, dict[str, Leg]] = {}
        """Legs by the group that they were set up in."""
        self.group_kinds: dict[str, Group] = {}
        """What each group was when it was last settled."""
        self.visits_linked: dict[str, dict[VisitKey, Visit]] = {}
        """Callers who wait or are being connected, by the group of their legs."""
        self.queue_calls_of: dict[str, dict[QueueCallKey, QueueCall]] = {}
        """By agent."""
        self.queue_calls_for: dict[VisitKey, dict[QueueCallKey, QueueCall]] = {}
        """By caller in a queue."""

        self.group_calls: set[str] = set()
        """Groups that are shown as calls."""
        self.visit_calls: dict[str, VisitKey] = {}
        """Callers in queues that are shown as calls, by the name of the call."""
        self.timers = Timers(self.deadline_of)
        self.windows: dict[str, float | None] = {}
        """The deadline of each queue's 30 minutes for which there is a timer."""
        self.dirty: dict[Kind, set[str | tuple[str, ...]]] = {kind: set() for kind in KINDS}
        self.changes = ChangeLog()
        self.unsettled_agents: dict[str, None] = {}
        self.unsettled_groups: dict[str, None] = {}
        self.unsettled_visits: dict[VisitKey, None] = {}
        self.cause: Cause = ("", 0.0, None)
        self.at = 0.0
        """When what is being applied happened; at most ``now``."""

    # --- the source ------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The engine's time: the newest seen."""
        return self.source.now

    def set_state(self, state: SourceState) -> None:
        """Set how well the source is seen, and since now."""
        self.source.state = state
        self.source.since = self.at
        self.source_facts = SOURCE_FACTS[state]
        self.changes.source = True

    @property
    def up(self) -> bool:
        """Whether the source is synchronised."""
        return self.source.state == "up"

    def recent(self, taken_at: float) -> float:
        """Return from which ``touched`` on an entity is newer than a snapshot taken then."""
        return max(taken_at - MARGIN, nextafter(self.source.blind_until, inf))

    def unexpected(self, what: str) -> None:
        """Count an event that does not fit, as ``EventName.what``."""
        counters = self.source.unexpected
        name = f"{self.cause[0]}.{what}"
        counters[name] = counters.get(name, 0) + 1

    def deadline_of(self, timer: Timer, key: Key) -> float | None:
        """Return the deadline that the owner of a timer stands by now."""
        if timer is Timer.WRAP_UP:
            member = self.members.get((key[0], key[1]))
            return member.wrap_until if member else None
        if timer is Timer.VISIT:
            visit = self.visits.get((key[0], key[1]))
            return visit.deadline if visit else None
        if timer is Timer.QUEUE_CALL:
            queue_call = self.queue_calls.get((key[0], key[1], key[2]))
            return queue_call.deadline if queue_call else None
        if timer is Timer.DEVICE:
            endpoint = self.endpoints.get(key[0])
            return endpoint.quiet_until if endpoint else None
        if timer is Timer.WINDOW:
            return self.windows.get(key[0])
        return self.source.day_end if timer is Timer.DAY else self.source.step_end

    # --- agents ----------------------------------------------------------------------------------------

    def settle(self, agent: str) -> None:
        """Have an agent's state derived anew after this event."""
        self.unsettled_agents[agent] = None

    # --- members ---------------------------------------------------------------------------------------

    def add_member(self, member: Member, agent: str) -> None:
        """Add a member, or give it to another agent."""
        members = self.members_of[agent]
        member.agent = agent
        members.append(member)
        members.sort(key=lambda other: other.key)
        self.members[member.key] = member
        self.members_in[member.queue][member.interface] = member
        self.dirty["member"].add(member.key)
        self.settle(agent)

    def take_member(self, member: Member) -> None:
        """Take a member from its agent, who is settled afterwards."""
        self.members_of[member.agent].remove(member)
        self.settle(member.agent)

    def remove_member(self, member: Member) -> None:
        """Remove a member for good."""
        self.take_member(member)
        del self.members[member.key]
        del self.members_in[member.queue][member.interface]
        self.recount_member(member, None)
        self.dirty["member"].add(member.key)
        self.changes.queues.add(member.queue)

    def recount_member(self, member: Member, state: AgentState | None) -> None:
        """Count a member in another state of its queue (``None``: no longer), and the time in the one before."""
        now, counts, time = self.source.now, self.counts[member.queue], self.member_times[member.queue]
        time.pass_time(now, counts)
        self.dirty["member_time"].add(member.queue)
        if member.state is not None:
            counts[member.state] -= 1
        if member.ringing_from is not None:
            if state in CALL_TAKEN:
                time.accepted(now - member.ringing_from)
            member.ringing_from = None
            self.dirty["member"].add(member.key)
        if state is not None:
            counts[state] += 1
            if state == "ringing":
                member.ringing_from = now
                self.dirty["member"].add(member.key)
        member.state = state

    # --- queues ----------------------------------------------------------------------------------------

    def queue(self, name: str) -> QueueEntity:
        """Return a queue, made when it is first heard of."""
        queue = self.queues.get(name)
        if queue is None:
            queue = QueueEntity(name=name, statistics=QueueStatistics())
            queue.statistics.advance(self.now, self.source.day_start)
            self.look_at_waiting(queue)
            self.index_queue(queue)
            self.dirty["member_time"].add(name)
            self.changes.queue_added(name)
        return queue

    def index_queue(self, queue: QueueEntity) -> None:
        """Know of a queue."""
        self.queues[queue.name] = queue
        self.members_in[queue.name] = {}
        self.counts[queue.name] = dict.fromkeys(AGENT_STATES, 0)
        self.member_times.setdefault(queue.name, MemberTime(queue=queue.name))

    def remove_queue(self, queue: QueueEntity) -> None:
        """Remove a queue without members and callers."""
        name = queue.name
        del self.queues[name], self.members_in[name], self.counts[name], self.member_times[name]
        self.windows.pop(name, None)
        self.dirty["queue"].add(name)
        self.dirty["member_time"].add(name)
        self.changes.queue_removed(name)

    def look_at_waiting(self, queue: QueueEntity) -> None:
        """Note in a queue's history how many wait, or that this can't be seen."""
        if self.up:
            queue.statistics.saw_waiting(self.now, len(queue.waiting))
        else:
            queue.statistics.unseen(self.now)
        self.dirty["queue"].add(queue.name)

    def queue_changed(self, queue: QueueEntity) -> None:
        """Note that a queue's own facts or figures changed."""
        self.dirty["queue"].add(queue.name)
        self.changes.queues.add(queue.name)

    def counted(self, queue: QueueEntity) -> None:
        """Note that something was counted in a queue."""
        self.queue_changed(queue)
        deadline = queue.statistics.next_deadline()
        if deadline is not None and deadline <= self.now:
            queue.statistics.advance(self.now, self.source.day_start)
            deadline = queue.statistics.next_deadline()
        if self.windows.get(queue.name) != deadline:
            self.windows[queue.name] = deadline
            if deadline is not None:
                self.timers.set(deadline, Timer.WINDOW, (queue.name,))

    def queue_config(self, queue: str) -> QueueConfig:
        """Return how a queue is measured."""
        return self.config.queues.get(queue, self.config.default_queue)

    # --- callers ---------------------------------------------------------------------------------------

    def add_visit(self, visit: Visit, queue: QueueEntity, position: int) -> None:
        """Have a caller wait at a position (from 1; one beyond the end is the end)."""
        self.visits[visit.key] = visit
        self.visits_linked.setdefault(visit.linked, {})[visit.key] = visit
        queue.waiting.insert(max(0, min(position - 1, len(queue.waiting))), visit.call)
        self.renumber(queue)
        self.look_at_waiting(queue)
        self._visit_changed(visit, queue)

    def stop_waiting(self, visit: Visit, queue: QueueEntity) -> None:
        """Take a caller out of the line."""
        if visit.phase == "waiting":
            queue.waiting.remove(visit.call)
            visit.position = 0
            self.renumber(queue)
        self._visit_changed(visit, queue)

    def renumber(self, queue: QueueEntity) -> None:
        """Set the positions of those who wait."""
        for position, call in enumerate(queue.waiting, 1):
            visit = self.visits[queue.name, call]
            if visit.position != position:
                visit.position = position
                self.unsettled_visits[visit.key] = None

    def forget_visit(self, visit: Visit) -> None:
        """Remove a caller who no longer waits."""
        del self.visits[visit.key]
        self.unlink_visit(visit)
        self.dirty["visit"].add(visit.key)
        self.unsettled_visits[visit.key] = None

    def unlink_visit(self, visit: Visit) -> None:
        """Stop to take legs of the caller's group for legs of the queue call."""
        linked = self.visits_linked.get(visit.linked)
        if linked is not None and linked.pop(visit.key, None) is not None and not linked:
            del self.visits_linked[visit.linked]
        self.unsettled_groups[visit.linked] = None

    def _visit_changed(self, visit: Visit, queue: QueueEntity) -> None:
        visit.touched = queue.touched = self.now
        self.dirty["visit"].add(visit.key)
        self.queue_changed(queue)
        self.unsettled_visits[visit.key] = None
        self.unsettled_groups[visit.linked] = None

    # --- queue calls -----------------------------------------------------------------------------------

    def add_queue_call(self, queue_call: QueueCall) -> None:
        """Know of a queue call."""
        key = queue_call.key
        self.queue_calls[key] = queue_call
        self.queue_calls_for.setdefault((queue_call.queue, queue_call.call), {})[key] = queue_call
        if queue_call.agent is not None:
            self.queue_calls_of.setdefault(queue_call.agent, {})[key] = queue_call
        self.queue_call_changed(queue_call)

    def remove_queue_call(self, queue_call: QueueCall) -> None:
        """Forget a queue call; legs that are still up no longer serve it."""
        key = queue_call.key
        self.queue_call_changed(queue_call)
        del self.queue_calls[key]
        caller = (queue_call.queue, queue_call.call)
        self.queue_calls_for[caller].pop(key)
        if not self.queue_calls_for[caller]:
            del self.queue_calls_for[caller]
        self.give_queue_call(queue_call, None)
        for name in queue_call.legs:
            leg = self.legs[name]
            leg.queue_call = None
            self.leg_moved(leg)

    def give_queue_call(self, queue_call: QueueCall, agent: str | None) -> None:
        """Change whose queue call it is."""
        of = self.queue_calls_of.get(queue_call.agent or "")
        if of is not None and of.pop(queue_call.key, None) is not None and not of:
            del self.queue_calls_of[queue_call.agent or ""]
        queue_call.agent = agent
        if agent is not None:
            self.queue_calls_of.setdefault(agent, {})[queue_call.key] = queue_call
            self.settle(agent)

    def queue_call_changed(self, queue_call: QueueCall) -> None:
        """Note that a queue call changed."""
        self.dirty["queue_call"].add(queue_call.key)
        self.unsettled_visits[queue_call.queue, queue_call.call] = None
        if queue_call.agent is not None:
            self.settle(queue_call.agent)

    # --- legs ------------------------------------------------------------------------------------------

    def add_leg(self, leg: Leg) -> None:
        """Know of a leg."""
        self.legs[leg.id] = leg
        self.index_leg(leg)
        self.leg_moved(leg)

    def index_leg(self, leg: Leg) -> None:
        """Put a leg under its endpoint and its group."""
        self.legs_on.setdefault(leg.endpoint, {})[leg.id] = leg
        self.groups.setdefault(leg.call, {})[leg.id] = leg

    def unindex_leg(self, leg: Leg) -> None:
        """Take a leg from its endpoint and its group, before it changes them or ends."""
        self.leg_moved(leg)
        for index, key in ((self.legs_on, leg.endpoint), (self.groups, leg.call)):
            legs = index[key]
            del legs[leg.id]
            if not legs:
                del index[key]

    def leg_moved(self, leg: Leg) -> None:
        """Note that a leg came, went or serves another call: its group is settled after this event."""
        self.unsettled_groups[leg.call] = None
        self.leg_changed(leg)

    def leg_changed(self, leg: Leg) -> None:
        """Note that a leg changed: its agents are settled after this event."""
        self.dirty["leg"].add(leg.id)
        if leg.call in self.group_calls:
            self.changes.calls.add(leg.call)
        for agent in self.owners.get(leg.endpoint, ()):
            self.unsettled_agents[agent] = None
        if leg.queue_call is not None:
            queue_call = self.queue_calls[leg.queue_call]
            self.unsettled_visits[queue_call.queue, queue_call.call] = None
            if queue_call.agent is not None:
                self.unsettled_agents[queue_call.agent] = None

    def legs_of(self, agent: AgentEntity) -> list[Leg]:
        """Return an agent's legs: those on its endpoints and those that serve its queue calls."""
        found: list[Leg] = []
        for endpoint in agent.endpoints:
            on = self.legs_on.get(endpoint)
            if on:
                found.extend(on.values())
        queue_calls = self.queue_calls_of.get(agent.id)
        if queue_calls:
            for queue_call in queue_calls.values():
                for name in queue_call.legs:
                    leg = self.legs[name]
                    if leg not in found:
                        found.append(leg)
        return found

    # --- endpoints -------------------------------------------------------------------------------------

    def endpoint(self, name: str) -> Endpoint:
        """Return a device, made when it is first heard of."""
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            endpoint = self.endpoints[name] = Endpoint(name=name)
            self.dirty["endpoint"].add(name)
        return endpoint

    def state_endpoints(self, agent: AgentEntity) -> Iterator[str]:
        """Yield the devices whose own state stands for an agent."""
        for member in self.members_of[agent.id]:
            yield member.endpoint
        if self.source.work == "endpoints":
            yield from agent.endpoints
            return
        config = self.configured.get(agent.id)
        if config is not None:
            yield from config.endpoints
