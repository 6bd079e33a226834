"""as-feature-event (BroadWorks, in the terms of ECMA-323): what the person decided.

A document tells one thing: the agent's state, "do not disturb", or a feature that is none of ours. The first NOTIFY
may have several as multipart/mixed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adapters.common.texts import shown
from adapters.sip.bodies import xml
from adapters.sip.bodies.errors import BadBody
from adapters.sip.reports import FeatureReport
from monitor.events import Presence

_SIGNED_ON: Final = "AgentLoggedOnEvent"
_NOT_READY: Final = "AgentNotReadyEvent"
_PRESENCE: Final[dict[str, Presence]] = {
    "AgentLoggedOffEvent": "signed_off",
    _SIGNED_ON: "paused",  # at work, but nothing is sent before the person is ready
    "AgentReadyEvent": "ready",
    _NOT_READY: "paused",
    "AgentWorkingAfterCallEvent": "wrap_up",
}
_DO_NOT_DISTURB: Final = "DoNotDisturbEvent"
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


def read(bodies: Iterable[bytes]) -> FeatureReport:
    """Return what documents that came together tell; raise :class:`BadBody`.

    Of several states the last counts, but ``AgentLoggedOnEvent`` says less than any other: it comes with them.
    """
    presence: Presence | None = None
    reason: str | None = None
    do_not_disturb: bool | None = None
    signed_on = False
    for body in bodies:
        root = xml.parse_any(body)
        if root.tag == _SIGNED_ON:
            signed_on = True
        elif root.tag in _PRESENCE:
            presence = _PRESENCE[root.tag]
            reason = _reason(root) if root.tag == _NOT_READY else None
        elif root.tag == _DO_NOT_DISTURB:
            do_not_disturb = _do_not_disturb(root)
    if presence is None and signed_on:
        presence = _PRESENCE[_SIGNED_ON]
    return FeatureReport(presence=presence, reason=reason, do_not_disturb=do_not_disturb)


def _reason(root: xml.Element) -> str | None:
    """Return the reason's code, wherever in ``extensions/privateData/private`` it is."""
    for element in root.walk():
        if element.tag == "AgentNotReadyReasonValue":
            return shown(element.text)
    return None


def _do_not_disturb(root: xml.Element) -> bool:
    element = root.first("doNotDisturbOn")
    on = _TRUTH.get("" if element is None else element.text.lower())
    if on is None:
        raise BadBody("body_content", "DoNotDisturbEvent without doNotDisturbOn")
    return on
