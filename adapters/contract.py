"""What an adapter is to the service, and the service to an adapter.

A third party writes an adapter against this module and :mod:`monitor.events` alone and announces its factory in
the entry-point group ``operator_monitor.adapters``::

    [project.entry-points."operator_monitor.adapters"]
    mypbx = "mypackage:factory"

The service calls ``factory(options, base_directory)`` once for each configured source with ``adapter: mypbx``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from monitor.events import Event


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``operator-monitor check``."""

    level: Literal["ok", "hint", "warning", "error"]
    """``hint``: works, would be better with; ``warning`` and ``error`` make ``check`` fail."""
    subject: str
    """What was looked at, in two or three words (``permission reporting``)."""
    message: str
    """What was found and what follows from it."""
    remedy: str | None = None
    """What to do about it, exactly."""


@runtime_checkable
class Host(Protocol):
    """What the service gives a running adapter. All calls are made in the event loop's thread."""

    def now(self) -> float:
        """Return our wall clock in unix seconds: steady, never going backwards."""

    def monotonic(self) -> float:
        """Return a monotonic clock in seconds, for timeouts."""

    def next_id(self) -> str:
        """Return the id for the next event."""

    def emit(self, events: Sequence[Event]) -> None:
        """Hand over events in order. Never blocks; bounded by the service, which asks for a snapshot when full."""

    async def drained(self) -> None:
        """Return when the service has room: await it between reads, so that a slow log slows the adapter."""

    def log(self, level: Literal["debug", "info", "warning", "error"], event: str, **fields: Any) -> None:
        """Write one structured log event. Never pass a secret."""

    def count_skipped(self, kind: str) -> None:
        """Count something malformed that was skipped (metric ``callcenter_source_skipped_total``)."""


@runtime_checkable
class Adapter(Protocol):
    """One source's connection."""

    source: str

    async def run(self, host: Host) -> None:
        """Connect, emit events, reconnect for ever; ends only by cancellation."""

    def request_snapshot(self) -> None:
        """Ask for a fresh snapshot soon (a correction is suspected, or events had to be dropped)."""

    def check(self, host: Host) -> AsyncIterator[Finding]:
        """Connect once and report what works and what is missing; always ends within a minute."""


class AdapterFactory(Protocol):
    """Makes an adapter from the source's part of the configuration."""

    def __call__(self, options: Mapping[str, Any], base_directory: Path) -> Adapter:
        """Return the adapter.

        ``options`` is the source's mapping as configured (``id``, ``adapter`` and the adapter's own keys);
        relative ``…_file`` paths are relative to ``base_directory``. Raises ``ValueError`` (pydantic's
        ``ValidationError`` included) for options that it can't work with.
        """
