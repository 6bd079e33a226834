"""How waits, service level, calls and agents went over the chosen time."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import links, palette, panels, promql, scales, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_Q = promql.QUEUES
_WAITING = f"sum by (queue) {promql.live(f'callcenter_queue_waiting{{{_Q}}}')}"
_LONGEST = f"max by (queue) {promql.live(f'callcenter_queue_longest_wait_seconds{{{_Q}}}')}"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Over time", "По времени"))
    to_queue = links.to(Name.QUEUE, language, value="__field.labels.queue")
    board.add(
        panels.plot(
            language,
            About(
                words.WAITING,
                Text(
                    "When did callers pile up, and in which queue? Compare with the agents by state below: too few people, or all of them busy?",
                    "Когда и в какой очереди скапливались клиенты? Сравните с операторами по состояниям ниже: людей мало или все заняты?",
                ),
            ),
            [Query("waiting", _WAITING, "{{queue}}")],
            scales.COUNT,
            decimals=0,
            link=to_queue,
        ),
        width=12,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                words.LONGEST,
                Text(
                    "How bad was it for those who waited longest? How much is bad differs by queue: click one to see its own threshold beside its waits.",
                    "Насколько долго приходилось ждать? Сколько это слишком долго, у каждой очереди своё: щёлкните по ней, чтобы увидеть её порог рядом с ожиданием.",
                ),
            ),
            [Query("longest", _LONGEST, "{{queue}}")],
            scales.SECONDS,
            decimals=0,
            link=to_queue,
        ),
        width=12,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Service level within 30 minutes", "Уровень обслуживания за 30 минут"),
                Text(
                    "Is each queue getting better or worse? Each point is the last 30 minutes by the queue's own formula. Under its target (in the table above) for long: plan more people for that hour.",
                    "Становится лучше или хуже? Каждая точка: последние 30 минут по формуле самой очереди. Если линия надолго ниже цели очереди (она в таблице выше), планируйте на этот час больше людей.",
                ),
            ),
            [
                Query(
                    "level",
                    f"max by (queue) (queue:callcenter_service_level:ratio_30m{{{_Q}}})",
                    "{{queue}}",
                )
            ],
            scales.SHARE,
            Line(fill=0, most=1),
            0,
            to_queue,
        ),
        width=12,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Calls by outcome", "Звонки по исходам"),
                Text(
                    "How many calls came, and how did they end? A bar is 5 minutes or one step of the chosen range. A growing red part: callers give up.",
                    "Сколько звонков поступило и чем они кончились? Столбик: 5 минут или один шаг выбранного времени. Растёт красная часть: клиенты не дожидаются.",
                ),
            ),
            [
                Query(
                    ref,
                    f"round(sum(increase(callcenter_queue_calls_total{{{_Q}, {which}}}[$__interval])))",
                    title,
                    colour,
                )
                for ref, which, title, colour in (
                    ("answered", 'outcome="answered"', words.ANSWERED, palette.ANSWERED),
                    ("abandoned", 'outcome="abandoned"', words.ABANDONED, palette.ABANDONED),
                    (
                        "timed_out",
                        'outcome="timed_out"',
                        words.OUTCOMES["timed_out"],
                        palette.OUTCOMES["timed_out"],
                    ),
                    (
                        "left",
                        'outcome=~"left_empty|exited_by_key|transferred|closed"',
                        words.LEFT,
                        palette.OUTCOMES["left_empty"],
                    ),
                    ("unknown", 'outcome="unknown"', words.OUTCOMES["unknown"], palette.SOFT),
                )
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
                Text("Agents by state, chosen teams", "Операторы по состояниям, выбранные группы"),
                Text(
                    "How many people of the chosen teams were at work, and doing what, whatever queues are chosen? Each is counted once. Little green with many waiting: too few people. Much brown: too many pauses at once; for what reasons is on the wallboard.",
                    "Сколько людей из выбранных групп работало и чем они были заняты, какие бы очереди ни были выбраны? Каждый сосчитан один раз. Мало зелёного, а ждут многие: не хватает людей. Много коричневого: слишком много перерывов сразу; их причины на табло.",
                ),
            ),
            [
                Query(
                    state,
                    f'sum(callcenter_team_agents{{{promql.TEAMS}, state="{state}"}})',
                    title,
                    palette.STATES[state],
                )
                for state, title in words.STATES.items()
            ],
            scales.COUNT,
            Line(stacked=True),
            0,
        ),
        width=12,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                words.OCCUPANCY,
                Text(
                    "Are agents overloaded or idle? The share of time on duty that was work, within 30 minutes. Above 85 % for hours people tire and leave; below 50 % there are more than needed.",
                    "Перегружены операторы или простаивают? Доля рабочего времени, занятая работой, за 30 минут. Часами выше 85 %: люди устают и уходят; ниже 50 %: людей больше, чем нужно.",
                ),
            ),
            [
                Query(
                    "occupancy", f"max by (queue) (queue:callcenter_occupancy:ratio_30m{{{_Q}}})", "{{queue}}"
                )
            ],
            scales.SHARE,
            Line(fill=0, most=1),
            0,
            to_queue,
        ),
        width=12,
        height=8,
    )
