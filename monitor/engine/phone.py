"""What an agent's phone does, from the legs, the queue calls and the devices; and what kind of call a leg is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.engine.derive import DEVICE_FACTS, DEVICE_RINGING, LEG_FACTS, QUEUE_CALL
from monitor.engine.state import AgentEntity, Leg, QueueCall, Visit, VisitKey
from monitor.model import CallDirection

if TYPE_CHECKING:
    from monitor.engine.live import Live


class Phone(NamedTuple):
    """What the phone does: facts for :func:`monitor.engine.derive.derive`, and what they are about."""

    facts: int = 0
    leg: Leg | None = None
    queue_call: QueueCall | None = None
    """The one that the leg serves, or one without a visible leg."""


_SILENT = Phone()


def phone_of(live: Live, agent: AgentEntity) -> Phone:
    """Return what an agent's phone does. Legs decide; without any that says something, the devices speak."""
    legs = live.legs_of(agent)
    if legs:
        found = _leading(legs)
        if found is not None:
            fact, leg = found
            queue_call = None if leg.queue_call is None else live.queue_calls[leg.queue_call]
            return Phone(fact, leg, queue_call)
    device = 0
    for name in live.state_endpoints(agent):
        endpoint = live.endpoints.get(name)
        if endpoint is not None and endpoint.quiet_until is None:
            device |= DEVICE_FACTS.get(endpoint.state, 0)
    queue_calls = live.queue_calls_of.get(agent.id)
    if not queue_calls:
        return Phone(device) if device else _SILENT
    talking = [one for one in queue_calls.values() if one.talking and not one.legs]
    if talking:
        return Phone(device | QUEUE_CALL, None, max(talking, key=lambda one: (one.answered_at, one.key)))
    offered = [one for one in queue_calls.values() if one.answered_at is None]
    if device == DEVICE_RINGING and offered:
        return Phone(device, None, max(offered, key=lambda one: (one.offered_at, one.key)))
    return Phone(device) if device else _SILENT


def legs_decide(live: Live, agent: AgentEntity) -> bool:
    """Whether the legs alone tell what an agent's phone does, whatever its device says."""
    legs = live.legs_of(agent)
    return bool(legs) and _leading(legs) is not None


def _leading(legs: list[Leg]) -> tuple[int, Leg] | None:
    """Return the leg that the state is about, and what it says: by precedence, then the youngest."""
    best: tuple[int, Leg] | None = None
    several = len(legs) > 1
    for leg in legs:
        held = leg.held_since is not None and leg.state == "answered"
        fact = LEG_FACTS.get((leg.direction, leg.state, held))
        if fact is None or (several and leg.local and _leads_on(leg, legs)):
            continue
        if (
            best is None
            or fact < best[0]
            or (fact == best[0] and (leg.started_at, leg.id) > (best[1].started_at, best[1].id))
        ):
            best = (fact, leg)
    return best


def _leads_on(local: Leg, legs: list[Leg]) -> bool:
    """Whether the agent has a leg on a real device behind this Local one."""
    return any(leg.call == local.call and not leg.local for leg in legs)


def visit_of(live: Live, leg: Leg) -> Visit | None:
    """Return the waiting caller that an inbound leg is about to be offered to (the offer itself is still to come)."""
    if leg.direction != "inbound" or leg.queue_call is not None:
        return None
    return _first_visit(live, leg.call)


def _first_visit(live: Live, group: str) -> Visit | None:
    visits = live.visits_linked.get(group)
    return min(visits.values(), key=lambda visit: (visit.joined_at, visit.key)) if visits else None


class Group(NamedTuple):
    """What matters of a group of legs to each of its agents.

    Legs that ended count on: an internal call whose other side just hung up is not an outbound one.
    """

    visit: VisitKey | None = None
    """The waiting caller whose group it is."""
    outside: bool = False
    """A leg is of a device that is no agent's."""
    devices: int = 0
    """Different devices of agents, counted up to 2."""


def survey(live: Live, group: str) -> tuple[Group, Leg | None]:
    """Return what a group is, and the leg that makes it a call of its own.

    That is the first of an agent's legs, if one serves no queue call and is not about to.
    """
    visit = _first_visit(live, group)
    found: Leg | None = None
    outside = False
    most = 0
    devices: set[str] = set()
    for leg in live.groups[group].values():
        outside = outside or leg.met_outside
        most = max(most, leg.met_devices)
        if leg.endpoint not in live.owners:
            outside = outside or not leg.local
            continue
        if not leg.local and len(devices) < _TWO:
            devices.add(leg.endpoint)
        if (
            leg.queue_call is None
            and (visit is None or leg.direction == "outbound")
            and (
                found is None
                or (leg.local, leg.started_at, leg.id) < (found.local, found.started_at, found.id)
            )
        ):
            found = leg
    return Group(None if visit is None else visit.key, outside, max(most, len(devices))), found


_TWO = 2


def direction_of(live: Live, leg: Leg) -> tuple[CallDirection, str | None]:
    """Return what kind of call an agent's leg is in, and its queue (once its group is settled).

    A call is internal when the other legs of its group are all of agents' devices.
    """
    if leg.queue_call is not None:
        return "inbound_queue", leg.queue_call[0]
    group = live.group_kinds[leg.call]
    if group.visit is not None and leg.direction == "inbound":
        return "inbound_queue", group.visit[0]
    if not group.outside and group.devices >= (1 if leg.local else _TWO):
        return "internal", None
    return ("inbound_direct" if leg.direction == "inbound" else "outbound"), None
