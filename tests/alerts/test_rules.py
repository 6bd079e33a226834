"""Rules: whom they are about, what they say by default, and every mistake at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.alerts.errors import RulesError
from monitor.alerts.fields import Kind
from monitor.alerts.rules import Rule, rule_of
from monitor.model import Membership
from monitor.settings import RuleSettings
from tests.alerts.samples import AGENT, NOW, QUEUE, SERVICE, SOURCE, SUBJECTS, changed


def rule(for_each: Kind = "queue", when: str = "waiting > 5", **keys: Any) -> Rule:
    settings = RuleSettings.model_validate({"id": "r", "for_each": for_each, "when": when, **keys})
    return rule_of(settings, "Europe/Berlin")


def mistakes(**keys: Any) -> list[str]:
    with pytest.raises(RulesError) as caught:
        rule(**keys)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def test_a_rule_of_all_keys() -> None:
    whole = rule(
        id="callers-wait",
        until="waiting <= 2",
        severity="critical",
        queues=["sales"],
        schedule={"days": "mon-fri", "hours": "09:00-18:00"},
        labels={"floor": "2"},
        summary={"en": "{name}: {waiting} callers wait", "ru": "{name}: ждут {waiting}"},
        **{"for": "10s"},
    )
    assert (whole.id, whole.for_each, whole.hold, whole.severity) == (
        "callers-wait",
        "queue",
        10.0,
        "critical",
    )
    assert whole.until is not None
    assert (whole.when.text, whole.until.text) == ("waiting > 5", "waiting <= 2")
    assert whole.labels == {"floor": "2"}
    assert {language: text.render(QUEUE, NOW) for language, text in whole.summaries.items()} == {
        "en": "Sales: 3 callers wait",
        "ru": "Sales: ждут 3",
    }
    assert whole.schedule is not None
    assert whole.schedule.text == "mon-fri 09:00-18:00 Europe/Berlin"


def test_hours_may_have_a_time_zone_of_their_own() -> None:
    schedule = rule(schedule={"timezone": "Asia/Tokyo"}).schedule
    assert schedule is not None
    assert schedule.text == "mon-sun 00:00-24:00 Asia/Tokyo"


@pytest.mark.parametrize(
    ("kind", "when", "expected"),
    [
        ("queue", "waiting > 5", "Sales: r (waiting > 5)"),
        ("agent", 'reason == "{x}"', 'Anna: r (reason == "{x}")'),
        ("source", 'state\n  != "up"', 'pbx1: r (state != "up")'),
        ("service", "feed_clients > 2", "r (feed_clients > 2)"),
    ],
)
def test_without_a_summary_the_condition_is_told(kind: Kind, when: str, expected: str) -> None:
    summaries = rule(kind, when).summaries
    assert summaries["en"].render(SUBJECTS[kind], NOW) == expected
    assert summaries["ru"].render(SUBJECTS[kind], NOW) == expected


def test_a_long_condition_is_told_in_short() -> None:
    said = rule(when=" or ".join(["waiting > 5"] * 60)).summaries["en"].render(QUEUE, NOW)
    assert len(said) < 230
    assert said.endswith("…)")


def test_a_language_without_a_text_says_what_the_other_does() -> None:
    summaries = rule(summary={"ru": "ждут {longest_wait}"}).summaries
    assert summaries["en"].render(QUEUE, NOW) == "ждут 42 s"
    assert summaries["ru"].render(QUEUE, NOW) == "ждут 42 с"  # noqa: RUF001 - the Russian unit


@pytest.mark.parametrize(
    ("keys", "subject", "expected"),
    [
        ({}, QUEUE, True),
        ({"queues": ["sales"]}, QUEUE, True),
        ({"queues": ["pbx1/sales"]}, QUEUE, True),
        ({"queues": ["support", "sales"]}, QUEUE, True),
        ({"queues": ["Sales"]}, QUEUE, False),
        ({"queues": ["pbx2/sales"]}, QUEUE, False),
        ({}, AGENT, True),
        ({"queues": ["sales"]}, AGENT, True),
        ({"queues": ["pbx1/sales"]}, AGENT, True),
        ({"queues": ["support"]}, AGENT, False),
        ({"teams": ["North"]}, AGENT, True),
        ({"teams": ["South"]}, AGENT, False),
        ({"teams": ["North"]}, changed(AGENT, team=None), False),
        ({"teams": ["North"], "queues": ["support"]}, AGENT, False),
        ({"teams": ["South"], "queues": ["sales"]}, AGENT, False),
        ({"teams": ["North"], "queues": ["sales"]}, AGENT, True),
        ({"queues": ["sales"]}, changed(AGENT, queues=[]), False),
        (
            {"queues": ["sales"]},
            changed(
                AGENT,
                queues=[
                    Membership(queue="pbx1/other", paused=False, reason=None, penalty=0),
                    Membership(queue="pbx1/sales", paused=False, reason=None, penalty=0),
                ],
            ),
            True,
        ),
        ({}, SOURCE, True),
        ({}, SERVICE, True),
    ],
)
def test_whom_a_rule_is_about(keys: dict[str, Any], subject: Any, expected: bool) -> None:
    kind: Kind = next(
        kind for kind in ("queue", "agent", "source", "service") if type(subject) is type(SUBJECTS[kind])
    )
    when = {
        "queue": "waiting > 1",
        "agent": "presence.paused",
        "source": 'state != "up"',
        "service": "waiting > 1",
    }
    assert rule(kind, when[kind], **keys).selects(subject) is expected


def test_a_queue_is_never_chosen_by_teams() -> None:
    odd = replace(rule(), teams=frozenset({"North"}))  # the settings refuse to make one
    assert not odd.selects(QUEUE)


def test_the_same_question_goes_on_over_a_reload() -> None:
    one = rule(until="waiting < 2", labels={"floor": "2"})
    assert one.same_question(rule(until="waiting < 2", labels={"floor": "2"}))
    assert one.same_question(
        rule(until="waiting < 2", labels={"floor": "2"}, summary={"en": "x"}, queues=["a"], **{"for": 5})
    )
    assert not one.same_question(rule(until="waiting < 2"))
    assert not one.same_question(rule(until="waiting < 3", labels={"floor": "2"}))
    assert not one.same_question(rule(labels={"floor": "2"}))
    assert not one.same_question(rule(when="waiting > 6", until="waiting < 2", labels={"floor": "2"}))
    assert not one.same_question(rule(until="waiting < 2", labels={"floor": "2"}, severity="info"))


def test_all_mistakes_are_told_at_once() -> None:
    assert mistakes(
        when="wating > 5",
        until="waiting",
        schedule={"hours": "9-18"},
        teams=["North"],
        labels={"queue": "x"},
        summary={"en": "{nam}", "ru": "{name"},
    ) == [
        "rule r, when, character 1: there is no field wating; perhaps waiting",
        "rule r, until, character 1: waiting is a number: compare it with something, as in `waiting > 5`",
        "rule r, schedule.hours: expected hours such as 09:00-18:00 or 22:00-06:00, found '9-18'",
        "rule r, teams: queues have no team: take this out, or name the queues in `queues`",
        "rule r, labels: every alert gets the label queue by itself: choose another name",
        "rule r, summary.en, character 2: there is no field nam; perhaps name",
        "rule r, summary.ru, character 1: this { is never closed; to show a brace write it twice: {{",
    ]


def test_selectors_must_be_able_to_select() -> None:
    assert mistakes(queues=[]) == [
        "rule r, queues: an empty list would choose nothing: name some, or take this out for all"
    ]
    assert mistakes(for_each="service", queues=["sales"]) == [
        "rule r, queues: a rule for each service has no queues to choose from: take this out"
    ]
    assert mistakes(for_each="source", when='state != "up"', teams=["a"]) == [
        "rule r, teams: a rule for each source has no teams to choose from: take this out"
    ]


def test_one_text_for_both_languages_is_wrong_once() -> None:
    assert mistakes(summary={"ru": "{x}"})[0].startswith(
        "rule r, summary.ru, character 2: there is no field x"
    )
    assert len(mistakes(summary={"ru": "{x}"})) == 1
