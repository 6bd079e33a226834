"""Rules and dashboards in a real Prometheus on the running service, and what its alerts bring about."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator

import pytest
import yaml

from dashboards.grafana.pictures.asking import Dashboard, PrometheusError
from tests.dashboards.grafana_files import BOARDS, board
from tests.dashboards.watched import RULES, TOKEN, Watched

pytestmark = pytest.mark.servers

TIMES = {"__rate_interval": "30s", "__interval": "15s", "__range": "5m"}
WITHIN = 45.0
WELL = (
    "callcenter_corrections_total",
    "callcenter_source_unexpected_total",
    "callcenter_source_skipped_total",
)
"""While all is well these have nothing above 0, the last two no samples at all."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Watched(tmp_path_factory.mktemp("watched")) as watched:
        yield watched


def dashboards(watched: Watched) -> list[Dashboard]:
    return [
        Dashboard(f"{language}/{name}", board(name, language), watched.prometheus)
        for name, language in BOARDS
    ]


class Answers:
    """Which expressions brought a number so far, and what is to be told of the others."""

    def __init__(self, watched: Watched) -> None:
        self._prometheus = watched.prometheus
        self._good: set[str] = set()
        self._refused: dict[str, str] = {}

    def good(self, expr: str) -> bool:
        expr = expr.replace(" offset 1w", "")  # there is no week of history here
        if expr not in self._good and expr not in self._refused:
            try:
                series = self._prometheus.instant(expr)
            except PrometheusError as error:
                self._refused[expr] = str(error)
                return False
            if any(math.isfinite(float(one["value"][1])) for one in series) or self._well(expr):
                self._good.add(expr)
        return expr in self._good

    def _well(self, expr: str) -> bool:
        """Whether an expression is empty because nothing is wrong: its metric is there, with nothing to count."""
        metric = next((name for name in WELL if name in expr), None)
        if metric is None or not expr.endswith(" > 0"):
            return False
        if self._prometheus.get("series", **{"match[]": metric}):
            return bool(self._prometheus.instant(expr.removesuffix(" > 0")))
        return bool(self._prometheus.get("metadata", metric=metric.removesuffix("_total")))

    def failures(self, dashboard: Dashboard) -> list[str]:
        """Ask all queries that had no answer yet, for each choice until one has."""
        choices = list(dashboard.choices())
        assert choices, f"{dashboard.name}: there is nothing to choose from"
        of_choice = [dashboard.queries(chosen, TIMES) for chosen in choices]
        failures = []
        for same in zip(*of_choice, strict=True):
            if not any(self.good(query.expr) for query in same):
                first = same[0]
                why = self._refused.get(first.expr, "no data")
                failures.append(f"{first.dashboard}: {first.panel}: {why}\n    {first.expr}")
        return failures


def test_every_expression_of_every_dashboard_has_data(watched: Watched) -> None:
    answers = Answers(watched)
    boards = dashboards(watched)
    watched.silence_the_pbx()  # for what is only there while something is wrong
    try:
        watched.until(
            lambda: watched.value('ALERTS{alertname="CallcenterSourceLost", alertstate="firing"}'),
            "the loss of the source fires",
        )
        for dashboard in boards:
            answers.failures(dashboard)
    finally:
        watched.wake_the_pbx()
    watched.until(watched.is_up, "the source is up again")
    end = time.monotonic() + WITHIN
    while failures := [failure for dashboard in boards for failure in answers.failures(dashboard)]:
        assert time.monotonic() < end, f"{len(failures)} expressions:\n" + "\n".join(failures)
        time.sleep(0.5)


def test_every_choice_of_every_menu_shows_something(watched: Watched) -> None:
    answers = Answers(watched)
    empty = []
    for dashboard in dashboards(watched):
        for chosen in dashboard.choices():
            for name in chosen:
                asked = [
                    query
                    for query in dashboard.queries(chosen, TIMES)
                    if re.search(rf"\$\{{?{name}\b", query.target["expr"]) and "vector(" not in query.expr
                ]
                if asked and not any(answers.good(query.expr) for query in asked):
                    empty.append(f"{dashboard.name}: {name} = {chosen[name]}: {asked[0].expr}")
    assert not empty, "\n".join(empty)


def test_every_rule_is_loaded_and_evaluates(watched: Watched) -> None:
    written = {
        rule.get("record", rule.get("alert"))
        for file in RULES.glob("*.yml")
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    }
    recorded = [name for name in written if ":" in name]

    def rules() -> list[dict[str, str]]:
        return [rule for group in watched.prometheus.get("rules")["groups"] for rule in group["rules"]]

    def errors() -> list[tuple[str, str]]:
        return [(rule["name"], rule["lastError"]) for rule in rules() if rule["health"] == "err"]

    # without data nothing can go wrong
    watched.until(
        lambda: errors() or all(watched.prometheus.instant(name) for name in recorded),
        "all is recorded",
        WITHIN,
    )
    watched.until(lambda: all(rule["health"] != "unknown" for rule in rules()), "every rule was evaluated")
    assert errors() == []
    assert written <= {rule["name"] for rule in rules()}


def test_a_lost_source_is_told_and_silences_what_else_is_said_of_it(watched: Watched) -> None:
    heard_of = watched.receiver.heard_of
    watched.until(lambda: heard_of("CallcenterStandingOfSource"), "an ordinary alert reaches its receiver")
    assert {told.path for told in heard_of("CallcenterStandingOfSource")} == {"/warning"}
    watched.until(lambda: watched.silenced("CallcenterStandingOfSource") is False, "nothing silences it")
    before = len(heard_of("CallcenterSourceLost"))
    watched.silence_the_pbx()
    try:
        watched.until(lambda: len(heard_of("CallcenterSourceLost")) > before, "the loss reaches its receiver")
        told = heard_of("CallcenterSourceLost")[-1]
        assert (told.path, told.authorization) == ("/critical", f"Bearer {TOKEN}")
        assert told.alert["annotations"]["summary"] == "Source pbx1 is lost"
        assert watched.silenced("CallcenterStandingOfSource") is True
        assert watched.silenced("CallcenterStandingOfService") is False
    finally:
        watched.wake_the_pbx()
    watched.until(lambda: heard_of("CallcenterSourceLost", "resolved"), "its end is told")
    watched.until(
        lambda: watched.silenced("CallcenterStandingOfSource") is False, "the others are heard again"
    )


def test_a_service_that_is_down_is_told_and_silences_all_others(watched: Watched) -> None:
    heard_of = watched.receiver.heard_of
    watched.until(lambda: watched.silenced("CallcenterStandingOfService") is False, "an alert is there")
    watched.stop_service()
    try:
        watched.until(lambda: heard_of("CallcenterMonitorDown"), "its end reaches the receiver")
        assert {told.path for told in heard_of("CallcenterMonitorDown")} == {"/critical"}
        assert watched.silenced("CallcenterStandingOfSource") is True
        assert watched.silenced("CallcenterStandingOfService") is True
        assert watched.silenced("CallcenterMonitorDown") is False
    finally:
        watched.start_service()
    watched.until(watched.is_up, "the service is back")
