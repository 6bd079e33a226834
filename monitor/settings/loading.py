"""The configuration file, read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.settings.document import MAX_BYTES, Document, parse
from monitor.settings.errors import Place, Problem, SettingsError
from monitor.settings.model import Settings


def load_settings(path: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a file with ``OPERATOR_MONITOR_…`` variables laid over it.

    ``environ`` is the process's own unless given. Raises :class:`SettingsError` with every mistake.
    """
    return Settings.from_document(_read(path), environ, path.absolute().parent)


def _read(path: Path) -> Document:
    origin = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _error(
            origin, "there is no such file; docs/configuration.md has an example to begin with"
        ) from None
    except OSError as error:
        raise _error(origin, f"can't be read: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise _error(origin, f"is larger than {MAX_BYTES >> 20} MiB")
    try:
        return parse(data.decode("utf-8-sig"), origin)
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(origin, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        raise SettingsError([Problem(place, (), "is not UTF-8 here: save the file as UTF-8")]) from error


def _error(origin: str, text: str) -> SettingsError:
    return SettingsError([Problem(Place(origin), (), text)])
