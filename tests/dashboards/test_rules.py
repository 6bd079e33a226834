"""The rules and the example of Alertmanager's configuration, as Prometheus's own tools judge them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.dashboards.watched import ALERTMANAGER, RULES
from tests.deploy.proxied import program

pytestmark = pytest.mark.servers

FILES = sorted(RULES.glob("*.yml"))
UNIT_TESTS = sorted((RULES / "tests").glob("*.yml"))


def said(name: str, package: str, *arguments: str | Path) -> str:
    """Run a tool; return what it said. Fails if it is not content."""
    done = subprocess.run([program(name, package), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_the_rules() -> None:
    said("promtool", "prometheus", "check", "rules", *FILES)


def test_promtool_passes_the_unit_tests_of_the_rules() -> None:
    said("promtool", "prometheus", "test", "rules", *UNIT_TESTS)


def test_every_rule_has_a_unit_test() -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in UNIT_TESTS)
    rules = [rule for file in FILES for rule in _rules(file)]
    assert len(rules) == 23
    for rule in rules:
        name = rule.get("record") or f"alertname: {rule['alert']}"
        assert f"{name}\n" in tests, f"no unit test of {name}"


def test_every_alert_says_in_both_languages_what_is_wrong_and_where_help_stands() -> None:
    for rule in (rule for file in FILES for rule in _rules(file) if "alert" in rule):
        severities = {"none"} if rule["alert"] == "Watchdog" else {"info", "warning", "critical"}
        assert rule["labels"]["severity"] in severities, rule["alert"]
        assert set(rule["annotations"]) == {
            "summary", "description", "summary_ru", "description_ru", "runbook"
        }, rule["alert"]  # fmt: skip


def test_amtool_accepts_the_example() -> None:
    said("amtool", "prometheus-alertmanager", "check-config", ALERTMANAGER)


@pytest.mark.parametrize(
    ("severity", "receiver"),
    [("critical", "critical"), ("warning", "warning"), ("info", "info"), ("novel", "warning")],
)
def test_an_alert_goes_to_the_receiver_of_its_severity(severity: str, receiver: str) -> None:
    config = f"--config.file={ALERTMANAGER}"
    labels = (f"severity={severity}", "alertname=CallcenterAny", "source=pbx1", "queue=pbx1/sales")
    assert said("amtool", "prometheus-alertmanager", "config", "routes", "test", config, *labels).split() == [
        receiver
    ]


def test_the_watchdog_goes_to_a_receiver_of_its_own_and_to_nobody() -> None:
    config = f"--config.file={ALERTMANAGER}"
    labels = ("severity=none", "alertname=Watchdog")
    said_ = said("amtool", "prometheus-alertmanager", "config", "routes", "test", config, *labels)
    assert said_.split() == ["watchdog"]
    receivers = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["receivers"]
    assert {"name": "watchdog"} in receivers


def test_who_waits_in_a_queue_does_not_wait_for_alerts_to_be_gathered() -> None:
    routes = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["route"]["routes"]
    (queues,) = [route for route in routes if 'queue =~ ".+"' in route["matchers"]]
    assert (queues["receiver"], queues["group_wait"]) == ("warning", "5s")
    before = routes[: routes.index(queues)]
    assert ["severity = warning"] not in [route["matchers"] for route in before]


def test_the_example_sends_nothing_beyond_this_machine() -> None:
    for receiver in yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["receivers"]:
        assert set(receiver) <= {"name", "webhook_configs"}
        for webhook in receiver.get("webhook_configs", []):
            assert webhook["url"].startswith("http://127.0.0.1:")


def _rules(file: Path) -> list[dict[str, dict[str, str]]]:
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]
