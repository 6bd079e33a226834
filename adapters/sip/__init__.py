"""A SIP server by subscriptions (SUBSCRIBE and NOTIFY), or by what it pushes (PUBLISH).

=============  ==============================================================================================
session        one life with the server, without I/O: found, asked, heard, lost; in it
                 roster (all subscriptions), subscription (one of them), judgement, picture (what all have brought),
                 pacing, keepalive, credentials, requests, transactions, incoming, notify, pushed, publications
bodies         documents -> reports, without I/O
translate      reports -> domain events, without I/O
client         the running adapter: link (a session's clock and sockets), network, inbox, streams, connect, teller
check          what ``operator-monitor check`` finds out
settings       the source's options; plan: what of them the session needs
=============  ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.common.secrets import SecretKind, SecretSource
from adapters.sip.client import Access, SipAdapter
from adapters.sip.settings import SECRET_KIND, client_context, listener_context, parse

__all__ = ["SipAdapter", "factory"]

_PUSH_SECRET_KIND = SecretKind(whose="the secret of the user who pushes")


def factory(options: Mapping[str, Any], base_directory: Path) -> SipAdapter:
    """Make the adapter of one source (:class:`adapters.contract.AdapterFactory`)."""
    settings = parse(options)
    push = settings.push
    access = Access(
        settings=settings,
        secret=SecretSource(SECRET_KIND, settings.secret, settings.secret_file, base_directory),
        push_secret=SecretSource(
            _PUSH_SECRET_KIND,
            push.secret if push is not None else None,
            push.secret_file if push is not None else None,
            base_directory,
            prefix="push.",
        ),
        client_tls=client_context(settings, base_directory),
        listener_tls=listener_context(settings, base_directory),
    )
    return SipAdapter(access)
