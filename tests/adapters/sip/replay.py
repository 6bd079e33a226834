"""A small model of what the events of :mod:`adapters.sip.translate` say, to compare with its own snapshots.

It is strict: a leg is started once and ended once, nothing is told twice, nothing is told of what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.sip.bodies import read
from adapters.sip.reports import Kind
from adapters.sip.translate import Translator, Watched
from monitor import events as ev
from tests.adapters.sip.shapes import ANNA, DIALOG_INFO, FEATURE, PIDF, REGINFO

KINDS: dict[str, Kind] = {DIALOG_INFO: "dialog", REGINFO: "reg", PIDF: "presence", FEATURE: "feature"}
START = 1_795_435_200.0


class Model:
    """What a reader of the events knows."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.legs: dict[str, dict[str, Any]] = {}
        self.ids: list[str] = []
        self.snapshots = 0

    def apply(self, event: ev.Event) -> None:
        assert not self.ids or event.id > self.ids[-1]
        assert ev.decode(ev.encode(event)) == event
        self.ids.append(event.id)
        getattr(self, f"_{type(event).__name__}")(event)

    def _Snapshot(self, event: ev.Snapshot) -> None:  # noqa: N802
        self.snapshots += 1
        assert event.complete_endpoints
        assert event.work == "endpoints"
        assert not event.reconciliation
        assert not event.restarted
        assert event.legs is not None
        self.endpoints = {
            facts.endpoint: {
                "state": facts.state,
                "dnd": facts.do_not_disturb,
                "presence": facts.presence,
                "reason": facts.reason,
            }
            for facts in event.endpoints
        }
        assert len(self.endpoints) == len(event.endpoints)
        self.legs = {
            facts.leg: {
                "call": facts.call,
                "endpoint": facts.endpoint,
                "direction": facts.direction,
                "state": facts.state,
                "party": facts.party,
                "party_name": facts.party_name,
                "held": False,
            }
            for facts in event.legs
        }
        assert len(self.legs) == len(event.legs)

    def _EndpointReachable(self, event: ev.EndpointReachable) -> None:  # noqa: N802
        assert self.endpoints[event.endpoint]["state"] == "unavailable"
        self.endpoints[event.endpoint]["state"] = "idle"

    def _EndpointUnreachable(self, event: ev.EndpointUnreachable) -> None:  # noqa: N802
        assert self.endpoints[event.endpoint]["state"] != "unavailable"
        self.endpoints[event.endpoint]["state"] = "unavailable"

    def _EndpointStateChanged(self, event: ev.EndpointStateChanged) -> None:  # noqa: N802
        assert self.endpoints[event.endpoint]["state"] != event.state
        self.endpoints[event.endpoint]["state"] = event.state

    def _DoNotDisturbChanged(self, event: ev.DoNotDisturbChanged) -> None:  # noqa: N802
        assert self.endpoints[event.endpoint]["dnd"] != event.on
        self.endpoints[event.endpoint]["dnd"] = event.on

    def _PresenceChanged(self, event: ev.PresenceChanged) -> None:  # noqa: N802
        known = self.endpoints[event.endpoint]
        assert (known["presence"], known["reason"]) != (event.presence, event.reason)
        known.update(presence=event.presence, reason=event.reason)

    def _LegStarted(self, event: ev.LegStarted) -> None:  # noqa: N802
        assert event.leg not in self.legs
        assert event.endpoint in self.endpoints
        self.legs[event.leg] = {
            "call": event.call,
            "endpoint": event.endpoint,
            "direction": event.direction,
            "state": "dialing",
            "party": event.party,
            "party_name": event.party_name,
            "held": False,
        }

    def _LegRinging(self, event: ev.LegRinging) -> None:  # noqa: N802
        assert self.legs[event.leg]["state"] == "dialing"
        assert self.legs[event.leg]["direction"] == "inbound"
        self.legs[event.leg]["state"] = "ringing"

    def _LegAnswered(self, event: ev.LegAnswered) -> None:  # noqa: N802
        assert self.legs[event.leg]["state"] != "answered"
        self.legs[event.leg]["state"] = "answered"

    def _LegHeld(self, event: ev.LegHeld) -> None:  # noqa: N802
        assert self.legs[event.leg]["state"] == "answered"
        assert not self.legs[event.leg]["held"]
        self.legs[event.leg]["held"] = True

    def _LegResumed(self, event: ev.LegResumed) -> None:  # noqa: N802
        assert self.legs[event.leg]["held"]
        self.legs[event.leg]["held"] = False

    def _LegChanged(self, event: ev.LegChanged) -> None:  # noqa: N802
        leg = self.legs[event.leg]
        told = {"party": event.party, "party_name": event.party_name}
        news = {key: value for key, value in told.items() if value is not None}
        assert news
        assert all(leg[key] != value for key, value in news.items())
        leg.update(news)

    def _LegEnded(self, event: ev.LegEnded) -> None:  # noqa: N802
        del self.legs[event.leg]


def knows(model: Model) -> tuple[Any, ...]:
    return model.endpoints, model.legs


class Server:
    """A translator that is fed with bodies, and a model of what it told."""

    def __init__(self, *watched: str, reachability: bool = False) -> None:
        self.skipped: list[str] = []
        names = [Watched(one, one.removeprefix("sip:").partition("@")[0]) for one in watched or (ANNA,)]
        self.translator = Translator(
            "sip1",
            names if watched != ("",) else [],
            ev.EventIds(1),
            self.skipped.append,
            reachability=reachability,
        )
        self.at = START
        self.model = Model()
        self.told: list[ev.Event] = []
        self._hear(self.translator.snapshot(self.at))

    def _hear(self, events: Sequence[ev.Event]) -> list[ev.Event]:
        for event in events:
            assert event.at == self.at
            self.model.apply(event)
        self.told.extend(events)
        again = Model()
        for event in self.translator.snapshot(self.at):
            again.apply(event)
        assert knows(self.model) == knows(again), "what was told is what is known"
        return list(events)

    def hears(
        self, *bodies: bytes, content_type: str = DIALOG_INFO, endpoint: str = ANNA, origin: str = ""
    ) -> list[str]:
        """Report bodies, a second after what came before; return what is told."""
        events: list[ev.Event] = []
        for body in bodies:
            self.at += 1
            for report in read(content_type, {"boundary": "XbN3k"}, body):
                told = self.translator.report(endpoint, KINDS[content_type], report, self.at, origin=origin)
                events += self._hear(told)
        return brief(events)

    def lists(self, name: str, body: bytes, kind: Kind = "dialog") -> list[str]:
        """Report a list."""
        self.at += 1
        (report,) = read("multipart/related", {"boundary": "XbN3k"}, body)
        return brief(self._hear(self.translator.report(name, kind, report, self.at)))

    def loses(self, kind: Kind = "dialog", endpoint: str = ANNA, origin: str = "") -> list[str]:
        """A subscription is gone."""
        self.at += 1
        return brief(self._hear(self.translator.unknown(endpoint, kind, self.at, origin=origin)))


def brief(events: Iterable[ev.Event]) -> list[str]:
    """Return events as short texts: the name and what is not source, time and id; of a leg's name not its call."""
    found = []
    for event in events:
        if isinstance(event, ev.Snapshot):
            found.append("Snapshot " + " ".join(f"{one.endpoint}={one.state}" for one in event.endpoints))
            continue
        fields = {
            name: getattr(event, name)
            for name in event.__struct_fields__
            if name not in {"source", "at", "id"}
        }
        if "leg" in fields:
            endpoint, _call, dialog = fields["leg"].split(" ", 2)
            fields["leg"] = f"{endpoint} {dialog}"
        values = [str(value) for value in fields.values() if value is not None]
        found.append(
            " ".join([type(event).__name__, *values]).replace("sip:", "").replace("@pbx.example.org", "")
        )
    return found
