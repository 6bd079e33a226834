"""Everything that can go wrong with a SIP server as a source, as classes with fields.

    SipError
    ├── BadBody                     a body that can't be read (``bodies.errors``)
    └── ServerLost                  nothing of the server is known from now on
        ├── Unreachable             no address, no socket, no TCP or TLS connection
        ├── Silent                  nothing heard although something is due
        ├── CredentialsRefused      the server does not accept who we say we are
        ├── EverythingRefused       the server lives and grants not one subscription
        └── Closed                  the server or the network ended the connection

Options that can't be worked with are :class:`adapters.common.problems.SettingsProblem`, as for every adapter.
The text of a :class:`ServerLost` is a sentence for people: it is what the wallboard shows.
"""

from __future__ import annotations


class SipError(Exception):
    """Root of this package's errors."""


class ServerLost(SipError):
    """The server is lost. ``reason`` is a sentence for people, ``remedy`` what to do about it, if anything."""

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class Unreachable(ServerLost):
    """There is no way to the server: no address, no socket, no connection."""


class Silent(ServerLost):
    """The server was not heard for ``seconds``."""

    def __init__(self, seconds: float, *, ever: bool) -> None:
        still = "nothing" if ever else "no answer at all"
        super().__init__(
            f"{still} heard from the SIP server for {seconds:.0f} s",
            None if ever else "see that host, port and transport are right and that no firewall is between",
        )
        self.seconds = seconds
        self.ever = ever


class CredentialsRefused(ServerLost):
    """The server does not accept our user name and secret, or wants some and has none. ``status`` and ``realm``."""

    def __init__(self, status: int, realm: str, why: str, remedy: str) -> None:
        super().__init__(f"the SIP server refused the login ({status}, realm {realm!r}): {why}", remedy)
        self.status = status
        self.realm = realm


class EverythingRefused(ServerLost):
    """The server answers, and grants none of the subscriptions. ``answer`` is what it said most often."""

    def __init__(self, count: int, answer: str, remedy: str | None) -> None:
        what = "the only subscription" if count == 1 else f"each of {count} subscriptions"
        super().__init__(f"the SIP server refused {what}: {answer}", remedy)
        self.count = count
        self.answer = answer


class Closed(ServerLost):
    """The server or the network ended the connection."""
