"""The dialogs of one endpoint.

A dialog with a Call-ID is a leg. One without is a pseudo dialog, which stands for the endpoint as a whole: Asterisk sends
one named as the extension, with ``+sip.rendering`` ``no`` when the *other* party holds; Kamailio may be told to leave
the Call-ID out.

Documents come from origins (a subscription, a publication); a full one replaces what its own origin told, and what those
told that tell nothing any more. When nobody tells of the endpoint any more its legs are kept, as they may go on: the
next full document ends those that don't.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final, Literal

from adapters.sip.reports import Dialog, DialogReport
from adapters.sip.translate.outbox import Outbox
from monitor.events import (
    Direction,
    EndpointState,
    LegAnswered,
    LegChanged,
    LegEnded,
    LegFacts,
    LegHeld,
    LegResumed,
    LegRinging,
    LegStarted,
)

DIALOGS_LIMIT: Final = 64
"""Dialogs remembered of one endpoint; beyond this new ones are counted and ignored."""
NOT_KNOWN: Final = "not known any more"
"""Why a leg ended of which nothing is told any more."""

_DIRECTIONS: Final[dict[str, Direction]] = {"initiator": "outbound", "recipient": "inbound"}
_UNTOLD: Final[dict[str, Direction]] = {
    # A document without direction, by the state that the dialog is first seen in: who calls starts by trying.
    "trying": "outbound",
    "proceeding": "outbound",
    "early": "inbound",
    "confirmed": "inbound",
}
_PSEUDO: Final[dict[tuple[str, str | None], EndpointState]] = {
    # (state, direction): what an unconfirmed pseudo dialog says; who calls out doesn't ring, but is busy
    ("trying", "initiator"): "in_use",
    ("proceeding", "initiator"): "in_use",
    ("early", "initiator"): "in_use",
    ("trying", "recipient"): "ringing",
    ("proceeding", "recipient"): "ringing",
    ("early", "recipient"): "ringing",
    ("trying", None): "in_use",
    ("proceeding", None): "in_use",
    ("early", None): "ringing",
}
_BUSIEST: Final[tuple[EndpointState, ...]] = ("in_use", "on_hold", "ringing")


class Leg:
    """A leg as it was told."""

    __slots__ = (
        "answered_at",
        "call",
        "direction",
        "held",
        "leg",
        "origin",
        "party",
        "party_name",
        "started_at",
        "state",
    )

    def __init__(self, leg: str, call: str, direction: Direction, started_at: float) -> None:
        self.leg = leg
        self.call = call
        self.direction: Direction = direction
        self.started_at = started_at
        self.answered_at: float | None = None
        self.state: Literal["dialing", "ringing", "answered"] = "dialing"
        self.held = False
        self.origin = ""
        self.party: str | None = None
        self.party_name: str | None = None


class Calls:
    """What one endpoint's dialogs are known to be."""

    def __init__(self, endpoint: str, out: Outbox) -> None:
        self._endpoint = endpoint
        self._out = out
        self._legs: dict[str, Leg] = {}
        """By dialog id."""
        self._pseudo: dict[str, tuple[str, EndpointState]] = {}
        """Origin and state of pseudo dialogs that go on, by dialog id."""
        self._has_legs = False
        """The server tells of this endpoint's real dialogs."""
        self._ended: list[tuple[Leg, str | None]] = []
        """Over, but not yet told."""

    @property
    def state(self) -> EndpointState:
        """What the pseudo dialogs say."""
        found: EndpointState = min(
            (state for _, state in self._pseudo.values()), key=_BUSIEST.index, default="idle"
        )
        return "in_use" if found == "on_hold" and self._has_legs else found

    def take(self, report: DialogReport, origin: str, active: Container[str]) -> None:
        """Tell what is new of a document, except which legs ended: see :meth:`tell_ended`.

        ``active`` are the origins that tell of the endpoint now.
        """
        dialogs = {dialog.id: dialog for dialog in report.dialogs}
        if report.full:
            for told_by in self._origins():
                if told_by == origin:
                    self._keep(told_by, dialogs)
                elif told_by not in active:
                    self._keep(told_by, dialogs, NOT_KNOWN)
        for dialog in dialogs.values():
            if dialog.state == "terminated":
                self._pseudo.pop(dialog.id, None)
                self._end(dialog.id, dialog.cause)
            else:
                self._go_on(dialog, origin)

    def drop(self, origin: str) -> None:
        """What an origin told is not known any more."""
        self._keep(origin, (), NOT_KNOWN)

    def tell_ended(self) -> None:
        """Tell which legs ended.

        That comes last, so that nobody who goes from one call to the next is seen free in between.
        """
        ended, self._ended = self._ended, []
        for leg, cause in ended:
            self._out.put(LegEnded, leg=leg.leg, cause=cause)

    def facts(self) -> list[LegFacts]:
        """Return the legs for a snapshot."""
        return [
            LegFacts(
                leg=leg.leg,
                call=leg.call,
                endpoint=self._endpoint,
                direction=leg.direction,
                started_at=leg.started_at,
                state=leg.state,
                answered_at=leg.answered_at,
                party=leg.party,
                party_name=leg.party_name,
            )
            for leg in self._legs.values()
        ]

    @property
    def legs(self) -> bool:
        """Whether any leg goes on."""
        return bool(self._legs)

    def held(self) -> list[str]:
        """Return the legs that are held."""
        return [leg.leg for leg in self._legs.values() if leg.held]

    def _origins(self) -> set[str]:
        return {leg.origin for leg in self._legs.values()} | {told_by for told_by, _ in self._pseudo.values()}

    def _keep(self, origin: str, dialogs: Iterable[str], cause: str | None = None) -> None:
        """End what an origin told, except these dialogs."""
        kept = set(dialogs)
        for name, (told_by, _) in list(self._pseudo.items()):
            if told_by == origin and name not in kept:
                del self._pseudo[name]
        for name, leg in list(self._legs.items()):
            if leg.origin == origin and name not in kept:
                self._end(name, cause)

    def _end(self, name: str, cause: str | None) -> None:
        leg = self._legs.pop(name, None)
        if leg is not None:
            self._ended.append((leg, cause))

    def _go_on(self, dialog: Dialog, origin: str) -> None:
        leg = self._legs.get(dialog.id)
        if leg is not None and dialog.call_id not in {None, leg.call}:
            self._end(dialog.id, None)  # its id was given to another call
            self.tell_ended()
            leg = None
        known = leg is not None or dialog.id in self._pseudo
        if not known and len(self._legs) + len(self._pseudo) >= DIALOGS_LIMIT:
            self._out.skipped("dialog_limit")
            return
        if leg is None and dialog.call_id is None:
            self._pseudo[dialog.id] = (origin, _pseudo_state(dialog))
            return
        self._pseudo.pop(dialog.id, None)
        if leg is None:
            leg = self._start(dialog, dialog.call_id or "")
        leg.origin = origin
        self._follow(leg, dialog)

    def _start(self, dialog: Dialog, call: str) -> Leg:
        direction = _DIRECTIONS.get(dialog.direction or "") or _UNTOLD[dialog.state]
        leg = Leg(
            f"{self._endpoint} {call} {dialog.id}", call, direction, self._out.at - (dialog.since or 0.0)
        )
        leg.party, leg.party_name = dialog.remote, dialog.remote_name
        self._legs[dialog.id] = leg
        self._has_legs = True
        self._out.put(
            LegStarted,
            leg=leg.leg,
            call=call,
            endpoint=self._endpoint,
            direction=direction,
            party=leg.party,
            party_name=leg.party_name,
        )
        if dialog.state == "confirmed":
            leg.state = "answered"
            # When, only who began just now can tell; the engine takes the whole time otherwise.
            leg.answered_at = None if dialog.since else self._out.at
            self._out.put(LegAnswered, leg=leg.leg)
        return leg

    def _follow(self, leg: Leg, dialog: Dialog) -> None:
        """Tell what is new of a leg. A dialog never goes back to a state before."""
        party = dialog.remote if dialog.remote != leg.party else None
        party_name = dialog.remote_name if dialog.remote_name != leg.party_name else None
        if party is not None or party_name is not None:
            leg.party, leg.party_name = party or leg.party, party_name or leg.party_name
            self._out.put(LegChanged, leg=leg.leg, party=party, party_name=party_name)
        if dialog.state == "early" and leg.state == "dialing" and leg.direction == "inbound":
            leg.state = "ringing"
            self._out.put(LegRinging, leg=leg.leg)
        elif dialog.state == "confirmed" and leg.state != "answered":
            leg.state = "answered"
            leg.answered_at = self._out.at
            self._out.put(LegAnswered, leg=leg.leg)
        if leg.state == "answered" and dialog.held is not None and dialog.held != leg.held:
            leg.held = dialog.held
            self._out.put(LegHeld if leg.held else LegResumed, leg=leg.leg)


def _pseudo_state(dialog: Dialog) -> EndpointState:
    if dialog.state == "confirmed":
        return "on_hold" if dialog.held else "in_use"
    return _PSEUDO[dialog.state, dialog.direction]
