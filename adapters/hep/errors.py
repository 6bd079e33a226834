"""Everything that can go wrong with captured packets, as classes with fields.

    HepError
    ├── BadPacket               bytes that are no HEPv3 packet
    │   └── OldVersion          HEPv1 or HEPv2
    ├── StreamBroken            a TCP stream in which the next packet can't be found any more
    └── CannotListen            the address to listen on is not to be had

Options that can't be worked with are :class:`adapters.common.problems.SettingsProblem`, as for every adapter.
The text of a :class:`CannotListen` is a sentence for people: it is what the wallboard shows.
"""

from __future__ import annotations


class HepError(Exception):
    """Root of this package's errors."""


class BadPacket(HepError):
    """Bytes that are no HEPv3 packet. ``why``; the bytes themselves may be hostile and aren't repeated."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class OldVersion(BadPacket):
    """A packet of a version that tells neither lengths nor times well enough. ``version`` is 1 or 2."""

    def __init__(self, version: int) -> None:
        super().__init__(f"this is HEPv{version}; only HEPv3 is understood")
        self.version = version


class StreamBroken(HepError):
    """A TCP stream in which the next packet can't be found any more: close it. ``why``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CannotListen(HepError):
    """The address to listen on is not to be had. ``reason`` is a sentence for people, ``remedy`` what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
