"""Draws the dashboards from what a running Prometheus answers to their queries.

    python -m dashboards.grafana.pictures http://127.0.0.1:9090 --choose agent=pbx1/anna

For the documentation, where Grafana itself is not at hand. Needs matplotlib, a development dependency.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from dashboards.grafana.pictures.asking import Answer, Dashboard, Json, Prometheus
from dashboards.grafana.pictures.drawing import (
    FAINT,
    INK,
    PANEL,
    PAPER,
    Space,
    draw,
    legend_lines,
    plain,
)
from dashboards.grafana.pictures.looks import legend

GRAFANA = Path(__file__).parents[1]
IMAGES = GRAFANA.parents[1] / "docs/images/grafana"
COLUMN, ROW, GAP, HEAD = 62, 36, 6, 44
"""Pixels of the grid's cells, between panels, and of the title."""
DPI = 100
COLOURS = 256
NOTES = {
    "en": "Drawn by matplotlib from the results of the panels' queries, not by Grafana",
    "ru": "Нарисовано matplotlib по результатам запросов панелей, не самой Grafana",
}


def _with_few_colours(image: Image.Image) -> Image.Image:
    """Return it with a palette, so that the repository doesn't grow by much.

    The most frequent of similar colours stands for all of them, so that areas and lines keep their very own.
    """
    pixels = np.asarray(image)
    colours, places, counts = np.unique(
        pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    order = np.argsort(-counts)
    _, firsts = np.unique(colours[order] // 24, axis=0, return_index=True)
    palette = colours[order[np.sort(firsts)[:COLOURS]]].astype(int)
    nearest = np.array([np.argmin(((palette - colour) ** 2).sum(axis=1)) for colour in colours.astype(int)])
    few = Image.fromarray(nearest[places.ravel()].reshape(pixels.shape[:2]).astype(np.uint8), "P")
    few.putpalette(palette.ravel().tolist())
    return few


class Picture:
    """One dashboard."""

    def __init__(
        self, dashboard: Dashboard, prometheus: Prometheus, chosen: dict[str, str], seconds: int
    ) -> None:
        self._dashboard = dashboard
        self._prometheus = prometheus
        self._chosen = chosen
        self._end = time.time() // 5 * 5
        self._seconds = seconds

    def save(self, file: Path, note: str) -> None:
        """Draw it and write the PNG."""
        panels = self._dashboard.panels
        rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
        self._width, self._height = 24 * COLUMN + 2 * GAP, rows * ROW + HEAD + GAP
        self._figure = Figure(figsize=(self._width / DPI, self._height / DPI), dpi=DPI, facecolor=PAPER)
        self._text(2 * GAP, 22, self._dashboard.model["title"], size=14, colour=INK, weight="bold")
        self._text(self._width - 2 * GAP, 22, note, size=8, colour=FAINT, ha="right")
        for panel in panels:
            self._panel(panel)
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn = io.BytesIO()
        self._figure.savefig(drawn, facecolor=PAPER)
        with Image.open(drawn) as image:
            _with_few_colours(image.convert("RGB")).save(file, optimize=True)

    def _panel(self, panel: Json) -> None:
        place = panel["gridPos"]
        x, y = GAP + place["x"] * COLUMN, HEAD + place["y"] * ROW
        width, height = place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
        if panel["type"] == "row":
            self._text(x + 6, y + height / 2, f"▾ {panel['title']}", size=10, colour=INK, weight="bold")
            return
        self._figure.add_artist(
            FancyBboxPatch(
                (x / self._width, 1 - (y + height) / self._height), width / self._width, height / self._height,
                boxstyle="square,pad=0", facecolor=PANEL, edgecolor="#2a2d33", linewidth=0.8,
                transform=self._figure.transFigure, zorder=-1,
            )
        )  # fmt: skip
        self._text(x + 8, y + 13, panel.get("title", ""), size=8.5, colour=INK, weight="bold")
        step = self._step(panel)
        answers = self._answers(panel, step)
        left, right, top, bottom = self._margins(panel, answers, width)
        inner = Space(self._end - self._seconds, self._end, step, width - left - right, height - top - bottom)
        axes = self._figure.add_axes(
            (
                (x + left) / self._width, 1 - (y + height - bottom) / self._height,
                inner.width / self._width, inner.height / self._height,
            )
        )  # fmt: skip
        plain(axes)
        draw(panel, answers, axes, inner)

    def _margins(self, panel: Json, answers: list[Answer], width: float) -> tuple[float, float, float, float]:
        if panel["type"] in {"stat", "table", "bargauge"}:
            return 8, 8, 24, 6
        if panel["type"] == "state-timeline":
            longest = max(
                (len(legend(answer.legend, labels)) for answer in answers for labels, _ in answer.series),
                default=10,
            )
            return min(190, 6.2 * longest + 12), 14, 28, 44
        return (
            58,
            14,
            28,
            24 + 13 * legend_lines(panel, answers, width - 60) + (4 if panel["type"] != "heatmap" else 0),
        )

    def _step(self, panel: Json) -> float:
        counted = any("$__interval" in target["expr"] for target in panel.get("targets", ()))
        return 60 if counted else 5

    def _answers(self, panel: Json, step: float) -> list[Answer]:
        times = {"__rate_interval": "1m", "__interval": f"{step:.0f}s", "__range": f"{self._seconds}s"}
        answers = []
        for query in self._dashboard.queries_of(panel, self._chosen, times):
            if query.target.get("range"):
                found = self._prometheus.range(query.expr, self._end - self._seconds, self._end, step)
                series = [
                    (one["metric"], [(float(at), float(value)) for at, value in one["values"]])
                    for one in found
                ]
            else:
                found = self._prometheus.instant(query.expr, self._end)
                series = [
                    (one["metric"], [(float(one["value"][0]), float(one["value"][1]))]) for one in found
                ]
            answers.append(Answer(query.target["refId"], query.legend, series))
        return answers

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        colour: str,
        weight: str = "normal",
        ha: str = "left",
    ) -> None:
        self._figure.text(
            x / self._width, 1 - y / self._height, text,
            fontsize=size, color=colour, weight=weight, ha=ha, va="center",
        )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Draw all of them."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.grafana.pictures", description=__doc__)
    parser.add_argument("prometheus", help="its address: http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=int, default=30, help="how far to look back")
    parser.add_argument(
        "--choose", action="append", default=[], metavar="NAME=VALUE", help="one value of a menu"
    )
    parser.add_argument("--images", type=Path, default=IMAGES, help="where to")
    parser.add_argument(
        "--also", action="append", default=["ru/overview"], help="others than the English ones"
    )
    asked = parser.parse_args(arguments)
    wanted = dict(choice.split("=", 1) for choice in asked.choose)
    prometheus = Prometheus(asked.prometheus)
    names = [f"en/{file.stem}" for file in sorted((GRAFANA / "en").glob("*.json"))]
    for name in [*names, *asked.also]:
        language, board = name.split("/")
        model = json.loads((GRAFANA / f"{name}.json").read_text(encoding="utf-8"))
        dashboard = Dashboard(name, model, prometheus)
        chosen = dashboard.choice(wanted)
        file = asked.images / (f"{board}.png" if language == "en" else f"{board}.{language}.png")
        Picture(dashboard, prometheus, chosen, asked.minutes * 60).save(file, NOTES[language])
        sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
