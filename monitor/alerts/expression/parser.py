"""From a text to a tree: the grammar, read by lark (LALR: no backtracking, no recursion), and its bounds."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken

from monitor.alerts.errors import RuleError
from monitor.alerts.expression.syntax_errors import unexpected_character, unexpected_token
from monitor.alerts.expression.tree import (
    All,
    Arithmetic,
    Comparing,
    Comparison,
    Constant,
    Either,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Reckoning,
    walk,
)

MAX_CHARACTERS: Final = 1_000
MAX_NODES: Final = 200
MAX_DEPTH: Final = 32

GRAMMAR: Final = r"""
?start: either
?either: all ("or" all)*
?all: negation ("and" negation)*
?negation: NOT negation -> not_
    | comparison
?comparison: sum
    | sum COMPARING sum -> compare
    | sum IN items -> in_
    | sum NOT IN items -> not_in
items: "(" sum ("," sum)* ")"
?sum: product
    | sum (PLUS | MINUS) product -> arithmetic
?product: signed
    | product (TIMES | OVER) signed -> arithmetic
?signed: atom
    | MINUS signed -> negative
?atom: NUMBER -> number
    | TEXT -> text
    | NAME -> name
    | (TRUE | FALSE | NULL) -> word
    | "(" either ")"

COMPARING: "==" | "!=" | "<=" | ">=" | "<" | ">"
IN: "in"
NOT: "not"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
TRUE: "true"
FALSE: "false"
NULL: "null"
NUMBER: /[0-9][\w.]*%?/
TEXT: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
NAME: /[^\W0-9]\w*(\.\w+)*/
%ignore /[ \t\r\n]+/
"""

UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_NUMBER: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)([A-Za-z%]*)", re.ASCII)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = "\"'\\"
_WORDS: Final = {"true": True, "false": False, "null": None}


def parse(text: str) -> Node:
    """Return the tree of a condition. Raises :class:`RuleError`."""
    if len(text) > MAX_CHARACTERS:
        raise RuleError(f"a condition has at most {MAX_CHARACTERS:,} characters, this one {len(text):,}")
    if not text.strip():
        raise RuleError("a condition is missing: write one such as `waiting > 5`", 0, text=text)
    try:
        # The parser gives what the builder makes of the start rule.
        root = cast(Node, _parser().parse(text))
    except UnexpectedCharacters as error:
        raise unexpected_character(text, cast(int, error.pos_in_stream)) from None
    except UnexpectedToken as error:
        raise unexpected_token(text, error) from None
    except RuleError as error:  # of the builder, which doesn't know the text
        raise RuleError(error.problem, error.position, text=text) from None
    _bounded(root, text)
    return root


def _bounded(root: Node, text: str) -> None:
    for count, (node, depth) in enumerate(walk(root), start=1):
        if depth > MAX_DEPTH:
            raise RuleError(
                f"nested more than {MAX_DEPTH} deep here: make two rules of it", node.start, text=text
            )
        if count > MAX_NODES:
            raise RuleError(
                f"more than {MAX_NODES} fields, values and operators: make two rules of it",
                node.start,
                text=text,
            )


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder())


class _Builder(Transformer[Token, Node]):
    """Makes nodes as the parser finds them. A method gets what its rule is made of."""

    def either(self, operands: list[Node]) -> Node:
        return operands[0] if len(operands) == 1 else Either(operands[0].start, tuple(operands))

    def all(self, operands: list[Node]) -> Node:
        return operands[0] if len(operands) == 1 else All(operands[0].start, tuple(operands))

    def not_(self, found: list[Any]) -> Node:
        return Not(_start(found[0]), found[1])

    def compare(self, found: list[Any]) -> Node:
        left, operator, right = found
        return Comparison(left.start, _start(operator), cast(Comparing, operator.value), left, right)

    def in_(self, found: list[Any]) -> Node:
        operand, word, items = found
        return Membership(operand.start, _start(word), operand, items)

    def not_in(self, found: list[Any]) -> Node:
        operand, word, _, items = found
        return Not(operand.start, Membership(operand.start, _start(word), operand, items))

    def items(self, items: list[Node]) -> tuple[Node, ...]:
        return tuple(items)

    def arithmetic(self, found: list[Any]) -> Node:
        left, operator, right = found
        return Arithmetic(left.start, _start(operator), cast(Reckoning, operator.value), left, right)

    def negative(self, found: list[Any]) -> Node:
        return Negative(_start(found[0]), found[1])

    def number(self, found: list[Token]) -> Node:
        token = found[0]
        match = _NUMBER.fullmatch(token)
        digits, unit = match.groups() if match else ("", token.value)
        if unit in UNITS and digits:
            return Constant(_start(token), "duration", float(digits) * UNITS[unit])
        if unit not in ("", "%"):
            raise RuleError(
                f"{token} is no number: write one such as 5, 0.8 or 80%, or a duration such as 30s, 5m, 1.5h or 2d",
                _start(token),
            )
        return Constant(_start(token), "number", float(digits) / (100 if unit else 1))

    def text(self, found: list[Token]) -> Node:
        token = found[0]
        for escape in _ESCAPE.finditer(token):
            if escape[1] not in _ESCAPED:
                raise RuleError(
                    "a backslash stands before a quotation mark or another backslash only: write it twice",
                    _start(token) + escape.start(),
                )
        return Constant(_start(token), "text", _ESCAPE.sub(r"\1", token[1:-1]))

    def name(self, found: list[Token]) -> Node:
        return Name(_start(found[0]), found[0].value)

    def word(self, found: list[Token]) -> Node:
        token = found[0]
        return Constant(
            _start(token), "truth" if token.value in ("true", "false") else "null", _WORDS[token.value]
        )


def _start(token: Token) -> int:
    return cast(int, token.start_pos)  # always set by the lexer
