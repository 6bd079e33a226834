"""A row per queue: which one needs help first."""

from dashboards.grafana.source import links, panels, promql, scales, tables, words
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.tables import Column, Sorting
from dashboards.grafana.source.words import Language, Text

_Q = promql.QUEUES
_OFFERED = f'sum by (queue) (callcenter_queue_today_calls{{{_Q}, outcome!="unknown"}})'
_FREE = f'sum by (queue) (callcenter_agents{{{_Q}, state="available"}})'
_WAITING = f"sum by (queue) {promql.live(f'callcenter_queue_waiting{{{_Q}}}')}"
_LONGEST = f"max by (queue) {promql.live(f'callcenter_queue_longest_wait_seconds{{{_Q}}}')}"


def queues(language: Language) -> panels.Panel:
    """The table, most urgent first."""
    level = "queue:callcenter_service_level:ratio_today"
    return tables.listing(
        language,
        About(
            Text("Queues", "Очереди"),
            Text(
                "Which queue needs help first? The one with the longest wait is on top; its colour is that of its share of the queue's own threshold. Click a queue to see it in depth. A dash: nothing to divide by yet, or no target.",
                "Какой очереди помочь первой? Сверху та, где ждут дольше всех; цветом показана доля порога самой очереди. Щёлкните по очереди, чтобы увидеть её подробно. Тире: делить пока не на что или цели нет.",
            ),
        ),
        [
            Query("info", f"max by (queue, name, source) (callcenter_queue_info{{{_Q}}})", now=True),
            Query("waiting", _WAITING, now=True),
            Query("longest", _LONGEST, now=True),
            Query("threshold", f"max by (queue) ({promql.of_threshold(_Q)})", now=True),
            Query("available", _FREE, now=True),
            Query(
                "level30",
                f"max by (queue) (queue:callcenter_service_level:ratio_30m{{{_Q}}})",
                now=True,
            ),
            Query("level", f"max by (queue) ({level}{{{_Q}}})", now=True),
            Query(
                "against",
                promql.points(
                    f"max by (queue) ({level}{{{_Q}}}) - on (queue) max by (queue) (callcenter_queue_service_level_target{{{_Q}}})"
                ),
                now=True,
            ),
            Query("offered", _OFFERED, now=True),
            Query(
                "abandoned30",
                f"max by (queue) (queue:callcenter_abandonment:ratio_30m{{{_Q}}})",
                now=True,
            ),
            Query(
                "abandoned",
                f"max by (queue) (queue:callcenter_abandonment:ratio_today{{{_Q}}})",
                now=True,
            ),
            Query(
                "occupancy",
                f"max by (queue) (queue:callcenter_occupancy:ratio_30m{{{_Q}}})",
                now=True,
            ),
        ],
        [
            Column(
                "name",
                words.QUEUE,
                link=links.to(Name.QUEUE, language, value="__data.fields.queue"),
            ),
            Column("queue", Text("Id", "Код"), width=140),
            Column("source", words.SOURCE, width=90),
            Column("Value #waiting", Text("Waiting", "Ждут"), scales.COUNT, 0, scales.WAITING),
            Column("Value #longest", words.LONGEST, scales.SECONDS, 0),
            Column("Value #threshold", words.OF_THRESHOLD, scales.SHARE, 0, scales.OF_THRESHOLD),
            Column("Value #available", Text("Agents available", "Свободны"), scales.COUNT, 0),
            Column("Value #level30", Text("In time, 30 min", "Вовремя, 30 мин"), scales.SHARE, 0),
            Column("Value #level", Text("In time, today", "Вовремя, сегодня"), scales.SHARE, 0),
            Column("Value #against", words.AGAINST_TARGET, scales.COUNT, 1, scales.AGAINST_TARGET),
            Column("Value #offered", words.OFFERED, scales.COUNT, 0),
            Column(
                "Value #abandoned30",
                Text("Abandoned, 30 min", "Потеряно, 30 мин"),
                scales.SHARE,
                1,
                scales.ABANDONED,
            ),
            Column(
                "Value #abandoned",
                Text("Abandoned, today", "Потеряно, сегодня"),
                scales.SHARE,
                1,
                scales.ABANDONED,
            ),
            Column("Value #occupancy", words.OCCUPANCY, scales.SHARE, 0),
        ],
        Sorting(words.LONGEST),
    )
