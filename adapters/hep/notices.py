"""What the log is told of things that come again and again: once of each, and how many there were of the others.

Whose packets are not taken depends on who sends them, and addresses can be forged: so of each kind only so many senders are
named, and of all further ones there is a line a minute. Errors of ours have as many kinds as our code has places; each
is told, and while it lasts a line a minute says how often it came.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Protocol

import msgspec

NAMED_LIMIT: Final = 100
"""Senders of each kind of thing that are named."""
SPACING: Final = 60.0
"""Seconds between two lines on what is not told one by one."""

Level = Literal["debug", "info", "warning", "error"]


class Log(Protocol):
    """Writes one structured log event."""

    def __call__(self, level: Level, event: str, **fields: Any) -> None:
        """Write it."""


class _Kind(msgspec.Struct):
    """What was told of one kind."""

    named: set[str] = msgspec.field(default_factory=set)
    more: int = 0
    """Not told one by one since the last line on those."""
    next_line: float = 0.0
    """When there may be one again (monotonic)."""


class Notices:
    """Tells the log. ``now`` is monotonic."""

    __slots__ = ("_kinds", "_log")

    def __init__(self, log: Log) -> None:
        self._log = log
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def refused(self, event: str, sender: str, now: float, **fields: Any) -> None:
        """Something of a sender is not taken. ``event`` is one of a few fixed names."""
        kind = self._kinds.setdefault((event, ""), _Kind())
        if sender in kind.named:
            return
        if len(kind.named) < NAMED_LIMIT:
            kind.named.add(sender)
            self._log("warning", event, sender=sender, **fields)
        else:
            self._further("warning", event, kind, now, sender=sender, **fields)

    def failed(self, event: str, error: Exception, now: float) -> None:
        """An error that nobody foresaw; those from other places of our code are told each for themselves."""
        place = _place(error)
        kind = self._kinds.setdefault((event, place), _Kind())
        if kind.named:
            self._further("error", event, kind, now, place=place, error=repr(error))
            return
        kind.named.add(place)
        kind.next_line = now + SPACING
        self._log("error", event, place=place, error=repr(error))

    def begin_anew(self) -> None:
        """Whoever is refused from now on is named again."""
        for kind in self._kinds.values():
            kind.named.clear()

    def _further(self, level: Level, event: str, kind: _Kind, now: float, **fields: Any) -> None:
        kind.more += 1
        if now >= kind.next_line:
            more, kind.more, kind.next_line = kind.more, 0, now + SPACING
            self._log(level, event, more=more, **fields)


def _place(error: Exception) -> str:
    """Return what went wrong and where: as many answers as our code has places, whatever was sent."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" in {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
    return type(error).__name__ + where
