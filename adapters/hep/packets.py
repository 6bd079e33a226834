"""HEPv3 packets: bytes to what was captured, and back.

Source: HEP3 Network Protocol Specification, revision 37 (sipcapture/HEP). ``HEP3``, a 16-bit total length, then chunks of
16-bit vendor, type and length (header included). A chunk that we don't know is skipped, as the specification asks.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

import msgspec

from adapters.hep.errors import BadPacket, OldVersion

MAGIC: Final = b"HEP3"
MAGICS: Final = (MAGIC, b"EEP3")
"""The second is the name that the protocol's draft gives itself."""
HEADER: Final = 6
PACKET_LIMIT: Final = 65_535
"""The largest total length that the header can tell."""
INFLATED_LIMIT: Final = 65_536
"""Bytes of a compressed payload: no SIP message that is looked at is larger."""

SIP: Final = 1
"""The type (chunk 0x0b) of a SIP message."""
UDP: Final = 17
INET: Final = 2
INET6: Final = 10

_FAMILY, _PROTOCOL = 0x01, 0x02
_SOURCE_4, _DESTINATION_4, _SOURCE_6, _DESTINATION_6 = 0x03, 0x04, 0x05, 0x06
_SOURCE_PORT, _DESTINATION_PORT = 0x07, 0x08
_SECONDS, _MICROSECONDS = 0x09, 0x0A
_TYPE, _AGENT = 0x0B, 0x0C
_KEY, _PAYLOAD, _COMPRESSED, _CORRELATION, _AGENT_NAME = 0x0E, 0x0F, 0x10, 0x11, 0x13

_SIZES: Final[dict[int, int]] = {
    _FAMILY: 1,
    _PROTOCOL: 1,
    _SOURCE_4: 4,
    _DESTINATION_4: 4,
    _SOURCE_6: 16,
    _DESTINATION_6: 16,
    _SOURCE_PORT: 2,
    _DESTINATION_PORT: 2,
    _SECONDS: 4,
    _MICROSECONDS: 4,
    _TYPE: 1,
    _AGENT: 4,
    _KEY: -1,
    _PAYLOAD: -1,
    _COMPRESSED: -1,
    _CORRELATION: -1,
    _AGENT_NAME: -1,
}
"""Bytes of the chunks that are read; -1: any number."""

_MAPPED: Final = bytes(10) + b"\xff\xff"
"""How an IPv4 address begins that is written as an IPv6 one."""

_CHUNK = struct.Struct("!HHH")


class Address(msgspec.Struct, frozen=True, gc=False):
    """One end of a captured packet: the address as it is on the wire (4 or 16 bytes; empty: not told) and the port."""

    host: bytes
    port: int


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """What was captured, and by whom."""

    source: Address
    destination: Address
    protocol: int = UDP
    stamp: float = 0.0
    """When, in unix seconds of the capture agent's clock; 0: not told."""
    type: int = SIP
    agent: int = 0
    """The capture agent's id."""
    agent_name: bytes = b""
    key: bytes | None = None
    payload: bytes = b""
    correlation: bytes = b""


def decode(data: bytes) -> Packet:
    """Return the packet that a datagram is. Raises :class:`BadPacket` (:class:`OldVersion`) for all else."""
    if data[:4] not in MAGICS:
        raise _stranger(data)
    if len(data) < HEADER:
        raise BadPacket("the packet ends in its header")
    told = int.from_bytes(data[4:6], "big")
    if told < HEADER or told > len(data):
        raise BadPacket(f"the packet says {told} bytes and has {len(data)}")
    chunks = _chunks(data, told)
    get = chunks.get
    number = int.from_bytes
    source = _host(get(_SOURCE_4) or get(_SOURCE_6, b""))
    destination = _host(get(_DESTINATION_4) or get(_DESTINATION_6, b""))
    payload = get(_PAYLOAD)
    if payload is None:
        compressed = get(_COMPRESSED)
        payload = b"" if compressed is None else _inflate(compressed)
    return Packet(
        source=Address(source, number(get(_SOURCE_PORT, b""), "big")),
        destination=Address(destination, number(get(_DESTINATION_PORT, b""), "big")),
        protocol=number(get(_PROTOCOL, b"\x11"), "big"),
        stamp=number(get(_SECONDS, b""), "big") + number(get(_MICROSECONDS, b""), "big") / 1e6,
        type=number(get(_TYPE, b""), "big"),
        agent=number(get(_AGENT, b""), "big"),
        agent_name=get(_AGENT_NAME, b""),
        key=get(_KEY),
        payload=payload,
        correlation=get(_CORRELATION, b""),
    )


def encode(packet: Packet) -> bytes:
    """Return a packet as bytes. Raises :class:`BadPacket` for what does not fit into one."""
    six = len(packet.source.host) == 16
    seconds = int(packet.stamp)
    parts = [
        _chunk(_FAMILY, bytes([INET6 if six else INET])),
        _chunk(_PROTOCOL, bytes([packet.protocol])),
        _chunk(_SOURCE_6 if six else _SOURCE_4, packet.source.host),
        _chunk(_DESTINATION_6 if six else _DESTINATION_4, packet.destination.host),
        _chunk(_SOURCE_PORT, packet.source.port.to_bytes(2, "big")),
        _chunk(_DESTINATION_PORT, packet.destination.port.to_bytes(2, "big")),
        _chunk(_SECONDS, seconds.to_bytes(4, "big")),
        _chunk(_MICROSECONDS, min(round((packet.stamp - seconds) * 1e6), 999_999).to_bytes(4, "big")),
        _chunk(_TYPE, bytes([packet.type])),
        _chunk(_AGENT, packet.agent.to_bytes(4, "big")),
    ]
    if packet.key is not None:
        parts.append(_chunk(_KEY, packet.key))
    if packet.correlation:
        parts.append(_chunk(_CORRELATION, packet.correlation))
    if packet.agent_name:
        parts.append(_chunk(_AGENT_NAME, packet.agent_name))
    parts.append(_chunk(_PAYLOAD, packet.payload))
    length = HEADER + sum(map(len, parts))
    if length > PACKET_LIMIT:
        raise BadPacket(f"{length} bytes do not fit into a packet")
    return b"".join((MAGIC, length.to_bytes(2, "big"), *parts))


def _chunks(data: bytes, end: int) -> dict[int, bytes]:
    """Return the generic chunks by type: the first of each kind counts."""
    found: dict[int, bytes] = {}
    place = HEADER
    unpack = _CHUNK.unpack_from
    while place < end:
        if end - place < HEADER:
            raise BadPacket("the packet ends in a chunk's header")
        vendor, kind, length = unpack(data, place)
        if length < HEADER or length > end - place:
            raise BadPacket(f"a chunk of type {kind} says {length} bytes where {end - place} are left")
        size = None if vendor else _SIZES.get(kind)
        if size is not None and kind not in found:
            if size not in (-1, length - HEADER):
                raise BadPacket(f"a chunk of type {kind} has {length - HEADER} bytes, not {size}")
            found[kind] = data[place + HEADER : place + length]
        place += length
    return found


def _chunk(kind: int, value: bytes) -> bytes:
    if HEADER + len(value) > PACKET_LIMIT:
        raise BadPacket(f"{len(value)} bytes do not fit into a chunk")
    return _CHUNK.pack(0, kind, HEADER + len(value)) + value


def _host(told: bytes) -> bytes:
    return told[12:] if len(told) == 16 and told.startswith(_MAPPED) else told


def _inflate(compressed: bytes) -> bytes:
    """Return the payload in zlib's or gzip's form, as far as it is no bomb."""
    inflater = zlib.decompressobj(wbits=47)
    try:
        payload = inflater.decompress(compressed, INFLATED_LIMIT)
    except zlib.error:
        raise BadPacket("the compressed payload can't be inflated") from None
    if inflater.unconsumed_tail:
        raise BadPacket(f"the compressed payload has more than {INFLATED_LIMIT} bytes")
    if not inflater.eof:
        raise BadPacket("the compressed payload is cut off")
    return payload


def _stranger(data: bytes) -> BadPacket:
    """Return what is wrong with a packet that is none: the old versions begin with version, header length and family."""
    if len(data) >= 16 and data[0] in (1, 2) and data[2] in (INET, INET6) and data[1] >= 16:
        return OldVersion(data[0])
    return BadPacket("this is no HEP packet")
