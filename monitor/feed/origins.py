"""Whether a browser's page may open the feed (cross-site WebSocket hijacking, DNS rebinding)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from monitor.listening import host_of, is_own


def allowed(
    origin: str | None, host: str | None, listed: Sequence[str], public_host: str | None = None
) -> bool:
    """Whether to serve a request with these ``Origin`` and ``Host`` headers.

    Programs send no origin. A page that came from the same host (any port) may, where the host is an address,
    ``localhost`` or ``public_host``: a stranger can let any other name lead here. Of other pages, those listed
    (``https://board.example.org``, or ``*`` for all).
    """
    if origin is None or origin in listed or "*" in listed:
        return True
    if host is None:
        return False
    try:
        page = urlsplit(origin).hostname
    except ValueError:
        return False
    return page is not None and page == host_of(host) and (is_own(page) or page == public_host)
