"""Prometheus metrics: read from the live state at scrape time, rendered in slices (docs/metrics.md)."""

from monitor.metrics.families import Families
from monitor.metrics.family import Family
from monitor.metrics.ingest import IngestMetrics
from monitor.metrics.loop_lag import LoopLag
from monitor.metrics.service import FeedFigures
from monitor.metrics.text import OPENMETRICS, TEXT, negotiate, render

__all__ = [
    "OPENMETRICS",
    "TEXT",
    "Families",
    "Family",
    "FeedFigures",
    "IngestMetrics",
    "LoopLag",
    "negotiate",
    "render",
]
