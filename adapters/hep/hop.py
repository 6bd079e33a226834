"""One hop that a message took: between which two addresses, and what they are."""

from __future__ import annotations

import msgspec

from adapters.hep.packets import Address


class Hop(msgspec.Struct, frozen=True, gc=False):
    """A hop as the *request* goes: a response of the same transaction goes the other way."""

    sender: Address
    """Who sent the request."""
    receiver: Address
    from_server: bool
    to_server: bool
    branch: str
    """What names the transaction on this hop."""
    origin: tuple[str, ...]
    """The hosts that the lowest Via tells: who made the request."""
