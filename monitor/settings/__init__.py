"""The configuration: read from a YAML file, refined by environment variables, checked as a whole.

::

    settings = load_settings(Path("monitor.yaml"))     # SettingsError tells every mistake with file, line and key
    configs = settings.source_configs()                # what the engine of each source is told
"""

from __future__ import annotations

from monitor.settings.alerts import AlertSettings, RuleSettings, WebhookSettings
from monitor.settings.errors import Place, Problem, SettingsError
from monitor.settings.loading import load_settings
from monitor.settings.model import Settings
from monitor.settings.sections import (
    AgentSettings,
    DaySettings,
    FeedSettings,
    HttpSettings,
    LogSettings,
    PrivacySettings,
    QueueDefaults,
    QueueSettings,
    ServiceLevelSettings,
    SourceSettings,
    StorageSettings,
)
from monitor.settings.thresholds import WallboardSettings
from monitor.settings.wallboard import WallboardConfig

__all__ = [
    "AgentSettings",
    "AlertSettings",
    "DaySettings",
    "FeedSettings",
    "HttpSettings",
    "LogSettings",
    "Place",
    "PrivacySettings",
    "Problem",
    "QueueDefaults",
    "QueueSettings",
    "RuleSettings",
    "ServiceLevelSettings",
    "Settings",
    "SettingsError",
    "SourceSettings",
    "StorageSettings",
    "WallboardConfig",
    "WallboardSettings",
    "WebhookSettings",
    "load_settings",
]
