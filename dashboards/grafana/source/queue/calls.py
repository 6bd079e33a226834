"""When calls came to one queue, how they ended, and whether it kept its promise."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.ONE_QUEUE
_TARGET = f"max(callcenter_queue_service_level_target{{{_Q}}})"
_WAITING = f"sum{promql.live(f'callcenter_queue_waiting{{{_Q}}}')}"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Calls", "Звонки"))
    board.add(
        panels.plot(
            language,
            About(
                Text("Calls by outcome", "Звонки по исходам"),
                Text(
                    "When did calls come, and how exactly did they end? A bar is 5 minutes or one step of the chosen range. No agents in the queue or queue closed in working hours: the queue is set up wrongly or nobody signed on.",
                    "Когда поступали звонки и чем именно кончились? Столбик: 5 минут или один шаг выбранного времени. Нет операторов или очередь закрыта в рабочее время: ошибка настройки или никто не вышел на смену.",
                ),
            ),
            [
                Query(
                    outcome,
                    f'round(sum(increase(callcenter_queue_calls_total{{{_Q}, outcome="{outcome}"}}[$__interval])))',
                    title,
                    palette.OUTCOMES[outcome],
                )
                for outcome, title in words.OUTCOMES.items()
            ],
            scales.COUNT,
            Line(stacked=True, bars=True, step="5m"),
            0,
        ),
        width=12,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Callers waiting and agents available", "Ждут в очереди и свободны"),
                Text(
                    "Did callers wait because nobody was free? Waiting above zero with nobody available: too few people. Waiting with people available: look at ringing and missed calls.",
                    "Ждали ли клиенты потому, что свободных не было? Ждут, а свободных нет: людей мало. Ждут при свободных: смотрите вызовы и пропущенные звонки.",
                ),
            ),
            [
                Query("waiting", _WAITING, words.WAITING, palette.WAITING),
                Query(
                    "available",
                    f'sum(callcenter_agents{{{_Q}, state="available"}})',
                    Text("Agents available", "Свободны"),
                    palette.GOOD,
                ),
            ],
            scales.COUNT,
            decimals=0,
        ),
        width=12,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                words.SERVICE_LEVEL,
                Text(
                    "Is the service level holding? The grey line reacts within 5 minutes, the blue one within 30; dashed is the target.",
                    "Держится ли уровень обслуживания? Серая линия за 5 минут, синяя за 30; пунктиром цель.",
                ),
            ),
            [
                Query("level5", promql.recorded("service_level", "5m"), Text("5 min", "5 мин"), palette.SOFT),
                Query(
                    "level30",
                    promql.recorded("service_level", "30m"),
                    Text("30 min", "30 мин"),
                    palette.ANSWERED,
                ),
                Query("target", _TARGET, words.TARGET, palette.WARNING, dashed=True),
            ],
            scales.SHARE,
            Line(fill=0, most=1),
            0,
        ),
        width=12,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                words.ABANDONED_SHARE,
                Text(
                    "When do callers give up? The dashed lines are 5 % and 10 %. If it rises before the waits do, look at the announcements; if with them, at the number of agents.",
                    "Когда клиенты перестают ждать? Пунктиром 5 % и 10 %. Если доля растёт раньше ожидания, проверьте объявления; если вместе с ним, число операторов.",
                ),
            ),
            [
                Query(
                    "abandoned5", promql.recorded("abandonment", "5m"), Text("5 min", "5 мин"), palette.SOFT
                ),
                Query(
                    "abandoned30",
                    promql.recorded("abandonment", "30m"),
                    Text("30 min", "30 мин"),
                    palette.ABANDONED,
                ),
            ],
            scales.SHARE,
            Line(fill=0, thresholds=scales.ABANDONED),
            1,
        ),
        width=12,
        height=8,
    )
    offered = f'callcenter_queue_calls_total{{{_Q}, outcome!="unknown"}}[$__interval]'
    board.add(
        panels.plot(
            language,
            About(
                Text("Calls offered, and a week ago", "Поступило звонков сейчас и неделю назад"),
                Text(
                    "Is this an ordinary day? Calls that came, and those of the same hour a week ago, by quarters of an hour or steps of the chosen range. Far above the dashed line: more people are needed than were planned from it. No dashed line: Prometheus has no week of history yet.",
                    "Обычный ли это день? Поступившие звонки и те, что были в тот же час неделю назад, по четвертям часа или шагам выбранного времени. Намного выше пунктира: людей нужно больше, чем запланировано. Пунктира нет: у Prometheus ещё нет недели истории.",
                ),
            ),
            [
                Query("offered", f"round(sum(increase({offered})))", words.OFFERED, palette.ANSWERED),
                Query(
                    "week_ago",
                    f"round(sum(increase({offered} offset 1w)))",
                    Text("A week ago", "Неделю назад"),
                    palette.WARNING,
                    dashed=True,
                ),
            ],
            scales.COUNT,
            Line(fill=0, step="15m"),
            0,
        ),
        width=24,
        height=8,
    )
