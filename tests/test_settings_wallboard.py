"""The wallboard's thresholds: what is written wins over what is meant for more, defaults give way, order is checked."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
import pytest

from monitor.model import Threshold
from monitor.settings import SettingsError, WallboardConfig, load_settings

SOURCES = "sources: [{id: pbx1, adapter: ami}, {id: pbx2, adapter: ami}]\n"


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> WallboardConfig:
    path = tmp_path / "monitor.yaml"
    path.write_text(SOURCES + dedent(text), encoding="utf-8")
    return load_settings(path, environ or {}).wallboard_config()


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    return [
        str(problem).replace(f"{tmp_path}/monitor.yaml:", "").lstrip(": ")
        for problem in caught.value.problems
    ]


def plain(thresholds: msgspec.Struct) -> dict[str, Any]:
    """Thresholds as pairs."""
    return {
        name: plain(value) if name == "time_in_state" else (value["warning"], value["critical"])
        for name, value in msgspec.to_builtins(thresholds).items()
        if name != "time_in_state"
    }


def test_the_defaults_follow_the_service_level(tmp_path: Path) -> None:
    board = load(tmp_path, "")
    assert board.title is None
    assert msgspec.to_builtins(board.thresholds) == {
        "waiting": {"warning": 3, "critical": 6},
        "longest_wait": {"warning": 20.0, "critical": 40.0},
        "service_level": {"warning": 0.8, "critical": 0.7},
        "abandoned": {"warning": 0.05, "critical": 0.1},
        "time_in_state": {
            "talking": {"warning": None, "critical": None},
            "on_hold": {"warning": 120.0, "critical": 300.0},
            "wrap_up": {"warning": 120.0, "critical": 300.0},
            "paused": {"warning": None, "critical": None},
            "ringing": {"warning": 20.0, "critical": 40.0},
        },
    }


def test_the_time_zone_is_told_only_where_it_is_configured(tmp_path: Path) -> None:
    assert load(tmp_path, "day: {timezone: Europe/Moscow}").timezone == "Europe/Moscow"
    assert load(tmp_path, "day: {timezone: UTC}").timezone == "UTC"
    assert load(tmp_path, "", {"OPERATOR_MONITOR_DAY__TIMEZONE": "Asia/Omsk"}).timezone == "Asia/Omsk"
    assert load(tmp_path, 'day: {starts: "06:00"}').timezone is None
    assert load(tmp_path, "").timezone is None


def test_a_queues_defaults_follow_its_own_service_level(tmp_path: Path) -> None:
    board = load(
        tmp_path,
        """
        queue_defaults: {service_level: {threshold: 30}}
        queues:
          sales: {service_level: {threshold: 10, target: 0.95}}
          support: {service_level: {target: null}}
        """,
    )
    assert plain(board.of("pbx1/sales")) == {
        "waiting": (3, 6),
        "longest_wait": (10, 20),
        "service_level": (0.95, 0.85),
        "abandoned": (0.05, 0.1),
    }
    assert plain(board.of("pbx2/support"))["service_level"] == (None, None)
    assert plain(board.of("pbx2/support"))["longest_wait"] == (30, 60)
    assert plain(board.of("pbx1/never-named"))["longest_wait"] == (30, 60)


def test_what_is_written_for_a_queue_wins_key_by_key(tmp_path: Path) -> None:
    board = load(
        tmp_path,
        """
        wallboard:
          title: Support line
          thresholds: {waiting: {warning: 5, critical: 10}, abandoned: {critical: null}, time_in_state: {talking: {warning: 10m}}}
        queues:
          pbx2/sales: {thresholds: {waiting: {critical: 30}}}
          sales: {thresholds: {waiting: {critical: 20}, longest_wait: {warning: 1m, critical: 90}}}
        """,
    )
    assert board.title == "Support line"
    assert board.thresholds.time_in_state.talking == Threshold(warning=600.0, critical=None)
    assert plain(board.of("pbx1/sales")) == {
        "waiting": (5, 20),
        "longest_wait": (60, 90),
        "service_level": (0.8, 0.7),
        "abandoned": (0.05, None),
    }
    assert plain(board.of("pbx2/sales"))["waiting"] == (5, 30)
    assert plain(board.of("pbx2/other"))["waiting"] == (5, 10)


@pytest.mark.parametrize(
    ("figure", "written", "resolved"),
    [
        ("waiting", "{warning: 10}", (10, 10)),
        ("waiting", "{critical: 2}", (2, 2)),
        ("waiting", "{warning: 6}", (6, 6)),
        ("longest_wait", "{warning: 50}", (50, 50)),
        ("service_level", "{warning: 0.6}", (0.6, 0.6)),
        ("service_level", "{critical: 0.9}", (0.9, 0.9)),
        ("waiting", "{warning: null}", (None, 6)),
        ("waiting", "{warning: null, critical: null}", (None, None)),
        ("waiting", "", (3, 6)),
    ],
)
def test_a_default_gives_way_to_what_is_written(
    tmp_path: Path, figure: str, written: str, resolved: tuple[float | None, float | None]
) -> None:
    board = load(tmp_path, f"wallboard: {{thresholds: {{{figure}: {written or '~'}}}}}")
    assert plain(board.thresholds)[figure] == resolved


@pytest.mark.parametrize(
    ("written", "value"), [("45", 45.0), ("30s", 30.0), ("2m", 120.0), ("1.5 h", 5400.0), ("0.5", 0.5)]
)
def test_durations_are_seconds_or_have_a_unit(tmp_path: Path, written: str, value: float) -> None:
    board = load(tmp_path, f"wallboard: {{thresholds: {{longest_wait: {{critical: {written}}}}}}}")
    assert board.thresholds.longest_wait.critical == value


def test_environment_variables_set_thresholds_too(tmp_path: Path) -> None:
    name = "OPERATOR_MONITOR_WALLBOARD__THRESHOLDS__TIME_IN_STATE__PAUSED__WARNING"
    board = load(tmp_path, "", {name: "15m", "OPERATOR_MONITOR_WALLBOARD__TITLE": "Board"})
    assert (board.title, board.thresholds.time_in_state.paused.warning) == ("Board", 900.0)


MISTAKES = {
    "wallboard: {titel: x}": "2:13: wallboard.titel: this key is not known; perhaps title is meant",
    "wallboard: {thresholds: {waiting: {warning: 0}}}": "2:45: wallboard.thresholds.waiting.warning: expected at least 1",
    "wallboard: {thresholds: {waiting: {warning: 2m, critical: 6}}}": (
        "2:45: wallboard.thresholds.waiting.warning: expected a whole number, found '2m'"
    ),
    "wallboard: {thresholds: {waiting: {warning: 2.5}}}": "2:45: wallboard.thresholds.waiting.warning: expected a whole",
    "wallboard: {thresholds: {waiting: 5}}": "2:35: wallboard.thresholds.waiting: expected a mapping",
    "wallboard: {thresholds: {abandoned: {warning: 5}}}": "2:47: wallboard.thresholds.abandoned.warning: expected at most 1",
    "wallboard: {thresholds: {longest_wait: {warning: 5w}}}": (
        "2:50: wallboard.thresholds.longest_wait.warning: expected seconds, or a duration such as 30s, 2m or 1h, found '5w'"
    ),
    "wallboard: {thresholds: {longest_wait: {warning: 30h}}}": "2:50: wallboard.thresholds.longest_wait.warning: expected at most 86400",
    "wallboard: {thresholds: {longest_wait: {warning: -1}}}": "2:50: wallboard.thresholds.longest_wait.warning: expected at least 0",
    "wallboard: {thresholds: {longest_wait: {warning: true}}}": "2:50: wallboard.thresholds.longest_wait.warning: expected a number",
    "wallboard: {thresholds: {time_in_state: {available: {}}}}": (
        "2:42: wallboard.thresholds.time_in_state.available: this key is not known"
    ),
    "queues: {sales: {thresholds: {time_in_state: {}}}}": "2:31: queues.sales.thresholds.time_in_state: this key is not known",
    "wallboard: {thresholds: {waiting: {warning: 9, critical: 4}}}": (
        "2:45: wallboard.thresholds.waiting.warning: expected at most 4, the critical threshold (2:58), found 9"
    ),
    "wallboard: {thresholds: {service_level: {critical: 0.9, warning: 0.8}}}": (
        "2:66: wallboard.thresholds.service_level.warning: expected at least 0.9, the critical threshold (2:52), found 0.8"
    ),
    "wallboard: {thresholds: {time_in_state: {on_hold: {warning: 2m, critical: 90}}}}": (
        "2:61: wallboard.thresholds.time_in_state.on_hold.warning: expected at most 90, the critical threshold (2:75), found '2m'"
    ),
    "wallboard: {thresholds: {waiting: {warning: 9}}}\nqueues: {sales: {thresholds: {waiting: {critical: 4}}}}": (
        "3:51: queues.sales.thresholds.waiting.critical: expected at least 9, the warning threshold (2:45), found 4"
    ),
    "wallboard: {thresholds: {waiting: {warning: 9, critical: 4}}}\nqueues: {sales: {thresholds: {abandoned: {warning: 0.1}}}}": (
        "2:45: wallboard.thresholds.waiting.warning: expected at most 4, the critical threshold (2:58), found 9"
    ),
    "queues: {sales: {thresholds: {service_level: {critical: .5}}}, pbx2/sales: {thresholds: {service_level: {warning: 0.4}}}}": (
        "2:57: queues.sales.thresholds.service_level.critical: expected a number, found '.5'"
    ),
    "queues: {sales: {thresholds: {service_level: {critical: 0.5}}}, pbx2/sales: {thresholds: {service_level: {warning: 0.4}}}}": (
        "2:116: queues.pbx2/sales.thresholds.service_level.warning: expected at least 0.5, the critical threshold (2:57), found 0.4"
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items(), ids=[text[:60] for text in MISTAKES])
def test_a_mistake_is_told_once_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    (told,) = mistakes(tmp_path, text)
    assert told.startswith(expected)


@pytest.mark.parametrize(
    "text",
    [
        "wallboard: {thresholds: {waiting: {warning: 4, critical: 4}}}",
        "wallboard: {thresholds: {service_level: {warning: 0.9, critical: 0.8}}}",
        "wallboard: {thresholds: {waiting: {warning: 9, critical: null}}}",
        "wallboard: {thresholds: {waiting: {warning: 4, critical: 9}}}\nqueues: {s: {thresholds: {waiting: {warning: null}}}}",
    ],
)
def test_thresholds_in_order_are_no_mistake(tmp_path: Path, text: str) -> None:
    load(tmp_path, text)
