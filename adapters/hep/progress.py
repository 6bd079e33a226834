"""How far each leg has come, and telling it: each step once, whatever was seen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from adapters.hep import causes
from adapters.hep.clock import When
from adapters.hep.endpoints import Endpoints
from adapters.hep.hop import Hop
from adapters.hep.legs import Leg, Sign, State
from adapters.hep.outbox import Outbox
from adapters.hep.parties import Side
from adapters.sip_messages.message import Request, Response
from monitor.events import Event, LegAnswered, LegEnded, LegHeld, LegResumed, LegRinging, LegStarted

UNCONFIRMED: Final = 180.0
"""Seconds for which a call may ring without a sign (timer C, RFC 3261 16.6)."""
SHORTLY: Final = 2.0
"""Seconds within which a CANCEL or a challenge is followed by what it leads to, unless that was lost."""
SETTLE: Final = 1.0
"""Seconds that a call first seen in its middle is given to show who began it."""
ONE_SIDED: Final = 32.0
"""Seconds that a leg of which only one side spoke is given until the other one does (64*T1, RFC 3261 17.1.1.2)."""
SESSION_GRACE: Final = 32.0
SILENCE: Final = 4 * 3_600.0
"""Seconds of an answered call without any message (unless it has a session timer) until it is given up."""


class Progress:
    """Brings legs further and tells it."""

    def __init__(self, endpoints: Endpoints, out: Outbox, silence: float) -> None:
        self._endpoints = endpoints
        self._out = out
        self._silence = silence
        self._going: Counter[str] = Counter()
        """Legs that go on and were told, by endpoint."""

    def forget(self) -> None:
        """Nothing is known any more."""
        self._going.clear()

    # --- forward ---------------------------------------------------------------------------------------

    def advance(self, leg: Leg, state: State, when: When) -> None:
        """A leg comes further before it is answered."""
        if leg.state < state:
            leg.state = state
            self._tell(leg, when.at)

    def answered(self, leg: Leg, other: str | None, when: When) -> None:
        """A leg is up. ``other`` is the other side's tag."""
        if leg.state >= State.ANSWERED:
            if leg.other is None:
                leg.other = other
            self.heard(leg, when)
            return
        leg.state, leg.other = State.ANSWERED, other
        leg.answered_at, leg.awaits, leg.cause = when.at, "sign", None
        self._settle(leg, when)

    def half(self, leg: Leg, message: Request | Response, hop: Hop, when: When) -> None:
        """A request, or a response that is no refusal, spoke of a leg: where the other side did too, it is sure."""
        if leg.halves is None:
            return
        kind = "request" if isinstance(message, Request) else "response"
        if leg.half((kind, hop.sender.host, hop.receiver.host, message.cseq)):
            self.sure(leg, when)

    def sure(self, leg: Leg, when: When) -> None:
        """Both sides spoke of a leg: tell what was kept back."""
        if leg.halves is None:
            return
        leg.halves = None
        if leg.state is not State.ENDED:
            self._settle(leg, when)
        if leg.sign:
            self.sign(leg, leg.sign, when)

    def sign(self, leg: Leg, sign: Sign, when: When) -> None:
        """A leg shows that its endpoint does something (1), or that calls reach it (2)."""
        if leg.halves is not None:
            leg.sign = max(leg.sign, sign)
        elif sign == 1:
            self._endpoints.seen(leg.endpoint, when.at)
        else:
            self._endpoints.reachable(leg.endpoint, when.at)

    def _settle(self, leg: Leg, when: When) -> None:
        """Tell how far a leg has come, or give it a while to show who began it."""
        if leg.direction is None and leg.halves is None:
            leg.awaits, leg.deadline = "beginning", when.now + SETTLE
        else:
            self.settled(leg, when)

    def settled(self, leg: Leg, when: When) -> None:
        """It is known who began the call: tell how far it has come."""
        if leg.awaits == "beginning":
            leg.awaits = "sign"
        if leg.halves is not None:
            self.heard(leg, when)
            return
        if State.DIALING <= leg.state < State.ENDED:
            self._tell(leg, when.at if leg.answered_at is None else leg.answered_at)
        if leg.state is State.ANSWERED:
            self.sign(leg, 2, when)
            if leg.held:
                self._put(LegHeld, leg, when.at)
        self.heard(leg, when)

    def decide(self, leg: Leg, side: Side, cseq: int, when: When) -> None:
        """See whether an offer has the endpoint hold the other side, or take it back."""
        if leg.decide(side, cseq, leg.offer(side, cseq)) and leg.told and leg.state is State.ANSWERED:
            self._put(LegHeld if leg.held else LegResumed, leg, when.at)

    def end(self, leg: Leg, cause: str, when: When) -> None:
        """A leg is over."""
        if leg.state is State.ENDED:
            return
        leg.state = State.ENDED
        if leg.told:
            self._going[leg.endpoint] -= 1
            if not self._going[leg.endpoint]:
                del self._going[leg.endpoint]
            self._put(LegEnded, leg, when.at, cause=cause)

    def give_up(self, leg: Leg, when: When) -> None:
        """What became of a leg was not seen, so what its endpoint does is not known, unless another leg tells."""
        if leg.told and self._going[leg.endpoint] == 1:
            self._endpoints.unknown(leg.endpoint, when.at)
        self.end(leg, causes.UNSEEN, when)

    # --- time ------------------------------------------------------------------------------------------

    def heard(self, leg: Leg, when: When) -> None:
        """Something was heard of a leg: it is not given up for a while."""
        if leg.awaits != "sign" or leg.state is State.ENDED:
            return
        if leg.halves is not None:
            patience = ONE_SIDED
        elif leg.state is State.ANSWERED:
            patience = self._silence if leg.session is None else leg.session + SESSION_GRACE
        else:
            patience = UNCONFIRMED
        leg.deadline = when.now + patience
        if leg.told and (leg.state >= State.RINGING or leg.direction == "outbound"):
            self._endpoints.seen(leg.endpoint, when.at)

    def due(self, leg: Leg, when: When) -> None:
        """Nothing came in time."""
        if leg.halves is not None:
            self.end(leg, causes.UNSEEN, when)
        elif leg.awaits == "beginning":
            leg.direction = leg.direction or "inbound"
            self.settled(leg, when)
        elif leg.awaits == "sign":
            self.give_up(leg, when)
        else:
            self.end(leg, leg.cause or causes.UNSEEN, when)

    # --- out -------------------------------------------------------------------------------------------

    def _tell(self, leg: Leg, at: float) -> None:
        """Tell a leg as far as it has come."""
        if leg.direction is None or leg.halves is not None:
            return
        if not leg.told:
            leg.told, leg.told_at = True, leg.since
            self._going[leg.endpoint] += 1
            self._out.put(
                LegStarted,
                leg.since,
                leg=leg.id,
                call=leg.call,
                endpoint=leg.endpoint,
                direction=leg.direction,
                party=leg.party,
                party_name=leg.party_name,
            )
        if leg.state is State.RINGING and leg.direction == "inbound":
            self._put(LegRinging, leg, at)
        elif leg.state is State.ANSWERED:
            self._put(LegAnswered, leg, at)

    def _put(self, kind: Callable[..., Event], leg: Leg, at: float, **fields: Any) -> None:
        """Tell what a leg does, never before what it did."""
        leg.told_at = max(leg.told_at, at)
        self._out.put(kind, leg.told_at, leg=leg.id, **fields)
