"""Any condition and any text: judged like a naive evaluator does, foretold exactly, refused quickly and politely."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, nextafter
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.errors import RuleError
from monitor.alerts.expression import Condition, compile_condition
from monitor.alerts.fields import FIELDS, KINDS, Kind
from monitor.model import Agent, CallDirection
from tests.alerts.samples import AGENT, CALL, DAY, NOW, changed

Evaluate: TypeAlias = Callable[[Agent, Fraction], Any]


@dataclass(frozen=True)
class Part:
    """A piece of a condition, and what it means, reckoned from the subject and the time in exact fractions."""

    text: str
    evaluate: Evaluate = field(repr=False)
    runs: bool = False


# All numbers are such that floats reckon with them exactly: halves, quarters, powers of two.
NUMBERS = {"0": 0, "1": 1, "2": 2, "4": 4, "0.5": Fraction(1, 2), "25%": Fraction(1, 4), "3": 3}
POWERS = {"0.5": Fraction(1, 2), "2": 2, "4": 4, "0": 0, "-2": -2}
DURATIONS = {"0s": 0, "16s": 16, "0.25s": Fraction(1, 4), "2m": 120, "1h": 3600, "64s": 64, "10m": 600}
TEXTS = ("lunch", "tea", "North", "outbound")
REASONS: dict[str, Callable[[Agent], Any]] = {
    "reason": lambda agent: agent.reason,
    "team": lambda agent: agent.team,
}
DIRECTIONS: tuple[CallDirection, ...] = ("outbound", "internal")

_agents = st.builds(
    lambda since, started, missed, talk, occupancy, reason, team, direction, paused, dnd: changed(
        AGENT,
        since=NOW - since / 64,
        reason=reason,
        team=team,
        call=None if started is None else changed(CALL, started=NOW - started / 64, direction=direction),
        presence=changed(AGENT.presence, paused=paused),
        do_not_disturb=dnd,
        today=changed(DAY, missed=missed, talk_seconds=talk / 4, occupancy=occupancy),
    ),
    since=st.integers(0, 64 * 300),
    started=st.none() | st.integers(0, 64 * 300),
    missed=st.integers(0, 4),
    talk=st.integers(0, 2000),
    occupancy=st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    reason=st.none() | st.sampled_from(TEXTS),
    team=st.none() | st.sampled_from(TEXTS),
    direction=st.sampled_from(DIRECTIONS),
    paused=st.booleans(),
    dnd=st.booleans(),
)


@st.composite
def agents(draw: st.DrawFn) -> Agent:
    return draw(_agents)


def _exact(value: Any) -> Any:
    return value if value is None else Fraction(value)


def _constants(values: dict[str, Any]) -> st.SearchStrategy[Part]:
    return st.sampled_from(
        [Part(text, lambda _a, _n, value=Fraction(value): value) for text, value in values.items()]
    )


def _since(agent: Agent, now: Fraction) -> Fraction:
    return now - Fraction(agent.since)


def _in_call(agent: Agent, now: Fraction) -> Fraction | None:
    return None if agent.call is None else now - Fraction(agent.call.started)


number_leaves = _constants(NUMBERS) | st.sampled_from(
    [
        Part("today.missed", lambda agent, _: _exact(agent.today.missed)),
        Part("today.occupancy", lambda agent, _: _exact(agent.today.occupancy)),
    ]
)
duration_leaves = _constants(DURATIONS) | st.sampled_from(
    [
        Part("time_in_state", _since, runs=True),
        Part("time_in_call", _in_call, runs=True),
        Part("today.talk_seconds", lambda agent, _: _exact(agent.today.talk_seconds)),
    ]
)


def _arithmetic(sign: str, left: Part, right: Part) -> Part:
    def evaluate(agent: Agent, now: Fraction) -> Any:
        one, other = left.evaluate(agent, now), right.evaluate(agent, now)
        if one is None or other is None or (sign == "/" and other == 0):
            return None
        return {
            "+": lambda: one + other,
            "-": lambda: one - other,
            "*": lambda: one * other,
            "/": lambda: one / other,
        }[sign]()

    return Part(f"({left.text} {sign} {right.text})", evaluate, left.runs or right.runs)


def _negative(part: Part) -> Part:
    def evaluate(agent: Agent, now: Fraction) -> Any:
        value = part.evaluate(agent, now)
        return None if value is None else -value

    return Part(f"-{part.text}", evaluate, part.runs)


def _grown(leaves: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    sums = st.builds(_arithmetic, st.sampled_from("+-"), leaves, leaves)
    products = st.builds(_arithmetic, st.sampled_from("*/"), leaves, _constants(POWERS))
    return leaves | sums | products | st.builds(_negative, leaves)


numbers = _grown(number_leaves)
durations = _grown(_grown(duration_leaves))
texts = st.sampled_from(
    [Part(f'"{text}"', lambda _a, _n, text=text: text) for text in TEXTS]
    + [Part(name, lambda agent, _, get=get: get(agent)) for name, get in REASONS.items()]
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _compared(sign: str, left: Part, right: Part) -> Part:
    def evaluate(agent: Agent, now: Fraction) -> Any:
        one, other = left.evaluate(agent, now), right.evaluate(agent, now)
        return None if one is None or other is None else COMPARE[sign](one, other)

    return Part(f"{left.text} {sign} {right.text}", evaluate, left.runs or right.runs)


def _missing(sign: str, part: Part) -> Part:
    return Part(
        f"{part.text} {sign} null",
        lambda agent, now: (part.evaluate(agent, now) is None) is (sign == "=="),
    )


def _member(operand: Part, items: list[Part], *, negated: bool) -> Part:
    def evaluate(agent: Agent, now: Fraction) -> Any:
        found = [_compared("==", operand, item).evaluate(agent, now) for item in items]
        truth = True if True in found else None if None in found else False
        return None if truth is None else truth is not negated

    listed = ", ".join(item.text for item in items)
    return Part(f"{operand.text} {'not ' if negated else ''}in ({listed})", evaluate)


def _members(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.builds(_member, parts, st.lists(parts, min_size=1, max_size=3), negated=st.booleans())


signs, equals = st.sampled_from(list(COMPARE)), st.sampled_from(["==", "!="])
named_truths = st.sampled_from(
    [
        Part("presence.paused", lambda agent, _: agent.presence.paused),
        Part("do_not_disturb", lambda agent, _: agent.do_not_disturb),
        Part("true", lambda _a, _n: True),
    ]
)
running = st.sampled_from(
    [Part("time_in_state", _since, runs=True), Part("time_in_call", _in_call, runs=True)]
)
turning = st.builds(_compared, signs, _grown(running), _grown(_constants(DURATIONS)))
truths = (
    turning
    | turning
    | st.builds(_compared, signs, durations, durations)
    | st.builds(_compared, signs, numbers, numbers)
    | st.builds(_compared, equals, texts, texts)
    | st.builds(_missing, equals, duration_leaves | number_leaves | texts)
    | _members(texts)
    | _members(durations)
    | named_truths
)


def _not(part: Part) -> Part:
    def evaluate(agent: Agent, now: Fraction) -> Any:
        truth = part.evaluate(agent, now)
        return None if truth is None else not truth

    return Part(f"not ({part.text})", evaluate)


def _joined(word: str, parts: list[Part]) -> Part:
    decisive = word == "or"

    def evaluate(agent: Agent, now: Fraction) -> Any:
        found = [part.evaluate(agent, now) for part in parts]
        return decisive if decisive in found else None if None in found else not decisive

    return Part(f" {word} ".join(f"({part.text})" for part in parts), evaluate)


def _more(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    bracketed = inner.map(lambda part: Part(f"({part.text})", part.evaluate, part.runs))
    return (
        st.builds(_not, inner)
        | st.builds(_joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=4))
        | st.builds(_compared, equals, bracketed, bracketed)
        | st.builds(_missing, equals, bracketed)
    )


_conditions = st.recursive(truths, _more, max_leaves=6).filter(lambda part: len(part.text) <= 800)


@st.composite  # or Hypothesis describes all that it is made of
def conditions(draw: st.DrawFn) -> Part:
    """Any truth, joined with one that the clock may turn."""
    word, other = draw(st.sampled_from(["and", "or"])), draw(turning)
    return _joined(word, [draw(_conditions), other])


later = st.integers(0, 64 * 900).map(lambda ticks: NOW + ticks / 64)


def mistake(text: str, kind: Kind) -> RuleError | None:
    """What is wrong with a text; anything but a RuleError is a bug."""
    try:
        compile_condition(text, kind)
    except RuleError as error:
        return error
    return None


REFUSED = ("asks for no field", "null is always", "make two rules", "a share is from 0 to 1")
"""Good reasons that the generator doesn't know."""


def _compiled(part: Part) -> Condition | None:
    wrong = mistake(part.text, "agent")
    if wrong is None:
        return compile_condition(part.text, "agent")
    assert any(reason in wrong.problem for reason in REFUSED), (part.text, str(wrong))
    return None


@given(part=conditions(), agent=agents(), now=later)
@settings(max_examples=600, deadline=None)
def test_it_judges_like_a_naive_evaluator(part: Part, agent: Agent, now: float) -> None:
    condition = _compiled(part)
    if condition is not None:
        assert condition.judge(agent, now).truth is part.evaluate(agent, Fraction(now)), part.text


@given(part=conditions(), agent=agents(), now=later)
@settings(max_examples=600, deadline=None)
def test_changes_are_foretold_exactly(part: Part, agent: Agent, now: float) -> None:
    condition = _compiled(part)
    if condition is None:
        return
    truth, changes_at = condition.judge(agent, now)
    until = now + 20_000.0 if changes_at is None else changes_at
    steps = 64
    grid = [now + (until - now) * step / steps for step in range(steps)]
    for at in [*grid, nextafter(until, -inf)]:
        if now <= at < until:
            assert condition.judge(agent, at).truth is truth, (part.text, at)
            # The naive evaluator knows nothing of turns, and sees none either.
            exact = Fraction(round(at * 64), 64)
            if now <= exact < until:
                assert part.evaluate(agent, exact) is truth, (part.text, at)
    if changes_at is not None:
        assert changes_at > now
        assert condition.judge(agent, changes_at).truth is not truth, (part.text, changes_at)


WORDS = sorted(
    {"and", "or", "not", "in", "true", "false", "null", "(", ")", ",", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/"}
    | {"5", "0.8", "80%", "30s", "1.5h", "2d", '"lunch"', "'paused'", "=", "&&", '"', "'", "\\", "%", ".", "é", "\0", "\n"}
    | set(FIELDS["agent"])
    | set(FIELDS["queue"])
)  # fmt: skip


@given(
    text=st.text(max_size=1100) | st.lists(st.sampled_from(WORDS), max_size=120).map(" ".join),
    kind=st.sampled_from(KINDS),
)
@settings(max_examples=1000, deadline=None)
def test_any_text_is_a_condition_or_a_mistake(text: str, kind: Kind) -> None:
    began = time.perf_counter()
    wrong = mistake(text, kind)
    assert time.perf_counter() - began < 5  # seconds; it takes milliseconds
    if wrong is not None:
        assert wrong.problem
        assert wrong.position is None or 0 <= wrong.position <= len(text)
        assert wrong.excerpt.endswith("^") is (wrong.position is not None)


HOSTILE = [
    "(" * 499 + "1" + ")" * 499,
    "not " * 249 + "true",
    "-" * 999 + "1",
    "1+" * 499 + "1",
    "a or " * 199 + "a",
    '"' + "\\" * 998,
    "'" * 999,
    "9" * 1000,
    "a" * 1000,
    "a." * 499 + "a",
    "a in (" * 160,
    "1 in (" + "1," * 490 + "1)",
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20] for text in HOSTILE])
def test_hostile_texts_are_mistakes_too(text: str) -> None:
    wrong = mistake(text, "queue")
    assert wrong is not None
    assert len(str(wrong)) < 1500


def test_judging_a_long_condition_comes_to_an_end() -> None:
    text = " and ".join(f"time_in_state != {seconds}s" for seconds in range(1, 39))
    judge = compile_condition(text, "agent").judge
    judgement = judge(changed(AGENT, since=NOW), NOW)
    assert judgement == (True, NOW + 1.0)
    text = " or ".join(f"time_in_state == {seconds}s" for seconds in range(1, 39))
    assert compile_condition(text, "agent").judge(changed(AGENT, since=NOW), NOW + 38.5) == (False, None)
