"""The queries of the Grafana dashboards ask for metrics that there are, for what holds now, and divide by something."""

import re
from typing import get_args

import yaml

from dashboards.grafana.source import words
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.words import Language
from monitor import events
from monitor.model import AGENT_STATES
from tests.dashboards.grafana_files import (
    BOARDS,
    ROOT,
    board,
    each_dashboard,
    panels,
    targets,
    variables,
)

# Of Prometheus, not of the service.
SCRAPES_AND_ALERTS = {"up", "scrape_duration_seconds", "ALERTS"}
FUNCTIONS = {
    *("sum", "max", "min", "count", "topk", "by", "on", "group_left", "and", "or", "unless"),
    *("increase", "rate", "round", "vector", "time", "changes", "histogram_quantile"),
    *("count_over_time", "last_over_time", "end", "offset"),
}


def known_metrics():
    """Names in docs/metrics.md and dashboards/prometheus, histograms with their parts."""
    names = set(SCRAPES_AND_ALERTS)
    for name, kind in re.findall(
        r"^\| `(\w+)[{`][^|]*\| (\w+) \|", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE
    ):
        names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    rules = yaml.safe_load((ROOT / "dashboards/prometheus/recording.yml").read_text("utf-8"))
    return names | {rule["record"] for group in rules["groups"] for rule in group["rules"]}


def used_metrics(expression):
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\$\{\w+:\w+\}", " ", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|on|group_left) \([^)]*\)", " ", bare)
    return {name for name in re.findall(r"(?<!\w)[a-zA-Z_:][\w:]*", bare) if name not in FUNCTIONS}


def test_metrics_are_read_out_of_an_expression():
    found = used_metrics(
        'sum by (le, source) (rate(a_bucket{x=~"b_total"}[5m])) / on (queue) (q:r:s > 0) * 1e-9 + b offset 1w'
    )
    assert found == {"a_bucket", "q:r:s", "b"}


@each_dashboard
def test_every_metric_used_exists(dashboard):
    known = known_metrics()
    assert len(known) > 50
    asked = [target["expr"] for target in targets(dashboard)]
    asked += [
        re.sub(r"^label_values\((.*), \w+\)$", r"\1", variable["query"]["query"])
        for variable in variables(dashboard).values()
        if variable["type"] == "query"
    ]
    for expression in asked:
        assert used_metrics(expression) <= known, expression
        assert used_metrics(expression), expression


def test_the_figures_of_the_product_are_on_the_dashboards():
    """Metrics that no dashboard shows: a list to be argued about, not a gap that nobody sees."""
    shown = {name for which in BOARDS for t in targets(board(*which)) for name in used_metrics(t["expr"])}
    unseen = {name for name in known_metrics() if not name.startswith(("python_", "process_virtual"))} - shown
    unseen = {name for name in unseen if not name.endswith(("_sum", "_count", "_bucket"))}
    assert unseen == {
        # Parts of the recorded ratios.
        "callcenter_queue_answered_in_threshold_total",
        "callcenter_queue_service_level_met_total",
        "callcenter_queue_service_level_of_total",
        "callcenter_queue_agent_seconds_total",
        "callcenter_queue_accepted_ringing_seconds_total",
        "callcenter_queue_today_accepted_ringing_seconds",
    }


@each_dashboard
def test_selected_states_and_outcomes_exist(dashboard):
    allowed = {
        "state": set(AGENT_STATES),
        "outcome": {*get_args(events.LeftOutcome), "left"},
        "kind": set(words.CALL_KINDS),
        "result": {"delivered", "failed", "dropped"},
    }
    for target in targets(dashboard):
        for label, values in re.findall(r'(\w+)!?=~?"([^"$]*)"', target["expr"]):
            if label in allowed:
                assert set(values.split("|")) <= allowed[label], target["expr"]


def first_group(text):
    """The parentheses that a text begins with, and what is in them."""
    depth = 0
    for end, letter in enumerate(text, start=1):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[:end]
    return text


@each_dashboard
def test_no_ratio_divides_by_what_may_be_nothing(dashboard):
    """An empty denominator gives no value: what stands after a slash is `(… > 0)`."""
    for target in targets(dashboard):
        bare = re.sub(r'"[^"]*"', '""', target["expr"])
        for after in re.split(r" / (?:on \([^)]*\) )?", bare)[1:]:
            assert first_group(after).startswith("("), target["expr"]
            assert first_group(after).endswith("> 0)"), target["expr"]


def test_a_zero_is_never_made_up():
    """Where no rule or webhook is configured, and where Prometheus has no rules, nothing is known to be well."""
    found = panels(board(Name.HEALTH, Language.EN))
    optional = [p for p in found if re.search("alerts_firing|webhook_", p["targets"][0]["expr"])]
    assert len(optional) == 5
    for panel in optional:
        assert panel["fieldConfig"]["defaults"]["noValue"].endswith("onfigured"), panel["title"]
    for which in BOARDS:
        for panel in panels(board(*which)):
            for target in panel["targets"]:
                made_up = "vector(0)" in target["expr"]
                # An agent without a state, and the share of a state that an agent was never in.
                assert not made_up or "callcenter_agent_state" in target["expr"], panel["title"]


@each_dashboard
def test_figures_of_now_are_asked_for_now(dashboard):
    """A range query would show its last value as if it still held, long after scraping stopped."""
    for panel in panels(dashboard):
        if panel["type"] in {"stat", "bargauge", "table"}:
            assert all(t["instant"] and not t["range"] for t in panel["targets"]), panel["title"]
