"""Whole messages out of a TCP stream (RFC 3261 18.3), without I/O."""

from __future__ import annotations

import re

from adapters.sip_messages.errors import StreamBroken
from adapters.sip_messages.limits import BODY_LIMIT, HEAD_LIMIT

_END = b"\r\n\r\n"
_BLANK_LINES = re.compile(rb"(?:\r\n)*")
_FOLD = re.compile(rb"\r\n[ \t]+")
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_NUMBER = re.compile(rb"([0-9]{1,10})[ \t]*")


class Framer:
    """Cuts one connection's stream into messages, which :func:`.message.parse` then reads.

    ``pings`` counts the keep-alives (CRLF CRLF, RFC 5626) that came; who answers them may set it back to 0. One read can bring
    thousands: one answer is enough.

    Holds one message that has begun, :data:`.limits.STREAM_MESSAGE_LIMIT` at most, and what one read brought after it.
    """

    __slots__ = ("_begun", "_blank", "_buffer", "_needed", "_searched", "pings")

    def __init__(self) -> None:
        self.pings = 0
        self._buffer = bytearray()
        self._begun = False
        """The buffer begins with a message, not with the blank lines before it."""
        self._blank = 0
        """Blank lines since the last message or ping: 0 or 1."""
        self._searched = 0
        """Bytes of the buffer in which the headers don't end."""
        self._needed = 0
        """Bytes of the message, once its headers are there."""

    def receive(self, data: bytes) -> list[bytes]:
        """Take what was read; return the messages that it completes, in order.

        Raises :class:`.StreamBroken` if the stream can't be followed any more; what came whole before is lost with it.
        """
        buffer = self._buffer
        buffer += data
        found = []
        position = 0
        while True:
            if not self._begun:
                position = self._skip_blank_lines(position)
                if not self._begun:
                    break
            if not self._needed and not self._find_length(position):
                break
            if len(buffer) - position < self._needed:
                break
            found.append(bytes(buffer[position : position + self._needed]))
            position += self._needed
            self._begun = False
            self._needed = self._searched = 0
        del buffer[:position]
        return found

    @property
    def waiting(self) -> int:
        """Bytes of a message that has begun but not ended: who lets one wait for long with them is to be cut off."""
        return len(self._buffer)

    def _skip_blank_lines(self, position: int) -> int:
        """Pass over blank lines; return where what follows them begins."""
        match = _BLANK_LINES.match(self._buffer, position)
        end = match.end() if match else position
        pings, self._blank = divmod(self._blank + (end - position) // 2, 2)
        self.pings += pings
        rest = bytes(self._buffer[end : end + 2])
        if rest and rest != b"\r":
            if rest[:1] in {b"\r", b"\n"}:
                raise StreamBroken("a line break that is not CR LF where a message should begin")
            self._begun = True
            self._blank = 0
        return end

    def _find_length(self, position: int) -> bool:
        """Find where the headers end and how long the message is; tell whether it is known yet."""
        start = position + max(self._searched - len(_END) + 1, 0)
        end = self._buffer.find(_END, start, position + HEAD_LIMIT)
        if end < 0:
            self._searched = len(self._buffer) - position
            if self._searched >= HEAD_LIMIT:
                raise StreamBroken(f"headers of more than {HEAD_LIMIT} bytes")
            return False
        head = bytes(self._buffer[position:end])
        if b"\r\n " in head or b"\r\n\t" in head:
            head = _FOLD.sub(b" ", head)
        lengths = {bytes(value).rstrip(b" \t") for value in _LENGTH.findall(head)}
        if len(lengths) != 1:
            why = "several lengths of one message" if lengths else "a message without Content-Length"
            raise StreamBroken(why)
        match = _NUMBER.fullmatch(lengths.pop())
        if match is None:
            raise StreamBroken("a Content-Length that is no number")
        length = int(match[1])
        if length > BODY_LIMIT:
            raise StreamBroken(f"a body of more than {BODY_LIMIT} bytes")
        self._needed = end - position + len(_END) + length
        return True
