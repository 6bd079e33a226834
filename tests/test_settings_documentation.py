"""docs/configuration.md tells the truth: its example loads, its defaults are the defaults, no key is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.ami.settings import AmiSettings
from adapters.common.tls import MutualTlsSettings
from adapters.hep.settings import HepSettings
from adapters.hep.settings import WatchSettings as HepWatchSettings
from adapters.sip.settings import PushSettings, SipSettings, WatchSettings
from monitor.settings import (
    AgentSettings,
    AlertSettings,
    QueueSettings,
    RuleSettings,
    Settings,
    WebhookSettings,
    load_settings,
)
from monitor.settings.document import parse

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "configuration.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
BY_EXAMPLE = {
    "sources",
    "queues",
    "agents",
    "day.timezone",
    "wallboard.thresholds",
    "alerts.rules",
    "alerts.webhooks",
}
"""What the example shows with other values than the defaults, and says so; of the thresholds the resolved ones."""


@pytest.fixture(scope="module")
def example() -> str:
    assert EXAMPLE is not None
    return EXAMPLE[1]


def test_the_example_loads(example: str, tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_text(example, encoding="utf-8")
    settings = load_settings(path, {})
    first, second, *_ = settings.source_configs()
    assert first.queues["sales"].threshold == second.queues["sales"].threshold == 15
    assert [agent.id for agent in second.agents] == ["anna", "boris"]


def test_the_example_shows_every_key_with_its_default(example: str) -> None:
    shown = parse(example, "").data
    defaults = Settings.of(sources=shown["sources"], environ={}).model_dump()
    for section, value in defaults.items():
        assert section in shown
        if section in BY_EXAMPLE:
            continue
        for key, default in value.items():
            if f"{section}.{key}" not in BY_EXAMPLE:
                assert shown[section][key] == default, f"{section}.{key}"


def test_the_example_shows_every_threshold_with_its_default(example: str) -> None:
    shown = parse(example, "").data
    written = Settings.of(sources=shown["sources"], wallboard=shown["wallboard"], environ={})
    defaults = Settings.of(sources=shown["sources"], environ={})
    assert written.wallboard_config() == defaults.wallboard_config()
    keys = defaults.wallboard.thresholds.model_dump()
    assert all(set(shown["wallboard"]["thresholds"][key]) == set(keys[key]) for key in keys)


OPTIONS: dict[str, type[BaseModel]] = {"ami": AmiSettings, "sip": SipSettings, "hep": HepSettings}


def sources(text: str) -> list[dict[str, Any]]:
    """Return the sources that a configuration names."""
    found: list[dict[str, Any]] = parse(text, "").data["sources"]
    return found


def test_the_examples_sources_suit_their_adapter(example: str) -> None:
    found = sources(example)
    for options in found:
        OPTIONS[options["adapter"]].model_validate(options)
    assert {options["adapter"] for options in found} == set(OPTIONS)


@pytest.mark.parametrize("adapter", ["sip", "hep"])
def test_the_example_shows_the_sources_defaults(example: str, adapter: str) -> None:
    (options,) = (one for one in sources(example) if one["adapter"] == adapter)
    defaults = {name: field.default for name, field in OPTIONS[adapter].model_fields.items()}
    shown = {
        name: value for name, value in options.items() if name in defaults and not field_needed(adapter, name)
    }
    assert {name: defaults[name] for name in shown} == shown


def field_needed(adapter: str, name: str) -> bool:
    """Whether the example must show a value of its own."""
    return name in {"id", "adapter", "host", "username", "secret_file", "watch"} or (adapter, name) == (
        "sip",
        "listen",
    )


@pytest.mark.parametrize("page", ["asterisk", "sip", "hep"])
def test_the_sources_of_the_how_tos_suit_their_adapter(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "sources:" in block]
    assert blocks
    for block in blocks:
        for options in sources(block):
            OPTIONS[options["adapter"]].model_validate(options)


@pytest.mark.parametrize(
    "model",
    [
        Settings,
        QueueSettings,
        AgentSettings,
        AmiSettings,
        SipSettings,
        WatchSettings,
        PushSettings,
        MutualTlsSettings,
        HepSettings,
        HepWatchSettings,
        AlertSettings,
        RuleSettings,
        WebhookSettings,
    ],
)
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    def names(model: Any) -> set[str]:
        return {field.alias or name for name, field in model.model_fields.items()}

    missing = {name for name in names(model) - {"id", "adapter"} if not re.search(rf"\b{name}\b", PAGE)}
    assert not missing
