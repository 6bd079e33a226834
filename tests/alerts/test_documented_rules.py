"""The rules that docs/alerts.md offers can be used as they stand, and say what they mean."""

from __future__ import annotations

import re
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
        "en": "sales: 6 wait, nobody is free",
        "ru": "sales: ждут 6, свободных нет",
    }
    assert told["queue-grows"]["ru"] == "sales: ждут 6"
    assert told["long-wait"]["en"].startswith("sales: somebody waits since 1:")
    assert set(told) == {"nobody-free", "queue-grows", "long-wait"}
    await watch.stop()
