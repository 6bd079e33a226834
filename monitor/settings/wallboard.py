"""From the settings to the thresholds that the wallboard is told.

What is written for a queue wins, key by key, over what is written for all. What is nowhere written has a default,
which may depend on the queue's service level; a default gives way to what is written rather than contradict it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from monitor.engine.config import QueueConfig, SourceConfig
from monitor.model import QueueThresholds, StateThresholds, Threshold, Thresholds
from monitor.settings.sections import DaySettings, QueueSettings
from monitor.settings.sources import given, refined
from monitor.settings.thresholds import QueueThresholdSettings, WallboardSettings

BELOW_TARGET: Final = 0.1
"""How far below the target a service level is critical."""

NEVER: Final = Threshold(warning=None, critical=None)
WAITING: Final = Threshold(warning=3, critical=6)
ABANDONED: Final = Threshold(warning=0.05, critical=0.1)
TIME_IN_STATE: Final[Mapping[str, Threshold]] = {
    "talking": NEVER,
    "on_hold": Threshold(warning=120.0, critical=300.0),
    "wrap_up": Threshold(warning=120.0, critical=300.0),
    "paused": NEVER,
    "ringing": Threshold(warning=20.0, critical=40.0),
}


@dataclass(frozen=True, slots=True)
class WallboardConfig:
    """What the wallboard is told: :class:`monitor.web.handlers.WallboardView` sees it so."""

    title: str | None
    timezone: str | None
    thresholds: Thresholds
    """Of agents, and of queues that the configuration does not name."""
    named: Mapping[str, QueueThresholds]
    """Of queues that it names, by id."""

    def of(self, queue_id: str) -> QueueThresholds:
        """Return a queue's thresholds."""
        return self.named.get(queue_id) or _of_any_queue(self.thresholds)


def wallboard_config(
    wallboard: WallboardSettings,
    *,
    day: DaySettings,
    queues: Mapping[str, QueueSettings],
    default_queue: QueueConfig,
    sources: Sequence[SourceConfig],
) -> WallboardConfig:
    """Return what the wallboard is told. ``sources`` say how each queue is measured."""
    general = wallboard.thresholds
    states = {
        state: _threshold([getattr(general.time_in_state, state)], default)
        for state, default in TIME_IN_STATE.items()
    }
    of_queues = _queue_thresholds([general], default_queue)
    return WallboardConfig(
        title=wallboard.title,
        # UTC by default is how days are counted, not where the reader lives.
        timezone=day.timezone if "timezone" in day.model_fields_set else None,
        thresholds=Thresholds(
            waiting=of_queues.waiting,
            longest_wait=of_queues.longest_wait,
            service_level=of_queues.service_level,
            abandoned=of_queues.abandoned,
            time_in_state=StateThresholds(**states),
        ),
        named={
            f"{source.source}/{name}": _queue_thresholds(
                [general, *(queue.thresholds for queue in said)], source.queues[name]
            )
            for source in sources
            for name, said in refined(source.source, queues).items()
        },
    )


def _of_any_queue(thresholds: Thresholds) -> QueueThresholds:
    return QueueThresholds(
        waiting=thresholds.waiting,
        longest_wait=thresholds.longest_wait,
        service_level=thresholds.service_level,
        abandoned=thresholds.abandoned,
    )


def _queue_thresholds(said: Sequence[QueueThresholdSettings], queue: QueueConfig) -> QueueThresholds:
    """Return the thresholds of a queue: the general first, the particular last."""
    in_time = Threshold(warning=queue.threshold, critical=2 * queue.threshold)
    target = queue.target
    level = NEVER
    if target is not None:
        level = Threshold(warning=target, critical=max(0.0, round(target - BELOW_TARGET, 9)))
    return QueueThresholds(
        waiting=_threshold([one.waiting for one in said], WAITING),
        longest_wait=_threshold([one.longest_wait for one in said], in_time),
        service_level=_threshold([one.service_level for one in said], level, falls=True),
        abandoned=_threshold([one.abandoned for one in said], ABANDONED),
    )


def _threshold(said: Sequence[BaseModel], default: Threshold, *, falls: bool = False) -> Threshold:
    """Return what is written, else the default; of a figure that gets worse as it ``falls``, or as it rises."""
    written = given(said)
    warning: float | None = written.get("warning", default.warning)
    critical: float | None = written.get("critical", default.critical)
    if warning is not None and critical is not None and (warning < critical if falls else warning > critical):
        if "warning" in written:
            critical = warning
        else:
            warning = critical
    return Threshold(warning=warning, critical=critical)
