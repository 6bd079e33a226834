"""Recordings: the domain events of a run in a file, and the state rebuilt from it.

A recording is JSON lines. The first line says how the sources were configured and what was known when it
began; each further line is one event as :func:`monitor.events.encode` writes it. The same file gives the same
state on any machine, at any speed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec
import structlog

from monitor.engine import Picture, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import Event, decode, encode

logger = structlog.get_logger(__name__)

FORMAT = 1


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


def read(path: Path) -> tuple[Header, Iterator[Event]]:
    """Return a recording's header and its events. Raises :class:`RecordingError`, also while iterating."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(path, 0, error.strerror or str(error)) from error
    first = file.readline()
    try:
        header = msgspec.json.decode(first, type=Header)
    except msgspec.MsgspecError as error:
        file.close()
        raise RecordingError(path, 1, f"this is no recording made by `run --record`: {error}") from error
    if header.operator_monitor_recording != FORMAT:
        file.close()
        found = header.operator_monitor_recording
        raise RecordingError(path, 1, f"format {found} is not known here (format {FORMAT} is)")
    return header, _events(path, file)


def _events(path: Path, file: IO[bytes]) -> Iterator[Event]:
    with file:
        for number, line in enumerate(file, start=2):
            try:
                event = decode(line)
            except msgspec.MsgspecError as error:
                if not line.endswith(b"\n"):
                    return  # the run was killed in the middle of its last line
                raise RecordingError(path, number, f"no event: {error}") from error
            yield event


def replay(path: Path, until: float | None = None) -> tuple[Picture, float]:
    """Return the state after a recording (or after its events up to ``until``, unix seconds) and its last time.

    Raises :class:`RecordingError`.
    """
    header, events = read(path)
    engines: Mapping[str, SourceEngine] = {config.source: SourceEngine(config) for config in header.sources}
    for source, entities in header.state.items():
        if source in engines:
            engines[source].restore(dict(entities))
    at = header.started
    for event in events:
        if until is not None and event.at > until:
            break
        engine = engines.get(event.source)
        if engine is None:
            raise RecordingError(
                path, 0, f"event {event.id} is of source {event.source!r}, which the header lacks"
            )
        engine.apply(event)
        at = max(at, event.at)
    return Picture(dict(engines)), at
