"""dialog-info (RFC 4235): which dialogs an endpoint has.

Kamailio (presence_dialoginfo) puts together what several publishers told, so one dialog may come more than once, in
states that it went through one after another: the furthest is the one that it is in.
"""

from __future__ import annotations

from typing import Final, Literal

from adapters.common.texts import shown
from adapters.sip.bodies import xml
from adapters.sip.bodies.errors import BadBody
from adapters.sip.bodies.values import (
    address,
    full,
    identifier,
    optional_identifier,
    party,
    seconds,
    version,
)
from adapters.sip.reports import Dialog, DialogReport, DialogState

DIALOGS_LIMIT: Final = 1_000
"""Dialogs in one document."""

_STATES: Final[dict[str, DialogState]] = {
    "trying": "trying",
    "proceeding": "proceeding",
    "early": "early",
    "confirmed": "confirmed",
    "terminated": "terminated",
}
_FURTHEST: Final = tuple(_STATES.values())
_DIRECTIONS: Final[dict[str, Literal["initiator", "recipient"]]] = {
    "initiator": "initiator",
    "recipient": "recipient",
}
_RENDERING: Final = frozenset({"+sip.rendering", "sip.rendering"})
_HELD: Final = {"no": True, "yes": False}


def read(body: bytes) -> DialogReport:
    """Return what a document tells; raise :class:`BadBody`."""
    root = xml.parse(body, "dialog-info")
    dialogs: dict[str, Dialog] = {}
    for element in root.all("dialog"):
        dialog = _dialog(element)
        known = dialogs.get(dialog.id)
        if known is None or _FURTHEST.index(known.state) <= _FURTHEST.index(dialog.state):
            dialogs[dialog.id] = dialog
        if len(dialogs) > DIALOGS_LIMIT:
            raise BadBody("body_size", f"more than {DIALOGS_LIMIT:,} dialogs")
    return DialogReport(
        entity=address(root, "entity"),
        version=version(root),
        full=full(root),
        dialogs=tuple(dialogs.values()),
    )


def _dialog(element: xml.Element) -> Dialog:
    state = element.first("state")
    known = _STATES.get("" if state is None else state.text.lower())
    if known is None:
        raise BadBody("body_content", "a dialog without a state that is known")
    identity = element.first("remote", "identity")
    target = element.first("remote", "target")
    duration = element.first("duration")
    return Dialog(
        id=identifier(element, "id"),
        state=known,
        direction=_DIRECTIONS.get((element.get("direction") or "").lower()),
        call_id=optional_identifier(element, "call-id"),
        local_tag=optional_identifier(element, "local-tag"),
        remote_tag=optional_identifier(element, "remote-tag"),
        remote=_remote(identity, target),
        remote_name=None if identity is None else shown(identity.get("display")),
        held=_held(element.first("local", "target")),
        since=None if duration is None else seconds(duration.text),
        cause=None if state is None else shown(state.get("event")),
    )


def _remote(identity: xml.Element | None, target: xml.Element | None) -> str | None:
    told = None if identity is None else party(identity.text)
    return told if told is not None or target is None else party(target.get("uri"))


def _held(target: xml.Element | None) -> bool | None:
    """Return what the last ``+sip.rendering`` says: ``pval`` by the RFC's schema, ``pvalue`` as Asterisk writes it."""
    if target is None:
        return None
    held = None
    for param in target.all("param"):
        if (param.get("pname") or "").lower() in _RENDERING:
            held = _HELD.get((param.get("pval") or param.get("pvalue") or "").lower())
    return held
