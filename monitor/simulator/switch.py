"""The PBX's inside that AMI shows: channels and their names, bridges, devices and their states, hints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from uuid import UUID

from monitor.simulator.ami_events import BUSY, DOWN, RING, RINGING, UP, Bridge, Channel, Party
from monitor.simulator.parts import Agent, Member, Queue

TRUNK = "PJSIP/trunk"
HINT_CONTEXT = "ext-local"

_CHANNEL_SAYS = {DOWN: "NOT_INUSE", RING: "INUSE", RINGING: "RINGING", UP: "INUSE", BUSY: "BUSY"}
"""What one channel makes of its device (main/channel.c, ``ast_state_chan2dev``)."""


class Device:
    """A phone, the trunk, or a Local channel's extension: its state follows from its channels."""

    __slots__ = ("channels", "name", "reachable", "state")

    def __init__(self, name: str) -> None:
        self.name = name
        self.channels: list[Channel] = []
        self.reachable = True
        self.state = "NOT_INUSE"

    def current(self) -> str:
        """Return the state that its channels make (main/devicestate.c, ``ast_devstate_aggregate``)."""
        if not self.reachable:
            return "UNAVAILABLE"
        said = {_CHANNEL_SAYS[channel.state] for channel in self.channels}
        if "INUSE" in said and all(channel.held for channel in self.channels if channel.state in (RING, UP)):
            return "ONHOLD"
        if "RINGING" in said:
            return "RINGINUSE" if "INUSE" in said else "RINGING"
        return "INUSE" if "INUSE" in said else "BUSY" if "BUSY" in said else "NOT_INUSE"


class Switch:
    """Owns everything that has a name in AMI. Renders nothing and tells nobody."""

    def __init__(self, agents: Iterable[Agent], queues: Iterable[Queue], seed: int) -> None:
        self._random = Random(f"switch {seed}")
        self._uniqueids = 0
        self._numbers = {"PJSIP": 0, "Local": 0}
        self.channels: dict[str, Channel] = {}
        """By Uniqueid, oldest first."""
        self.devices: dict[str, Device] = {TRUNK: Device(TRUNK)}
        self.queue_devices: dict[str, str] = {}
        """States of ``Queue:…`` devices by name."""
        for agent in agents:
            self.devices[agent.endpoint] = Device(agent.endpoint)
        for queue in queues:
            for member in queue.members.values():
                self.queue_devices[self.pause_device(member)] = "NOT_INUSE"
            self.queue_devices[f"Queue:{queue.name}_avail"] = "INUSE"

    # --- names -------------------------------------------------------------------------------------------

    def _uniqueid(self, now: float) -> str:
        uniqueid = f"{int(now)}.{self._uniqueids}"
        self._uniqueids += 1
        return uniqueid

    def _number(self, technology: str) -> str:
        number = self._numbers[technology]
        self._numbers[technology] = number + 1
        return f"{number:08x}"

    @staticmethod
    def pause_device(member: Member) -> str:
        """Return the device that shows a member's pause."""
        return f"Queue:{member.queue.name}_pause_{member.agent.interface}"

    # --- channels ----------------------------------------------------------------------------------------

    def channel(
        self,
        now: float,
        device: str,
        state: int,
        *,
        caller: Party,
        context: str,
        exten: str,
        linked: Channel | None = None,
    ) -> Channel:
        """Create a channel of a PJSIP endpoint; ``linked``: the channel that it is set up for."""
        uniqueid = self._uniqueid(now)
        channel = Channel(
            name=f"{device}-{self._number('PJSIP')}",
            uniqueid=uniqueid,
            linkedid=linked.linkedid if linked is not None else uniqueid,
            device=device,
            state=state,
            caller=caller,
            context=context,
            exten=exten,
            created=now,
        )
        return self._add(channel)

    def local_pair(self, now: float, device: str, linked: Channel) -> tuple[Channel, Channel]:
        """Create the two halves of ``Local/101@from-queue``."""
        number = self._number("Local")
        exten, _, context = device.removeprefix("Local/").partition("@")
        self.devices.setdefault(device, Device(device))
        one, two = (
            self._add(
                Channel(
                    name=f"{device}-{number};{half}",
                    uniqueid=self._uniqueid(now),
                    linkedid=linked.linkedid,
                    device=device,
                    state=state,
                    caller=Party(),
                    context=context,
                    exten=exten,
                    created=now,
                )
            )
            for half, state in ((1, DOWN), (2, RING))
        )
        return one, two

    def _add(self, channel: Channel) -> Channel:
        self.channels[channel.uniqueid] = channel
        self.devices[channel.device].channels.append(channel)
        return channel

    def remove(self, channel: Channel) -> None:
        """Forget a channel that was hung up."""
        del self.channels[channel.uniqueid]
        self.devices[channel.device].channels.remove(channel)
        if channel.bridge is not None:
            self.leave(channel)

    # --- bridges -----------------------------------------------------------------------------------------

    def bridge(self) -> Bridge:
        """Create an empty bridge."""
        return Bridge(uniqueid=str(UUID(int=self._random.getrandbits(128), version=4)))

    @staticmethod
    def enter(channel: Channel, bridge: Bridge) -> None:
        """Put a channel into a bridge."""
        channel.bridge = bridge
        bridge.channels.append(channel)

    @staticmethod
    def leave(channel: Channel) -> None:
        """Take a channel out of its bridge."""
        if channel.bridge is not None:
            channel.bridge.channels.remove(channel)
            channel.bridge = None

    # --- states ------------------------------------------------------------------------------------------

    def changed(self, device: str) -> str | None:
        """Return the new state of a device if it became another since it was last asked."""
        found = self.devices[device]
        state = found.current()
        if state == found.state:
            return None
        found.state = state
        return state

    def queue_device_changed(self, name: str, state: str) -> bool:
        """Note the state of a ``Queue:…`` device; return whether it is another one."""
        if self.queue_devices.get(name) == state:
            return False
        self.queue_devices[name] = state
        return True

    def device_states(self) -> Iterator[tuple[str, str]]:
        """Yield all devices with their states."""
        for name, device in tuple(self.devices.items()):
            yield name, device.state
        yield from tuple(self.queue_devices.items())

    def status(self, agent: Agent) -> str:
        """Return the state of an agent's phone as the queues have it."""
        return self.devices[agent.endpoint].state
