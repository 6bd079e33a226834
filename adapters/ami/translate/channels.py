"""Channels by their ids: which there are, and which of them are legs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adapters.ami.message import Message
from adapters.ami.translate.channel import DOWN, LOST_DIAL, RINGING, UP, Channel
from adapters.ami.translate.devices import Devices
from adapters.ami.translate.fields import (
    NAME_LIMIT,
    Fields,
    duration,
    party,
    party_name,
    place,
    required,
    whole,
)
from adapters.ami.translate.names import channel_device, is_local, is_phone
from adapters.ami.translate.outbox import Outbox
from monitor.events import Direction

CHANNEL_LIMIT: Final = 200_000
"""Channels remembered; beyond this the oldest is forgotten and counted."""

_DIALLING: Final = frozenset({1, 2, 3, 4})
"""Reserved, off hook, dialling, "Ring" (the far side rings): states in which only a device begins a channel."""
_NO_NUMBERS: Final = frozenset({"", "s", "i", "t", "h"})
"""Extensions that nobody dialled."""
_MADE_BY_PBX: Final = ("AppDial", "AppQueue")
"""``Application`` of channels that a ``Dial`` or a queue made."""


class Channels:
    """All channels that are legs or may become one. Key is the ``Uniqueid``, never the name."""

    def __init__(self, out: Outbox, devices: Devices) -> None:
        self._out = out
        self._devices = devices
        self._channels: dict[str, Channel] = {}
        self._halves: dict[str, Channel] = {}
        """The ``;1`` half of a Local pair by the pair's name."""
        self._ended_at: dict[str, float] = {}
        """Channels that ended since the last snapshot was asked for: its list may still have them."""
        self._calls: dict[str, str] = {}
        """The calls of all channels of the last list, of those too that are no legs."""
        self._places: dict[str, tuple[str, str, str]] = {}
        """Where in the dialplan the last list had those that wait in queues."""

    def get(self, uniqueid: str) -> Channel | None:
        """Return a channel by its id."""
        return self._channels.get(uniqueid)

    def has_ended(self, uniqueid: str) -> bool:
        """Tell whether the channel ended a short while ago."""
        return uniqueid in self._ended_at

    def half(self, pair: str) -> Channel | None:
        """Return the ``;1`` half of a pair of Local channels (``Local/2001@agents-00000004``)."""
        return self._halves.get(pair)

    def call_of(self, uniqueid: str) -> str:
        """Return the call that a channel belongs to, itself if that is not known."""
        channel = self._channels.get(uniqueid)
        return channel.call if channel is not None else self._calls.get(uniqueid, uniqueid)

    def place_of(self, uniqueid: str) -> tuple[str, str, str] | None:
        """Return where in the dialplan a queue's caller is, if the last list told."""
        return self._places.get(uniqueid)

    # --- life --------------------------------------------------------------------------------------------

    def create(self, fields: Fields, prefix: str = "") -> Channel | None:
        """Return the channel that a block of fields is about, made if need be; ``None`` if it can be no leg."""
        required(fields, prefix + "channel")
        known = self._channels.get(required(fields, prefix + "uniqueid"))
        if known is not None:
            return known
        channel = self._make(fields, prefix, self._out.at)
        if channel is not None:
            self._keep(channel)
        return channel

    def _make(self, fields: Fields, prefix: str, at: float) -> Channel | None:
        leg, name = fields[prefix + "uniqueid"], fields[prefix + "channel"]
        device = channel_device(name)
        local = is_local(name)
        if local if name.endswith(";2") else not (local or is_phone(device)):
            return None
        call = fields.get(prefix + "linkedid", "") or leg
        dialled = local or (whole(fields, prefix + "channelstate") not in _DIALLING and call != leg)
        direction: Direction = "inbound" if dialled else "outbound"
        device = self._devices.spelled(device)
        channel = Channel(leg, name, call=call, device=device, direction=direction, at=at)
        if dialled:
            channel.party = party(fields, prefix + "connectedlinenum")
            channel.party_name = party_name(fields, prefix + "connectedlinename")
        else:
            channel.party = dialled_number(fields, prefix)
        return channel

    def _keep(self, channel: Channel) -> None:
        if len(self._channels) >= CHANNEL_LIMIT:
            self._out.skipped("channel_limit")
            self.forget(next(iter(self._channels.values())))
        self._channels[channel.leg] = channel
        if channel.local:
            self._halves[channel.pair] = channel

    def forget(self, channel: Channel) -> None:
        """Forget one channel."""
        self._channels.pop(channel.leg, None)
        if self._halves.get(channel.pair) is channel:
            del self._halves[channel.pair]

    def end(self, uniqueid: str) -> Channel | None:
        """The channel is no more; return it if it was known."""
        self._ended_at[uniqueid] = self._out.at
        if len(self._ended_at) > CHANNEL_LIMIT:
            del self._ended_at[next(iter(self._ended_at))]
        channel = self._channels.get(uniqueid)
        if channel is not None:
            self.forget(channel)
        return channel

    def forget_all(self) -> None:
        """Forget all channels: the link was lost, they may have ended unseen."""
        self._channels.clear()
        self._halves.clear()
        self._ended_at.clear()
        self._calls.clear()
        self._places.clear()

    # --- snapshot ----------------------------------------------------------------------------------------

    def learn(self, items: Iterable[Message], taken_at: float, since: float) -> list[Channel]:
        """Learn all channels (``CoreShowChannels``); return those that are legs.

        What ended from ``since`` on is not among them; what began then is remembered beside them. A half of a
        Local pair that was optimised away is none of the PBX's channels any more, but a leg as long as the phone.
        """
        self._ended_at = {leg: at for leg, at in self._ended_at.items() if at >= since}
        before, listed = self._channels, []
        self._channels, self._halves, self._calls, self._places = {}, {}, {}, {}
        pairs: dict[str, str] = {}
        for item in items:
            fields = item.fields
            leg, name = fields.get("uniqueid", ""), fields.get("channel", "")
            if not leg or not name or len(leg) > NAME_LIMIT or len(name) > NAME_LIMIT:
                self._out.skipped("missing_field")
                continue
            self._calls[leg] = fields.get("linkedid", "") or leg
            if fields.get("application") == "Queue":
                self._places[leg] = place(fields)
            if is_local(name) and name.endswith(";2") and fields.get("bridgeid"):
                pairs[fields["bridgeid"]] = name[:-2]
            channel = (
                None if leg in self._ended_at else self._learn_one(before.get(leg), fields, taken_at, since)
            )
            if channel is not None:
                self._keep(channel)
                listed.append(channel)
        for channel in before.values():
            if channel.started_at >= since and channel.leg not in self._channels:
                self._keep(channel)
        for channel in listed:
            self._carry(channel, pairs)
        replaced = [half for channel in listed for half in channel.carried if half.replaced]
        return [channel for channel in (*listed, *replaced) if channel.is_leg]

    def _learn_one(
        self, channel: Channel | None, fields: Fields, taken_at: float, since: float
    ) -> Channel | None:
        if channel is None:
            channel = self._make(fields, "", taken_at - (duration(fields.get("duration", "")) or 0.0))
            if channel is None:
                return None
            channel.is_leg = not channel.local or channel.device in self._devices.member_devices
            channel.held = None
            application = fields.get("application", "")
            if application and not channel.local:
                channel.direction = "inbound" if application.startswith(_MADE_BY_PBX) else "outbound"
            if application == "Dial" and not fields.get("bridgeid"):
                channel.dials.add(LOST_DIAL)
        elif channel.touched_at >= since:
            return channel
        channel.call = self._calls[channel.leg]
        channel.bridge = fields.get("bridgeid", "")
        channel.state = whole(fields, "channelstate") or DOWN
        channel.rings = channel.rings or (channel.state == RINGING and channel.direction == "inbound")
        if channel.state == UP and not channel.answered:
            # the list tells that it is up, not since when; nor that an outbound leg still dials
            channel.answered = channel.direction == "inbound" or not (
                channel.dials or channel.held_back_until
            )
        return channel

    def _carry(self, phone: Channel, pairs: dict[str, str]) -> None:
        """A phone shares a bridge with a ``;2`` half: see :mod:`.legs`."""
        half = self._halves.get(pairs.get(phone.bridge, ""))
        if half is not None and half.is_leg and not phone.local and half not in phone.carried:
            phone.carried.append(half)


def dialled_number(fields: Fields, prefix: str = "") -> str | None:
    """Return what a channel dialled, as far as its place in the dialplan tells."""
    extension = fields.get(prefix + "exten", "")
    return None if extension in _NO_NUMBERS else party(fields, prefix + "exten")
