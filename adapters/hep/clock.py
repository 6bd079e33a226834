"""Times: when something happened, and the capture agents' clocks against ours.

A packet is stamped when it is captured and arrives later, never earlier. So of all packets of a sender the smallest
difference between arrival and stamp is the best guess of how far its clock is behind ours (a lower envelope): it is too
large by the shortest way that a packet took, which is little. The smallest of the last five to ten minutes counts, so that
a drifting clock is followed; a clock that is set ahead is followed at once (its packets seem to arrive before they were
sent), one that is set back with the first packet that seems too old to be true.

Times are unix seconds. Nothing here reads a clock.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

SPAN: Final = 300.0
"""Seconds after which the smallest difference of the span before is forgotten."""
OLDEST: Final = 5.0
"""A packet that claims to have been on its way for longer is timed by its arrival."""
SENDERS_LIMIT: Final = 1_024


class When(msgspec.Struct, frozen=True, gc=False):
    """A moment: ``at`` by our clock, for what is told; ``now`` monotonic, for what is due."""

    at: float
    now: float


class _Envelope(msgspec.Struct):
    since: float
    low: float
    """Smallest difference of this span."""
    before: float
    """Smallest of the span before."""


class SenderClocks:
    """The offset of each sender's clock; those heard last, bounded."""

    __slots__ = ("_envelopes",)

    def __init__(self) -> None:
        self._envelopes: OrderedDict[object, _Envelope] = OrderedDict()

    def offset(self, sender: object) -> float | None:
        """Return the seconds to add to a sender's clock to get ours; None until it was heard."""
        envelope = self._envelopes.get(sender)
        return None if envelope is None else min(envelope.low, envelope.before)

    def time_of(self, sender: object, stamp: float, arrived: float) -> float:
        """Return when a packet was captured, by our clock: never after it arrived, nor long before."""
        if stamp <= 0.0:
            return arrived
        difference = arrived - stamp
        envelope = self._envelopes.get(sender)
        if envelope is None:
            self._envelopes[sender] = _Envelope(arrived, difference, difference)
            if len(self._envelopes) > SENDERS_LIMIT:
                self._envelopes.popitem(last=False)
            return arrived
        if arrived - envelope.since > SPAN:
            self._envelopes.move_to_end(sender)
            envelope.before = envelope.low if arrived - envelope.since <= 2 * SPAN else difference
            envelope.low, envelope.since = difference, arrived
        envelope.low = min(envelope.low, difference)
        late = difference - min(envelope.low, envelope.before)
        if late <= OLDEST:
            return arrived - late
        envelope.low = envelope.before = difference
        envelope.since = arrived
        return arrived
