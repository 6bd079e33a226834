"""One agent beside the others of the team."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import links, mappings, promql, scales, tables, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.tables import Column, Sorting
from dashboards.grafana.source.words import Language, Text

_CALLS = "callcenter_agent_calls_total"
# The team of the info series; agents have no team label of their own.
_MATES = f"on (agent) group_left () max by (agent) (callcenter_agent_info{{{promql.TEAMS}}})"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("The team", "Группа"))
    spent = "sum by (agent) (count_over_time(callcenter_agent_state"
    whole = f"{spent}[$__range]))"
    board.add(
        tables.listing(
            language,
            About(
                Text("Agents of the chosen teams", "Операторы выбранных групп"),
                Text(
                    "Is this agent unlike the others? Calls and time within the chosen range, one row per agent; click a name to see that agent. Compare like with like: the same shift, the same queues. A dash: not at all.",
                    "Отличается ли оператор от других? Звонки и время за выбранный промежуток, строка на оператора; щёлкните по имени, чтобы открыть его. Сравнивайте сравнимое: ту же смену и те же очереди. Тире: ни разу.",
                ),
            ),
            [
                Query(
                    "info", f"max by (agent, name, team) (callcenter_agent_info{{{promql.TEAMS}}})", now=True
                ),
                Query("state", f"max by (agent) (({promql.state_codes()}) * {_MATES})", now=True),
                *(
                    Query(
                        kind,
                        f'round(sum by (agent) (increase({_CALLS}{{kind="{kind}"}}[$__range])) * {_MATES})',
                        now=True,
                    )
                    for kind in ("answered", "missed")
                ),
                *(
                    Query(
                        state,
                        f'{spent}{{state="{state}"}}[$__range])) / on (agent) ({whole} > 0) * {_MATES}',
                        now=True,
                    )
                    for state in ("available", "talking", "wrap_up", "paused")
                ),
            ],
            [
                Column(
                    "name",
                    words.AGENT,
                    link=links.to(Name.AGENT, language, value="__data.fields.agent"),
                ),
                Column("agent", Text("Id", "Код")),
                Column("team", words.TEAM, mappings=mappings.when_empty(language, words.NO_TEAM)),
                Column(
                    "Value #state", Text("State now", "Состояние сейчас"), mappings=mappings.states(language)
                ),
                Column("Value #answered", words.CALL_KINDS["answered"], scales.COUNT, 0),
                Column("Value #missed", words.CALL_KINDS["missed"], scales.COUNT, 0),
                *(
                    Column(f"Value #{state}", words.STATES[state], scales.SHARE, 0)
                    for state in ("available", "talking", "wrap_up", "paused")
                ),
            ],
            Sorting(words.CALL_KINDS["missed"]),
        ),
        width=24,
        height=12,
    )
