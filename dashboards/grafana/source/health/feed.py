"""Who listens to the feed, and who was dropped."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_J = promql.JOB


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Feed", "Лента"))
    board.add(
        panels.plot(
            language,
            About(
                Text("Feed clients", "Клиенты ленты"),
                Text(
                    "How many screens and scripts listen? A sudden drop to 0: the network or a proxy between them and the service.",
                    "Сколько экранов и программ слушают ленту? Внезапно 0: сеть или прокси между ними и сервисом.",
                ),
            ),
            [
                Query(
                    "clients",
                    f"sum(callcenter_feed_clients{{{_J}}})",
                    Text("Clients", "Клиенты"),
                    palette.ANSWERED,
                )
            ],
            scales.COUNT,
            decimals=0,
        ),
        width=6,
        height=7,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Messages", "Сообщения"),
                Text(
                    "Does the feed speak? Messages per second over all clients. 0 with clients connected: the service stands still; heartbeats alone make it more.",
                    "Говорит ли лента? Сообщений в секунду на всех клиентов. 0 при подключённых клиентах: сервис стоит; даже одни сигналы жизни дают больше.",
                ),
            ),
            [
                Query(
                    "messages",
                    f"sum(rate(callcenter_feed_messages_total{{{_J}}}[{promql.RECENT}]))",
                    Text("Messages", "Сообщения"),
                    palette.ANSWERED,
                )
            ],
            scales.MESSAGES_PER_SECOND,
        ),
        width=6,
        height=7,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Bytes sent", "Отправлено"),
                Text(
                    "How much network does the feed take? If it nears the uplink, fewer clients or a proxy that compresses.",
                    "Сколько сети занимает лента? Если близко к пределу канала: меньше клиентов или прокси со сжатием.",
                ),
            ),
            [
                Query(
                    "bytes",
                    f"sum(rate(callcenter_feed_sent_bytes_total{{{_J}}}[{promql.RECENT}]))",
                    Text("Bytes sent", "Отправлено"),
                    palette.ANSWERED,
                )
            ],
            scales.BYTES_PER_SECOND,
        ),
        width=6,
        height=7,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Clients dropped", "Отключённые клиенты"),
                Text(
                    "Whom did the server cut off, and why? too_slow or unresponsive: that client or its network can't keep up. One now and then is a closed laptop.",
                    "Кого отключил сервер и почему? too_slow или unresponsive: клиент или его сеть не успевает. Изредка: просто закрытый ноутбук.",
                ),
            ),
            [
                Query(
                    "dropped",
                    f"round(sum by (reason) (increase(callcenter_feed_dropped_total{{{_J}}}[{promql.RECENT}])))",
                    "{{reason}}",
                )
            ],
            scales.COUNT,
            Line(bars=True),
            0,
        ),
        width=6,
        height=7,
    )
