"""The source itself: reached, lost, synchronised."""

from __future__ import annotations

from monitor.engine import snapshot
from monitor.engine.live import Live
from monitor.engine.passing import begin_gap
from monitor.engine.reconcile import Reconciliation
from monitor.events import Snapshot, SourceConnected, SourceLost, Tick


def source_connected(live: Live, event: SourceConnected) -> None:
    """The adapter is let in; what it knows is not yet complete."""
    source = live.source
    if source.state == "up":
        live.unexpected("already_up")
        _blind(live, "the connection was made anew")
    live.set_state("synchronising")
    source.version, source.detail = event.version, event.detail
    _settle_all(live)


def source_lost(live: Live, event: SourceLost) -> None:
    """Nothing is known of the source from now on; its agents are unknown."""
    source = live.source
    _blind(live, event.reason)
    if source.state != "lost":
        live.set_state("lost")
    source.detail = event.reason
    live.changes.source = True
    _settle_all(live)


def snapshot_taken(live: Live, event: Snapshot) -> None:
    """The source's own lists: a fresh start, or a comparison while it is in sync."""
    if event.reconciliation and live.up and not event.restarted:
        Reconciliation(live, event).run()
    else:
        snapshot.replace(live, event)


def tick(live: Live, event: Tick) -> None:
    """Time passes, which the engine has done by now; show when the source was last heard."""
    del event
    source = live.source
    if source.last_event_at != source.shown_event_at:
        source.shown_event_at = source.last_event_at
        live.changes.source = True


def _blind(live: Live, reason: str) -> None:
    """Note that the source can't be seen: nothing seen before is recent, or a difference, any more."""
    begin_gap(live, live.at, reason)
    live.source.blind_until = live.now
    live.source.suspicions = []
    live.ended.clear()


def _settle_all(live: Live) -> None:
    for agent in live.agents:
        live.settle(agent)
