"""Addresses and ports: as people write them, and as they are compared."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final, TypeAlias

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_PLACE: Final = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})")
_BRACKETED: Final = re.compile(r"\[([^\[\]]+)\]")


def hostport(host: str, port: int) -> str:
    """Return ``host:port`` as people and protocols write it, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split(text: str) -> tuple[str, int | None]:
    """Return host and port of ``host:port``, without brackets; a port of None: there is none."""
    match = _PLACE.fullmatch(text)
    if match is not None:
        return match["six"] or match["host"], int(match["port"])
    bracketed = _BRACKETED.fullmatch(text)
    return (text if bracketed is None else bracketed[1]), None


def address(host: str) -> IpAddress:
    """Return an IP address as it is compared: no zone, no IPv4 mapped into IPv6. Raises ``ValueError`` for a name."""
    found = ipaddress.ip_address(host.partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found


def plain(host: str) -> str:
    """Return an IP address in its one canonical form; a name stays as it is."""
    try:
        return str(address(host))
    except ValueError:
        return host


def within(host: str, networks: Iterable[Network]) -> bool:
    """Whether a host is an address that belongs to one of the networks."""
    try:
        found = address(host)
    except ValueError:
        return False
    return any(found in network for network in networks)
