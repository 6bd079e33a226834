"""Errors of the alerts.

AlertsError
├── RuleError            one mistake in a rule
├── RulesError           all mistakes of a rule
├── WebhookMisconfigured a receiver can't work as it is configured
├── NotTakenOver         a configuration that was read anew is not used
├── NoSuch               an alert, silence or dead letter isn't there
├── NothingMatches       a silence that no alert could ever match
│   ├── NoSuchLabel      it speaks of a label that no alert has
│   └── NoSuchValue      it speaks of a rule, severity or source that isn't there
└── TooManySilences      no further one is kept
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_NAMED = 50
"""Names that are told where another was expected."""


class AlertsError(Exception):
    """Root of the alerts' errors."""


class RuleError(AlertsError):
    """A mistake in a rule.

    ``problem`` says what is wrong and what to do; ``position`` is the offset (from 0) in ``text`` at which it shows, where
    it is one in a text. ``rule`` and ``key`` (``when``, ``summary.en``) are empty until it is known whose text it is.
    """

    def __init__(
        self, problem: str, position: int | None = None, *, text: str = "", rule: str = "", key: str = ""
    ) -> None:
        where = [f"rule {rule}" if rule else "", key]
        where += ["" if position is None else f"character {position + 1}"]
        place = ", ".join(part for part in where if part)
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem = problem
        self.position = position
        self.text = text
        self.rule = rule
        self.key = key

    def at(self, rule: str, key: str) -> RuleError:
        """Return the same mistake, told as one of a rule's key."""
        return RuleError(self.problem, self.position, text=self.text, rule=rule, key=key)

    @property
    def excerpt(self) -> str:
        """The text with a caret below the mistake, for a terminal; empty where there is no position."""
        if self.position is None:
            return ""
        before = self.text[: self.position]
        line = self.text[before.rfind("\n") + 1 :].partition("\n")[0]
        indent = "".join("\t" if char == "\t" else " " for char in before[before.rfind("\n") + 1 :])
        return f"{line}\n{indent}^"


class RulesError(AlertsError):
    """What is wrong with a rule, all at once."""

    def __init__(self, problems: Sequence[RuleError]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class NotTakenOver(AlertsError):
    """The configuration was read anew and is not used: everything stays as it was."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


class NoSuch(AlertsError):
    """What is to be changed isn't there (any more)."""

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"there is no {kind} {id_!r}")
        self.kind = kind
        self.id = id_


class NothingMatches(AlertsError):
    """A silence that no alert could ever match."""

    def __init__(self, problem: str, label: str) -> None:
        super().__init__(problem)
        self.label = label


class NoSuchLabel(NothingMatches):
    """Nothing has such a label."""

    def __init__(self, label: str, known: Iterable[str]) -> None:
        super().__init__(f"no alert has the label {label!r}; there are: {_some(known)}", label)


class NoSuchValue(NothingMatches):
    """There is no such rule, severity or source."""

    def __init__(self, label: str, value: str, known: Iterable[str]) -> None:
        super().__init__(f"there is no {label} {value!r}; there are: {_some(known)}", label)
        self.value = value


class TooManySilences(AlertsError):
    """No further silence is kept: end some."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} silences, as many as are kept: end some first")
        self.limit = limit


def _some(names: Iterable[str]) -> str:
    """Return names for people: all, or the first of many."""
    known = sorted(names)
    told = known[:MAX_NAMED] + ([f"{len(known) - MAX_NAMED} more"] if len(known) > MAX_NAMED else [])
    return ", ".join(told) or "none"
