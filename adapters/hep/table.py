"""The calls that are remembered, bounded in number and time."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from adapters.hep.legs import Leg, State
from adapters.hep.telling import When

CALLS_LIMIT: Final = 20_000
"""Calls with a leg that goes on; beyond it the one that was not heard of for longest is given up."""
OVER_LIMIT: Final = 20_000
"""Calls that are over, or of which only a part was seen, that are remembered."""
LINGER: Final = 64.0
"""Seconds for which a call that is over is remembered: late and repeated messages must not begin it again."""


class Call(msgspec.Struct):
    """What is known of one Call-ID."""

    id: str
    legs: list[Leg] = msgspec.field(default_factory=list)
    invites: set[str] = msgspec.field(default_factory=set)
    """The branches of all INVITEs that began something, whoever they were sent to."""
    finals: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    """Refusals by branch: CSeq and status."""
    over: set[frozenset[str]] = msgspec.field(default_factory=set)
    """Dialogs that are over, by their two tags."""
    deadline: float = 0.0
    """When it is to be looked at (monotonic)."""
    live: bool = False
    """Whether one of its legs goes on."""

    @property
    def empty(self) -> bool:
        """Whether nothing is known of it."""
        return not (self.legs or self.finals or self.over)


class CallTable:
    """Finds calls by their Call-ID, and those of which nothing came for long.

    ``due`` is called for each leg of which nothing came until its deadline; ``evicted`` for each that goes on but has to
    be given up since there are too many.
    """

    __slots__ = ("_due", "_evicted", "_heap", "_live", "_over")

    def __init__(self, due: Callable[[Leg, When], None], evicted: Callable[[Leg, When], None]) -> None:
        self._due = due
        self._evicted = evicted
        self._live: OrderedDict[str, Call] = OrderedDict()
        """The one heard of last comes last; likewise below."""
        self._over: OrderedDict[str, Call] = OrderedDict()
        self._heap: list[tuple[float, str]] = []
        """When to look at which call; an entry may be too early, never too late."""

    def __len__(self) -> int:
        """Return how many calls are remembered."""
        return len(self._live) + len(self._over)

    def __contains__(self, call_id: str) -> bool:
        """Whether anything is known of a call."""
        return call_id in self._live or call_id in self._over

    def get(self, call_id: str) -> Call | None:
        """Return a call."""
        return self._live.get(call_id) or self._over.get(call_id)

    def going(self, call_id: str) -> Call | None:
        """Return a call of which a leg goes on."""
        return self._live.get(call_id)

    def legs(self) -> Iterator[Leg]:
        """Yield all legs that go on."""
        for call in self._live.values():
            for leg in call.legs:
                if leg.state is not State.ENDED:
                    yield leg

    def clear(self) -> None:
        """Forget all."""
        self._live.clear()
        self._over.clear()
        self._heap.clear()

    def keep(self, call: Call, when: When) -> None:
        """File a call that something was just heard of."""
        going = [leg.deadline for leg in call.legs if leg.state is not State.ENDED]
        live = bool(going)
        before = call.deadline
        call.deadline = min(going) if live else when.now + LINGER
        if live != call.live:
            (self._live if call.live else self._over).pop(call.id, None)
            call.live = live
        table = self._live if live else self._over
        table[call.id] = call
        table.move_to_end(call.id)
        if not before or call.deadline < before:
            self._note(call)
        if len(self._live) > CALLS_LIMIT:
            self._evict(when)
        if len(self._over) > OVER_LIMIT:
            self._over.popitem(last=False)

    def next_due(self) -> float | None:
        """Return when :meth:`look` has something to do if nothing is heard until then (monotonic)."""
        return self._heap[0][0] if self._heap else None

    def look(self, when: When) -> None:
        """Act upon what did not come, and forget what is long over."""
        heap = self._heap
        while heap and heap[0][0] <= when.now:
            _, call_id = heapq.heappop(heap)
            call = self.get(call_id)
            if call is None:
                continue
            if call.deadline <= when.now:
                if not call.live:
                    del self._over[call_id]
                    continue
                for leg in call.legs:
                    if leg.state is not State.ENDED and leg.deadline <= when.now:
                        self._due(leg, when)
                call.deadline = 0.0
                self.keep(call, when)
            else:
                self._note(call)

    def _note(self, call: Call) -> None:
        heapq.heappush(self._heap, (call.deadline, call.id))
        if len(self._heap) > 4 * (CALLS_LIMIT + OVER_LIMIT):
            self._heap = [
                (one.deadline, one.id) for table in (self._live, self._over) for one in table.values()
            ]
            heapq.heapify(self._heap)

    def _evict(self, when: When) -> None:
        _, call = self._live.popitem(last=False)
        for leg in call.legs:
            if leg.state is not State.ENDED:
                self._evicted(leg, when)
