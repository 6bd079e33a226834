"""Calls by listening in on a server's SIP: packets that capture agents send by HEPv3.

============  ===============================================================================================
packets       bytes -> what was captured, without I/O; framing: the same over TCP
capture       who may send, with which key, whether the source is heard at all; without I/O
notices       what the log is told of that, however often it happens
clock         when a packet was captured, by our clock
translate     SIP messages -> domain events, without I/O: glance (most concern nobody), duplicates, servers and
              watching (who is who), parties (whose leg), calls (what messages mean), dialogs (for which
              legs), progress (how far these have come), legs, table, registrations, endpoints
client        the running adapter; listener: its sockets
check         what `operator-monitor check` finds out
settings      the source's options
============  ===============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.hep.client import HepAdapter
from adapters.hep.settings import KeySource, parse

__all__ = ["HepAdapter", "factory"]


def factory(options: Mapping[str, Any], base_directory: Path) -> HepAdapter:
    """Make the adapter of one source (:class:`adapters.contract.AdapterFactory`)."""
    settings = parse(options)
    return HepAdapter(settings, KeySource(settings, base_directory))
