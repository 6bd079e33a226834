"""The score of calls without a queue, and of what happens to members and phones."""

from __future__ import annotations

from monitor.simulator import happenings as h
from monitor.simulator.ami_events import BUSY, DOWN, RING, RINGING, UP, Channel, Party, member_fields
from monitor.simulator.parts import DirectCall
from monitor.simulator.switch import TRUNK
from monitor.simulator.writer import Writer, outside, party

_OUTGOING = "(Outgoing Line)"
_PORT = 5060


def direct_started(w: Writer, it: h.DirectStarted) -> None:
    """Somebody dials and the other side rings."""
    direct = it.direct
    origin = _origin(w, direct)
    w.event("Newchannel", origin.fields())
    w.sets(origin, SIPDOMAIN="127.0.0.1")
    if direct.kind == "inbound":
        w.executes(origin, "Goto", f"internal,{origin.exten},1")
        origin.context = "internal"
    string = f"{direct.number.lstrip('+')}@trunk" if direct.target is None else direct.target.number
    w.executes(origin, "Dial", f"PJSIP/{string},30")
    target = _target(w, direct, origin)
    w.directs[direct] = origin, target
    w.dials(origin, target, string)
    w.connects_to(origin, target.caller)
    w.becomes(target, RINGING)
    w.sets(origin, RINGTIME=0, RINGTIME_MS=2)
    w.dial_state(origin, target, "RINGING")
    _devices(w, direct)


def _origin(w: Writer, direct: DirectCall) -> Channel:
    if direct.origin is None:
        exten = direct.target.number if direct.target is not None else "s"
        caller = Party(direct.number, direct.number)
        return w.switch.channel(w.now, TRUNK, RING, caller=caller, context="from-trunk", exten=exten)
    exten = f"9{direct.number.lstrip('+')}" if direct.target is None else direct.target.number
    return w.switch.channel(
        w.now, direct.origin.endpoint, RING, caller=party(direct.origin), context="internal", exten=exten
    )


def _target(w: Writer, direct: DirectCall, origin: Channel) -> Channel:
    if direct.target is None:
        target = w.switch.channel(
            w.now, TRUNK, DOWN, caller=Party(), context="from-trunk", exten="s", linked=origin
        )
        w.event("Newchannel", target.fields())
        target.exten, target.connected = origin.exten, origin.caller
        w.executes(target, "AppDial", _OUTGOING)
        w.is_called(target, outside(origin.exten))
    else:
        agent = direct.target
        target = w.switch.channel(
            w.now, agent.endpoint, DOWN, caller=party(agent), context="internal", exten="s", linked=origin
        )
        w.event("Newchannel", target.fields())
        target.exten, target.connected = origin.exten, origin.caller
        w.executes(target, "AppDial", _OUTGOING)
    w.connects_to(target, origin.caller)
    return target


def _devices(w: Writer, direct: DirectCall) -> None:
    """Let the devices of both sides follow their channels; the dialled one first."""
    for agent in (direct.target, direct.origin):
        w.device(agent.endpoint if agent is not None else TRUNK)


def direct_answered(w: Writer, it: h.DirectAnswered) -> None:
    """The side that was dialled answers."""
    origin, target = w.directs[it.direct]
    w.becomes(target, UP)
    w.sets(origin, DIALSTATUS="ANSWER", DIALEDPEERNAME=target.name)
    target.exten = ""
    w.dial_ends(origin, target, "ANSWER")
    w.becomes(origin, UP)
    _devices(w, it.direct)
    bridge = w.creates_bridge()
    w.executes(target, "AppDial", _OUTGOING)
    w.enters(target, bridge)
    w.enters(origin, bridge)
    bridge.technology = "native_rtp"


def direct_ended(w: Writer, it: h.DirectEnded) -> None:
    """A direct call ends: answered, refused or given up."""
    origin, target = w.directs.pop(it.direct)
    {
        "hung_up_by_origin": _origin_ends,
        "hung_up_by_target": _target_ends,
        "busy": _is_busy,
        "given_up": _gives_up,
    }[it.how](w, it.direct, origin, target)


def _origin_ends(w: Writer, direct: DirectCall, origin: Channel, target: Channel) -> None:
    bridge = origin.bridge
    w.measured(origin)
    w.asks_to_hang_up(origin, 16)
    w.leaves(origin)
    w.sets(origin, DIALSTATUS="ANSWER")
    w.is_told_to_hang_up(origin)
    w.leaves(target)
    w.destroys(bridge)
    w.hangs_up(target)
    w.hangs_up(origin)
    _devices(w, direct)


def _target_ends(w: Writer, direct: DirectCall, origin: Channel, target: Channel) -> None:
    bridge = origin.bridge
    w.measured(target)
    w.asks_to_hang_up(target)
    w.leaves(target)
    w.hangs_up(target)
    w.leaves(origin)
    w.destroys(bridge)
    w.sets(origin, DIALSTATUS="ANSWER")
    w.is_told_to_hang_up(origin)
    w.hangs_up(origin)
    _devices(w, direct)


def _is_busy(w: Writer, direct: DirectCall, origin: Channel, target: Channel) -> None:
    w.asks_to_hang_up(target, 17, 486)
    w.sets(origin, DIALSTATUS="BUSY")
    w.dial_ends(origin, target, "BUSY")
    w.executes(origin, "Busy", "3", priority=2)
    w.becomes(origin, BUSY)
    w.asks_to_hang_up(origin, 17, 486)
    if direct.origin is not None:
        w.agent_device(direct.origin)
    w.hangs_up(target, 17, 486)
    w.is_told_to_hang_up(origin, 486)
    w.hangs_up(origin, 17, 486)
    _devices(w, direct)


def _gives_up(w: Writer, direct: DirectCall, origin: Channel, target: Channel) -> None:
    w.asks_to_hang_up(origin)
    w.dial_ends(origin, target, "CANCEL")
    w.sets(origin, DIALSTATUS="CANCEL")
    w.is_told_to_hang_up(origin)
    w.hangs_up(target, 16)
    w.hangs_up(origin, 0)
    _devices(w, direct)


# --- members and phones ----------------------------------------------------------------------------------


def member_added(w: Writer, it: h.MemberAdded) -> None:
    """An agent signs on to a queue."""
    member = it.member
    w.queue_device(w.switch.pause_device(member), "INUSE" if member.paused else "NOT_INUSE")
    w.event("QueueMemberAdded", member_fields(member, w.status(member)))
    w.availability(member.queue)


def member_removed(w: Writer, it: h.MemberRemoved) -> None:
    """An agent signs off from a queue."""
    member = it.member
    w.event("QueueMemberRemoved", member_fields(member, w.status(member)))
    w.queue_device(w.switch.pause_device(member), "NOT_INUSE")
    w.availability(member.queue)


def member_paused(w: Writer, it: h.MemberPaused) -> None:
    """A pause begins, ends or changes its reason."""
    member = it.member
    w.queue_device(w.switch.pause_device(member), "INUSE" if member.paused else "NOT_INUSE")
    w.availability(member.queue)
    w.event("QueueMemberPause", member_fields(member, w.status(member)))


def penalty_changed(w: Writer, it: h.PenaltyChanged) -> None:
    """A member's penalty becomes another."""
    w.event("QueueMemberPenalty", member_fields(it.member, w.status(it.member)))


def phone_lost(w: Writer, it: h.PhoneLost) -> None:
    """A phone no longer answers OPTIONS."""
    _reachability(w, it.agent.number, it.agent.endpoint, reachable=False)


def phone_back(w: Writer, it: h.PhoneBack) -> None:
    """A phone answers OPTIONS again."""
    _reachability(w, it.agent.number, it.agent.endpoint, reachable=True)


def _reachability(w: Writer, number: str, endpoint: str, *, reachable: bool) -> None:
    w.switch.devices[endpoint].reachable = reachable
    word = "Reachable" if reachable else "Unreachable"
    w.event("PeerStatus", ChannelType="PJSIP", Peer=endpoint, PeerStatus=word)
    w.event(
        "ContactStatus",
        URI=f"sip:{number}@127.0.0.1:{_PORT}",
        ContactStatus=word,
        AOR=number,
        EndpointName=number,
        RoundtripUsec=1_500 if reachable else 0,
    )
    w.device(endpoint)


def nothing(_w: Writer, _it: h.Happening) -> None:
    """Asterisk says nothing of this."""
