"""Whether a browser's page may open the feed (cross-site WebSocket hijacking)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit


def allowed(origin: str | None, host: str | None, listed: Sequence[str]) -> bool:
    """Whether to serve a request with these ``Origin`` and ``Host`` headers.

    Programs send no origin. A page that came from the same host (any port) may; of others, those listed
    (``https://board.example.org``, or ``*`` for all).
    """
    if origin is None or origin in listed or "*" in listed:
        return True
    if host is None:
        return False
    try:
        page, ours = urlsplit(origin).hostname, urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return page is not None and page == ours
