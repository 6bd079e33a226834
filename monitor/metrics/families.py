"""All metric families of the service: what each is called, means, and where its values stand in the live state.

No caller, channel or call id is ever a label. Every label set that is known has a value from the start, so that an
expression over a counter has data before the first event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from monitor.engine import Picture
from monitor.metrics.agents import AgentFamilies
from monitor.metrics.alerts import AlertFamilies, AlertFigures
from monitor.metrics.family import Family
from monitor.metrics.ingest import IngestMetrics
from monitor.metrics.loop_lag import LoopLag
from monitor.metrics.queues import QueueFamilies
from monitor.metrics.service import FeedFigures, ServiceFamilies
from monitor.metrics.sources import SourceFamilies


class Families(Collector):
    """All metrics of the service. Also a collector of the library, for a registry of one's own."""

    def __init__(
        self,
        picture: Picture,
        ingest: IngestMetrics,
        feed: FeedFigures,
        loop_lag: LoopLag,
        alerts: AlertFigures,
        *,
        now: Callable[[], float],
        version: str,
        agent_series: bool = True,
    ) -> None:
        self._picture = picture
        self._now = now
        self._agent_series = agent_series
        self._sources = SourceFamilies(picture, ingest, now)
        self._alerts = AlertFamilies(alerts)
        self._service = ServiceFamilies(feed, loop_lag, version)

    def groups(self) -> dict[str, list[Family]]:
        """Return the families for one scrape, by the heading under which they are documented."""
        return {
            "Queues": QueueFamilies(self._picture, self._now).all(),
            "Agents": AgentFamilies(self._picture, series=self._agent_series).all(),
            "Sources": self._sources.all(),
            "Alerts": self._alerts.all(),
            "The service": self._service.all(),
        }

    def all(self) -> list[Family]:
        """Return the families for one scrape, in the order in which they are shown."""
        return [family for group in self.groups().values() for family in group]

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics whole, for the library's own rendering."""
        for family in self.all():
            metric = family.header()
            for suffix, labels, value in family.samples():
                metric.add_sample(family.name + suffix, dict(labels), value)
            yield metric
