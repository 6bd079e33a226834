"""What the requests about alerts carry and are answered with. Texts and times have bounds: they are kept and shown."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from monitor.alerts import Silence

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Reason = Annotated[str, Meta(max_length=1_000)]
Matchers = Annotated[dict[Name, Name], Meta(min_length=1, max_length=10)]


class Form(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A request's JSON."""


class Nothing(Form, kw_only=True, frozen=True):
    """An empty object: what is asked for needs no words."""


class Acknowledge(Form, kw_only=True, frozen=True):
    """Who cares for which alert."""

    id: Annotated[str, Meta(min_length=1, max_length=1_000)]
    by: Name
    why: Reason = ""


class NewSilence(Form, kw_only=True, frozen=True):
    """Which alerts are to be quiet, and until when."""

    matchers: Matchers
    """Label, ``rule`` or ``severity`` to the value that it must have; all must match."""
    by: Name
    why: Reason = ""
    until: float
    """Unix seconds."""


class Silenced(Silence, kw_only=True, frozen=True):
    """A silence that was just made."""

    matching: int
    """Alerts that there are now and that it is about."""


class Replay(Form, kw_only=True, frozen=True):
    """Which dead letter is to be tried again."""

    webhook: Name
    id: Name


class Reloaded(msgspec.Struct, kw_only=True, frozen=True):
    """What holds from now on."""

    rules: int
    webhooks: int
    waiting_for_restart: list[str] = msgspec.field(default_factory=list)
    """Other sections of the configuration that changed since the service started."""
