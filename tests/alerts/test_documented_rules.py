"""The rules that docs/alerts.md offers can be used as they stand, and say what they mean."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.settings import Settings
from tests.alerts.watching import Watch
from tests.helpers.centre import Centre

PAGE = (Path(__file__).parents[2] / "docs/alerts.md").read_text(encoding="utf-8")
BLOCKS: list[dict[str, Any]] = [
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]


def settings(block: dict[str, Any]) -> Settings:
    return Settings.of(environ={}, sources=[{"id": "pbx1", "adapter": "ami"}], **block)


@pytest.mark.parametrize("block", BLOCKS, ids=[f"block {number}" for number in range(len(BLOCKS))])
def test_they_are_valid(block: dict[str, Any]) -> None:
    assert settings(block).alert_rules()


def test_there_are_ten_each_in_both_languages() -> None:
    rules = BLOCKS[-1]["alerts"]["rules"]
    assert len(rules) == 10
    assert all(set(rule["summary"]) == {"en", "ru"} for rule in rules)


async def test_they_say_what_is_so() -> None:
    centre = Centre(agents=2).up()
    watch = await Watch(centre, *settings(BLOCKS[-1]).alert_rules()).start()
    for number in range(6):
        centre.joins(f"c{number}")
    centre.pause(0).pause(1)
    await watch.at(20.5)
    await watch.at(60)
    told = {alert.rule: alert.summaries for alert in watch.center.alerts.values() if alert.state == "firing"}
    assert told["nobody-free"] == {
        "en": "sales: 6 waiting, nobody is free",
        "ru": "sales: ждут: 6, свободных нет",
    }
    assert told["queue-grows"]["ru"] == "sales: ждут: 6"
    assert told["long-wait"]["en"].startswith("sales: somebody has been waiting for 1:")
    assert set(told) == {"nobody-free", "queue-grows", "long-wait"}
    await watch.stop()


async def test_that_nobody_is_free_is_over_only_when_somebody_is_or_nobody_waits() -> None:
    centre = Centre(agents=2).up()
    (rule,) = (rule for rule in settings(BLOCKS[-1]).alert_rules() if rule.id == "nobody-free")
    watch = await Watch(centre, rule).start()
    centre.joins("c0").pause(0).pause(1)
    await watch.settled()
    await watch.at(20.5)
    assert watch.states() == {"pbx1/sales": "firing"}
    centre.rings("c0", 0)  # a phone that rings unanswered is no help yet
    await watch.settled()
    assert centre.everything()["queues"]["pbx1/sales"]["agents"]["ringing"] == 1
    assert watch.states() == {"pbx1/sales": "firing"}
    centre.leaves("c0")
    await watch.settled()
    assert watch.states() == {}
    await watch.stop()


def test_missed_calls_are_told_whatever_the_agent_does_now() -> None:
    (rule,) = (rule for rule in settings(BLOCKS[-1]).alert_rules() if rule.id == "misses-calls")
    assert "state" not in rule.when.fields


def test_the_silence_of_the_example_ends_in_two_hours() -> None:
    (command,) = re.findall(r"^ +(curl -X POST \S+/silences .*?\n.*?)\n$", PAGE, re.MULTILINE)
    shown = subprocess.run(
        ["bash", "-c", 'curl() { printf %s "${@: -1}"; }; ' + command],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    silence = json.loads(shown)
    assert set(silence) == {"matchers", "by", "why", "until"}
    assert abs(silence["until"] - (time.time() + 7_200)) < 60


def test_ids_in_the_examples_end_in_the_moment_at_which_they_began() -> None:
    found = re.findall(r'"id": "[^"@]+@([0-9a-f]+)".*?"since": ([0-9.]+)', PAGE, re.DOTALL)
    assert found
    for stamp, since in found:
        assert int(stamp, 16) == round(float(since) * 1_000)
