"""Panels as this product draws them: a title, the question that it answers, queries, a unit, thresholds.

What holds *now* is asked with instant queries. A range query would show its last value long after scraping stopped,
and nothing here shows a confident wrong figure: then it says "No data".
"""

# ruff: noqa: FBT003 - the SDK's builders take booleans only so

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    heatmap,
    stat,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    MatcherConfig,
    ValueMapping,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.grafana.source import mappings, palette, scales, words
from dashboards.grafana.source.query import DATASOURCE, Query
from dashboards.grafana.source.scales import Steps
from dashboards.grafana.source.words import Language, Text

# Prometheus scrapes every 5 s: a shorter step would only repeat values.
SCRAPE = "5s"
# A state timeline draws a box per change: more points than this only make it slow.
POINTS = 600
ROWS_PER_PAGE = 25

# One of the SDK's builders: they share their methods but no base class.
Panel = Any


@dataclass(frozen=True)
class About:
    """What stands on every panel: its title, and which question it answers and what to do then."""

    title: Text
    question: Text


@dataclass(frozen=True)
class Line:
    """How a plot over time is drawn."""

    stacked: bool = False
    bars: bool = False
    fill: int = 8
    # Lines where a warning and a critical value begin.
    thresholds: Steps | None = None
    most: float | None = None
    step: str = SCRAPE


def begin(panel: Panel, language: Language, about: About, queries: Sequence[Query], unit: str) -> Panel:
    """What all panels have in common."""
    panel = (
        panel.title(about.title.in_(language))
        .description(about.question.in_(language))
        .datasource(DATASOURCE)
        .unit(unit)
        .no_value(words.NO_DATA.in_(language))
    )
    for query in queries:
        panel = panel.with_target(query.built(language))
        if looks := query.looks():
            panel = panel.override_by_query(query.ref, looks)
    return panel


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def figure(  # noqa: PLR0917 - a figure is these
    language: Language,
    about: About,
    queries: Sequence[Query],
    unit: str,
    steps: Steps = scales.PLAIN,
    decimals: int | None = None,
    values: Sequence[ValueMapping] = (),
    *,
    names: bool = False,
    names_only: bool = False,
    background: bool = False,
    nothing: Text = words.NO_DATA,
) -> Panel:
    """One big number, or a word for it; several with their names."""
    text = kinds.BigValueTextMode.VALUE
    if names or names_only:
        text = kinds.BigValueTextMode.NAME if names_only else kinds.BigValueTextMode.VALUE_AND_NAME
    colour = kinds.BigValueColorMode.BACKGROUND if background else kinds.BigValueColorMode.VALUE
    panel = (
        begin(stat.Panel(), language, about, queries, unit)
        .thresholds(steps.config())
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .no_value(nothing.in_(language))
        .reduce_options(_last())
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .color_mode(colour)
        .text_mode(text)
        .justify_mode(kinds.BigValueJustifyMode.CENTER)
    )
    if decimals is not None:
        panel = panel.decimals(decimals)
    if values:
        panel = panel.mappings(list(values))
    return panel


def bars(
    language: Language,
    about: About,
    queries: Sequence[Query],
    unit: str,
    *,
    decimals: int = 0,
    most: float | None = None,
) -> Panel:
    """A bar per query, in the order of the queries."""
    panel = (
        begin(bargauge.Panel(), language, about, queries, unit)
        .decimals(decimals)
        .min(0)
        .thresholds(scales.PLAIN.config())
        .reduce_options(_last())
        .orientation(kinds.VizOrientation.HORIZONTAL)
        .display_mode(kinds.BarGaugeDisplayMode.BASIC)
        .value_mode(kinds.BarGaugeValueMode.TEXT)
        .show_unfilled(True)
    )
    return panel if most is None else panel.max(most)


def plot(  # noqa: PLR0917
    language: Language,
    about: About,
    queries: Sequence[Query],
    unit: str,
    line: Line | None = None,
    decimals: int | None = None,
    link: dict[str, str] | None = None,
    *,
    nothing: Text = words.NO_DATA,
) -> Panel:
    """Lines, areas or bars over the time range."""
    line = line or Line()
    legend = (
        common.VizLegendOptions()
        .display_mode(kinds.LegendDisplayMode.LIST)
        .placement(kinds.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    tooltip = common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)
    panel = (
        begin(timeseries.Panel(), language, about, queries, unit)
        .no_value(nothing.in_(language))
        .legend(legend)
        .tooltip(tooltip)
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .interval(line.step)
        .min(0)
        .line_width(1)
        .fill_opacity(70 if line.stacked or line.bars else line.fill)
        .show_points(kinds.VisibilityMode.NEVER)
        .draw_style(kinds.GraphDrawStyle.BARS if line.bars else kinds.GraphDrawStyle.LINE)
        .line_interpolation(
            kinds.LineInterpolation.STEP_AFTER if line.stacked else kinds.LineInterpolation.LINEAR
        )
        .span_nulls(False)
    )
    if line.stacked:
        panel = panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A"))
    if line.thresholds:
        panel = panel.thresholds(line.thresholds.config()).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED)
        )
    if line.most is not None:
        panel = panel.max(line.most)
    if decimals is not None:
        panel = panel.decimals(decimals)
    if link:
        panel = panel.with_override(MatcherConfig("byType", "number"), [DynamicConfigValue("links", [link])])
    return panel


def states(
    language: Language,
    about: About,
    query: Query,
    *,
    link: dict[str, str] | None = None,
    row_height: float = 0.8,
) -> Panel:
    """A row per agent, a coloured and worded box per state."""
    panel = (
        begin(statetimeline.Panel(), language, about, [query], scales.COUNT)
        .mappings(mappings.states(language))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(Steps(palette.SOFT).config())
        .interval(SCRAPE)
        .max_data_points(POINTS)
        .merge_values(True)
        .show_value(kinds.VisibilityMode.AUTO)
        .align_value(kinds.TimelineValueAlignment.LEFT)
        .row_height(row_height)
        .line_width(0)
        .fill_opacity(100)
        .legend(
            common.VizLegendOptions()
            .display_mode(kinds.LegendDisplayMode.LIST)
            .placement(kinds.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.SINGLE))
    )
    if link:
        panel = panel.per_page(ROWS_PER_PAGE).with_override(
            MatcherConfig("byType", "number"), [DynamicConfigValue("links", [link])]
        )
    return panel


def spread(language: Language, about: About, histogram: str, step: str) -> Panel:
    """A histogram over time: the stronger the colour of a cell, the more calls."""
    query = Query("calls", f"sum by (le) (increase({histogram}[$__interval]))", "{{le}}")
    return (
        begin(heatmap.Panel(), language, about, [], scales.COUNT)
        .with_target(query.built(language, PromQueryFormat.HEATMAP))
        .interval(step)
        .calculate(False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.OPACITY)
            .fill(palette.ANSWERED)
            .exponent(0.5)
            .steps(64)
            .reverse(False)
        )
        .y_axis(heatmap.YAxisConfig().unit(scales.SECONDS).decimals(0))
        .cell_gap(1)
        .cell_values(heatmap.CellValues().unit(scales.COUNT).decimals(0))
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .mode(kinds.TooltipDisplayMode.SINGLE)
        .show_y_histogram()
        .show_legend()
    )
