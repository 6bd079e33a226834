"""Whether a tree means something: names that exist, types that go together. Mistakes are told with place and advice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from monitor.alerts.errors import RuleError
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
from monitor.alerts.fields import Field, Type

_TOLD: Final = 12
"""Names that are listed where none is near."""

_SHARE: Final = "a share is from 0 to 1"
_ALL: Final = 100
"""Percent: a number up to here was meant as percentage."""

_PERCENTAGE: Final = re.compile(r"[0-9.]+%")

_CALLED: Final[Mapping[Type, str]] = {
    "number": "a number",
    "duration": "a duration",
    "text": "a text",
    "truth": "true or false",
    "null": "null",
}

_RESULTS: Final[Mapping[tuple[str, Type, Type], Type]] = {
    ("+", "number", "number"): "number",
    ("+", "duration", "duration"): "duration",
    ("-", "number", "number"): "number",
    ("-", "duration", "duration"): "duration",
    ("*", "number", "number"): "number",
    ("*", "number", "duration"): "duration",
    ("*", "duration", "number"): "duration",
    ("/", "number", "number"): "number",
    ("/", "duration", "number"): "duration",
    ("/", "duration", "duration"): "number",
}


class Checked(NamedTuple):
    """What is known of a part before any subject is seen."""

    type: Type
    runs: bool = False
    """Its value moves with the clock."""
    field: Field | None = None


class Checker:
    """Checks the conditions of one kind of subject."""

    def __init__(self, text: str, fields: Mapping[str, Field]) -> None:
        self._text = text
        self._fields = fields

    def condition(self, root: Node) -> None:
        """Check a whole condition. Raises :class:`RuleError`."""
        self._truth(root)

    def check(self, node: Node) -> Checked:  # noqa: PLR0911 - one per kind of node
        """Return what a part is. Raises :class:`RuleError`."""
        match node:
            case Constant():
                return Checked(node.type)
            case Name():
                field = self.field(node)
                return Checked(field.type, field.running, field)
            case Negative():
                return self._negative(node)
            case Arithmetic():
                return self._arithmetic(node)
            case Comparison():
                return self._comparison(node)
            case Membership():
                return self._membership(node)
            case Not():
                return self._truth(node.operand)._replace(field=None)
            case All() | Either():
                operands = [self._truth(operand) for operand in node.operands]
                return Checked("truth", any(operand.runs for operand in operands))

    def field(self, node: Name) -> Field:
        """Return the field of a name."""
        found = self._fields.get(node.name)
        if found is None:
            raise self._wrong(unknown_name(node.name, self._fields), node.start)
        return found

    def _truth(self, node: Node) -> Checked:
        checked = self.check(node)
        if checked.type == "truth":
            return checked
        what = _CALLED[checked.type]
        if isinstance(node, Name):
            values = checked.field.values if checked.field else ()
            example = {
                "number": f"{node.name} > 5",
                "duration": f"{node.name} > 30s",
                "text": f'{node.name} == "{values[0] if values else "lunch"}"',
            }[checked.type]
            problem = f"{node.name} is {what}: compare it with something, as in `{example}`"
        else:
            problem = f"expected something that is true or false, such as a comparison; this is {what}"
        raise self._wrong(problem, node.start)

    def _negative(self, node: Negative) -> Checked:
        checked = self.check(node.operand)
        if checked.type not in ("number", "duration"):
            raise self._wrong(f"{self._named(node.operand, checked)} has no negative", node.operand.start)
        return checked._replace(field=None)

    def _arithmetic(self, node: Arithmetic) -> Checked:
        left, right = self.check(node.left), self.check(node.right)
        for part, checked in ((node.left, left), (node.right, right)):
            if checked.type not in ("number", "duration"):
                raise self._wrong(
                    f"{self._named(part, checked)}: `{node.operator}` takes numbers and durations", part.start
                )
        result = _RESULTS.get((node.operator, left.type, right.type))
        if result is None:
            raise self._wrong(
                f"{self._named(node.left, left)} and {self._named(node.right, right)}: "
                f"`{node.operator}` does not go with these{_advice(node.left, left, node.right, right)}",
                node.at,
            )
        if right.runs and (node.operator == "/" or (node.operator == "*" and left.runs)):
            raise self._wrong(
                f"{self._named(node.right, right)} runs with the clock: "
                "it can't be multiplied by another such, and nothing can be divided by it",
                node.right.start,
            )
        return Checked(result, left.runs or right.runs)

    def _comparison(self, node: Comparison) -> Checked:
        left = self._operand(node.left, beside=node.right)
        right = self._operand(node.right, beside=node.left)
        self._comparable(node.left, left, node.right, right)
        if node.operator not in ("==", "!=") and left.type not in ("number", "duration"):
            culprit, of = (node.left, left) if left.type != "null" else (node.right, right)
            raise self._wrong(
                f"{self._named(culprit, of)}: `{node.operator}` takes numbers and durations, use == or !=",
                node.at,
            )
        if node.operator not in ("==", "!=") and right.type == "null":
            raise self._wrong("null is neither more nor less than anything: use == or != before it", node.at)
        return Checked("truth", left.runs or right.runs)

    def _membership(self, node: Membership) -> Checked:
        operand = self.check(node.operand)
        runs = operand.runs
        for item in node.items:
            checked = self._operand(item, beside=node.operand)
            self._comparable(node.operand, operand, item, checked)
            runs = runs or checked.runs
        return Checked("truth", runs)

    def _operand(self, node: Node, *, beside: Node) -> Checked:
        """Check one side of a comparison; a word without its quotation marks is told as such."""
        if isinstance(node, Name) and node.name not in self._fields and isinstance(beside, Name):
            other = self._fields.get(beside.name)
            if other is not None and other.type == "text":
                near = get_close_matches(node.name.lower(), other.values, n=1) or [node.name]
                raise self._wrong(
                    f'there is no field {node.name}; a text stands in quotation marks: "{near[0]}"',
                    node.start,
                )
        return self.check(node)

    def _comparable(self, left_node: Node, left: Checked, right_node: Node, right: Checked) -> None:
        if left.type == right.type == "null":
            raise self._wrong("null is always null: compare a field with it", left_node.start)
        if "null" in (left.type, right.type):
            return
        if left.type != right.type:
            raise self._wrong(
                f"{self._named(left_node, left)} can't be compared with {_CALLED[right.type]}"
                f"{_advice(left_node, left, right_node, right)}",
                right_node.start,
            )
        for node, checked, other in ((right_node, right, left), (left_node, left, right)):
            if isinstance(node, Constant) and checked.type == "text" and other.field and other.field.values:
                self._possible(str(node.value), node.start, other.field)
            if other.field and other.field.share:
                self._share(node)

    def _share(self, node: Node) -> None:
        """Refuse a constant that no share can ever reach: 80 was meant as 80%."""
        negative = isinstance(node, Negative)
        constant = node.operand if isinstance(node, Negative) else node
        if not isinstance(constant, Constant) or not isinstance(constant.value, float):
            return
        if negative and constant.value > 0:
            raise self._wrong(f"{_SHARE}, such as 80%", node.start)
        if not negative and constant.value > 1:
            as_percentage = _PERCENTAGE.match(self._text, constant.start)
            sensible = constant.value <= _ALL and not as_percentage
            meant = f": write {constant.value:g}%" if sensible else ", such as 80%"
            raise self._wrong(f"{_SHARE}{meant}", node.start)

    def _possible(self, value: str, position: int, field: Field) -> None:
        if value not in field.values:
            near = get_close_matches(value.lower(), field.values, n=1)
            hint = f'perhaps "{near[0]}"; ' if near else ""
            raise self._wrong(
                f'{field.name} is never "{value}": {hint}it is one of {", ".join(field.values)}', position
            )

    @staticmethod
    def _named(node: Node, checked: Checked) -> str:
        return f"{node.name} ({_CALLED[checked.type]})" if isinstance(node, Name) else _CALLED[checked.type]

    def _wrong(self, problem: str, position: int) -> RuleError:
        return RuleError(problem, position, text=self._text)


def unknown_name(name: str, fields: Mapping[str, Field]) -> str:
    """Return what to tell of a name that is no field's."""
    lower = name.lower()  # as all fields are
    if lower in fields:
        return f"there is no field {name}; perhaps {lower}"
    last = lower.rpartition(".")[2]
    near = [
        *(field.name for field in fields.values() if field.running and field.public == lower),  # since
        *(known for known in fields if known.startswith(f"{lower}.")),  # presence
        *(known for known in fields if last in known.split(".")),  # service_level
    ]
    near.sort(key=lambda known: not fields[known].share)
    near = list(dict.fromkeys(near + get_close_matches(lower, fields, n=3)))[:3]
    if near:
        return f"there is no field {name}; perhaps {' or '.join(near)}"
    known = list(fields)
    more = ", …" if len(known) > _TOLD else ""
    return f"there is no field {name}; there are {', '.join(known[:_TOLD])}{more}"


def _advice(  # noqa: PLR0911 - one per mistake
    left_node: Node, left: Checked, right_node: Node, right: Checked
) -> str:
    """Return what may have been meant where two types don't go together."""
    types = {left.type, right.type}
    constants = [node for node in (right_node, left_node) if isinstance(node, Constant)]
    if types == {"number", "duration"}:
        found = constants[0] if constants else None
        if found is not None and found.type == "duration":
            return ": write a number such as 5, without a unit"
        return ": write a duration such as " + ("30s" if found is None else f"{found.value:g}s")
    if not constants:
        return ""
    value = constants[0].value
    if types == {"text", "number"} and constants[0].type == "number":
        return f': write "{value:g}" in quotation marks'
    if types == {"text", "truth"} and constants[0].type == "truth":
        return ": write a text in quotation marks"
    if constants[0].type == "text" and "text" in types:
        return ": write it without quotation marks"
    return ""
