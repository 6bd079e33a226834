"""What is configured of a webhook, as far as deliveries need it; the settings' own classes fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Hidden(Protocol):
    """A text that doesn't show itself in messages."""

    def get_secret_value(self) -> str:
        """Return the text."""


class WebhookSettings(Protocol):
    """One receiver. Two of the same values are equal."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def url(self) -> str | Hidden:
        """Where it listens: http, https, or what apprise understands."""

    @property
    def format(self) -> str:
        """``standard``, ``alertmanager`` or ``apprise``."""

    @property
    def secret(self) -> str | Hidden | None:
        """By which requests are signed."""

    @property
    def secret_file(self) -> Path | None:
        """A file that holds it; absolute. Read anew for each try."""

    @property
    def language(self) -> str | None:
        """Of the summaries; ``None`` for the default."""

    @property
    def timeout(self) -> float:
        """Seconds from connecting to the answer's last byte."""

    @property
    def parallel(self) -> int:
        """Requests at the same time."""

    @property
    def give_up_after(self) -> float:
        """Seconds after which a notification that fails goes to the dead letters."""

    @property
    def ca_file(self) -> Path | None:
        """Certificates to trust instead of the system's; absolute."""

    @property
    def headers(self) -> Mapping[str, str | Hidden]:
        """Further headers."""

    @property
    def limit(self) -> int:
        """Notifications kept while the receiver is away."""


def plain(value: str | Hidden) -> str:
    """Return a text that may be hidden."""
    return value if isinstance(value, str) else value.get_secret_value()
