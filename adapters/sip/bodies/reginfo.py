"""reginfo (RFC 3680): where an address of record is registered."""

from __future__ import annotations

from typing import Final, Literal

from adapters.sip.bodies import xml
from adapters.sip.bodies.errors import BadBody
from adapters.sip.bodies.values import address, full, identifier, version
from adapters.sip.reports import Contact, RegistrationReport

CONTACTS_LIMIT: Final = 1_000
"""Contacts in one document."""

_STATES: Final[dict[str, Literal["init", "active", "terminated"]]] = {
    "init": "init",
    "active": "active",
    "terminated": "terminated",
}


def read(body: bytes) -> tuple[RegistrationReport, ...]:
    """Return what a document tells, a report for each address; raise :class:`BadBody`.

    Of several registrations of one address (a server that puts together what several registrars told) any that is
    active counts, and each one's contacts are told apart. A full document without any says that there is none; it
    names nobody, so its report has no entity.
    """
    root = xml.parse(body, "reginfo")
    number, is_full = version(root), full(root)
    reports: dict[str, RegistrationReport] = {}
    count = 0
    for element in root.all("registration"):
        contacts = _contacts(element, identifier(element, "id"))
        count += len(contacts) + 1
        if count > CONTACTS_LIMIT:
            raise BadBody("body_size", f"more than {CONTACTS_LIMIT:,} registrations and contacts")
        state = _STATES.get((element.get("state") or "").lower())
        if state is None:
            raise BadBody("body_content", "a registration without a state that is known")
        entity = address(element, "aor")
        known = reports.get(entity)
        if known is not None:
            contacts = known.contacts + contacts
            state = "active" if "active" in {known.state, state} else state
        reports[entity] = RegistrationReport(
            entity=entity, version=number, full=is_full, contacts=contacts, state=state
        )
    if not reports and is_full:
        return (RegistrationReport(entity="", version=number, full=True, state="init"),)
    return tuple(reports.values())


def _contacts(registration: xml.Element, name: str) -> tuple[Contact, ...]:
    """Return the contacts; those of a registration that is over are over, whatever they say themselves."""
    alive = (registration.get("state") or "").lower() == "active"
    contacts = {}
    for element in registration.all("contact"):
        state = (element.get("state") or "").lower()
        if state not in {"active", "terminated"}:
            raise BadBody("body_content", "a contact that is neither active nor terminated")
        ident = f"{name} {identifier(element, 'id')}"
        contacts[ident] = Contact(id=ident, active=alive and state == "active")
    return tuple(contacts.values())
