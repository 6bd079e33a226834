"""The metrics of sources: are they there, what do they tell, does our picture agree with theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

from monitor.engine import Picture, SourceEngine
from monitor.engine.histogram import Histogram
from monitor.events import AnyEvent
from monitor.metrics.family import Family, Sample, counts_by, histogram
from monitor.metrics.ingest import LAG_BOUNDS, IngestMetrics

EVENT_NAMES: tuple[str, ...] = tuple(sorted(event.__name__ for event in get_args(AnyEvent)))


class SourceFamilies:
    """Makes the families."""

    def __init__(self, picture: Picture, ingest: IngestMetrics, now: Callable[[], float]) -> None:
        self._picture = picture
        self._ingest = ingest
        self._now = now

    def all(self) -> list[Family]:
        """Return the families."""
        return [
            Family(
                "callcenter_source_up",
                "gauge",
                "1 if the source is synchronised: what is shown of it is true.",
                self._up,
                ("source",),
                "callcenter_source_up == 0",
            ),
            Family(
                "callcenter_source_events",
                "counter",
                "Domain events received.",
                self._events,
                ("event", "source"),
                "sum by (source) (rate(callcenter_source_events_total[1m]))",
            ),
            Family(
                "callcenter_source_last_event_timestamp_seconds",
                "gauge",
                "Time of the source's newest event; 0 before the first.",
                self._last_event,
                ("source",),
                "time() - callcenter_source_last_event_timestamp_seconds",
            ),
            Family(
                "callcenter_source_log_writable",
                "gauge",
                "0 while the event log can't be written (a full disk?): the source is shown as lost then.",
                self._log_writable,
                ("source",),
                "callcenter_source_log_writable == 0",
            ),
            Family(
                "callcenter_source_skipped",
                "counter",
                "Malformed things that the adapter skipped; series appear with the first of a kind.",
                lambda: counts_by("kind", self._ingest.skips),
                ("kind", "source"),
                "increase(callcenter_source_skipped_total[1h]) > 0",
            ),
            Family(
                "callcenter_source_unexpected",
                "counter",
                "Events that did not fit what was known, applied all the same; series appear with the first.",
                lambda: counts_by("kind", self._of_engines(lambda engine: engine.unexpected)),
                ("kind", "source"),
                "topk(5, increase(callcenter_source_unexpected_total[1h]))",
            ),
            Family(
                "callcenter_event_lag_seconds",
                "histogram",
                "From an event's own time to its arrival.",
                self._lag,
                ("source",),
                "histogram_quantile(0.99, sum by (le, source) (rate(callcenter_event_lag_seconds_bucket[5m])))",
            ),
            Family(
                "callcenter_corrections",
                "counter",
                "Corrections of the live state by comparison with the source's own lists: 0 while all is well.",
                lambda: counts_by("kind", self._of_engines(lambda engine: engine.corrections)),
                ("kind", "source"),
                "sum by (source) (increase(callcenter_corrections_total[1h])) > 0",
            ),
        ]

    def _up(self) -> Iterator[Sample]:
        for source in self._picture.sources(self._now()):
            yield "", (("source", source.id),), float(source.state == "up")

    def _log_writable(self) -> Iterator[Sample]:
        for source in self._picture.source_ids():
            yield "", (("source", source),), float(source not in self._ingest.refused)

    def _last_event(self) -> Iterator[Sample]:
        for source in self._picture.sources(self._now()):
            yield "", (("source", source.id),), source.last_event_at or 0.0

    def _events(self) -> Iterator[Sample]:
        known = {(source, name): 0 for source in self._picture.source_ids() for name in EVENT_NAMES}
        return counts_by("event", known | self._ingest.events)

    def _lag(self) -> Iterator[Sample]:
        for source in self._picture.source_ids():
            lag = self._ingest.lag.get(source)
            yield from histogram(lag or Histogram.empty(LAG_BOUNDS), ("source", source))

    def _of_engines(self, counts: Callable[[SourceEngine], dict[str, int]]) -> dict[tuple[str, str], int]:
        return {
            (source, kind): count
            for source, engine in self._picture.engines.items()
            for kind, count in counts(engine).items()
        }
