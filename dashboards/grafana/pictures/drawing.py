"""Panels with matplotlib: a function for each kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator

from dashboards.grafana.pictures.asking import Answer, Json
from dashboards.grafana.pictures.looks import CLASSIC, Look, legend
from dashboards.grafana.pictures.merging import merged, order

PAPER, PANEL, INK, FAINT, GRID = "#111217", "#181b1f", "#d8d9da", "#8e9298", "#2c3036"
_CHARACTER = 6.3
"""Pixels that a letter of a table takes, on average."""


@dataclass(frozen=True)
class Space:
    """The time and the size of a panel."""

    start: float
    end: float
    step: float
    width: float
    """In pixels, as the height."""
    height: float


def draw(panel: Json, answers: Sequence[Answer], axes: Axes, space: Space) -> None:
    """Draw a panel's contents."""
    kinds: dict[str, Callable[[Json, Sequence[Answer], Axes, Space], None]] = {
        "stat": _stat,
        "bargauge": _bars,
        "table": _table,
        "timeseries": _lines,
        "state-timeline": _states,
        "heatmap": _heat,
    }
    kinds[panel["type"]](panel, answers, axes, space)


def _newest(panel: Json, answers: Sequence[Answer]) -> list[tuple[str, float, Look]]:
    return [
        (legend(answer.legend, labels), points[-1][1], Look(panel, answer.ref))
        for answer in answers
        for labels, points in answer.series
        if points
    ]


def _stat(panel: Json, answers: Sequence[Answer], axes: Axes, space: Space) -> None:
    axes.axis("off")
    values = _newest(panel, answers)
    mode = panel["options"]["textMode"]
    background = panel["options"]["colorMode"] == "background"
    if not values:
        axes.text(0.5, 0.5, Look(panel).nothing, ha="center", va="center", color=FAINT, fontsize=14)
        return
    share = space.width / len(values)
    for index, (name, value, look) in enumerate(values):
        text = name if mode == "name" else look.text(value)
        named = mode == "value_and_name" or (len(values) > 1 and mode == "auto")
        colour = look.colour_of(value) or INK
        x = (index + 0.5) / len(values)
        size = max(7.0, min(28.0, space.height * 0.32, 0.95 * share / max(3, len(text))))
        if background:
            axes.axvspan(index / len(values) + 0.004, (index + 1) / len(values) - 0.004, color=colour, lw=0)
            axes.set_xlim(0, 1)
        ink = "white" if background else colour
        axes.text(
            x, 0.58 if named else 0.5, text, ha="center", va="center", color=ink, fontsize=size, weight="bold"
        )
        if named:
            axes.text(
                x, 0.12, name, ha="center", va="center", color="white" if background else FAINT, fontsize=8
            )


def _bars(panel: Json, answers: Sequence[Answer], axes: Axes, space: Space) -> None:
    del space
    values = _newest(panel, answers)
    told = panel["fieldConfig"]["defaults"].get("max")
    top = told or max((value for _, value, _ in values), default=0) or 1
    for row, (name, value, look) in enumerate(values):
        colour = look.colour_of(value) or CLASSIC[0]
        axes.barh(row, top, color=GRID, height=0.72, lw=0)
        axes.barh(row, value, color=colour, height=0.72, lw=0)
        axes.text(-0.02 * top, row, name, ha="right", va="center", color=INK, fontsize=8)
        axes.text(
            1.02 * top, row, look.text(value), ha="left", va="center", color=INK, fontsize=8, weight="bold"
        )
    axes.set_xlim(-0.42 * top, 1.2 * top)
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.axis("off")


def _table(panel: Json, answers: Sequence[Answer], axes: Axes, space: Space) -> None:
    axes.axis("off")
    columns, rows = merged(panel, answers)
    if not rows:
        axes.text(0.5, 0.5, Look(panel).nothing, ha="center", va="center", color=FAINT, fontsize=11)
        return
    looks = {column: Look(panel, name=column) for column in columns}
    titles = [looks[column].display_name or column for column in columns]
    for by in panel["options"].get("sortBy", [])[:1]:
        if by["displayName"] in titles:
            column = columns[titles.index(by["displayName"])]
            rows.sort(key=lambda row: order(row.get(column)), reverse=by.get("desc", False))
    room = int((space.height - 24) // 23)
    shown = rows[:room]
    texts = [[looks[column].text(row.get(column)) for column in columns] for row in shown]
    widths = [max(len(titles[i]), *(len(text[i]) for text in texts)) + 2 for i in range(len(columns))]
    scale = min(1.0, space.width / (_CHARACTER * sum(widths)))
    edges = np.concatenate([[0], np.cumsum(widths)]) / sum(widths)
    size = max(5.5, 8.0 * scale)
    for index, title in enumerate(titles):
        axes.text(
            edges[index],
            1 - 10 / space.height,
            title,
            color="#6e9fff",
            fontsize=size,
            va="center",
            weight="bold",
        )
    for number, (row, text) in enumerate(zip(shown, texts, strict=True)):
        y = 1 - (24 + 23 * number + 10) / space.height
        axes.axhline(y + 12 / space.height, color=GRID, lw=0.6)
        for index, column in enumerate(columns):
            value, colour = row.get(column), INK
            if isinstance(value, float) and looks[column].custom("cellOptions"):
                colour = looks[column].colour_of(value) or INK
            axes.text(edges[index], y, text[index], color=colour, fontsize=size, va="center")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _lines(panel: Json, answers: Sequence[Answer], axes: Axes, space: Space) -> None:
    times = np.arange(space.start, space.end + space.step / 2, space.step)
    base = np.zeros(len(times))
    number = 0
    shown: list[tuple[str, str]] = []
    first = Look(panel)
    for answer in answers:
        look = Look(panel, answer.ref)
        for labels, points in answer.series:
            colour = look.colour or CLASSIC[number % len(CLASSIC)]
            number += 1
            values = np.full(len(times), np.nan)
            for at, value in points:
                values[min(len(times) - 1, round((at - space.start) / space.step))] = value
            shown.append((legend(answer.legend, labels), colour))
            filled = (look.custom("fillOpacity") or 0) / 100
            if look.custom("stacking"):
                whole = np.nan_to_num(values)
                if look.custom("drawStyle") == "bars":
                    axes.bar(
                        times, whole, space.step * 0.85, base, color=colour, alpha=max(0.7, filled), lw=0
                    )
                else:
                    axes.fill_between(
                        times, base, base + whole, color=colour, alpha=filled, lw=0, step="post"
                    )
                base = base + whole
                continue
            style = (0, (5, 3)) if look.dashed else "-"
            step = "steps-post" if look.custom("lineInterpolation") == "stepAfter" else "default"
            axes.plot(times, values, color=colour, lw=1.2, ls=style, drawstyle=step)
            if filled:
                axes.fill_between(times, 0, values, color=colour, alpha=filled, lw=0)
    if (first.custom("thresholdsStyle") or {}).get("mode") == "dashed":
        for threshold in first.steps[1:]:
            axes.axhline(threshold["value"], color=threshold["color"], lw=0.9, ls=(0, (4, 4)))
    _clock(axes, space)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    if not any(value for answer in answers for _, points in answer.series for _, value in points):
        axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(
        MaxNLocator(5, integer=panel["fieldConfig"]["defaults"].get("unit") == "short")
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: first.text(float(value))))
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    _legend(axes, shown, space)


def _clock(axes: Axes, space: Space) -> None:
    axes.set_xlim(space.start, space.end)
    wide = 300 if space.end - space.start <= 2400 else 900
    wide *= 1 if space.width > 350 else 2
    axes.set_xticks(np.arange(math.ceil(space.start / wide) * wide, space.end, wide))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: datetime.fromtimestamp(value, UTC).strftime("%H:%M"))
    )
    axes.tick_params(colors=FAINT, labelsize=7, length=0)


def _legend(axes: Axes, shown: Sequence[tuple[str, str]], space: Space) -> None:
    x, y, line = 0.0, -22 / space.height - 8 / space.height, 13 / space.height
    for name, colour in shown:
        width = (len(name) * 6.1 + 27) / space.width
        if x and x + width > 1.02:
            x, y = 0.0, y - line
        axes.plot(
            [x, x + 12 / space.width], [y, y], color=colour, lw=3, transform=axes.transAxes, clip_on=False
        )
        axes.text(x + 17 / space.width, y, name, color=INK, fontsize=7, va="center", transform=axes.transAxes)
        x += width


def legend_lines(panel: Json, answers: Sequence[Answer], width: float) -> int:
    """Return how many lines the names under a panel take."""
    if panel["type"] != "timeseries":
        return 0
    lines, x = 1, 0.0
    for answer in answers:
        for labels, _ in answer.series:
            wide = (len(legend(answer.legend, labels)) * 6.1 + 27) / width
            if x and x + wide > 1.02:
                lines, x = lines + 1, 0.0
            x += wide
    return lines


def _states(panel: Json, answers: Sequence[Answer], axes: Axes, space: Space) -> None:
    look = Look(panel)
    rows = sorted(
        ((legend(answer.legend, labels), points) for answer in answers for labels, points in answer.series),
        key=lambda row: row[0],
    )[: panel["options"].get("perPage", 20)]
    for number, (_, points) in enumerate(rows):
        for (at, value), following in zip(points, [*points[1:], (space.end, 0.0)], strict=True):
            end = min(following[0], at + space.step)
            axes.barh(number, end - at, 0.8, at, color=look.colour_of(value) or GRID, lw=0)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    _clock(axes, space)
    axes.tick_params(axis="y", colors=INK, labelsize=7)
    values = sorted({value for _, points in rows for _, value in points})
    _legend(axes, [(look.text(value), look.colour_of(value) or GRID) for value in values], space)


def _heat(panel: Json, answers: Sequence[Answer], axes: Axes, space: Space) -> None:
    del panel
    buckets = sorted(
        (float(labels["le"]), dict(points))
        for answer in answers
        for labels, points in answer.series
        if "le" in labels
    )
    times = sorted({at for _, points in buckets for at in points})
    counts = np.array([[points.get(at, 0.0) for at in times] for _, points in buckets])
    if counts.size:
        each = np.clip(np.diff(counts, axis=0, prepend=0), 0, None)
        map_ = LinearSegmentedColormap.from_list("one", [PANEL, "#4d8dff"])
        edges = [*times, times[-1] + space.step]
        shade = np.sqrt(each / max(1.0, each.max()))
        axes.pcolormesh(edges, np.arange(len(buckets) + 1), shade, cmap=map_, edgecolors=PANEL, linewidth=0.4)
    names = ["+Inf" if math.isinf(bound) else f"{bound:g} s" for bound, _ in buckets]
    axes.set_yticks(np.arange(len(buckets)) + 0.5, names)
    _clock(axes, space)


def plain(axes: Axes) -> None:
    """Take away what matplotlib draws around axes."""
    axes.set_facecolor(PANEL)
    for spine in axes.spines.values():
        spine.set_visible(False)
