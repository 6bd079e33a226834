"""The score of talks: holds, the end, transfers (orders as in tests/lab/recordings)."""

from __future__ import annotations

from monitor.simulator import happenings as h
from monitor.simulator.ami_events import Channel
from monitor.simulator.parts import Side, Talk
from monitor.simulator.switch import TRUNK
from monitor.simulator.writer import Legs, Writer, party


def talk_held(w: Writer, it: h.TalkHeld) -> None:
    """One side presses hold: its own channel says so, the other hears music and is on hold as a device."""
    holder, held = _sides(w, it.talk, it.by)
    w.event("Hold", holder.fields(), MusicClass="default")
    w.music_starts(held)
    held.held = True
    w.device(held.device)


def talk_resumed(w: Writer, it: h.TalkResumed) -> None:
    """One side takes the other back."""
    holder, held = _sides(w, it.talk, it.by)
    w.event("Unhold", holder.fields())
    w.music_stops(held)
    held.held = False
    w.device(held.device)


def _sides(w: Writer, talk: Talk, by: Side) -> tuple[Channel, Channel]:
    """Return the channel whose user pressed the key, and the one that is told to wait."""
    legs, caller = w.talks[talk], w.callers[talk.call]
    if by == "agent":
        return legs.phone, legs.far if legs.far is not None else caller
    return caller, legs.dialled


# --- the end ---------------------------------------------------------------------------------------------


def talk_ended(w: Writer, it: h.TalkEnded) -> None:
    """One side hangs up, then Asterisk ends the other."""
    legs, caller = w.talks.pop(it.talk), w.callers.pop(it.talk.call)
    end = {
        ("caller", False): _caller_ends,
        ("agent", False): _agent_ends,
        ("caller", True): _caller_ends_local,
        ("agent", True): _agent_ends_local,
    }[it.by, legs.far is not None]
    end(w, it.talk, legs, caller)


def _complete(w: Writer, talk: Talk, caller: Channel, dialled: Channel, reason: str) -> None:
    member = talk.member
    if member is None:
        return  # reached by an attended transfer: no call of a queue
    w.event(
        "AgentComplete",
        caller.fields(),
        dialled.fields("Dest"),
        Queue=member.queue.name,
        Interface=member.agent.interface,
        MemberName=member.agent.name,
        HoldTime=int(talk.wait),
        TalkTime=int(w.now) - int(talk.answered_at),
        Reason=reason,
    )


def _times(w: Writer, channel: Channel, talk: Talk) -> None:
    length = w.now - talk.answered_at
    w.sets(channel, ANSWEREDTIME=int(length), ANSWEREDTIME_MS=int(1_000 * length))


def _caller_ends(w: Writer, talk: Talk, legs: Legs, caller: Channel) -> None:
    bridge = caller.bridge
    w.measured(caller)
    w.asks_to_hang_up(caller)
    _complete(w, talk, caller, legs.dialled, "caller")
    if caller.held:
        w.music_stops(caller)
    w.leaves(caller)
    _times(w, caller, talk)
    w.leaves(legs.phone)
    w.destroys(bridge)
    w.hangs_up(legs.phone)
    w.is_told_to_hang_up(caller)
    w.agent_device(talk.agent)
    w.hangs_up(caller)
    w.trunk()


def _agent_ends(w: Writer, talk: Talk, legs: Legs, caller: Channel) -> None:
    bridge = caller.bridge
    w.asks_to_hang_up(legs.phone)
    _complete(w, talk, caller, legs.dialled, "agent")
    w.leaves(legs.phone)
    w.hangs_up(legs.phone)
    w.agent_device(talk.agent)
    w.leaves(caller)
    _times(w, caller, talk)
    w.is_told_to_hang_up(caller)
    w.destroys(bridge)
    w.hangs_up(caller)
    w.trunk()


def _caller_ends_local(w: Writer, talk: Talk, legs: Legs, caller: Channel) -> None:
    far = legs.far or legs.dialled
    outer, inner = caller.bridge, far.bridge
    w.measured(caller)
    w.asks_to_hang_up(caller)
    _complete(w, talk, caller, legs.dialled, "caller")
    w.leaves(caller)
    _times(w, caller, talk)
    w.leaves(legs.dialled)
    w.is_told_to_hang_up(caller)
    w.asks_to_hang_up(far, 16)
    w.hangs_up(legs.dialled)
    w.destroys(outer)
    w.local_device(legs.dialled)
    w.leaves(far)
    _times(w, far, talk)
    w.is_told_to_hang_up(far)
    w.hangs_up(far)
    w.hangs_up(caller)
    w.leaves(legs.phone)
    w.destroys(inner)
    w.hangs_up(legs.phone)
    w.trunk()
    w.agent_device(talk.agent)
    w.local_device(far)


def _agent_ends_local(w: Writer, talk: Talk, legs: Legs, caller: Channel) -> None:
    far = legs.far or legs.dialled
    outer, inner = caller.bridge, far.bridge
    w.asks_to_hang_up(legs.phone)
    w.leaves(legs.phone)
    w.hangs_up(legs.phone)
    w.agent_device(talk.agent)
    w.leaves(far)
    _times(w, far, talk)
    w.destroys(inner)
    w.is_told_to_hang_up(far)
    w.asks_to_hang_up(legs.dialled, 16)
    _complete(w, talk, caller, legs.dialled, "agent")
    w.hangs_up(far)
    w.local_device(far)
    w.leaves(legs.dialled)
    w.hangs_up(legs.dialled)
    w.leaves(caller)
    _times(w, caller, talk)
    w.destroys(outer)
    w.is_told_to_hang_up(caller)
    w.local_device(legs.dialled)
    w.hangs_up(caller)
    w.trunk()


# --- transfers -------------------------------------------------------------------------------------------


def blind_transferred(w: Writer, it: h.BlindTransferred) -> None:
    """The agent's phone sends a REFER to a queue's extension: he is out, the caller goes on in the dialplan."""
    talk = it.talk
    legs, caller = w.talks.pop(talk), w.callers[talk.call]
    bridge = caller.bridge
    w.event("Unhold", legs.phone.fields())
    w.event(
        "BlindTransfer",
        "Result: Success\r\n",
        legs.phone.fields("Transferer"),
        caller.fields("Transferee"),
        bridge.fields() if bridge is not None else "",
        IsExternal="Yes",
        Context="internal",
        Extension=it.queue.name,
    )
    _complete(w, talk, caller, legs.dialled, "transfer")
    caller.context, caller.exten, caller.priority, caller.cause = "internal", it.queue.name, 1, 16
    w.leaves(caller)
    w.leaves(legs.phone)
    w.destroys(bridge)
    w.hangs_up(legs.phone)
    w.agent_device(talk.agent)
    w.executes(caller, "Goto", f"from-trunk,{it.queue.name},2")


def attended_transferred(w: Writer, it: h.AttendedTransferred) -> None:
    """REFER with Replaces: the colleague takes the agent's place in the caller's bridge."""
    talk = it.talk
    legs, caller = w.talks.pop(talk), w.callers[talk.call]
    second, colleague = w.directs.pop(it.consultation)
    first, kept, ended = legs.phone, caller.bridge, second.bridge
    if kept is None or ended is None:
        return
    w.event("Unhold", second.fields())
    w.event("Unhold", first.fields())
    before = _attended_fields(first, second, colleague, caller)
    w.leaves(colleague)
    w.leaves(first)
    colleague.linkedid = caller.linkedid
    w.enters(colleague, kept, SwapUniqueid=first.uniqueid)
    w.event("SoftHangupRequest", first.fields(), Cause=1)
    w.event("AttendedTransfer", before, IsExternal="No", DestType="Bridge", DestBridgeUniqueid=kept.uniqueid)
    _complete(w, talk, caller, legs.dialled, "transfer")
    w.music_stops(caller)
    caller.held = False
    w.connects_to(caller, party(it.becomes.agent))
    w.leaves(second)
    w.connects_to(colleague, caller.caller)
    w.is_told_to_hang_up(second)
    w.device(TRUNK)
    w.destroys(ended)
    w.hangs_up(second)
    w.hangs_up(first)
    w.agent_device(talk.agent)
    w.talks[it.becomes] = Legs(dialled=colleague, phone=colleague)


def _attended_fields(first: Channel, second: Channel, colleague: Channel, caller: Channel) -> str:
    """Return the groups of AttendedTransfer as things stand before anybody moves."""
    return "".join(
        (
            "Result: Success\r\n",
            second.fields("OrigTransferer"),
            second.bridge.fields("Orig") if second.bridge is not None else "",
            first.fields("SecondTransferer"),
            first.bridge.fields("Second") if first.bridge is not None else "",
            colleague.fields("Transferee"),
            caller.fields("TransferTarget"),
        )
    )
