"""A condition as it was written. ``start`` is the offset at which a part begins, ``at`` that of its operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from monitor.alerts.fields import Type

Comparing: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]
Reckoning: TypeAlias = Literal["+", "-", "*", "/"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, duration, text, truth or null."""

    start: int
    type: Type
    value: float | str | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A field's name."""

    start: int
    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """``-x``."""

    start: int
    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``x * y`` and its like."""

    start: int
    at: int
    operator: Reckoning
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """``x < y`` and its like."""

    start: int
    at: int
    operator: Comparing
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Membership:
    """``x in (a, b)``."""

    start: int
    at: int
    operand: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``not x``; ``x not in (…)``, too."""

    start: int
    operand: Node


@dataclass(frozen=True, slots=True)
class All:
    """``x and y and z``."""

    start: int
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """``x or y or z``."""

    start: int
    operands: tuple[Node, ...]


Node: TypeAlias = Constant | Name | Negative | Arithmetic | Comparison | Membership | Not | All | Either


def parts(node: Node) -> tuple[Node, ...]:
    """Return what a node is made of, from left to right."""
    match node:
        case Negative() | Not():
            return (node.operand,)
        case Arithmetic() | Comparison():
            return (node.left, node.right)
        case Membership():
            return (node.operand, *node.items)
        case All() | Either():
            return node.operands
        case Constant() | Name():
            return ()


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Yield every node with its depth (from 1), from left to right; recursion could be driven too deep."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((part, depth + 1) for part in reversed(parts(node)))
