"""Whose leg a message is about.

======================  ==============================================================================================
to a server             a leg of whom the message is From
from a server           a leg of whom it is sent to: who is registered with that contact, else the user of the
                        Request-URI, else of To, but nobody who is known to be registered somewhere else
from server to server   a leg of whom it is From, if a phone made it (the lowest Via is no server's): a proxy passes it on
neither                 both sides: From and To
======================  ==============================================================================================
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from adapters.hep.hop import Hop
from adapters.hep.registrations import Registrations
from adapters.hep.servers import Servers, packed
from adapters.hep.watching import Watch
from adapters.sip_messages.message import Request, Response
from adapters.sip_messages.uri import Uri

Side: TypeAlias = Literal["from", "to"]
"""Which end of the request is the endpoint: who sent it, or who is to get it."""


class Party(msgspec.Struct, frozen=True, gc=False):
    """A watched endpoint that a message is about."""

    endpoint: str
    side: Side


NOBODY: Final[tuple[Party, ...]] = ()


class Parties:
    """Finds the watched endpoints that a message is about, on the hop where it was captured."""

    __slots__ = ("_registrations", "_servers", "_watch")

    def __init__(self, watch: Watch, servers: Servers, registrations: Registrations) -> None:
        self._watch = watch
        self._servers = servers
        self._registrations = registrations

    def of(self, message: Request | Response, hop: Hop) -> tuple[Party, ...]:
        """Return the parties; mostly one, or none."""
        if hop.from_server and not hop.to_server:
            endpoint = self._recipient(message, hop)
            return NOBODY if endpoint is None else (Party(endpoint, "to"),)
        if hop.from_server and self._made_by_server(hop):
            return NOBODY
        found = NOBODY
        endpoint = self._sender(message, hop)
        if endpoint is not None:
            found = (Party(endpoint, "from"),)
        if not hop.from_server and not hop.to_server:
            endpoint = self._recipient(message, hop)
            if endpoint is not None:
                found = (*found, Party(endpoint, "to"))
        return found

    def registered(self, message: Request | Response) -> str | None:
        """Return the endpoint that a REGISTER is about."""
        uri = message.to.uri
        return self._watch.lookup(uri, local=self._local(uri))

    def _sender(self, message: Request | Response, hop: Hop) -> str | None:
        """Return who a request is from. A call from a trunk's address with an agent's number as caller is no agent's.

        Only within a dialog a phone may name itself by its own address, as the server did when it called it.
        """
        uri = message.from_.uri
        endpoint = self._watch.lookup(uri, local=self._local(uri, hop.receiver.host))
        if endpoint is None and isinstance(message, Request) and message.to.tag is not None:
            endpoint = self._watch.lookup(uri, local=packed(uri.host) == hop.sender.host)
            if endpoint is not None and self._registrations.elsewhere(endpoint, hop.sender.host):
                return None
        return endpoint

    def _recipient(self, message: Request | Response, hop: Hop) -> str | None:
        registrations = self._registrations
        if isinstance(message, Request):
            target = message.target
        else:
            target = message.contacts[0].uri if message.contacts else None
        there = hop.receiver.host
        asks = isinstance(message, Request)
        endpoint = registrations.owner(target)
        if endpoint is not None:  # of those at that place the Contact tells which; but anybody can write one
            return endpoint if asks or not registrations.elsewhere(endpoint, there) else None
        for uri in (target, message.to.uri):
            endpoint = self._watch.lookup(uri, local=self._local(uri, there))
            if endpoint is not None:
                hosts = (there, packed(target.host)) if asks and target is not None else (there,)
                return None if registrations.elsewhere(endpoint, *hosts) else endpoint
        return None

    def _local(self, uri: Uri | None, *hosts: bytes) -> bool:
        """Whether a URI's host is only the place of the server, or of the phone itself."""
        if uri is None or not uri.host:
            return False
        host = packed(uri.host)
        return host in hosts or self._servers.is_host(host)

    def _made_by_server(self, hop: Hop) -> bool:
        return any(self._servers.is_host(packed(host)) for host in hop.origin)
