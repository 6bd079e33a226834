"""A notification: what one request tells one receiver."""

from __future__ import annotations

import msgspec

from monitor.model import Alert


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts of one group that began or ended, for one webhook."""

    id: str
    """Stays the same over all tries, so that a receiver can tell a repetition from news."""
    webhook: str
    group: dict[str, str]
    """Labels that the alerts have in common and by which they were put together; ``rule`` among them."""
    at: float
    """When it was decided to tell this, unix seconds."""
    alerts: tuple[Alert, ...]
    """Firing and resolved ones, each in its newest state."""
