"""PIDF (RFC 3863) with rpid activities (RFC 4480) and Cisco's "do not disturb"."""

from __future__ import annotations

from typing import Final

from adapters.common.texts import shown
from adapters.sip.bodies import xml
from adapters.sip.bodies.errors import BadBody
from adapters.sip.bodies.values import address
from adapters.sip.reports import PresenceReport

ACTIVITIES_LIMIT: Final = 32
"""Activities kept."""
_ACTIVITY_LIMIT: Final = 64
"""Characters of an activity."""
_BASIC: Final = {"open": True, "closed": False}
_NO_ACTIVITY: Final = frozenset({"note", "unknown"})
DO_NOT_DISTURB: Final = frozenset({"dnd", "do-not-disturb"})
"""Activities by which a person asks not to be rung (Cisco's ``ce:dnd``)."""


def read(body: bytes) -> PresenceReport:
    """Return what a document tells; raise :class:`BadBody`."""
    root = xml.parse(body, "presence")
    told = []
    for one in root.all("tuple"):
        basic = one.first("status", "basic")
        if basic is not None:
            state = _BASIC.get(basic.text.lower())
            if state is None:
                raise BadBody("body_content", "a basic status that is neither open nor closed")
            told.append(state)
    activities, told_any = _activities(root)
    note = root.first("note") or root.first("tuple", "note") or root.first("person", "note")
    return PresenceReport(
        entity=address(root, "entity"),
        open=any(told) if told else None,
        activities=activities,
        do_not_disturb=bool(activities & DO_NOT_DISTURB) if told_any else None,
        note=None if note is None else shown(note.text),
    )


def _activities(root: xml.Element) -> tuple[frozenset[str], bool]:
    """Return the activities of person and tuples, and whether there is anything that tells them at all."""
    found: dict[str, None] = {}
    told = False
    for element in root.walk():
        if element.tag != "activities":
            continue
        told = True
        for activity in element.children:
            name = activity.tag.lower()
            if name not in _NO_ACTIVITY and len(name) <= _ACTIVITY_LIMIT and len(found) < ACTIVITIES_LIMIT:
                found[name] = None
    return frozenset(found), told
