"""Opens TCP and TLS connections and says in people's words why there is none."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from adapters.common.places import hostport

Reasons: TypeAlias = Mapping[int, tuple[str, str]]
"""What an ``errno`` means, and what to do about it."""

_NO_WAY: Final[Reasons] = {
    errno.EHOSTUNREACH: ("there is no route to that host", "see the network between the two machines"),
    errno.ENETUNREACH: ("there is no route to that network", "see the network between the two machines"),
}


class NoConnection(Exception):
    """There is no connection to be had. ``reason`` is a sentence for people, ``remedy`` what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class Remedies(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about a server of one protocol that can't be reached."""

    refused: str
    """Nothing listens there."""
    no_tls: str
    """What listens there doesn't speak TLS."""


def why(error: OSError, reasons: Reasons) -> tuple[str, str]:
    """Return what an error of the network means and what to do about it; ``reasons`` are those of the protocol."""
    number = error.errno or 0
    return reasons.get(number) or _NO_WAY.get(number) or (error.strerror or str(error), "see the network")


async def open_stream(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    name: str | None = None,
    seconds: float,
    limit: int,
    remedies: Remedies,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection's two ends. Raises :class:`NoConnection`.

    ``name`` is what the certificate must be made for, by default ``host``; ``limit`` the bytes taken at once.
    """
    where = hostport(host, port)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.open_connection(
                host, port, ssl=tls, server_hostname=name if tls is not None else None, limit=limit
            )
    except TimeoutError as error:
        remedy = "see that the machine is up and that no firewall swallows the connection"
        raise NoConnection(f"{where} did not answer within {seconds:.0f} s", remedy) from error
    except ssl.SSLCertVerificationError as error:
        remedy = (
            "name its authority in `tls: {ca_file: …}` and use the host name that the certificate is made for"
        )
        raise NoConnection(
            f"{where}: the certificate is not trusted: {error.verify_message}", remedy
        ) from error
    except ssl.SSLError as error:
        raise NoConnection(f"{where} does not speak TLS: {error.reason or error}", remedies.no_tls) from error
    except socket.gaierror as error:
        raise unknown_host(host, error) from error
    except OSError as error:
        reason, remedy = why(error, {errno.ECONNREFUSED: ("nothing listens there", remedies.refused)})
        raise NoConnection(f"{where}: {reason}", remedy) from error


def unknown_host(host: str, error: OSError) -> NoConnection:
    """Return what to raise for a name that leads to no address."""
    return NoConnection(f"{host} is not a known host: {error.strerror or error}", "correct `host`")
