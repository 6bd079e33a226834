"""Run all benchmarks, or those named, and write the results into docs/benchmarks.md.

python -m benchmarks [NAME …]
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: begin (written by make bench) -->", "<!-- results: end -->"

NAMES = (
    "ingest",
    "ready_10k",
    "sip",
    "hep",
    "engine_scaling",
    "feed_latency",
    "metrics_scrape",
    "log_append",
    "alerts",
)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return str(value)


def main() -> int:
    """Run, print, and write the page when all benchmarks ran."""
    wanted = sys.argv[1:] or list(NAMES)
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    sections = []
    for name in wanted:
        module = importlib.import_module(f"benchmarks.{name}")
        summary = (module.__doc__ or name).strip().splitlines()[0]
        print(f"\n== {name}: {summary}", flush=True)
        results = module.main()
        rows = "\n".join(f"| {key.replace('_', ' ')} | {_shown(value)} |" for key, value in results.items())
        sections.append(f"### {name}\n\n{summary}\n\n| figure | value |\n|---|---|\n{rows}\n")
    if len(wanted) == len(NAMES):
        when = datetime.now(tz=UTC).strftime("%Y-%m-%d")
        machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
        page = PAGE.read_text(encoding="utf-8")
        head, _, rest = page.partition(BEGIN)
        _, _, tail = rest.partition(END)
        body = f"{BEGIN}\n\nRun on {when}: {machine}.\n\n" + "\n".join(sections) + f"\n{END}"
        PAGE.write_text(head + body + tail, encoding="utf-8")
        print(f"\nwritten to {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
