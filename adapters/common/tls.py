"""How TLS is spoken: whose certificates are trusted, and which one is ours."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Self

from pydantic import BaseModel, model_validator

from adapters.common.options import STRICT
from adapters.common.problems import SettingsProblem


class TlsSettings(BaseModel):
    """How the other side's certificate is judged."""

    model_config = STRICT

    ca_file: Path | None = None
    """PEM file with the authorities to trust; none: those of the system."""
    verify: bool = True
    """Without it anybody may pose as the server, and learn a secret that is sent plain."""


class MutualTlsSettings(TlsSettings):
    """The same, and our own certificate for a server that calls back or asks for one."""

    cert_file: Path | None = None
    """PEM file with it."""
    key_file: Path | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("`key_file` without `cert_file`: give both, or none")
        return self


def client_context(tls: TlsSettings, base_directory: Path) -> ssl.SSLContext:
    """Return how to speak TLS to a server. Raises :class:`SettingsProblem`."""
    path = base_directory / tls.ca_file if tls.ca_file is not None else None
    try:
        context = ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        remedy = "name a PEM file with the authority's certificate"
        raise SettingsProblem("tls.ca_file", _unusable(path, error), remedy) from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _load_own(context, tls, base_directory)
    return context


def listener_context(tls: MutualTlsSettings, base_directory: Path) -> ssl.SSLContext:
    """Return how to speak TLS to who calls us. Raises :class:`SettingsProblem`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _load_own(context, tls, base_directory)
    return context


def _load_own(context: ssl.SSLContext, tls: TlsSettings, base_directory: Path) -> None:
    if not isinstance(tls, MutualTlsSettings) or tls.cert_file is None:
        return
    certificate = base_directory / tls.cert_file
    key = base_directory / tls.key_file if tls.key_file is not None else None
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        remedy = "name PEM files with our certificate and its key, readable by this service"
        raise SettingsProblem("tls.cert_file", _unusable(certificate, error), remedy) from error


def _unusable(path: Path | None, error: OSError) -> str:
    return f"{path} can't be used: {error.strerror or error}"
