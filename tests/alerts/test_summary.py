"""Summaries: fields in braces, shown as people of the language read them."""

# ruff: noqa: RUF001 - Russian units and the dash for null

from __future__ import annotations

from typing import Any

import pytest

from monitor.alerts.errors import RuleError
from monitor.alerts.fields import FIELDS, KINDS, Kind
from monitor.alerts.summary import Language, Template, duration, escaped, percentage
from tests.alerts.samples import AGENT, NOW, QUEUE, SUBJECTS, changed


@pytest.mark.parametrize(
    ("kind", "language", "text", "expected"),
    [
        ("queue", "en", "{name}: {waiting} callers wait", "Sales: 3 callers wait"),
        ("queue", "ru", "{name}: ждут {waiting}", "Sales: ждут 3"),
        ("queue", "en", "{ name } {longest_wait}", "Sales 42 s"),
        ("queue", "ru", "{longest_wait}", "42 с"),
        ("queue", "en", "{today.longest_wait}", "1:15"),
        ("queue", "en", "{today.average_wait}", "12 s"),
        ("queue", "en", "{last_30m.service_level.value} of {last_30m.service_level.target}", "79 % of 80 %"),
        ("queue", "en", "{today.service_level.met}/{today.service_level.of}", "79/100"),
        ("queue", "en", "{today.abandonment_rate}", "9 %"),
        ("agent", "en", "{name} {state}: {reason}, {time_in_state}", "Anna paused: lunch, 10:00"),
        ("agent", "en", "{today.talk_seconds}", "1:00:00"),
        ("agent", "en", "{presence.paused} {do_not_disturb}", "yes no"),
        ("agent", "ru", "{presence.paused} {do_not_disturb}", "да нет"),
        ("agent", "en", "{call.direction} {time_in_call}", "– –"),
        ("source", "en", "{id} {time_since_event} {detail}", "pbx1 5 s –"),
        ("service", "en", "{sources.lost} of {waiting}", "1 of 3"),
        ("queue", "en", "{{{waiting}}} {{}} }}{{", "{3} {} }{"),
        ("queue", "en", "", ""),
        ("queue", "en", "no field", "no field"),
    ],
)  # fmt: skip
def test_a_summary_is_rendered(kind: Kind, language: Language, text: str, expected: str) -> None:
    assert Template(text, kind, language).render(SUBJECTS[kind], NOW) == expected


def test_every_field_can_be_told() -> None:
    for kind in KINDS:
        for name in FIELDS[kind]:
            assert Template(f"{{{name}}}", kind).render(SUBJECTS[kind], NOW)


def test_running_fields_are_told_as_of_now() -> None:
    template = Template("{longest_wait}", "queue")
    assert template.render(QUEUE, NOW + 60) == "1:42"


def test_values_with_braces_stay_as_they_are() -> None:
    odd = changed(AGENT, reason="{name}")
    assert Template("{reason}", "agent").render(odd, NOW) == "{name}"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("tea\nCritical: all is lost", "tea\\u000aCritical: all is lost"),
        ("a\x1b[2J\t\r\x7f\x9b", "a\\u001b[2J\\u0009\\u000d\\u007f\\u009b"),
        ("\u202egnp\u2066\u2028", "\\u202egnp\\u2066\\u2028"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("\0" * 100_000, ("\\u0000" * 34)[:199] + "…"),
        ("обед @ 12", "обед @ 12"),
    ],
    ids=["lines", "controls", "directions", "long", "too long", "long when shown", "ordinary"],
)
def test_values_of_the_pbx_steer_nothing_and_are_bounded(reason: str, told: str) -> None:
    odd = changed(AGENT, reason=reason)
    assert Template("{reason}!", "agent").render(odd, NOW) == f"{told}!"


def test_what_the_rule_itself_says_stays_as_it_was_written() -> None:
    text = "two\nlines, " + "x" * 300
    assert Template(text, "agent").render(AGENT, NOW) == text


@pytest.mark.parametrize(
    ("seconds", "en", "ru"),
    [
        (-3.0, "0 s", "0 с"),
        (0.4, "0 s", "0 с"),
        (29.9999998, "30 s", "30 с"),
        (59.9, "59 s", "59 с"),
        (60.0, "1:00", "1:00"),
        (65.0, "1:05", "1:05"),
        (3_599.0, "59:59", "59:59"),
        (3_661.0, "1:01:01", "1:01:01"),
        (360_000.0, "100:00:00", "100:00:00"),
    ],
)  # fmt: skip
def test_durations(seconds: float, en: str, ru: str) -> None:
    assert duration(seconds, "en") == en
    assert duration(seconds, "ru") == ru


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "0 %"), (0.004, "<1 %"), (0.29, "29 %"), (0.7999, "79 %"), (0.999, "99 %"), (1.0, "100 %")],
)
def test_shares_are_rounded_down_as_on_the_wallboard(share: float, expected: str) -> None:
    assert percentage(share) == expected


@pytest.mark.parametrize("text", ["", "{", "}}", "{name}", "{{x}}", 'reason == "{"'])
def test_what_is_escaped_is_shown_as_it_was(text: str) -> None:
    assert Template(escaped(text), "queue").render(QUEUE, NOW) == text


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("{wating} wait", 1, "there is no field wating; perhaps waiting"),
        ("a {} b", 3, "expected a field's name between { and }"),
        ("a {name", 2, "this { is never closed; to show a brace write it twice: {{"),
        ("a {name {waiting}", 2, "this { is never closed; to show a brace write it twice: {{"),
        ("a name} b", 6, "this } closes nothing; to show a brace write it twice: }}"),
        ("{waiting!r}", 1, "there is no field waiting!r; perhaps waiting"),
        ("{waiting.__class__}", 1, "there is no field waiting.__class__; there are id, name, source, waiting, agents.available, agents.ringing, agents.dialing, agents.talking, agents.on_hold, agents.wrap_up, agents.paused, agents.offline, …"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        Template(text, "queue")
    assert (caught.value.position, caught.value.problem, caught.value.text) == (position, problem, text)


def test_a_summary_has_a_bound() -> None:
    too_long: Any = "x" * 1001
    with pytest.raises(RuleError, match="a summary has at most 1,000 characters, this one 1,001"):
        Template(too_long, "queue")
