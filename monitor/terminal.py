"""How commands speak: what they found, what went wrong, and nothing that could steer the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from adapters.contract import Finding
from monitor.printable import printable
from monitor.settings import Settings, SettingsError, load_settings

__all__ = [
    "MISUSED",
    "NOT_WELL",
    "WELL",
    "ConfigOption",
    "fail",
    "printable",
    "say",
    "settings_of",
]

WELL, NOT_WELL, MISUSED = 0, 1, 2
"""Exit codes."""

ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", help="The configuration file (YAML or JSON); see docs/configuration.md."),
]

SIGNS = {"ok": ("✓", "green"), "hint": ("·", "blue"), "warning": ("!", "yellow"), "error": ("✗", "red")}


def say(finding: Finding) -> None:
    """Print what was found, and what to do about it."""
    sign, colour = SIGNS[finding.level]
    typer.secho(printable(f"  {sign} {finding.subject}: {finding.message}"), fg=colour)
    if finding.remedy:
        for line in printable(finding.remedy).splitlines():
            typer.echo(f"      {line}")


def fail(message: str, code: int = MISUSED) -> NoReturn:
    """Print what is wrong and end."""
    typer.secho(printable(message), fg="red", err=True)
    raise typer.Exit(code)


def settings_of(path: Path) -> Settings:
    """Return the settings of a file, or say what is wrong with it and end."""
    try:
        return load_settings(path)
    except SettingsError as error:
        fail(str(error))
