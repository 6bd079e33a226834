"""From the settings to what the engine of one source is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from monitor.engine.config import AgentConfig, DayConfig, QueueConfig, SourceConfig
from monitor.settings.sections import (
    AgentSettings,
    DaySettings,
    PrivacySettings,
    QueueDefaults,
    QueueSettings,
    ServiceLevelSettings,
    SourceSettings,
)


def source_config(
    source: SourceSettings,
    *,
    queues: Mapping[str, QueueSettings],
    defaults: QueueDefaults,
    agents: Sequence[AgentSettings],
    day: DaySettings,
    privacy: PrivacySettings,
) -> SourceConfig:
    """Return the engine's configuration for one source.

    What is said of all sources comes first, what is said of this one (``pbx1/sales``) refines it key by key, and
    queues fall back to the defaults key by key.
    """
    refined_queues = refined(source.id, queues)
    refined_agents = refined(source.id, {agent.id: agent for agent in agents})
    return SourceConfig(
        source=source.id,
        adapter=source.adapter,
        queues={name: _queue(said, defaults) for name, said in refined_queues.items()},
        default_queue=_queue([], defaults),
        agents=tuple(_agent(name, said) for name, said in refined_agents.items()),
        day=DayConfig(timezone=day.timezone, starts=day.starts),
        show_numbers=privacy.show_numbers,
    )


T = TypeVar("T")


def local_name(source: str, key: str) -> str | None:
    """Return what a key names in a source: ``None`` if it speaks of another source alone."""
    prefix, slash, name = key.partition("/")
    if not slash:
        return key
    return name if prefix == source else None


def refined(source: str, said: Mapping[str, T]) -> dict[str, list[T]]:
    """Return by name what is said of it, the general before the particular."""
    found: dict[str, list[T]] = {}
    for key in sorted(said, key=lambda key: "/" in key):
        if (name := local_name(source, key)) is not None:
            found.setdefault(name, []).append(said[key])
    return found


def given(sections: Sequence[BaseModel]) -> dict[str, Any]:
    """Return the keys that were written, the later ones winning."""
    return {key: getattr(section, key) for section in sections for key in section.model_fields_set}


def _queue(said: Sequence[QueueSettings], defaults: QueueDefaults) -> QueueConfig:
    level = ServiceLevelSettings.model_validate(
        given([defaults.service_level, *(section.service_level for section in said)])
    )
    written = given([defaults, *said])
    queue = QueueSettings.model_validate({key: written[key] for key in ("name", "wrap_up") if key in written})
    return QueueConfig(
        name=queue.name,
        threshold=level.threshold,
        target=level.target,
        short_abandon=level.short_abandon,
        formula=level.formula,
        wrap_up=queue.wrap_up,
    )


def _agent(name: str, said: Sequence[AgentSettings]) -> AgentConfig:
    agent = AgentSettings.model_validate(given(said))
    return AgentConfig(id=name, name=agent.name, team=agent.team, endpoints=tuple(agent.endpoints))
