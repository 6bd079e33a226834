"""What asks for a person now, and whether it reaches one."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import mappings, palette, panels, promql, scales, tables, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.tables import Column, Sorting
from dashboards.grafana.source.words import Language, Text

_J = promql.JOB
_FIRING = 'ALERTS{alertname=~"Callcenter.+", alertstate="firing"}'


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(words.ALERTS_TITLE)
    board.add(
        panels.figure(
            language,
            About(
                Text("Alerts firing", "Сработавшие оповещения"),
                Text(
                    "What asks for a person now? Prometheus: its alert rules; service: the service's own, from the version on that has them. More than 0: the table says which, since when, for what.",
                    "Что требует вмешательства? Prometheus: его правила; сервис: собственные оповещения, начиная с версии, где они есть. Больше 0: какие и о чём, скажет таблица.",
                ),
            ),
            [
                Query(
                    "prometheus", f"count({_FIRING}) or vector(0)", Text("Prometheus", "Prometheus"), now=True
                ),
                Query(
                    "service",
                    f"sum(callcenter_alerts_firing{{{_J}}}) or vector(0)",
                    Text("Service", "Сервис"),
                    now=True,
                ),
            ],
            scales.COUNT,
            scales.NONE_WANTED,
            0,
            names=True,
        ),
        width=6,
        height=8,
    )
    board.add(
        tables.listing(
            language,
            About(
                Text("What fires", "Что сработало"),
                Text(
                    "Which alerts fire now, how severe, for which source and queue? Begin with the critical. An empty table: none.",
                    "Какие оповещения сработали, насколько серьёзные, по какому источнику и очереди? Начните с критичных. Пустая таблица: ни одного.",
                ),
            ),
            [Query("firing", f"max by (alertname, severity, source, queue) ({_FIRING})", now=True)],
            [
                Column(
                    "alertname",
                    Text("Alert", "Оповещение"),
                    mappings=mappings.worded(
                        language, {name: (text, None) for name, text in words.ALERTS.items()}
                    ),
                ),
                Column(
                    "severity",
                    Text("Severity", "Важность"),
                    mappings=mappings.worded(
                        language,
                        {name: (text, palette.SEVERITIES[name]) for name, text in words.SEVERITIES.items()},
                    ),
                ),
                Column("source", words.SOURCE),
                Column("queue", words.QUEUE),
            ],
            Sorting(Text("Severity", "Важность"), descending=False),
            nothing=Text("No alert fires", "Оповещений нет"),
        ),
        width=10,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Webhook deliveries", "Доставки вебхуков"),
                Text(
                    "Do alerts reach the systems behind the webhooks? Failed or dropped above 0: see that the receiver answers; the service's log names the webhook. Flat at 0 before the version that has webhooks.",
                    "Доходят ли оповещения до систем за вебхуками? Ошибки или отброшенные выше 0: проверьте, отвечает ли получатель; вебхук назван в журнале сервиса. До версии с вебхуками здесь 0.",
                ),
            ),
            [
                Query(
                    result,
                    f'round(sum(increase(callcenter_webhook_deliveries_total{{{_J}, result="{result}"}}[{promql.RECENT}]))) or vector(0)',
                    title,
                    colour,
                )
                for result, title, colour in (
                    ("delivered", Text("Delivered", "Доставлено"), palette.ANSWERED),
                    ("failed", Text("Failed", "Ошибки"), palette.CRITICAL),
                    ("dropped", Text("Dropped", "Отброшено"), palette.WARNING),
                )
            ],
            scales.COUNT,
            decimals=0,
        ),
        width=8,
        height=8,
    )
