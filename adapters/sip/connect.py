"""Finds the addresses of a server and opens connections, and says in people's words why it can't."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl

from adapters.sip.errors import Unreachable
from adapters.sip.peer import hostport, plain

READ_LIMIT = 65_536
"""Bytes taken at once; a stream's own buffer holds at most twice as many."""
ADDRESSES_LIMIT = 16

_REASONS = {
    errno.ECONNREFUSED: ("nothing listens there", "see that the server runs and speaks this transport on this port"),
    errno.EHOSTUNREACH: ("there is no route to that host", "see the network between the two machines"),
    errno.ENETUNREACH: ("there is no route to that network", "see the network between the two machines"),
    errno.EADDRINUSE: ("the address is taken by another program", "choose another port in `listen`"),
    errno.EADDRNOTAVAIL: ("the address is none of this machine's", "correct `listen`"),
    errno.EACCES: ("this service may not use that port", "choose a port above 1023 in `listen`"),
}  # fmt: skip


def why(error: OSError) -> tuple[str, str]:
    """Return what an error of the network means and what to do about it."""
    return _REASONS.get(error.errno or 0, (error.strerror or str(error), "see the network"))


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
        what = error.strerror or str(error)
        raise Unreachable(f"{host} is not a known host: {what}", "correct `host`") from error
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


def bound_datagram_socket(host: str, port: int) -> socket.socket:
    """Return a UDP socket at an address of ours. Raises ``OSError``."""
    bound = socket.socket(socket.AF_INET6 if is_v6(host) else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)  # noqa: FBT003 - the library's own
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


async def open_stream(
    address: str, port: int, tls: ssl.SSLContext | None, name: str, seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection's two ends; ``name`` is what its certificate must be made for. Raises :class:`Unreachable`."""
    where = hostport(address, port)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.open_connection(
                address, port, ssl=tls, server_hostname=name if tls is not None else None, limit=READ_LIMIT
            )
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
        remedy = "use the server's port for TLS (5061 by default), or another `transport`"
        raise Unreachable(f"{where} does not speak TLS: {error.reason or error}", remedy) from error
    except OSError as error:
        reason, remedy = why(error)
        raise Unreachable(f"{where}: {reason}", remedy) from error
