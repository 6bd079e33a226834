"""URIs: sip, sips and tel by their parts, others as opaque text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

import msgspec
from sipmessage import grammar

from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.lexing import HOST
from adapters.sip_messages.limits import LINE_LIMIT, PARAMETERS_LIMIT

_ESCAPED = "%[0-9A-Fa-f]{2}"
_BEYOND = "#\x80-\U0010ffff"
"""Not allowed unescaped, but telephones write them: ``sip:*72#@pbx``, and names in their users' script."""


def _run(characters: str, beyond: str = "") -> str:
    """Return a pattern of one or more of these characters, escaped or not; possessive, so that it never takes long."""
    return f"(?:{grammar.cset(characters)[:-1]}{beyond}]++|{_ESCAPED})++"


_SIP = re.compile(
    "(sips?):"
    f"(?:({_run(grammar.C_USER_SAFE, _BEYOND)})(?::(?:{_run(grammar.C_PASSWORD_SAFE)})?)?@)?"
    f"({HOST})(?::([0-9]{{1,5}}))?"
    f"((?:;{_run(grammar.C_URI_PARAM_SAFE, _BEYOND)}(?:=(?:{_run(grammar.C_URI_PARAM_SAFE, _BEYOND)})?)?)*)"
    r'(?:\?[^\x00-\x20<>"\x7f]*)?',
    re.IGNORECASE,
)
_TEL = re.compile(
    rf"tel:(\+?[0-9A-F*#().-]+)((?:;{_run(grammar.C_URI_PARAM_SAFE)}(?:={_run(grammar.C_URI_PARAM_SAFE)})?)*)",
    re.IGNORECASE,
)
_OTHER = re.compile(r'([A-Za-z][A-Za-z0-9+.-]*):([^\x00-\x20<>"\x7f]+)')
_SEPARATORS = str.maketrans("", "", "-.()")
_PORTS = 65_535


class Uri(msgspec.Struct, frozen=True):
    """A URI. Of a scheme other than sip and sips, ``user`` is all that follows the colon and ``host`` is empty.

    Passwords and headers (``?Route=…``) are read over: nobody here needs them.
    """

    scheme: str
    """Lower case."""
    user: str | None
    """Unescaped; of a telephone number without visual separators."""
    host: str
    """Lower case; an IPv6 address in brackets and in its shortest form."""
    port: int | None = None
    parameters: Mapping[str, str | None] = {}
    """Names in lower case, values unescaped."""

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Return the URI that a text is, or raise :class:`.BadUri`."""
        if len(text) > LINE_LIMIT:
            raise BadUri(f"a URI of more than {LINE_LIMIT} characters")
        match = _SIP.fullmatch(text)
        if match is not None:
            scheme, user, host, port, parameters = match.groups()
            return cls(
                scheme.lower(),
                _unescaped(user) if user is not None else None,
                _ipv6(host) if host[0] == "[" else host.lower(),
                _port(port) if port else None,
                _parameters(parameters) if parameters else {},
            )
        match = _TEL.fullmatch(text)
        if match is not None:
            number = match[1].translate(_SEPARATORS)
            if not number.strip("+"):
                raise BadUri("a telephone number without digits")
            return cls("tel", number, "", None, _parameters(match[2]))
        match = _OTHER.fullmatch(text)
        if match is None:
            raise BadUri("this is no URI")
        scheme = match[1].lower()
        if scheme in {"sip", "sips", "tel"}:
            raise BadUri(f"this is no {scheme} URI")
        return cls(scheme, match[2], "")

    @property
    def aor(self) -> str:
        """The canonical address of record: ``sip:101@pbx.example.org``; no port, no parameters, sips as sip; ``tel:+7495…``.

        What may stand unescaped in a user does: two spellings of one address have one canonical form.
        """
        if not self.host:
            return f"{self.scheme}:{self.user}"
        user = "" if self.user is None else quote(self.user, safe=grammar.C_USER_SAFE) + "@"
        return f"sip:{user}{self.host}"

    def __str__(self) -> str:
        """Return the URI as text, escaped as it has to be (without password and headers)."""
        if self.host:
            user = "" if self.user is None else quote(self.user, safe=grammar.C_USER_SAFE) + "@"
            text = f"{self.scheme}:{user}{self.host}" + ("" if self.port is None else f":{self.port}")
        else:
            text = f"{self.scheme}:{self.user}"
        for name, value in self.parameters.items():
            text += ";" + quote(name, safe=grammar.C_URI_PARAM_SAFE)
            if value is not None:
                text += "=" + quote(value, safe=grammar.C_URI_PARAM_SAFE)
        return text


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:  # two different users must not become one
        return unquote(text, encoding="latin-1")


def _ipv6(host: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
    except ValueError:
        raise BadUri("the host is no IPv6 address") from None


def _port(text: str) -> int:
    port = int(text)
    if port > _PORTS:
        raise BadUri("there is no such port")
    return port


def _parameters(text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for piece in text.split(";")[1:]:
        name, equals, value = piece.partition("=")
        found.setdefault(_unescaped(name).lower(), _unescaped(value) if equals else None)
    if len(found) > PARAMETERS_LIMIT:
        raise BadUri(f"more than {PARAMETERS_LIMIT} parameters")
    return found
