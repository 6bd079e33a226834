"""What one metric is: its header, what is told of it to people, and where its values come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from monitor.engine.histogram import Histogram

Sample: TypeAlias = tuple[str, tuple[tuple[str, str], ...], float]
"""Suffix of the name, labels in the order of their names, value."""


class Family(NamedTuple):
    """One metric: the header, and the samples as they are when they are asked for."""

    name: str
    """As OpenMetrics has it: a counter's without ``_total``."""
    type: str
    help: str
    samples: Callable[[], Iterable[Sample]]
    labels: tuple[str, ...] = ()
    example: str = ""
    """An expression of PromQL that somebody would ask."""
    lines: Callable[[], Iterable[str]] | None = None
    """The samples as text, a few lines at a time, for a metric with so many that the general way takes too long."""

    def header(self) -> Metric:
        """Return the library's metric without samples."""
        return Metric(self.name, self.help, self.type)

    @property
    def series(self) -> str:
        """Return the name as it is used in expressions: a counter's with ``_total``, an info's with ``_info``."""
        return self.name + {"counter": "_total", "info": "_info"}.get(self.type, "")


def counts_by(label: str, counts: Mapping[tuple[str, str], int]) -> Iterator[Sample]:
    """Yield a counter's samples from counts by source and something else."""
    for (source, kind), count in counts.items():
        yield "_total", tuple(sorted(((label, kind), ("source", source)))), count


def histogram(histogram: Histogram, *labels: tuple[str, str]) -> Iterator[Sample]:
    """Yield a histogram's samples as they are now: others may work between two of them."""
    buckets, total = histogram.cumulative(), histogram.sum
    for bound, count in buckets:
        le = "+Inf" if bound == float("inf") else str(float(bound))
        yield "_bucket", tuple(sorted((("le", le), *labels))), count
    yield "_count", labels, buckets[-1][1]
    yield "_sum", labels, total


def library(collector: Collector) -> Iterator[Family]:
    """Yield a collector's metrics of the library's own, with the values of this moment."""
    for metric in collector.collect():
        samples = [
            (sample.name.removeprefix(metric.name), tuple(sorted(sample.labels.items())), sample.value)
            for sample in metric.samples
        ]
        names = {name: None for sample in metric.samples for name in sample.labels}
        yield Family(metric.name, metric.type, metric.documentation, samples.copy, tuple(names))
