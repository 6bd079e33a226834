"""The metric families: what each is called, means, and where its values stand in the live state.

No caller, channel or call id is ever a label. Every label set that is known has a value from the start, so that an
expression over a counter has data before the first event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol, TypeAlias, get_args

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from monitor.engine import Picture, SourceEngine
from monitor.engine.histogram import Histogram
from monitor.engine.queue_statistics import QueueTotals
from monitor.events import AnyEvent
from monitor.metrics.ingest import LAG_BOUNDS, IngestMetrics

EVENT_NAMES: tuple[str, ...] = tuple(sorted(event.__name__ for event in get_args(AnyEvent)))

Sample: TypeAlias = tuple[str, tuple[tuple[str, str], ...], float]
"""Suffix of the name, labels in the order of their names, value."""


class FeedFigures(Protocol):
    """What the feed tells about itself: :class:`monitor.feed.FeedStats` is one."""

    clients: int
    """Connections now."""
    dropped: dict[str, int]
    """Connections that the server closed, by reason."""
    messages_sent: int
    """Counted once per client."""
    bytes_sent: int


class Family(NamedTuple):
    """One metric: the header, and the samples as they are when they are asked for."""

    name: str
    """As OpenMetrics has it: a counter's without ``_total``."""
    type: str
    help: str
    samples: Callable[[], Iterable[Sample]]

    def header(self) -> Metric:
        """Return the library's metric without samples."""
        return Metric(self.name, self.help, self.type)


class Families(Collector):
    """All metrics of the service. Also a collector of the library, for a registry of one's own."""

    def __init__(
        self,
        picture: Picture,
        ingest: IngestMetrics,
        feed: FeedFigures,
        *,
        now: Callable[[], float],
        version: str,
        agent_series: bool = True,
    ) -> None:
        self._picture = picture
        self._ingest = ingest
        self._feed = feed
        self._now = now
        self._version = version
        self._agent_series = agent_series

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics whole, for the library's own rendering."""
        for family in self.all():
            metric = family.header()
            for suffix, labels, value in family.samples():
                metric.add_sample(family.name + suffix, dict(labels), value)
            yield metric

    def all(self) -> list[Family]:
        """Return the families in the order in which they are shown."""
        families = [
            Family("callcenter_build", "info", "Version of the service.", self._build),
            Family("callcenter_agents", "gauge", "Members of a queue by state.", self._agents),
            Family("callcenter_queue_waiting", "gauge", "Callers waiting.", self._waiting),
            Family(
                "callcenter_queue_longest_wait_seconds",
                "gauge",
                "Wait so far of the caller who waits longest; 0 if nobody waits.",
                self._longest_wait,
            ),
            Family("callcenter_queue_calls", "counter", "Calls by outcome.", self._calls),
            Family(
                "callcenter_queue_answered_in_threshold",
                "counter",
                "Calls answered within the service-level threshold.",
                self._totals(lambda totals: totals.answered_in_threshold),
            ),
            Family(
                "callcenter_queue_short_abandoned",
                "counter",
                "Abandoned calls that waited too short to count against the queue; also in the abandoned ones.",
                self._totals(lambda totals: totals.short_abandoned),
            ),
            Family(
                "callcenter_queue_wait_seconds",
                "histogram",
                "Wait of answered calls.",
                self._durations(lambda totals: totals.wait),
            ),
            Family(
                "callcenter_queue_abandon_wait_seconds",
                "histogram",
                "Wait of abandoned calls.",
                self._durations(lambda totals: totals.abandon_wait),
            ),
            Family(
                "callcenter_talk_seconds",
                "histogram",
                "Talk time of queue calls, without hold.",
                self._durations(lambda totals: totals.talk),
            ),
            Family(
                "callcenter_wrap_up_seconds",
                "histogram",
                "After-call work of queue calls.",
                self._durations(lambda totals: totals.wrap_up),
            ),
            Family("callcenter_source_up", "gauge", "1 if the source is synchronised.", self._up),
            Family("callcenter_source_events", "counter", "Domain events received.", self._events),
            Family(
                "callcenter_source_last_event_timestamp_seconds",
                "gauge",
                "Time of the source's newest event; 0 before the first.",
                self._last_event,
            ),
            Family(
                "callcenter_source_skipped",
                "counter",
                "Malformed things that the adapter skipped.",
                lambda: _by_source_and("kind", self._ingest.skips),
            ),
            Family(
                "callcenter_source_unexpected",
                "counter",
                "Events that did not fit what was known.",
                self._unexpected,
            ),
            Family(
                "callcenter_event_lag_seconds",
                "histogram",
                "From an event's own time to its arrival.",
                self._lag,
            ),
            Family(
                "callcenter_corrections",
                "counter",
                "Corrections of the live state by comparison with the source's own lists: 0 while all is well.",
                self._corrections,
            ),
            Family("callcenter_feed_clients", "gauge", "Connections to the feed.", self._feed_clients),
            Family(
                "callcenter_feed_dropped", "counter", "Feed connections closed by us.", self._feed_dropped
            ),
            Family(
                "callcenter_feed_messages",
                "counter",
                "Deltas and heartbeats sent, counted once per client.",
                lambda: [("_total", (), self._feed.messages_sent)],
            ),
            Family(
                "callcenter_feed_sent_bytes",
                "counter",
                "Bytes of these messages.",
                lambda: [("_total", (), self._feed.bytes_sent)],
            ),
            # What alerts and webhooks fill; named already, so that dashboards can be made for them.
            Family("callcenter_alerts_firing", "gauge", "Alerts that fire.", tuple),
            Family("callcenter_webhook_deliveries", "counter", "Webhook deliveries by result.", tuple),
        ]
        if self._agent_series:
            families.append(
                Family(
                    "callcenter_agent_state", "gauge", "1 for the state that an agent is in.", self._states
                )
            )
        return families

    # --- queues and agents -----------------------------------------------------------------------------

    def _states(self) -> Iterator[Sample]:
        for agent in self._picture.agent_ids():
            state = self._picture.agent_state(agent)
            if state is not None:
                yield "", (("agent", agent), ("state", state)), 1.0

    def _agents(self) -> Iterator[Sample]:
        for queue in self._picture.queue_ids():
            for state, count in (self._picture.queue_state_counts(queue) or {}).items():
                yield "", (("queue", queue), ("state", state)), count

    def _waiting(self) -> Iterator[Sample]:
        for queue in self._picture.queue_ids():
            waiting, _ = self._picture.queue_waiting(queue) or (0, None)
            yield "", (("queue", queue),), waiting

    def _longest_wait(self) -> Iterator[Sample]:
        now = self._now()
        for queue in self._picture.queue_ids():
            _, since = self._picture.queue_waiting(queue) or (0, None)
            yield "", (("queue", queue),), 0.0 if since is None else max(0.0, now - since)

    def _each_totals(self) -> Iterator[tuple[str, QueueTotals]]:
        for queue in self._picture.queue_ids():
            totals = self._picture.queue_totals(queue)
            if totals is not None:
                yield queue, totals

    def _calls(self) -> Iterator[Sample]:
        for queue, totals in self._each_totals():
            for outcome, count in totals.calls.items():
                yield "_total", (("outcome", outcome), ("queue", queue)), count

    def _totals(self, figure: Callable[[QueueTotals], int]) -> Callable[[], Iterator[Sample]]:
        def samples() -> Iterator[Sample]:
            for queue, totals in self._each_totals():
                yield "_total", (("queue", queue),), figure(totals)

        return samples

    def _durations(self, figure: Callable[[QueueTotals], Histogram]) -> Callable[[], Iterator[Sample]]:
        def samples() -> Iterator[Sample]:
            for queue, totals in self._each_totals():
                yield from _histogram(("queue", queue), figure(totals))

        return samples

    # --- sources ---------------------------------------------------------------------------------------

    def _up(self) -> Iterator[Sample]:
        for source in self._picture.sources(self._now()):
            yield "", (("source", source.id),), float(source.state == "up")

    def _last_event(self) -> Iterator[Sample]:
        for source in self._picture.sources(self._now()):
            yield "", (("source", source.id),), source.last_event_at or 0.0

    def _events(self) -> Iterator[Sample]:
        known = {(source, name): 0 for source in self._picture.source_ids() for name in EVENT_NAMES}
        return _by_source_and("event", known | self._ingest.events)

    def _lag(self) -> Iterator[Sample]:
        for source in self._picture.source_ids():
            lag = self._ingest.lag.get(source)
            yield from _histogram(("source", source), lag or Histogram.empty(LAG_BOUNDS))

    def _corrections(self) -> Iterator[Sample]:
        return _by_source_and("kind", self._of_engines(lambda engine: engine.corrections))

    def _unexpected(self) -> Iterator[Sample]:
        return _by_source_and("kind", self._of_engines(lambda engine: engine.unexpected))

    def _of_engines(self, counts: Callable[[SourceEngine], dict[str, int]]) -> dict[tuple[str, str], int]:
        return {
            (source, kind): count
            for source, engine in self._picture.engines.items()
            for kind, count in counts(engine).items()
        }

    # --- the service -----------------------------------------------------------------------------------

    def _build(self) -> Iterator[Sample]:
        yield "_info", (("version", self._version),), 1.0

    def _feed_clients(self) -> Iterator[Sample]:
        yield "", (), self._feed.clients

    def _feed_dropped(self) -> Iterator[Sample]:
        for reason, count in self._feed.dropped.items():
            yield "_total", (("reason", reason),), count


def _by_source_and(label: str, counts: Mapping[tuple[str, str], int]) -> Iterator[Sample]:
    for (source, kind), count in counts.items():
        yield "_total", tuple(sorted(((label, kind), ("source", source)))), count


def _histogram(label: tuple[str, str], histogram: Histogram) -> Iterator[Sample]:
    count = 0
    for bound, count in histogram.cumulative():
        le = "+Inf" if bound == float("inf") else str(float(bound))
        yield "_bucket", tuple(sorted((("le", le), label))), count
    yield "_count", (label,), count
    yield "_sum", (label,), histogram.sum
