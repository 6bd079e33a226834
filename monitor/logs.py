"""How the service logs: structured events on standard error, readable on a terminal and JSON elsewhere.

Everything goes one way: our own events (structlog) and those of libraries (:mod:`logging`) pass the same
redaction and come out in the same form. Secrets never get out, whoever logs them: values under keys that name
secrets, ``user:password@`` in addresses, and bearer tokens are replaced; tracebacks show no variables.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from monitor.settings.secrets import HIDDEN, is_secret, without_credentials
from monitor.settings.sections import LogSettings

NOISY = ("aiohttp.access", "asyncio", "websockets")
"""Loggers that tell every request or connection at ``info``."""
MAX_DEPTH = 6

_CREDENTIALS = re.compile(r"\b(bearer|authorization: *basic)\s+[^\s'\",]+", re.IGNORECASE)
_STEERING = (*range(0x7F, 0xA0), 0x2028, 0x2029)
"""Terminals obey the first ones, and some readers of lines end a line at the others."""
_CONTROL = {code: f"\\u{code:04x}" for code in (*range(0x20), *_STEERING) if code not in (0x09, 0x0A)}


def configure_logs(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set up logging for the process; a second call replaces the first.

    ``stream`` is standard error unless given.
    """
    stream = sys.stderr if stream is None else stream
    level = getattr(logging, settings.level.upper())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # loggers made at import obey a later configuration too
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _without_traces_of_formatting],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                *_renderers(settings.format, stream),
            ],
        )
    )
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace secrets anywhere in the event: by key, and by form inside texts. A structlog processor."""
    return {key: HIDDEN if is_secret(key) else _redacted(value, MAX_DEPTH) for key, value in event.items()}


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second configuration finds and replaces it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Drop what can't be written: a closed standard error must not end the service."""


def _renderers(form: str, stream: TextIO) -> list[Processor]:
    if form == "console" or (form == "auto" and stream.isatty()):
        # Plain tracebacks: the pretty ones show local variables, and those hold secrets.
        return [
            _printable,
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    return [structlog.processors.JSONRenderer(_json)]


def _json(event: EventDict, **options: Any) -> str:
    return json.dumps(event, ensure_ascii=False, **options).translate(_CONTROL)


def _without_traces_of_formatting(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what other handlers left in a library's record when they formatted it."""
    return {key: value for key, value in event.items() if key not in ("message", "asctime")}


def _redacted(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _CREDENTIALS.sub(rf"\1 {HIDDEN}", without_credentials(value))
    if isinstance(value, Mapping):
        if depth == 0:
            return "…"
        return {
            key: HIDDEN if isinstance(key, str) and is_secret(key) else _redacted(item, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return "…" if depth == 0 else [_redacted(item, depth - 1) for item in value]
    return value


def _printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape control characters: a caller's name must not steer a terminal."""
    return {
        key: value.translate(_CONTROL) if isinstance(value, str) else value for key, value in event.items()
    }
