"""A real Asterisk's AMI stream, repeated as often as wanted, each time with calls of its own.

``python -m benchmarks.ami_recording`` makes ``data/asterisk-22.ami.gz`` from tests/lab/recordings: first the items
of the lists that the recordings begin with, then all their events in order, byte for byte.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data" / "asterisk-22.ami.gz"
RECORDINGS = Path(__file__).parent.parent / "tests" / "lab" / "recordings"
END = b"\r\n\r\n"

# Scenes that begin and end with everybody idle and unpaused, so that they can follow one another for ever.
SCENES = (
    "answered_caller_hangs_up", "abandoned_ringing", "missed_then_answered", "ring_all", "held", "freepbx_member",
    "timed_out", "blind_transferred", "answered_agent_hangs_up", "busy_then_answered", "attended_transferred",
    "outbound_call", "internal_call", "transferred_to_queue", "held_by_caller", "local_optimised", "two_queues",
    "member_of_two_queues", "busy_queue", "held_to_the_end", "timed_out_waiting",
)  # fmt: skip

# What is rewritten for each repetition: placeholders as long as what they stand for.
EPOCH, STAMP, NUMBER, BRIDGE, TODAY = b"@" * 10, b"~" * 17, b"#" * 5, b"!" * 8, b"%" * 10
_ID_FIELD = re.compile(rb"((?:Uniqueid|Linkedid): )(\d{10})\.(\d+)(?=\r\n)")
_STAMP_FIELD = re.compile(rb"(Timestamp: )\d{10}\.\d{6}")
_CHANNEL_NUMBER = re.compile(rb"((?:PJSIP/[\w]+|Local/[\w*]+@[\w-]+)-)[0-9a-f]{5}([0-9a-f]{3})")
_BRIDGE_FIELD = re.compile(rb"(BridgeUniqueid: )[0-9a-f]{8}(?=-)")
_LAST_CALL = re.compile(rb"(LastCall: )[1-9]\d{9}")


@dataclass(frozen=True)
class Recording:
    """The stream as a template, and the lists that belong to it."""

    lists: dict[str, tuple[bytes, ...]]
    """Items without their ActionID, by the list's action."""
    template: bytes
    events: int
    """How many events one repetition has."""

    def repetition(self, number: int, now: float) -> bytes:
        """Return the stream with new calls, at ``now`` on the PBX's clock."""
        return (
            self.template.replace(EPOCH, b"%010d" % (1_000_000_000 + number))
            .replace(STAMP, b"%.6f" % now)
            .replace(NUMBER, b"%05x" % number)
            .replace(BRIDGE, b"%08x" % number)
            .replace(TODAY, b"%010d" % now)
        )


_ITEMS = {
    b"QueueParams": "QueueStatus",
    b"QueueMember": "QueueStatus",
    b"DeviceStateChange": "DeviceStateList",
    b"ExtensionStatus": "ExtensionStateList",
}


def load(path: Path = DATA) -> Recording:
    """Read the recording."""
    messages = gzip.decompress(path.read_bytes()).split(END)
    lists: dict[str, list[bytes]] = {"QueueStatus": [], "DeviceStateList": [], "ExtensionStateList": []}
    stream = []
    for message in messages:
        if b"\r\nPrivilege: " in message:
            stream.append(message + END)
        elif message:
            lists[_ITEMS[_name(message)]].append(message)
    return Recording(
        lists={action: tuple(items) for action, items in lists.items()},
        template=_as_template(stream),
        events=len(stream),
    )


def _as_template(stream: Iterable[bytes]) -> bytes:
    """Put placeholders for what differs between repetitions; Uniqueids stay different within one."""
    seen: dict[bytes, int] = {}

    def uniqueid(match: re.Match[bytes]) -> bytes:
        number = seen.setdefault(match[2] + b"." + match[3], len(seen))
        return b"%s%s.%d" % (match[1], EPOCH, number)

    text = b"".join(stream)
    for pattern, replacement in (
        (_ID_FIELD, uniqueid),
        (_STAMP_FIELD, rb"\g<1>" + STAMP),
        (_CHANNEL_NUMBER, rb"\g<1>" + NUMBER + rb"\g<2>"),
        (_BRIDGE_FIELD, rb"\g<1>" + BRIDGE),
        (_LAST_CALL, rb"\g<1>" + TODAY),
    ):
        text = pattern.sub(replacement, text)
    return text


def _name(message: bytes) -> bytes:
    return message.partition(b"\r\n")[0].removeprefix(b"Event: ")


def make() -> None:
    """Write the recording."""
    items: dict[tuple[bytes, ...], bytes] = {}
    stream: list[bytes] = []
    for scene in SCENES:
        messages = (RECORDINGS / f"{scene}.ami").read_bytes().split(END)
        pongs = [place for place, message in enumerate(messages) if b"Ping: Pong" in message]
        for message in messages[: pongs[0]]:
            action_id = re.search(rb"ActionID: [^\r]*\r?\n?", message)
            if action_id and _name(message) in _ITEMS:
                item = message.replace(action_id[0], b"").strip(b"\r\n")
                items.setdefault(_key(item), item)
        stream += [
            message
            for message in messages[pongs[0] + 1 :]
            if b"\r\nPrivilege: " in message and _name(message) != b"FullyBooted"
        ]
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_bytes(gzip.compress(b"".join(one + END for one in (*items.values(), *stream)), 9, mtime=0))
    print(f"{DATA}: {DATA.stat().st_size:,} bytes, {len(stream):,} events of {len(SCENES)} scenes")


def _key(item: bytes) -> tuple[bytes, ...]:
    """What makes an item one of its own: queue and member, device, or extension."""
    lines = dict(line.partition(b": ")[::2] for line in item.split(b"\r\n"))
    return _name(item), *(
        lines.get(key, b"") for key in (b"Queue", b"Location", b"Device", b"Exten", b"Context")
    )


if __name__ == "__main__":
    make()
