"""Legs: what devices do in calls.

Every channel of a device is a leg, from ``Newchannel`` to ``Hangup``. Of a pair of Local channels only the half
``;1`` is one, and only if it rings a member (its device is a member's, or ``AgentCalled`` names it).

*Direction.* A channel that the PBX makes to dial a device begins ``Down``; one that a device makes begins ``Ring``
(or another state before ``Up``). A dialled channel that belongs to no other call (``Linkedid`` is its own) was made
by an Originate: click-to-call, seen from the endpoint an outbound call.

*Answered.* An inbound leg is answered when it is ``Up``. An outbound leg is ``Up`` when the dialplan answers it,
which may be long before the far side does; it is answered when a ``Dial`` of it is (``DialEnd`` ANSWER), when it
enters a bridge or a queue, or when nobody is being dialled for :data:`GRACE` seconds (voicemail, an
announcement).

*Two halves of one part.* When a Local pair is optimised away, the phone takes the place of the ``;1`` half in the
queue's bridge (``BridgeEnter`` with ``SwapUniqueid``): the leg of the half then lives on as long as the phone's.
And when the phone behind a pair that stays (``/n``) is gone (blind transfer), so is the leg of its half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from adapters.ami.message import Message
from adapters.ami.translate.bridges import Bridges, older
from adapters.ami.translate.channel import DOWN, LOST_DIAL, RINGING, UP, Channel
from adapters.ami.translate.channels import Channels, dialled_number
from adapters.ami.translate.devices import Devices
from adapters.ami.translate.fields import Fields, party, party_name, required, text, whole
from adapters.ami.translate.names import channel_device, is_local, is_phone
from adapters.ami.translate.outbox import Outbox
from monitor.events import (
    Event,
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

GRACE: Final = 1.0
"""Seconds for which an outbound leg that is up may still turn out to be dialling."""


class Legs:
    """Tells of legs what the events of their channels say."""

    def __init__(self, out: Outbox, devices: Devices, channels: Channels) -> None:
        self._out = out
        self._devices = devices
        self._channels = channels
        self._bridges = Bridges(self._move)
        self._held_back: dict[str, Channel] = {}
        """Outbound legs that are up and whose answer is held back."""

    # --- life --------------------------------------------------------------------------------------------

    def created(self, fields: Fields) -> None:
        """``Newchannel``."""
        channel = self._channels.create(fields)
        if channel is None or channel.is_leg:
            return
        channel.state = whole(fields, "channelstate") or DOWN
        if not channel.local or channel.device in self._devices.member_devices:
            self._start(channel)

    def _start(self, channel: Channel) -> None:
        channel.is_leg = True
        self._out.put(
            LegStarted,
            leg=channel.leg,
            call=channel.call,
            endpoint=channel.device,
            direction=channel.direction,
            party=channel.party,
            party_name=channel.party_name,
        )
        self._reached(channel, channel.state)

    def rung_for_queue(self, fields: Fields) -> str:
        """``AgentCalled`` names the member's channel: it is a leg, whatever it is called. Return its id."""
        leg = required(fields, "destuniqueid")
        channel = self._channels.get(leg)
        if channel is None and not self._channels.has_ended(leg) and fields.get("destchannel"):
            channel = self._channels.create(fields, "dest")
        if channel is not None and not channel.is_leg:
            channel.state = whole(fields, "destchannelstate") or channel.state
            self._start(channel)
        if channel is not None and channel.party is None:
            self._tell_party(channel, party(fields, "calleridnum"), party_name(fields, "calleridname"))
        return leg

    def state_changed(self, fields: Fields) -> None:
        """``Newstate``."""
        channel = self._channels.get(required(fields, "uniqueid"))
        if channel is None:
            channel = self._discover(fields)
            if channel is None:
                return
        state = whole(fields, "channelstate")
        self._follow(channel, fields)
        if state is None:
            self._out.skipped("channel_state")
            return
        channel.state = state
        channel.touched_at = self._out.at
        if channel.is_leg:
            self._reached(channel, state)

    def _discover(self, fields: Fields) -> Channel | None:
        """A channel shows that it lives, of which we never heard: the link was down when it began."""
        name = required(fields, "channel")
        if self._channels.has_ended(required(fields, "uniqueid")) or not is_phone(channel_device(name)):
            return None
        channel = self._channels.create(fields)
        if channel is not None and not channel.is_leg:
            channel.state = whole(fields, "channelstate") or DOWN
            self._start(channel)
        return channel

    def _reached(self, channel: Channel, state: int) -> None:
        """The channel is in this state: ringing or up may be news of the leg."""
        if state == RINGING and not channel.rings and channel.direction == "inbound":
            channel.rings = True
            self._out.put(LegRinging, leg=channel.leg)
        elif state == UP and not channel.answered:
            if channel.direction == "inbound":
                self._answer(channel)
            elif not channel.dials:
                channel.held_back_until = self._out.at + GRACE
                self._held_back[channel.leg] = channel

    def _answer(self, channel: Channel) -> None:
        self._release(channel)
        if not channel.answered and channel.is_leg:
            channel.answered = True
            channel.answered_at = channel.touched_at = self._out.at
            self._out.put(LegAnswered, leg=channel.leg)

    def _release(self, channel: Channel) -> None:
        channel.held_back_until = 0.0
        self._held_back.pop(channel.leg, None)

    def ended(self, fields: Fields) -> None:
        """``Hangup``."""
        channel = self._channels.end(required(fields, "uniqueid"))
        if channel is None:
            return
        self._held_back.pop(channel.leg, None)
        self._bridges.leave(channel)
        cause = text(fields, "cause-txt")
        if not channel.replaced:
            self._end(channel, cause)
        for half in channel.carried:
            self._end(half, cause)

    def _end(self, channel: Channel, cause: str | None) -> None:
        if channel.is_leg:
            channel.is_leg = False
            self._out.put(LegEnded, leg=channel.leg, cause=cause)

    # --- dialling ----------------------------------------------------------------------------------------

    def dial_began(self, fields: Fields) -> None:
        """``DialBegin``."""
        channel = self._channels.get(fields.get("uniqueid", ""))
        if channel is None or channel.direction == "inbound" or channel.answered:
            return
        self._release(channel)
        channel.dials.add(required(fields, "destuniqueid"))
        if channel.party is None:
            self._tell_party(channel, dialled_number(fields), None)

    def dial_progressed(self, fields: Fields) -> None:
        """``DialState``: a phone may play ringing itself (183) and never report that it rings."""
        if fields.get("dialstatus") in ("RINGING", "PROGRESS"):
            channel = self._channels.get(required(fields, "destuniqueid"))
            if channel is not None and channel.is_leg and not channel.answered:
                self._reached(channel, RINGING)

    def dial_ended(self, fields: Fields) -> None:
        """``DialEnd``; there may be two for one channel (NOANSWER, then CANCEL)."""
        leg = required(fields, "destuniqueid")
        answered = fields.get("dialstatus") == "ANSWER"
        dialled = self._channels.get(leg)
        if answered and dialled is not None:
            if dialled.direction == "inbound":
                self._answer(dialled)
            self._join_halves(fields.get("channel", ""), dialled)
        channel = self._channels.get(fields.get("uniqueid", ""))
        if channel is None or channel.direction == "inbound":
            return
        channel.dials -= {leg, LOST_DIAL}
        if answered:
            self._answer(channel)
        elif channel.state == UP:
            self._reached(channel, UP)

    def _join_halves(self, dialling: str, phone: Channel) -> None:
        """A phone answered the ``;2`` half of a pair: the leg of the ``;1`` half ends with the phone's at the latest."""
        if dialling.endswith(";2"):
            half = self._channels.half(dialling[:-2])
            if half is not None and half.is_leg and half not in phone.carried:
                phone.carried.append(half)

    # --- bridges -----------------------------------------------------------------------------------------

    def entered_bridge(self, fields: Fields) -> None:
        """``BridgeEnter``."""
        leg, bridge = required(fields, "uniqueid"), required(fields, "bridgeuniqueid")
        channel = self._channels.get(leg)
        if channel is None:
            channel = self._discover(fields)
        if channel is not None:
            channel.touched_at = self._out.at
            self._take_place(channel, fields.get("swapuniqueid", ""))
        if fields.get("bridgetype") == "basic":
            self._bridges.enter(bridge, fields.get("linkedid", "") or leg, channel)
        if channel is not None and channel.direction == "outbound" and channel.is_leg:
            channel.dials.clear()
            self._answer(channel)

    def _take_place(self, channel: Channel, swapped: str) -> None:
        half = self._channels.get(swapped)
        if half is None or not half.local or channel.local:
            return
        half.replaced = True
        channel.queue, channel.queue_call = half.queue, half.queue_call
        if half.is_leg and half not in channel.carried:
            channel.carried.append(half)

    def left_bridge(self, fields: Fields) -> None:
        """``BridgeLeave``."""
        channel = self._channels.get(required(fields, "uniqueid"))
        if channel is not None and channel.bridge == fields.get("bridgeuniqueid"):
            self._bridges.leave(channel)

    def bridge_destroyed(self, fields: Fields) -> None:
        """``BridgeDestroy``."""
        self._bridges.destroy(required(fields, "bridgeuniqueid"))

    def serve(self, leg: str, queue: str | None, call: str | None) -> None:
        """A leg is connected to this caller of a queue (``None``: no longer)."""
        channel = self._channels.get(leg)
        if channel is not None:
            channel.queue, channel.queue_call = queue, call

    def joined_queue(self, uniqueid: str) -> None:
        """A channel waits in a queue: if it is up, whoever it is hears the queue."""
        channel = self._channels.get(uniqueid)
        if channel is not None and channel.direction == "outbound" and channel.state == UP:
            self._answer(channel)

    # --- changes -----------------------------------------------------------------------------------------

    def _follow(self, channel: Channel, fields: Fields) -> None:
        """Tell a change of the call that the channel belongs to; it can only become an older one."""
        call = fields.get("linkedid", "")
        if not call or call == channel.call:
            return
        if channel.bridge:
            self._bridges.enter(channel.bridge, call, channel)
        elif older(call, channel.call) == call:
            self._move(channel, call)

    def _move(self, channel: Channel, call: str) -> None:
        channel.call = call
        channel.touched_at = self._out.at
        if channel.is_leg:
            self._out.put(LegChanged, leg=channel.leg, call=call)

    def party_changed(self, fields: Fields) -> None:
        """``NewConnectedLine``."""
        channel = self._channels.get(required(fields, "uniqueid"))
        if channel is None:
            return
        self._follow(channel, fields)
        self._tell_party(channel, party(fields, "connectedlinenum"), party_name(fields, "connectedlinename"))

    def _tell_party(self, channel: Channel, number: str | None, name: str | None) -> None:
        changed_number = number if number != channel.party else None
        changed_name = name if name != channel.party_name else None
        if changed_number is None and changed_name is None:
            return
        channel.party = number or channel.party
        channel.party_name = name or channel.party_name
        if channel.is_leg:
            self._out.put(LegChanged, leg=channel.leg, party=changed_number, party_name=changed_name)

    def renamed(self, fields: Fields) -> None:
        """``Rename``: in a masquerade the id goes with the device, so this seldom changes the endpoint."""
        channel = self._channels.get(required(fields, "uniqueid"))
        name = required(fields, "newname")
        if channel is None or channel.local or is_local(name):
            return
        channel.name = name
        device = self._devices.spelled(channel_device(name))
        if device != channel.device and is_phone(device):
            channel.device = device
            if channel.is_leg:
                self._out.put(LegChanged, leg=channel.leg, endpoint=device)

    # --- hold and voice ----------------------------------------------------------------------------------

    def held(self, fields: Fields) -> None:
        """``Hold``: the person at this channel put the other side on hold."""
        self._hold(fields, LegHeld, held=True)

    def resumed(self, fields: Fields) -> None:
        """``Unhold``; a transfer by REFER says it too of a leg that never held."""
        self._hold(fields, LegResumed, held=False)

    def _hold(self, fields: Fields, kind: Callable[..., Event], *, held: bool) -> None:
        channel = self._channels.get(required(fields, "uniqueid"))
        if channel is not None and channel.held is not held:
            channel.held = held
            self._tell_all(fields, kind)

    def talking_started(self, fields: Fields) -> None:
        """``ChannelTalkingStart``."""
        self._tell_all(fields, TalkingStarted)

    def talking_stopped(self, fields: Fields) -> None:
        """``ChannelTalkingStop``."""
        self._tell_all(fields, TalkingStopped)

    def _tell_all(self, fields: Fields, kind: Callable[..., Event]) -> None:
        """Tell it of the leg and of the halves that stand for the same phone."""
        channel = self._channels.get(required(fields, "uniqueid"))
        if channel is not None:
            for one in (channel, *channel.carried):
                if one.is_leg:
                    self._out.put(kind, leg=one.leg)

    # --- time and snapshot -------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """Return when :meth:`due` will have something to tell, if nothing else happens."""
        return min((channel.held_back_until for channel in self._held_back.values()), default=None)

    def due(self, at: float) -> None:
        """Time has reached ``at``: nobody was dialled for the outbound legs that were held back."""
        if not self._held_back:
            return
        for channel in tuple(self._held_back.values()):
            if channel.held_back_until <= at:
                self._out.at = channel.held_back_until
                self._answer(channel)

    def learn(self, items: Iterable[Message], taken_at: float, since: float) -> list[Channel]:
        """Learn all channels (``CoreShowChannels``); return those that are legs."""
        channels = self._channels.learn(items, taken_at, since)
        self._held_back = {leg: one for leg, one in self._held_back.items() if self._channels.get(leg) is one}
        self._bridges.place(channels)
        return channels

    def forget_all(self) -> None:
        """Forget everything: the link was lost."""
        self._channels.forget_all()
        self._bridges.clear()
        self._held_back.clear()
