"""After an event: derive anew the state of whom it concerned, account for it, and see which calls there are.

Cost depends on what the event touched, never on how many agents there are.
"""

from __future__ import annotations

from typing import Final

from monitor.engine import workplaces
from monitor.engine.derive import PAUSED, UNREACHABLE, WRAP_UP, Rule, derive
from monitor.engine.live import Live
from monitor.engine.phone import Group, Phone, direction_of, phone_of, survey
from monitor.engine.state import AgentEntity, Member, VisitKey
from monitor.model import CallDirection

_SHARED: Final = PAUSED | UNREACHABLE
"""What is so for an agent only if it is in all of its queues."""


def settle(live: Live) -> None:
    """Settle everything that the event touched. Groups come first: agents' calls depend on them."""
    if live.unsettled_groups:
        _settle_groups(live)
    unsettled = live.unsettled_agents
    if unsettled:
        live.unsettled_agents = {}
        for name in unsettled:
            agent = live.agents.get(name)
            if agent is not None:
                _settle_agent(live, agent)
    if live.unsettled_visits:
        _settle_visits(live)


def settle_calls(live: Live) -> None:
    """See which calls there are, without touching agents: after a restore."""
    for group in live.groups:
        live.group_kinds[group], leg = survey(live, group)
        if leg is not None:
            live.group_calls.add(group)
    for key in (*live.visits, *live.queue_calls_for):
        live.unsettled_visits[key] = None
    live.unsettled_groups.clear()
    _settle_visits(live)


# --- agents ----------------------------------------------------------------------------------------------


def member_facts(live: Live, member: Member) -> int:
    """Return what is so for a member in its own queue only."""
    endpoint = live.endpoints.get(member.endpoint)
    return (
        (UNREACHABLE if endpoint is not None and endpoint.state == "unavailable" else 0)
        | (WRAP_UP if member.wrap_until is not None else 0)
        | (PAUSED if member.paused else 0)
    )


def recount(live: Live) -> None:
    """Derive the members' states and count them, without accounting for anything: after a restore."""
    for agent in live.agents.values():
        base = live.source_facts | phone_of(live, agent).facts
        for member in live.members_of[agent.id]:
            member.state = derive(base | member_facts(live, member)).state
            live.counts[member.queue][member.state] += 1


def _settle_agent(live: Live, agent: AgentEntity) -> None:
    phone = phone_of(live, agent)
    base = live.source_facts | phone.facts
    members = live.members_of[agent.id]
    any_member, every_member = 0, -1
    for member in members:
        own = member_facts(live, member)
        any_member |= own
        every_member &= own
        state = derive(base | own).state
        if state != member.state:
            live.recount_member(member, state)
            live.changes.queues.add(member.queue)
    if members:
        base |= (any_member & WRAP_UP) | (every_member & _SHARED)
    else:
        base |= workplaces.facts(live, agent)
    if members or live.source.work == "queues":
        _settle_presence(live, agent, members)
    else:
        workplaces.settle_presence(live, agent)
    _enter(live, agent, derive(base), phone)
    live.dirty["agent"].add(agent.id)
    live.changes.agents.add(agent.id)


def _settle_presence(live: Live, agent: AgentEntity, members: list[Member]) -> None:
    """Note what the person decided: paused in all queues, why and since when."""
    latest: Member | None = None
    for member in members:
        if not member.paused:
            latest = None
            break
        if latest is None or (member.paused_since or 0.0) > (latest.paused_since or 0.0):
            latest = member
    if latest is not None:
        agent.paused = True
        agent.reason = latest.reason
        agent.presence_since = latest.paused_since
    elif agent.paused or agent.presence_since is None:
        agent.paused = False
        agent.reason = None
        agent.presence_since = live.at if live.up else None


def _enter(live: Live, agent: AgentEntity, rule: Rule, phone: Phone) -> None:
    """Put an agent into its state; account for the time in the one before."""
    at = max(agent.entered_at, live.at)
    reason = agent.reason if rule.state == "paused" else None
    queue, direction = _about(live, phone)
    leg = None if phone.leg is None else (phone.leg.id, phone.leg.call)
    if rule.state != agent.state:
        if rule.state == "unknown":
            agent.last_state, agent.last_since, agent.since = agent.state, agent.since, at
        elif agent.state == "unknown":
            agent.since = _since_when(live, agent, rule, phone, at)
            agent.last_state = None
        else:
            agent.since = at
        agent.state = rule.state
        agent.entered_at = at
        agent.statistics.enter(at, rule.state)
        _begin_span(agent, at, reason, queue, direction)
    elif reason != agent.span_reason:
        agent.since = at  # another kind of pause: people watch how long each lasts
        agent.rule = ""
        _begin_span(agent, at, reason, queue, direction)
    elif direction is not None and (queue, direction) != (agent.span_queue, agent.span_direction):
        # More becomes known of the call that the span is about; or it is about another one from now on.
        same = agent.span_direction is None or agent.span_leg == leg
        _begin_span(agent, agent.span_at if same else at, reason, queue, direction)
    agent.span_leg = leg
    if rule.slug != agent.rule:
        agent.rule = rule.slug
        agent.why_event, agent.why_at, agent.why_id = live.cause


def _begin_span(
    agent: AgentEntity, at: float, reason: str | None, queue: str | None, direction: CallDirection | None
) -> None:
    agent.spans.enter(at, agent.state, reason=reason, queue=queue, direction=direction)
    agent.span_reason, agent.span_queue, agent.span_direction = reason, queue, direction
    agent.span_at = at


def _about(live: Live, phone: Phone) -> tuple[str | None, CallDirection | None]:
    if phone.queue_call is not None:
        return phone.queue_call.queue, "inbound_queue"
    if phone.leg is not None:
        direction, queue = direction_of(live, phone.leg)
        return queue, direction
    return None, None


def _since_when(live: Live, agent: AgentEntity, rule: Rule, phone: Phone, at: float) -> float:
    """Return when a state began that is seen for the first time after the source could not be seen.

    The source may tell; else a state that is the same as before is taken to have lasted.
    """
    told: float | None = None
    if rule.state == "paused":
        told = agent.presence_since
    elif rule.state == "wrap_up":
        wrapping = [one.wrap_from for one in live.members_of[agent.id] if one.wrap_until is not None]
        told = max(wrapping, default=agent.presence_since)
    elif phone.leg is not None:
        told = {"talking": phone.leg.answered_at, "on_hold": phone.leg.held_since}.get(
            rule.state, phone.leg.started_at
        )
    elif phone.queue_call is not None:
        told = phone.queue_call.answered_at
    if rule.state == agent.last_state and (told is None or told <= agent.since):
        return agent.last_since
    return at if told is None else min(told, at)


# --- calls -----------------------------------------------------------------------------------------------


def _settle_groups(live: Live) -> None:
    groups, live.unsettled_groups = live.unsettled_groups, {}
    for group in groups:
        leg = None
        if group in live.groups:
            kind, leg = survey(live, group)
            if live.group_kinds.get(group) != kind:
                live.group_kinds[group] = kind
                _tell_legs(live, group, kind)
        else:
            live.group_kinds.pop(group, None)
        if leg is not None:
            live.group_calls.add(group)
            live.changes.call_changed(group)
        elif group in live.group_calls:
            live.group_calls.remove(group)
            live.changes.call_removed(group)


def _tell_legs(live: Live, group: str, kind: Group) -> None:
    """Have the agents of a group settled that has become another: so may their calls have."""
    for leg in live.groups[group].values():
        if (leg.met_outside, leg.met_devices) != (kind.outside, kind.devices):
            leg.met_outside, leg.met_devices = kind.outside, kind.devices
            live.dirty["leg"].add(leg.id)
        for agent in live.owners.get(leg.endpoint, ()):
            live.settle(agent)


def call_name(visit: VisitKey) -> str:
    """Return the public name of a caller's call in a queue."""
    queue, call = visit
    return f"{call}@{queue}"


def _settle_visits(live: Live) -> None:
    visits, live.unsettled_visits = live.unsettled_visits, {}
    for key in visits:
        _settle_visit(live, key)


def _settle_visit(live: Live, key: VisitKey) -> None:
    name = call_name(key)
    visit = live.visits.get(key)
    shown = visit is not None and visit.phase != "unknown"
    if not shown:
        queue_calls = live.queue_calls_for.get(key)
        shown = queue_calls is not None and any(
            one.talking or (one.answered_at is not None and one.legs) for one in queue_calls.values()
        )
    if shown:
        live.visit_calls[name] = key
        live.changes.call_changed(name)
    elif name in live.visit_calls:
        del live.visit_calls[name]
        live.changes.call_removed(name)
