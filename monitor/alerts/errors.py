"""Errors of the alerts.

AlertsError
├── RuleError            one mistake in a rule
├── RulesError           all mistakes of a rule
├── WebhookMisconfigured a receiver can't work as it is configured
├── NotTakenOver         a configuration that was read anew is not used
├── NoSuch               an alert, silence or dead letter isn't there
├── NoSuchLabel          a silence speaks of a label that no alert has
└── TooManySilences      no further one is kept
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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


class NoSuchLabel(AlertsError):
    """A silence that no alert could ever match: nothing has such a label."""

    def __init__(self, label: str, known: Iterable[str]) -> None:
        super().__init__(f"no alert has the label {label!r}; there are: {', '.join(sorted(known))}")
        self.label = label


class TooManySilences(AlertsError):
    """No further silence is kept: end some."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} silences, as many as are kept: end some first")
        self.limit = limit
