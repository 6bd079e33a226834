"""Where webhooks don't go: link-local addresses and those at which clouds hand credentials to whoever asks.

Receivers live on private networks and on this machine, so those are fine. What is never a receiver is the metadata
service of a cloud: a mistyped or planted name must not make the service ask there. The check is made where the socket
for one address is made, so it is of the very address that is connected to, however it was written or resolved.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

REFUSED = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "fe80::/10",
        "fd00:ec2::254/128",  # the metadata service of AWS over IPv6
        "100.100.100.200/32",  # that of Alibaba Cloud
    )
)
_NAT64 = ip_network("64:ff9b::/96")
"""IPv6 addresses that lead to the IPv4 address in their last 32 bits (RFC 6052)."""
_COMPATIBLE = ip_network("::/96")
"""The same, long out of use (RFC 4291, 2.5.5.1)."""


class AddressRefused(OSError):
    """A webhook's name or address leads where webhooks don't go."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is a link-local or metadata address, to which webhooks are not sent")
        self.address = address


def refused(host: str) -> bool:
    """Return whether a host is written as an address that is refused; of a name nothing is said."""
    try:
        address = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        try:
            # As the system reads them: 2852039166, 0xA9FEA9FE and 169.254.43518 are all 169.254.169.254.
            address = IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return False
    return any(
        one in network for one in _meant(address) for network in REFUSED if one.version == network.version
    )


def open_socket(info: tuple[Any, ...]) -> socket.socket:
    """Return a socket for an address as ``getaddrinfo`` gives it. Raises :class:`AddressRefused`."""
    family, kind, protocol, _, address = info
    if refused(str(address[0])):
        raise AddressRefused(str(address[0]))
    return socket.socket(family, kind, protocol)


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return the address and the IPv4 addresses that are inside it."""
    meant: list[IPv4Address | IPv6Address] = [address]
    if isinstance(address, IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour]
        if address in _NAT64 or address in _COMPATIBLE:
            inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
        meant += [one for one in inner if one is not None]
    return meant
