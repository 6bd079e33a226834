"""The tables of docs/metrics.md, made from the families themselves: ``python -m monitor.metrics.reference``."""

from __future__ import annotations

from pathlib import Path

from monitor.engine import Picture
from monitor.engine.histogram import Histogram
from monitor.metrics.alerts import WebhookFigures
from monitor.metrics.families import Families
from monitor.metrics.family import Family
from monitor.metrics.ingest import IngestMetrics
from monitor.metrics.loop_lag import LoopLag

BEGIN, END = "<!-- metrics: begin (written by make docs) -->", "<!-- metrics: end -->"


class _NoAlerts:
    delivery: dict[str, Histogram] = {}  # noqa: RUF012 - nobody writes into it

    def firing(self) -> dict[tuple[str, str], int]:
        return {}

    deliveries = firing

    def webhooks(self) -> list[WebhookFigures]:
        return []


class _NoFeed:
    clients = messages_sent = bytes_sent = 0
    dropped: dict[str, int] = {}  # noqa: RUF012 - nobody writes into it


def tables() -> str:
    """Return a table of metrics under each heading."""
    families = Families(
        Picture({}), IngestMetrics(), _NoFeed(), LoopLag(), _NoAlerts(), now=lambda: 0.0, version=""
    )
    return "\n\n".join(
        f"### {heading}\n\n| metric | type | meaning | for example |\n|---|---|---|---|\n"
        + "\n".join(map(_row, group))
        for heading, group in families.groups().items()
    )


def with_tables(page: str) -> str:
    """Return the page with its tables made anew. ``ValueError`` if it has no place for them."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{tables()}\n\n{END}{tail}"


def _row(family: Family) -> str:
    labels = f"{{{','.join(family.labels)}}}" if family.labels else ""
    kind = "gauge" if family.type == "info" else family.type
    example = f"`{family.example}`" if family.example else ""
    return f"| `{family.series}{labels}` | {kind} | {family.help} | {example} |".replace("  ", " ")


if __name__ == "__main__":
    path = Path("docs/metrics.md")
    path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
