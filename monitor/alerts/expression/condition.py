"""A condition: read, checked and compiled once, and then judged over and over."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from monitor.alerts.errors import RuleError
from monitor.alerts.expression.checking import Checker
from monitor.alerts.expression.compiling import compiled
from monitor.alerts.expression.parser import parse
from monitor.alerts.expression.running import Judge
from monitor.alerts.expression.tree import Name, walk
from monitor.alerts.fields import FIELDS, Field, Kind


class Judgement(NamedTuple):
    """What a condition says of a subject."""

    truth: bool | None
    """``None``: it can't be told, since something that it asks for is null."""
    changes_at: float | None
    """When the truth will be another if only time goes by: the soonest time after now; ``None``: never."""


_FOR_GOOD: Final = {truth: Judgement(truth, None) for truth in (True, False, None)}


class Condition:
    """A condition over the fields of one kind of subject; made by :func:`compile_condition`."""

    __slots__ = ("_judge", "_leftmost", "fields", "text")

    def __init__(self, text: str, judge: Judge, fields: frozenset[str], leftmost: Field) -> None:
        self.text = text
        self.fields = fields
        """The subject's own attributes that it reads: ``state``, ``since``, ``today``."""
        self._judge = judge
        self._leftmost = leftmost

    def __repr__(self) -> str:
        """Return it as it was written."""
        return f"Condition({self.text!r})"

    def judge(self, subject: msgspec.Struct, now: float) -> Judgement:
        """Return what is true of the subject at a time, and when that changes by itself."""
        truth, turns = self._judge(subject, now)
        # A part that turns need not turn the whole. There are at most two turns per comparison, so this ends.
        while turns is not None:
            then, further = self._judge(subject, turns)
            if then is not truth:
                return Judgement(truth, turns)
            turns = further
        return _FOR_GOOD[truth]

    def value(self, subject: msgspec.Struct, now: float) -> float | str | None:
        """Return the value of the leftmost field: what an alert tells as its reason."""
        value = self._leftmost.value(subject, now)
        if isinstance(value, bool):
            return "true" if value else "false"
        return float(value) if isinstance(value, (int, float)) else value


@lru_cache(maxsize=4096)
def compile_condition(text: str, kind: Kind) -> Condition:
    """Return the condition that a text says. Raises :class:`RuleError` with the place of the first mistake."""
    root = parse(text)
    fields = FIELDS[kind]
    Checker(text, fields).condition(root)
    asked = [fields[node.name] for node, _ in walk(root) if isinstance(node, Name)]
    if not asked:
        raise RuleError(
            f"this asks for no field of the {kind}, so it would always say the same", 0, text=text
        )
    return Condition(text, compiled(root, fields), frozenset(field.public for field in asked), asked[0])
