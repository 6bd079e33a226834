"""What can be wrong with the configuration, told so that it can be put right without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

MAX_TOLD = 50
"""Mistakes that are told one by one."""

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands: ``("sources", 0, "port")``."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file with line and column (from 1), or an environment variable."""

    origin: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Return it as editors and terminals link it: ``monitor.yaml:12:3``."""
        return ":".join(str(part) for part in (self.origin, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake."""

    place: Place
    path: KeyPath
    expected: str
    """What should stand there, or what to do."""
    found: str | None = None
    """What stands there, as it was written and shortened; never a secret. ``None``: it says nothing."""

    @property
    def key(self) -> str:
        """The key's path as people write it: ``sources[0].port``."""
        return key_text(self.path)

    def __str__(self) -> str:
        """Return the mistake in one line."""
        parts = [str(self.place), self.key, self.expected]
        text = ": ".join(part for part in parts if part)
        return text if self.found is None else f"{text}, found {self.found}"


class SettingsError(Exception):
    """The configuration can't be used. ``problems`` holds every mistake that was found, in the file's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:MAX_TOLD]]
        if len(self.problems) > 1:
            lines.insert(0, f"{len(self.problems)} mistakes in the configuration:")
        if len(self.problems) > MAX_TOLD:
            lines.append(f"… and {len(self.problems) - MAX_TOLD} more")
        super().__init__("\n".join(lines))


def key_text(path: KeyPath) -> str:
    """Return a key's path as people write it: ``sources[0].port``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
