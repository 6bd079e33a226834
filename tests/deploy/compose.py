"""docker-compose.yml as compose reads it: variables filled in, merges resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<more>[^}]*))?\}")

OURS = "operator-monitor:local"


class Refused(ValueError):
    """A variable that must be there isn't."""


def variables(text: str = TEXT) -> set[str]:
    return {match["name"] for match in _VARIABLE.finditer(text) if match["name"]}


def interpolated(environ: Mapping[str, str], text: str = TEXT) -> str:
    """Return the text with its variables filled in; raises :class:`Refused` with what the file says is missing."""

    def value(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "$"
        said = environ.get(match["name"], "")
        if said or match["how"] is None:
            return said
        if match["how"] == ":?":
            raise Refused(match["more"])
        return match["more"]

    return _VARIABLE.sub(value, text)


def read(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the whole file; by default with the secrets where deploy/make-secrets puts them."""
    found = yaml.safe_load(interpolated({"SECRETS_DIR": "./deploy/secrets"} if environ is None else environ))
    assert isinstance(found, dict)
    return found


def mounts(service: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """Return a service's mounts: the place in the container, what is mounted there and whether it can be written."""
    found = {}
    for volume in service.get("volumes", []):
        source, target, *mode = volume.split(":")
        found[target] = (source, mode != ["ro"])
    return found


def health(service: Mapping[str, Any]) -> list[str] | None:
    """Return the command of a service's health check; our image brings one along (Dockerfile)."""
    if "healthcheck" in service:
        kind, *command = service["healthcheck"]["test"]
        return ["/bin/sh", "-c", *command] if kind == "CMD-SHELL" else command
    if service["image"] == OURS:
        match = re.search(r"^HEALTHCHECK [^\n]*\\\n +CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
        assert match is not None
        found: list[str] = yaml.safe_load(match[1])
        return found
    return None


DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
