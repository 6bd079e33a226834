"""Where the watched endpoints are registered, by the registrar's own answers.

The 200 to a REGISTER lists all bindings of an address of record (RFC 3261 10.3), so each replaces the one before. What
a REGISTER asks for says nothing: it may be refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from adapters.hep.clock import When
from adapters.hep.endpoints import Endpoints
from adapters.hep.hop import Hop
from adapters.hep.servers import packed
from adapters.hep.watching import tokens
from adapters.sip_messages.message import Address as Contact
from adapters.sip_messages.message import Response
from adapters.sip_messages.uri import Uri

CONTACTS_LIMIT: Final = 32
"""Bindings of one endpoint that are kept."""
GRACE: Final = 32.0
"""Seconds after its end for which a binding is believed: the refresh may be on its way."""
SPACING: Final = 1.0
"""Seconds between two looks at all bindings."""
DEFAULT_EXPIRES: Final = 3_600
"""Seconds where a registrar tells none (RFC 3261 10.2.1.1)."""
FOREVER: Final = 86_400.0 * 7
"""No binding is believed for longer without a refresh."""

Key = tuple[str, bytes, int]
"""User, host and port of a contact."""


class _Bindings(msgspec.Struct):
    """One endpoint's bindings, by the newest answer."""

    at: float
    call_id: str
    cseq: int
    contacts: dict[Key, float]
    """When each ends (monotonic)."""
    hosts: frozenset[bytes]
    """Where they are: what the contacts say, and where the answer was sent."""
    stale: bool = False
    """Nothing was captured for a while since: good for knowing a contact again, not for what it says of the phone."""


class Registrations:
    """The bindings of the watched endpoints."""

    __slots__ = ("_bindings", "_endpoints", "_owners", "_soonest", "_tokens")

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._bindings: dict[str, _Bindings] = {}
        self._owners: dict[Key, str] = {}
        self._tokens: Counter[bytes] = Counter()
        """What the contacts look like at first sight; how many of them each."""
        self._soonest: float | None = None

    def owner(self, uri: Uri | None) -> str | None:
        """Return the endpoint that is registered with this contact."""
        return None if uri is None or not self._owners else self._owners.get(_key(uri))

    def elsewhere(self, endpoint: str, *hosts: bytes) -> bool:
        """Whether an endpoint is known to be registered, and at none of these hosts."""
        bindings = self._bindings.get(endpoint)
        if bindings is None or bindings.stale or not bindings.contacts:
            return False
        return bindings.hosts.isdisjoint(hosts)

    @property
    def tokens(self) -> AbstractSet[bytes]:
        """What the users (or, where there is none, the hosts) of all contacts look like at first sight."""
        return self._tokens.keys()

    def accepted(self, endpoint: str, message: Response, hop: Hop, when: When) -> None:
        """Take a 200 to a REGISTER."""
        known = self._bindings.get(endpoint)
        if known is not None and not known.stale and _older(message, when.at, known):
            return
        contacts: dict[Key, float] = {}
        for contact in message.contacts[:CONTACTS_LIMIT]:
            seconds = _expires(contact, message)
            if seconds > 0:
                contacts[_key(contact.uri)] = when.now + seconds
        if contacts:
            soonest = min(contacts.values()) + GRACE
            self._soonest = soonest if self._soonest is None else min(self._soonest, soonest)
        hosts = frozenset(key[1] for key in contacts) | {hop.sender.host}
        self._bindings[endpoint] = _Bindings(when.at, message.call_id, message.cseq, contacts, hosts)
        before = set() if known is None else set(known.contacts)
        self._own(endpoint, before, set(contacts))
        if contacts:
            self._endpoints.reachable(endpoint, when.at)
        else:
            self._endpoints.unreachable(endpoint, when.at)

    def forget(self) -> None:
        """Nothing was captured for a while: a binding may have been refreshed, moved or ended unseen."""
        self._soonest = None
        for one in self._bindings.values():
            one.stale = True

    def next_due(self) -> float | None:
        """Return when a binding may end if nothing refreshes it (monotonic); too early rather than too late."""
        return self._soonest

    def due(self, when: When) -> None:
        """End the bindings that nothing refreshed."""
        if self._soonest is None or when.now < self._soonest:
            return
        left: list[float] = []
        for endpoint, one in self._bindings.items():
            if one.stale:
                continue
            over = {key for key, end in one.contacts.items() if end + GRACE <= when.now}
            if over:
                self._own(endpoint, over, set())
                for key in over:
                    del one.contacts[key]
                if not one.contacts:
                    self._endpoints.unreachable(endpoint, when.at)
            left += one.contacts.values()
        self._soonest = max(min(left) + GRACE, when.now + SPACING) if left else None

    def _own(self, endpoint: str, before: set[Key], after: set[Key]) -> None:
        for key in before - after:
            if self._owners.get(key) == endpoint:
                del self._owners[key]
                for token in _tokens(key):
                    self._tokens[token] -= 1
                    if not self._tokens[token]:
                        del self._tokens[token]
        for key in after:
            if key not in self._owners:
                self._tokens.update(_tokens(key))
            self._owners[key] = endpoint


def _older(message: Response, at: float, known: _Bindings) -> bool:
    """Whether an answer is older than the newest: by CSeq where one phone asked, else by time."""
    if message.call_id == known.call_id:
        return message.cseq < known.cseq
    return at < known.at


def _tokens(key: Key) -> set[bytes]:
    user, host, _ = key
    return tokens(b"sip:" + (user or host.decode("latin-1")).encode() + b"@")


def _key(uri: Uri) -> Key:
    port = uri.port if uri.port is not None else (5061 if uri.scheme == "sips" else 5060)
    return uri.user or "", packed(uri.host), port


def _expires(contact: Contact, message: Response) -> float:
    """Return for how many seconds a binding lasts: the contact's own parameter, the header, the default."""
    told = contact.parameters.get("expires")
    if told is not None and told.isascii() and told.isdigit():
        return min(float(told[:12]), FOREVER)
    header = message.expires
    return min(float(DEFAULT_EXPIRES if header is None else header), FOREVER)
