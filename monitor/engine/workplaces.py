"""Agents of a source without queues: who sits at an endpoint is at work as that endpoint, and the person there, tell.

Such a source lists its endpoints (``Snapshot.work``). Each is the place of the configured agent that has it among its
endpoints, or whose id or name it bears; else of an agent of its own, called as the source calls the endpoint. Of several
endpoints with one name the first keeps it, the others' agents are ``name@endpoint``. A configured agent without any endpoint here
works elsewhere and is none of this source.
"""

from __future__ import annotations

from typing import Final

from monitor.engine import agents
from monitor.engine.derive import ENDPOINT_UNKNOWN, NO_MEMBER, PAUSED, SIGNED_OFF, UNREACHABLE, WRAP_UP
from monitor.engine.live import Live
from monitor.engine.state import AgentEntity, Endpoint
from monitor.events import EndpointFacts, Presence, PresenceChanged, Snapshot

_FACTS: Final[dict[Presence | None, int]] = {"signed_off": SIGNED_OFF, "paused": PAUSED, "wrap_up": WRAP_UP}


def presence_changed(live: Live, event: PresenceChanged) -> None:
    """The person at an endpoint decided something."""
    endpoint = live.endpoint(event.endpoint)
    endpoint.touched = live.now
    live.dirty["endpoint"].add(endpoint.name)
    _decide(live, endpoint, event.presence, event.reason, live.at)


def take(live: Live, event: Snapshot, recent: float) -> None:
    """Take over from a snapshot who defines who is at work; where endpoints do, which there are."""
    before, live.source.work = live.source.work, event.work
    told = {facts.endpoint: facts for facts in event.endpoints} if event.work == "endpoints" else {}
    for endpoint in live.endpoints.values():
        if endpoint.listed and endpoint.name not in told:
            endpoint.listed = False
            _changed(live, endpoint)
    _seat_all(live, told)
    for name, said in told.items():
        endpoint = live.endpoint(name)
        if endpoint.touched < recent:
            since = live.at if said.presence_since is None else min(said.presence_since, live.now)
            _decide(live, endpoint, said.presence, said.reason, since)
    if event.work == "endpoints":
        _dismiss(live)
    elif before == "endpoints":
        _call_back(live)


def _seat_all(live: Live, told: dict[str, EndpointFacts]) -> None:
    agent_of = _agents_of(live, told)
    for name, said in told.items():
        endpoint = live.endpoint(name)
        if not endpoint.listed:
            endpoint.listed = True
            _changed(live, endpoint)
        if not any(
            live.members_of[owner] for owner in live.owners.get(name, ())
        ):  # else a queue's member has it
            agents.seat(live, name, agent_of[name], said.name or name)


def _call_back(live: Live) -> None:
    """Have the configured agents again: queues define who is at work, and who is in none is known as off."""
    for name in live.configured:
        if name not in live.agents:
            agents.add(live, name, name)


def _dismiss(live: Live) -> None:
    """Remove configured agents of whom nothing was ever seen here."""
    for name in live.configured:
        agent = live.agents.get(name)
        if agent is None or live.members_of[name] or live.queue_calls_of.get(name):
            continue
        if not any(endpoint in live.endpoints for endpoint in agent.endpoints):
            agents.remove(live, agent)


def of(live: Live, agent: AgentEntity) -> list[Endpoint]:
    """Return the endpoints at which an agent works."""
    if live.source.work == "queues":
        return []
    found = (live.endpoints.get(name) for name in agent.endpoints)
    return [endpoint for endpoint in found if endpoint is not None and endpoint.listed]


def facts(live: Live, agent: AgentEntity) -> int:
    """Return what is so for an agent who is in no queue."""
    places = of(live, agent)
    if not places:
        return NO_MEMBER
    known = [endpoint for endpoint in places if endpoint.state != "unknown"]
    if not known:
        return ENDPOINT_UNKNOWN
    found = UNREACHABLE if all(endpoint.state == "unavailable" for endpoint in known) else 0
    if _silenced(places):
        found |= PAUSED
    decided = _decision(places)
    return found if decided is None else found | _FACTS.get(decided.presence, 0)


def settle_presence(live: Live, agent: AgentEntity) -> None:
    """Note what the person decided: takes no calls, why and since when."""
    places = of(live, agent)
    decided = _decision(places)
    paused = _silenced(places)
    if decided is not None and (decided.presence == "paused" or not paused):
        agent.paused = decided.presence == "paused"
        agent.reason = decided.reason if agent.paused else None
        agent.presence_since = decided.presence_since
        return
    if paused != agent.paused or agent.presence_since is None:
        agent.paused, agent.reason = paused, None
        agent.presence_since = live.at if live.up else None


def _silenced(places: list[Endpoint]) -> bool:
    """Whether no endpoint that calls can reach is to be rung."""
    reachable = [endpoint for endpoint in places if endpoint.state not in {"unknown", "unavailable"}]
    return bool(reachable) and all(endpoint.do_not_disturb for endpoint in reachable)


def _decision(places: list[Endpoint]) -> Endpoint | None:
    """Return the place at which the person decided something last."""
    return max(
        (endpoint for endpoint in places if endpoint.presence is not None),
        key=lambda endpoint: (endpoint.presence_since or 0.0, endpoint.name),
        default=None,
    )


def _decide(
    live: Live, endpoint: Endpoint, presence: Presence | None, reason: str | None, since: float
) -> None:
    reason = (reason or None) if presence == "paused" else None
    if (endpoint.presence, endpoint.reason) == (presence, reason):
        return
    endpoint.presence, endpoint.reason = presence, reason
    endpoint.presence_since = None if presence is None else since
    _changed(live, endpoint)


def _changed(live: Live, endpoint: Endpoint) -> None:
    live.dirty["endpoint"].add(endpoint.name)
    for agent in live.owners.get(endpoint.name, ()):
        live.settle(agent)


def _agents_of(live: Live, told: dict[str, EndpointFacts]) -> dict[str, str]:
    """Return the agent of each endpoint."""
    found: dict[str, str] = {}
    named: set[str] = set()
    for endpoint in sorted(told):
        name = told[endpoint].name or endpoint
        config = live.identity.at(endpoint) or live.identity.named(name)
        if config is not None:
            found[endpoint] = config.id
        else:
            found[endpoint] = f"{name}@{endpoint}" if name in named else name
            named.add(name)
    return found
