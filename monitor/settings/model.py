"""The whole configuration, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr

from monitor.alerts.rules import Rule, rule_of
from monitor.engine.config import SourceConfig
from monitor.settings.alerts import AlertSettings
from monitor.settings.base import Section, Text
from monitor.settings.document import Document
from monitor.settings.environment import overlay
from monitor.settings.errors import KeyPath, SettingsError
from monitor.settings.sections import (
    AgentSettings,
    DaySettings,
    FeedSettings,
    HttpSettings,
    LogSettings,
    PrivacySettings,
    QueueDefaults,
    QueueSettings,
    SourceSettings,
    StorageSettings,
)
from monitor.settings.sources import source_config
from monitor.settings.thresholds import WallboardSettings
from monitor.settings.validation import problem_at, problems_of, validated
from monitor.settings.wallboard import WallboardConfig, wallboard_config


class Settings(Section):
    """The whole configuration.

    Made by :func:`monitor.settings.load_settings` or :meth:`Settings.of`, which also check what spans several
    sections and tell mistakes with their place.
    """

    sources: Annotated[list[SourceSettings], Field(min_length=1)]
    """The PBXs and SIP servers to watch."""
    queues: dict[Text, QueueSettings] = Field(default_factory=dict)
    """What refines a queue, by the source's queue name; `pbx1/sales` speaks of the source `pbx1` alone."""
    queue_defaults: QueueDefaults = Field(default_factory=QueueDefaults)
    agents: list[AgentSettings] = Field(default_factory=list)
    day: DaySettings = Field(default_factory=DaySettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    feed: FeedSettings = Field(default_factory=FeedSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    wallboard: WallboardSettings = Field(default_factory=WallboardSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    _base_directory: Path = PrivateAttr(default_factory=Path.cwd)
    _document: Document = PrivateAttr(default_factory=lambda: Document("settings"))

    @classmethod
    def of(
        cls, *, environ: Mapping[str, str] | None = None, base_directory: Path | None = None, **sections: Any
    ) -> Self:
        """Return settings made in code, with ``OPERATOR_MONITOR_…`` variables laid over them.

        ``environ`` is the process's own unless given. Raises :class:`SettingsError`.
        """
        document = Document("settings", data=deepcopy(sections))
        return cls.from_document(document, environ, base_directory or Path.cwd())

    @classmethod
    def from_document(
        cls, document: Document, environ: Mapping[str, str] | None, base_directory: Path
    ) -> Self:
        """Return the settings that a document and the environment give. Raises :class:`SettingsError`."""
        overlay(document, os.environ if environ is None else environ)
        settings = validated(cls, document)
        settings._base_directory = base_directory  # noqa: SLF001 - our own class
        settings.alerts = settings.alerts.relative_to(base_directory)
        settings._document = document  # noqa: SLF001 - our own class
        return settings

    @property
    def base_directory(self) -> Path:
        """Return what relative paths are relative to: the configuration file's directory."""
        return self._base_directory

    def source_configs(self) -> list[SourceConfig]:
        """Return what the engine of each source is told, in the order of ``sources``."""
        return [
            source_config(
                source,
                queues=self.queues,
                defaults=self.queue_defaults,
                agents=self.agents,
                day=self.day,
                privacy=self.privacy,
            )
            for source in self.sources
        ]

    def wallboard_config(self) -> WallboardConfig:
        """Return what the wallboard is told."""
        sources = self.source_configs()
        return wallboard_config(
            self.wallboard,
            day=self.day,
            queues=self.queues,
            default_queue=sources[0].default_queue,
            sources=sources,
        )

    def alert_rules(self) -> list[Rule]:
        """Return the alert rules, ready to be judged."""
        return [rule_of(rule, self.day.timezone) for rule in self.alerts.rules]

    def source_error(self, source_id: str, error: Exception) -> SettingsError:
        """Return what an adapter found wrong with its source's options, with file, line and key.

        ``error`` is what the factory raised; pydantic's errors are told key by key.
        """
        return SettingsError(problems_of(error, self._document, self._source_path(source_id)))

    def error_at(self, source_id: str, key: str, expected: str) -> SettingsError:
        """Return an error about one key of a source, with file and line."""
        path = (*self._source_path(source_id), key)
        return SettingsError([problem_at(self._document, path, expected)])

    def _source_path(self, source_id: str) -> KeyPath:
        return next((("sources", i) for i, source in enumerate(self.sources) if source.id == source_id), ())
