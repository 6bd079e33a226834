"""A source's options for ``adapter: ami``."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from adapters.ami.action import LINE_LIMIT
from adapters.ami.timeouts import Timeouts
from adapters.common.options import STRICT, OneLine
from adapters.common.secrets import SecretKind
from adapters.common.tls import TlsSettings, client_context

EventClass = Literal[
    "system", "call", "log", "verbose", "command", "agent", "user", "config", "dtmf", "reporting", "cdr", "dialplan",
    "originate", "agi", "cc", "aoc", "test", "security", "message",
]  # fmt: skip
"""Classes of events (main/manager.c, ``perms``)."""

DEFAULT_CLASSES: tuple[EventClass, ...] = ("agent", "call", "system", "user", "dialplan")
"""What is translated. A class that the manager user may not read is simply not sent: ``dialplan`` is a bonus."""

SECRET_KIND = SecretKind(
    whose="the manager user's secret", limit=LINE_LIMIT - len("Secret: "), beyond="Asterisk reads"
)


class AmiSettings(BaseModel):
    """A source's options; unknown ones are refused."""

    model_config = STRICT

    id: OneLine
    adapter: Literal["ami"] = "ami"
    host: OneLine = "127.0.0.1"
    port: int = Field(default=5038, ge=1, le=65535)
    username: OneLine
    secret: SecretStr | None = None
    secret_file: Path | None = None
    auth: Literal["md5", "plain"] = "md5"
    tls: bool | TlsSettings = False
    reconcile_interval: float = Field(default=20.0, ge=1.0, le=300.0)
    """Seconds between two comparisons with the PBX's own lists."""
    event_classes: tuple[EventClass, ...] = Field(default=DEFAULT_CLASSES, min_length=1)

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("give exactly one of `secret` and `secret_file`")
        return self

    def timeouts(self) -> Timeouts:
        """Return the waits, with the configured reconciliation interval."""
        return Timeouts(reconcile=self.reconcile_interval)


def parse(options: Mapping[str, Any]) -> AmiSettings:
    """Return the options as settings. Raises ``ValueError`` (pydantic's own) for what is wrong, never with a secret."""
    return AmiSettings.model_validate(dict(options))


def tls_context(settings: AmiSettings, base_directory: Path) -> ssl.SSLContext | None:
    """Return how to speak TLS, or None for plain TCP. Raises :class:`SettingsProblem`."""
    if settings.tls is False:
        return None
    return client_context(TlsSettings() if settings.tls is True else settings.tls, base_directory)
