"""Whom we watch, and who is meant by a URI."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from adapters.sip_messages.uri import Uri

_TOKEN: Final = re.compile(rb"(?i)(?:sips?|tel):([^@>;?\s,:]*)")
_SEPARATORS: Final = re.compile(rb"[-.()]")


class Watched(msgspec.Struct, frozen=True):
    """An endpoint that is watched: its canonical address of record (``sip:101@pbx``), or a user alone (``101``)."""

    endpoint: str
    name: str


def tokens(data: bytes) -> set[bytes]:
    """Return what could be the user of any URI in some bytes: too much rather than too little."""
    return {_SEPARATORS.sub(b"", token) for token in _TOKEN.findall(data)}


class Watch:
    """The endpoints that are watched."""

    def __init__(self, watched: Iterable[Watched]) -> None:
        self.endpoints: dict[str, Watched] = {}
        self.tokens: set[bytes] = set()
        self._users: dict[str, str] = {}
        """Endpoints that were given by their user alone."""
        self._local: dict[str, str | None] = {}
        """Endpoints by user; None: several have it."""
        for one in watched:
            endpoint = one.endpoint
            self.endpoints[endpoint] = one
            if ":" in endpoint:
                uri = Uri.parse(endpoint)
                user = uri.user or ""
                self.tokens |= tokens(endpoint.encode())
            else:
                self._users[endpoint] = endpoint
                user = endpoint
                self.tokens |= tokens(b"sip:" + endpoint.encode() + b"@")
            self._local[user] = None if user in self._local else endpoint

    def lookup(self, uri: Uri | None, *, local: bool) -> str | None:
        """Return the endpoint that a URI means. ``local``: its host is only the place where the server, or the phone, is."""
        if uri is None or not uri.user:
            return None
        endpoint = uri.aor
        if endpoint in self.endpoints:
            return endpoint
        found = self._users.get(uri.user)
        if found is None and local:
            found = self._local.get(uri.user)
        return found
