"""The metrics of the service itself: its feed, its process, its event loop."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from monitor.metrics.family import Family, Sample, histogram, library
from monitor.metrics.loop_lag import LoopLag


class FeedFigures(Protocol):
    """What the feed tells about itself: :class:`monitor.feed.FeedStats` is one."""

    clients: int
    """Connections now."""
    dropped: dict[str, int]
    """Connections that the server closed, by reason."""
    messages_sent: int
    """Counted once per client."""
    bytes_sent: int


class ServiceFamilies:
    """Makes the families."""

    def __init__(self, feed: FeedFigures, loop_lag: LoopLag, version: str) -> None:
        self._feed = feed
        self._loop_lag = loop_lag
        self._version = version
        self._process = CollectorRegistry()
        for collector in (ProcessCollector, GCCollector, PlatformCollector):
            collector(registry=self._process)

    def all(self) -> list[Family]:
        """Return the families."""
        feed = self._feed
        return [
            Family(
                "callcenter_build",
                "info",
                "Version of the service, and of the Python that runs it.",
                self._build,
                ("python", "version"),
                "callcenter_build_info",
            ),
            Family(
                "callcenter_feed_clients",
                "gauge",
                "Connections to the feed: open screens.",
                lambda: [("", (), feed.clients)],
                (),
                "callcenter_feed_clients",
            ),
            Family(
                "callcenter_feed_dropped",
                "counter",
                "Feed connections closed by us, by reason: the codes of the feed's errors, or `unresponsive`.",
                self._feed_dropped,
                ("reason",),
                'increase(callcenter_feed_dropped_total{reason="too_slow"}[15m])',
            ),
            Family(
                "callcenter_feed_messages",
                "counter",
                "Deltas and heartbeats sent, counted once per client.",
                lambda: [("_total", (), feed.messages_sent)],
                (),
                "rate(callcenter_feed_messages_total[1m])",
            ),
            Family(
                "callcenter_feed_sent_bytes",
                "counter",
                "Bytes of these messages.",
                lambda: [("_total", (), feed.bytes_sent)],
                (),
                "rate(callcenter_feed_sent_bytes_total[5m])",
            ),
            Family(
                "callcenter_event_loop_lag_seconds",
                "histogram",
                "How late the event loop comes round, looked at ten times a second: everything waits as long.",
                lambda: histogram(self._loop_lag.histogram),
                (),
                "histogram_quantile(0.99, rate(callcenter_event_loop_lag_seconds_bucket[5m]))",
            ),
            *library(self._process),
        ]

    def _build(self) -> Iterator[Sample]:
        yield "_info", (("python", platform.python_version()), ("version", self._version)), 1.0

    def _feed_dropped(self) -> Iterator[Sample]:
        for reason, count in self._feed.dropped.items():
            yield "_total", (("reason", reason),), count
