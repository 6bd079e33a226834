"""The toy's lines in, domain events out: no socket and no clock, so that a test needs neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from monitor.events import (
    EndpointFacts,
    EndpointState,
    EndpointStateChanged,
    Event,
    Snapshot,
    SourceConnected,
)

STATES: Final[Mapping[str, EndpointState]] = {
    "free": "idle",
    "rings": "ringing",
    "talks": "in_use",
    "gone": "unavailable",
}
"""What the toy's words mean. Any other is "unknown": never guess."""


class Phone(msgspec.Struct):
    """A phone in the toy's list."""

    phone: str
    state: str
    name: str | None = None


class Line(msgspec.Struct):
    """Any line of the toy's; what it doesn't carry is None."""

    phones: list[Phone] | None = None
    version: str | None = None
    phone: str | None = None
    state: str | None = None


class Translator:
    """Translates one connection's lines."""

    def __init__(self, source: str, next_id: Callable[[], str], skipped: Callable[[str], None]) -> None:
        self._source = source
        self._next_id = next_id
        self._skipped = skipped
        self._states: dict[str, EndpointState] = {}
        self.synchronised = False

    def translate(self, data: bytes, at: float) -> list[Event]:
        """Return what a line means. One that can't be read is counted and means nothing."""
        try:
            line = msgspec.json.decode(data, type=Line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # Not JSON, not of the toy's shape, not UTF-8, nested without end.
            self._skipped("malformed")
            return []
        if line.phones is not None:
            return self._list(line.phones, line.version, at)
        if line.phone is None or line.state is None:
            return []  # a sign of life, or something newer than this adapter
        if line.phone not in self._states:
            self._skipped("unknown_phone")
            return []
        return self._change(line.phone, self._state(line.state), at)

    def _list(self, phones: list[Phone], version: str | None, at: float) -> list[Event]:
        events: list[Event] = []
        if not self.synchronised:
            events = [SourceConnected(source=self._source, at=at, id=self._next_id(), version=version)]
        self.synchronised = True
        self._states = {one.phone: self._state(one.state) for one in phones}
        names = {one.phone: one.name for one in phones}
        snapshot = Snapshot(
            source=self._source,
            at=at,
            id=self._next_id(),
            taken_at=at,  # the list comes in one stream with the changes: it is as new as its arrival
            work="endpoints",  # the toy has no queues: who has a phone is an agent
            endpoints=tuple(
                EndpointFacts(endpoint=phone, name=names[phone], state=state)
                for phone, state in self._states.items()
            ),
            complete_endpoints=True,
            legs=None,  # the toy doesn't tell calls; () would say that there are none
        )
        return [*events, snapshot]

    def _change(self, phone: str, state: EndpointState, at: float) -> list[Event]:
        if state == self._states[phone]:
            return []  # only what changed is told
        self._states[phone] = state
        stamp = self._next_id()
        return [EndpointStateChanged(source=self._source, at=at, id=stamp, endpoint=phone, state=state)]

    def _state(self, word: str) -> EndpointState:
        if word not in STATES:
            self._skipped("unknown_state")
        return STATES.get(word, "unknown")
