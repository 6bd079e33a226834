"""What the members of one queue did."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.ONE_QUEUE


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(words.AGENTS)
    board.add(
        panels.plot(
            language,
            About(
                words.AGENTS_BY_STATE,
                Text(
                    "How many members did this queue have, and what did they do? As seen from this queue: an agent in two queues is in both. For what reasons they are paused is on the wallboard.",
                    "Сколько операторов было в очереди и чем они занимались? С точки зрения этой очереди: оператор двух очередей виден в обеих. Причины перерывов на табло.",
                ),
            ),
            [
                Query(state, f'sum(callcenter_agents{{{_Q}, state="{state}"}})', title, palette.STATES[state])
                for state, title in words.STATES.items()
            ],
            scales.COUNT,
            Line(stacked=True),
            0,
        ),
        width=12,
        height=9,
    )
    board.add(
        panels.plot(
            language,
            About(
                words.OCCUPANCY,
                Text(
                    "Are this queue's agents overloaded or idle? Hours above 85 % wear people out: plan a break or another agent.",
                    "Перегружены операторы этой очереди или простаивают? Часы выше 85 % изматывают: запланируйте перерыв или ещё одного человека.",
                ),
            ),
            [
                Query("occupancy5", promql.recorded("occupancy", "5m"), Text("5 min", "5 мин"), palette.SOFT),
                Query(
                    "occupancy30",
                    promql.recorded("occupancy", "30m"),
                    Text("30 min", "30 мин"),
                    palette.ANSWERED,
                ),
            ],
            scales.SHARE,
            Line(fill=0, most=1),
            0,
        ),
        width=12,
        height=9,
    )
