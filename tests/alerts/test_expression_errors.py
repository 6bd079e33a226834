"""What a mistaken condition is told, word by word: where, what, and what to write instead."""

from __future__ import annotations

import pytest

from monitor.alerts.errors import RuleError
from monitor.alerts.expression import compile_condition
from monitor.alerts.fields import Kind

OPERAND = "a field, a number, a duration, a text or `(`"
NUMBERS = "write one such as 5, 0.8 or 80%, or a duration such as 30s, 5m, 1.5h or 2d"
STATES = "it is one of available, ringing, dialing, talking, on_hold, wrap_up, paused, offline, unknown"
STRAIGHT = 'write straight quotation marks: "lunch"'

MISTAKES: list[tuple[Kind, str, int, str]] = [
    # what is no sentence
    ("queue", "", 0, "a condition is missing: write one such as `waiting > 5`"),
    ("queue", " \n", 0, "a condition is missing: write one such as `waiting > 5`"),
    ("queue", "waiting >", 9, f"expected {OPERAND}, but the condition ends here"),
    ("queue", "waiting > 5 and ", 15, f"expected {OPERAND}, but the condition ends here"),
    ("queue", "not", 3, f"expected {OPERAND}, but the condition ends here"),
    ("queue", "waiting > )", 10, f"expected {OPERAND}, found )"),
    ("queue", "and waiting > 5", 0, f"expected {OPERAND}, found and"),
    ("queue", "waiting > 5 or or waiting < 2", 15, f"expected {OPERAND}, found or"),
    ("queue", "(waiting > 5", 12, "expected `)`, `and` or `or`, but the condition ends here"),
    ("queue", "waiting > 5)", 11, "this ) closes nothing: no ( is open"),
    ("queue", "waiting > 5 waiting", 12, "expected `and`, `or` or the end, found waiting"),
    ("queue", "waiting 5", 8, "expected `and`, `or`, a comparison or the end, found 5"),
    ("queue", "waiting, 5", 7, "expected `and`, `or`, a comparison or the end, found ,"),
    ("queue", "waiting not 5", 12, "expected `in` after `not`, found 5"),
    ("queue", "waiting in 5", 11, 'expected a list in parentheses such as ("lunch", "tea"), found 5'),
    ("queue", "waiting in ()", 12, f"expected {OPERAND}, found )"),
    ("queue", "waiting in (1 2)", 14, "expected `,` or `)`, found 2"),
    ("queue", "waiting in (1,)", 14, f"expected {OPERAND}, found )"),
    ("queue", "1 < waiting < 5", 12, "comparisons can't be chained: write `a < b and b < c`"),
    # other languages
    ("queue", "waiting = 5", 8, "`=` has no meaning here: write == to compare"),
    ("queue", "waiting => 5", 8, "`=>` has no meaning here: write >="),
    ("queue", "waiting =< 5", 8, "`=<` has no meaning here: write <="),
    ("queue", "waiting <> 5", 8, "`<>` has no meaning here: write != for “is not”"),
    ("queue", "waiting ≥ 5", 8, "`≥` has no meaning here: write >="),
    ("queue", "waiting > 5 && waiting < 9", 12, "`&&` has no meaning here: write `and`"),
    ("queue", "waiting > 5 || waiting < 9", 12, "`||` has no meaning here: write `or`"),
    ("queue", "!waiting", 0, "`!` has no meaning here: write `not`"),
    ("queue", "waiting ** 2 > 5", 8, "`**` has no meaning here: multiply instead"),
    ("queue", "waiting > 5 AND waiting < 9", 12, "write and in small letters"),
    ("agent", "reason == “lunch”", 10, f"`“` has no meaning here: {STRAIGHT}"),
    ("agent", "reason in [1]", 10, "`[` has no meaning here: write ( )"),
    ("queue", "waiting > 5; waiting < 9", 11, "`;` has no meaning here: a rule has one condition: join two with `and` or `or`"),
    ("queue", "waiting > $5", 10, "the character $ has no meaning here"),
    ("queue", "waiting\0 > 5", 7, "the character U+0000 has no meaning here"),
    # values
    ("queue", "longest_wait > 30 s", 18, "a unit follows its number without a space: write 30s"),
    ("queue", "longest_wait > 1.5 \n h", 21, "a unit follows its number without a space: write 1.5h"),
    ("queue", "longest_wait in (30s, 5 m)", 24, "a unit follows its number without a space: write 5m"),
    ("queue", "x5 s > 1", 3, "expected `and`, `or`, a comparison or the end, found s"),
    ("queue", "waiting > 5 x", 12, "expected `and`, `or` or the end, found x"),
    ("queue", "longest_wait > 1:30", 15, "1:30 is no duration: write 90s"),
    ("queue", "longest_wait > 01:00:30 and waiting > 1", 15, "01:00:30 is no duration: write 3630s"),
    ("queue", "longest_wait > 1:5", 16, "the character : has no meaning here"),
    ("queue", "longest_wait > 5min", 15, f"5min is no number: {NUMBERS}"),
    ("queue", "longest_wait > 30с", 15, f"30с is no number: {NUMBERS}"),  # noqa: RUF001 - Cyrillic
    ("queue", "last_30m.service_level.value < 0,8", 32, "a fraction is written with a point: 0.8"),
    ("queue", "waiting > 1.2.3", 10, f"1.2.3 is no number: {NUMBERS}"),
    ("queue", "waiting > 5.", 10, f"5. is no number: {NUMBERS}"),
    ("queue", "waiting > 1e3", 10, f"1e3 is no number: {NUMBERS}"),
    ("queue", "waiting > 1234567890123456", 10, f"1234567890123456 is no number: {NUMBERS}"),
    ("queue", "waiting > 80 %", 13, "`%` has no meaning here: write a percentage without a space: 80%"),
    ("queue", 'name == "Sal', 8, 'this text does not end: its closing " is missing'),
    ("queue", "name == 'it's'", 12, "expected `and`, `or` or the end, found s"),
    ("queue", r'name == "a\nb"', 10, "a backslash stands before a quotation mark or another backslash only: write it twice"),
    # names
    ("queue", "wating > 5", 0, "there is no field wating; perhaps waiting"),
    ("queue", "WAITING > 5", 0, "there is no field WAITING; perhaps waiting"),
    ("queue", "Agents.Available == 0", 0, "there is no field Agents.Available; perhaps agents.available"),
    ("queue", "queue.waiting > 5", 0, "there is no field queue.waiting; perhaps waiting"),
    ("queue", "service_level < 80%", 0, "there is no field service_level; perhaps today.service_level.value or today.service_level.target or last_30m.service_level.value"),
    ("agent", "presence == true", 0, "there is no field presence; perhaps presence.paused or presence.reason"),
    ("agent", "since > 5m", 0, "there is no field since; perhaps time_in_state"),
    ("source", "gaps > 5", 0, "there is no field gaps; there are id, adapter, state, version, detail, time_in_state, time_since_event"),
    ("queue", "x > 5", 0, "there is no field x; there are id, name, source, waiting, agents.available, agents.ringing, agents.dialing, agents.talking, agents.on_hold, agents.wrap_up, agents.paused, agents.offline, …"),
    ("queue", "waiting.__class__ == 1", 0, "there is no field waiting.__class__; there are id, name, source, waiting, agents.available, agents.ringing, agents.dialing, agents.talking, agents.on_hold, agents.wrap_up, agents.paused, agents.offline, …"),
    ("agent", "reason == lunch", 10, 'there is no field lunch; a text stands in quotation marks: "lunch"'),
    ("agent", "state == pausd", 9, 'there is no field pausd; a text stands in quotation marks: "paused"'),
    # types
    ("queue", "waiting", 0, "waiting is a number: compare it with something, as in `waiting > 5`"),
    ("queue", "waiting > 5 and longest_wait", 16, "longest_wait is a duration: compare it with something, as in `longest_wait > 30s`"),
    ("agent", "not state", 4, 'state is a text: compare it with something, as in `state == "available"`'),
    ("agent", "reason or true", 0, 'reason is a text: compare it with something, as in `reason == "lunch"`'),
    ("queue", "waiting + 5", 0, "expected something that is true or false, such as a comparison; this is a number"),
    ("queue", "longest_wait > 30", 15, "longest_wait (a duration) can't be compared with a number: write a duration such as 30s"),
    ("queue", "30 < longest_wait", 5, "a number can't be compared with a duration: write a duration such as 30s"),
    ("queue", "longest_wait > waiting", 15, "longest_wait (a duration) can't be compared with a number: write a duration such as 30s"),
    ("queue", "waiting > 30s", 10, "waiting (a number) can't be compared with a duration: write a number such as 5, without a unit"),
    ("queue", 'waiting > "3"', 10, "waiting (a number) can't be compared with a text: write it without quotation marks"),
    ("queue", "name == 5", 8, 'name (a text) can\'t be compared with a number: write "5" in quotation marks'),
    ("agent", 'presence.paused == "true"', 19, "presence.paused (true or false) can't be compared with a text: write it without quotation marks"),
    ("agent", "reason == true", 10, "reason (a text) can't be compared with true or false: write a text in quotation marks"),
    ("agent", 'reason in ("tea", 5)', 18, 'reason (a text) can\'t be compared with a number: write "5" in quotation marks'),
    ("agent", 'reason < "tea"', 7, "reason (a text): `<` takes numbers and durations, use == or !="),
    ("agent", "presence.paused > false", 16, "presence.paused (true or false): `>` takes numbers and durations, use == or !="),
    ("queue", "waiting > null", 8, "null is neither more nor less than anything: use == or != before it"),
    ("queue", "null == null", 0, "null is always null: compare a field with it"),
    ("agent", 'state == "pausd"', 9, f'state is never "pausd": perhaps "paused"; {STATES}'),
    ("agent", 'state == "PAUSED"', 9, f'state is never "PAUSED": perhaps "paused"; {STATES}'),
    ("agent", "state == PAUSED", 9, 'there is no field PAUSED; a text stands in quotation marks: "paused"'),
    ("agent", '"lunch" == state', 0, f'state is never "lunch": {STATES}'),
    ("agent", 'state in ("paused", "away")', 20, f'state is never "away": {STATES}'),
    ("queue", "waiting + 5s > 1s", 8, "waiting (a number) and a duration: `+` does not go with these: write a number such as 5, without a unit"),
    ("queue", "longest_wait + 5 > 1s", 13, "longest_wait (a duration) and a number: `+` does not go with these: write a duration such as 5s"),
    ("queue", "longest_wait * longest_wait > 1s", 13, "longest_wait (a duration) and longest_wait (a duration): `*` does not go with these"),
    ("queue", "5 / longest_wait > 1", 2, "a number and longest_wait (a duration): `/` does not go with these: write a duration such as 5s"),
    ("queue", "name + 1 > 2", 0, "name (a text): `+` takes numbers and durations"),
    ("queue", "-name == 'x'", 1, "name (a text) has no negative"),
    ("queue", "waiting + null > 1", 10, "null: `+` takes numbers and durations"),
    # shares
    ("queue", "last_30m.service_level.value < 80", 31, "a share is from 0 to 1: write 80%"),
    ("queue", "today.abandonment_rate > 10 and waiting > 1", 25, "a share is from 0 to 1: write 10%"),
    ("queue", "12.5 <= last_30m.abandonment_rate", 0, "a share is from 0 to 1: write 12.5%"),
    ("queue", "today.service_level.target == 250", 30, "a share is from 0 to 1, such as 80%"),
    ("queue", "today.abandonment_rate > 101%", 25, "a share is from 0 to 1, such as 80%"),
    ("agent", "today.occupancy > -1", 18, "a share is from 0 to 1, such as 80%"),
    ("agent", "today.occupancy in (0.5, 80)", 25, "a share is from 0 to 1: write 80%"),
    # the clock
    ("queue", "5m / longest_wait > 1", 5, "longest_wait (a duration) runs with the clock: it can't be multiplied by another such, and nothing can be divided by it"),
    ("agent", "time_in_state * (time_in_call / 1s) > 1m", 17, "a number runs with the clock: it can't be multiplied by another such, and nothing can be divided by it"),
    # what says nothing
    ("queue", "true", 0, "this asks for no field of the queue, so it would always say the same"),
    ("service", "1 == 1", 0, "this asks for no field of the service, so it would always say the same"),
    # bounds
    ("queue", "not " * 40 + "true", 128, "nested more than 32 deep here: make two rules of it"),
    ("queue", " or ".join(["1 == 2"] * 80), 660, "more than 200 fields, values and operators: make two rules of it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "position", "problem"),
    MISTAKES,
    ids=[mistake[1][:50] or "empty" for mistake in MISTAKES],
)
def test_a_mistake_is_told_word_by_word(kind: Kind, text: str, position: int, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        compile_condition(text, kind)
    error = caught.value
    assert (error.position, error.problem) == (position, problem)
    assert str(error) == f"character {position + 1}: {problem}"
    assert error.text == text


def test_a_condition_that_is_too_long_is_not_read() -> None:
    with pytest.raises(RuleError) as caught:
        compile_condition("waiting > 5" + " " * 990, "queue")
    assert str(caught.value) == "a condition has at most 1,000 characters, this one 1,001"
    assert caught.value.excerpt == ""


def test_the_place_is_shown_with_a_caret() -> None:
    with pytest.raises(RuleError) as caught:
        compile_condition("waiting > 5\n\tand longest_wait > 30", "queue")
    assert caught.value.excerpt == "\tand longest_wait > 30\n\t                   ^"


def test_a_mistake_can_be_told_as_one_of_a_rule() -> None:
    with pytest.raises(RuleError) as caught:
        compile_condition("wating > 5", "queue")
    located = caught.value.at("callers-wait", "when")
    assert str(located) == "rule callers-wait, when, character 1: there is no field wating; perhaps waiting"
    assert (located.rule, located.key, located.position) == ("callers-wait", "when", 0)
    assert located.excerpt == "wating > 5\n^"
