"""The process: version, restarts, processor, memory, files, event loop."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source import palette, panels, promql, scales
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.panels import About, Line
from dashboards.grafana.source.query import Query
from dashboards.grafana.source.words import Language, Text

_J = promql.JOB
_LOOP = f"callcenter_event_loop_lag_seconds{{{_J}}}"


def fill(board: Board, language: Language) -> None:
    """Add this part."""
    board.row(Text("Process", "Процесс"))
    board.add(
        panels.figure(
            language,
            About(
                Text("Version", "Версия"),
                Text(
                    "Which version runs, on which Python? More than one: several instances, or an update in the chosen time.",
                    "Какая версия запущена и на каком Python? Несколько: запущено несколько экземпляров или было обновление.",
                ),
            ),
            [
                Query(
                    "version",
                    f"max by (version, python) (callcenter_build_info{{{_J}}})",
                    "{{version}}, Python {{python}}",
                    now=True,
                )
            ],
            scales.COUNT,
            names_only=True,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Running for", "Работает"),
                Text(
                    "How long has the process been running? Shorter than you think: it was restarted; look why in its log.",
                    "Как давно работает процесс? Меньше, чем ожидалось: был перезапуск; причина в журнале.",
                ),
            ),
            [
                Query(
                    "uptime",
                    f"time() - max(process_start_time_seconds{{{_J}}})",
                    Text("Running for", "Работает"),
                    now=True,
                )
            ],
            scales.DURATION,
            decimals=0,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Restarts", "Перезапуски"),
                Text(
                    "Was the process restarted in the chosen time? Each restart is a gap that the figures show as unknown. Not you: look for a crash or a kill for memory.",
                    "Перезапускался ли процесс за выбранное время? Каждый перезапуск виден в цифрах как «Неизвестно». Если не вы: ищите сбой или нехватку памяти.",
                ),
            ),
            [
                Query(
                    "restarts",
                    f"sum(changes(process_start_time_seconds{{{_J}}}[$__range]))",
                    Text("Restarts", "Перезапуски"),
                    now=True,
                )
            ],
            scales.COUNT,
            scales.Steps(palette.GOOD, ((1, palette.WARNING),)),
            0,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Open files", "Открытые файлы"),
                Text(
                    "How much of the limit of open files is taken? Each feed client takes one. Above 80 %: raise the limit (LimitNOFILE) before the next client is refused.",
                    "Какая доля разрешённых открытых файлов занята? Каждый клиент ленты занимает один. Выше 80 %: поднимите предел (LimitNOFILE), пока клиентам не отказано.",
                ),
            ),
            [
                Query(
                    "files",
                    f"max(process_open_fds{{{_J}}} / (process_max_fds{{{_J}}} > 0))",
                    Text("Open files", "Открытые файлы"),
                    now=True,
                )
            ],
            scales.SHARE,
            scales.above(0.8, 0.95),
            1,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Event loop lag, 99 %", "Задержка цикла событий, 99 %"),
                Text(
                    "Does the service come round in time (99 of 100)? Yellow from 0.1 s, red from 0.5 s: the processor is too busy, or something blocks the loop.",
                    "Успевает ли цикл сервиса вовремя (99 из 100)? Жёлтый с 0,1 с, красный с 0,5 с: процессор занят или что-то держит цикл.",
                ),
            ),
            [Query("loop", promql.quantile(0.99, _LOOP, "le", "5m"), Text("99 %", "99 %"), now=True)],
            scales.SECONDS,
            scales.LOOP_LAG,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.figure(
            language,
            About(
                Text("Scrape duration", "Длительность опроса"),
                Text(
                    "How long does Prometheus wait for /metrics? Above 1 s of the 5 s between two scrapes: many agents; switch off http.agent_series or scrape less often.",
                    "Сколько Prometheus ждёт ответа /metrics? Больше 1 с из 5 с между опросами: много операторов; отключите http.agent_series или опрашивайте реже.",
                ),
            ),
            [
                Query(
                    "scrape",
                    f"max(scrape_duration_seconds{{{_J}}})",
                    Text("Scrape duration", "Длительность опроса"),
                    now=True,
                )
            ],
            scales.SECONDS,
            scales.SCRAPE,
        ),
        width=4,
        height=4,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Processor", "Процессор"),
                Text(
                    "How much of one processor core does it take? It uses one: near 100 % it can't keep up. Compare with the events above.",
                    "Какую часть одного ядра занимает процесс? Он использует одно: около 100 % он не успевает. Сравните с событиями выше.",
                ),
            ),
            [
                Query(
                    "cpu",
                    f"sum by (instance) (rate(process_cpu_seconds_total{{{_J}}}[{promql.RECENT}]))",
                    "{{instance}}",
                )
            ],
            scales.SHARE,
            Line(thresholds=scales.above(0.7, 0.9)),
            0,
        ),
        width=6,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Memory", "Память"),
                Text(
                    "Does the memory grow without end? A rise over days that a restart resets is a leak: report it, with this plot.",
                    "Растёт ли память без конца? Рост днями, который сбрасывает перезапуск: утечка; сообщите о ней с этим графиком.",
                ),
            ),
            [Query("memory", f"max by (instance) (process_resident_memory_bytes{{{_J}}})", "{{instance}}")],
            scales.BYTES,
        ),
        width=6,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Event loop lag", "Задержка цикла событий"),
                Text(
                    "When did the service hesitate? Median and 99 % within 5 minutes. Peaks together with the processor: load; alone: something blocks.",
                    "Когда сервис запинался? Медиана и 99 % за 5 минут. Пики вместе с процессором: нагрузка; отдельно: что-то держит цикл.",
                ),
            ),
            [
                Query(
                    "p50", promql.quantile(0.5, _LOOP, "le", "5m"), Text("Median", "Медиана"), palette.SOFT
                ),
                Query("p99", promql.quantile(0.99, _LOOP, "le", "5m"), "99 %", palette.ANSWERED),
            ],
            scales.SECONDS,
            Line(fill=0, thresholds=scales.LOOP_LAG),
        ),
        width=6,
        height=8,
    )
    board.add(
        panels.plot(
            language,
            About(
                Text("Scrapes", "Опросы"),
                Text(
                    "Does scraping take longer and longer? It grows with the number of queues and agents; see the number of samples in Prometheus if it does.",
                    "Становится ли опрос всё дольше? Он растёт с числом очередей и операторов; если растёт, смотрите число рядов в Prometheus.",
                ),
            ),
            [Query("scrape", f"max by (instance) (scrape_duration_seconds{{{_J}}})", "{{instance}}")],
            scales.SECONDS,
            Line(fill=0, thresholds=scales.SCRAPE),
        ),
        width=6,
        height=8,
    )
