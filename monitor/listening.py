"""Listening sockets for the publishers, with errors that say what to do."""

from __future__ import annotations

import os
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
