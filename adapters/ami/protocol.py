"""AMI's wire format without I/O: bytes in, messages out.

A message is lines ``Key: value`` that end with CR LF, and a blank line. Asterisk neither limits a message nor
keeps line breaks out of values (``main/manager.c``), so everything here is bounded and judged on bytes:
only CR LF ends a line. Whatever is malformed is dropped and counted by kind; parsing goes on at the next blank
line. Events that nobody is interested in are dropped by name before they are decoded: on a busy PBX that is
nine in ten. What is left is mostly of a layout that was met before (:mod:`.layouts`); the rest is parsed with care.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from adapters.ami.layouts import Layouts
from adapters.ami.message import Message

_CRLF = b"\r\n"
_END = b"\r\n\r\n"
_EVENT = b"Event: "
_END_COMMAND = b"--END COMMAND--"

_JOINED = 65_536
"""Bytes that wait for their end which may be copied with each read."""
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


Sieve: TypeAlias = Mapping[bytes, tuple[bytes, bool]]
"""Event name -> a piece of a message, and whether messages with it are kept (True) or dropped (False).

Half of what a dialplan sends is ``VarSet``, of which one variable means something; this finds it unparsed.
"""


class _Event:
    """What the protocol does with the events of one name."""

    __slots__ = ("layouts", "sieve")

    def __init__(self, sieve: tuple[bytes, bool] | None) -> None:
        self.layouts = Layouts()
        self.sieve = sieve


class AmiProtocol:
    """Cuts the byte stream into messages.

    ``interesting`` names the events to parse; responses are always parsed. ``sieve`` tells, for some of them, by a piece
    of the message which are worth it: see :data:`Sieve`. ``banner`` is the greeting line once it has come. ``skipped``
    counts what was malformed, by kind; ``dropped`` counts uninteresting events.
    """

    __slots__ = (
        "_buffer",
        "_discarding",
        "_events",
        "_in_follows",
        "_keys",
        "_limits",
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
        self._events = {_EVENT + name: _Event((sieve or {}).get(name)) for name in interesting}
        """The interesting events by their first line."""
        self._limits = limits or Limits()
        self._buffer = bytearray()
        self._discarding = False
        self._in_follows = False
        self._keys: dict[str, str] = {}

    def receive_data(self, data: bytes) -> list[Message]:
        """Take what was read; return the messages that it completes, in order. Never raises."""
        buffer = self._buffer
        if self.banner is None:
            buffer += data
            if not self._take_banner():
                return []
            data = bytes(buffer)
            buffer.clear()
        if len(buffer) > _JOINED:  # a very long message: look for its end in what is new alone
            start = len(buffer) - len(_END) + 1
            buffer += data
            if buffer.find(_END, start) < 0:
                self._bound_buffer()
                return []
            data = b""
        pieces = (bytes(buffer) + data).split(_END)
        buffer[:] = pieces.pop()
        if self._discarding and pieces:
            self._discarding = False
            del pieces[0]  # the rest of a message that was too long
        messages = self._read(pieces) if pieces else []
        self._bound_buffer()
        return messages

    def _read(self, pieces: list[bytes]) -> list[Message]:
        """Return the messages that are worth it. This loop runs for all that a PBX says: it is kept short."""
        messages: list[Message] = []
        events, line_limit = self._events, self._limits.line
        for piece in pieces:
            event = events.get(piece.partition(_CRLF)[0])
            if event is None:
                if piece.startswith(_EVENT):
                    self.dropped += 1
                    continue
                message = self._parse(piece)
            else:
                sieve = event.sieve
                if sieve is not None and (sieve[0] in piece) is not sieve[1]:
                    self.dropped += 1
                    continue
                fields = None  # whatever is out of the ordinary is left to the careful parse
                if len(piece) <= line_limit and not self._in_follows:
                    fields = event.layouts.read(piece)
                message = self._parse(piece) if fields is None else Message(fields["event"], fields)
            if message is not None:
                messages.append(message)
        return messages

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
        elif message.name and _EVENT + message.name.encode() not in self._events:
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
        """Return the message that the lines make."""
        keys = self._keys
        repeated: tuple[tuple[str, str], ...] = ()
        try:  # nearly all messages have known keys and none twice
            fields = {keys[key]: value for key, value in [line.split(": ", 1) for line in lines]}
        except (KeyError, ValueError):
            fields, repeated = self._read_headers_slowly(lines)
        else:
            if len(fields) != len(lines):
                fields, repeated = self._read_headers_slowly(lines)
            else:
                self._learn(lines)
        response = fields.get("response", "") if next(iter(fields), None) == "response" else ""
        if response:
            return Message("", fields, response, repeated)
        event = fields.get("event")
        if not event:
            return None
        if event == _GLUED:
            _repair_agents(fields)
        return Message(event, fields, "", repeated)

    def _learn(self, lines: list[str]) -> None:
        """Remember the layout of an event, so that its like need no parsing."""
        event = self._events.get(lines[0].encode())
        if event is not None and not lines[0].endswith(_GLUED):
            event.layouts.learn([line.partition(":")[0] for line in lines])

    def _read_headers_slowly(self, lines: list[str]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
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
        return fields, tuple(repeated)

    def _lower(self, key: str) -> str:
        """Return the key in lower case, remembered: the PBX uses the same few hundred for ever."""
        name = key.lower()
        if len(self._keys) < _KEYS_LIMIT:
            self._keys[key] = name
        return name


_GLUED = "Agents"
"""The event whose lines Asterisk glues."""


def _repair_agents(fields: dict[str, str]) -> None:
    """Part what app_agent_pool.c glues: ``CallStarted`` ends with a lone LF, ``LoggedInTime`` follows."""
    started, newline, rest = fields.get("callstarted", "").partition("\n")
    key, colon, value = rest.partition(":")
    if newline and colon:
        fields["callstarted"] = started
        fields.setdefault(key.lower(), value.removeprefix(" "))
