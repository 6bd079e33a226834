"""An agent's day as spans of states, 14 bytes each.

A span is packed into a byte array that is saved as it is; pause reasons and queue names stand once in a table. A
day keeps at most :data:`LIMIT` spans (70 kB); beyond that the oldest tenth is dropped and counted.
"""

from __future__ import annotations

from bisect import bisect_right
from struct import Struct

import msgspec

from monitor.model import AgentState, CallDirection, Span

LIMIT = 5_000
"""Spans kept of a day at most: one every 17 seconds around the clock."""

_DROPPED_AT_ONCE = LIMIT // 10

_LABEL_LIMIT = 4 * LIMIT
"""Twice as many texts as spans can refer to, and fewer than 16 bits can number."""

_SPAN = Struct("<dBBHH")  # start, state, direction, label of the reason, label of the queue
_START = Struct("<d")

# The positions are stored: append only.
_STATES: tuple[AgentState | None, ...] = (
    None,  # the agent is gone
    "available",
    "ringing",
    "dialing",
    "talking",
    "on_hold",
    "wrap_up",
    "paused",
    "offline",
    "unknown",
)
_DIRECTIONS: tuple[CallDirection | None, ...] = (
    None,
    "inbound_queue",
    "inbound_direct",
    "outbound",
    "internal",
)
_STATE_CODES = {state: code for code, state in enumerate(_STATES)}
_DIRECTION_CODES = {direction: code for code, direction in enumerate(_DIRECTIONS)}
_GONE = 0


class SpanLog(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The spans of one agent's day (encodable by msgspec). ``SpanLog.begin(day_start)`` makes one.

    Each span ends where the next one starts. Time never runs backwards in here: a change older than the running
    span takes that span's place.
    """

    day_start: float
    packed: bytearray = msgspec.field(default_factory=bytearray)
    """Oldest first."""
    labels: list[str] = []
    """Texts that spans refer to by position + 1; 0 is none."""
    dropped: int = 0
    """Spans of this day that are no longer kept."""

    @classmethod
    def begin(cls, day_start: float) -> SpanLog:
        """Return an empty log."""
        return cls(day_start=day_start)

    def enter(
        self,
        at: float,
        state: AgentState,
        *,
        reason: str | None = None,
        queue: str | None = None,
        direction: CallDirection | None = None,
    ) -> None:
        """End the running span at ``at`` and begin another; one equal to the running one changes nothing."""
        self._make_room()
        self._add(
            at, _STATE_CODES[state], _DIRECTION_CODES[direction], self._label(reason), self._label(queue)
        )

    def stop(self, at: float) -> None:
        """End the running span without another: the agent is gone."""
        self._make_room()
        self._add(at, _GONE, 0, 0, 0)

    def begin_day(self, day_start: float) -> None:
        """Drop what ended before ``day_start``; the running span goes on from there. An older day is ignored."""
        if day_start <= self.day_start:
            return
        self.day_start = day_start
        self.dropped = 0
        offsets = range(0, len(self.packed), _SPAN.size)
        over = (
            bisect_right(offsets, day_start, key=lambda offset: _START.unpack_from(self.packed, offset)[0])
            - 1
        )
        if over >= 0:
            del self.packed[: offsets[over]]
            _START.pack_into(self.packed, 0, day_start)
            if self.packed[_START.size] == _GONE:
                del self.packed[: _SPAN.size]
        self._forget_labels()

    def spans(self, at: float) -> list[Span]:
        """Return the day's spans that began by ``at``; the one that runs then has no end."""
        found: list[Span] = []
        ends: list[float | None] = [start for start, *_ in _SPAN.iter_unpack(self.packed) if start <= at]
        ends = [*ends[1:], None]
        for end, (start, state, direction, reason, queue) in zip(
            ends, _SPAN.iter_unpack(self.packed), strict=False
        ):
            name = _STATES[state]
            if name is not None and start <= at:
                found.append(
                    Span(
                        state=name,
                        start=start,
                        end=end,
                        reason=self._text(reason),
                        queue=self._text(queue),
                        direction=_DIRECTIONS[direction],
                    )
                )
        return found

    def _add(self, at: float, *what: int) -> None:
        at = max(at, self.day_start)
        if self.packed:
            start, *running = _SPAN.unpack_from(self.packed, len(self.packed) - _SPAN.size)
            if list(what) == running:
                return
            if at <= start:  # the running span never lasted
                at = start
                del self.packed[-_SPAN.size :]
                if self.packed:
                    _, *before = _SPAN.unpack_from(self.packed, len(self.packed) - _SPAN.size)
                    if list(what) == before:
                        return
        if not self.packed and what[0] == _GONE:
            return
        self.packed += _SPAN.pack(at, *what)

    def _make_room(self) -> None:
        """Keep within the limits; before labels are looked up, since this renumbers them."""
        if len(self.packed) >= LIMIT * _SPAN.size:
            del self.packed[: _DROPPED_AT_ONCE * _SPAN.size]
            self.dropped += _DROPPED_AT_ONCE
            self._forget_labels()
        elif len(self.labels) >= _LABEL_LIMIT:  # of spans that never lasted
            self._forget_labels()

    def _label(self, text: str | None) -> int:
        if text is None:
            return 0
        if text not in self.labels:
            self.labels.append(text)
        return self.labels.index(text) + 1

    def _text(self, label: int) -> str | None:
        return self.labels[label - 1] if label else None

    def _forget_labels(self) -> None:
        """Keep only the labels that spans still refer to."""
        spans = list(_SPAN.iter_unpack(self.packed))
        kept = sorted({label for *_, reason, queue in spans for label in (reason, queue) if label})
        new = {0: 0} | {label: position for position, label in enumerate(kept, 1)}
        self.labels = [self.labels[label - 1] for label in kept]
        self.packed = bytearray().join(
            _SPAN.pack(start, state, direction, new[reason], new[queue])
            for start, state, direction, reason, queue in spans
        )
