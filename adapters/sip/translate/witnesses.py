"""What is told of an endpoint beside its calls: whether it can be reached, and whether the person wants to be."""

from __future__ import annotations

from typing import Final, NamedTuple

from adapters.sip.reports import FeatureReport, PresenceReport, RegistrationReport
from monitor.events import Presence

CONTACTS_LIMIT: Final = 64
"""Contacts remembered of one endpoint and origin; one is enough to be reached."""

_IN_CALL_ACTIVITIES: Final = frozenset({"on-the-phone", "busy", "alerting"})
_IN_CALL_NOTES: Final = frozenset({"ringing", "on the phone", "on hold"})
"""Notes by which Asterisk says so (presence_xml.c)."""


class Registrations:
    """Where an endpoint is registered, by each origin that tells of it."""

    def __init__(self) -> None:
        self._contacts: dict[str, dict[str, None]] = {}

    def take(self, report: RegistrationReport, origin: str) -> None:
        """Take over what a document says."""
        contacts = self._contacts.setdefault(origin, {})
        if report.full or report.state != "active":
            contacts.clear()
        if report.state != "active":
            return
        for contact in report.contacts:
            if not contact.active:
                contacts.pop(contact.id, None)
            elif len(contacts) < CONTACTS_LIMIT:
                contacts[contact.id] = None

    def drop(self, origin: str) -> None:
        """Forget what an origin told."""
        self._contacts.pop(origin, None)

    @property
    def reachable(self) -> bool | None:
        """Whether there is a contact; ``None`` where nobody tells."""
        return any(self._contacts.values()) if self._contacts else None


class Presences:
    """What PIDF documents say, by each origin."""

    def __init__(self) -> None:
        self._reports: dict[str, PresenceReport] = {}

    def take(self, report: PresenceReport, origin: str) -> None:
        """Take over what a document says."""
        self._reports[origin] = report

    def drop(self, origin: str) -> None:
        """Forget what an origin told."""
        self._reports.pop(origin, None)

    @property
    def reachable(self) -> bool | None:
        """Whether any says open; ``None`` where none tells."""
        told = [found for report in self._reports.values() if (found := _open(report)) is not None]
        return any(told) if told else None

    @property
    def do_not_disturb(self) -> bool:
        """Whether any says so."""
        return any(report.do_not_disturb for report in self._reports.values())


def _open(report: PresenceReport) -> bool | None:
    """Return whether calls reach the endpoint: Asterisk writes ``closed`` also for one that is in a call."""
    if report.open is not False:
        return report.open
    in_call = report.activities & _IN_CALL_ACTIVITIES or (report.note or "").lower() in _IN_CALL_NOTES
    return bool(in_call)


class Decision(NamedTuple):
    """What the person decided."""

    presence: Presence
    reason: str | None
    since: float


class Features:
    """What as-feature-event documents say. Each tells one thing; what it doesn't tell goes on."""

    def __init__(self) -> None:
        self.decision: Decision | None = None
        self.do_not_disturb = False

    def take(self, report: FeatureReport, at: float) -> bool:
        """Take over what a document says; return whether the decision is another."""
        if report.do_not_disturb is not None:
            self.do_not_disturb = report.do_not_disturb
        if report.presence is None:
            return False
        reason = report.reason if report.presence == "paused" else None
        if self.decision is not None and self.decision[:2] == (report.presence, reason):
            return False
        self.decision = Decision(report.presence, reason, at)
        return True
