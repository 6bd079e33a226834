"""What is shown of deliveries."""

from __future__ import annotations

import msgspec

from monitor.model import Alert


class WebhookStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one webhook fares. Counts are since the start of the process."""

    id: str
    format: str
    pending: int
    """Notifications that are not delivered yet, those under way included."""
    in_flight: int
    failing_since: float | None
    """Since when tries fail; ``None`` while nothing is wrong."""
    last_error: str | None
    last_delivered_at: float | None
    delivered: int
    failed: int
    """Tries that failed."""
    dropped: int
    """Notifications that were given up: to the dead letters."""
    dead: int
    """Dead letters that can be sent again."""
    forgotten: int
    """Dead letters that had to make room for newer ones."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that was given up."""

    webhook: str
    id: str
    at: float
    """When it was made."""
    given_up_at: float
    attempts: int
    reason: str | None
    group: dict[str, str]
    alerts: tuple[Alert, ...]
