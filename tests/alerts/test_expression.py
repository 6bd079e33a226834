"""The language of conditions: what is true when, what null means, and that it is fast to refuse."""

from __future__ import annotations

from math import inf, nextafter

import pytest

from monitor.alerts.errors import RuleError
from monitor.alerts.expression import compile_condition
from monitor.alerts.fields import FIELDS, KINDS, Kind
from tests.alerts.samples import AGENT, CALL, NOW, QUEUE, SERVICE, SOURCE, SUBJECTS, changed

TRUE_OF_SAMPLES: list[tuple[Kind, str, bool | None]] = [
    # comparisons
    ("queue", "waiting > 2", True),
    ("queue", "waiting>3", False),
    ("queue", "waiting >= 3", True),
    ("queue", "waiting < 3", False),
    ("queue", "waiting <= 3", True),
    ("queue", "waiting == 3", True),
    ("queue", "waiting != 3", False),
    ("queue", "3 < waiting", False),
    ("queue", "2.5 < waiting", True),
    ("queue", "agents.available == 0 and agents.talking == 4", True),
    ("queue", "last_30m.service_level.value < 0.8", True),
    ("queue", "last_30m.service_level.value < 80%", True),
    ("queue", "last_30m.service_level.value < last_30m.service_level.target", True),
    ("queue", "today.average_wait > today.service_level.threshold", False),
    ("queue", "today.average_wait == 12.5s", True),
    ("queue", "today.longest_wait > 1m", True),
    ("queue", "today.average_handle_time > 0.05h", True),
    ("queue", "today.average_handle_time < 0.5d", True),
    ("queue", "longest_wait > 30s", True),
    ("queue", "longest_wait > 42s", False),
    ("queue", "longest_wait >= 42s", True),
    ("queue", "name == 'Sales'", True),
    ("queue", 'today.service_level.formula == "offered"', False),
    ("agent", 'state == "paused" and reason == "lunch" and time_in_state > 5m', True),
    ("agent", 'state == "paused" and reason == "lunch" and time_in_state > 30m', False),
    ("agent", "presence.paused", True),
    ("agent", "not presence.paused", False),
    ("agent", "presence.paused == true", True),
    ("agent", "presence.paused != do_not_disturb", True),
    ("agent", "do_not_disturb", False),
    ("agent", "today.occupancy == 75%", True),
    ("source", 'state != "up"', False),
    ("source", "time_since_event > 4s", True),
    ("service", "sources.lost > 0 and feed_clients > 3", True),
    # membership
    ("agent", 'reason in ("lunch", "tea")', True),
    ("agent", 'reason not in ("lunch", "tea")', False),
    ("agent", 'reason in ("tea")', False),
    ("agent", 'team in ("South", team)', True),
    ("agent", 'team in ("South", null)', False),
    ("queue", "waiting in (1, 2, 3)", True),
    ("queue", "longest_wait in (41s, 42s)", True),
    ("agent", "presence.paused in (true)", True),
    # precedence and grouping
    ("queue", "waiting == 9 or waiting == 3 and name == 'Sales'", True),
    ("queue", "(waiting == 3 or waiting == 9) and name == 'Other'", False),
    ("queue", "waiting == 3 or waiting == 9 and name == 'Other'", True),
    ("queue", "not waiting == 9 and waiting == 3", True),
    ("queue", "not (waiting == 3 and name == 'Sales')", False),
    ("queue", "not not waiting == 3", True),
    ("queue", "waiting + 2 * 3 == 9", True),
    ("queue", "(waiting + 2) * 3 == 15", True),
    ("queue", "waiting - 1 - 1 == 1", True),
    ("queue", "waiting / 2 / 2 == 0.75", True),
    ("queue", "-waiting + 4 == 1", True),
    ("queue", "2 * -waiting == -6", True),
    ("queue", "waiting - -1 == 4", True),
    ("queue", "waiting > agents.talking * 50%", True),
    ("queue", "longest_wait / 2 > 20s", True),
    ("queue", "longest_wait / 10s > 4", True),
    ("queue", "longest_wait * waiting > 2m", True),
    ("queue", "2 * longest_wait > 83s", True),
    ("queue", "60s - longest_wait < 20s", True),
    ("queue", "today.longest_wait - longest_wait == 33s", True),
    ("agent", "today.talk_seconds / today.answered == 5m", True),
    ("agent", "(time_in_state > 5m) == presence.paused", True),
    ("agent", "time_in_state - time_in_state == 0s", True),
    # texts
    ("agent", r'''reason == "lunch\"" or reason == 'it\'s' or reason == "\\"''', False),
    ("queue", "  waiting\n>\t2 ", True),
    # null
    ("agent", "call.direction == 'outbound'", None),
    ("agent", "not call.direction == 'outbound'", None),
    ("agent", "call.direction != 'outbound'", None),
    ("agent", "call.direction in ('outbound')", None),
    ("agent", "call.direction in ('outbound', null)", True),
    ("agent", "call.direction == null", True),
    ("agent", "null != call.direction", False),
    ("agent", "team != null", True),
    ("agent", "time_in_call > 5m", None),
    ("agent", "time_in_call == null", True),
    ("agent", "time_in_state == null", False),
    ("agent", "time_in_call + time_in_state > 5m", None),
    ("agent", "(time_in_call > 5m) == null", True),
    ("agent", "(time_in_call > 5m) != null", False),
    ("agent", "(time_in_call > 5m) == presence.paused", None),
    ("agent", "time_in_call > 5m and presence.paused", None),
    ("agent", "time_in_call > 5m and do_not_disturb", False),
    ("agent", "time_in_call > 5m or presence.paused", True),
    ("agent", "time_in_call > 5m or do_not_disturb", None),
    ("agent", "time_in_call > 5m or time_in_state > 5m", True),
    ("agent", "time_in_call > 5m and time_in_state > 30m", False),
    ("service", "longest_wait > 1s", None),
    ("service", "longest_wait == null", True),
    ("queue", "waiting / agents.available > 1", None),
    ("queue", "waiting / agents.available == null", True),
    ("queue", "longest_wait / agents.available > 1s", None),
    ("queue", "waiting * " + " * ".join(["999999999999999"] * 25) + " > 1", None),
]


@pytest.mark.parametrize(("kind", "text", "expected"), TRUE_OF_SAMPLES, ids=lambda value: str(value)[:60])
def test_what_is_true_of_the_samples(kind: Kind, text: str, expected: bool | None) -> None:
    assert compile_condition(text, kind).judge(SUBJECTS[kind], NOW).truth is expected


def test_every_field_can_be_asked_for() -> None:
    example = {"number": "{} > 1", "duration": "{} > 1s", "truth": "{}", "text": '{} == "{}"'}
    for kind in KINDS:
        for field in FIELDS[kind].values():
            text = example[field.type].format(field.name, field.values[0] if field.values else "x")
            condition = compile_condition(text, kind)
            assert condition.judge(SUBJECTS[kind], NOW).truth in (True, False, None)
            assert condition.fields == {field.public}


def test_it_says_when_the_clock_changes_it() -> None:
    judge = compile_condition("time_in_state > 30m", "agent").judge
    assert judge(AGENT, NOW) == (False, nextafter(NOW + 1_200.0, inf))
    assert judge(AGENT, NOW + 1_200.0) == (False, nextafter(NOW + 1_200.0, inf))
    assert judge(AGENT, nextafter(NOW + 1_200.0, inf)) == (True, None)
    judge = compile_condition("time_in_state >= 30m", "agent").judge
    assert judge(AGENT, NOW) == (False, NOW + 1_200.0)
    assert judge(AGENT, NOW + 1_200.0) == (True, None)
    judge = compile_condition("time_in_state == 30m", "agent").judge
    assert judge(AGENT, NOW) == (False, NOW + 1_200.0)
    assert judge(AGENT, NOW + 1_200.0) == (True, nextafter(NOW + 1_200.0, inf))
    assert judge(AGENT, NOW + 1_201.0) == (False, None)


def test_only_a_change_of_the_whole_is_foretold() -> None:
    on_call = changed(AGENT, call=CALL)
    judge = compile_condition("time_in_state > 11m and time_in_call > 1h", "agent").judge
    assert judge(on_call, NOW).changes_at == nextafter(CALL.started + 3_600.0, inf)
    judge = compile_condition("time_in_state > 11m or presence.paused", "agent").judge
    assert judge(on_call, NOW) == (True, None)
    judge = compile_condition("time_in_state > 11m or time_in_state <= 11m", "agent").judge
    assert judge(on_call, NOW) == (True, None)
    judge = compile_condition('state == "talking" and time_in_state > 11m', "agent").judge
    assert judge(on_call, NOW) == (False, None)


def test_without_a_running_field_nothing_is_foretold() -> None:
    assert compile_condition("waiting > 2", "queue").judge(QUEUE, NOW) == (True, None)
    nobody = changed(QUEUE, waiting=0, longest_wait_since=None)
    assert compile_condition("longest_wait > 30s", "queue").judge(nobody, NOW) == (None, None)


@pytest.mark.parametrize(
    ("kind", "text", "fields", "value"),
    [
        ("queue", "waiting > 5 and agents.available == 0", {"waiting", "agents"}, 3.0),
        ("queue", "5 < today.offered and longest_wait > 3s", {"today", "longest_wait_since"}, 110.0),
        ("queue", "longest_wait > 30s", {"longest_wait_since"}, 42.0),
        ("agent", 'not ("North" == team or time_in_call > 3s)', {"team", "call"}, "North"),
        ("agent", "time_in_call > 3s", {"call"}, None),
        ("agent", "presence.paused", {"presence"}, "true"),
        ("source", "time_since_event > 1m", {"last_event_at"}, 5.0),
        ("service", "sources.lost > 0", {"sources"}, 1.0),
    ],
)
def test_it_tells_what_it_reads_and_the_value_of_the_leftmost(
    kind: Kind, text: str, fields: set[str], value: object
) -> None:
    condition = compile_condition(text, kind)
    assert condition.fields == fields
    assert condition.value(SUBJECTS[kind], NOW) == value
    assert condition.text == text
    assert text in repr(condition)


def test_a_source_that_was_never_heard_has_no_time_since() -> None:
    never = changed(SOURCE, last_event_at=None)
    assert compile_condition("time_since_event > 1m", "source").judge(never, NOW) == (None, None)
    assert compile_condition("time_since_event == null", "source").judge(never, NOW) == (True, None)


def test_a_condition_is_for_its_kind_of_subject() -> None:
    compile_condition("waiting > 5", "queue")
    compile_condition("waiting > 5", "service").judge(SERVICE, NOW)
    with pytest.raises(RuleError, match="there is no field waiting"):
        compile_condition("waiting > 5", "agent")
