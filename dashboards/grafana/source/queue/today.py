"""One queue since the day began."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.ONE_QUEUE


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(words.TODAY)
    calls = f"callcenter_queue_today_calls{{{_Q}"
    short = f"sum(callcenter_queue_today_short_abandoned{{{_Q}}})"
    board.add(
        panels.bars(
            language,
            About(
                Text("Calls today", "Звонки за день"),
                Text(
                    "How many calls came today, and how did they end? Since the day's start in the service's time zone, whatever time range is chosen. Unknown: lost from sight in a gap, and not offered.",
                    "Сколько звонков поступило сегодня и чем они кончились? С начала дня в часовом поясе сервиса, независимо от выбранного времени. Неизвестно: потеряны из виду, пока связи с АТС не было; в поступившие не входят.",
                ),
            ),
            [
                Query(
                    "offered", f'sum({calls}, outcome!="unknown"}})', words.OFFERED, palette.SOFT, now=True
                ),
                Query(
                    "answered",
                    f'sum({calls}, outcome="answered"}})',
                    words.ANSWERED,
                    palette.ANSWERED,
                    now=True,
                ),
                Query(
                    "abandoned",
                    f'sum({calls}, outcome="abandoned"}})',
                    words.ABANDONED,
                    palette.ABANDONED,
                    now=True,
                ),
                Query("short", short, words.SHORT, palette.ABANDONED, now=True),
                Query(
                    "timed_out",
                    f'sum({calls}, outcome="timed_out"}})',
                    words.OUTCOMES["timed_out"],
                    palette.OUTCOMES["timed_out"],
                    now=True,
                ),
                Query(
                    "left",
                    f'sum({calls}, outcome="left"}})',
                    words.LEFT,
                    palette.OUTCOMES["left_empty"],
                    now=True,
                ),
                Query(
                    "unknown",
                    f'sum({calls}, outcome="unknown"}})',
                    words.OUTCOMES["unknown"],
                    palette.SOFT,
                    now=True,
                ),
            ],
            scales.COUNT,
        ),
        width=8,
        height=8,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.ABANDONED_SHARE,
                Text(
                    "Which share of today's callers gave up, short ones left out? Above 5 %: compare their waits below with the threshold; above 10 % you lose one caller in ten.",
                    "Какая доля сегодняшних клиентов не дождалась, не считая коротких? Выше 5 %: сравните их ожидание ниже с порогом; выше 10 % теряется каждый десятый.",
                ),
            ),
            [Query("abandoned", promql.recorded("abandonment", "today"), words.ABANDONED_SHARE, now=True)],
            scales.SHARE,
            scales.ABANDONED,
            1,
        ),
        width=4,
        height=8,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.OCCUPANCY,
                Text(
                    "Which share of its agents' time on duty was work today? Much above 85 %: too few people; much below 50 %: more than needed.",
                    "Какую долю рабочего времени операторы сегодня были заняты? Заметно выше 85 %: людей мало; заметно ниже 50 %: больше, чем нужно.",
                ),
            ),
            [Query("occupancy", promql.recorded("occupancy", "today"), words.OCCUPANCY, now=True)],
            scales.SHARE,
            decimals=0,
        ),
        width=4,
        height=8,
    )
    board.add(
        panels.bars(
            language,
            About(
                words.TIME_IN_STATES,
                Text(
                    "Where does the time of this queue's agents go today? Available and talking together are what callers can count on; compare them with paused and wrap-up.",
                    "На что уходит сегодня время операторов этой очереди? Клиентам служат свободные и разговаривающие; сравните с перерывами и постобработкой.",
                ),
            ),
            [
                Query(
                    state,
                    promql.ratio(
                        f'sum(callcenter_queue_today_agent_seconds{{{_Q}, state="{state}"}})',
                        f"sum(callcenter_queue_today_agent_seconds{{{_Q}}})",
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
        height=8,
    )
