"""Whether the service is up, sees every PBX, and shows what is true and fresh."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import mappings, palette, panels, promql, scales
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_S = promql.SOURCES
_J = promql.JOB
_LAG = f"callcenter_event_lag_seconds{{{_S}}}"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Is the picture true?", "Верна ли картина?"))
    up = mappings.worded(
        language,
        {
            "1": (Text("Answers", "Отвечает"), palette.GOOD),
            "0": (Text("Does not answer", "Не отвечает"), palette.CRITICAL),
        },
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Service", "Сервис"),
                Text(
                    "Does Prometheus reach the service? If not: see that the process runs and that /metrics answers on its port; every other panel is then empty or old.",
                    "Доступен ли сервис для Prometheus? Не отвечает: проверьте, что процесс запущен и /metrics отвечает на своём порту; остальные панели тогда пусты или устарели.",
                ),
            ),
            [Query("up", f"min(up{{{_J}}})", Text("Service", "Сервис"), now=True)],
            scales.COUNT,
            scales.SOME_NEEDED,
            0,
            up,
            background=True,
        ),
        width=3,
        height=5,
    )
    seen = mappings.worded(
        language,
        {
            "1": (Text("Up", "На связи"), palette.GOOD),
            "0": (Text("Connection lost", "Связь потеряна"), palette.CRITICAL),
        },
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Sources", "Источники"),
                Text(
                    "Is every PBX connected and fully read? Lost: if its event log can't be written (beside this), that is why. Else see that the PBX runs, that the manager port is reachable and the secret right; `operator-monitor check` says what is missing.",
                    "Подключена ли и полностью ли прочитана каждая АТС? Связь потеряна: если рядом сказано, что журнал не записывается, дело в нём. Иначе проверьте АТС, порт manager и секрет; `operator-monitor check` скажет, чего не хватает.",
                ),
            ),
            [Query("up", f"min by (source) (callcenter_source_up{{{_S}}})", "{{source}}", now=True)],
            scales.COUNT,
            scales.SOME_NEEDED,
            0,
            seen,
            names=True,
            background=True,
        ),
        width=5,
        height=5,
    )
    written = mappings.worded(
        language,
        {
            "1": (Text("Written", "Записывается"), palette.GOOD),
            "0": (Text("Can't be written", "Не записывается"), palette.CRITICAL),
        },
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Event log", "Журнал событий"),
                Text(
                    "Can the service keep what it sees? If not, the disk is full or may not be written: make room, it goes on by itself. Until then the source is shown as lost, for nothing is shown that isn't kept.",
                    "Может ли сервис сохранить то, что видит? Нет: диск переполнен или закрыт для записи; освободите место, дальше он справится сам. До тех пор источник показан потерянным: не сохранённое не показывается.",
                ),
            ),
            [
                Query(
                    "writable",
                    f"min by (source) (callcenter_source_log_writable{{{_S}}})",
                    "{{source}}",
                    now=True,
                )
            ],
            scales.COUNT,
            scales.SOME_NEEDED,
            0,
            written,
            names=True,
            background=True,
        ),
        width=5,
        height=5,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Newest event", "Последнее событие"),
                Text(
                    "How long ago did the newest event happen? Minutes are normal at night. In working hours with calls on the line: the PBX stopped telling. `operator-monitor check` says whether it still may; if so, restart the service.",
                    "Как давно было последнее событие? Ночью минуты нормальны. В рабочее время, когда идут звонки: АТС перестала сообщать. `operator-monitor check` скажет, разрешено ли ей это; если да, перезапустите сервис.",
                ),
            ),
            [
                Query(
                    "age",
                    f"time() - max by (source) (callcenter_source_last_event_timestamp_seconds{{{_S}}} > 0)",
                    "{{source}}",
                    now=True,
                )
            ],
            scales.DURATION,
            scales.Steps(palette.GOOD, ((300, palette.WARNING),)),
            0,
            names=True,
        ),
        width=4,
        height=5,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Event lag, 99 %", "Задержка событий, 99 %"),
                Text(
                    "How late do events arrive (99 of 100 sooner)? Yellow from 0.5 s, red from 2 s: a slow network, a wrong clock on the PBX, or a service that can't keep up (see the event loop below).",
                    "С какой задержкой приходят события (99 из 100 раньше)? Жёлтый с 0,5 с, красный с 2 с: медленная сеть, неверные часы АТС или сервис не успевает (см. цикл событий ниже).",
                ),
            ),
            [Query("lag", promql.quantile(0.99, _LAG, "le, source", "5m"), "{{source}}", now=True)],
            scales.SECONDS,
            scales.EVENT_LAG,
            names=True,
        ),
        width=4,
        height=5,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Drift", "Расхождения"),
                Text(
                    "Was the picture ever wrong in the chosen time? Every correction by comparison with the PBX's own lists counts. More than 0: an event was lost or misread; the kinds below tell which; keep the recording for a report.",
                    "Была ли картина неверной за выбранное время? Считается каждое исправление при сверке со списками АТС. Больше 0: событие потеряно или понято неверно; виды ниже; сохраните запись для отчёта.",
                ),
            ),
            [
                Query(
                    "drift",
                    f"round(sum(increase(callcenter_corrections_total{{{_S}}}[$__range])))",
                    Text("Corrections", "Исправления"),
                    now=True,
                )
            ],
            scales.COUNT,
            scales.NONE_ALLOWED,
            0,
        ),
        width=3,
        height=5,
    )
