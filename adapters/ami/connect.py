"""Opens the connection to a PBX and says in people's words why it can't."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl

from adapters.ami.errors import Unreachable

READ_LIMIT = 262_144
"""Bytes taken at once; the stream's own buffer holds at most twice as many."""

_REASONS = {
    errno.ECONNREFUSED: (
        "nothing listens there",
        "see that Asterisk runs, that `enabled = yes` and `bindaddr` in manager.conf fit, and that host and port are right",
    ),
    errno.EHOSTUNREACH: ("there is no route to that host", "see the network between the two machines"),
    errno.ENETUNREACH: ("there is no route to that network", "see the network between the two machines"),
}


async def open_connection(
    host: str, port: int, tls: ssl.SSLContext | None, seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection's two ends. Raises :class:`Unreachable`."""
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=READ_LIMIT)
    except TimeoutError as error:
        remedy = "see that the machine is up and that no firewall swallows the connection"
        raise Unreachable(f"{where} did not answer within {seconds:.0f} s", remedy) from error
    except ssl.SSLCertVerificationError as error:
        remedy = (
            "name its authority in `tls: {ca_file: …}` and use the host name that the certificate is made for"
        )
        raise Unreachable(
            f"{where}: the certificate is not trusted: {error.verify_message}", remedy
        ) from error
    except ssl.SSLError as error:
        remedy = "use the port of `tlsbindaddr` (5039 by default), or `tls: false`"
        raise Unreachable(f"{where} does not speak TLS: {error.reason or error}", remedy) from error
    except socket.gaierror as error:
        raise Unreachable(
            f"{host} is not a known host: {error.strerror or error}", "correct `host`"
        ) from error
    except OSError as error:
        reason, remedy = _REASONS.get(error.errno or 0, (error.strerror or str(error), "see the network"))
        raise Unreachable(f"{where}: {reason}", remedy) from error
    return reader, writer


async def close_connection(writer: asyncio.StreamWriter) -> None:
    """Close at once, without waiting for a peer that may be gone."""
    writer.transport.abort()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        return
