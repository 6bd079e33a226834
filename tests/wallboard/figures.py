"""What was measured, kept for people: told at the end of a run, and quoted in docs/benchmarks.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


class Figures:
    """A file of figures by name; each run replaces those that it measured."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.measured: dict[str, dict[str, float]] = {}

    def record(self, name: str, values: Mapping[str, float]) -> None:
        """Keep some figures that belong together."""
        self.measured[name] = dict(values)
        known = json.loads(self.file.read_text(encoding="utf-8")) if self.file.is_file() else {}
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(json.dumps(known | self.measured, indent=2) + "\n", encoding="utf-8")

    def lines(self) -> list[str]:
        """Return what this run measured, one figure per line."""
        return [
            f"{name}: {key.replace('_', ' ')} {value:,.4g}"
            for name, values in self.measured.items()
            for key, value in values.items()
        ]
