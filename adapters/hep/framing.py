"""HEP over TCP: a stream cut into packets by the length that each tells, without I/O."""

from __future__ import annotations

from adapters.hep.errors import BadPacket, OldVersion, StreamBroken
from adapters.hep.packets import HEADER, MAGICS, decode

_MAGIC_STARTS = frozenset(magic[:length] for magic in MAGICS for length in range(5))


class Framer:
    """One connection's stream. Keeps at most one packet that has not ended (65,535 bytes)."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    @property
    def waiting(self) -> int:
        """Bytes of a packet that has begun but not ended: who lets one wait for long with them is to be cut off."""
        return len(self._rest)

    def receive(self, data: bytes) -> list[bytes]:
        """Take what was read; return the packets that it completes, in order.

        Raises :class:`StreamBroken` if the stream can't be followed any more; what came whole before is lost with it.
        """
        data = self._rest + data
        packets = []
        place = 0
        while len(data) - place >= HEADER:
            if data[place : place + 4] not in MAGICS:
                raise _broken(data[place:])
            length = int.from_bytes(data[place + 4 : place + 6], "big")
            if length < HEADER:
                raise StreamBroken(f"a packet says that it has {length} bytes, its header included")
            if len(data) - place < length:
                break
            packets.append(data[place : place + length])
            place += length
        self._rest = data[place:]
        if self._rest[:4] not in _MAGIC_STARTS:
            raise _broken(self._rest)
        return packets


def _broken(data: bytes) -> StreamBroken:
    why = "no HEP3 where a packet should begin"
    try:
        decode(data)
    except BadPacket as error:
        if isinstance(error, OldVersion):
            why = error.why
    return StreamBroken(why)
