"""What a rule may ask of its subject: the fields of the public objects (``docs/interfaces.md``) with their types.

They are read off :mod:`monitor.model`, so that what is shown can be asked for. Lists, tables and bare times are no
fields; from the times come durations that run with the clock (``longest_wait``, ``time_in_state``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec

from monitor.model import Agent, Model, Queue, ServiceHealth, Source

Kind: TypeAlias = Literal["queue", "agent", "source", "service"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Type: TypeAlias = Literal["number", "duration", "text", "truth", "null"]

SUBJECTS: Final[Mapping[Kind, type[Model]]] = {
    "queue": Queue,
    "agent": Agent,
    "source": Source,
    "service": ServiceHealth,
}

SHARES: Final = frozenset({"value", "target", "occupancy", "abandonment_rate"})
"""Figures from 0 to 1, shown as percentages."""

RUNNING: Final[Mapping[Kind, Mapping[str, str]]] = {
    "queue": {"longest_wait": "longest_wait_since"},
    "agent": {"time_in_state": "since", "time_in_call": "call.started"},
    "source": {"time_in_state": "since", "time_since_event": "last_event_at"},
    "service": {"longest_wait": "longest_wait_since"},
}
"""Durations from a time until now, by the time."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a subject."""

    name: str
    type: Type
    public: str
    """The subject's own attribute that it is read from: ``today`` of ``today.offered``."""
    get: Callable[[Any], Any]
    """Returns the value; of a running field the time from which it runs. ``None`` where there is none."""
    values: tuple[str, ...] = ()
    """All that a text can be, where that is known."""
    running: bool = False
    """A duration that grows with the clock."""
    share: bool = False

    def value(self, subject: Any, now: float) -> Any:
        """Return the value at a time."""
        got = self.get(subject)
        return now - got if self.running and got is not None else got


def _fields_of(kind: Kind) -> Iterator[Field]:
    yield from _attributes(SUBJECTS[kind], "", nullable=False)
    for name, since in RUNNING[kind].items():
        get = _getter(since, nullable="." in since)  # the agent's call may be missing
        yield Field(name, "duration", since.partition(".")[0], get, running=True)


def _attributes(struct: type[msgspec.Struct], prefix: str, *, nullable: bool) -> Iterator[Field]:
    """Yield the fields of a struct; ``nullable``: what leads to it may be missing."""
    for attribute, annotation in get_type_hints(struct).items():
        path = prefix + attribute
        plain, optional = _without_none(annotation)
        if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
            yield from _attributes(plain, f"{path}.", nullable=nullable or optional)
            continue
        type_ = _type(plain, attribute)
        if type_ is not None:
            values = get_args(plain) if get_origin(plain) is Literal else ()
            yield Field(
                path,
                type_,
                path.partition(".")[0],
                _getter(path, nullable=nullable),
                values=values,
                share=plain is float and attribute in SHARES,
            )


def _type(annotation: Any, attribute: str) -> Type | None:
    """Return the type of a field; ``None`` for what is none (a list, a table, a time)."""
    if annotation is bool:
        return "truth"
    if annotation is str or get_origin(annotation) is Literal:
        return "text"
    if annotation is int:
        return "number"
    if annotation is not float:
        return None
    if (
        attribute.endswith("_seconds")
        or attribute.startswith("average_")
        or attribute in ("longest_wait", "threshold")
    ):
        return "duration"
    return "number" if attribute in SHARES else None


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    return next(arg for arg in get_args(annotation) if arg is not NoneType), True


def _getter(path: str, *, nullable: bool) -> Callable[[Any], Any]:
    if not nullable:
        return attrgetter(path)
    parts = path.split(".")

    def get(subject: Any) -> Any:
        for part in parts:
            subject = getattr(subject, part)
            if subject is None:
                return None
        return subject

    return get


FIELDS: Final[Mapping[Kind, Mapping[str, Field]]] = {
    kind: {field.name: field for field in _fields_of(kind)} for kind in KINDS
}
