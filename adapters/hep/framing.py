"""HEP over TCP: a stream cut into packets by the length that each tells, without I/O."""

from __future__ import annotations

from adapters.hep.errors import BadPacket, OldVersion, StreamBroken
from adapters.hep.packets import HEADER, MAGICS, decode

_MAGIC_STARTS = frozenset(magic[:length] for magic in MAGICS for length in range(5))


class Framer:
    """One connection's stream. Keeps at most one packet that has not ended (65,535 bytes)."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def waiting(self) -> int:
        """Bytes of a packet that has begun but not ended: who lets one wait for long with them is to be cut off."""
        return len(self._buffer)

    def receive(self, data: bytes) -> list[bytes]:
        """Take what was read; return the packets that it completes, in order.

        Raises :class:`StreamBroken` if the stream can't be followed any more; what came whole before is lost with it.
        """
        buffer = self._buffer
        buffer += data  # in place: what waits is not copied for each byte of a slow sender
        packets = []
        place = 0
        while len(buffer) - place >= HEADER:
            if not buffer.startswith(MAGICS, place):
                raise _broken(bytes(buffer[place:]))
            length = int.from_bytes(buffer[place + 4 : place + 6], "big")
            if length < HEADER:
                raise StreamBroken(f"a packet says that it has {length} bytes, its header included")
            if len(buffer) - place < length:
                break
            packets.append(bytes(buffer[place : place + length]))
            place += length
        if place:
            del buffer[:place]
        if bytes(buffer[:4]) not in _MAGIC_STARTS:
            raise _broken(bytes(buffer))
        return packets


def _broken(data: bytes) -> StreamBroken:
    why = "no HEP3 where a packet should begin"
    try:
        decode(data)
    except BadPacket as error:
        if isinstance(error, OldVersion):
            why = error.why
    return StreamBroken(why)
