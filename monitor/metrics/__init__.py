"""Prometheus metrics: read from the live state at scrape time, rendered in slices (docs/interfaces.md, Metrics)."""

from monitor.metrics.families import Families, FeedFigures
from monitor.metrics.ingest import IngestMetrics
from monitor.metrics.text import OPENMETRICS, TEXT, negotiate, render

__all__ = ["OPENMETRICS", "TEXT", "Families", "FeedFigures", "IngestMetrics", "negotiate", "render"]
