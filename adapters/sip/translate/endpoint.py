"""What is known of one endpoint, by all that tell of it.

Its state, the first line that holds:

====================================================  =============
nothing that tells of calls is active                 unknown
a pseudo dialog goes on                               as that says
no contact is registered, or presence is closed       unavailable
that should be told and is not, and no leg is there   unknown
else                                                  idle
====================================================  =============

Legs speak for themselves: an endpoint in a call that is seen as a leg is ``idle`` or ``unavailable`` here. What the
registrar says of reachability counts before presence.
"""

from __future__ import annotations

from typing import Final

from adapters.sip.reports import (
    DialogReport,
    FeatureReport,
    Kind,
    PresenceReport,
    RegistrationReport,
)
from adapters.sip.translate.calls import Calls
from adapters.sip.translate.outbox import Outbox
from adapters.sip.translate.witnesses import Features, Presences, Registrations
from monitor.events import (
    DoNotDisturbChanged,
    EndpointFacts,
    EndpointReachable,
    EndpointState,
    EndpointStateChanged,
    EndpointUnreachable,
    LegFacts,
    PresenceChanged,
)

ORIGINS_LIMIT: Final = 16
"""Subscriptions and publications that may tell of one endpoint at a time, for each kind."""


class Endpoint:
    """One endpoint that is shown."""

    def __init__(self, name: str, shown_name: str, out: Outbox, *, reachability: bool = False) -> None:
        self.name = name
        self._reachability = reachability
        """Whether somebody is to tell if calls reach it: until then nobody knows that it is idle."""
        self._shown_name = shown_name
        self._out = out
        self._origins: dict[Kind, set[str]] = {}
        self._calls = Calls(name, out)
        self._registrations = Registrations()
        self._presences = Presences()
        self._features = Features()
        self._state: EndpointState = "unknown"
        self._do_not_disturb = False

    def forget(self) -> None:
        """Forget all that was told, without events."""
        self._origins.clear()
        self._calls = Calls(self.name, self._out)
        self._registrations = Registrations()
        self._presences = Presences()
        self._features = Features()
        self._state = "unknown"
        self._do_not_disturb = False

    def take(
        self,
        kind: Kind,
        report: DialogReport | RegistrationReport | PresenceReport | FeatureReport,
        origin: str,
    ) -> None:
        """Tell what is new of a document. One that isn't of its subscription's kind is counted and ignored."""
        origins = self._origins.setdefault(kind, set())
        if origin not in origins and len(origins) >= ORIGINS_LIMIT:
            self._out.skipped("origin_limit")
            return
        if isinstance(report, DialogReport) and kind == "dialog":
            origins.add(origin)
            self._calls.take(report, origin, origins)
        elif isinstance(report, RegistrationReport) and kind == "reg":
            origins.add(origin)
            self._registrations.take(report, origin)
        elif isinstance(report, PresenceReport) and kind == "presence":
            origins.add(origin)
            self._presences.take(report, origin)
        elif isinstance(report, FeatureReport) and kind == "feature":
            origins.add(origin)
            self._take_feature(report)
        else:
            self._out.skipped("other_package")
            return
        self._tell()

    def _take_feature(self, report: FeatureReport) -> None:
        if self._features.take(report, self._out.at) and self._features.decision is not None:
            decision = self._features.decision
            self._out.put(
                PresenceChanged, endpoint=self.name, presence=decision.presence, reason=decision.reason
            )

    def drop(self, kind: Kind, origin: str) -> None:
        """An origin tells no more of this kind."""
        origins = self._origins.get(kind, set())
        if origin not in origins:
            return
        origins.remove(origin)
        match kind:
            case "dialog" if origins:
                self._calls.drop(origin)
            case "reg":
                self._registrations.drop(origin)
            case "presence":
                self._presences.drop(origin)
            case "feature" if not origins:
                if self._features.decision is not None:
                    self._out.put(PresenceChanged, endpoint=self.name, presence=None)
                self._features = Features()
        self._tell()

    def facts(self) -> EndpointFacts:
        """Return the endpoint for a snapshot."""
        decision = self._features.decision
        return EndpointFacts(
            endpoint=self.name,
            state=self._state,
            do_not_disturb=self._do_not_disturb,
            name=self._shown_name,
            presence=None if decision is None else decision.presence,
            reason=None if decision is None else decision.reason,
            presence_since=None if decision is None else decision.since,
        )

    def legs(self) -> list[LegFacts]:
        """Return the legs for a snapshot."""
        return self._calls.facts()

    def held(self) -> list[str]:
        """Return the legs that are held."""
        return self._calls.held()

    # --- state -------------------------------------------------------------------------------------------

    def _reachable(self) -> bool | None:
        registered = self._registrations.reachable
        return self._presences.reachable if registered is None else registered

    def _derive(self) -> EndpointState:
        if not self._origins.get("dialog"):
            return "unknown"
        if self._calls.state != "idle":
            return self._calls.state
        reachable = self._reachable()
        if reachable is None and self._reachability and not self._calls.legs:
            return "unknown"
        return "unavailable" if reachable is False else "idle"

    def _tell(self) -> None:
        """Tell what the endpoint as a whole is now, if that is new, then which legs ended."""
        before, self._state = self._state, self._derive()
        if self._state != before:
            self._tell_state(before)
        silent = self._features.do_not_disturb or self._presences.do_not_disturb
        if silent != self._do_not_disturb:
            self._do_not_disturb = silent
            self._out.put(DoNotDisturbChanged, endpoint=self.name, on=silent)
        self._calls.tell_ended()

    def _tell_state(self, before: EndpointState) -> None:
        if self._state == "unavailable":
            self._out.put(EndpointUnreachable, endpoint=self.name)
        elif self._state == "idle" and before == "unavailable" and self._reachable():
            self._out.put(EndpointReachable, endpoint=self.name)
        else:
            self._out.put(EndpointStateChanged, endpoint=self.name, state=self._state)
