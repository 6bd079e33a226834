"""Opens the connection to a PBX and says in people's words why it can't."""

from __future__ import annotations

import asyncio
import ssl

from adapters.ami.errors import Unreachable
from adapters.common.streams import NoConnection, Remedies, open_stream

READ_LIMIT = 262_144
"""Bytes taken at once; the stream's own buffer holds at most twice as many."""

_REMEDIES = Remedies(
    refused="see that Asterisk runs, that `enabled = yes` and `bindaddr` in manager.conf fit, and that host and port are right",
    no_tls="use the port of `tlsbindaddr` (5039 by default), or `tls: false`",
)


async def open_connection(
    host: str, port: int, tls: ssl.SSLContext | None, seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection's two ends. Raises :class:`Unreachable`."""
    try:
        return await open_stream(host, port, tls=tls, seconds=seconds, limit=READ_LIMIT, remedies=_REMEDIES)
    except NoConnection as error:
        raise Unreachable(error.reason, error.remedy) from error


async def close_connection(writer: asyncio.StreamWriter) -> None:
    """Close at once, without waiting for a peer that may be gone."""
    writer.transport.abort()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        return
