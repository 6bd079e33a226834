"""What asks for a person now, and whether it reaches one."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import mappings, palette, panels, promql, scales, tables, words
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.tables import Column, Sorting
from dashboards.grafana.source.words import Language, Text

_J = promql.JOB
_CONFIGURED_NONE = Text("None configured", "Не настроены")
_NO_WEBHOOKS = Text("No webhooks configured", "Вебхуки не настроены")
# As numbers, so that the worst is on top.
_RANKS = {"critical": 3, "warning": 2, "info": 1}


def _ranked(severity: str, rank: int) -> str:
    fires = promql.fires(f'severity="{severity}"')
    return f"max by (alertname, source, queue) ({fires}) * {rank}"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(words.ALERTS_TITLE)
    board.add(
        panels.figure(
            language,
            About(
                Text("Alerts of Prometheus", "Оповещения Prometheus"),
                Text(
                    "What asks for a person now, by the rules in Prometheus? More than 0: the table says which, and for what. No data: Prometheus has not loaded dashboards/prometheus/alerts.yml.",
                    "Что требует вмешательства по правилам в Prometheus? Больше 0: какие и о чём, скажет таблица. Нет данных: Prometheus не загрузил dashboards/prometheus/alerts.yml.",
                ),
            ),
            [Query("prometheus", promql.firing(), words.ALERTS_TITLE, now=True)],
            scales.COUNT,
            scales.NONE_WANTED,
            0,
        ),
        width=3,
        height=8,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Alerts of the service", "Оповещения сервиса"),
                Text(
                    "What asks for a person now, by the service's own rules (alerts.rules in the configuration)? More than 0: the wallboard and the API tell which.",
                    "Что требует вмешательства по собственным правилам сервиса (alerts.rules в конфигурации)? Больше 0: какие, скажут табло и API.",
                ),
            ),
            [Query("service", f"sum(callcenter_alerts_firing{{{_J}}})", words.ALERTS_TITLE, now=True)],
            scales.COUNT,
            scales.NONE_WANTED,
            0,
            nothing=_CONFIGURED_NONE,
        ),
        width=3,
        height=8,
    )
    severity = Text("Severity", "Важность")
    board.add(
        tables.listing(
            language,
            About(
                Text("What fires", "Что сработало"),
                Text(
                    "Which alerts of Prometheus fire now, how severe, for which source and queue? Begin with the critical, which are on top. An empty table: none.",
                    "Какие оповещения Prometheus сработали, насколько серьёзные, по какому источнику и очереди? Начните с критичных, они сверху. Пустая таблица: ни одного.",
                ),
            ),
            [
                Query(
                    "firing",
                    " or ".join(_ranked(name, rank) for name, rank in _RANKS.items()),
                    now=True,
                )
            ],
            [
                Column(
                    "alertname",
                    Text("Alert", "Оповещение"),
                    mappings=mappings.worded(
                        language, {name: (text, None) for name, text in words.ALERTS.items()}
                    ),
                ),
                Column(
                    "Value",
                    severity,
                    mappings=mappings.worded(
                        language,
                        {
                            str(rank): (words.SEVERITIES[name], palette.SEVERITIES[name])
                            for name, rank in _RANKS.items()
                        },
                    ),
                ),
                Column("source", words.SOURCE),
                Column("queue", words.QUEUE),
            ],
            Sorting(severity),
            nothing=Text("No alert fires", "Оповещений нет"),
        ),
        width=18,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Webhook deliveries", "Доставки вебхуков"),
                Text(
                    "Do alerts of the service reach the systems behind the webhooks? Failed (a try) or dropped (given up) above 0: see that the receiver answers; the service's log names the webhook.",
                    "Доходят ли оповещения сервиса до систем за вебхуками? Ошибки (попытка) или отброшенные (больше не пытаемся) выше 0: проверьте, отвечает ли получатель; вебхук назван в журнале сервиса.",
                ),
            ),
            [
                Query(
                    result,
                    f'round(sum(increase(callcenter_webhook_deliveries_total{{{_J}, result="{result}"}}[{promql.RECENT}])))',
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
            nothing=_NO_WEBHOOKS,
        ),
        width=8,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Webhook delivery time", "Время доставки вебхуков"),
                Text(
                    "How long until a receiver knows? From the moment when somebody is to be told to the delivery, 99 of 100 sooner, within 30 minutes. Minutes: the receiver is slow or was away.",
                    "Через сколько получатель узнаёт? От момента, когда нужно сообщить, до доставки, 99 из 100 раньше, за 30 минут. Минуты: получатель отвечает медленно или был недоступен.",
                ),
            ),
            [
                Query(
                    "delivery",
                    promql.quantile(0.99, f"callcenter_webhook_delivery_seconds{{{_J}}}", "le, webhook"),
                    "{{webhook}}",
                )
            ],
            scales.SECONDS,
            nothing=_NO_WEBHOOKS,
        ),
        width=8,
        height=8,
    )
    for ref, metric, title, question, steps in (
        (
            "pending",
            "callcenter_webhook_pending",
            Text("Webhooks: pending", "Вебхуки: ждут доставки"),
            Text(
                "How many notifications are not delivered yet? It grows: the receiver is away, and will get them when it is back.",
                "Сколько уведомлений ещё не доставлено? Растёт: получатель недоступен и получит их, когда вернётся.",
            ),
            scales.PLAIN,
        ),
        (
            "dead",
            "callcenter_webhook_dead_letters",
            Text("Webhooks: given up", "Вебхуки: не доставлены"),
            Text(
                "How many notifications were given up and wait for somebody to send them again? More than 0: mend the receiver, then send them again (docs/alerts.md).",
                "Сколько уведомлений больше не пытаются доставить и ждут повторной отправки вручную? Больше 0: почините получателя и отправьте их снова (docs/alerts.md).",
            ),
            scales.NONE_WANTED,
        ),
    ):
        board.add(
            panels.figure(
                language,
                About(title, question),
                [Query(ref, f"sum by (webhook) ({metric}{{{_J}}})", "{{webhook}}", now=True)],
                scales.COUNT,
                steps,
                0,
                names=True,
                nothing=_NO_WEBHOOKS,
            ),
            width=4,
            height=8,
        )
