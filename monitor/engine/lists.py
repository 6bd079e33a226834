"""What a snapshot says, looked up by key; and what both a fresh start and a reconciliation take from it."""

from __future__ import annotations

from monitor.engine import callers, legs, members, queue_calls, wrap_up
from monitor.engine.live import Live
from monitor.engine.passing import forget_queue
from monitor.engine.state import Leg, Member, MemberKey, VisitKey
from monitor.events import CallerFacts, EndpointState, LegFacts, MemberFacts, QueueFacts, Snapshot

SETTLING_SECONDS = 2.0
"""How long after a completion the source's list may still lack its last call."""

_BUSIEST: dict[EndpointState, int] = {
    "unknown": 0,
    "unavailable": 1,
    "idle": 2,
    "ringing": 3,
    "on_hold": 4,
    "busy": 5,
    "in_use": 6,
}

LEG_RANK = {"dialing": 0, "ringing": 1, "answered": 2}
"""A leg's state only ever goes up."""


class Lists:
    """A snapshot by keys. Of an entity told twice the last one counts."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.queues: dict[str, QueueFacts] = {facts.queue: facts for facts in snapshot.queues}
        self.members: dict[MemberKey, MemberFacts] = {
            (facts.queue, facts.interface): facts for facts in snapshot.members
        }
        self.callers: dict[VisitKey, CallerFacts] = {
            (facts.queue, facts.call): facts for facts in snapshot.callers
        }
        self.legs: dict[str, LegFacts] | None = (
            None if snapshot.legs is None else {facts.leg: facts for facts in snapshot.legs}
        )
        self.devices: dict[str, set[EndpointState]] = {}
        """What is said of each device: members of several queues may disagree."""
        for member in snapshot.members:
            if member.state != "unknown":
                self.devices.setdefault(member.endpoint, set()).add(member.state)
        for endpoint in snapshot.endpoints:
            if endpoint.state != "unknown":
                self.devices[endpoint.endpoint] = {endpoint.state}

    def orders(self) -> dict[str, list[str]]:
        """Return the callers of every queue that has some, in their order."""
        found: dict[str, list[CallerFacts]] = {}
        for facts in self.callers.values():
            found.setdefault(facts.queue, []).append(facts)
        return {
            queue: [one.call for one in sorted(all_, key=lambda one: (one.position, one.joined_at, one.call))]
            for queue, all_ in found.items()
        }


def busiest(states: set[EndpointState]) -> EndpointState:
    """Return the state that promises least, where a source disagrees with itself."""
    return max(states, key=lambda state: _BUSIEST[state])


def take_queues(live: Live, lists: Lists) -> None:
    """Take over which queues there are and how long their wrap-ups are: no event ever tells."""
    for name, facts in lists.queues.items():
        queue = live.queue(name)
        if not queue.listed or queue.wrap_up != facts.wrap_up:
            queue.listed = True
            queue.wrap_up = facts.wrap_up
            live.queue_changed(queue)
            for member in live.members_in[name].values():
                wrap_up.length_changed(live, member)


def drop_queues(live: Live, lists: Lists) -> None:
    """Forget queues that are no longer listed, as far as nothing of them is to be seen."""
    for queue in sorted(live.queues.values(), key=lambda one: one.name):
        if queue.name not in lists.queues:
            if queue.listed:
                queue.listed = False
                live.queue_changed(queue)
            forget_queue(live, queue)


def take_do_not_disturb(live: Live, event: Snapshot, recent: float) -> None:
    """Take over who wants no calls. A list of all devices also tells who wants them again."""
    told = {facts.endpoint: facts.do_not_disturb for facts in event.endpoints}
    if event.complete_endpoints:
        told = dict.fromkeys(live.endpoints, False) | told
    for name, on in told.items():
        if live.endpoint(name).touched < recent:
            members.do_not_disturb(live, name, on=on)


def take_last_call(live: Live, member: Member, last_call: float | None, taken_at: float) -> None:
    """Take over the last call, which also says that a wrap-up runs, or that the source forgot it."""
    told, known = last_call or None, member.last_call
    if told is None:
        completed_at = member.completed_at if member.completed_at > live.source.blind_until else 0.0
        if known is not None and completed_at < taken_at - SETTLING_SECONDS:
            wrap_up.told(live, member, None)
    elif known is None or told > known + 0.5 or known - 2.0 < told < known - 0.5:
        # Newer; or the second that we took from the completion was the next one. An older call is a late list.
        wrap_up.told(live, member, told)


def add_leg(live: Live, facts: LegFacts) -> Leg:
    """Know of a leg that a snapshot tells of."""
    leg = Leg(
        id=facts.leg,
        call=facts.call,
        endpoint=facts.endpoint,
        direction=facts.direction,
        state=facts.state,
        started_at=min(facts.started_at, live.now),
        answered_at=_answered_before(live, facts),
        party=facts.party,
    )
    live.ended.forget(("leg", leg.id))
    live.add_leg(leg)
    serve(live, leg, facts)
    queue_calls.seek(live, leg)
    return leg


def update_leg(live: Live, leg: Leg, facts: LegFacts) -> None:
    """Take over what a snapshot says of a leg that is known."""
    if LEG_RANK[facts.state] > LEG_RANK[leg.state]:
        promote(live, leg, facts)
    legs.change(live, leg, facts.call, facts.endpoint, facts.party)
    serve(live, leg, facts)


def promote(live: Live, leg: Leg, facts: LegFacts) -> None:
    """Have a leg ring or be up, as a snapshot says; its call is not counted, it was answered unseen."""
    leg.state = facts.state
    leg.answered_at = _answered_at(live, facts)
    live.leg_changed(leg)


def serve(live: Live, leg: Leg, facts: LegFacts) -> None:
    """Connect a leg with the queue call that the source says it serves.

    A caller of whom we know when the wait began, and now when it ended, is counted as answered.
    """
    if facts.queue is None or facts.queue_call is None or leg.queue_call is not None:
        return
    members = [
        member
        for agent in live.owners.get(leg.endpoint, ())
        for member in live.members_of[agent]
        if member.queue == facts.queue
    ]
    if not members:
        return
    member = min(members, key=lambda one: (leg.endpoint not in (one.endpoint, *one.devices), one.key))
    key = (facts.queue, facts.queue_call, member.interface)
    queue_call = live.queue_calls.get(key)
    if queue_call is None:
        queue_call = queue_calls.offer(live, *key, at=leg.started_at)
        queue_call.party = queue_call.party or facts.party
    if leg.state == "answered" and queue_call.answered_at is None:
        queue_call.answered_at = leg.answered_at
        callers.answered_unseen(live, queue_call)
    if queue_call.ended_at is None:
        queue_calls.attach(live, queue_call, leg)


def _answered_before(live: Live, facts: LegFacts) -> float | None:
    """Return when a leg that nobody saw begin was answered: where the source does not tell, it rang but a moment."""
    if facts.state == "answered" and facts.answered_at is None:
        return min(facts.started_at, live.now)
    return _answered_at(live, facts)


def _answered_at(live: Live, facts: LegFacts) -> float | None:
    if facts.state != "answered":
        return None
    return live.at if facts.answered_at is None else min(facts.answered_at, live.now)
