"""Asterisk by its manager interface (AMI).

============  ===============================================================================================
protocol      bytes -> messages, without I/O (message: one of them; layouts: those met before); action -> bytes
session       one connection's state machine, without I/O (login, lists, snapshots, keepalive)
translate     messages -> domain events, without I/O
client        the running adapter: link (one connection's socket), connect
check         what `operator-monitor check` finds out; permissions says what is needed for what
settings      the source's options
============  ===============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.ami.client import AmiAdapter, Endpoint, Translation
from adapters.ami.settings import SECRET_KIND, parse, tls_context
from adapters.ami.translate import INTERESTING, SIEVE, Translator
from adapters.common.secrets import SecretSource
from adapters.contract import Host

__all__ = ["AmiAdapter", "factory"]


def _translator(source: str, host: Host) -> Translator:
    return Translator(source, host.next_id, host.count_skipped)


TRANSLATION = Translation(interesting=INTERESTING, sieve=SIEVE, make=_translator)


def factory(options: Mapping[str, Any], base_directory: Path) -> AmiAdapter:
    """Make the adapter of one source (:class:`adapters.contract.AdapterFactory`)."""
    settings = parse(options)
    endpoint = Endpoint(
        settings=settings,
        secret=SecretSource(SECRET_KIND, settings.secret, settings.secret_file, base_directory),
        tls=tls_context(settings, base_directory),
    )
    return AmiAdapter(endpoint, TRANSLATION)
