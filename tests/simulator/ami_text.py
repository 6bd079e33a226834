"""Reads AMI text, recorded or simulated, into shapes that can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RECORDINGS = Path(__file__).parents[1] / "lab" / "recordings"
DIALPLAN = frozenset({"VarSet", "Newexten"})
UNMODELLED = frozenset(
    {"TestEvent", "HangupHandlerPush", "HangupHandlerRun", "HangupHandlerPop", "FullyBooted"}
)

_TELLING = frozenset({
    "ChannelState", "ChannelStateDesc", "DestChannelState", "Context", "Exten", "Priority", "DestContext", "DestExten",
    "Queue", "Interface", "Position", "Count", "DialStatus", "DialString", "Reason", "Status", "StatusText", "InCall",
    "CallsTaken", "Paused", "PausedReason", "Device", "State", "BridgeNumChannels", "Class", "MusicClass",
    "ConnectedLineNum", "DestConnectedLineNum", "CallerIDNum", "DestCallerIDNum", "Cause-txt", "OriginalPosition",
    "PeerStatus", "ContactStatus", "Penalty", "Membership",
})  # fmt: skip
"""Fields whose values must be equal too."""


@dataclass(frozen=True)
class Message:
    """One message with its keys in order."""

    fields: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return self.get("Event")

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.fields)

    def get(self, key: str) -> str:
        return next((value for own, value in self.fields if own == key), "")

    @property
    def unsolicited(self) -> bool:
        return bool(self.name) and "Privilege" in self.keys

    def told(self, without: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
        """The values that tell something, apart from times and names that differ each time."""
        left_out = set(without)
        return tuple((key, value) for key, value in self.fields if key in _TELLING and key not in left_out)


def parse(text: str) -> list[Message]:
    messages = []
    for block in text.split("\r\n\r\n"):
        lines = [
            line for line in block.split("\r\n") if line and not line.startswith("Asterisk Call Manager")
        ]
        if lines:
            messages.append(
                Message(tuple((k, v.removeprefix(" ")) for k, _, v in (li.partition(":") for li in lines)))
            )
    return messages


def recording(name: str) -> list[Message]:
    return parse((RECORDINGS / f"{name}.ami").read_bytes().decode())


def events(messages: Iterable[Message], *, dialplan: bool = False) -> list[Message]:
    """The unsolicited events that the simulation models."""
    unwanted = UNMODELLED if dialplan else UNMODELLED | DIALPLAN
    return [message for message in messages if message.unsolicited and message.name not in unwanted]


def role(channel: str) -> str:
    """A channel's name without the number that differs each time."""
    stem, _, number = channel.rpartition("-")
    return f"{stem}{number[8:]}"


def actor(message: Message) -> str:
    """Whose story an event belongs to. Asterisk keeps the order within one story; between stories its threads race."""
    if message.get("Interface") and not message.get("Channel"):
        return f"member {message.get('Queue')} {message.get('Interface')}"
    if message.name == "DeviceStateChange":
        return f"device {message.get('Device')}"
    if message.name in ("BridgeCreate", "BridgeDestroy"):
        return "bridges"
    if message.name.startswith("Dial") or message.name == "AgentRingNoAnswer":
        return f"dial of {role(message.get('DestChannel'))}"
    if message.name == "QueueCallerAbandon":
        return "abandon"  # comes before or after the music stops
    if message.name.startswith("MusicOnHold"):
        return f"music of {role(message.get('Channel'))}"
    if message.name in (
        "SoftHangupRequest",
        "AgentComplete",
        "HangupRequest",
        "NewConnectedLine",
        "AgentCalled",
    ):
        return f"{message.name} {role(message.get('Channel'))}"
    for key in ("Channel", "LocalOneChannel", "TransfererChannel", "OrigTransfererChannel"):
        if message.get(key):
            return role(message.get(key))
    return message.get("Device") or message.get("Exten") or message.get("Peer") or message.get("AOR")


def stories(messages: Iterable[Message]) -> dict[str, list[Message]]:
    """The events of each actor in order."""
    found: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        found[actor(message)].append(message)
    return dict(found)
