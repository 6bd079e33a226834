"""Sockets of our own that asyncio and uvloop open with less exact errors than the system gives."""

from __future__ import annotations

import socket


def bound_datagram_socket(host: str, port: int, *, receive_buffer: int | None = None) -> socket.socket:
    """Return a UDP socket at an address of ours; ``receive_buffer`` in bytes, else the system's. Raises ``OSError``."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)  # noqa: FBT003 - the library's own
        if receive_buffer is not None:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
