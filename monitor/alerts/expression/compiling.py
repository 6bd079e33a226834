"""From a checked tree to functions: nothing is looked up, and nothing of the tree walked, when a subject is judged.

Logic is three-valued (Kleene): what is compared with null is unknown (``None``), and false and unknown is false. What does
not move with the clock is judged first, so that most subjects cost no more than a comparison of two words.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, TypeAlias

import msgspec

from monitor.alerts.expression.running import (
    Judge,
    Line,
    LineOf,
    Outlook,
    added,
    compared,
    divided,
    scaled,
)
from monitor.alerts.expression.tree import (
    All,
    Arithmetic,
    Comparison,
    Constant,
    Either,
    Membership,
    Name,
    Negative,
    Node,
    Not,
)
from monitor.alerts.fields import Field

Get: TypeAlias = Callable[[msgspec.Struct], Any]


@dataclass(frozen=True, slots=True)
class Still:
    """A value or truth that changes with its subject only."""

    get: Get


@dataclass(frozen=True, slots=True)
class Moving:
    """A value that moves with the clock."""

    line: LineOf


@dataclass(frozen=True, slots=True)
class Turning:
    """A truth that may turn with the clock."""

    judge: Judge


Part: TypeAlias = Still | Moving | Turning

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RECKON: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def compiled(root: Node, fields: Mapping[str, Field]) -> Judge:
    """Return what judges a subject by a condition that was checked."""
    return _judge_of(_part(root, fields))


def _part(node: Node, fields: Mapping[str, Field]) -> Part:  # noqa: PLR0911 - one per kind of node
    match node:
        case Constant():
            return Still(_constant(node.value))
        case Name():
            return _field(fields[node.name])
        case Negative():
            return _arithmetic("*", _part(node.operand, fields), Still(_constant(-1.0)))
        case Arithmetic():
            return _arithmetic(node.operator, _part(node.left, fields), _part(node.right, fields))
        case Comparison():
            return _comparison(node, fields)
        case Membership():
            return _membership(node, fields)
        case Not():
            return _not(_part(node.operand, fields))
        case All():
            return _joined([_part(operand, fields) for operand in node.operands], decisive=False)
        case Either():
            return _joined([_part(operand, fields) for operand in node.operands], decisive=True)


def _constant(value: Any) -> Get:
    return lambda _: value


def _field(field: Field) -> Part:
    if not field.running:
        return Still(field.get)
    get = field.get

    def line(subject: msgspec.Struct) -> Line | None:
        since = get(subject)
        return None if since is None else Line(-since, 1.0)

    return Moving(line)


# --- arithmetic ----------------------------------------------------------------------------------------


def _arithmetic(sign: str, left: Part, right: Part) -> Part:
    if isinstance(left, Still) and isinstance(right, Still):
        return Still(_reckoned(_RECKON[sign], left.get, right.get))
    if sign in "+-":
        return Moving(_sum(_line_of(left), _line_of(right), 1.0 if sign == "+" else -1.0))
    if isinstance(left, Still):  # only a product can have its line on the right
        left, right = right, left
    assert isinstance(right, Still)  # noqa: S101 - the checker refuses anything else
    return Moving(_times(_line_of(left), right.get, scaled if sign == "*" else divided))


def _reckoned(reckon: Callable[[float, float], float], left: Get, right: Get) -> Get:
    def get(subject: msgspec.Struct) -> float | None:
        one, other = left(subject), right(subject)
        if one is None or other is None:
            return None
        try:
            value = reckon(one, other)
        except ZeroDivisionError:
            return None
        return value if isfinite(value) else None

    return get


def _sum(left: LineOf, right: LineOf, sign: float) -> LineOf:
    def line(subject: msgspec.Struct) -> Line | None:
        one, other = left(subject), right(subject)
        return None if one is None or other is None else added(one, other, sign)

    return line


def _times(line_of: LineOf, factor_of: Get, apply: Callable[[Line, float], Line | None]) -> LineOf:
    def line(subject: msgspec.Struct) -> Line | None:
        one, factor = line_of(subject), factor_of(subject)
        return None if one is None or factor is None else apply(one, factor)

    return line


def _line_of(part: Part) -> LineOf:
    if isinstance(part, Moving):
        return part.line
    assert isinstance(part, Still)  # noqa: S101 - the checker refuses to reckon with truths
    get = part.get

    def line(subject: msgspec.Struct) -> Line | None:
        value = get(subject)
        return None if value is None else Line(value, 0.0)

    return line


# --- comparisons ---------------------------------------------------------------------------------------


def _comparison(node: Comparison, fields: Mapping[str, Field]) -> Part:
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, Constant) and other.type == "null":
            missing = _is_null(_part(one, fields))
            return missing if node.operator == "==" else _not(missing)
    left, right = _part(node.left, fields), _part(node.right, fields)
    if isinstance(left, Still) and isinstance(right, Still):
        constant = node.right.value if isinstance(node.right, Constant) else None
        return Still(_still_comparison(_COMPARE[node.operator], left.get, right.get, constant))
    if isinstance(left, Turning) or isinstance(right, Turning):
        return Turning(_truths_compared(_COMPARE[node.operator], _judge_of(left), _judge_of(right)))
    return Turning(compared(node.operator, _line_of(left), _line_of(right)))


def _still_comparison(compare: Callable[[Any, Any], bool], left: Get, right: Get, constant: Any) -> Get:
    def with_constant(subject: msgspec.Struct) -> bool | None:
        value = left(subject)
        return None if value is None else compare(value, constant)

    def with_other(subject: msgspec.Struct) -> bool | None:
        one, other = left(subject), right(subject)
        return None if one is None or other is None else compare(one, other)

    return with_other if constant is None else with_constant


def _truths_compared(compare: Callable[[Any, Any], bool], left: Judge, right: Judge) -> Judge:
    def judge(subject: msgspec.Struct, now: float) -> Outlook:
        (one, one_turns), (other, other_turns) = left(subject, now), right(subject, now)
        truth = None if one is None or other is None else compare(one, other)
        return truth, min((at for at in (one_turns, other_turns) if at is not None), default=None)

    return judge


def _is_null(part: Part) -> Part:
    if isinstance(part, Turning):
        judge = part.judge

        def null_now(subject: msgspec.Struct, now: float) -> Outlook:
            truth, turns = judge(subject, now)
            return truth is None, turns

        return Turning(null_now)
    read: Get = part.get if isinstance(part, Still) else part.line
    return Still(lambda subject: read(subject) is None)


def _membership(node: Membership, fields: Mapping[str, Field]) -> Part:
    operand = _part(node.operand, fields)
    values = [item.value for item in node.items if isinstance(item, Constant) and item.value is not None]
    if isinstance(operand, Still) and len(values) == len(node.items):
        get, known = operand.get, frozenset(values)

        def member(subject: msgspec.Struct) -> bool | None:
            value = get(subject)
            return None if value is None else value in known

        return Still(member)
    one_of = [Comparison(node.start, node.at, "==", node.operand, item) for item in node.items]
    return _joined([_comparison(each, fields) for each in one_of], decisive=True)


# --- logic ---------------------------------------------------------------------------------------------


def _judge_of(part: Part) -> Judge:
    if isinstance(part, Turning):
        return part.judge
    assert isinstance(part, Still)  # noqa: S101 - the checker refuses what is no truth
    get = part.get
    return lambda subject, _now: (get(subject), None)


def _not(part: Part) -> Part:
    if isinstance(part, Still):
        get = part.get

        def negated(subject: msgspec.Struct) -> bool | None:
            truth = get(subject)
            return None if truth is None else not truth

        return Still(negated)
    inner = _judge_of(part)

    def judge(subject: msgspec.Struct, now: float) -> Outlook:
        truth, turns = inner(subject, now)
        return None if truth is None else not truth, turns

    return Turning(judge)


def _joined(parts: Sequence[Part], *, decisive: bool) -> Part:
    """Return `and` (where one false part decides) or `or` (where one true part does)."""
    still = [part.get for part in parts if isinstance(part, Still)]
    turning = [_judge_of(part) for part in parts if not isinstance(part, Still)]
    sure = still[0] if len(still) == 1 else _joined_still(still, decisive=decisive)
    return Turning(_joined_turning(sure, turning, decisive=decisive)) if turning else Still(sure)


def _joined_still(gets: Sequence[Get], *, decisive: bool) -> Get:
    def get(subject: msgspec.Struct) -> bool | None:
        truth: bool | None = not decisive
        for part in gets:
            found: bool | None = part(subject)
            if found is decisive:
                return decisive
            if found is None:
                truth = None
        return truth

    return get


def _joined_turning(sure: Get, judges: Sequence[Judge], *, decisive: bool) -> Judge:
    decided: Outlook = (decisive, None)

    def judge(subject: msgspec.Struct, now: float) -> Outlook:
        truth: bool | None = sure(subject)
        if truth is decisive:
            return decided
        soonest: float | None = None
        decided_until: float | None = None
        for part in judges:
            found, turns = part(subject, now)
            if found is decisive:
                if turns is None:
                    return decided
                # It stays decided at least until the last of those that decide it turns.
                if decided_until is None or turns > decided_until:
                    decided_until = turns
            elif found is None:
                truth = None
            if turns is not None and (soonest is None or turns < soonest):
                soonest = turns
        return (truth, soonest) if decided_until is None else (decisive, decided_until)

    return judge
