"""Tables: a row per queue, agent, team or alert, made of instant queries."""

# ruff: noqa: FBT003 - the SDK's builders take booleans only so

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, ValueMapping
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.grafana.source import scales, words
from dashboards.grafana.source.panels import About, Panel, begin
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.scales import Steps
from dashboards.grafana.source.words import Language, Text


@dataclass(frozen=True)
class Column:
    """A column of a table: the field of the query (`Value #ref`) or a label."""

    field: str
    title: Text
    unit: str | None = None
    decimals: int | None = None
    steps: Steps | None = None
    link: dict[str, str] | None = None
    mappings: Sequence[ValueMapping] = ()
    width: int | None = None

    def override(self, language: Language) -> list[DynamicConfigValue]:
        """How Grafana shows it."""
        values: list[DynamicConfigValue] = [DynamicConfigValue("displayName", self.title.in_(language))]
        unit = self.unit or (None if self.field.startswith("Value") else scales.TEXT)
        if unit:
            values.append(DynamicConfigValue("unit", unit))
        if self.decimals is not None:
            values.append(DynamicConfigValue("decimals", self.decimals))
        if self.steps:
            values.append(DynamicConfigValue("thresholds", self.steps.config().build()))
            values.append(DynamicConfigValue("color", {"mode": "thresholds"}))
            values.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        if self.link:
            values.append(DynamicConfigValue("links", [self.link]))
        if self.mappings:
            values.append(DynamicConfigValue("mappings", list(self.mappings)))
        if self.width:
            values.append(DynamicConfigValue("custom.width", self.width))
        return values


@dataclass(frozen=True)
class Sorting:
    """The column that a table is sorted by at first."""

    by: Text
    descending: bool = True


def listing(  # noqa: PLR0917
    language: Language,
    about: About,
    queries: Sequence[Query],
    columns: Sequence[Column],
    sorting: Sorting,
    unit: str = scales.COUNT,
    *,
    nothing: Text = words.NOTHING,
) -> Panel:
    """A table: instant queries joined by the labels that they have in common, columns in the given order."""
    sort = common.TableSortByFieldState().display_name(sorting.by.in_(language)).desc(sorting.descending)
    panel = begin(table.Panel(), language, about, [], unit)
    for query in queries:
        panel = panel.with_target(query.built(language, PromQueryFormat.TABLE))
    shown = [column.field for column in columns]
    # The value of a single query is called "Value" alone.
    hidden = {"Time", "Value", "__name__", "instance", "job"} | {f"Value #{query.ref}" for query in queries}
    panel = (
        panel.with_transformation(DataTransformerConfig("merge", options={}))
        .with_transformation(
            DataTransformerConfig(
                "organize",
                options={
                    "excludeByName": dict.fromkeys(sorted(hidden - set(shown)), True),
                    "indexByName": {name: index for index, name in enumerate(shown)},
                    "renameByName": {},
                },
            )
        )
        .no_value(nothing.in_(language))
        .show_header(True)
        .cell_height(kinds.TableCellHeight.SM)
        .sort_by([sort])
        .filterable(False)
    )
    for column in columns:
        panel = panel.override_by_name(column.field, column.override(language))
    return panel
