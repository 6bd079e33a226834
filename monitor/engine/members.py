"""Members: who is in which queue, paused or not; and who is known by which device."""

from __future__ import annotations

from typing import Final

from monitor.engine import agents, queue_calls, wrap_up
from monitor.engine.derive import DEVICE_FACTS, IN_CALL
from monitor.engine.live import Live
from monitor.engine.phone import legs_decide
from monitor.engine.state import AgentEntity, Endpoint, Member
from monitor.engine.timers import Timer
from monitor.events import (
    DoNotDisturbChanged,
    EndpointReachable,
    EndpointState,
    EndpointStateChanged,
    EndpointUnreachable,
    MemberAdded,
    MemberChanged,
    MemberFacts,
    MemberPaused,
    MemberRemoved,
    MemberUnpaused,
    OutcomeRecorded,
)

QUIET_SECONDS = 1.0
"""How long a device may take to say that it is free after its leg ended."""

_TELLING: Final = frozenset({"unavailable", "unknown"})
"""States of a device that matter beside legs."""

OUTCOMES_LIMIT = 100
"""Different business outcomes kept of an agent's day; further ones count as ``other``."""


# --- events ----------------------------------------------------------------------------------------------


def member_added(live: Live, event: MemberAdded) -> None:
    """An agent signed on."""
    facts = event.member
    member = live.members.get((facts.queue, facts.interface))
    if member is None:
        member = join(live, facts)
    else:
        live.unexpected("already_member")
        refresh(live, member, facts)
        pause(live, member, paused=facts.paused, reason=facts.reason, since=facts.paused_since)
    member.touched = live.now
    live.dirty["member"].add(member.key)
    if facts.state != "unknown":
        device_state(live, facts.endpoint, facts.state, touched=True)


def member_removed(live: Live, event: MemberRemoved) -> None:
    """An agent signed off."""
    member = live.members.get((event.queue, event.interface))
    if member is None:
        live.unexpected("unknown_member")
        return
    leave(live, member)


def member_paused(live: Live, event: MemberPaused) -> None:
    """A member takes no calls, or the reason changed."""
    member = _known(live, event.queue, event.interface)
    if member is not None:
        pause(live, member, paused=True, reason=event.reason, since=None)


def member_unpaused(live: Live, event: MemberUnpaused) -> None:
    """A member takes calls again."""
    member = _known(live, event.queue, event.interface)
    if member is not None:
        pause(live, member, paused=False, reason=None, since=None)


def member_changed(live: Live, event: MemberChanged) -> None:
    """A property became another."""
    member = _known(live, event.queue, event.interface)
    if member is None:
        return
    if event.penalty is not None:
        set_penalty(live, member, event.penalty)
    if event.ring_in_use is not None:
        member.ring_in_use = event.ring_in_use
    if event.wrap_up is not None:
        member.wrap_up = event.wrap_up
        wrap_up.length_changed(live, member)
    if event.last_call is not None:
        last_call = event.last_call or None
        if last_call is None or member.last_call is None or last_call > member.last_call:
            wrap_up.told(live, member, last_call)
    if event.endpoint is not None or event.devices is not None:
        reidentify(
            live, member, member.name, event.endpoint or member.endpoint, event.devices or member.devices
        )
    live.settle(member.agent)


def endpoint_state_changed(live: Live, event: EndpointStateChanged) -> None:
    """A device is in another state as a whole."""
    device_state(live, event.endpoint, event.state, touched=True)


def endpoint_reachable(live: Live, event: EndpointReachable) -> None:
    """Calls reach the device again; what it does besides is known better by its state, if that is told."""
    known = live.endpoint(event.endpoint).state
    device_state(live, event.endpoint, "idle" if known == "unavailable" else known, touched=True)


def endpoint_unreachable(live: Live, event: EndpointUnreachable) -> None:
    """Calls do not reach the device."""
    device_state(live, event.endpoint, "unavailable", touched=True)


def do_not_disturb_changed(live: Live, event: DoNotDisturbChanged) -> None:
    """The person at a device does not want to be rung, or does again."""
    do_not_disturb(live, event.endpoint, on=event.on)
    live.endpoint(event.endpoint).touched = live.now
    live.dirty["endpoint"].add(event.endpoint)


def outcome_recorded(live: Live, event: OutcomeRecorded) -> None:
    """An agent noted what a call brought."""
    config = live.identity.named(event.agent)
    agent = live.agents.get(event.agent if config is None else config.id)
    if agent is None:
        live.unexpected("unknown_agent")
        return
    outcomes = agent.statistics.outcomes
    outcome = event.outcome
    if outcome not in outcomes and len(outcomes) >= OUTCOMES_LIMIT:
        outcome = "other"
    outcomes[outcome] = outcomes.get(outcome, 0) + 1
    live.settle(agent.id)


def _known(live: Live, queue: str, interface: str) -> Member | None:
    """Return a member that an event is about, and note that it is."""
    member = live.members.get((queue, interface))
    if member is None:
        live.unexpected("unknown_member")
        return None
    member.touched = live.now
    live.dirty["member"].add(member.key)
    return member


# --- what both events and snapshots do -------------------------------------------------------------------


def join(live: Live, facts: MemberFacts) -> Member:
    """Return a new member with all that is known of it."""
    live.queue(facts.queue)
    member = Member(
        queue=facts.queue,
        interface=facts.interface,
        name=facts.name,
        endpoint=facts.endpoint,
        devices=facts.devices,
        penalty=facts.penalty,
        wrap_up=facts.wrap_up,
        ring_in_use=facts.ring_in_use,
        membership=facts.membership,
    )
    live.ended.forget(("member", *member.key))
    place(live, member)
    if facts.paused:
        pause(live, member, paused=True, reason=facts.reason, since=facts.paused_since)
    if facts.last_call is not None:
        wrap_up.told(live, member, facts.last_call)
    return member


def leave(live: Live, member: Member) -> None:
    """Remove a member. Its agent stays, for the figures of the day."""
    wrap_up.release(live, member, live.at)
    live.remove_member(member)
    live.ended.add(("member", *member.key), live.now)
    live.identity.remove(member)
    agents.claim(live, live.agents[member.agent])
    _place_named(live, member.name)


def refresh(live: Live, member: Member, facts: MemberFacts) -> None:
    """Take over what the source changes without an event: names, devices, lengths."""
    ring_in_use = member.ring_in_use if facts.ring_in_use is None else facts.ring_in_use
    told = (facts.membership, facts.wrap_up, ring_in_use)
    if told != (member.membership, member.wrap_up, member.ring_in_use):
        live.dirty["member"].add(member.key)
        lengthened = member.wrap_up != facts.wrap_up
        member.membership, member.wrap_up, member.ring_in_use = told
        if lengthened:
            wrap_up.length_changed(live, member)
    reidentify(live, member, facts.name, facts.endpoint, facts.devices)


def pause(live: Live, member: Member, *, paused: bool, reason: str | None, since: float | None) -> None:
    """Set whether a member is paused; a new reason is a new pause. ``since`` is now unless the source tells."""
    reason = reason or None
    if member.paused and paused and member.reason == reason:
        return
    member.paused_since = (live.at if since is None else min(since, live.now)) if paused else None
    member.paused = paused
    member.reason = reason if paused else None
    live.dirty["member"].add(member.key)
    live.settle(member.agent)


def set_penalty(live: Live, member: Member, penalty: int) -> None:
    """Set a member's penalty."""
    if member.penalty != penalty:
        member.penalty = penalty
        live.dirty["member"].add(member.key)
        live.settle(member.agent)


def device_state(live: Live, name: str, state: EndpointState, *, touched: bool) -> None:
    """Set the state of a device as a whole."""
    endpoint = live.endpoint(name)
    if touched:
        endpoint.touched = live.now
        live.dirty["endpoint"].add(name)
    if endpoint.quiet_until is not None:
        unhush(live, endpoint)
    if endpoint.state == state:
        return
    freed = endpoint.state in IN_CALL and state not in IN_CALL
    told_apart = endpoint.state in _TELLING or state in _TELLING
    endpoint.state = state
    live.dirty["endpoint"].add(name)
    for agent in live.owners.get(name, ()):
        if told_apart or not legs_decide(live, live.agents[agent]):
            live.settle(agent)
        if freed:
            queue_calls.device_freed(live, agent, name)


def hush(live: Live, agent: AgentEntity) -> None:
    """Have the devices of an agent whose last leg just ended say nothing for a moment.

    They said "in use" because of that leg and say "idle" a moment later; nobody talks meanwhile.
    """
    if live.legs_of(agent):
        return
    for name in live.state_endpoints(agent):
        endpoint = live.endpoints.get(name)
        if endpoint is not None and endpoint.state in DEVICE_FACTS:
            endpoint.quiet_until = live.now + QUIET_SECONDS
            live.dirty["endpoint"].add(name)
            live.timers.set(endpoint.quiet_until, Timer.DEVICE, (name,))
            for owner in live.owners.get(name, ()):
                live.settle(owner)


def unhush(live: Live, endpoint: Endpoint) -> None:
    """Have a device's state speak again."""
    endpoint.quiet_until = None
    live.dirty["endpoint"].add(endpoint.name)
    for owner in live.owners.get(endpoint.name, ()):
        live.settle(owner)


def do_not_disturb(live: Live, name: str, *, on: bool) -> None:
    """Set whether the person at a device wants to be rung."""
    endpoint = live.endpoint(name)
    if endpoint.do_not_disturb == on:
        return
    endpoint.do_not_disturb = on
    live.dirty["endpoint"].add(name)
    for agent in live.owners.get(name, ()):
        live.settle(agent)


# --- identity --------------------------------------------------------------------------------------------


def configure_agents(live: Live) -> None:
    """Have the configured agents, and each member with the agent that the configuration gives it to.

    Changes something only at the start, or when the configuration changed since the state was saved.
    """
    for agent in live.agents.values():
        if agent.configured and agent.id not in live.configured:
            agent.configured, agent.team = False, None
            live.dirty["agent"].add(agent.id)
    for name, config in live.configured.items():
        known = live.agents.get(name)
        if known is None:
            if live.source.work == "queues":  # else it is an agent here once an endpoint of it is listed
                agents.add(live, name, name)
        else:
            agents.configure(live, known, config)
    for member in sorted(live.members.values(), key=lambda one: one.key):
        config_owner = live.identity.configured(member)
        if config_owner is not None:
            _give(live, member, config_owner.id, config_owner.id)
        else:
            _place_named(live, member.name)


def place(live: Live, member: Member) -> None:
    """Give a new member to its agent."""
    config = live.identity.configured(member)
    if config is not None:
        _give(live, member, config.id, config.id)
        return
    live.identity.add(member)
    live.members[member.key] = member
    _place_named(live, member.name)


def reidentify(live: Live, member: Member, name: str, endpoint: str, devices: tuple[str, ...]) -> None:
    """Change what a member is known by; it may become another agent's."""
    if (member.name, member.endpoint, member.devices) == (name, endpoint, devices):
        return
    before = member.name
    live.identity.remove(member)
    member.name, member.endpoint, member.devices = name, endpoint, devices
    live.dirty["member"].add(member.key)
    place(live, member)
    _place_named(live, before)
    agents.claim(live, live.agents[member.agent])
    live.settle(member.agent)


def _place_named(live: Live, name: str) -> None:
    """Give the members of one name to their agents, which can be others than before."""
    for agent, keys in live.identity.resolve(name):
        for key in keys:
            _give(live, live.members[key], agent, name)


def _give(live: Live, member: Member, agent: str, name: str) -> None:
    """Give a member, and the calls that it serves, to an agent."""
    before = member.agent
    if before == agent:
        return
    if agent not in live.agents:
        agents.add(live, agent, name)
    if before:
        live.take_member(member)
    live.add_member(member, agent)
    if before:
        agents.claim(live, live.agents[before])
        for queue_call in list(live.queue_calls_of.get(before, {}).values()):
            if (queue_call.queue, queue_call.interface) == member.key:
                live.give_queue_call(queue_call, agent)
                live.queue_call_changed(queue_call)
    agents.claim(live, live.agents[agent])
