"""Where the dashboards lead to: their addresses, the row of links on top, and what a click on a queue or agent opens."""

# ruff: noqa: FBT003 - the SDK's builders take booleans only so

from enum import StrEnum

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from dashboards.grafana.source.words import Language, Text


class Name(StrEnum):
    """A dashboard; the value names its file."""

    OVERVIEW = "overview"
    QUEUE = "queue"
    AGENT = "agent"
    HEALTH = "health"


TITLES = {
    Name.OVERVIEW: Text("Contact centre overview", "Обзор контакт-центра"),
    Name.QUEUE: Text("Queue in depth", "Очередь подробно"),
    Name.AGENT: Text("Agent in depth", "Оператор подробно"),
    Name.HEALTH: Text("Service health", "Состояние сервиса"),
}

# The menus of each dashboard, from left to right: variables.py makes them.
MENUS = {
    Name.OVERVIEW: ("datasource", "source", "queue", "team"),
    Name.QUEUE: ("datasource", "source", "queue"),
    Name.AGENT: ("datasource", "source", "team", "agent"),
    Name.HEALTH: ("datasource", "job", "source"),
}
CARRIED = ("datasource", "source", "team")


def uid(name: Name, language: Language) -> str:
    """Stable: links and bookmarks hold on to it."""
    return f"operator-monitor-{name}-{language}"


def _to_dashboard(title: str, tooltip: str, url: str) -> DashboardLink:
    return DashboardLink(title).type(DashboardLinkType.LINK).icon("dashboard").tooltip(tooltip).url(url)


def on_top(here: Name, language: Language) -> list[Builder[models.DashboardLink]]:
    """The other dashboards in this language, then this one in the other; the time range goes along.

    So do the menus that mean the same there. The chosen queue or agent does not: one queue would hide the others of the
    overview, and several are none where only one can be chosen.
    """
    links: list[Builder[models.DashboardLink]] = []
    for name, title in TITLES.items():
        if name is not here:
            both = (menu for menu in CARRIED if menu in MENUS[here] and menu in MENUS[name])
            passed = "&".join(f"${{{menu}:queryparam}}" for menu in both)
            text = title.in_(language)
            link = _to_dashboard(text, text, f"/d/{uid(name, language)}?{passed}")
            links.append(link.include_vars(False).keep_time(True))
    other = language.other
    tooltip = Text("This dashboard in Russian", "Этот дашборд на английском").in_(language)
    link = _to_dashboard(other.upper(), tooltip, f"/d/{uid(here, other)}")
    return [*links, link.include_vars(True).keep_time(True)]


def to(name: Name, language: Language, *, value: str) -> dict[str, str]:
    """A data link that opens one queue or agent; `value` is Grafana's name for its id where the click was."""
    title = {
        Name.QUEUE: Text("This queue in depth", "Эта очередь подробно"),
        Name.AGENT: Text("This agent in depth", "Этот оператор подробно"),
    }[name].in_(language)
    passed = "".join(f"&${{{menu}:queryparam}}" for menu in CARRIED if menu in MENUS[name])
    address = f"/d/{uid(name, language)}?var-{name}=${{{value}:percentencode}}{passed}&${{__url_time_range}}"
    return {"title": title, "url": address}
