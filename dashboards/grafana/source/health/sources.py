"""What each PBX tells, how late, and what did not fit."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_S = promql.SOURCES
_LAG = f"callcenter_event_lag_seconds{{{_S}}}"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Sources", "Источники"))
    board.add(
        panels.plot(
            language,
            About(
                Text("Events", "События"),
                Text(
                    "How much does each PBX tell? A line that drops to 0 while calls go on: the connection hangs. A jump without more calls: something on the PBX loops.",
                    "Сколько сообщает каждая АТС? Линия упала до 0, а звонки идут: соединение зависло. Скачок без роста звонков: на АТС что-то зациклилось.",
                ),
            ),
            [
                Query(
                    "events",
                    f"sum by (source) (rate(callcenter_source_events_total{{{_S}}}[{promql.RECENT}]))",
                    "{{source}}",
                )
            ],
            scales.EVENTS_PER_SECOND,
        ),
        width=8,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Event lag", "Задержка событий"),
                Text(
                    "Since when do events arrive late? Median and 99 % per source within 5 minutes. A steady offset is a clock, a growing one a jam.",
                    "С каких пор события опаздывают? Медиана и 99 % по источникам за 5 минут. Постоянный сдвиг: часы; растущий: затор.",
                ),
            ),
            [
                Query(
                    "p50",
                    promql.quantile(0.5, _LAG, "le, source", "5m"),
                    Text("{{source}}, median", "{{source}}, медиана"),
                ),
                Query("p99", promql.quantile(0.99, _LAG, "le, source", "5m"), "{{source}}, 99 %"),
            ],
            scales.SECONDS,
            Line(fill=0, thresholds=scales.EVENT_LAG),
        ),
        width=8,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Corrections and oddities", "Исправления и странности"),
                Text(
                    "What did not fit, and when? Corrections: the picture was wrong; they belong at 0. Unexpected: an event that did not fit what was known, applied all the same. Skipped: malformed, thrown away. A few of these two may be harmless, for instance after a restart of the PBX; a steady stream is worth a report, with a recording.",
                    "Что не сошлось и когда? Исправления: картина была неверной. Неожиданные: событие не подошло к известному, но применено. Пропущенные: испорчены и отброшены. Исправлений быть не должно; немного остальных бывает безобидно, например после перезапуска АТС. Если они идут постоянно, сообщите о них, приложив запись.",
                ),
            ),
            [
                Query(
                    "corrections",
                    f"round(sum by (source, kind) (increase(callcenter_corrections_total{{{_S}}}[{promql.RECENT}]))) > 0",
                    Text("Correction {{kind}}, {{source}}", "Исправление {{kind}}, {{source}}"),
                ),
                Query(
                    "unexpected",
                    f"round(sum by (source, kind) (increase(callcenter_source_unexpected_total{{{_S}}}[{promql.RECENT}]))) > 0",
                    Text("Unexpected {{kind}}, {{source}}", "Неожиданное {{kind}}, {{source}}"),
                ),
                Query(
                    "skipped",
                    f"round(sum by (source, kind) (increase(callcenter_source_skipped_total{{{_S}}}[{promql.RECENT}]))) > 0",
                    Text("Skipped {{kind}}, {{source}}", "Пропущено {{kind}}, {{source}}"),
                ),
                Query(
                    "none",
                    f"count(callcenter_source_up{{{_S}}}) * 0",
                    Text("None", "Нет"),
                    palette.SOFT,
                ),
            ],
            scales.COUNT,
            Line(bars=True),
            0,
        ),
        width=8,
        height=8,
    )
