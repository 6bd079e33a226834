"""The calls that are remembered, bounded in number and time."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from adapters.hep.clock import When
from adapters.hep.legs import Leg, State

CALLS_OF_ENDPOINT: Final = 32
"""Calls of one endpoint that go on; beyond it one of its own is given up, see :func:`_worth`. So nobody who calls in one
name pushes out another's."""
UNTOLD_LIMIT: Final = 20_000
"""Calls that go on and of which nothing was told; beyond it the one that was not heard of for longest is given up."""
BRANCHES_LIMIT: Final = 64
"""Branches of one call that are remembered."""
OVER_LIMIT: Final = 20_000
"""Calls that are over, or of which only a part was seen, that are remembered."""
HEAP_SLACK: Final = 1_024
"""Entries that the agenda may have beside those that count."""
LINGER: Final = 64.0
"""Seconds for which a call that is over is remembered: late and repeated messages must not begin it again."""


class Call(msgspec.Struct):
    """What is known of one Call-ID."""

    id: str
    legs: list[Leg] = msgspec.field(default_factory=list)
    invites: dict[str, tuple[bytes, bytes] | None] = msgspec.field(default_factory=dict)
    """The branches of all INVITEs that began something, whoever they were sent to, with the hosts of their hop; None: only an
    answer was seen."""
    finals: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    """Refusals by branch: CSeq and status."""
    over: set[frozenset[str]] = msgspec.field(default_factory=set)
    """Dialogs that are over, by their two tags."""
    deadline: float = 0.0
    """When it is to be looked at (monotonic)."""
    live: bool = False
    """Whether one of its legs goes on."""
    endpoints: frozenset[str] = frozenset()
    """Whose legs go on."""

    def invited(self, branch: str, hosts: tuple[bytes, bytes] | None = None) -> None:
        """Note the branch of an INVITE; ``hosts`` if it was itself seen."""
        if branch in self.invites or len(self.invites) < BRANCHES_LIMIT:
            self.invites[branch] = hosts or self.invites.get(branch)

    @property
    def empty(self) -> bool:
        """Whether nothing is known of it."""
        return not (self.legs or self.finals or self.over)


class CallTable:
    """Finds calls by their Call-ID, and those of which nothing came for long.

    ``due`` is called for each leg of which nothing came until its deadline; ``evicted`` for each that goes on but has to
    be given up since there are too many.
    """

    __slots__ = ("_due", "_evicted", "_heap", "_live", "_of", "_over", "_untold")

    def __init__(self, due: Callable[[Leg, When], None], evicted: Callable[[Leg, When], None]) -> None:
        self._due = due
        self._evicted = evicted
        self._live: OrderedDict[str, Call] = OrderedDict()
        """The one heard of last comes last; likewise below."""
        self._over: OrderedDict[str, Call] = OrderedDict()
        self._untold: OrderedDict[str, None] = OrderedDict()
        """Those of the live ones of which nothing was told."""
        self._of: dict[str, OrderedDict[str, None]] = {}
        """The live ones by endpoint."""
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
        self._untold.clear()
        self._of.clear()
        self._heap.clear()

    def keep(self, call: Call, when: When) -> None:
        """File a call that something was just heard of."""
        self._file(call, when)
        for endpoint in call.endpoints:
            own = self._of[endpoint]
            own.move_to_end(call.id)
            if len(own) > CALLS_OF_ENDPOINT:
                self._evict(min((self._live[one] for one in own), key=_worth(endpoint)), endpoint, when)
        if len(self._untold) > UNTOLD_LIMIT:
            oldest = self._live[next(iter(self._untold))]
            for endpoint in oldest.endpoints:
                self._evict(oldest, endpoint, when)
        if len(self._over) > OVER_LIMIT:
            self._over.popitem(last=False)

    def _file(self, call: Call, when: When) -> None:
        """Put a call where it belongs."""
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
        self._index(call)

    def _index(self, call: Call) -> None:
        """Note whose call it is, and whether it was told."""
        endpoints = frozenset(leg.endpoint for leg in call.legs if leg.state is not State.ENDED)
        for endpoint in call.endpoints - endpoints:
            own = self._of[endpoint]
            del own[call.id]
            if not own:
                del self._of[endpoint]
        for endpoint in endpoints - call.endpoints:
            self._of.setdefault(endpoint, OrderedDict())[call.id] = None
        call.endpoints = endpoints
        if call.live and not any(leg.told for leg in call.legs):
            self._untold[call.id] = None
            self._untold.move_to_end(call.id)
        else:
            self._untold.pop(call.id, None)

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
                call.legs = [leg for leg in call.legs if leg.halves is None or leg.state is not State.ENDED]
                call.deadline = 0.0
                self.keep(call, when)
            else:
                self._note(call)

    def _note(self, call: Call) -> None:
        heapq.heappush(self._heap, (call.deadline, call.id))
        if len(self._heap) > 4 * len(self) + HEAP_SLACK:
            self._heap = [
                (one.deadline, one.id) for table in (self._live, self._over) for one in table.values()
            ]
            heapq.heapify(self._heap)

    def _evict(self, call: Call, endpoint: str, when: When) -> None:
        """Give up an endpoint's legs in a call. Of those never told nothing is kept: what comes later may begin them anew."""
        for leg in call.legs:
            if leg.endpoint == endpoint and leg.state is not State.ENDED:
                self._evicted(leg, when)
        call.legs = [leg for leg in call.legs if leg.told or leg.endpoint != endpoint]
        self._file(call, when)


def _worth(endpoint: str) -> Callable[[Call], int]:
    """Return how much would be lost with an endpoint's part in a call: least where nothing was told, then where nobody talks."""

    def worth(call: Call) -> int:
        legs = [leg for leg in call.legs if leg.endpoint == endpoint and leg.state is not State.ENDED]
        return max((2 if leg.state is State.ANSWERED else 1) if leg.told else 0 for leg in legs)

    return worth
