"""The public objects, made from the live state when somebody asks. Nothing is changed in here."""

from __future__ import annotations

from monitor.engine import workplaces
from monitor.engine.history import STEP
from monitor.engine.live import Live
from monitor.engine.party import shown
from monitor.engine.phone import direction_of, phone_of, survey, visit_of
from monitor.engine.settle import call_name
from monitor.engine.state import AgentEntity, Leg, QueueCall, VisitKey
from monitor.model import (
    Agent,
    AgentCall,
    Call,
    CallState,
    Membership,
    Presence,
    Queue,
    QueueHistory,
    Source,
    Span,
    StateCounts,
    Timeline,
    Why,
)


class Views:
    """Makes the public objects of one source."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._prefix = f"{live.config.source}/"

    def local(self, public_id: str) -> str | None:
        """Return the name inside of the source, ``None`` if the id is another source's."""
        return public_id.removeprefix(self._prefix) if public_id.startswith(self._prefix) else None

    def public(self, name: str) -> str:
        """Return the public id."""
        return self._prefix + name

    def source(self) -> Source:
        """Return the source itself."""
        source = self._live.source
        return Source(
            id=self._live.config.source,
            adapter=self._live.config.adapter,
            state=source.state,
            since=source.since,
            last_event_at=source.last_event_at,
            version=source.version,
            detail=source.detail,
            gaps=list(source.gaps),
        )

    # --- agents ----------------------------------------------------------------------------------------

    def agent(self, agent: AgentEntity, at: float) -> Agent:
        """Return an agent with its day's figures up to ``at``."""
        live = self._live
        return Agent(
            id=self.public(agent.id),
            name=agent.name,
            team=agent.team,
            source=live.config.source,
            endpoints=self._endpoints(agent),
            state=agent.state,
            last_state=agent.last_state,
            since=agent.since,
            reason=agent.reason if agent.state == "paused" else None,
            presence=Presence(paused=agent.paused, reason=agent.reason, since=agent.presence_since),
            call=self._agent_call(agent),
            queues=[
                Membership(
                    queue=self.public(member.queue),
                    paused=member.paused,
                    reason=member.reason,
                    penalty=member.penalty,
                    wrap_up_until=member.wrap_until,
                )
                for member in live.members_of[agent.id]
            ],
            today=agent.statistics.figures(at, live.day.start(at)),
            why=Why(rule=agent.rule, event=agent.why_event, at=agent.why_at, id=agent.why_id),
            do_not_disturb=any(
                live.endpoints[name].do_not_disturb for name in agent.endpoints if name in live.endpoints
            ),
        )

    def timeline(self, agent: AgentEntity, at: float) -> Timeline:
        """Return an agent's day up to ``at``."""
        return Timeline(
            agent=self.public(agent.id),
            at=at,
            day_start=self._live.source.day_start,
            dropped=agent.spans.dropped,
            spans=[
                span
                if span.queue is None
                else Span(
                    state=span.state,
                    start=span.start,
                    end=span.end,
                    reason=span.reason,
                    queue=self.public(span.queue),
                    direction=span.direction,
                )
                for span in agent.spans.spans(at)
            ],
        )

    def _endpoints(self, agent: AgentEntity) -> list[str]:
        """Return the devices that stand for an agent: configured ones, then those of the memberships."""
        config = self._live.configured.get(agent.id)
        found = dict.fromkeys(config.endpoints) if config else {}
        found.update(dict.fromkeys(place.name for place in workplaces.of(self._live, agent)))
        found.update(dict.fromkeys(sorted(one.endpoint for one in self._live.members_of[agent.id])))
        return list(found)

    def _agent_call(self, agent: AgentEntity) -> AgentCall | None:
        if agent.state == "unknown":
            return None
        phone = phone_of(self._live, agent)
        leg, queue_call = phone.leg, phone.queue_call
        if queue_call is not None:
            return AgentCall(
                id=self.public(call_name((queue_call.queue, queue_call.call))),
                direction="inbound_queue",
                queue=self.public(queue_call.queue),
                party=self._party(queue_call.party or (leg.party if leg else None)),
                started=queue_call.offered_at if leg is None else leg.started_at,
                answered=queue_call.answered_at or (leg.answered_at if leg else None),
                held_since=queue_call.held_since,
            )
        return None if leg is None else self._leg_call(leg)

    def _leg_call(self, leg: Leg) -> AgentCall:
        """Return the call of a leg that serves no queue call, or none yet."""
        direction, queue = direction_of(self._live, leg)
        visit = visit_of(self._live, leg)
        party = leg.party if visit is None else visit.party
        return AgentCall(
            id=self.public(leg.call if visit is None else call_name(visit.key)),
            direction=direction,
            queue=None if queue is None else self.public(queue),
            party=self._party(party),
            started=leg.started_at,
            answered=leg.answered_at,
            held_since=leg.held_since,
        )

    def _party(self, party: str | None) -> str | None:
        return shown(party, whole=self._live.config.show_numbers)

    # --- queues ----------------------------------------------------------------------------------------

    def queue(self, name: str) -> Queue:
        """Return a queue."""
        live = self._live
        queue = live.queues[name]
        config = live.queue_config(name)
        measure = (config.formula, config.threshold, config.target)
        return Queue(
            id=self.public(name),
            name=config.name or name,
            source=live.config.source,
            waiting=len(queue.waiting),
            longest_wait_since=self.longest_wait_since(name),
            agents=StateCounts(**live.counts[name]),
            today=queue.statistics.today(*measure),
            last_30m=queue.statistics.last_30m(*measure),
        )

    def history(self, name: str, at: float) -> QueueHistory:
        """Return a queue's day in steps."""
        live = self._live
        statistics = live.queues[name].statistics
        return QueueHistory(
            queue=self.public(name),
            at=at,
            day_start=statistics.day_start,
            step=STEP,
            points=statistics.points(live.queue_config(name).formula),
            gaps=list(live.source.gaps),
        )

    def longest_wait_since(self, name: str) -> float | None:
        """Return when the caller who waits longest in a queue joined."""
        live = self._live
        return min((live.visits[name, call].joined_at for call in live.queues[name].waiting), default=None)

    # --- calls -----------------------------------------------------------------------------------------

    def call(self, name: str) -> Call | None:
        """Return a call in progress."""
        key = self._live.visit_calls.get(name)
        if key is not None:
            return self._visit_call(name, key)
        return self._group_call(name) if name in self._live.group_calls else None

    def _visit_call(self, name: str, key: VisitKey) -> Call | None:
        live = self._live
        visit = live.visits.get(key)
        queue_calls = sorted(live.queue_calls_for.get(key, {}).values(), key=lambda one: one.key)
        queue = self.public(key[0])
        if visit is not None and visit.phase != "unknown":
            taking = [
                one for one in queue_calls if any(live.legs[leg].state == "answered" for leg in one.legs)
            ]
            connecting = visit.phase == "connecting"
            return Call(
                id=self.public(name),
                source=live.config.source,
                queue=queue,
                direction="inbound_queue",
                state="ringing" if connecting else "waiting",
                party=self._party(visit.party),
                agent=self._agent_id(taking[0]) if connecting and len(taking) == 1 else None,
                started=visit.joined_at,
                queued_at=visit.joined_at,
                answered_at=None,
                position=visit.position or None,
            )
        answered = [one for one in queue_calls if one.answered_at is not None and (one.talking or one.legs)]
        if not answered:
            return None
        queue_call = answered[0]
        started = queue_call.offered_at if queue_call.joined_at is None else queue_call.joined_at
        return Call(
            id=self.public(name),
            source=live.config.source,
            queue=queue,
            direction="inbound_queue",
            state="talking" if queue_call.held_since is None else "on_hold",
            party=self._party(queue_call.party),
            agent=self._agent_id(queue_call),
            started=started,
            queued_at=queue_call.joined_at,
            answered_at=queue_call.answered_at,
            position=None,
        )

    def _group_call(self, group: str) -> Call | None:
        live = self._live
        _, leg = survey(live, group)
        if leg is None:
            return None
        legs = [
            one
            for one in live.groups[group].values()
            if one.endpoint in live.owners and one.queue_call is None
        ]
        answered = [one for one in legs if one.state == "answered"]
        state: CallState = "ringing"
        if answered:
            held = all(one.held_since is not None for one in answered)
            state = "on_hold" if held else "talking"
        return Call(
            id=self.public(group),
            source=live.config.source,
            queue=None,
            direction=direction_of(live, leg)[0],
            state=state,
            party=self._party(leg.party),
            agent=self.public(live.owners[leg.endpoint][0]),
            started=min(one.started_at for one in legs),
            queued_at=None,
            answered_at=min(
                (one.answered_at for one in answered if one.answered_at is not None), default=None
            ),
            position=None,
        )

    def _agent_id(self, queue_call: QueueCall) -> str | None:
        return None if queue_call.agent is None else self.public(queue_call.agent)
