"""What is known of each endpoint as a whole: nothing, that it is there, or that no call can reach it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from adapters.hep.outbox import Outbox
from monitor.events import EndpointReachable, EndpointStateChanged, EndpointUnreachable

State: TypeAlias = Literal["unknown", "idle", "unavailable"]


class Endpoints:
    """Tells what changes. What an endpoint does in a call is told by its legs, not here."""

    __slots__ = ("_out", "states")

    def __init__(self, names: Iterable[str], out: Outbox) -> None:
        self.states: dict[str, State] = dict.fromkeys(names, "unknown")
        self._out = out

    def seen(self, endpoint: str, at: float) -> None:
        """It does something: from now on we know what it does."""
        if self.states[endpoint] == "unknown":
            self.states[endpoint] = "idle"
            self._out.put(EndpointStateChanged, at, endpoint=endpoint, state="idle")

    def reachable(self, endpoint: str, at: float) -> None:
        """Calls reach it: it is registered, or answers."""
        if self.states[endpoint] == "unavailable":
            self._out.put(EndpointReachable, at, endpoint=endpoint)
            self.states[endpoint] = "idle"
        self.seen(endpoint, at)

    def unreachable(self, endpoint: str, at: float) -> None:
        """No call reaches it."""
        if self.states[endpoint] != "unavailable":
            self.states[endpoint] = "unavailable"
            self._out.put(EndpointUnreachable, at, endpoint=endpoint)

    def unknown(self, endpoint: str, at: float) -> None:
        """What it does is not known any more."""
        if self.states[endpoint] != "unknown":
            self.states[endpoint] = "unknown"
            self._out.put(EndpointStateChanged, at, endpoint=endpoint, state="unknown")

    def forget(self) -> None:
        """Nothing is known any more (not told: a snapshot follows)."""
        self.states = dict.fromkeys(self.states, "unknown")
