"""What holds this second: who waits, who could answer, and whether the picture is true."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import mappings, palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.overview import queues
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.QUEUES
# Within 30 minutes.
_OFFERED = f'sum(round(increase(callcenter_queue_calls_total{{{_Q}, outcome!="unknown"}}[30m])))'
_ABANDONED = f'sum(round(increase(callcenter_queue_calls_total{{{_Q}, outcome="abandoned"}}[30m])))'
_SHORT = f"sum(round(increase(callcenter_queue_short_abandoned_total{{{_Q}}}[30m])))"
_FREE = f'sum by (queue) (callcenter_agents{{{_Q}, state=~"available|ringing"}})'
_AT_WORK = (
    f'sum by (queue) (callcenter_agents{{{_Q}, state=~"available|ringing|dialing|talking|on_hold|wrap_up"}})'
)
_MET = f"callcenter_queue_today_service_level_met{{{_Q}}}"
_OF = f"callcenter_queue_today_service_level_of{{{_Q}}}"
_TARGET = f"callcenter_queue_service_level_target{{{_Q}}}"
_SAME = "on (job, instance, queue)"
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
                    "How long has the caller waited who waits longest? And where it is worst, how much of the queue's own threshold is that? Yellow from the threshold on (100 %), red from twice that: move agents to that queue or call them back from their pauses.",
                    "Сколько ждёт тот, кто ждёт дольше всех? И какую часть порога своей очереди он прождал там, где это хуже всего? Жёлтый с порога (100 %), красный с двух: добавьте в эту очередь операторов или верните их с перерыва.",
                ),
            ),
            [
                Query("longest", f"max({_LONGEST})", Text("Wait", "Ждёт"), now=True),
                Query(
                    "threshold",
                    f"max({promql.of_threshold(_Q)})",
                    words.OF_THRESHOLD,
                    now=True,
                    unit=scales.SHARE,
                    steps=scales.OF_THRESHOLD,
                ),
            ],
            scales.SECONDS,
            decimals=0,
            names=True,
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
                    "In how many queues does somebody wait while no agent is available or ringing? Customers may be lost there if it lasts: look how long they wait. Red: in how many of them nobody is at work at all; send agents.",
                    "В скольких очередях ждут, а операторы не свободны и им не звонят? Если это надолго, там могут терять клиентов: смотрите, сколько ждут. Красное: в скольких никто не работает вовсе, нужны операторы.",
                ),
            ),
            [
                Query(
                    "nobody",
                    f"count(({_WAITING}) > 0 unless on (queue) ({_FREE}) > 0) or sum({_WAITING}) * 0",
                    Text("All busy", "Все заняты"),
                    now=True,
                ),
                Query(
                    "at_work",
                    f"count(({_WAITING}) > 0 unless on (queue) ({_AT_WORK}) > 0) or sum({_WAITING}) * 0",
                    Text("Nobody at work", "Никого нет"),
                    now=True,
                    steps=scales.NONE_ALLOWED,
                ),
            ],
            scales.COUNT,
            scales.NONE_WANTED,
            0,
            names=True,
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Available, chosen teams", "Свободны в группах"),
                Text(
                    "How many agents of the chosen teams could take a call this second, whatever queues are chosen? Each is counted once, however many queues it is in. 0 while calls come in: the next caller waits.",
                    "Сколько операторов выбранных групп могут принять звонок прямо сейчас, какие бы очереди ни были выбраны? Каждый сосчитан один раз, в скольких бы очередях он ни был. Если 0, следующий клиент будет ждать.",
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
                    "Which share of today's calls was answered in time, over all chosen queues, each by its own formula and threshold? Beside it how far that is from the queues' own targets, weighed by their calls: below 0 they are missed, from -10 on by far. Queues without a target are left out of it.",
                    "Какая доля сегодняшних звонков принята вовремя по всем выбранным очередям, у каждой своя формула и порог? Рядом отклонение от целей самих очередей с учётом числа звонков: ниже 0 цели не выполнены, ниже -10 совсем. Очереди без цели в нём не участвуют.",
                ),
            ),
            [
                Query(
                    "level",
                    promql.ratio(f"sum({_MET})", f"sum({_OF})"),
                    Text("In time", "Вовремя"),
                    now=True,
                ),
                Query(
                    "against",
                    promql.points(
                        promql.ratio(
                            f"sum({_MET} and {_SAME} {_TARGET}) - sum({_OF} * {_SAME} {_TARGET})",
                            f"sum({_OF} and {_SAME} {_TARGET})",
                        )
                    ),
                    Text("To target, points", "К цели, п. п."),
                    now=True,
                    unit=scales.COUNT,
                    decimals=1,
                    steps=scales.AGAINST_TARGET,
                ),
            ],
            scales.SHARE,
            decimals=0,
            names=True,
        ),
        width=3,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Abandoned, 30 min", "Потеряно, 30 мин"),
                Text(
                    "Which share of the callers of the last 30 minutes gave up waiting, those who hung up within the first seconds left out? Above 5 % look in the table which queue they left; today's share is there, too.",
                    "Какая доля клиентов за последние 30 минут не дождалась ответа, не считая положивших трубку в первые секунды? Выше 5 % смотрите в таблице, из какой очереди они ушли; там же доля за день.",
                ),
            ),
            [
                Query(
                    "abandoned",
                    promql.ratio(
                        f"{_ABANDONED} - {_SHORT}",
                        f"{_OFFERED} - {_SHORT}",
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
                    "Does anything need a person now? The number of alerts that Prometheus fires for the chosen sources and for the service, whatever queues are chosen; the dashboard Service health lists them.",
                    "Нужно ли сейчас чьё-то вмешательство? Число сработавших оповещений Prometheus о выбранных источниках и о сервисе, какие бы очереди ни были выбраны; их список на дашборде «Состояние сервиса».",
                ),
            ),
            [
                Query(
                    "alerts",
                    promql.firing('source=~"$source|"'),
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
                Text("Agents by state, chosen teams", "Операторы по состояниям, выбранные группы"),
                Text(
                    "What are the agents of the chosen teams doing now, whatever queues are chosen? Each is counted once. Many paused or in wrap-up while callers wait: those are the people to ask.",
                    "Что сейчас делают операторы выбранных групп, какие бы очереди ни были выбраны? Каждый сосчитан один раз. Если клиенты ждут, а многие на перерыве или в постобработке, начните с них.",
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
