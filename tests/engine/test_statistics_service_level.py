"""The service level and its neighbours against the vectors of the definitions."""

import re
from pathlib import Path
from typing import get_args

import pytest

from monitor.engine.config import QueueConfig
from monitor.engine.queue_counts import QueueCounts
from monitor.engine.queue_statistics import QueueStatistics
from monitor.engine.service_level import service_level
from monitor.model import QueueFigures, ServiceLevelFormula

THRESHOLD = 20.0

IN_TIME, LATE = 10.0, 40.0
SHORT = 2.0


def vector(
    *, short_abandon: float = 5.0, without_shorts: bool = False, flow_outs: str = "timed_out"
) -> QueueStatistics:
    """Answered 80, of them 60 in time; abandoned 15, of them 4 short and 7 in time (shorts included); 5 flow-outs."""
    queue = QueueStatistics()
    for wait in [IN_TIME] * 60 + [LATE] * 20:
        queue.answered(100.0, wait, QueueConfig(threshold=THRESHOLD))
    for wait in ([] if without_shorts else [SHORT] * 4) + [IN_TIME] * 3 + [LATE] * 8:
        queue.left(100.0, "abandoned", wait, QueueConfig(threshold=THRESHOLD, short_abandon=short_abandon))
    for _ in range(5):
        queue.left(100.0, flow_outs, LATE, QueueConfig(threshold=THRESHOLD, short_abandon=short_abandon))  # type: ignore[arg-type]
    return queue


@pytest.mark.parametrize("flow_outs", ["timed_out", "left_empty", "exited_by_key", "transferred", "closed"])
@pytest.mark.parametrize(
    ("formula", "how", "met", "of", "percent"),
    [
        ("answered_only", {}, 60, 80, 75.00),
        ("abandoned_in_T_count_as_met", {}, 67, 95, 70.53),
        ("answered_and_abandoned", {"short_abandon": 0.0}, 60, 95, 63.16),
        ("answered_and_abandoned", {}, 60, 91, 65.93),
        ("offered", {}, 60, 100, 60.00),
        # "offered, shorts excluded" is no formula of ours; it is what `offered` says of a day without the shorts
        ("offered", {"without_shorts": True}, 60, 96, 62.50),
    ],
)
def test_published_vector_gives_the_published_percentages(
    formula: ServiceLevelFormula, how: dict[str, object], met: int, of: int, percent: float, flow_outs: str
) -> None:
    queue = vector(flow_outs=flow_outs, **how)  # type: ignore[arg-type]
    for figures in (queue.today(formula, THRESHOLD, 0.8), queue.last_30m(formula, THRESHOLD, 0.8)):
        level = figures.service_level
        assert (level.met, level.of) == (met, of)
        assert level.value == met / of
        assert round(100 * met / of, 2) == percent
        assert (level.formula, level.threshold, level.target) == (formula, THRESHOLD, 0.8)


def test_published_example_with_four_hundred_calls() -> None:
    queue = QueueStatistics()
    for wait in [IN_TIME] * 200 + [LATE] * 100:
        queue.answered(100.0, wait, QueueConfig(threshold=THRESHOLD))
    for wait in [SHORT] * 50 + [LATE] * 50:
        queue.left(100.0, "abandoned", wait, QueueConfig(threshold=THRESHOLD, short_abandon=5.0))
    level = queue.today("answered_and_abandoned", THRESHOLD, None).service_level
    assert (level.met, level.of) == (200, 350)
    assert round(100 * level.met / level.of, 2) == 57.14


def test_abandonment_rate_leaves_the_shorts_out_above_and_below() -> None:
    figures = vector().today("answered_and_abandoned", THRESHOLD, 0.8)
    assert (figures.offered, figures.abandoned, figures.short_abandoned) == (100, 15, 4)
    assert figures.abandonment_rate == 11 / 96


@pytest.mark.parametrize(
    "formula", ["answered_and_abandoned", "answered_only", "offered", "abandoned_in_T_count_as_met"]
)
def test_nothing_counted_is_neither_good_nor_bad(formula: ServiceLevelFormula) -> None:
    level = service_level(formula, QueueCounts(), THRESHOLD, 0.8)
    assert (level.value, level.met, level.of) == (None, 0, 0)


def test_only_short_abandons_leave_no_denominator() -> None:
    queue = QueueStatistics()
    queue.left(100.0, "abandoned", SHORT, QueueConfig(threshold=THRESHOLD, short_abandon=5.0))
    figures = queue.today("answered_and_abandoned", THRESHOLD, 0.8)
    assert (figures.service_level.value, figures.service_level.of) == (None, 0)
    assert figures.abandonment_rate is None


@pytest.mark.parametrize(
    ("joined", "answered", "met"),
    [
        (1795444790.123456, 1795444810.123456, 1),
        (1795444790.1, 1795444810.1, 1),
        (1795444790.7, 1795444810.7, 1),
        (1795444790.123456, 1795444810.123457, 0),
    ],
)
def test_wait_of_exactly_the_threshold_is_within_whatever_the_last_bit_of_the_clock(
    joined: float, answered: float, met: int
) -> None:
    queue = QueueStatistics()
    queue.answered(answered, answered - joined, QueueConfig(threshold=THRESHOLD))
    assert queue.today("answered_only", THRESHOLD, None).service_level.met == met


def test_abandon_of_exactly_the_short_limit_is_not_short() -> None:
    queue = QueueStatistics()
    queue.left(100.0, "abandoned", 5.0, QueueConfig(threshold=THRESHOLD, short_abandon=5.0))
    queue.left(100.0, "abandoned", 4.999, QueueConfig(threshold=THRESHOLD, short_abandon=5.0))
    assert queue.today("offered", THRESHOLD, None).short_abandoned == 1


def test_short_abandon_over_the_threshold_is_short_and_not_met() -> None:
    queue = QueueStatistics()
    queue.left(100.0, "abandoned", 4.0, QueueConfig(threshold=3.0, short_abandon=5.0))
    figures = queue.today("abandoned_in_T_count_as_met", 3.0, None)
    assert (figures.short_abandoned, figures.service_level.met, figures.service_level.of) == (1, 0, 1)


def test_changed_settings_do_not_rewrite_what_was_counted() -> None:
    queue = vector()
    before = queue.today("answered_and_abandoned", THRESHOLD, 0.8)
    after = queue.today("answered_and_abandoned", 60.0, 0.9)
    assert (after.service_level.met, after.service_level.of) == (60, 91)
    assert after.short_abandoned == before.short_abandoned
    queue.answered(101.0, LATE, QueueConfig(threshold=60.0))
    assert queue.today("answered_and_abandoned", 60.0, 0.9).service_level.met == 61


# --- the page for supervisors says the same -------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"


def test_page_shows_the_percentages_that_the_code_gives() -> None:
    rows = re.findall(
        r"^\| (.+?) \| (\d+) \| (\d+) \| ([\d.]+) % \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    shown = {name: (int(met), int(of), float(percent)) for name, met, of, percent in rows}
    assert len(shown) == 5
    for formula in get_args(ServiceLevelFormula):
        level = vector().today(formula, THRESHOLD, None).service_level
        assert shown[f"`{formula}`"] == (level.met, level.of, round(100 * level.met / level.of, 2))
    without = vector(short_abandon=0.0).today("answered_and_abandoned", THRESHOLD, None).service_level
    percent = round(100 * without.met / without.of, 2)
    assert shown["the same with `short_abandon: 0`"] == (without.met, without.of, percent)


def test_page_explains_every_figure_of_a_queue() -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [name for name in QueueFigures.__struct_fields__ if f"`{name}`" not in text]
    assert missing == ["service_level"]  # has a chapter of its own
