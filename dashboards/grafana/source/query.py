"""One query of a panel, and how what it brings is called and coloured."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.grafana.source.scales import Steps
from dashboards.grafana.source.words import Language, Text

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True)
class Query:
    """A query over the time range; `now` asks for the newest value alone."""

    ref: str
    expr: str
    legend: Text | str = ""
    colour: str | None = None
    dashed: bool = False
    now: bool = False
    # Where they are not those of the panel.
    unit: str | None = None
    decimals: int | None = None
    steps: Steps | None = None

    def built(self, language: Language, form: PromQueryFormat = PromQueryFormat.TIME_SERIES) -> Dataquery:
        """As the SDK takes it."""
        legend = self.legend.in_(language) if isinstance(self.legend, Text) else self.legend
        query = (
            Dataquery()
            .ref_id(self.ref)
            .expr(self.expr)
            .legend_format(legend)
            .format(form)
            .datasource(DATASOURCE)
        )
        return query.instant() if self.now else query.range()

    def looks(self) -> list[DynamicConfigValue]:
        """What sets this query apart from the others of its panel."""
        looks = []
        if self.unit:
            looks.append(DynamicConfigValue("unit", self.unit))
        if self.decimals is not None:
            looks.append(DynamicConfigValue("decimals", self.decimals))
        if self.steps:
            looks.append(DynamicConfigValue("thresholds", self.steps.config().build()))
        if self.colour:
            looks.append(DynamicConfigValue("color", {"mode": "fixed", "fixedColor": self.colour}))
        if self.dashed:
            looks.append(DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}))
            looks.append(DynamicConfigValue("custom.fillOpacity", 0))
        return looks
