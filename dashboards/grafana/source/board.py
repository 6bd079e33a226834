"""A dashboard as it is filled: rows of panels, placed from left to right, each with an id that stays."""

from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row, TimePicker
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, GridPos

from dashboards.grafana.source import links, variables, words
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.panels import Panel
from dashboards.grafana.source.words import Language, Text

COLUMNS = 24


class Board:
    """One dashboard in one language."""

    def __init__(self, name: Name, language: Language, *, about: Text, hours: int, refresh: str) -> None:
        self.name = name
        self.language = language
        title = f"{words.PRODUCT.in_(language)}: {links.TITLES[name].in_(language)}"
        self._dashboard = (
            Dashboard(title)
            .uid(links.uid(name, language))
            .description(about.in_(language))
            .tags(["operator-monitor", language.value])
            .timezone("browser")
            .time(f"now-{hours}h", "now")
            .refresh(refresh)
            .timepicker(TimePicker().refresh_intervals(["5s", "10s", "30s", "1m", "5m"]))
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .editable()
            .variables(variables.of(name, language))
            .links(links.on_top(name, language))
        )
        self._x = self._y = self._height = self._ids = 0

    def row(self, title: Text) -> None:
        """Begin a new part of the page."""
        self._wrap()
        row = Row(title.in_(self.language)).id(self._next_id())
        self._dashboard.with_row(row.grid_pos(GridPos(x=0, y=self._y, w=COLUMNS, h=1)))
        self._y += 1

    def add(self, panel: Panel, *, width: int, height: int) -> None:
        """Put a panel to the right of the last, or below where it doesn't fit."""
        if self._x + width > COLUMNS:
            self._wrap()
        place = GridPos(x=self._x, y=self._y, w=width, h=height)
        self._dashboard.with_panel(panel.id(self._next_id()).grid_pos(place))
        self._x += width
        self._height = max(self._height, height)

    def built(self) -> Any:
        """The SDK's dashboard."""
        return self._dashboard.build()

    def _wrap(self) -> None:
        self._y += self._height
        self._x = self._height = 0

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids
