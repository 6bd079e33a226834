"""What can be wrong with SIP, as classes with fields.

SipMessageError
├── BadMessage           bytes that are no SIP message, or not one to be worked with
│   └── KeepAlive        nothing but line breaks, blanks or NULs
├── StreamBroken         a TCP stream in which the next message can't be found any more
├── BadUri               a text that is no URI
├── BadBody              a multipart body that can't be taken apart
├── BuildError           a message that must not be sent
└── NoUsableChallenge    nothing that the server offers for authentication can be answered
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.sip_messages.message import Request


class SipMessageError(Exception):
    """Root of this package's errors."""


class BadMessage(SipMessageError):
    """Bytes that are no SIP message, or not one to be worked with. ``why``, ``status`` and ``head``.

    ``status`` is the response that a server gives; 0 means that nothing can or may be answered: it was a response, an ACK, or
    lacks what an answer needs. ``head`` is, if ``status`` isn't 0, as much of the request as :func:`.building.response` needs
    (its Via, From, To, Call-ID and CSeq as they came); nothing else of it may be trusted.
    """

    def __init__(self, why: str, status: int = 0, head: Request | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.head = head


class KeepAlive(BadMessage):
    """Nothing but line breaks, blanks or NULs: a sender keeps its way through a firewall open. Means nothing else."""

    def __init__(self) -> None:
        super().__init__("a keep-alive, no message")


class StreamBroken(SipMessageError):
    """A TCP stream in which the next message can't be found any more: close it. ``why``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class BadUri(SipMessageError):
    """A text that is no URI. ``why``; the text itself may be long or hostile and isn't repeated."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class BadBody(SipMessageError):
    """A multipart body that can't be taken apart. ``why``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class BuildError(SipMessageError):
    """A message that must not be sent. ``field`` and ``why``."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class NoUsableChallenge(SipMessageError):
    """Nothing that the server offers for authentication can be answered. ``offered`` names it."""

    def __init__(self, offered: str) -> None:
        super().__init__(
            f"the server offers only {offered}" if offered else "the server offers no digest authentication"
        )
        self.offered = offered
