"""Which addresses are servers (the PBX, a proxy, a provider) and which are phones.

Told by the configuration, or learnt: whoever answers a REGISTER that was sent to it is a server.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from adapters.common.places import address as ip_address
from adapters.common.places import hostport
from adapters.hep.packets import Address

NAME_LIMIT: Final = 255
"""Characters of a host name (RFC 1035); longer ones are not worth remembering."""
LEARNT_LIMIT: Final = 256
"""Servers that are learnt; further ones are not."""
ASKED_LIMIT: Final = 4_096
"""REGISTERs that wait for their answer."""
PHONES_LIMIT: Final = 20_000


def packed(host: str) -> bytes:
    """Return a host as it is compared: the bytes of an IP address, or a name as it is written in lower case."""
    return _packed(host) if len(host) <= NAME_LIMIT else host.lower().encode()


@lru_cache(maxsize=8_192)
def _packed(host: str) -> bytes:
    try:
        return ip_address(host.strip("[]")).packed
    except ValueError:
        return host.lower().encode()


@lru_cache(maxsize=8_192)
def shown(address: Address) -> str:
    """Return an address for people: ``10.0.0.5:5060``."""
    return hostport(_shown_host(address.host), address.port)


def _shown_host(host: bytes) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return "?"


class Servers:
    """The servers' addresses. Configured ones are all there are: then nothing is learnt."""

    __slots__ = ("_asked", "_hosts", "_learns", "_phones", "_place_hosts", "_places", "learnt")

    def __init__(self, configured: Iterable[tuple[bytes, int | None]] = ()) -> None:
        self.learnt = 0
        """How many servers were learnt."""
        self._hosts: set[bytes] = set()
        """Hosts that are servers whatever the port."""
        self._places: set[Address] = set()
        self._place_hosts: set[bytes] = set()
        for host, port in configured:
            if port is None:
                self._hosts.add(host)
            else:
                self._places.add(Address(host, port))
                self._place_hosts.add(host)
        self._learns = not (self._hosts or self._places)
        self._asked: OrderedDict[tuple[bytes, Address], Address] = OrderedDict()
        self._phones: OrderedDict[Address, None] = OrderedDict()

    def knows(self, address: Address) -> bool:
        """Whether a server is there."""
        if address in self._places:
            return True
        return address.host in self._hosts and address not in self._phones

    def is_host(self, host: bytes) -> bool:
        """Whether a server has this address, at whatever port."""
        return host in self._hosts or host in self._place_hosts

    def shown(self) -> list[str]:
        """Return the servers for people."""
        hosts = [_shown_host(host) for host in self._hosts]
        return sorted([*hosts, *(shown(place) for place in self._places if place.host not in self._hosts)])

    def asked(self, call_id: bytes, source: Address, destination: Address) -> None:
        """A REGISTER was sent."""
        if not self._learns:
            return
        if source not in self._places:
            self._phones[source] = None
            if len(self._phones) > PHONES_LIMIT:
                self._phones.popitem(last=False)
        if destination not in self._places:
            self._asked[call_id, destination] = source
            if len(self._asked) > ASKED_LIMIT:
                self._asked.popitem(last=False)

    def answered(self, call_id: bytes, source: Address, destination: Address) -> bool:
        """A REGISTER was accepted or challenged; whether a server was learnt by it.

        An answer to what nobody asked teaches nothing. At a real address a server is one at all ports that are no
        phone's, since over TCP it calls from another port than it listens on.
        """
        if not self._learns or self._asked.get((call_id, source)) != destination:
            return False
        del self._asked[call_id, source]
        if source in self._places or len(self._places) >= LEARNT_LIMIT:
            return False
        self._places.add(source)
        self._place_hosts.add(source.host)
        self.learnt += 1
        self._phones.pop(source, None)
        loopback = source.host[:1] == b"\x7f" or source.host == _LOOPBACK_6
        if not loopback:
            self._hosts.add(source.host)
        return True


_LOOPBACK_6: Final = bytes(15) + b"\x01"
