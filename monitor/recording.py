"""Recordings: the domain events of a run in a file, and the state rebuilt from it.

A recording is JSON lines. The first line says how the sources were configured and what was known when it
began; each further line is one event as :func:`monitor.events.encode` writes it. The same file gives the same
state on any machine, at any speed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
import structlog

from monitor.engine import Picture, SourceEngine, StateUnreadable
from monitor.engine.config import SourceConfig
from monitor.events import Event, decode, encode

logger = structlog.get_logger(__name__)

FORMAT = 1
LAST_INSTANT = 32_503_680_000.0
"""The year 3000, as in the engine."""
MAX_LINE_BYTES = 512 * 1024 * 1024
"""Of a recording's line; the state of ten thousand agents, which stands in the first one, takes a tenth of it."""


class RecordingError(Exception):
    """A recording can't be read. ``path``, ``line`` (from 1, 0 for the whole file) and ``why``."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")
        self.path = path
        self.line = line
        self.why = why


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a recording."""

    operator_monitor_recording: int = FORMAT
    version: str
    started: float
    sources: tuple[SourceConfig, ...]
    state: dict[str, dict[str, bytes]]
    """What each source's engine held when the recording began: :meth:`SourceEngine.restore` takes it."""


class Recorder:
    """Writes a recording; a disk that fills up ends it with one log line, never the service."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        # It holds callers' numbers: at no moment may others open it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file: IO[bytes] | None = os.fdopen(descriptor, "wb")
        self._file.write(msgspec.json.encode(header) + b"\n")

    def write(self, events: Sequence[Event]) -> None:
        """Append events."""
        if self._file is None:
            return
        try:
            self._file.write(b"".join(encode(event) + b"\n" for event in events))
            self._file.flush()
        except OSError as error:
            logger.error("recording_ended", path=str(self._path), reason=str(error))
            self._file = None

    def close(self) -> None:
        """Close the file; idempotent."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


@contextmanager
def read(path: Path) -> Iterator[tuple[Header, Iterator[Event]]]:
    """Give a recording's header and its events. Raises :class:`RecordingError`, also while they are iterated."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(path, 0, error.strerror or str(error)) from error
    with file:
        yield _header(path, file), _events(path, file)


def _header(path: Path, file: IO[bytes]) -> Header:
    first = file.readline(MAX_LINE_BYTES + 1)
    if len(first) > MAX_LINE_BYTES:
        raise RecordingError(path, 1, f"the line is longer than {MAX_LINE_BYTES >> 20} MiB")
    try:
        header = msgspec.json.decode(first, type=Header)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RecordingError(path, 1, f"this is no recording made by `run --record`: {error}") from error
    if header.operator_monitor_recording != FORMAT:
        found = header.operator_monitor_recording
        raise RecordingError(path, 1, f"format {found} is not known here (format {FORMAT} is)")
    if not 0.0 <= header.started < LAST_INSTANT:
        raise RecordingError(path, 1, f"it can't have begun at {header.started!r}")
    return header


def _events(path: Path, file: IO[bytes]) -> Iterator[Event]:
    lines = iter(lambda: file.readline(MAX_LINE_BYTES + 1), b"")
    for number, line in enumerate(lines, start=2):
        if len(line) > MAX_LINE_BYTES:
            raise RecordingError(path, number, f"the line is longer than {MAX_LINE_BYTES >> 20} MiB")
        try:
            event = decode(line)
        except (msgspec.MsgspecError, RecursionError) as error:
            if not line.endswith(b"\n"):
                return  # the run was killed in the middle of its last line
            raise RecordingError(path, number, f"no event: {error}") from error
        yield event


def replay(path: Path, until: float | None = None) -> tuple[Picture, float]:
    """Return the state after a recording (or after its events up to ``until``, unix seconds) and its last time.

    Raises :class:`RecordingError`.
    """
    with replaying(path, until) as (picture, started, steps):
        at = max((passed for _, passed in steps), default=started)
    return picture, max(at, started)


@contextmanager
def replaying(
    path: Path, until: float | None = None
) -> Iterator[tuple[Picture, float, Iterator[tuple[SourceEngine, float]]]]:
    """Give a recording's picture, the time at which it begins, and its steps.

    There is a step before each event, when its time has come, and one after it was applied; each gives whose event it is, and the
    time. Raises :class:`RecordingError`, also in the steps.
    """
    with read(path) as (header, events):
        engines = _engines(path, header)
        yield Picture(dict(engines)), header.started, _steps(path, engines, events, until)


def _steps(
    path: Path, engines: Mapping[str, SourceEngine], events: Iterator[Event], until: float | None
) -> Iterator[tuple[SourceEngine, float]]:
    for event in events:
        if until is not None and event.at > until:
            return
        engine = engines.get(event.source)
        if engine is None:
            why = f"event {event.id} is of source {event.source!r}, which the header lacks"
            raise RecordingError(path, 0, why)
        if engine.now < event.at < LAST_INSTANT:
            yield engine, event.at
        engine.apply(event)
        yield engine, engine.now  # not the event's own time: the engine takes no impossible one


def _engines(path: Path, header: Header) -> Mapping[str, SourceEngine]:
    """Return the sources' engines as they were when the recording began."""
    try:
        engines = {config.source: SourceEngine(config) for config in header.sources}
    except (ValueError, KeyError, OSError) as error:
        # a time zone that is unknown here, a day that begins never
        why = f"the configuration that it begins with can't be used: {error}"
        raise RecordingError(path, 1, why) from error
    for source, entities in header.state.items():
        if source in engines:
            try:
                engines[source].restore(dict(entities))
            except StateUnreadable as error:
                why = f"the state that it begins with can't be read at {error.key!r}: {error.why}"
                raise RecordingError(path, 1, why) from error
    return engines
