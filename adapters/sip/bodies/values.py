"""Single values of bodies: addresses, numbers, names and texts; bounded, fit to be shown."""

from __future__ import annotations

from typing import Final

from adapters.common.texts import UNFIT, shown
from adapters.sip.bodies.errors import BadBody
from adapters.sip.bodies.xml import Element
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.uri import Uri

NAME_LIMIT: Final = 1_024
"""Characters of an id, a Call-ID, an address: longer ones are none."""
VERSION_LIMIT: Final = 2**63
"""Versions are 32 bits wide; servers that count on are let be."""

_ANONYMOUS: Final = frozenset({"anonymous", "unknown", "unavailable", "restricted"})


def identifier(element: Element, attribute: str) -> str:
    """Return an attribute that names something; raise :class:`BadBody` where it is missing or absurd."""
    found = optional_identifier(element, attribute)
    if found is None:
        raise BadBody("body_content", f"{element.tag[:40]} without {attribute}")
    return found


def optional_identifier(element: Element, attribute: str) -> str | None:
    """Return an attribute that names something, if it is there; raise :class:`BadBody` where it is absurd."""
    found = element.get(attribute)
    if found is None:
        return None
    if len(found) > NAME_LIMIT:
        raise BadBody(
            "body_size", f"{element.tag[:40]}'s {attribute} is longer than {NAME_LIMIT:,} characters"
        )
    return UNFIT.sub("\ufffd", found)


def version(element: Element) -> int:
    """Return the attribute ``version``."""
    text = element.get("version")
    if text is None:
        raise BadBody("body_content", f"{element.tag[:40]} without version")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(VERSION_LIMIT))):
        raise BadBody("body_content", "a version that is no number, or none to count with")
    number = int(text)
    if number >= VERSION_LIMIT:
        raise BadBody("body_content", "a version that is no number to count with")
    return number


def full(element: Element) -> bool:
    """Return whether the attribute ``state`` says ``full``, not ``partial``."""
    state = (element.get("state") or "").lower()
    if state not in {"full", "partial"}:
        raise BadBody("body_content", f"{element.tag[:40]}'s state is neither full nor partial")
    return state == "full"


def seconds(text: str | None) -> float | None:
    """Return whole seconds, if a text is some: not more than ten years."""
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return float(text) if int(text) <= 10 * 366 * 86_400 else None


def address(element: Element, attribute: str) -> str:
    """Return the address of record in an attribute; raise :class:`BadBody` where there is none."""
    return address_of(identifier(element, attribute))


def address_of(text: str) -> str:
    """Return the address of record that a text names: a URI, perhaps ``pres:``, in angle brackets or without scheme."""
    uri = _uri(text)
    if uri is None:
        raise BadBody("body_content", "an address that is no URI")
    return uri.aor


def party(text: str | None) -> str | None:
    """Return the number or user that an address of the other side names; ``None`` where it tells nobody."""
    uri = _uri(text) if text and len(text) <= NAME_LIMIT else None
    if uri is None or not uri.user:
        return None
    user = uri.user.partition(";")[0]
    if user.lower() in _ANONYMOUS or uri.host == "anonymous.invalid":
        return None
    return shown(user)


def _uri(text: str) -> Uri | None:
    text = text.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    scheme, colon, rest = text.partition(":")
    if not colon or "@" in scheme:
        text = f"sip:{text}"
    elif scheme.lower() in {"pres", "im"}:
        text = f"sip:{rest}"
    try:
        return Uri.parse(text)
    except BadUri:
        return None
