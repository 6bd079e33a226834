"""AMI events as text: their classes, and the groups of fields that they are made of (facts/ami.md, A1 and A3).

A channel, a bridge and a member render themselves as Asterisk does (manager_channels.c, manager_bridges.c,
app_queue.c), so an event is its name and some groups in their order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from monitor.simulator.parts import Member

UNKNOWN = "<unknown>"

EVENT_CLASSES: dict[str, str] = {
    **dict.fromkeys(
        (
            "AgentCalled", "AgentComplete", "AgentConnect", "AgentRingNoAnswer", "QueueCallerAbandon",
            "QueueCallerJoin", "QueueCallerLeave", "QueueMemberAdded", "QueueMemberPause", "QueueMemberPenalty",
            "QueueMemberRemoved", "QueueMemberRinginuse", "QueueMemberStatus",
        ),
        "agent",
    ),
    **dict.fromkeys(
        (
            "AttendedTransfer", "BlindTransfer", "BridgeCreate", "BridgeDestroy", "BridgeEnter", "BridgeLeave",
            "DeviceStateChange", "DialBegin", "DialEnd", "DialState", "ExtensionStatus", "Hangup", "HangupRequest",
            "Hold", "LocalBridge", "MusicOnHoldStart", "MusicOnHoldStop", "NewCallerid", "NewConnectedLine",
            "Newchannel", "Newstate", "SoftHangupRequest", "Unhold",
        ),
        "call",
    ),
    **dict.fromkeys(("ContactStatus", "FullyBooted", "PeerStatus", "Reload", "Shutdown"), "system"),
    **dict.fromkeys(("Newexten", "VarSet"), "dialplan"),
    "UserEvent": "user",
}  # fmt: skip
"""The class that a manager user must be allowed to read to get the event."""

CHANNEL_STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up", 7: "Busy"}
DOWN, RING, RINGING, UP, BUSY = CHANNEL_STATES

HANGUP_CAUSES = {0: "Unknown", 16: "Normal Clearing", 17: "User busy", 26: "Answered elsewhere"}

MEMBER_STATUS = {
    "UNKNOWN": 0, "NOT_INUSE": 1, "INUSE": 2, "BUSY": 3, "INVALID": 4, "UNAVAILABLE": 5, "RINGING": 6, "RINGINUSE": 7,
    "ONHOLD": 8,
}  # fmt: skip
"""Device states as numbers (include/asterisk/devicestate.h)."""

EXTENSION_STATUS = {
    "NOT_INUSE": (0, "Idle"), "INUSE": (1, "InUse"), "BUSY": (2, "Busy"), "UNAVAILABLE": (4, "Unavailable"),
    "RINGING": (8, "Ringing"), "RINGINUSE": (9, "InUse&Ringing"), "ONHOLD": (16, "Hold"),
}  # fmt: skip
"""What a hint says for a device state: mask and text (main/pbx.c, ``extension_states``)."""

_ESCAPES = str.maketrans({
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\", "'": "\\'", '"': '\\"', "?": "\\?",
})  # fmt: skip


def escaped(text: str) -> str:
    """Return text as ``ast_escape_c`` writes it (caller and connected names only)."""
    return text.translate(_ESCAPES)


class Party(NamedTuple):
    """Number and name of one side of a call."""

    number: str = UNKNOWN
    name: str = UNKNOWN


NOBODY = Party()


@dataclass(eq=False, slots=True)
class Bridge:
    """Where channels meet."""

    uniqueid: str
    technology: str = "simple_bridge"
    channels: list[Channel] = field(default_factory=list)

    def fields(self, prefix: str = "") -> str:
        """Return its group of fields."""
        return (
            f"{prefix}BridgeUniqueid: {self.uniqueid}\r\n{prefix}BridgeType: basic\r\n"
            f"{prefix}BridgeTechnology: {self.technology}\r\n{prefix}BridgeCreator: {UNKNOWN}\r\n"
            f"{prefix}BridgeName: {UNKNOWN}\r\n{prefix}BridgeNumChannels: {len(self.channels)}\r\n"
            f"{prefix}BridgeVideoSourceMode: none\r\n"
        )


@dataclass(eq=False, slots=True)
class Channel:
    """One leg of a call as Asterisk has it."""

    name: str
    uniqueid: str
    linkedid: str
    device: str
    state: int
    caller: Party
    context: str
    exten: str
    created: float
    connected: Party = NOBODY
    priority: int = 1
    application: str = ""
    data: str = ""
    held: bool = False
    """Whether it is told to wait (the other side pressed hold)."""
    cause: int | None = None
    """A hang-up cause that it has before it is hung up (after a transfer)."""
    bridge: Bridge | None = None

    def fields(self, prefix: str = "") -> str:
        """Return its group of fields."""
        return (
            f"{prefix}Channel: {self.name}\r\n{prefix}ChannelState: {self.state}\r\n"
            f"{prefix}ChannelStateDesc: {CHANNEL_STATES[self.state]}\r\n"
            f"{prefix}CallerIDNum: {self.caller.number}\r\n{prefix}CallerIDName: {escaped(self.caller.name)}\r\n"
            f"{prefix}ConnectedLineNum: {self.connected.number}\r\n"
            f"{prefix}ConnectedLineName: {escaped(self.connected.name)}\r\n"
            f"{prefix}Language: en\r\n{prefix}AccountCode: \r\n{prefix}Context: {self.context}\r\n"
            f"{prefix}Exten: {self.exten}\r\n{prefix}Priority: {self.priority}\r\n"
            f"{prefix}Uniqueid: {self.uniqueid}\r\n{prefix}Linkedid: {self.linkedid}\r\n"
        )


def member_fields(member: Member, status: int, *, in_call: bool | None = None) -> str:
    """Return the group of fields of a member (app_queue.c, ``queue_member_blob_create``)."""
    agent = member.agent
    calling = member.in_call if in_call is None else in_call
    return (
        f"Queue: {member.queue.name}\r\nMemberName: {agent.name}\r\nInterface: {agent.interface}\r\n"
        f"StateInterface: {agent.state_interface}\r\nMembership: {membership(member)}\r\n"
        f"Penalty: {member.penalty}\r\nCallsTaken: {member.calls_taken}\r\nLastCall: {member.last_call}\r\n"
        f"LastPause: {member.last_pause}\r\nLoginTime: {member.login_time}\r\nInCall: {calling:d}\r\n"
        f"Status: {status}\r\nPaused: {member.paused:d}\r\nPausedReason: {member.reason}\r\n"
        f"Ringinuse: {member.ring_in_use:d}\r\nWrapuptime: {member.wrap_up}\r\n"
    )


def membership(member: Member) -> str:
    """Return how the member got into the queue, in Asterisk's word."""
    return "dynamic" if member.agent.spec.dynamic else "static"
