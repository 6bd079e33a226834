"""What the publishers are told in tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.alerts import Alerts, NotTakenOver
from monitor.engine import Picture
from monitor.feed import Feed
from monitor.metrics import Families, IngestMetrics, LoopLag
from monitor.settings import Settings
from monitor.settings.alerts import AlertSettings
from monitor.web.alert_forms import Reloaded
from monitor.web.alerts import AlertHandlers

WALLBOARD = Settings.of(sources=[{"id": "pbx1", "adapter": "ami"}], environ={}).wallboard_config()
"""A :class:`monitor.web.handlers.WallboardView` of which nothing is configured."""


@dataclass
class FeedOptions:
    """A :class:`monitor.feed.FeedSettings` on a free loopback port."""

    host: str = "127.0.0.1"
    port: int = 0
    public_url: str | None = None
    allowed_origins: Sequence[str] = ()
    max_clients: int = 100


@dataclass
class HttpOptions:
    """A :class:`monitor.web.HttpSettings` on a free loopback port."""

    host: str = "127.0.0.1"
    port: int = 0
    frame_ancestors: Sequence[str] = ()
    allowed_hosts: Sequence[str] = ()


def metrics_of(picture: Picture, feed: Feed, now: Callable[[], float]) -> Families:
    """Return the metrics of a service to which nothing has come in."""
    return Families(
        picture, IngestMetrics(), feed.stats, LoopLag(), no_alerts(picture, now), now=now, version="1.2.3"
    )


def no_alerts(picture: Picture, now: Callable[[], float]) -> Alerts:
    """Return the alerts of a service that has no rules."""
    return Alerts(picture, (), AlertSettings(), now=now, publish=lambda _: None, feed_clients=lambda: 0)


def alerts_of(picture: Picture, now: Callable[[], float]) -> AlertHandlers:
    """Return what a service without alert rules does about alerts."""

    async def reload() -> Reloaded:
        raise NotTakenOver(["there is no configuration file"])

    return AlertHandlers(no_alerts(picture, now), reload, now=now)


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    try:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"never came true: {what}") from None
