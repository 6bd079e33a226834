"""One agent this second, and the calls of the chosen time."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import mappings, panels, promql, scales, tables, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.tables import Column, Sorting
from dashboards.grafana.source.words import Language, Text

_A = promql.ONE_AGENT


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Now, and in the chosen time", "Сейчас и за выбранное время"))
    board.add(
        panels.figure(
            language,
            About(
                Text("State now", "Состояние сейчас"),
                Text(
                    "What is this agent doing this second? No data: the service was not scraped, or agent series are switched off (http.agent_series). Unknown: the PBX can't be seen.",
                    "Что оператор делает прямо сейчас? Нет данных: сервис не опрошен или ряды по операторам выключены (http.agent_series). Неизвестно: АТС не видна.",
                ),
            ),
            [Query("state", promql.state_of_one(), "$agent", now=True)],
            scales.COUNT,
            values=mappings.states(language),
            background=True,
        ),
        width=6,
        height=4,
    )
    board.add(
        tables.listing(
            language,
            About(
                Text("Who this is", "Кто это"),
                Text(
                    "Whose page is this? The agent's name, team and source as configured. Wrong or missing: set them under agents in the configuration.",
                    "Чья это страница? Имя, группа и источник оператора из конфигурации. Неверны или пусты: задайте их в разделе agents конфигурации.",
                ),
            ),
            [Query("info", f"max by (name, team, source) (callcenter_agent_info{{{_A}}})", now=True)],
            [
                Column("name", Text("Name", "Имя")),
                Column("team", words.TEAM, mappings=mappings.when_empty(language, words.NO_TEAM)),
                Column("source", words.SOURCE),
            ],
            Sorting(Text("Name", "Имя"), descending=False),
            nothing=words.NO_DATA,
        ),
        width=6,
        height=4,
    )
    questions = {
        "answered": Text(
            "How many queue calls did this agent take in the chosen time? Compare with the team below.",
            "Сколько звонков из очередей оператор принял за выбранное время? Сравните с группой ниже.",
        ),
        "missed": Text(
            "How often did a queue ring this agent in vain? A few happen; many: away from the desk without a pause, or a phone that does not ring.",
            "Сколько раз очередь звонила оператору впустую? Единичные бывают; много: отошёл без перерыва или телефон не звонит.",
        ),
        "outbound": Text(
            "How many calls did this agent dial, answered or not, colleagues included?",
            "Сколько звонков оператор набрал сам, с ответом и без, включая коллег?",
        ),
        "direct": Text(
            "How many calls reached this agent past the queues? They keep the agent from queue calls; if there are many, ask why.",
            "Сколько звонков дошло до оператора мимо очередей? Они отвлекают от очередей; если их много, выясните почему.",
        ),
    }
    for kind, question in questions.items():
        board.add(
            panels.figure(
                language,
                About(words.CALL_KINDS[kind], question),
                [Query(kind, f"round({promql.agent_calls(kind)})", words.CALL_KINDS[kind], now=True)],
                scales.COUNT,
                decimals=0,
            ),
            width=3,
            height=4,
        )
