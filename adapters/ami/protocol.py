"""AMI's wire format without I/O: bytes in, messages out; actions in, bytes out.

A message is lines ``Key: value`` that end with CR LF, and a blank line. Asterisk neither limits a message nor
keeps line breaks out of values (``main/manager.c``), so everything here is bounded and judged on bytes:
only CR LF ends a line. Whatever is malformed is dropped and counted by kind; parsing goes on at the next blank
line. Events that nobody is interested in are dropped by name before they are decoded: on a busy PBX that is
nine in ten.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from adapters.ami.errors import ActionError

_CRLF = b"\r\n"
_END = b"\r\n\r\n"
_EVENT = b"Event: "
_END_COMMAND = b"--END COMMAND--"

ACTION_LINE_LIMIT = 1023
"""Bytes of a line that Asterisk reads (``inbuf`` in manager.c)."""
ACTION_HEADER_LIMIT = 128
"""Lines of an action that Asterisk reads (``AST_MAX_MANHEADERS``)."""


_KEYS_LIMIT = 2_048
"""Spellings of header names that are remembered; hostile ones must not grow memory."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is accepted from the PBX; anything larger is dropped and counted."""

    banner: int = 1_024
    line: int = 65_536
    message: int = 1_048_576
    event_headers: int = 1_024
    response_headers: int = 65_536
    """More than for events: ``GetConfig`` answers with one header for each line of the file."""


class Message:
    """One event, list item or response.

    ``name`` is the value of the first ``Event`` header and ``response`` that of a leading ``Response`` header; one
    of the two is always empty. ``fields`` has lower-case keys; of a repeated key it has the first value.
    """

    __slots__ = ("_repeated", "fields", "name", "response")

    def __init__(
        self, fields: dict[str, str], *, response: str = "", repeated: list[tuple[str, str]] | None = None
    ) -> None:
        self.fields = fields
        self.response = response
        self.name = "" if response else fields.get("event", "")
        self._repeated = repeated

    def get(self, key: str, default: str = "") -> str:
        """Return the first value of a key (lower case)."""
        return self.fields.get(key, default)

    def get_all(self, key: str) -> list[str]:
        """Return all values of a key (lower case) in the order in which they came."""
        values = [self.fields[key]] if key in self.fields else []
        if self._repeated:
            values += [value for name, value in self._repeated if name == key]
        return values

    def __repr__(self) -> str:
        """Return the name and the keys; values may be secrets or people's numbers."""
        return f"<Message {self.name or self.response!r} {' '.join(self.fields)}>"


_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\([abfnrtv\\'\"?])")


def unescape(value: str) -> str:
    r"""Undo ``ast_escape_c`` (``O\'Brien`` -> ``O'Brien``).

    Asterisk applies it to ``CallerIDName``, ``ConnectedLineName`` and ``ChanVariable`` only
    (``main/manager_channels.c``); other values must not be unescaped.
    """
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), value)


def build_action(name: str, fields: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return the bytes of an action. Raises :class:`ActionError` for what Asterisk would misread."""
    lines = []
    for key, value in (("Action", name), *fields):
        line = f"{key}: {value}".encode()
        if not key or not key.isascii() or not key.replace("-", "").isalnum():
            raise ActionError(name, key, "this is no header name")
        if b"\r" in line or b"\n" in line or b"\0" in line:
            raise ActionError(name, key, "a line break or NUL in a value would start another header")
        if len(line) > ACTION_LINE_LIMIT:
            raise ActionError(name, key, f"{len(line)} bytes are more than the {ACTION_LINE_LIMIT} of a line")
        lines.append(line)
    if len(lines) > ACTION_HEADER_LIMIT:
        raise ActionError(name, "*", f"{len(lines)} headers are more than {ACTION_HEADER_LIMIT}")
    return _CRLF.join(lines) + _END


Sieve: TypeAlias = Mapping[bytes, tuple[bytes, bool]]
"""Event name -> a piece of a message, and whether messages with it are kept (True) or dropped (False).

Half of what a dialplan sends is ``VarSet``, of which one variable means something; this finds it unparsed.
"""


class AmiProtocol:
    """Cuts the byte stream into messages.

    ``interesting`` names the events to parse; responses are always parsed. ``sieve`` tells, for some of them, by a piece
    of the message which are worth it: see :data:`Sieve`. ``banner`` is the greeting line once it has come. ``skipped``
    counts what was malformed, by kind; ``dropped`` counts uninteresting events.
    """

    __slots__ = (
        "_buffer",
        "_discarding",
        "_in_follows",
        "_interesting",
        "_keys",
        "_limits",
        "_sieve",
        "banner",
        "dropped",
        "skipped",
    )

    def __init__(
        self, interesting: frozenset[bytes], limits: Limits | None = None, sieve: Sieve | None = None
    ) -> None:
        self.banner: str | None = None
        self.skipped: Counter[str] = Counter()
        self.dropped = 0
        self._interesting = interesting
        self._sieve = dict(sieve or {})
        self._limits = limits or Limits()
        self._buffer = bytearray()
        self._discarding = False
        self._in_follows = False
        self._keys: dict[str, str] = {}

    def receive_data(self, data: bytes) -> list[Message]:
        """Take what was read; return the messages that it completes, in order. Never raises."""
        buffer = self._buffer
        start = max(0, len(buffer) - len(_END) + 1)
        buffer += data
        if self.banner is None:
            if not self._take_banner():
                return []
            start = 0
        last = buffer.rfind(_END, start)
        if last < 0:
            self._bound_buffer()
            return []
        complete = bytes(buffer[:last])
        del buffer[: last + len(_END)]
        messages: list[Message] = []
        pieces = complete.split(_END)
        if self._discarding:
            self._discarding = False
            del pieces[0]  # the rest of a message that was too long
        for piece in pieces:
            if piece.startswith(_EVENT) and not self._means_something(piece):
                self.dropped += 1
                continue
            message = self._parse(piece)
            if message is not None:
                messages.append(message)
        self._bound_buffer()
        return messages

    def _means_something(self, piece: bytes) -> bool:
        """Whether an event is worth parsing, by its name and perhaps a piece of it."""
        end = piece.find(_CRLF)
        name = piece[7:end] if end >= 0 else piece[7:]
        if name not in self._interesting:
            return False
        sieve = self._sieve.get(name)
        return sieve is None or (sieve[0] in piece) is sieve[1]

    def _take_banner(self) -> bool:
        """Cut the first line off; whether it is there. A line that never ends is taken as far as it goes."""
        limit = self._limits.banner
        end = self._buffer.find(_CRLF)
        if end < 0 and len(self._buffer) <= limit:
            return False
        if end < 0 or end > limit:
            end = limit
        self.banner = self._buffer[:end].decode(errors="replace")
        del self._buffer[: end + len(_CRLF)]
        return True

    def _bound_buffer(self) -> None:
        """Keep what waits for its end within the limit: beyond it only the end matters."""
        buffer = self._buffer
        if len(buffer) < len(_END) + self._limits.message:
            return
        if not self._discarding:
            if buffer.startswith(_CRLF):  # a stray blank line is no part of the message
                del buffer[: len(_CRLF)]
                if len(buffer) < len(_END) + self._limits.message:
                    return
            self._discarding = True
            self.skipped["message_too_long"] += 1
        del buffer[: -len(_END) + 1]

    def _parse(self, piece: bytes) -> Message | None:
        """Return the message, or None for what is empty, malformed or uninteresting."""
        raw = piece.removeprefix(_CRLF).removesuffix(_CRLF)  # stray blank lines
        if not raw:
            return None
        if self._in_follows:
            self._in_follows = _END_COMMAND not in raw
            return None
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            self.skipped["invalid_utf8"] += 1  # only counted: the rest of the message is good
            text = raw.decode(errors="replace")
        lines = text.split("\r\n")
        fault = self._fault(raw, lines)
        if fault is not None:
            self.skipped[fault] += 1
            return None
        message = self._read_headers(lines)
        if message is None:
            self.skipped["neither_event_nor_response"] += 1
        elif message.response == "Follows":
            self._in_follows = _END_COMMAND not in raw
        elif message.name and message.name.encode() not in self._interesting:
            self.dropped += 1
            return None
        return message

    def _fault(self, raw: bytes, lines: list[str]) -> str | None:
        """Return which limit a message exceeds, if any."""
        limits = self._limits
        if len(raw) > limits.message:
            return "message_too_long"
        if len(raw) > limits.line and max(map(len, lines)) > limits.line:
            return "line_too_long"
        is_response = raw[:9].lower() == b"response:"
        if len(lines) > (limits.response_headers if is_response else limits.event_headers):
            return "too_many_headers"
        return None

    def _read_headers(self, lines: list[str]) -> Message | None:
        """Return the message that the lines make.

        Nearly all messages have known keys and none twice: those take a short way.
        """
        keys = self._keys
        repeated: list[tuple[str, str]] | None = None
        try:
            fields = {keys[key]: value for key, value in [line.split(": ", 1) for line in lines]}
        except (KeyError, ValueError):
            fields, repeated = self._read_headers_slowly(lines)
        else:
            if len(fields) != len(lines):
                fields, repeated = self._read_headers_slowly(lines)
        response = fields.get("response", "") if next(iter(fields), None) == "response" else ""
        event = fields.get("event")
        if not response:
            if not event:
                return None
            if event == "Agents":
                _repair_agents(fields)
        return Message(fields, response=response, repeated=repeated)

    def _read_headers_slowly(self, lines: list[str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
        """Return the first value of each key, and the further ones."""
        fields: dict[str, str] = {}
        repeated: list[tuple[str, str]] = []
        for line in lines:
            key, colon, value = line.partition(":")
            if not colon or not key:
                self.skipped["line_without_key"] += 1
                continue
            name = self._keys.get(key) or self._lower(key)
            if name in fields:
                repeated.append((name, value.removeprefix(" ")))
            else:
                fields[name] = value.removeprefix(" ")
        return fields, repeated

    def _lower(self, key: str) -> str:
        """Return the key in lower case, remembered: the PBX uses the same few hundred for ever."""
        name = key.lower()
        if len(self._keys) < _KEYS_LIMIT:
            self._keys[key] = name
        return name


def _repair_agents(fields: dict[str, str]) -> None:
    """Part what app_agent_pool.c glues: ``CallStarted`` ends with a lone LF, ``LoggedInTime`` follows."""
    started, newline, rest = fields.get("callstarted", "").partition("\n")
    key, colon, value = rest.partition(":")
    if newline and colon:
        fields["callstarted"] = started
        fields.setdefault(key.lower(), value.removeprefix(" "))
