"""What the bodies of NOTIFY and PUBLISH tell, as values: one report for each document.

Reports say what a document says, not what it means; that is :mod:`adapters.sip.translate`'s.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from monitor.events import Presence

Kind: TypeAlias = Literal["dialog", "reg", "presence", "feature"]
"""What a subscription (or publication) is about: the event packages ``dialog``, ``reg``, ``presence``, ``as-feature-event``."""

DialogState: TypeAlias = Literal["trying", "proceeding", "early", "confirmed", "terminated"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all that is reported."""


class Dialog(_Struct, frozen=True, kw_only=True):
    """One dialog of an endpoint (RFC 4235 section 4.1)."""

    id: str
    state: DialogState
    direction: Literal["initiator", "recipient"] | None = None
    call_id: str | None = None
    """``None``: a pseudo dialog, which stands for the endpoint as a whole (Asterisk)."""
    local_tag: str | None = None
    remote_tag: str | None = None
    remote: str | None = None
    """The number or user of the other side."""
    remote_name: str | None = None
    held: bool | None = None
    """By the local target's ``+sip.rendering``: ``no`` is held, ``yes`` is not; ``None`` where it is not told."""
    since: float | None = None
    """Seconds since the dialog began (``duration``)."""
    cause: str | None = None
    """Why it came to this state, in a word (``cancelled``, ``rejected``, ``local-bye``)."""


class DialogReport(_Struct, frozen=True, kw_only=True):
    """A dialog-info document: the dialogs of one endpoint, or (not ``full``) those that changed."""

    entity: str
    version: int
    full: bool
    dialogs: tuple[Dialog, ...] = ()


class Contact(_Struct, frozen=True, kw_only=True):
    """Where an address of record is registered."""

    id: str
    active: bool


class RegistrationReport(_Struct, frozen=True, kw_only=True):
    """One registration of a reginfo document (RFC 3680): its contacts, or (not ``full``) those that changed."""

    entity: str
    """Empty: the document names nobody, as whom it is about has no registration."""
    version: int
    full: bool
    contacts: tuple[Contact, ...] = ()
    state: Literal["init", "active", "terminated"] = "active"
    """Of the registration as a whole; ``terminated`` and ``init`` have no contacts."""


class PresenceReport(_Struct, frozen=True, kw_only=True):
    """A PIDF document (RFC 3863) with rpid activities (RFC 4480). ``None`` where it does not tell."""

    entity: str
    open: bool | None = None
    """Any tuple is open; ``None`` without a tuple that tells."""
    activities: frozenset[str] = frozenset()
    """Lower case (``on-the-phone``, ``busy``, ``away``)."""
    do_not_disturb: bool | None = None
    note: str | None = None


class FeatureReport(_Struct, frozen=True, kw_only=True):
    """An as-feature-event document (BroadWorks): one feature or the agent's state. ``None`` where it does not tell."""

    presence: Presence | None = None
    reason: str | None = None
    """Why, of ``paused`` only."""
    do_not_disturb: bool | None = None


class Resource(_Struct, frozen=True, kw_only=True):
    """A member of a list and what is told of it."""

    uri: str
    """Its address of record."""
    name: str | None = None
    state: Literal["active", "pending", "terminated"] | None = None
    """Of the list server's subscription to it; ``None``: it has none (yet)."""
    reason: str | None = None
    """Why ``terminated``."""
    reports: tuple[Report, ...] = ()


class ListReport(_Struct, frozen=True, kw_only=True):
    """A list's document (RFC 4662): its members, or (not ``full``) those that changed."""

    full: bool
    version: int
    resources: tuple[Resource, ...] = ()
    bad: tuple[str, ...] = ()
    """The kinds of bad bodies among the members' (they are left out, the others are not)."""


Report: TypeAlias = DialogReport | RegistrationReport | PresenceReport | FeatureReport | ListReport
