"""Queue calls: which legs serve which caller, and when the talk is over.

An agent's leg serves a queue call when the source names it, or when it was set up in the same group as the
caller or as a leg that already does (so the phone behind a Local member is found). A talk ends with the last of
these legs, or with the source's completion, whichever comes first.
"""

from __future__ import annotations

from monitor.engine import wrap_up
from monitor.engine.derive import IN_CALL
from monitor.engine.live import Live
from monitor.engine.state import Leg, QueueCall, QueueCallKey
from monitor.engine.timers import Timer

COMPLETION_SECONDS = 3_600.0
"""How long the completion of a talk that ended is waited for. After a redirect it comes when the caller leaves."""

GROUPS_LIMIT = 8
"""Groups kept of a queue call at most; a call that is transferred again and again forgets the oldest."""


def offer(live: Live, queue: str, call: str, interface: str, *, at: float) -> QueueCall:
    """Return a new queue call, offered to a member that may be unknown to us."""
    visit = live.visits.get((queue, call))
    member = live.members.get((queue, interface))
    queue_call = QueueCall(
        queue=queue,
        call=call,
        interface=interface,
        agent=member.agent if member else None,
        groups=[visit.linked] if visit else [call],
        party=visit.party if visit else None,
        joined_at=visit.joined_at if visit else None,
        offered_at=at,
    )
    live.add_queue_call(queue_call)
    return queue_call


def adopt(live: Live, queue_call: QueueCall, named: str | None) -> None:
    """Find the legs that serve a queue call: the one named, and the agent's others in its groups."""
    leg = live.legs.get(named) if named else None
    if leg is not None:
        attach(live, queue_call, leg)
    agent = live.agents.get(queue_call.agent) if queue_call.agent else None
    if agent is not None:
        for leg in sorted(live.legs_of(agent), key=lambda one: one.id):
            if leg.queue_call is None and leg.direction == "inbound" and leg.call in queue_call.groups:
                attach(live, queue_call, leg)


def attach(live: Live, queue_call: QueueCall, leg: Leg) -> None:
    """Have a leg serve a queue call."""
    if leg.queue_call == queue_call.key:
        return
    if leg.queue_call is not None:
        detach(live, leg)
    leg.queue_call = queue_call.key
    queue_call.legs.append(leg.id)
    queue_call.phone_seen = queue_call.phone_seen or not leg.local
    _know_group(queue_call, leg.call)
    if leg.held_since is not None and queue_call.held_since is None:
        queue_call.held_since = live.at
    if leg.counted_direct:
        leg.counted_direct = False
        for agent in live.owners.get(leg.endpoint, ()):
            statistics = live.agents[agent].statistics
            statistics.direct = max(0, statistics.direct - 1)
    live.leg_moved(leg)
    live.queue_call_changed(queue_call)


def regrouped(live: Live, leg: Leg) -> None:
    """Follow a leg that serves a queue call into another group."""
    if leg.queue_call is not None:
        queue_call = live.queue_calls[leg.queue_call]
        _know_group(queue_call, leg.call)
        live.queue_call_changed(queue_call)


def _know_group(queue_call: QueueCall, group: str) -> None:
    if group not in queue_call.groups:
        queue_call.groups.append(group)
        del queue_call.groups[:-GROUPS_LIMIT]


def seek(live: Live, leg: Leg) -> None:
    """Have a leg serve the queue call that it was set up for, if there is one."""
    if leg.queue_call is not None or leg.direction != "inbound":
        return
    for agent in live.owners.get(leg.endpoint, ()):
        for key in sorted(live.queue_calls_of.get(agent, ())):
            queue_call = live.queue_calls[key]
            if queue_call.ended_at is None and leg.call in queue_call.groups:
                attach(live, queue_call, leg)
                return


def detach(live: Live, leg: Leg) -> QueueCall | None:
    """Have a leg no longer serve its queue call; return the queue call."""
    if leg.queue_call is None:
        return None
    queue_call = live.queue_calls[leg.queue_call]
    leg.queue_call = None
    queue_call.legs.remove(leg.id)
    live.leg_moved(leg)
    live.queue_call_changed(queue_call)
    return queue_call


def leg_ended(live: Live, leg: Leg, at: float) -> str | None:
    """See what the end of a leg means for the queue call that it served; return that one's agent."""
    queue_call = detach(live, leg)
    if queue_call is None:
        return None
    agent = queue_call.agent
    resumed(live, queue_call, at)
    if queue_call.legs:
        return agent
    if queue_call.answered_at is None or queue_call.completed:
        live.remove_queue_call(queue_call)
    elif queue_call.ended_at is None and (queue_call.phone_seen or not _device_in_call(live, queue_call)):
        talk_ended(live, queue_call, at)
    return agent


def device_freed(live: Live, agent: str, endpoint: str) -> None:
    """End the talks without a visible leg of an agent whose device is free again."""
    for key in sorted(live.queue_calls_of.get(agent, ())):
        queue_call = live.queue_calls[key]
        member = live.members.get((queue_call.queue, queue_call.interface))
        if queue_call.talking and not queue_call.legs and member is not None and member.endpoint == endpoint:
            talk_ended(live, queue_call, live.at)


def talk_ended(live: Live, queue_call: QueueCall, at: float) -> None:
    """Count a talk that is over and begin the wrap-up; the completion is still to come."""
    count_talk(live, queue_call, at)
    member = live.members.get((queue_call.queue, queue_call.interface))
    if member is not None:
        wrap_up.talk_ended(live, member, at)
    wait_for_completion(live, queue_call)


def wait_for_completion(live: Live, queue_call: QueueCall) -> None:
    """Keep a queue call that is over for a while."""
    queue_call.deadline = live.now + COMPLETION_SECONDS
    live.timers.set(queue_call.deadline, Timer.QUEUE_CALL, queue_call.key)


def count_talk(live: Live, queue_call: QueueCall, at: float) -> None:
    """Count a talk that is over."""
    if queue_call.answered_at is None or queue_call.ended_at is not None:
        return
    _add_hold(queue_call, at)
    queue_call.ended_at = at
    queue = live.queue(queue_call.queue)
    talk = at - queue_call.answered_at - queue_call.hold
    queue.statistics.completed(at, talk, queue_call.hold)
    live.counted(queue)
    live.queue_call_changed(queue_call)


def held(live: Live, leg: Leg, at: float) -> None:
    """Note that an agent put the caller on hold."""
    if leg.queue_call is None:
        return
    queue_call = live.queue_calls[leg.queue_call]
    if queue_call.held_since is None:
        queue_call.held_since = at
        live.queue_call_changed(queue_call)


def resumed(live: Live, queue_call: QueueCall, at: float) -> None:
    """Note that an agent may have taken the caller back: none of the legs holds any more."""
    if queue_call.held_since is None or any(
        live.legs[name].held_since is not None for name in queue_call.legs
    ):
        return
    _add_hold(queue_call, at)
    queue_call.held_since = None
    live.queue_call_changed(queue_call)


def _add_hold(queue_call: QueueCall, at: float) -> None:
    """Add the hold that runs, as far as it fell into the talk."""
    if queue_call.held_since is None or queue_call.answered_at is None or queue_call.ended_at is not None:
        return
    queue_call.hold += max(0.0, at - max(queue_call.held_since, queue_call.answered_at))
    queue_call.held_since = at


def drop_unseen_offers(live: Live, queue: str, call: str, but: QueueCallKey | None = None) -> None:
    """Forget the offers of a caller that no leg shows: those who lost a ring-all, or all when the caller left."""
    for key in list(live.queue_calls_for.get((queue, call), ())):
        queue_call = live.queue_calls[key]
        if key != but and queue_call.answered_at is None and not queue_call.legs:
            live.remove_queue_call(queue_call)


def _device_in_call(live: Live, queue_call: QueueCall) -> bool:
    """Whether the member's device says that a call goes on: the Local leg was only optimised away."""
    member = live.members.get((queue_call.queue, queue_call.interface))
    endpoint = live.endpoints.get(member.endpoint) if member else None
    return endpoint is not None and endpoint.state in IN_CALL
