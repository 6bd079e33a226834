"""One SIP message: bytes in, what it says out.

Strict by default, as one who answers has to be: whatever is wrong with a message is found at once, so that nothing of it raises
later. Lenient for those who listen in: what a telephone and its PBX understand of each other must not be lost for a stray comma.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from adapters.sip_messages.address import Address, Via
from adapters.sip_messages.errors import BadMessage, BadUri, KeepAlive
from adapters.sip_messages.lexing import TOKEN, Unreadable, is_token, items, parameters
from adapters.sip_messages.limits import NUMBER_LIMIT, SECONDS_LIMIT
from adapters.sip_messages.lines import SPELLING, Lines, cleaned, scan
from adapters.sip_messages.uri import Uri

__all__ = ["Address", "Message", "Request", "Response", "Uri", "Via", "content_type", "parse"]

_REQUEST = re.compile(rf"({TOKEN}) ([^\x00-\x20\x7f]+) SIP/([0-9]+\.[0-9]+)", re.IGNORECASE)
_RESPONSE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?", re.IGNORECASE | re.DOTALL)
_CSEQ = re.compile(rf"([0-9]{{1,10}})[ \t]+({TOKEN})")
_CALL_ID = re.compile(r"[!-~]+")
_NUMBER = re.compile(r"[0-9]+")
_TYPE = re.compile(rf"({TOKEN})[ \t]*/[ \t]*({TOKEN})")
_SPOKEN = frozenset({"sip", "sips", "tel"})
_NEEDED = ("via", "from", "to", "call-id", "cseq")
_SINGLE = (
    *("from", "to", "call-id", "cseq", "content-length", "max-forwards"),
    *("content-type", "expires", "event", "subscription-state"),
)
_NUMBERS = (("max-forwards", 255), ("expires", SECONDS_LIMIT))
_DIGITS = 10
"""More than any number has that is allowed."""
_NOBODY = Address(Uri("unreadable", "", ""))


class Message:
    """What requests and responses have in common. Made by :func:`parse`; nothing that it tells ever raises."""

    __slots__ = ("_lines", "_values", "body", "call_id", "cseq", "cseq_method", "from_", "to")

    body: bytes
    from_: Address
    to: Address
    call_id: str
    cseq: int
    cseq_method: str

    def __init__(self, lines: Lines, values: dict[str, list[str]]) -> None:
        self._lines = lines
        self._values = values
        self.body = lines.body
        self.from_ = self.to = _NOBODY
        self.call_id = self.cseq_method = ""
        self.cseq = 0

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """All headers in the order in which they came, names in full and as they are usually written, folding undone."""
        if self._lines.undecodable:
            return tuple((SPELLING.get(key, key), cleaned(value)) for key, value in self._lines.headers)
        return tuple((SPELLING.get(key, key), value) for key, value in self._lines.headers)

    def get(self, name: str) -> str | None:
        """Return the first value of a header."""
        values = self._values.get(name.lower())
        return values[0] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of a header, one for each of its lines. Lists within a line are not taken apart."""
        return tuple(self._values.get(name.lower(), ()))

    def wire(self, name: str) -> list[bytes]:
        """Return the values of a header as the bytes that came, for them to be copied into an answer."""
        key = name.lower()
        return [
            value.encode(errors="surrogateescape") for other, value in self._lines.headers if other == key
        ]

    def tokens(self, name: str) -> tuple[str, ...]:
        """Return the items of a header that is a list of tokens (Allow, Require, Supported), as they are written."""
        try:
            return tuple(item for value in self.all(name) for item in items(value) if item)
        except Unreadable:
            return ()

    def number(self, name: str) -> int | None:
        """Return the value of a header that is a number (Expires, Min-Expires, Retry-After); None if there is none.

        What follows the number (``Retry-After: 120 (a comment);duration=60``) is not looked at.
        """
        match = _NUMBER.match(self.get(name) or "")
        if match is None:
            return None
        return min(int(match[0]), SECONDS_LIMIT) if len(match[0]) <= _DIGITS else SECONDS_LIMIT

    @property
    def via(self) -> tuple[Via, ...]:
        """All hops, the topmost first; none if they can't be read (in a lenient reading only)."""
        try:
            return Via.parse_all(self._values.get("via", ()))
        except BadUri:
            return ()

    @property
    def contacts(self) -> tuple[Address, ...]:
        """The Contact headers; of ``Contact: *`` none (see :meth:`get`)."""
        try:
            return _contacts(self._values)
        except BadUri:
            return ()

    @property
    def record_routes(self) -> tuple[str, ...]:
        """The values of Record-Route, one by one, as they are written."""
        try:
            return tuple(item for value in self._values.get("record-route", ()) for item in items(value))
        except Unreadable:
            return ()

    @property
    def content_type(self) -> str | None:
        """``type/subtype`` in lower case."""
        try:
            return content_type(self._values["content-type"][0])[0]
        except (KeyError, Unreadable):
            return None

    @property
    def content_parameters(self) -> Mapping[str, str]:
        """The parameters of Content-Type: names in lower case, values unquoted."""
        try:
            return content_type(self._values["content-type"][0])[1]
        except (KeyError, Unreadable):
            return {}

    @property
    def expires(self) -> int | None:
        """The Expires header in seconds."""
        return self.number("expires")

    @property
    def event(self) -> tuple[str, str | None] | None:
        """The event package (lower case) and the ``id`` of the Event header."""
        try:
            return _event(self._values["event"][0])
        except (KeyError, Unreadable):
            return None


class Request(Message):
    """A request."""

    __slots__ = ("method", "target", "uri")

    method: str
    uri: str
    """The Request-URI as it came."""
    target: Uri | None
    """The Request-URI by its parts; None for a scheme that is none of sip, sips and tel: answer 416."""

    def __repr__(self) -> str:
        """Return what it is; the rest may be people's numbers."""
        return f"<Request {self.method} {self.cseq}>"


class Response(Message):
    """A response."""

    __slots__ = ("reason", "status")

    status: int
    reason: str

    def __repr__(self) -> str:
        """Return what it is; the rest may be people's numbers."""
        return f"<Response {self.status} to {self.cseq_method} {self.cseq}>"


def parse(data: bytes, *, lenient: bool = False) -> Request | Response:
    """Return the message that a datagram, or what :class:`.framing.Framer` gave, is; raise :class:`.BadMessage` for all else.

    ``lenient`` is for those who listen in on others' messages: optional headers that can't be read count as absent, and a body
    may be shorter than announced. What all messages must have is asked for all the same.
    """
    if not data.strip(b"\r\n\0 \t"):
        raise KeepAlive
    lines = scan(data)
    values: dict[str, list[str]] = {}
    for key, value in lines.headers:
        known = values.get(key)
        if known is None:
            values[key] = [value]
        else:
            known.append(value)
    if lines.undecodable:
        values = {key: [cleaned(value) for value in found] for key, found in values.items()}
        lines.start = cleaned(lines.start)
    match = _RESPONSE.fullmatch(lines.start)
    if match is not None:
        response = Response(lines, values)
        response.status = int(match[1])
        response.reason = match[2] or ""
        try:
            _check(response, lines, lenient=lenient)
        except _Wrong as wrong:
            raise BadMessage(wrong.why) from None
        return response
    return _request(lines, values, lenient=lenient)


class _Wrong(Exception):
    """What is wrong with a message: ``why`` and the ``status`` to answer."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


def _request(lines: Lines, values: dict[str, list[str]], *, lenient: bool) -> Request:
    request = Request(lines, values)
    request.method = request.uri = ""
    request.target = None
    try:
        _check_start(request, lines)
        _check(request, lines, lenient=lenient)
        _check_target(request, lenient=lenient)
    except _Wrong as wrong:
        _refuse(request, wrong, values)
    return request


def _check_start(request: Request, lines: Lines) -> None:
    match = _REQUEST.fullmatch(lines.start)
    if match is None:
        word = lines.start.split(" ", 1)[0]
        request.method = word if is_token(word) else ""
        raise _Wrong(lines.flaw or "the start line is neither a request's nor a response's", lines.status)
    request.method, request.uri, version = match.groups()
    if version != "2.0":
        raise _Wrong("another version than SIP/2.0", 505)


def _check_target(request: Request, *, lenient: bool) -> None:
    if request.method != request.cseq_method:
        raise _Wrong("CSeq names another method than the start line")
    try:
        target = Uri.parse(request.uri)
    except BadUri as problem:
        if lenient:
            return
        raise _Wrong(f"the Request-URI: {problem}") from None
    if target.scheme in _SPOKEN:
        request.target = target
        if not lenient and "?" in request.uri.rpartition("@")[2]:
            raise _Wrong("the Request-URI has headers")


def _refuse(request: Request, wrong: _Wrong, values: dict[str, list[str]]) -> NoReturn:
    """Raise :class:`.BadMessage` with what an answer needs, if there may be one."""
    if not request.method or request.method == "ACK" or not all(values.get(key, [""])[0] for key in _NEEDED):
        raise BadMessage(wrong.why) from None
    request.body = b""
    raise BadMessage(wrong.why, wrong.status, request) from None


def _check(message: Message, lines: Lines, *, lenient: bool) -> None:
    """Read what every message has, and with a strict reading all that could raise later."""
    if lines.flaw is not None:
        raise _Wrong(lines.flaw, lines.status)
    values = message._values  # noqa: SLF001 - it is being made here
    for key in _NEEDED:
        if key not in values:
            raise _Wrong(f"there is no {SPELLING[key]}")
    match = _CSEQ.fullmatch(values["cseq"][0])
    if match is None or int(match[1]) > NUMBER_LIMIT:
        raise _Wrong("CSeq is not a number below 2**31 and a method")
    message.cseq, message.cseq_method = int(match[1]), match[2]
    message.call_id = values["call-id"][0]
    if not _CALL_ID.fullmatch(message.call_id):
        raise _Wrong("the Call-ID is empty or has characters in it that none has")
    try:
        message.from_ = Address.parse(values["from"][0])
        message.to = Address.parse(values["to"][0])
        if not lenient:
            Via.parse_all(values["via"])
            _contacts(values)
    except BadUri as problem:
        raise _Wrong(str(problem)) from None
    if not lenient:
        _check_optional(lines, values)
    _cut_body(message, values, lenient=lenient)


def _check_optional(lines: Lines, values: dict[str, list[str]]) -> None:
    if lines.unreadable:
        raise _Wrong("a line among the headers is none")
    for key in _SINGLE:
        if len(values.get(key, ())) > 1:
            raise _Wrong(f"more than one {SPELLING[key]}")
    for key, largest in _NUMBERS:
        text = values[key][0] if key in values else "0"
        if not _NUMBER.fullmatch(text) or len(text) > _DIGITS or int(text) > largest:
            raise _Wrong(f"{SPELLING[key]} is not a number up to {largest}")
    try:
        for value in values.get("content-type", ()):
            content_type(value)
        for value in values.get("event", ()):
            _event(value)
        for value in values.get("record-route", ()):
            items(value)
    except Unreadable as problem:
        raise _Wrong(str(problem)) from None


def _cut_body(message: Message, values: dict[str, list[str]], *, lenient: bool) -> None:
    """Cut off what follows the body in a datagram (RFC 3261 18.3)."""
    if "content-length" not in values:
        return
    text = values["content-length"][0]
    if not _NUMBER.fullmatch(text) or len(text) > _DIGITS:
        if lenient:
            return
        raise _Wrong("Content-Length is no number")
    length = int(text)
    if length < len(message.body):
        message.body = message.body[:length]
    elif length > len(message.body) and not lenient:
        raise _Wrong("the body is shorter than Content-Length says")


def _contacts(values: dict[str, list[str]]) -> tuple[Address, ...]:
    found = values.get("contact")
    if found is None or found == ["*"]:
        return ()
    return Address.parse_all(found)


def _event(text: str) -> tuple[str, str | None]:
    package = text.partition(";")[0]
    name = package.rstrip(" \t")
    if not is_token(name):
        raise Unreadable("Event names no package")
    return name.lower(), parameters(text, len(package)).get("id")


def content_type(text: str) -> tuple[str, dict[str, str]]:
    """Return the type and the parameters that a Content-Type header says; raises :class:`.lexing.Unreadable`."""
    match = _TYPE.match(text)
    if match is None:
        raise Unreadable("Content-Type is not type/subtype")
    found = parameters(text, match.end())
    return f"{match[1]}/{match[2]}".lower(), {
        name: value for name, value in found.items() if value is not None
    }
