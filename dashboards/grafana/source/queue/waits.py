"""How long callers of one queue waited, and how long their calls took."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.ONE_QUEUE
_WAITS = f"callcenter_queue_wait_seconds{{{_Q}}}"
_THRESHOLD = f"max(callcenter_queue_service_level_threshold_seconds{{{_Q}}})"

_HANDLE = promql.ratio(
    " + ".join(
        f"sum(increase(callcenter_{part}_seconds_sum{{{_Q}}}[30m]))" for part in ("talk", "hold", "wrap_up")
    ),
    f"sum(increase(callcenter_talk_seconds_count{{{_Q}}}[30m]))",
)


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Waits and handling", "Ожидание и обработка"))
    board.add(
        panels.spread(
            language,
            About(
                Text("Waits of answered calls", "Ожидание до ответа"),
                Text(
                    "How are the waits spread? The stronger the colour of a cell, the more calls waited that long. A second strong band high up: some callers are served far later than the average tells.",
                    "Как распределено ожидание? Чем ярче клетка, тем больше звонков ждали столько. Вторая яркая полоса наверху: часть клиентов ждёт гораздо дольше среднего.",
                ),
            ),
            _WAITS.replace("{", "_bucket{", 1),
            "5m",
        ),
        width=12,
        height=9,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Waits within 30 minutes", "Ожидание за 30 минут"),
                Text(
                    "How long did a typical caller wait (median), and the unlucky tenth (90 %)? Dashed is the threshold of the service level. Estimated from a histogram, so to the width of a step of it.",
                    "Сколько ждал обычный клиент (медиана) и сколько самые невезучие 10 %? Пунктиром порог уровня обслуживания. Оценка по гистограмме, с точностью до её шага.",
                ),
            ),
            [
                Query("median", promql.quantile(0.5, _WAITS), Text("Median", "Медиана"), palette.ANSWERED),
                Query(
                    "p90",
                    promql.quantile(0.9, _WAITS),
                    Text("90 % waited less", "90 % ждали меньше"),
                    palette.WAITING,
                ),
                Query("average", promql.average(_WAITS, "30m"), words.AVERAGE_WAIT, palette.SOFT),
                Query(
                    "gave_up",
                    promql.quantile(0.5, f"callcenter_queue_abandon_wait_seconds{{{_Q}}}"),
                    Text("Gave up after, median", "Не дождались, медиана"),
                    palette.ABANDONED,
                ),
                Query("threshold", _THRESHOLD, Text("Threshold", "Порог"), palette.WARNING, dashed=True),
            ],
            scales.SECONDS,
            Line(fill=0),
            0,
        ),
        width=12,
        height=9,
    )
    board.add(
        panels.spread(
            language,
            About(
                Text("Waits of abandoned calls", "Ожидание потерянных звонков"),
                Text(
                    "How long do callers hold out before they give up? That is the patience that you can plan with; below 5 s it was a wrong number or second thoughts.",
                    "Сколько клиенты готовы ждать? На это терпение можно рассчитывать; меньше 5 с: ошиблись номером или передумали.",
                ),
            ),
            f"callcenter_queue_abandon_wait_seconds_bucket{{{_Q}}}",
            "5m",
        ),
        width=12,
        height=9,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Handle time within 30 minutes", "Время обработки за 30 минут"),
                Text(
                    "Do calls take longer than they did? The handle time of a call is its talk, hold and wrap-up. Longer talks with the same number of agents make everybody wait; a longer wrap-up is often a slow program.",
                    "Стали ли звонки дольше? Время обработки звонка: разговор, удержание и постобработка. Более долгие разговоры при том же числе операторов удлиняют ожидание; долгая постобработка часто означает медленную программу.",
                ),
            ),
            [
                Query(
                    "handle", _HANDLE, Text("Handle time, average", "Среднее время обработки"), palette.GOOD
                ),
                Query(
                    "talk",
                    promql.average(f"callcenter_talk_seconds{{{_Q}}}", "30m"),
                    Text("Talk time, average", "Средний разговор"),
                    palette.STATES["talking"],
                ),
                Query(
                    "talk90",
                    promql.quantile(0.9, f"callcenter_talk_seconds{{{_Q}}}"),
                    Text("Talk, 90 % were shorter", "Разговор, 90 % короче"),
                    palette.ANSWERED,
                ),
                Query(
                    "hold",
                    promql.average(f"callcenter_hold_seconds{{{_Q}}}", "30m"),
                    Text("Hold, average", "Среднее удержание"),
                    palette.STATES["on_hold"],
                ),
                Query(
                    "wrap_up",
                    promql.average(f"callcenter_wrap_up_seconds{{{_Q}}}", "30m"),
                    Text("Wrap-up, average", "Средняя постобработка"),
                    palette.STATES["wrap_up"],
                ),
            ],
            scales.SECONDS,
            Line(fill=0),
            0,
        ),
        width=12,
        height=9,
    )
