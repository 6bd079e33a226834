"""Where a message comes from or goes to."""

from __future__ import annotations

import ipaddress
from typing import Literal, TypeAlias

import msgspec

Transport: TypeAlias = Literal["udp", "tcp", "tls"]


class Peer(msgspec.Struct, frozen=True):
    """One end of the way that a message takes. ``connection`` tells TCP and TLS connections apart."""

    transport: Transport
    host: str
    """An IP address, as :func:`plain` writes it."""
    port: int
    connection: int = 0

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost."""
        return self.transport != "udp"


def plain(host: str) -> str:
    """Return an IP address in its one canonical form: no zone, no IPv4 mapped into IPv6. Others stay as they are."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def hostport(host: str, port: int) -> str:
    """Return ``host:port`` as SIP and people write it, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
