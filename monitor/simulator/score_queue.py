"""The score of queue calls up to the answer: which AMI events each happening makes, in Asterisk 22's order.

The orders are those of tests/lab/recordings; where Asterisk's threads race, one of the orders seen there.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.simulator import happenings as h
from monitor.simulator.ami_events import DOWN, RING, RINGING, UP, Bridge, Channel, Party, member_fields
from monitor.simulator.parts import Offer, Queue
from monitor.simulator.switch import TRUNK
from monitor.simulator.writer import Legs, Writer, party

_CLEARED = ("ANSWEREDTIME", "ANSWEREDTIME_MS", "DIALEDTIME", "DIALEDTIME_MS", "QUEUEWAIT", "QUEUEWAIT_MS")
_DIAL_CLEARED = (
    "DIALSTATUS", "DIALEDPEERNUMBER", "DIALEDPEERNAME", "ANSWEREDTIME", "ANSWEREDTIME_MS", "DIALEDTIME",
    "DIALEDTIME_MS", "RINGTIME", "RINGTIME_MS", "PROGRESSTIME", "PROGRESSTIME_MS",
)  # fmt: skip
_OUTGOING = "(Outgoing Line)"
_LEFT_STATUS = {"timed_out": "TIMEOUT", "left_empty": "LEAVEUNAVAIL"}


def caller_arrived(w: Writer, it: h.CallerArrived) -> None:
    """Somebody outside calls; the dialplan answers."""
    caller = Party(it.call.number, it.call.name)
    channel = w.switch.channel(it.at, TRUNK, RING, caller=caller, context="from-trunk", exten=it.queue.name)
    it.call.uniqueid = channel.uniqueid
    w.callers[it.call] = channel
    w.event("Newchannel", channel.fields())
    w.sets(channel, SIPDOMAIN="127.0.0.1")
    w.executes(channel, "Answer")
    w.becomes(channel, UP)
    w.trunk()


def caller_joined(w: Writer, it: h.CallerJoined) -> None:
    """The dialplan puts the caller into the queue."""
    channel = w.callers[it.call]
    channel.context, channel.exten = "from-trunk", it.queue.name
    timeout = int(it.queue.max_wait) if it.queue.max_wait else ""
    w.executes(channel, "Queue", f"{it.queue.name},t,,,{timeout}", priority=2)
    w.clears(channel, *_CLEARED)
    w.waiting(it.queue)
    count = len(it.queue.calls)
    w.event("QueueCallerJoin", channel.fields(), Queue=it.queue.name, Position=count, Count=count)
    w.music_starts(channel)


# --- ringing ---------------------------------------------------------------------------------------------


def agent_offered(w: Writer, it: h.AgentOffered) -> None:
    """A member is dialled and rings."""
    ring = _ring_local if it.offer.agent.spec.style == "freepbx" else _ring_phone
    w.offers[it.offer] = ring(w, it.offer, alone=it.alone)


def _offer_fields(offer: Offer) -> dict[str, object]:
    member = offer.member
    return {"Queue": member.queue.name, "Interface": member.agent.interface, "MemberName": member.agent.name}


def _called(w: Writer, offer: Offer, caller: Channel, dialled: Channel) -> None:
    """Write AgentCalled, which already shows the member's channel as it will be when it rings."""
    soon = replace(dialled, exten=caller.exten, connected=caller.caller)
    w.event("AgentCalled", caller.fields(), soon.fields("Dest"), **_offer_fields(offer))


def _ring_phone(w: Writer, offer: Offer, *, alone: bool) -> Legs:
    caller, agent = w.callers[offer.call], offer.agent
    phone = w.switch.channel(
        w.now, agent.endpoint, DOWN, caller=party(agent), context="internal", exten="s", linked=caller
    )
    w.event("Newchannel", phone.fields())
    w.sets(phone, DIALEDPEERNUMBER=agent.number)
    _called(w, offer, caller, phone)
    w.dials(caller, phone, agent.endpoint)
    if alone:
        w.connects_to(caller, party(agent))
    phone.exten, phone.connected = caller.exten, caller.caller
    w.becomes(phone, RINGING)
    w.executes(phone, "AppQueue", _OUTGOING)
    w.connects_to(phone, caller.caller)
    w.agent_device(agent)
    w.dial_state(caller, phone, "RINGING")
    return Legs(dialled=phone, phone=phone)


def _ring_local(w: Writer, offer: Offer, *, alone: bool) -> Legs:
    caller, agent = w.callers[offer.call], offer.agent
    one, two = w.switch.local_pair(w.now, agent.interface.removesuffix("/n"), caller)
    w.event("Newchannel", one.fields())
    w.event("Newchannel", two.fields())
    w.executes(one, "AppQueue", _OUTGOING)
    dialled = caller.connected if caller.connected != Party() else Party(caller.exten)
    w.is_called(one, dialled)
    for half in (one, two):
        w.sets(half, DIALEDPEERNUMBER=agent.interface.removeprefix("Local/"))
    two.connected = dialled
    w.is_called(two, caller.caller)
    w.connects_to(two, dialled)
    w.event(
        "LocalBridge",
        one.fields("LocalOne"),
        two.fields("LocalTwo"),
        Context=two.context,
        Exten=two.exten,
        LocalOptimization="No",
    )
    _called(w, offer, caller, one)
    w.dials(caller, one, agent.interface)
    w.executes(two, "Dial", f"{agent.endpoint},60")
    w.clears(two, *_DIAL_CLEARED)
    phone = w.switch.channel(
        w.now, agent.endpoint, DOWN, caller=party(agent), context="internal", exten="s", linked=caller
    )
    w.event("Newchannel", phone.fields())
    w.sets(phone, DIALEDPEERNUMBER=agent.number)
    phone.exten, phone.connected = agent.number, caller.caller
    w.executes(phone, "AppDial", _OUTGOING)
    w.connects_to(phone, caller.caller)
    w.becomes(phone, RINGING)
    w.agent_device(agent)
    w.dials(two, phone, agent.number)
    w.connects_to(two, party(agent))
    if alone:
        w.connects_to(caller, party(agent))
    one.exten, one.caller, one.connected = caller.exten, party(agent), caller.caller
    w.becomes(one, RINGING)
    w.executes(one, "AppQueue", _OUTGOING)
    w.is_called(one, party(agent))
    w.connects_to(one, caller.caller)
    w.sets(two, RINGTIME=0, RINGTIME_MS=2)
    w.dial_state(two, phone, "RINGING")
    w.local_device(one)
    w.dial_state(caller, one, "RINGING")
    return Legs(dialled=one, phone=phone, far=two)


# --- no answer -------------------------------------------------------------------------------------------


def agent_missed(w: Writer, it: h.AgentMissed) -> None:
    """A member's phone rang out, or he refused."""
    legs, caller = w.offers.pop(it.offer), w.callers[it.offer.call]
    if it.refused:
        w.asks_to_hang_up(legs.phone, 17, 486)
        w.dial_ends(caller, legs.dialled, "NOANSWER")
        _no_answer(w, it.offer, legs, caller)
        _auto_pause(w, it)
        _hang_up_agent(w, it.offer, legs, 17, 486)
        return
    _no_answer(w, it.offer, legs, caller)
    _auto_pause(w, it)
    w.dial_ends(caller, legs.dialled, "NOANSWER", "CANCEL")
    _hang_up_agent(w, it.offer, legs, 0)


def _no_answer(w: Writer, offer: Offer, legs: Legs, caller: Channel) -> None:
    rang = 1_000 * (int(w.now) - int(offer.started_at))
    w.event(
        "AgentRingNoAnswer",
        caller.fields(),
        legs.dialled.fields("Dest"),
        **_offer_fields(offer),
        RingTime=rang,
    )


def _auto_pause(w: Writer, it: h.AgentMissed) -> None:
    if it.auto_paused:
        member = it.offer.member
        w.queue_device(w.switch.pause_device(member), "INUSE")
        w.event("QueueMemberPause", member_fields(member, w.status(member)))


def _hang_up_agent(w: Writer, offer: Offer, legs: Legs, cause: int, technical: int | None = None) -> None:
    """Hang up the legs of a phone that stops ringing, and let its device follow."""
    far = legs.far
    if far is None:
        w.hangs_up(legs.phone, cause, technical)
        w.agent_device(offer.agent)
        return
    w.asks_to_hang_up(far, 0)
    w.hangs_up(legs.dialled, cause)
    w.local_device(legs.dialled)
    w.dial_ends(far, legs.phone, "CANCEL")
    w.sets(far, DIALSTATUS="CANCEL")
    w.is_told_to_hang_up(far)
    w.hangs_up(far, cause)
    w.hangs_up(legs.phone, 17 if cause == 17 else 16, technical)
    w.agent_device(offer.agent)
    w.local_device(far)


def caller_left(w: Writer, it: h.CallerLeft) -> None:
    """A caller leaves without an agent: he gave up, his time is over, nobody is there, or he pressed a key."""
    channel = w.callers.pop(it.call)
    gave_up = it.outcome == "abandoned"
    wait = int(it.at) - int(it.call.joined_at)
    withdrawn = [(offer, w.offers.pop(offer)) for offer in it.withdrawn]
    if gave_up:
        w.measured(channel)
        w.asks_to_hang_up(channel)
        w.music_stops(channel)
    for offer, legs in withdrawn:
        if not gave_up:
            _no_answer(w, offer, legs, channel)
        w.dial_ends(channel, legs.dialled, "CANCEL" if gave_up else "NOANSWER", "CANCEL")
    if it.outcome == "exited_by_key":
        channel.context, channel.exten, channel.priority = "exit-by-key", "1", 0
    else:
        w.sets(channel, ABANDONED="TRUE")
        w.event(
            "QueueCallerAbandon",
            channel.fields(),
            Queue=it.queue.name,
            Position=it.position,
            OriginalPosition=it.call.original_position,
            HoldTime=wait,
        )
    w.sets(channel, QUEUEWAIT=wait, QUEUEWAIT_MS=1_000 * wait)
    if not gave_up:
        w.music_stops(channel)
    _queue_left(w, it.queue, channel, it.position)
    for offer, legs in withdrawn:
        _hang_up_agent(w, offer, legs, 0)
    if it.outcome in _LEFT_STATUS:
        w.sets(channel, QUEUESTATUS=_LEFT_STATUS[it.outcome])
        w.executes(channel, "Goto", f"after-{it.queue.name},s,1", priority=3)
    if it.outcome == "exited_by_key":
        w.executes(channel, "Wait", "1", priority=2)
    w.is_told_to_hang_up(channel)
    if it.outcome in _LEFT_STATUS:
        channel.context, channel.exten, channel.priority = f"after-{it.queue.name}", "s", 1
    w.hangs_up(channel, 16 if it.outcome == "exited_by_key" else 0)
    w.trunk()


def _queue_left(w: Writer, queue: Queue, channel: Channel, position: int) -> None:
    w.waiting(queue)
    w.event("QueueCallerLeave", channel.fields(), Queue=queue.name, Position=position, Count=len(queue.calls))
    w.sets(channel, QUEUEPOSITION=position)


# --- answer ----------------------------------------------------------------------------------------------


def agent_answered(w: Writer, it: h.AgentAnswered) -> None:
    """A member answers: the caller leaves the queue and both meet in a bridge."""
    offer, talk = it.offer, it.talk
    legs, caller = w.offers.pop(offer), w.callers[offer.call]
    w.talks[talk] = legs
    w.becomes(legs.phone, UP)
    w.device(offer.agent.endpoint, in_call=False)
    inner = _answer_inside(w, offer, legs) if legs.far is not None else None
    w.dial_ends(caller, legs.dialled, "ANSWER")
    _losers_stop(w, it, caller)
    w.music_stops(caller)
    _queue_left(w, offer.member.queue, caller, it.position)
    w.sets(caller, QUEUEWAIT=int(talk.wait), QUEUEWAIT_MS=1_000 * int(talk.wait))
    for loser in it.losers:
        _hang_up_agent(w, loser, w.offers.pop(loser), 26)
    w.event(
        "AgentConnect",
        caller.fields(),
        legs.dialled.fields("Dest"),
        **_offer_fields(offer),
        HoldTime=int(it.at) - int(offer.call.joined_at),
        RingTime=int(it.at) - int(offer.started_at),
    )
    bridge = w.creates_bridge()
    if legs.far is not None and inner is not None:
        w.enters(legs.far, inner)
    w.enters(legs.dialled, bridge)
    w.enters(caller, bridge)
    if legs.far is None:
        bridge.technology = "native_rtp"  # two PJSIP channels soon exchange their media directly


def _losers_stop(w: Writer, it: h.AgentAnswered, caller: Channel) -> None:
    """The other phones of a ring-all are told to stop, twice as Asterisk does."""
    for loser in it.losers:
        w.dial_ends(caller, w.offers[loser].dialled, "CANCEL")
    if it.losers:
        w.connects_to(caller, party(it.talk.agent))
    for loser in it.losers:
        w.dial_ends(caller, w.offers[loser].dialled, "CANCEL")


def _answer_inside(w: Writer, offer: Offer, legs: Legs) -> Bridge | None:
    """The phone behind a Local channel has answered: both halves come up, phone and half ;2 meet in a bridge."""
    far, phone = legs.far, legs.phone
    if far is None:
        return None
    w.sets(far, DIALSTATUS="ANSWER", DIALEDPEERNAME=phone.name, DIALEDPEERNUMBER=offer.agent.number)
    phone.exten = ""
    w.dial_ends(far, phone, "ANSWER")
    w.becomes(far, UP)
    w.becomes(legs.dialled, UP)
    w.local_device(far, times=2)
    bridge = w.creates_bridge()
    w.executes(phone, "AppDial", _OUTGOING)
    w.enters(phone, bridge)
    return bridge
