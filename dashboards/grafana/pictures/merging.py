"""Several queries in one table, as Grafana's transformations merge and organize make it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dashboards.grafana.pictures.asking import Answer, Json


def merged(panel: Json, answers: Sequence[Answer]) -> tuple[list[str], list[Json]]:
    """Do what Grafana's transformations merge and organize do."""
    rows: dict[tuple[tuple[str, str], ...], Json] = {}
    wanted: Json = next(
        (one["options"] for one in panel.get("transformations", []) if one["id"] == "organize"), {}
    )
    several = len(answers) > 1
    for answer in answers:
        column = f"Value #{answer.ref}" if several else "Value"
        for labels, points in answer.series:
            partner = next((row for row in rows.values() if _same(row, labels)), None)
            if partner is None:
                partner = rows.setdefault(tuple(sorted(labels.items())), {})
            partner |= labels
            partner[column] = points[-1][1]
    hidden = {name for name, gone in wanted.get("excludeByName", {}).items() if gone}
    found = {column for row in rows.values() for column in row} - hidden
    columns = sorted(found, key=lambda column: wanted.get("indexByName", {}).get(column, 99))
    return columns, list(rows.values())


def _same(row: Json, labels: Json) -> bool:
    common = row.keys() & labels.keys()
    return bool(common) and all(row[key] == labels[key] for key in common)


def order(value: float | str | None) -> tuple[bool, float, str]:
    """Return what to sort a column by."""
    if isinstance(value, str):
        return (True, 0.0, value.casefold())
    return (value is not None, -math.inf if value is None else value, "")
