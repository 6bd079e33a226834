"""Writes AMI events: what all blocks of the score share (devices, dialplan noise, bridges, hang-ups)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from monitor.simulator.ami_events import (
    EVENT_CLASSES,
    EXTENSION_STATUS,
    HANGUP_CAUSES,
    MEMBER_STATUS,
    UNKNOWN,
    Bridge,
    Channel,
    Party,
    member_fields,
)
from monitor.simulator.parts import Agent, Call, DirectCall, Member, Offer, Queue, Talk
from monitor.simulator.switch import HINT_CONTEXT, TRUNK, Switch

Sink = Callable[[str, str], None]
"""Takes an event's class and its text up to the closing empty line."""

_MICROSECONDS = (4, 60)
"""Between two events of one moment."""

_QUALITY = {
    "RTPAUDIOQOS": "ssrc=%d;themssrc=0;lp=0;rxjitter=0.000000;rxcount=0;txjitter=0.000000;txcount=15;rlp=0;"
    "rtt=0.000000;rxmes=0.000000;txmes=0.000000",
    "RTPAUDIOQOSJITTER": "minrxjitter=000.000000;maxrxjitter=000.000000;avgrxjitter=000.000000;",
    "RTPAUDIOQOSLOSS": "  minrxlost=000.000000;  maxrxlost=000.000000;  avgrxlost=000.000000;",
    "RTPAUDIOQOSRTT": "     minrtt=000.000000;     maxrtt=000.000000;     avgrtt=000.000000;",
    "RTPAUDIOQOSMES": "   minrxmes=000.000000;   maxrxmes=000.000000;   avgrxmes=000.000000;",
}


@dataclass(slots=True)
class Legs:
    """The agent's side of an offer or a talk."""

    dialled: Channel
    """What the queue dialled: the phone itself, or half ;1 of a Local channel."""
    phone: Channel
    far: Channel | None = None
    """Half ;2 of the Local channel."""


class Writer:
    """Knows the channels of everything in progress and writes events about them."""

    def __init__(
        self,
        switch: Switch,
        agents: Iterable[Agent],
        *,
        seed: int,
        noise: bool,
        stamped: bool,
        system_name: str,
    ) -> None:
        self.switch = switch
        self.noise = noise
        self.sink: Sink | None = None
        """Where events go; ``None``: nobody listens, so nothing is rendered."""
        self.now = 0.0
        self.callers: dict[Call, Channel] = {}
        self.offers: dict[Offer, Legs] = {}
        self.talks: dict[Talk, Legs] = {}
        self.directs: dict[DirectCall, tuple[Channel, Channel]] = {}
        self._owners = {agent.endpoint: agent for agent in agents}
        self._random = Random(f"writer {seed}")
        self._stamped = stamped
        self._system = f"SystemName: {system_name}\r\n" if system_name else ""
        self.stamp = 0.0
        """Of the latest event: a little later than the one before it, as on a real PBX."""

    # --- events ------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """Set the moment of the events to come."""
        self.now = now
        self.stamp = max(self.stamp, now)

    def event(self, name: str, *groups: str, **fields: object) -> None:
        """Write one event: its groups, then its own fields."""
        self.stamp += self._random.randint(*_MICROSECONDS) * 1e-6
        if self.sink is None:
            return
        own = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
        stamp = f"Timestamp: {self.stamp:.6f}\r\n" if self._stamped else ""
        category = EVENT_CLASSES[name]
        self.sink(
            category,
            f"Event: {name}\r\nPrivilege: {category},all\r\n{stamp}{self._system}{''.join(groups)}{own}\r\n",
        )

    def executes(
        self, channel: Channel, application: str, data: str = "", *, priority: int | None = None
    ) -> None:
        """Let a channel run a dialplan application."""
        channel.application, channel.data = application, data
        if priority is not None:
            channel.priority = priority
        if self.noise:
            extension = {"Extension": channel.exten, "Application": application, "AppData": data}
            self.event("Newexten", channel.fields(), **extension)

    def sets(self, channel: Channel, /, **variables: object) -> None:
        """Set channel variables."""
        if self.noise:
            for variable, value in variables.items():
                self.event("VarSet", channel.fields(), Variable=variable, Value=value)

    def clears(self, channel: Channel, *variables: str) -> None:
        """Empty channel variables."""
        self.sets(channel, **dict.fromkeys(variables, ""))

    def measured(self, channel: Channel) -> None:
        """Write what the end of an RTP stream leaves in variables."""
        if self.noise:
            ssrc = self._random.getrandbits(31)
            self.sets(
                channel, **{name: (text % ssrc if "%" in text else text) for name, text in _QUALITY.items()}
            )

    # --- devices -----------------------------------------------------------------------------------------

    def device(self, name: str, *, in_call: bool | None = None) -> None:
        """Write what a device's change of state brings, if it changed: the device, its hint, its members."""
        state = self.switch.changed(name)
        if state is None:
            return
        agent = self._owners.get(name)
        if agent is None:
            self.event("DeviceStateChange", Device=name, State=state)
            return
        hinted = agent.spec.style == "freepbx"
        if hinted:
            status, text = EXTENSION_STATUS[state]
            self.event(
                "ExtensionStatus",
                Exten=agent.number,
                Context=HINT_CONTEXT,
                Hint=hint(agent),
                Status=status,
                StatusText=text,
            )
        else:
            self.event("DeviceStateChange", Device=name, State=state)
        for member in agent.members.values():
            self.event("QueueMemberStatus", member_fields(member, MEMBER_STATUS[state], in_call=in_call))
        if hinted:
            self.event("DeviceStateChange", Device=name, State=state)
        for member in agent.members.values():
            self.availability(member.queue)

    def agent_device(self, agent: Agent) -> None:
        """Write what an agent's phone's change of state brings."""
        self.device(agent.endpoint)

    def trunk(self) -> None:
        """Write the trunk's change of state, if it changed."""
        self.device(TRUNK)

    def local_device(self, channel: Channel, times: int = 1) -> None:
        """Write a Local channel's device state: in use as long as half ;1 lives (core_local.c, ``local_devicestate``)."""
        device = self.switch.devices[channel.device]
        device.state = "INUSE" if any(half.name.endswith(";1") for half in device.channels) else "NOT_INUSE"
        for _ in range(times):
            self.event("DeviceStateChange", Device=device.name, State=device.state)

    def queue_device(self, name: str, state: str) -> None:
        """Write the state of a ``Queue:…`` device, if it changed."""
        if self.switch.queue_device_changed(name, state):
            self.event("DeviceStateChange", Device=name, State=state)

    def waiting(self, queue: Queue) -> None:
        """Write whether anybody waits in a queue, if that changed."""
        self.queue_device(f"Queue:{queue.name}", "RINGING" if queue.calls else "NOT_INUSE")

    def availability(self, queue: Queue) -> None:
        """Write whether anybody in a queue could be rung, if that changed (app_queue.c, ``device_state_cb``)."""
        free = any(
            not member.paused and not member.in_wrap_up(self.now) and self.status(member) <= 1
            for member in queue.members.values()
        )
        self.queue_device(f"Queue:{queue.name}_avail", "NOT_INUSE" if free else "INUSE")

    def status(self, member: Member) -> int:
        """Return a member's status number."""
        return MEMBER_STATUS[self.switch.status(member.agent)]

    # --- channels ----------------------------------------------------------------------------------------

    def becomes(self, channel: Channel, state: int) -> None:
        """Change a channel's state."""
        channel.state = state
        self.event("Newstate", channel.fields())

    def connects_to(self, channel: Channel, party: Party) -> None:
        """Tell a channel whom it is connected to."""
        channel.connected = party
        self.event("NewConnectedLine", channel.fields())

    def is_called(self, channel: Channel, party: Party) -> None:
        """Change a channel's own caller id."""
        channel.caller = party
        self.event(
            "NewCallerid", channel.fields(), **{"CID-CallingPres": "0 (Presentation Allowed, Not Screened) "}
        )

    def dials(self, origin: Channel, target: Channel, string: str) -> None:
        """Begin a dial."""
        self.event("DialBegin", origin.fields(), target.fields("Dest"), DialString=string)

    def dial_state(self, origin: Channel, target: Channel, status: str) -> None:
        """Tell how a dial goes on."""
        self.event("DialState", origin.fields(), target.fields("Dest"), DialStatus=status)

    def dial_ends(self, origin: Channel, target: Channel, *statuses: str) -> None:
        """End a dial; Asterisk sometimes says so twice."""
        for status in statuses:
            self.event("DialEnd", origin.fields(), target.fields("Dest"), DialStatus=status)

    def asks_to_hang_up(
        self, channel: Channel, cause: int | None = None, technical: int | None = None
    ) -> None:
        """Let the far end of a channel hang up."""
        self.event(
            "HangupRequest", channel.fields(), **_cause(channel.cause if cause is None else cause, technical)
        )

    def is_told_to_hang_up(self, channel: Channel, technical: int | None = None) -> None:
        """Let Asterisk itself end a channel."""
        self.event("SoftHangupRequest", channel.fields(), **_cause(16, technical))

    def hangs_up(self, channel: Channel, cause: int = 16, technical: int | None = None) -> None:
        """End a channel."""
        if channel.device.startswith("PJSIP/"):
            self.measured(channel)
        self.switch.remove(channel)
        fields: dict[str, object] = {"Cause": cause, "Cause-txt": HANGUP_CAUSES[cause]}
        if technical is not None:
            fields["TechCause"] = technical
        self.event("Hangup", channel.fields(), **fields)

    # --- bridges -----------------------------------------------------------------------------------------

    def creates_bridge(self) -> Bridge:
        """Create a bridge."""
        bridge = self.switch.bridge()
        self.event("BridgeCreate", bridge.fields())
        return bridge

    def enters(self, channel: Channel, bridge: Bridge, **swap: str) -> None:
        """Put a channel into a bridge."""
        self.switch.enter(channel, bridge)
        self.event("BridgeEnter", bridge.fields(), channel.fields(), **swap)
        peer = next((other for other in bridge.channels if other is not channel), None)
        if peer is not None:
            self.sets(channel, BRIDGEPEER=peer.name)
            self.sets(peer, BRIDGEPEER=channel.name)

    def leaves(self, channel: Channel) -> None:
        """Take a channel out of its bridge."""
        bridge = channel.bridge
        if bridge is None:
            return
        self.clears(channel, "BRIDGEPEER")
        self.switch.leave(channel)
        self.event("BridgeLeave", bridge.fields(), channel.fields())

    def destroys(self, bridge: Bridge | None) -> None:
        """End a bridge."""
        if bridge is not None:
            self.event("BridgeDestroy", bridge.fields())

    def music_starts(self, channel: Channel) -> None:
        """Let a channel hear music."""
        self.event("MusicOnHoldStart", channel.fields(), Class="default")

    def music_stops(self, channel: Channel) -> None:
        """End the music."""
        self.event("MusicOnHoldStop", channel.fields())


def hint(agent: Agent) -> str:
    """Return what an agent's hint stands for, as FreePBX writes it."""
    return f"{agent.endpoint}&Custom:DND{agent.number}"


def party(agent: Agent) -> Party:
    """Return an agent as others see him calling."""
    return Party(agent.number, agent.name)


def outside(number: str) -> Party:
    """Return somebody outside of whom only the number is known."""
    return Party(number, UNKNOWN)


def _cause(cause: int | None, technical: int | None) -> dict[str, object]:
    fields: dict[str, object] = {}
    if cause is not None:
        fields["Cause"] = cause
    if technical is not None:
        fields["TechCause"] = technical
    return fields
