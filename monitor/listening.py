"""What the publishers' listeners share: sockets, the bounds of what connects to them, and names that lead here."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket

BACKLOG = 1_024
"""Connections that may wait to be accepted: after a restart all screens return at once."""


class CannotListen(OSError):
    """An address can't be listened on. ``what`` wanted it, ``host`` and ``port`` name it, ``why`` tells the reason."""

    def __init__(self, what: str, host: str, port: int, error: OSError) -> None:
        # a socket's own text repeats the address; a resolver's numbers are negative and mean something else
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        super().__init__(
            error.errno,
            f"can't listen on {at(host, port)} for the {what}: {why}; "
            f"end what uses this address, or choose another one with `{what}: {{host: …, port: …}}`",
        )
        self.what = what
        self.host = host
        self.port = port
        self.why = why


def listen(what: str, host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; ``port`` 0 takes a free one. ``what`` is the configuration's section.

    Raises :class:`CannotListen`.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server((str(address[0]), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(what, host, port, error) from error


def bound_port(listener: socket.socket) -> int:
    """Return the port that a socket listens on."""
    port: int = listener.getsockname()[1]
    return port


def at(host: str, port: int) -> str:
    """Return ``host:port`` as it stands in an address (IPv6 in brackets)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_AUTHORITY = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?")


def host_of(authority: str) -> str | None:
    """Return the host of a ``Host`` header or of what follows ``//`` in an address; ``None`` where it names none."""
    match = _AUTHORITY.fullmatch(authority)
    return None if match is None else (match[1] or match[2]).lower()


def is_own(host: str) -> bool:
    """Whether no stranger can have made this host lead here: an address, or ``localhost``.

    Any other name belongs to whoever runs its DNS; he may let it lead to this machine once a browser has loaded his
    page (DNS rebinding), which then passes for ours.
    """
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Door:
    """Bounds the connections of one listener: how many there are, and how long each may keep us waiting.

    When all places are taken, a newcomer gets the place of the connection that has kept us waiting longest: so
    nobody is kept out by those who connect and say nothing, or take very long to say it. Where none keeps us waiting,
    the newcomer is cut off.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._inside: set[asyncio.Transport] = set()
        self._waited_for: dict[asyncio.Transport, asyncio.TimerHandle] = {}
        """Those that keep us waiting, the longest first, and what ends that."""

    def __len__(self) -> int:
        """Return how many connections there are."""
        return len(self._inside)

    def enter(self, transport: asyncio.Transport, seconds: float) -> None:
        """Let a new connection in, which must speak within ``seconds``."""
        if len(self._inside) >= self._places:
            longest = next(iter(self._waited_for), transport)
            self.leave(longest)
            longest.abort()
            if longest is transport:
                return
        self._inside.add(transport)
        self.wait_for(transport, seconds)

    def leave(self, transport: asyncio.Transport) -> None:
        """Give a connection's place away; idempotent."""
        self._inside.discard(transport)
        self.serve(transport)

    def clear(self) -> None:
        """Cut all connections off."""
        for transport in tuple(self._inside):
            transport.abort()

    def wait_for(self, transport: asyncio.Transport, seconds: float) -> None:
        """Cut a connection off unless it is served within ``seconds``."""
        self.serve(transport)
        if transport in self._inside:
            loop = asyncio.get_running_loop()
            self._waited_for[transport] = loop.call_later(seconds, transport.abort)

    def serve(self, transport: asyncio.Transport) -> None:
        """A connection said what it wants: it doesn't keep us waiting, we keep it."""
        timer = self._waited_for.pop(transport, None)
        if timer is not None:
            timer.cancel()
