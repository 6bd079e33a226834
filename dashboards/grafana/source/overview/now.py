"""What holds this second: who waits, who could answer, and whether the picture is true."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import mappings, palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.overview import queues
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.QUEUES
_OFFERED = f'sum by (queue) (callcenter_queue_today_calls{{{_Q}, outcome!="unknown"}})'
_ABANDONED = f'sum by (queue) (callcenter_queue_today_calls{{{_Q}, outcome="abandoned"}})'
_SHORT = f"sum by (queue) (callcenter_queue_today_short_abandoned{{{_Q}}})"
_FREE = f'sum by (queue) (callcenter_agents{{{_Q}, state="available"}})'
_WAITING = f"sum by (queue) {promql.live(f'callcenter_queue_waiting{{{_Q}}}')}"
_LONGEST = f"max by (queue) {promql.live(f'callcenter_queue_longest_wait_seconds{{{_Q}}}')}"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Now", "Сейчас"))
    board.add(
        panels.figure(
            language,
            About(
                words.WAITING,
                Text(
                    "How many callers wait right now, in all chosen queues together? If the number grows, look in the table below for the queue they wait in.",
                    "Сколько человек ждут прямо сейчас во всех выбранных очередях? Если число растёт, найдите очередь в таблице ниже.",
                ),
            ),
            [Query("waiting", f"sum({_WAITING})", words.WAITING, now=True)],
            scales.COUNT,
            decimals=0,
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.LONGEST,
                Text(
                    "How long has the caller waited who waits longest? Yellow from 20 s, red from 40 s: move agents to that queue or call them back from their pauses.",
                    "Сколько ждёт тот, кто ждёт дольше всех? Жёлтый с 20 с, красный с 40 с: добавьте в эту очередь операторов или верните их с перерыва.",
                ),
            ),
            [
                Query(
                    "longest",
                    f"max({_LONGEST})",
                    words.LONGEST,
                    now=True,
                )
            ],
            scales.SECONDS,
            scales.LONGEST_WAIT,
            0,
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.NOBODY_FREE,
                Text(
                    "In how many queues does somebody wait while no agent is available? More than 0: customers are being lost there; send agents.",
                    "В скольких очередях ждут, а свободных операторов нет? Больше 0: там теряют клиентов, нужны операторы.",
                ),
            ),
            [
                Query(
                    "nobody",
                    f"count(({_WAITING}) > 0 unless on (queue) ({_FREE}) > 0) or sum({_WAITING}) * 0",
                    words.NOBODY_FREE,
                    now=True,
                )
            ],
            scales.COUNT,
            scales.NONE_ALLOWED,
            0,
            mappings.worded(language, {"0": (Text("In no queue", "Ни в одной"), palette.GOOD)}),
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Agents available", "Свободны"),
                Text(
                    "How many agents could take a call this second? Each is counted once, however many queues it is in. 0 while calls come in: the next caller waits.",
                    "Сколько операторов могут принять звонок прямо сейчас? Каждый сосчитан один раз, в скольких бы очередях он ни был. Если 0, следующий клиент будет ждать.",
                ),
            ),
            [
                Query(
                    "available",
                    f'sum(callcenter_team_agents{{{promql.TEAMS}, state="available"}})',
                    words.AVAILABLE,
                    now=True,
                )
            ],
            scales.COUNT,
            scales.SOME_NEEDED,
            0,
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.SERVICE_LEVEL,
                Text(
                    "Which share of today's calls was answered in time, over all chosen queues, each by its own formula and threshold? Colours are for a target of 80 %; the table has each queue's own target.",
                    "Какая доля сегодняшних звонков принята вовремя по всем выбранным очередям, у каждой своя формула и порог? Цвета для цели 80 %; в таблице у каждой очереди своя цель.",
                ),
            ),
            [
                Query(
                    "level",
                    promql.ratio(
                        f"sum(callcenter_queue_today_service_level_met{{{_Q}}})",
                        f"sum(callcenter_queue_today_service_level_of{{{_Q}}})",
                    ),
                    words.SERVICE_LEVEL,
                    now=True,
                )
            ],
            scales.SHARE,
            scales.SERVICE_LEVEL,
            0,
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.ABANDONED_SHARE,
                Text(
                    "Which share of today's callers gave up waiting, those who hung up within the first seconds left out? Above 5 % look which queue they left, and at what hour.",
                    "Какая доля сегодняшних клиентов не дождалась ответа, не считая положивших трубку в первые секунды? Выше 5 % смотрите, из какой очереди и в котором часу они ушли.",
                ),
            ),
            [
                Query(
                    "abandoned",
                    promql.ratio(
                        f"sum({_ABANDONED}) - sum({_SHORT})",
                        f"sum({_OFFERED}) - sum({_SHORT})",
                    ),
                    words.ABANDONED_SHARE,
                    now=True,
                )
            ],
            scales.SHARE,
            scales.ABANDONED,
            1,
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Sources not seen", "Источники не видны"),
                Text(
                    "Is the picture true? A source that can't be seen makes its agents unknown and its figures old. More than 0: tell the engineer on call, and trust no figure of that source.",
                    "Верна ли картина? Если источник не виден, его операторы неизвестны, а цифры устарели. Больше 0: сообщите дежурному инженеру и не верьте цифрам этого источника.",
                ),
            ),
            [
                Query(
                    "lost",
                    f"count(callcenter_source_up{{{promql.SOURCES}}} == 0) or count(callcenter_source_up{{{promql.SOURCES}}}) * 0",
                    Text("Sources not seen", "Источники не видны"),
                    now=True,
                )
            ],
            scales.COUNT,
            scales.NONE_ALLOWED,
            0,
            mappings.worded(language, {"0": (Text("All seen", "Все видны"), palette.GOOD)}),
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.ALERTS_TITLE,
                Text(
                    "Does anything need a person now? The number of alerts that Prometheus fires; the dashboard Service health lists them.",
                    "Нужно ли сейчас чьё-то вмешательство? Число сработавших оповещений Prometheus; их список на дашборде «Состояние сервиса».",
                ),
            ),
            [
                Query(
                    "alerts",
                    'count(ALERTS{alertname=~"Callcenter.+", alertstate="firing"}) or vector(0)',
                    words.ALERTS_TITLE,
                    now=True,
                )
            ],
            scales.COUNT,
            scales.NONE_WANTED,
            0,
            mappings.worded(language, {"0": (Text("None", "Нет"), palette.GOOD)}),
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.bars(
            language,
            About(
                words.AGENTS_BY_STATE,
                Text(
                    "What are the agents of the chosen teams doing now? Each is counted once. Many paused or in wrap-up while callers wait: those are the people to ask.",
                    "Что сейчас делают операторы выбранных групп? Каждый сосчитан один раз. Если клиенты ждут, а многие на перерыве или в постобработке, начните с них.",
                ),
            ),
            [
                Query(
                    state,
                    f'sum(callcenter_team_agents{{{promql.TEAMS}, state="{state}"}})',
                    title,
                    palette.STATES[state],
                    now=True,
                )
                for state, title in words.STATES.items()
            ],
            scales.COUNT,
        ),
        width=6,
        height=10,
    )
    board.add(queues.queues(language), width=18, height=10)
