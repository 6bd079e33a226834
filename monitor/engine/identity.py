"""Which agent a member is.

A configured agent owns every member on one of its endpoints or with its id or name. All other members of one
name are one agent, except when a queue has two of them on different endpoints: two people (or phones) that are
called at the same time. Then the endpoint that comes first by its interface keeps the name, the others are
``name@endpoint``. The answer depends on the members that there are, never on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.engine.config import AgentConfig
from monitor.engine.state import Member, MemberKey


class Identity:
    """Knows the configured agents and the members of each name."""

    __slots__ = ("_by_endpoint", "_by_name", "_names")

    def __init__(self, agents: Iterable[AgentConfig]) -> None:
        self._by_endpoint: dict[str, AgentConfig] = {}
        self._by_name: dict[str, AgentConfig] = {}
        self._names: dict[str, dict[str, set[MemberKey]]] = {}
        for agent in agents:
            for endpoint in agent.endpoints:
                self._by_endpoint.setdefault(endpoint, agent)
            self._by_name.setdefault(agent.id, agent)
        for agent in agents:
            if agent.name is not None:
                self._by_name.setdefault(agent.name, agent)

    def configured(self, member: Member) -> AgentConfig | None:
        """Return the configured agent that owns this member."""
        for endpoint in (member.endpoint, *member.devices, member.interface):
            agent = self._by_endpoint.get(endpoint)
            if agent is not None:
                return agent
        return self._by_name.get(member.name)

    def at(self, endpoint: str) -> AgentConfig | None:
        """Return the configured agent that has an endpoint."""
        return self._by_endpoint.get(endpoint)

    def named(self, name: str) -> AgentConfig | None:
        """Return the configured agent of this id or name."""
        return self._by_name.get(name)

    def add(self, member: Member) -> None:
        """Know of a member that no configured agent owns."""
        self._names.setdefault(member.name, {}).setdefault(member.endpoint, set()).add(member.key)

    def remove(self, member: Member) -> None:
        """Forget a member; call it before the member's name or endpoint changes."""
        endpoints = self._names.get(member.name)
        keys = endpoints.get(member.endpoint) if endpoints else None
        if endpoints is None or keys is None:
            return
        keys.discard(member.key)
        if not keys:
            del endpoints[member.endpoint]
        if not endpoints:
            del self._names[member.name]

    def resolve(self, name: str) -> list[tuple[str, list[MemberKey]]]:
        """Return the agents of this name: each agent's id and its members."""
        endpoints = self._names.get(name)
        if not endpoints:
            return []
        if len(endpoints) == 1:
            return [(name, sorted(next(iter(endpoints.values()))))]
        strangers = self._strangers(endpoints)
        agents: dict[str, list[MemberKey]] = {}
        for endpoint, keys in sorted(endpoints.items()):
            agents.setdefault(f"{name}@{endpoint}" if endpoint in strangers else name, []).extend(keys)
        return [(agent, sorted(keys)) for agent, keys in agents.items()]

    @staticmethod
    def _strangers(endpoints: dict[str, set[MemberKey]]) -> set[str]:
        """Return the endpoints that share a queue with another one of the name, without the first of them."""
        by_queue: dict[str, set[str]] = {}
        for endpoint, keys in endpoints.items():
            for queue, _ in keys:
                by_queue.setdefault(queue, set()).add(endpoint)
        shared = set().union(*(found for found in by_queue.values() if len(found) > 1))
        if not shared:
            return shared
        first = min(shared, key=lambda endpoint: (min(key[1] for key in endpoints[endpoint]), endpoint))
        return shared - {first}
