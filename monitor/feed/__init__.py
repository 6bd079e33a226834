"""The WebSocket feed: docs/interfaces.md.

``broadcaster`` decides what leaves (no sockets), ``server`` and ``client`` carry it.
"""

from monitor.feed.server import PATH, Feed, FeedSettings, FeedStats

__all__ = ["PATH", "Feed", "FeedSettings", "FeedStats"]
