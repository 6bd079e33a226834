"""The menus on top: each asks Prometheus, and the later depend on the earlier."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, QueryVariable
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from dashboards.grafana.source import words
from dashboards.grafana.source.links import MENUS, Name
from dashboards.grafana.source.query import DATASOURCE
from dashboards.grafana.source.words import Language, Text


def datasource(language: Language) -> DatasourceVariable:
    """The Prometheus; at first the provisioned one."""
    return (
        DatasourceVariable("datasource")
        .label(Text("Data source", "Источник данных").in_(language))
        .type("prometheus")
        .current(VariableOption(text="Prometheus", value="prometheus"))
    )


def _labels(language: Language, name: str, label: Text, series: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label.in_(language))
        .datasource(DATASOURCE)
        .query({"qryType": 1, "query": f"label_values({series}, {name})", "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )


def _several(variable: QueryVariable) -> QueryVariable:
    everything = VariableOption(text=["All"], value=["$__all"])
    return variable.multi(True).include_all(True).current(everything)  # noqa: FBT003


def source(language: Language) -> QueryVariable:
    """PBXs."""
    return _several(_labels(language, "source", words.SOURCE, "callcenter_source_up"))


def queues(language: Language) -> QueryVariable:
    """Queues of the chosen sources."""
    return _several(_labels(language, "queue", words.QUEUE, 'callcenter_queue_info{source=~"$source"}'))


def queue(language: Language) -> QueryVariable:
    """One queue."""
    return _labels(language, "queue", words.QUEUE, 'callcenter_queue_info{source=~"$source"}')


def team(language: Language) -> QueryVariable:
    """Teams of the chosen sources; All has those without a team as well, so it is no list of names."""
    series = 'callcenter_team_agents{source=~"$source"}'
    return _several(_labels(language, "team", words.TEAM, series)).all_value(".*")


def agent(language: Language) -> QueryVariable:
    """One agent of the chosen sources and teams."""
    series = 'callcenter_agent_info{source=~"$source", team=~"$team"}'
    return _labels(language, "agent", words.AGENT, series)


def job(language: Language) -> QueryVariable:
    """The scrape job of the service, whatever it is called."""
    return _labels(language, "job", Text("Scrape job", "Задание сбора"), "callcenter_build_info")


def of(name: Name, language: Language) -> list[Builder[models.VariableModel]]:
    """The menus of a dashboard."""
    makers = {
        "datasource": datasource,
        "job": job,
        "source": source,
        "queue": queue if name is Name.QUEUE else queues,
        "team": team,
        "agent": agent,
    }
    return [makers[menu](language) for menu in MENUS[name]]
