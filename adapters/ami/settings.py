"""A source's options for ``adapter: ami``."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from adapters.ami.action import LINE_LIMIT
from adapters.ami.errors import SettingsProblem
from adapters.ami.timeouts import Timeouts

EventClass = Literal[
    "system", "call", "log", "verbose", "command", "agent", "user", "config", "dtmf", "reporting", "cdr", "dialplan",
    "originate", "agi", "cc", "aoc", "test", "security", "message",
]  # fmt: skip
"""Classes of events (main/manager.c, ``perms``)."""

DEFAULT_CLASSES: tuple[EventClass, ...] = ("agent", "call", "system", "user", "dialplan")
"""What is translated. A class that the manager user may not read is simply not sent: ``dialplan`` is a bonus."""

_OneLine = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]+$")]

_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TlsSettings(BaseModel):
    """How the PBX's certificate is judged."""

    model_config = _STRICT

    ca_file: Path | None = None
    """PEM file with the authorities to trust; none: those of the system."""
    verify: bool = True
    """Without it anybody may pose as the PBX and learn a plain secret."""


class AmiSettings(BaseModel):
    """A source's options; unknown ones are refused."""

    model_config = _STRICT

    id: _OneLine
    adapter: Literal["ami"] = "ami"
    host: _OneLine = "127.0.0.1"
    port: int = Field(default=5038, ge=1, le=65535)
    username: _OneLine
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


class SecretSource:
    """Reads the secret anew for each connection, so that a rotated file needs no restart.

    The first reading happens at once: a missing or empty file is an error before anything starts. A file that
    vanishes later leaves the last secret in use.
    """

    __slots__ = ("_path", "_secret")

    def __init__(self, settings: AmiSettings, base_directory: Path) -> None:
        self._path = base_directory / settings.secret_file if settings.secret_file is not None else None
        if settings.secret is not None:
            self._secret = _checked(settings.secret.get_secret_value(), "secret")
        elif self._path is not None:
            self._secret = _read(self._path)
        else:
            raise SettingsProblem("secret", "there is none", "give `secret` or `secret_file`")

    def __call__(self) -> str:
        """Return the secret."""
        if self._path is not None:
            try:
                self._secret = _read(self._path)
            except SettingsProblem:
                return self._secret
        return self._secret


def parse(options: Mapping[str, Any]) -> AmiSettings:
    """Return the options as settings. Raises ``ValueError`` (pydantic's own) for what is wrong, never with a secret."""
    return AmiSettings.model_validate(dict(options))


def tls_context(settings: AmiSettings, base_directory: Path) -> ssl.SSLContext | None:
    """Return how to speak TLS, or None for plain TCP. Raises :class:`SettingsProblem`."""
    if settings.tls is False:
        return None
    tls = TlsSettings() if settings.tls is True else settings.tls
    path = base_directory / tls.ca_file if tls.ca_file is not None else None
    try:
        context = ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        why = f"{path} can't be used: {getattr(error, 'strerror', None) or error}"
        raise SettingsProblem(
            "tls.ca_file", why, "name a PEM file with the authority's certificate"
        ) from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


_SECRET_BYTES = 4 * LINE_LIMIT


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:  # a little of it is enough to see that it is too much
            text = file.read(_SECRET_BYTES).decode()
    except OSError as error:
        raise SettingsProblem(
            "secret_file",
            f"{path} can't be read: {error.strerror or error}",
            "put the manager user's secret there, readable by this service",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsProblem(
            "secret_file", f"{path} is not UTF-8 text", "put the secret alone there"
        ) from error
    return _checked(text.removesuffix("\n").removesuffix("\r"), "secret_file")


def _checked(secret: str, option: str) -> str:
    if not secret:
        raise SettingsProblem(option, "the secret is empty", "give the secret of the manager user")
    if any(sign in secret for sign in "\r\n\0"):
        raise SettingsProblem(option, "the secret has more than one line", "put the secret alone there")
    if len(secret.encode()) > LINE_LIMIT - len("Secret: "):
        raise SettingsProblem(option, "the secret is longer than Asterisk reads", "use a shorter one")
    return secret
