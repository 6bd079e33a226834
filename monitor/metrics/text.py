"""Metrics as text, in slices: ten thousand agents must not stall the event loop.

The library writes the headers; the lines are written here, because its general way costs ten times as much for each.
A test holds the result against the library's own rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE_OPENMETRICS
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from monitor.metrics.family import Family, Sample

SLICE = 1_000
"""Lines (of :attr:`Family.lines`: agents) written before others have their turn: about 2 ms."""
EOF = b"# EOF\n"


class Format:
    """One of the two forms of text."""

    def __init__(self, content_type: str, generate: Callable[[Collector], bytes], end: bytes) -> None:
        self.content_type = content_type
        self.end = end
        self._generate = generate

    def whole(self, collector: Collector) -> bytes:
        """Return the library's own rendering."""
        return self._generate(collector)

    def header(self, family: Family) -> bytes:
        """Return the lines that come before a family's samples."""
        return self._generate(_One(family.header())).removesuffix(self.end)


class _One(Collector):
    """A collector of one metric."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


TEXT = Format(CONTENT_TYPE_PLAIN_0_0_4, generate_latest, b"")
OPENMETRICS = Format(CONTENT_TYPE_OPENMETRICS, generate_openmetrics, EOF)


def negotiate(accept: str | None) -> Format:
    """Return the form that an ``Accept`` header asks for."""
    try:
        _, content_type = choose_encoder(accept or "")
    except (TypeError, ValueError):  # the library compares a version that is no number
        return TEXT
    return OPENMETRICS if content_type.startswith("application/openmetrics-text") else TEXT


def render(families: Iterable[Family], form: Format) -> Iterator[bytes]:
    """Yield the text in pieces that each take little time; give others their turn between them."""
    for family in families:
        piece = [form.header(family)]
        lines = (
            (_line(family.name, sample) for sample in family.samples())
            if family.lines is None
            else family.lines()
        )
        lines = iter(lines)
        while text := "".join(islice(lines, SLICE)):
            piece.append(text.encode("utf-8", "replace"))
            yield b"".join(piece)
            piece = []
        if piece:
            yield piece[0]
    if form.end:
        yield form.end


def _line(name: str, sample: Sample) -> str:
    suffix, labels, value = sample
    if not labels:
        return f"{name}{suffix} {number(value)}\n"
    inside = ",".join([label(key, text) for key, text in labels])
    return f"{name}{suffix}{{{inside}}} {number(value)}\n"


@lru_cache(maxsize=65_536)  # the same agents and queues at every scrape
def label(key: str, text: str) -> str:
    """Return a label as it stands between the braces."""
    return f'{key}="{_escaped(text)}"'


_go: Callable[[float], str] = floatToGoString
_NUMBERS: Final = {float(small): _go(small) for small in range(1_000)}
"""Most values are small and whole."""


def number(value: float) -> str:
    """Return a value as the library writes it."""
    return _NUMBERS.get(value) or _go(value)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
