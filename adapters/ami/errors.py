"""Everything that can go wrong with an AMI connection, as classes with fields.

    AmiError
    ├── ActionError                 an action that must not be sent
    └── ConnectionLost              the connection is over
        ├── Unreachable             no TCP or TLS connection
        ├── NotAmi                  something else answers there, or nothing speaks
        ├── LoginRefused            the PBX does not let us in
        ├── PbxShutdown             the PBX said that it stops
        ├── Silent                  nothing heard although something is due
        ├── BadList                 one of the PBX's own lists can't be used
        └── Closed                  the PBX or the network ended the connection

Options that can't be worked with are :class:`adapters.common.problems.SettingsProblem`, as for every adapter.
The text of a :class:`ConnectionLost` is a sentence for people: it is what the wallboard shows.
"""

from __future__ import annotations


class AmiError(Exception):
    """Root of this package's errors."""


class ActionError(AmiError):
    """An action can't be sent as it is. ``action``, ``field`` and ``why``."""

    def __init__(self, action: str, field: str, why: str) -> None:
        super().__init__(f"AMI action {action}: {field}: {why}")
        self.action = action
        self.field = field
        self.why = why


class ConnectionLost(AmiError):
    """The connection is over. ``reason`` is a sentence for people, ``remedy`` what to do about it, if anything."""

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class Unreachable(ConnectionLost):
    """There is no TCP or TLS connection to be had."""


class NotAmi(ConnectionLost):
    """What answers there does not greet as an Asterisk manager interface."""


class LoginRefused(ConnectionLost):
    """The PBX does not let us in. ``answer`` is what it said."""

    def __init__(self, answer: str, remedy: str) -> None:
        super().__init__(f"the PBX refused the login: {answer}", remedy)
        self.answer = answer


class PbxShutdown(ConnectionLost):
    """The PBX said that it stops; ``restart`` when it also said that it starts again."""

    def __init__(self, *, restart: bool) -> None:
        super().__init__("the PBX restarts" if restart else "the PBX was shut down")
        self.restart = restart


class Silent(ConnectionLost):
    """Nothing, or not the thing waited for, was heard in time. ``waited_for`` names it."""

    def __init__(self, waited_for: str, seconds: float) -> None:
        super().__init__(f"no {waited_for} from the PBX for {seconds:.0f} s")
        self.waited_for = waited_for
        self.seconds = seconds


class BadList(ConnectionLost):
    """One of the PBX's own lists can't be used, so there is no true picture. ``action`` and ``why``."""

    def __init__(self, action: str, why: str) -> None:
        super().__init__(f"the PBX's answer to {action} {why}")
        self.action = action
        self.why = why


class Closed(ConnectionLost):
    """The PBX or the network ended the connection."""
