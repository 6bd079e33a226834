"""Agents: adding and removing them, and which endpoints are theirs."""

from __future__ import annotations

from monitor.engine.agent_statistics import AgentStatistics
from monitor.engine.config import AgentConfig
from monitor.engine.live import Live
from monitor.engine.state import AgentEntity
from monitor.engine.timeline import SpanLog


def add(live: Live, name: str, shown_name: str) -> AgentEntity:
    """Return a new agent, in state unknown until it is settled."""
    day_start = live.source.day_start
    agent = AgentEntity(
        id=name,
        name=shown_name,
        since=live.at,
        entered_at=live.at,
        span_at=live.at,
        statistics=AgentStatistics.begin(live.at, day_start, "unknown"),
        spans=SpanLog.begin(day_start),
    )
    agent.spans.enter(live.at, "unknown")
    live.agents[name] = agent
    live.members_of[name] = []
    live.dirty["agent"].add(name)
    live.changes.agent_added(name)
    live.settle(name)
    config = live.configured.get(name)
    if config is not None:
        configure(live, agent, config)
    return agent


def configure(live: Live, agent: AgentEntity, config: AgentConfig) -> None:
    """Give an agent what the configuration says of it."""
    agent.configured = True
    agent.team = config.team
    live.dirty["agent"].add(agent.id)
    claim(live, agent)


def remove(live: Live, agent: AgentEntity) -> None:
    """Remove an agent without memberships."""
    for endpoint in agent.endpoints:
        _disown(live, endpoint, agent.id)
    for queue_call in list(live.queue_calls_of.get(agent.id, {}).values()):
        live.queue_call_changed(queue_call)
        live.give_queue_call(queue_call, None)
    del live.agents[agent.id]
    del live.members_of[agent.id]
    live.dirty["agent"].add(agent.id)
    live.changes.agent_removed(agent.id)


def claim(live: Live, agent: AgentEntity) -> None:
    """Make the endpoints of an agent's memberships its own.

    Who left all queues keeps them (a call may still run) until somebody else signs on with them.
    """
    config = live.configured.get(agent.id)
    wanted: dict[str, None] = dict.fromkeys(config.endpoints) if config else {}
    members = live.members_of[agent.id]
    if config is not None:
        _name(live, agent, config.name or (members[0].name if members else agent.name))
    for member in members:
        wanted[member.endpoint] = None
        wanted.update(dict.fromkeys(member.devices))
        wanted[member.interface] = None
    if not members:
        wanted.update(dict.fromkeys(agent.endpoints))
    before, agent.endpoints = agent.endpoints, list(wanted)
    if before == agent.endpoints:
        return
    live.dirty["agent"].add(agent.id)
    live.settle(agent.id)
    for endpoint in before:
        if endpoint not in wanted:
            _disown(live, endpoint, agent.id)
    for endpoint in wanted:
        if members:
            _take_over(live, endpoint)
        _own(live, endpoint, agent.id)


def seat(live: Live, endpoint: str, name: str, shown_name: str) -> None:
    """Make an endpoint the place of one agent, who is added if not there yet."""
    agent = live.agents.get(name) or add(live, name, shown_name)
    config = live.configured.get(name)
    if config is None or (config.name is None and agent.name == name):  # the first endpoint's name stays
        _name(live, agent, shown_name)
    for owner in list(live.owners.get(endpoint, ())):
        configured = live.configured.get(owner)
        if owner != name and (configured is None or endpoint not in configured.endpoints):
            _unseat(live, endpoint, owner)
    if endpoint not in agent.endpoints:
        agent.endpoints.append(endpoint)
        live.dirty["agent"].add(name)
    _own(live, endpoint, name)
    live.settle(name)


def _name(live: Live, agent: AgentEntity, name: str) -> None:
    """Show an agent by this name: the configured one, else its member's."""
    if agent.name != name:
        agent.name = name
        live.dirty["agent"].add(agent.id)
        live.settle(agent.id)


def _own(live: Live, endpoint: str, name: str) -> None:
    owners = live.owners.setdefault(endpoint, [])
    if name not in owners:
        owners.append(name)
        owners.sort()
        _legs_changed_hands(live, endpoint)


def _disown(live: Live, endpoint: str, name: str) -> None:
    owners = live.owners.get(endpoint)
    if owners is None or name not in owners:
        return
    owners.remove(name)
    if not owners:
        del live.owners[endpoint]
    _legs_changed_hands(live, endpoint)


def _take_over(live: Live, endpoint: str) -> None:
    """Take an endpoint from those who have it only from memberships that ended."""
    for name in list(live.owners.get(endpoint, ())):
        config = live.configured.get(name)
        if not live.members_of[name] and (config is None or endpoint not in config.endpoints):
            _unseat(live, endpoint, name)


def _unseat(live: Live, endpoint: str, name: str) -> None:
    """Take an endpoint from an agent."""
    live.agents[name].endpoints.remove(endpoint)
    live.dirty["agent"].add(name)
    live.settle(name)
    _disown(live, endpoint, name)


def _legs_changed_hands(live: Live, endpoint: str) -> None:
    for leg in live.legs_on.get(endpoint, {}).values():
        live.unsettled_groups[leg.call] = None
