"""RLMI (RFC 4662): who is in a list, and which part of the body tells of whom."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from adapters.common.texts import shown
from adapters.sip.bodies import xml
from adapters.sip.bodies.errors import BadBody
from adapters.sip.bodies.values import address, identifier, optional_identifier, version

RESOURCES_LIMIT: Final = 5_000
"""Members in one document."""

State = Literal["active", "pending", "terminated"]

_STATES: Final[dict[str, State]] = {"active": "active", "pending": "pending", "terminated": "terminated"}
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}
_LIVELIEST: Final[tuple[State, ...]] = ("terminated", "pending", "active")


class Member(NamedTuple):
    """A member of a list."""

    uri: str
    name: str | None
    state: State | None
    reason: str | None
    parts: tuple[str, ...]
    """The Content-IDs of the parts that tell of it."""


class Document(NamedTuple):
    """An RLMI document."""

    version: int
    full: bool
    members: tuple[Member, ...]


def read(body: bytes) -> Document:
    """Return what a document tells; raise :class:`BadBody`."""
    root = xml.parse(body, "list")
    is_full = _TRUTH.get((root.get("fullState") or "").lower())
    if is_full is None:
        raise BadBody("body_content", "a list that doesn't say whether it is full")
    members: dict[str, Member] = {}
    for element in root.all("resource"):
        member = _member(element)
        members[member.uri] = member
        if len(members) > RESOURCES_LIMIT:
            raise BadBody("body_size", f"more than {RESOURCES_LIMIT:,} members of a list")
    return Document(version(root), is_full, tuple(members.values()))


def _member(element: xml.Element) -> Member:
    """Return a member. Of several instances (forks of one subscription) the liveliest is the member's state."""
    name = element.first("name")
    state: State | None = None
    reason: str | None = None
    parts = []
    for instance in element.all("instance"):
        told = _STATES.get((instance.get("state") or "").lower())
        if told is None:
            raise BadBody("body_content", "an instance without a state that is known")
        identifier(instance, "id")
        if state is None or _LIVELIEST.index(told) > _LIVELIEST.index(state):
            state, reason = told, shown(instance.get("reason"))
        part = optional_identifier(instance, "cid")
        if part is not None:
            parts.append(content_id(part))
    return Member(
        uri=address(element, "uri"),
        name=None if name is None else shown(name.text),
        state=state,
        reason=reason if state == "terminated" else None,
        parts=tuple(parts),
    )


def content_id(text: str) -> str:
    """Return a Content-ID as it is compared: without angle brackets and ``cid:``."""
    return text.strip().removeprefix("cid:").strip("<>")
