"""What the engine must be told about one source: plain values, made from the settings by the composition root."""

from __future__ import annotations

import msgspec

from monitor.model import ServiceLevelFormula


class QueueConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How one queue is named and measured."""

    name: str | None = None
    """Shown name; ``None``: the source's own."""
    threshold: float = 20.0
    """Service-level threshold in seconds; a wait of exactly this long is within."""
    target: float | None = 0.8
    short_abandon: float = 5.0
    """An abandoned call that waited less than this many seconds is a short abandon."""
    formula: ServiceLevelFormula = "answered_and_abandoned"
    wrap_up: float | None = None
    """Seconds of wrap-up where the source tells none."""


class AgentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that the configuration names."""

    id: str
    """Without the source's prefix."""
    name: str | None = None
    team: str | None = None
    endpoints: tuple[str, ...] = ()


class DayConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When the day begins."""

    timezone: str = "UTC"
    """IANA name."""
    starts: str = "00:00"
    """Local ``HH:MM``."""


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the engine of one source is told."""

    source: str
    adapter: str = "ami"
    queues: dict[str, QueueConfig] = {}
    """By the source's queue name."""
    default_queue: QueueConfig = QueueConfig()
    agents: tuple[AgentConfig, ...] = ()
    day: DayConfig = DayConfig()
    show_numbers: bool = False
    """Whether callers' numbers are shown whole."""
