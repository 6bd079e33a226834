"""Finds the addresses of a server and opens connections, and says in people's words why it can't."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl

from adapters.common import streams
from adapters.common.places import hostport, plain
from adapters.sip.errors import Unreachable

READ_LIMIT = 65_536
"""Bytes taken at once; a stream's own buffer holds at most twice as many."""
ADDRESSES_LIMIT = 16
BACKLOG = 16
HANDSHAKE_SECONDS = 5.0

_REASONS: streams.Reasons = {
    errno.EADDRINUSE: (
        "the address is taken by another program",
        "choose another port in `listen`; if it is this service itself that runs: stop it, or try `check` with another `listen` port",
    ),
    errno.EADDRNOTAVAIL: ("the address is none of this machine's", "correct `listen`"),
    errno.EACCES: ("this service may not use that port", "choose a port above 1023 in `listen`"),
}  # fmt: skip
_REMEDIES = streams.Remedies(
    refused="see that the server runs and speaks this transport on this port",
    no_tls="use the server's port for TLS (5061 by default), or another `transport`",
)


def why(error: OSError) -> tuple[str, str]:
    """Return what an error of the network means and what to do about it."""
    return streams.why(error, _REASONS)


async def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """Return all addresses of a host. Raises :class:`Unreachable`."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except TimeoutError as error:
        remedy = "see the resolver of this machine, or give an address as `host`"
        raise Unreachable(f"the address of {host} was not found within {seconds:.0f} s", remedy) from error
    except OSError as error:
        unknown = streams.unknown_host(host, error)
        raise Unreachable(unknown.reason, unknown.remedy) from error
    return list(dict.fromkeys(plain(str(info[4][0])) for info in found))[:ADDRESSES_LIMIT]


def is_v6(host: str) -> bool:
    """Whether an address is IPv6."""
    return ipaddress.ip_address(host).version == 6


def local_address(server: str, port: int) -> str:
    """Return the address of ours from which datagrams to the server go out. Raises :class:`Unreachable`."""
    family = socket.AF_INET6 if is_v6(server) else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((server, port))  # sends nothing
        except OSError as error:
            reason, remedy = why(error)
            raise Unreachable(f"{hostport(server, port)}: {reason}", remedy) from error
        return plain(str(probe.getsockname()[0]))


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a TCP socket that listens at an address of ours. Raises ``OSError``."""
    listening = socket.socket(socket.AF_INET6 if is_v6(host) else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)  # noqa: FBT003 - the library's own
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listening.family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


async def served_stream(
    accepted: socket.socket, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the two ends of a connection that somebody made to us. Raises ``OSError``."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_LIMIT, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol,
        accepted,
        ssl=tls,
        ssl_handshake_timeout=HANDSHAKE_SECONDS if tls is not None else None,
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def open_stream(
    address: str, port: int, tls: ssl.SSLContext | None, name: str, seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection's two ends; ``name`` is what its certificate must be made for. Raises :class:`Unreachable`."""
    try:
        return await streams.open_stream(
            address, port, tls=tls, name=name, seconds=seconds, limit=READ_LIMIT, remedies=_REMEDIES
        )
    except streams.NoConnection as error:
        raise Unreachable(error.reason, error.remedy) from error
