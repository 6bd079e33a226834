"""The teams now, and who did what over the chosen time."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import links, mappings, panels, promql, scales, tables, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.tables import Column, Sorting
from dashboards.grafana.source.words import Language, Text

MOST_AGENTS = 50


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(words.AGENTS)
    team = f"callcenter_team_agents{{{promql.TEAMS}"
    board.add(
        tables.listing(
            language,
            About(
                Text("Teams, as chosen on top", "Группы, выбранные вверху"),
                Text(
                    "Which team has people to spare, and which has none, whatever queues are chosen? Busy: ringing, dialing, talking, on hold or wrap-up.",
                    "В какой группе есть запас людей, а в какой нет никого, какие бы очереди ни были выбраны? Заняты: вызов, набор, разговор, удержание или постобработка.",
                ),
            ),
            [
                Query(ref, f"sum by (source, team) ({team}, {which}}})", now=True)
                for ref, which in (
                    ("available", 'state="available"'),
                    ("busy", 'state=~"ringing|dialing|talking|on_hold|wrap_up"'),
                    ("paused", 'state="paused"'),
                    ("offline", 'state="offline"'),
                    ("unknown", 'state="unknown"'),
                )
            ],
            [
                Column("team", words.TEAM, mappings=mappings.when_empty(language, words.NO_TEAM)),
                Column("source", words.SOURCE),
                Column("Value #available", words.AVAILABLE, scales.COUNT, 0, scales.SOME_NEEDED),
                Column("Value #busy", words.BUSY, scales.COUNT, 0),
                Column("Value #paused", words.STATES["paused"], scales.COUNT, 0),
                Column("Value #offline", words.STATES["offline"], scales.COUNT, 0),
                Column("Value #unknown", words.STATES["unknown"], scales.COUNT, 0),
            ],
            Sorting(words.AVAILABLE, descending=False),
        ),
        width=8,
        height=16,
    )
    board.add(
        panels.states(
            language,
            About(
                Text("Agents over time", "Операторы по времени"),
                Text(
                    f"Who did what, and when? A row per agent of the chosen teams, at most {MOST_AGENTS}, 25 to a page: choose a team to see the others. States shorter than a step of the plot may be missing; zoom in to see them. Click a row for that agent.",
                    f"Кто что делал и когда? Строка на оператора выбранных групп, не больше {MOST_AGENTS}, по 25 на странице: чтобы увидеть остальных, выберите группу. Состояния короче шага графика могут не попасть, приблизьте. Щёлкните по строке, чтобы открыть оператора.",
                ),
            ),
            Query("state", promql.states_of_team(MOST_AGENTS), "{{agent}}"),
            link=links.to(Name.AGENT, language, value="__field.labels.agent"),
        ),
        width=16,
        height=16,
    )
