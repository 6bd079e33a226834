"""How commands speak: what they found, what went wrong, and nothing that could steer the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from adapters.contract import Finding
from monitor.settings import Settings, SettingsError, load_settings

WELL, NOT_WELL, MISUSED = 0, 1, 2
"""Exit codes."""

_CONTROL = {
    code: f"\\u{code:04x}"
    for code in (
        *(code for code in range(0x20) if code not in (0x09, 0x0A)),
        *range(0x7F, 0xA0),
        *(0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    )
}
"""What steers terminals, or the direction of text. Names and reasons come from a PBX, which has them from strangers."""

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


def printable(text: str) -> str:
    """Return a text without what steers terminals."""
    return text.translate(_CONTROL)


def settings_of(path: Path) -> Settings:
    """Return the settings of a file, or say what is wrong with it and end."""
    try:
        return load_settings(path)
    except SettingsError as error:
        fail(str(error))
