"""YAML (and JSON, which is YAML) into plain values that remember where they were written.

Only what a configuration needs is read: mappings, lists, texts, numbers, true, false and null of YAML 1.2's
core schema. So ``on``, ``22:00`` and ``0123`` are texts, as they look. Anchors, aliases, tags and merge keys are
refused by name; duplicate keys are mistakes; size and nesting are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitor.settings.errors import KeyPath, Place, Problem
from monitor.settings.secrets import is_secret

MAX_BYTES = 8 * 1024 * 1024
"""10,000 agents take about 1 MiB."""
MAX_DEPTH = 16

_Loader: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the C parser is 10 times faster where it exists

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_SURROGATES = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


@dataclass(slots=True)
class Document:
    """A configuration as written: the values, where each stands, and what was wrong already."""

    origin: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    """Where each value begins."""
    key_places: dict[KeyPath, Place] = field(default_factory=dict)
    """Where each key begins."""
    verbatim: dict[KeyPath, int] = field(default_factory=dict)
    """Texts that stand in one line exactly as they are: columns from the value's place to its first character."""
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True
    """Whether it could be read to its end: otherwise what seems to be missing may stand further on."""

    def place(self, path: KeyPath, *, of_key: bool = False) -> Place:
        """Return where the value (or its key) stands, or the nearest thing around it that does."""
        if of_key and path in self.key_places:
            return self.key_places[path]
        for length in range(len(path), -1, -1):
            if (place := self.places.get(path[:length])) is not None:
                return place
        return Place(self.origin)

    def place_in(self, path: KeyPath, offset: int) -> Place | None:
        """Return where a character of a text stands; ``None`` if that can't be told (it has several lines, or escapes)."""
        place, before = self.places.get(path), self.verbatim.get(path)
        if place is None or place.column is None or before is None:
            return None
        return Place(place.origin, place.line, place.column + before + offset)

    def forget(self, path: KeyPath) -> None:
        """Drop the places of a value that is replaced, and of all in it."""
        size = len(path)
        for places in (self.places, self.key_places, self.verbatim):
            for old in [known for known in places if known[:size] == path]:
                del places[old]


def scalar(text: str) -> str | int | float | bool | None:
    """Return what a plain (unquoted) scalar means."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def parse(text: str, origin: str) -> Document:
    """Return the document. What is wrong with it stands in ``problems``; nothing is raised."""
    document = Document(origin)
    if text.lstrip().startswith("{"):
        text = _json_as_yaml(text)
    try:
        _Builder(document).build(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.problems.append(
            Problem(Place(origin, line), (), f"the character U+{ord(_char(error)):04X} is not allowed")
        )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(origin) if mark is None else Place(origin, mark.line + 1, mark.column + 1)
        why = " ".join(part for part in (error.context, error.problem) if part)
        document.problems.append(Problem(place, (), f"this is not YAML: {why}"))
    except _Abandoned:
        pass
    else:
        return document
    document.readable = False
    return document


def _char(error: yaml.reader.ReaderError) -> str:
    character: str | int = error.character
    return chr(character) if isinstance(character, int) else character[:1] or "\0"


def _json_as_yaml(text: str) -> str:
    """Return JSON in the form that the YAML parser takes: its tabs and surrogate pairs are beyond it."""

    def joined(match: re.Match[str]) -> str:
        high, low = int(match[1], 16), int(match[2], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))

    return _SURROGATES.sub(joined, text.replace("\t", " "))


class _Abandoned(Exception):
    """What follows in the document can't be understood; the problem is noted."""


class _Builder:
    """Builds the values from the parser's events: no recursion in the parser, so nesting is bounded here."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._events: Iterator[Any] = iter(())

    def build(self, text: str) -> None:
        self._events = iter(yaml.parse(text, Loader=_Loader))
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return
        root = self._value(next(self._events), ())
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._problem((), "expected one document; `---` begins a second one", event)
        if isinstance(root, dict):
            self._document.data = root
        elif root is not None:
            self._problem((), "expected a mapping (`sources: …`) at the top")

    def _value(self, event: Any, path: KeyPath) -> Any:
        self._document.places.setdefault(path, self._place(event))
        if len(path) > MAX_DEPTH:
            self._problem(path, f"nested more than {MAX_DEPTH} deep", event)
            raise _Abandoned
        if isinstance(event, yaml.AliasEvent):
            self._problem(path, "aliases (`*name`) are not supported: write the value out", event)
            return None
        if event.anchor is not None:
            self._problem(path, "anchors (`&name`) are not supported: write the value out", event)
        if event.tag is not None:
            self._problem(path, f"tags ({event.tag}) are not supported: put text in quotes", event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        self._note_verbatim(event, path)
        secret = bool(path) and isinstance(path[-1], str) and is_secret(path[-1])
        plain = event.implicit[0] and not event.style
        return scalar(event.value) if plain and not (secret and event.value) else event.value

    def _note_verbatim(self, event: Any, path: KeyPath) -> None:
        """Note where a text begins whose characters stand in the file one by one."""
        start, end = event.start_mark, event.end_mark
        quotes = 2 if event.style in ("'", '"') else 0
        if start.line == end.line and end.column - start.column == len(event.value) + quotes:
            self._document.verbatim[path] = quotes // 2

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._problem(path, "a key must be a word or text", event)
                raise _Abandoned
            key = event.value
            here = (*path, key)
            if key == "<<":
                self._problem(here, "merge keys (`<<`) are not supported: write the values out", event)
                self._value(next(self._events), here)
                continue
            if key in values:
                first = self._document.key_places[here]
                self._problem(here, f"the key stands here twice; first in line {first.line}", event)
                self._skip(next(self._events))
                continue
            self._document.key_places[here] = self._place(event)
            values[key] = self._value(next(self._events), here)
        return values

    def _sequence(self, path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*path, len(values))
            values.append(self._value(event, here))
        return values

    def _skip(self, event: Any) -> None:
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return
            event = next(self._events)

    def _place(self, event: Any) -> Place:
        return Place(self._document.origin, event.start_mark.line + 1, event.start_mark.column + 1)

    def _problem(self, path: KeyPath, text: str, event: Any = None) -> None:
        place = self._document.place(path) if event is None else self._place(event)
        self._document.problems.append(Problem(place, path, text))
