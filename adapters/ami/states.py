"""The states of a connection and what moves it on. What is done then stands in :mod:`adapters.ami.session`."""

from __future__ import annotations

import enum


class State(enum.Enum):
    """Where a connection is."""

    BANNER = "the greeting line is awaited"
    CHALLENGE = "the MD5 challenge is awaited"
    LOGIN = "the answer to the login is awaited"
    GREETING = "version and clock are being asked for"
    BOOTING = "the PBX is starting"
    LIVE = "events come in; a first snapshot is being made or was made"
    OVER = "the connection is over"


class Input(enum.Enum):
    """What moves a connection on."""

    BANNER = "the greeting line came"
    GRANTED = "the login action was answered with success"
    REFUSED = "the login action was answered with an error"
    PONG = "the Pong that ends the greeting came"
    BOOTED = "the PBX says that it has started"
    SHUTDOWN = "the PBX says that it stops"
    DUE = "the state's own time is over"


WAITS: dict[State, tuple[str, str]] = {
    State.BANNER: ("banner", "greeting"),
    State.CHALLENGE: ("login", "answer to the login challenge"),
    State.LOGIN: ("login", "answer to the login"),
    State.GREETING: ("greeting", "answer to the first Ping"),
}
"""States that must not last: the field of :class:`Timeouts` and what is missing then."""
