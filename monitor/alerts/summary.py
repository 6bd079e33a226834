"""What an alert says: a text with fields in braces, ``{name}: {waiting} callers wait``. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from monitor.alerts.errors import RuleError
from monitor.alerts.expression.checking import unknown_name
from monitor.alerts.fields import FIELDS, Field, Kind
from monitor.printable import one_line

Language: TypeAlias = Literal["en", "ru"]

MAX_CHARACTERS: Final = 1_000
MAX_VALUE: Final = 200
"""Characters of one value: what the PBX calls things has no bound of its own."""
NULL: Final = "–"  # noqa: RUF001 - the wallboard's own dash
_SECONDS: Final[Mapping[Language, str]] = {"en": "s", "ru": "\N{CYRILLIC SMALL LETTER ES}"}
_TRUTHS: Final[Mapping[Language, tuple[str, str]]] = {"en": ("no", "yes"), "ru": ("нет", "да")}
_JUST_BEFORE: Final = 0.001
"""What began 30 s ago may be reckoned as 29.9999998 s."""

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]")


class Template:
    """A text with fields of one kind of subject; raises :class:`RuleError` with the place of a mistake.

    ``{{`` and ``}}`` are braces.
    """

    __slots__ = ("_language", "_pieces", "text")

    def __init__(self, text: str, kind: Kind, language: Language = "en") -> None:
        if len(text) > MAX_CHARACTERS:
            raise RuleError(f"a summary has at most {MAX_CHARACTERS:,} characters, this one {len(text):,}")
        self.text = text
        self._language = language
        self._pieces: Sequence[str | Field] = _pieces(text, FIELDS[kind])

    def render(self, subject: msgspec.Struct, now: float) -> str:
        """Return the text for a subject at a time."""
        return "".join(
            piece if isinstance(piece, str) else shown(piece, piece.value(subject, now), self._language)
            for piece in self._pieces
        )


def escaped(text: str) -> str:
    """Return a text as it is written in a template, where braces have a meaning."""
    return text.replace("{", "{{").replace("}", "}}")


def shown(field: Field, value: Any, language: Language) -> str:
    """Return a field's value as people read it."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return _TRUTHS[language][value]
    if isinstance(value, str):
        return _bounded(one_line(value[: MAX_VALUE + 1]))
    if field.type == "duration":
        return duration(value, language)
    return percentage(value) if field.share else f"{value:g}"


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def percentage(share: float) -> str:
    """Return ``63 %``, rounded down as on the wallboard: 100 % means all, and 0 % none."""
    whole = int(share * 100 + 5e-7)  # 0.29 * 100 is 28.999…
    return "<1 %" if whole == 0 and share > 0 else f"{whole} %"


def duration(seconds: float, language: Language) -> str:
    """Return ``12 s``, ``1:05`` or ``1:01:05``: whole seconds that have gone by."""
    whole = max(0, int(seconds + _JUST_BEFORE))
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} {_SECONDS[language]}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _pieces(text: str, fields: Mapping[str, Field]) -> list[str | Field]:
    pieces: list[str | Field] = []
    for match in _PIECE.finditer(text):
        piece, name = match[0], match[1]
        if piece in ("{{", "}}"):
            pieces.append(piece[0])
        elif name is not None:
            pieces.append(_field(text, name, match.start(1), fields))
        elif piece == "{":
            raise RuleError(
                "this { is never closed; to show a brace write it twice: {{", match.start(), text=text
            )
        elif piece == "}":
            raise RuleError(
                "this } closes nothing; to show a brace write it twice: }}", match.start(), text=text
            )
        else:
            pieces.append(piece)
    return pieces


def _field(text: str, name: str, position: int, fields: Mapping[str, Field]) -> Field:
    field = fields.get(name.strip())
    if field is None:
        problem = (
            unknown_name(name.strip(), fields) if name.strip() else "expected a field's name between { and }"
        )
        raise RuleError(problem, position, text=text)
    return field
