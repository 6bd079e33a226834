"""Who and by which way: the values of From, To, Contact and Via."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.lexing import HOST, QUOTED, TOKEN, Unreadable, items, parameters, unescaped
from adapters.sip_messages.limits import HEADERS_LIMIT
from adapters.sip_messages.uri import Uri

# Unquoted names are read more widely than RFC 3261 allows (it has only tokens): telephones write them in their users' script.
_NAME_ADDR = re.compile(rf'(?:{QUOTED}[ \t]*|([^"<>,;:@\\\x00-\x08\x0a-\x1f\x7f]*))<([^<>]*)>', re.DOTALL)
_ADDR_SPEC = re.compile(r'[^;,?<>" \t]+')
_VIA = re.compile(
    rf"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*({TOKEN})[ \t]+({HOST})(?:[ \t]*:[ \t]*([0-9]{{1,5}}))?",
    re.IGNORECASE,
)
_PORTS = 65_535


class Address(msgspec.Struct, frozen=True):
    """The value of a From, To or Contact header, and of others of their kind (Refer-To, P-Asserted-Identity)."""

    uri: Uri
    name: str | None = None
    """The display name, unquoted."""
    parameters: Mapping[str, str | None] = {}
    """Those after the URI (tag, expires, +sip.instance …): names in lower case, values unquoted."""
    uri_text: str = ""
    """The URI as it was written: what requests to a Contact have to be sent to."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the one address that a text is; raise :class:`.BadUri` if it is none."""
        text = text.strip(" \t")
        match = _NAME_ADDR.match(text)
        if match is not None:
            inside, plain, written = match.groups()
            name = unescaped(inside) if inside is not None else plain.strip(" \t")
        else:  # without angle brackets all parameters are the header's, and the URI has neither commas nor headers
            match = _ADDR_SPEC.match(text)
            if match is None:
                raise BadUri("this is no address")
            written, name = match[0], ""
        uri = Uri.parse(written)
        end = match.end()
        try:
            found = parameters(text, end) if end < len(text) else {}
        except Unreadable as problem:
            raise BadUri(f"an address: {problem}") from None
        return cls(uri, name or None, found, written)

    @classmethod
    def parse_all(cls, values: Iterable[str]) -> tuple[Address, ...]:
        """Return the addresses of all values of a header; raise :class:`.BadUri` if one is none, or there are too many."""
        try:
            found = tuple(cls.parse(item) for value in values for item in items(value))
        except Unreadable as problem:
            raise BadUri(f"an address: {problem}") from None
        if len(found) > HEADERS_LIMIT:
            raise BadUri(f"more than {HEADERS_LIMIT} addresses")
        return found

    @property
    def tag(self) -> str | None:
        """The tag, if there is one."""
        return self.parameters.get("tag")


class Via(msgspec.Struct, frozen=True):
    """One hop of a Via header."""

    transport: str
    """Upper case."""
    host: str
    port: int | None
    branch: str | None
    parameters: Mapping[str, str | None] = {}

    @classmethod
    def parse(cls, text: str) -> Via:
        """Return the one hop that a text is; raise :class:`.BadUri` if it is none."""
        match = _VIA.match(text)
        if match is None:
            raise BadUri("a Via can't be read")
        transport, host, port = match.groups()
        if port and int(port) > _PORTS:
            raise BadUri("a Via has a port that doesn't exist")
        try:
            found = parameters(text, match.end())
        except Unreadable as problem:
            raise BadUri(f"a Via: {problem}") from None
        return cls(transport.upper(), host.lower(), int(port) if port else None, found.get("branch"), found)

    @classmethod
    def parse_all(cls, values: Iterable[str]) -> tuple[Via, ...]:
        """Return the hops of all Via headers, the topmost first; raise :class:`.BadUri`."""
        try:
            found = tuple(cls.parse(item) for value in values for item in items(value))
        except Unreadable as problem:
            raise BadUri(f"a Via: {problem}") from None
        if len(found) > HEADERS_LIMIT:
            raise BadUri(f"more than {HEADERS_LIMIT} hops")
        return found
