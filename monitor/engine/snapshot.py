"""A snapshot after the source could not be seen: it replaces the live state.

Entities that are known by the same id keep their history. What events touched since the lists were asked for is
newer than they are. Calls that ended unseen count nowhere but as unknown: a gap is never invented.
"""

from __future__ import annotations

from monitor.engine import callers, members, queue_calls, workplaces, wrap_up
from monitor.engine.derive import DEVICE_FACTS, IN_CALL
from monitor.engine.lists import (
    Lists,
    add_leg,
    busiest,
    drop_queues,
    take_do_not_disturb,
    take_last_call,
    take_queues,
    update_leg,
)
from monitor.engine.live import Live
from monitor.engine.passing import end_gap
from monitor.engine.state import Leg, Member, QueueCall
from monitor.events import MemberFacts, Snapshot

WHOLE_SECOND = 1.5
"""Times that the source gives in whole seconds differ from ours by less than this when they mean the same."""


def replace(live: Live, event: Snapshot) -> None:
    """Replace the live state by a snapshot; the source is synchronised from now on."""
    lists = Lists(event)
    recent = live.recent(event.taken_at)
    if event.restarted:
        _forget_calls(live)
    source = live.source
    live.set_state("up")
    source.suspicions = []
    end_gap(live, live.at)

    moved = {queue.name for queue in live.queues.values() if queue.touched >= recent}
    take_queues(live, lists)
    workplaces.take(live, event, recent)
    _replace_endpoints(live, event, lists, recent)
    _replace_members(live, lists, event.taken_at, recent)
    _replace_legs(live, lists, recent)
    _replace_queue_calls(live, lists, recent)
    _replace_callers(live, lists, recent, moved)
    drop_queues(live, lists)
    for queue in live.queues.values():
        live.look_at_waiting(queue)
    for agent in live.agents:
        live.settle(agent)


def _forget_calls(live: Live) -> None:
    """Forget all calls: the source began anew."""
    for leg in sorted(live.legs.values(), key=lambda one: one.id):
        vanish(live, leg)
    for queue_call in list(live.queue_calls.values()):
        live.remove_queue_call(queue_call)
    for visit in sorted(live.visits.values(), key=lambda one: one.key):
        callers.leave(live, visit, "unknown", live.at)
    for member in live.members.values():
        wrap_up.release(live, member, live.at)
    live.ended.clear()


def vanish(live: Live, leg: Leg) -> None:
    """Remove a leg of which nobody knows when it ended."""
    live.unindex_leg(leg)
    del live.legs[leg.id]
    queue_calls.detach(live, leg)


def _replace_endpoints(live: Live, event: Snapshot, lists: Lists, recent: float) -> None:
    for name, states in lists.devices.items():
        if live.endpoint(name).touched < recent:
            members.device_state(live, name, busiest(states), touched=False)
    take_do_not_disturb(live, event, recent)
    for endpoint in list(live.endpoints.values()):
        if endpoint.name in lists.devices or endpoint.touched >= recent:
            continue
        members.device_state(live, endpoint.name, "unknown", touched=False)
        if endpoint.name not in live.owners and not endpoint.do_not_disturb:
            del live.endpoints[endpoint.name]
            live.dirty["endpoint"].add(endpoint.name)


def _replace_members(live: Live, lists: Lists, taken_at: float, recent: float) -> None:
    gone = [
        key for key, member in live.members.items() if key not in lists.members and member.touched < recent
    ]
    for key in sorted(gone):
        members.leave(live, live.members[key])
    for key, facts in lists.members.items():
        member = live.members.get(key)
        if member is None:
            if (live.ended.at(("member", *key)) or 0.0) < recent:
                members.join(live, facts)
            continue
        members.refresh(live, member, facts)
        if member.touched < recent:
            _update_member(live, member, facts, taken_at)


def _update_member(live: Live, member: Member, facts: MemberFacts, taken_at: float) -> None:
    members.set_penalty(live, member, facts.penalty)
    members.pause(live, member, paused=facts.paused, reason=facts.reason, since=facts.paused_since)
    since, told = member.paused_since, facts.paused_since
    if since is not None and told is not None and since + WHOLE_SECOND < told <= live.now:
        member.paused_since = told  # paused anew while nobody saw it
        live.dirty["member"].add(member.key)
    take_last_call(live, member, facts.last_call, taken_at)


def _replace_legs(live: Live, lists: Lists, recent: float) -> None:
    told = lists.legs or {}
    for leg in sorted(live.legs.values(), key=lambda one: one.id):
        if leg.id not in told and leg.touched < recent:
            vanish(live, leg)
    for name, facts in told.items():
        known = live.legs.get(name)
        if known is not None:
            if known.touched < recent:
                update_leg(live, known, facts)
        elif (live.ended.at(("leg", name)) or 0.0) < recent:
            add_leg(live, facts)


def _replace_queue_calls(live: Live, lists: Lists, recent: float) -> None:
    """Drop queue calls without a leg, unless the source says otherwise that they go on, or were just begun."""
    for queue_call in sorted(live.queue_calls.values(), key=lambda one: one.key):
        begun = queue_call.offered_at if queue_call.answered_at is None else queue_call.answered_at
        if not queue_call.legs and begun < recent and not _goes_on(lists, queue_call):
            live.remove_queue_call(queue_call)


def _goes_on(lists: Lists, queue_call: QueueCall) -> bool:
    if queue_call.ended_at is not None:
        return not queue_call.completed
    facts = lists.members.get((queue_call.queue, queue_call.interface))
    if facts is None:
        return False
    if queue_call.answered_at is None:
        waits = (queue_call.queue, queue_call.call) in lists.callers
        return waits and facts.state in DEVICE_FACTS and facts.state not in IN_CALL
    return facts.state in IN_CALL if facts.in_call is None else facts.in_call


def _replace_callers(live: Live, lists: Lists, recent: float, moved: set[str]) -> None:
    for visit in sorted(live.visits.values(), key=lambda one: one.key):
        waits = visit.key in lists.callers
        if visit.touched >= recent or waits == (visit.phase == "waiting"):
            continue
        if waits:
            callers.wait_again(live, visit)
        else:
            callers.leave(live, visit, "unknown", live.at)
    for key, facts in lists.callers.items():
        if key not in live.visits and (live.ended.at(("visit", *key)) or 0.0) < recent:
            callers.wait(live, facts)
    for name, order in lists.orders().items():
        if name in live.queues and name not in moved:
            reorder(live, name, order)


def reorder(live: Live, name: str, order: list[str]) -> None:
    """Give the callers of a queue the order that the source tells; others follow as they were."""
    queue = live.queue(name)
    rank = {call: place for place, call in enumerate(order)}
    queue.waiting.sort(key=lambda call: rank.get(call, len(rank)))
    live.renumber(queue)
    live.queue_changed(queue)
