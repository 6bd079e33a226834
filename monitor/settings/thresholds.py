"""The wallboard's section: its title, and from where on a figure is shown as a warning or critical.

All is ``None`` here unless it is written; the defaults depend on the queue (:mod:`monitor.settings.wallboard`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from monitor.settings.base import Seconds, Section, Text

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,6})?) ?([smhd])")


def seconds(value: Any) -> Any:
    """Return ``"30s"``, ``"2m"``, ``"1.5h"`` or ``"2d"`` in seconds, anything else as it is."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else float(match[1]) * _UNITS[match[2]]


def duration(value: Any) -> Any:
    """Return a duration in seconds; raises ``ValueError`` for a text that is none."""
    if isinstance(value, str) and isinstance(seconds(value), str):
        raise ValueError("expected seconds, or a duration such as 30s, 2m or 1h")  # noqa: TRY004 - told to people
    return seconds(value)


Duration = Annotated[Seconds, BeforeValidator(duration)]
"""Seconds as a number, or with a unit."""
Callers = Annotated[int, Field(ge=1, le=1_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]


class CallersLevels(Section):
    """A number of callers: reaching it is the warning, or critical. `null`: never."""

    warning: Callers | None = None
    """Shown as a warning from here on."""
    critical: Callers | None = None
    """Shown as critical from here on."""


class DurationLevels(Section):
    """A duration: reaching it is the warning, or critical. `null`: never."""

    warning: Duration | None = None
    """Shown as a warning from here on."""
    critical: Duration | None = None
    """Shown as critical from here on."""


class ShareLevels(Section):
    """A share (0.05 = 5 %): reaching it is the warning, or critical. `null`: never."""

    warning: Share | None = None
    """Shown as a warning from here on."""
    critical: Share | None = None
    """Shown as critical from here on."""


class ServiceLevelLevels(Section):
    """A share (0.8 = 80 %): falling below it is the warning, or critical. `null`: never."""

    warning: Share | None = None
    """Shown as a warning below this."""
    critical: Share | None = None
    """Shown as critical below this."""


class QueueThresholdSettings(Section):
    """From where on a queue's figures are shown as a warning, or critical."""

    waiting: CallersLevels = Field(default_factory=CallersLevels)
    longest_wait: DurationLevels = Field(default_factory=DurationLevels)
    service_level: ServiceLevelLevels = Field(default_factory=ServiceLevelLevels)
    abandoned: ShareLevels = Field(default_factory=ShareLevels)


class StateThresholdSettings(Section):
    """How long an agent may be in a state before that is shown as a warning, or critical."""

    talking: DurationLevels = Field(default_factory=DurationLevels)
    on_hold: DurationLevels = Field(default_factory=DurationLevels)
    wrap_up: DurationLevels = Field(default_factory=DurationLevels)
    paused: DurationLevels = Field(default_factory=DurationLevels)
    ringing: DurationLevels = Field(default_factory=DurationLevels)


class ThresholdSettings(QueueThresholdSettings):
    """The thresholds of all queues, and those of agents."""

    time_in_state: StateThresholdSettings = Field(default_factory=StateThresholdSettings)


class WallboardSettings(Section):
    """What the wallboard shows, and how."""

    title: Text | None = None
    """Shown on top."""
    thresholds: ThresholdSettings = Field(default_factory=ThresholdSettings)
