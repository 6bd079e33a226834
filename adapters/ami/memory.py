"""What one connection teaches the next about a PBX."""

from __future__ import annotations

from adapters.ami.message import Message

BOOT_TIME_TOLERANCE = 5.0
"""Seconds by which two ``Uptime`` readings of the same start may differ (whole seconds, latency)."""


class PbxFacts:
    """What a PBX says of itself on one connection; None where it does not, or may not, tell."""

    __slots__ = ("boot_time", "booted", "start_date", "version")

    def __init__(self) -> None:
        self.booted = False
        """Whether it said that it has started."""
        self.version: str | None = None
        self.start_date: str | None = None
        """As the PBX writes it."""
        self.boot_time: float | None = None
        """Unix seconds by our clock."""

    def take_version(self, message: Message) -> None:
        """Take the answer to ``CoreSettings``."""
        self.version = message.get("asteriskversion") or None

    def take_start_date(self, message: Message) -> None:
        """Take the answer to ``CoreStatus``."""
        if message.get("corestartupdate"):
            self.start_date = f"{message.get('corestartupdate')} {message.get('corestartuptime')}"

    def take_boot(self, message: Message, wall: float) -> None:
        """Take a ``FullyBooted``; without a usable ``Uptime`` only that it runs is known."""
        self.booted = True
        try:
            self.boot_time = wall - float(message.get("uptime"))
        except ValueError:
            self.boot_time = None


class PbxMemory:
    """Tells a PBX that went on from one that started anew, and whether it announces its start.

    Evidence, best first: the start date in ``CoreStatus`` (permission ``reporting`` or ``system``), the ``Uptime`` in
    ``FullyBooted`` (read permission ``system``), an announced ``Shutdown``. Without any of them a restart shows as an
    ordinary interruption.
    """

    __slots__ = ("_boot_time", "_saw_shutdown", "_start_date", "_untold", "tells_boot")

    def __init__(self) -> None:
        self._start_date: str | None = None
        self._boot_time: float | None = None
        self._saw_shutdown = False
        self._untold = False
        self.tells_boot: bool | None = None
        """Whether ``FullyBooted`` comes; None: not known yet."""

    def shutdown(self) -> None:
        """The PBX said that it stops."""
        self._saw_shutdown = True

    def started(self, start_date: str | None, boot_time: float | None) -> None:
        """Take a new connection's evidence: the date as the PBX writes it, the boot in unix seconds by our clock."""
        if start_date is not None and self._start_date is not None:
            anew = start_date != self._start_date
        elif boot_time is not None and self._boot_time is not None:
            anew = abs(boot_time - self._boot_time) > BOOT_TIME_TOLERANCE
        else:
            anew = self._saw_shutdown
        self._untold = self._untold or anew
        self._saw_shutdown = False
        self._start_date = start_date
        self._boot_time = boot_time

    def take_restarted(self) -> bool:
        """Whether the PBX started anew since the last call: said once, with the snapshot that shows it."""
        untold, self._untold = self._untold, False
        return untold
