"""The one thing that a monitor wants of a session description: whether somebody is held."""

from __future__ import annotations

from typing import Literal, TypeAlias

from adapters.sip_messages.limits import DATAGRAM_LIMIT

Direction: TypeAlias = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

_DIRECTIONS: dict[bytes, Direction] = {
    b"a=sendrecv": "sendrecv",
    b"a=sendonly": "sendonly",
    b"a=recvonly": "recvonly",
    b"a=inactive": "inactive",
}
_NOWHERE = frozenset({b"0.0.0.0", b"::"})
_HELD: dict[Direction, Direction] = {
    "sendrecv": "sendonly",
    "sendonly": "sendonly",
    "recvonly": "inactive",
    "inactive": "inactive",
}


def direction(body: bytes) -> Direction | None:
    """Return the direction of the first audio stream as its sender sees it; None if the body has no audio. Never raises.

    An address 0.0.0.0 says sendonly: that is how RFC 2543 put somebody on hold. A stream with port 0 is refused or over: another
    one counts, and if there is none, nothing flows.
    """
    session = _Section()
    section = session
    media: list[_Section] = []
    for raw in body[:DATAGRAM_LIMIT].splitlines():
        line = raw.strip()
        if line.startswith(b"m="):
            section = _Section()
            words = line[2:].split(None, 2)
            if len(words) > 1 and words[0].lower() == b"audio":
                section.port = words[1].partition(b"/")[0]
                media.append(section)
        elif line.startswith(b"a="):
            section.direction = _DIRECTIONS.get(line.lower(), section.direction)
        elif line.startswith(b"c="):
            address = line.split()[-1].partition(b"/")[0]
            section.nowhere = address in _NOWHERE
    if not media:
        return None
    audio = next((section for section in media if section.port.strip(b"0")), None)
    if audio is None:
        return "inactive"
    told = audio.direction or session.direction or "sendrecv"
    nowhere = session.nowhere if audio.nowhere is None else audio.nowhere
    return _HELD[told] if nowhere else told


class _Section:
    """What the session, or one stream, says; None: nothing."""

    __slots__ = ("direction", "nowhere", "port")

    def __init__(self) -> None:
        self.direction: Direction | None = None
        self.nowhere: bool | None = None
        self.port = b""
