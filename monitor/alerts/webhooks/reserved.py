"""Headers of a request that the configuration can't set: they are ours, or the connection's."""

from __future__ import annotations

_RESERVED = frozenset({"connection", "content-length", "content-type", "host", "transfer-encoding"})


def reserved(header: str) -> bool:
    """Return whether a header is set by the service; all that begin with ``webhook-`` are."""
    return header.lower() in _RESERVED or header.lower().startswith("webhook-")
