"""How one agent spent the chosen time."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_A = promql.ONE_AGENT
_CALLS = "callcenter_agent_calls_total"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(words.TIME_IN_STATES)
    board.add(
        panels.states(
            language,
            About(
                Text("States over time", "Состояния по времени"),
                Text(
                    "How did the time go, minute by minute? States shorter than a step of the plot may be missing: zoom in to see them. No data: nothing was scraped then.",
                    "Как шло время, минута за минутой? Состояния короче шага графика могут не попасть: приблизьте. Нет данных: тогда сервис не опрашивался.",
                ),
            ),
            Query("state", promql.state_of_one(), "$agent"),
            row_height=0.9,
        ),
        width=24,
        height=6,
    )
    board.add(
        panels.bars(
            language,
            About(
                Text("Time in states, share", "Время в состояниях, доля"),
                Text(
                    "What did the chosen time consist of? Shares of the scrapes that saw the agent, so good to a few seconds. Much paused or wrap-up: ask what keeps the agent.",
                    "Из чего состояло выбранное время? Доли опросов, в которых оператор был виден, с точностью до секунд. Много перерыва или постобработки: спросите, что мешает.",
                ),
            ),
            [
                Query(
                    state,
                    promql.ratio(
                        f'sum(count_over_time(callcenter_agent_state{{{_A}, state="{state}"}}[$__range])) or vector(0)',
                        f"sum(count_over_time(callcenter_agent_state{{{_A}}}[$__range]))",
                    ),
                    title,
                    palette.STATES[state],
                    now=True,
                )
                for state, title in words.STATES.items()
            ],
            scales.SHARE,
            decimals=1,
            most=1,
        ),
        width=8,
        height=10,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Calls", "Звонки"),
                Text(
                    "When did this agent work most, and when were calls missed? A bar is half an hour or one step of the chosen range.",
                    "Когда оператор работал больше всего и когда звонки пропускались? Столбик: полчаса или один шаг выбранного времени.",
                ),
            ),
            [
                Query(
                    kind,
                    f'round(sum(increase({_CALLS}{{{_A}, kind="{kind}"}}[$__interval])))',
                    title,
                    palette.CALL_KINDS[kind],
                )
                for kind, title in words.CALL_KINDS.items()
            ],
            scales.COUNT,
            Line(stacked=True, bars=True, step="30m"),
            0,
        ),
        width=12,
        height=10,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Missed, share", "Пропущено, доля"),
                Text(
                    "Of the times that a queue rang this agent, how many were in vain? From 5 % on talk with the agent; from 10 % on callers notice.",
                    "Какая доля вызовов из очередей осталась без ответа? С 5 % поговорите с оператором; с 10 % это замечают клиенты.",
                ),
            ),
            [
                Query(
                    "missed",
                    promql.ratio(promql.agent_calls("missed"), promql.agent_calls("answered|missed")),
                    Text("Missed, share", "Пропущено, доля"),
                    now=True,
                )
            ],
            scales.SHARE,
            scales.above(0.05, 0.1),
            1,
        ),
        width=4,
        height=10,
    )
