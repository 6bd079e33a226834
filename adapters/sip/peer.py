"""Where a message comes from or goes to."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Transport: TypeAlias = Literal["udp", "tcp", "tls"]


class Peer(msgspec.Struct, frozen=True):
    """One end of the way that a message takes. ``connection`` tells TCP and TLS connections apart."""

    transport: Transport
    host: str
    """An IP address, as :func:`adapters.common.places.plain` writes it."""
    port: int
    connection: int = 0

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost."""
        return self.transport != "udp"
