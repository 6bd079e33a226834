"""Legs: what each device does in each call."""

from __future__ import annotations

from monitor.engine import members, queue_calls
from monitor.engine.live import Live
from monitor.engine.phone import visit_of
from monitor.engine.state import Leg
from monitor.events import (
    LegAnswered,
    LegChanged,
    LegEnded,
    LegHeld,
    LegResumed,
    LegRinging,
    LegStarted,
    TalkingStarted,
    TalkingStopped,
)


def leg_started(live: Live, event: LegStarted) -> None:
    """A device takes part in a call."""
    leg = live.legs.get(event.leg)
    if leg is not None:
        live.unexpected("already_started")
        leg.touched = live.now
        change(live, leg, event.call, event.endpoint, event.party)
        return
    live.ended.forget(("leg", event.leg))
    leg = Leg(
        id=event.leg,
        call=event.call,
        endpoint=event.endpoint,
        direction=event.direction,
        started_at=event.at,
        party=event.party,
        touched=live.now,
    )
    live.add_leg(leg)
    queue_calls.seek(live, leg)
    count_outbound(live, leg)


def leg_ringing(live: Live, event: LegRinging) -> None:
    """An inbound leg's device rings."""
    leg = _known(live, event.leg)
    if leg is None:
        return
    if leg.state == "dialing":
        leg.state = "ringing"
        live.leg_changed(leg)
    elif leg.state == "answered":
        live.unexpected("answered")


def leg_answered(live: Live, event: LegAnswered) -> None:
    """The leg is up."""
    leg = _known(live, event.leg)
    if leg is not None:
        answer(live, leg, event.at)


def leg_held(live: Live, event: LegHeld) -> None:
    """The person put the other party on hold."""
    leg = _known(live, event.leg)
    if leg is None:
        return
    if leg.state != "answered":
        live.unexpected("not_answered")
    if leg.held_since is None:
        leg.held_since = event.at
        live.leg_changed(leg)
        queue_calls.held(live, leg, event.at)


def leg_resumed(live: Live, event: LegResumed) -> None:
    """The person took the other party back."""
    leg = _known(live, event.leg)
    if leg is None:
        return
    if leg.held_since is None:
        live.unexpected("not_held")
        return
    leg.held_since = None
    live.leg_changed(leg)
    if leg.queue_call is not None:
        queue_calls.resumed(live, live.queue_calls[leg.queue_call], event.at)


def leg_changed(live: Live, event: LegChanged) -> None:
    """The leg belongs to another call, device or party."""
    leg = _known(live, event.leg)
    if leg is not None:
        change(live, leg, event.call, event.endpoint, event.party)


def leg_ended(live: Live, event: LegEnded) -> None:
    """The device takes no part any more."""
    leg = live.legs.get(event.leg)
    if leg is None:
        live.unexpected("unknown_leg")
        return
    end(live, leg, event.at)


def talking_started(live: Live, event: TalkingStarted) -> None:
    """Voice is heard."""
    leg = _known(live, event.leg)
    if leg is not None:
        leg.voice = True


def talking_stopped(live: Live, event: TalkingStopped) -> None:
    """Silence."""
    leg = _known(live, event.leg)
    if leg is not None:
        leg.voice = False


def _known(live: Live, name: str) -> Leg | None:
    """Return a leg that an event is about, and note that it is."""
    leg = live.legs.get(name)
    if leg is None:
        live.unexpected("unknown_leg")
        return None
    leg.touched = live.now
    live.dirty["leg"].add(name)
    return leg


# --- what both events and snapshots do -------------------------------------------------------------------


def answer(live: Live, leg: Leg, at: float) -> None:
    """Have a leg be up. A call that comes by no queue is counted for its agents."""
    if leg.state == "answered":
        live.unexpected("already_answered")
        return
    leg.state = "answered"
    leg.answered_at = at
    live.leg_changed(leg)
    if (
        leg.direction == "inbound"
        and leg.queue_call is None
        and not leg.local
        and visit_of(live, leg) is None
    ):
        for agent in live.owners.get(leg.endpoint, ()):
            live.agents[agent].statistics.direct += 1
            leg.counted_direct = True


def change(live: Live, leg: Leg, call: str | None, endpoint: str | None, party: str | None) -> None:
    """Move a leg to another call, device or party; ``None`` leaves it as it is."""
    if party is not None:
        leg.party = party
    call = leg.call if call is None else call
    endpoint = leg.endpoint if endpoint is None else endpoint
    if (call, endpoint) != (leg.call, leg.endpoint):
        live.unindex_leg(leg)
        if call != leg.call:
            leg.met_outside, leg.met_devices = False, 0
        leg.call, leg.endpoint = call, endpoint
        live.index_leg(leg)
        queue_calls.regrouped(live, leg)
        queue_calls.seek(live, leg)
        live.leg_moved(leg)
    live.leg_changed(leg)


def end(live: Live, leg: Leg, at: float) -> None:
    """Remove a leg."""
    live.unindex_leg(leg)
    del live.legs[leg.id]
    live.ended.add(("leg", leg.id), live.now)
    agents = set(live.owners.get(leg.endpoint, ()))
    phone_seen = not leg.local or (leg.queue_call is not None and live.queue_calls[leg.queue_call].phone_seen)
    served = queue_calls.leg_ended(live, leg, at)
    if served is not None:
        agents.add(served)
    if phone_seen:
        for agent in sorted(agents):
            members.hush(live, live.agents[agent])


def count_outbound(live: Live, leg: Leg) -> None:
    """Count a call that an agent makes."""
    if leg.direction == "outbound" and not leg.local:
        for agent in live.owners.get(leg.endpoint, ()):
            live.agents[agent].statistics.outbound += 1
