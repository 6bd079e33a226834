"""What a text that is no condition is told: where it stops making sense, what may stand there, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lark import UnexpectedToken

from monitor.alerts.errors import RuleError

_MEANT: Final[Mapping[str, str]] = {
    "=": "write == to compare",
    "=>": "write >=",
    "=<": "write <=",
    "<>": "write != for “is not”",
    "!": "write `not`",
    "&&": "write `and`",
    "&": "write `and`",
    "||": "write `or`",
    "|": "write `or`",
    "**": "multiply instead",
    "%": "write a percentage without a space: 80%",
    "“": 'write straight quotation marks: "lunch"',
    "”": 'write straight quotation marks: "lunch"',
    "„": 'write straight quotation marks: "lunch"',
    "«": 'write straight quotation marks: "lunch"',
    "≥": "write >=",
    "≤": "write <=",
    "≠": "write !=",
    "\N{MULTIPLICATION SIGN}": "write *",
    "\N{MINUS SIGN}": "write a plain hyphen",
    ";": "a rule has one condition: join two with `and` or `or`",
    "[": "write ( )",
    "{": "write ( )",
}
"""What people write who know other languages, and what to write here."""
_LONGEST: Final = max(map(len, _MEANT))

_WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false", "null"})

_BARE_NUMBER: Final = re.compile(r"(?<![\w.])([0-9]+(?:\.[0-9]+)?)\s+\Z", re.ASCII)
_UNITS: Final = frozenset("smhd")
_CLOCK: Final = re.compile(r"([0-9]+)(?::([0-5][0-9]))?:([0-5][0-9])(?![\w.:])", re.ASCII)
_DIGITS: Final = re.compile(r"(?<![\w.])[0-9]+\Z", re.ASCII)

_OPERAND: Final = "a field, a number, a duration, a text or `(`"


def unexpected_character(text: str, position: int) -> RuleError:
    """Return the mistake at a character that begins nothing."""
    found = text[position]
    if found in "\"'":
        return RuleError(f"this text does not end: its closing {found} is missing", position, text=text)
    if found == ":" and (begun := _DIGITS.search(text[:position])):
        clock = _CLOCK.match(text, begun.start())
        if clock:
            return RuleError(f"{clock[0]} is no duration: write {_seconds(clock)}s", begun.start(), text=text)
    meant = _meant(text, position)
    if meant:
        return RuleError(meant, position, text=text)
    shown = found if found.isprintable() else f"U+{ord(found):04X}"
    return RuleError(f"the character {shown} has no meaning here", position, text=text)


def unexpected_token(text: str, error: UnexpectedToken) -> RuleError:
    """Return the mistake at a word or sign that can't stand where it does."""
    token = error.token
    accepted = error.accepts or error.expected
    if token.type == "$END":
        return RuleError(f"{_expected(accepted)}, but the condition ends here", len(text.rstrip()), text=text)
    position: int = token.start_pos
    found = str(token)
    for start in (position - 1, position):  # `<` is a sign, `<>` was meant as one
        if start >= 0 and (meant := _meant(text, start, more_than=len(found))):
            return RuleError(meant, start, text=text)
    if token.type == "COMPARING" and "$END" in accepted:
        problem = "comparisons can't be chained: write `a < b and b < c`"
    elif token.type in ("TRUE", "FALSE", "NULL", "NAME") and found.lower() in _WORDS and found not in _WORDS:
        problem = f"write {found.lower()} in small letters"
    elif token.type == "NAME" and found in _UNITS and (number := _BARE_NUMBER.search(text[:position])):
        problem = f"a unit follows its number without a space: write {number[1]}{found}"
    elif token.type == "RPAR" and "$END" in accepted:
        problem = "this ) closes nothing: no ( is open"
    elif found == "," and text[position - 1].isdigit() and text[position + 1 : position + 2].isdigit():
        problem = "a fraction is written with a point: 0.8"
    else:
        problem = f"{_expected(accepted)}, found {found}"
    return RuleError(problem, position, text=text)


def _seconds(clock: re.Match[str]) -> int:
    """Return the seconds of ``1:30`` or ``1:00:30``."""
    first, middle, last = clock.groups()
    minutes = int(first) if middle is None else int(first) * 60 + int(middle)
    return minutes * 60 + int(last)


def _meant(text: str, position: int, more_than: int = 0) -> str:
    for length in range(_LONGEST, more_than, -1):
        found = text[position : position + length]
        if len(found) == length and found in _MEANT:
            return f"`{found}` has no meaning here: {_MEANT[found]}"
    return ""


def _expected(accepted: set[str]) -> str:
    if "NAME" in accepted:
        return f"expected {_OPERAND}"
    if accepted == {"LPAR"}:
        return 'expected a list in parentheses such as ("lunch", "tea")'
    if accepted == {"IN"}:
        return "expected `in` after `not`"
    if "$END" in accepted:
        return (
            "expected `and`, `or`, a comparison or the end"
            if "COMPARING" in accepted
            else "expected `and`, `or` or the end"
        )
    if "COMMA" in accepted:
        return "expected `,` or `)`"
    return (
        "expected `)`, `and`, `or` or a comparison"
        if "COMPARING" in accepted
        else "expected `)`, `and` or `or`"
    )
