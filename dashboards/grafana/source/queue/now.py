"""One queue this second, and its promise."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.ONE_QUEUE
_TARGET = f"max(callcenter_queue_service_level_target{{{_Q}}})"
_WAITING = f"sum{promql.live(f'callcenter_queue_waiting{{{_Q}}}')}"
_LONGEST = f"max{promql.live(f'callcenter_queue_longest_wait_seconds{{{_Q}}}')}"
_THRESHOLD = f"max(callcenter_queue_service_level_threshold_seconds{{{_Q}}})"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Now", "Сейчас"))
    board.add(
        panels.figure(
            language,
            About(
                words.WAITING,
                Text(
                    "How many callers wait in this queue? Yellow from 3, red from 6: somebody should take calls, or the callers should be told how long it takes.",
                    "Сколько человек ждут в этой очереди? Жёлтый с 3, красный с 6: кому-то пора брать звонки или сказать клиентам, сколько ждать.",
                ),
            ),
            [Query("waiting", _WAITING, words.WAITING, now=True)],
            scales.COUNT,
            scales.WAITING,
            0,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                words.LONGEST,
                Text(
                    "How long has the first in line waited? 0 s: nobody waits. Beside it as a share of this queue's own threshold: yellow from 100 % on, red from 200 %.",
                    "Сколько ждёт первый в очереди? 0 с: никто не ждёт. Рядом доля порога этой очереди: жёлтый со 100 %, красный с 200 %.",
                ),
            ),
            [
                Query("longest", _LONGEST, Text("Wait", "Ждёт"), now=True),
                Query(
                    "share",
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
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Agents available", "Свободны"),
                Text(
                    "How many members of this queue could take the next call? 0: the next caller waits. Look at the agents by state below for whom to ask.",
                    "Сколько операторов этой очереди могут принять следующий звонок? 0: следующий клиент будет ждать. Кого позвать, видно ниже по состояниям.",
                ),
            ),
            [
                Query(
                    "available",
                    f'sum(callcenter_agents{{{_Q}, state="available"}})',
                    words.AVAILABLE,
                    now=True,
                )
            ],
            scales.COUNT,
            scales.SOME_NEEDED,
            0,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Service level today against its target", "Уровень обслуживания сегодня и его цель"),
                Text(
                    "Does this queue keep its promise today? The third number is the distance to the target in points: below zero it doesn't. No target: the last two show nothing.",
                    "Выполняет ли очередь сегодня своё обещание? Третье число: отклонение от цели в процентных пунктах; ниже нуля не выполняет. Нет цели: последних двух чисел нет.",
                ),
            ),
            [
                Query(
                    "level",
                    promql.recorded("service_level", "today"),
                    words.SERVICE_LEVEL,
                    palette.PLAIN,
                    now=True,
                ),
                Query("target", _TARGET, words.TARGET, palette.SOFT, now=True),
                Query(
                    "against",
                    promql.points(f"{promql.recorded('service_level', 'today')} - {_TARGET}"),
                    words.AGAINST_TARGET,
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
        width=8,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Threshold of the service level", "Порог уровня обслуживания"),
                Text(
                    "What does this queue promise? A wait of at most this long counts as in time (service_level.threshold in the configuration).",
                    "Что обещает эта очередь? Ожидание не дольше этого считается вовремя (service_level.threshold в конфигурации).",
                ),
            ),
            [Query("threshold", _THRESHOLD, Text("Threshold", "Порог"), now=True)],
            scales.SECONDS,
            decimals=0,
        ),
        width=4,
        height=4,
    )
