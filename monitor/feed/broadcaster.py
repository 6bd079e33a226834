"""What leaves when: changes in, messages per view out. No sockets in here.

Every set of changes gets the next sequence number. For each object the number of its last change is kept, so any
client's gap is "the objects whose last change is later than what you have", at the cost of the objects that changed
and not of the messages in between; an object that changes ten times before a message leaves is sent once, as it
is then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from monitor.engine import Changes, Picture
from monitor.feed import messages
from monitor.feed.errors import HistoryLost, Refused
from monitor.feed.messages import TopicName
from monitor.feed.topics import TOPICS, Objects
from monitor.feed.view import Filter, Key, Snapshot, View

CHANGE_SET = 200
"""Objects under one sequence number at the most; a larger set of changes gets several."""
BATCH = 400
"""Objects in one delta (whole sequence numbers, so up to CHANGE_SET more): about 10 ms of work."""
HISTORY = 50_000
"""Objects, live or gone, whose last change is remembered."""
SLICE = 200
"""Objects encoded for a snapshot before others have their turn."""
MAX_VIEWS = 300
"""Different subscriptions at the same time: every change is compared with each, 0.2 s for as many at a change of all."""
SNAPSHOT_SECONDS = 0.25
"""How long a snapshot serves newcomers (the delta that follows brings them up to date): after a restart all screens
come back at once."""


class Frame(NamedTuple):
    """A delta for the clients of a view that have everything up to ``since``."""

    view: View
    since: int
    message: bytes


class Broadcaster:
    """Collects changes and makes the messages."""

    def __init__(self, picture: Picture, *, epoch: str, now: Callable[[], float]) -> None:
        self.epoch = epoch
        self.seq = 0
        """Of the newest change set."""
        self.flushed = 0
        """Change sets up to here have left."""
        self.floor = 0
        """Gaps that begin here or later can be filled."""
        self.views: dict[Filter, View] = {}
        self._picture = picture
        self._now = now
        self._changed: dict[Key, int] = {}
        """Number of each object's last change, in the order of these numbers."""
        self._dirty: dict[Key, int] = {}
        """Number of each object's first change that has not left, in the order of these numbers."""
        self._turn = asyncio.Lock()

    # --- changes in ------------------------------------------------------------------------------------

    def mark(self, changes: Iterable[Changes]) -> None:
        """Note what changed. The work depends on the changes alone."""
        for change in changes:
            keys = _keys(change)
            while group := list(islice(keys, CHANGE_SET)):
                self.seq += 1
                for key in group:
                    self._changed.pop(key, None)
                    self._changed[key] = self.seq
                    self._dirty.setdefault(key, self.seq)
        while len(self._changed) > HISTORY:
            oldest = next(iter(self._changed))
            self.floor = self._changed.pop(oldest)

    @property
    def pending(self) -> bool:
        """Whether something waits to leave."""
        return bool(self._dirty)

    # --- messages out ----------------------------------------------------------------------------------

    def flush(self) -> list[Frame]:
        """Return the deltas that are due now: the oldest changes first, at most about :data:`BATCH` objects."""
        keys, seq = self._take()
        objects = Objects(self._picture, self._now())
        frames = []
        following = self._alerts_about(keys)
        for view in self.views.values():
            changed = [*keys, *view.out_of_step(following, self._picture, objects.at)] if following else keys
            message = self._delta(view, changed, objects, view.seq, seq, tell_all=False)
            if message is not None:
                frames.append(Frame(view, view.seq, message))
                view.seq = seq
                view.last_delta = None
        self.flushed = seq
        return frames

    def heartbeat(self, view: View) -> bytes:
        """Return a message for all clients of the view that are up to date with it."""
        view.seq = self.flushed
        view.last_delta = view.snapshot = None
        return messages.heartbeat(self.epoch, view.seq, self._now())

    def catch_up(self, view: View, since: int) -> tuple[bytes, int]:
        """Return a delta that brings a client on from ``since``, and the number that it then has.

        That is ``view.seq``, or an earlier one if so much changed that it takes several deltas. Raises :class:`HistoryLost`.
        """
        if view.last_delta is not None and view.last_delta[0] == since and view.last_delta[1] == view.seq:
            return view.last_delta[2], view.seq
        keys, seq = self._since(view, since)
        if not view.filter.shows_all:
            keys += self._alerts_about(keys)
        objects = Objects(self._picture, self._now())
        message = self._delta(view, keys, objects, since, seq, tell_all=True)
        if message is None:
            nothing: dict[TopicName, list[bytes]] = {topic: [] for topic in view.filter.topics}
            message = messages.delta(self.epoch, since, seq, objects.at, objects=nothing, removed={})
        view.last_delta = (since, seq, message)
        return message, seq

    def remembers(self, epoch: str, seq: int, view: View) -> bool:
        """Whether a client that stopped at ``seq`` can go on from there."""
        return epoch == self.epoch and self.floor <= seq <= view.seq

    # --- views -----------------------------------------------------------------------------------------

    def join(self, filter_: Filter) -> View:
        """Return the view of a filter, for one more client. Raises :class:`Refused` when there are too many."""
        view = self.views.get(filter_)
        if view is None:
            if len(self.views) >= MAX_VIEWS and not filter_.shows_all:
                why = f"no more than {MAX_VIEWS} different selections are served at the same time: ask for everything"
                raise Refused("too_many_clients", why)
            view = self.views[filter_] = View(filter_, self.flushed)
        view.users += 1
        return view

    def leave(self, view: View) -> None:
        """A client no longer uses the view."""
        view.users -= 1
        if view.users == 0:
            del self.views[view.filter]

    async def prepare(self, view: View) -> None:
        """Find what the clients of a narrow view may know from an earlier connection."""
        if view.filter.shows_all:
            return
        if view.prepared is None:
            view.prepared = asyncio.create_task(self._prepare(view), name="feed view")
        await asyncio.shield(view.prepared)

    async def snapshot(self, view: View) -> Snapshot:
        """Return a snapshot of the view, shared by all who ask at about the same time."""
        ready = view.snapshot
        if ready is not None and self.floor <= ready.seq and 0 <= self._now() - ready.at <= SNAPSHOT_SECONDS:
            return ready
        if view.building is None:
            view.building = asyncio.create_task(self._build(view), name="feed snapshot")
        return await asyncio.shield(view.building)

    # --- inside ----------------------------------------------------------------------------------------

    def _take(self) -> tuple[list[Key], int]:
        """Return what leaves next, and the number that a client which receives it has then."""
        keys: list[Key] = []
        seq, last = self.seq, 0
        for key, first in self._dirty.items():
            if len(keys) >= BATCH and first != last:
                seq = first - 1
                break
            keys.append(key)
            last = first
        for key in keys:
            del self._dirty[key]
        return keys, seq

    def _since(self, view: View, since: int) -> tuple[list[Key], int]:
        """Return the objects whose last change is later than ``since``, the earliest first, at most about BATCH."""
        if since < self.floor:
            raise HistoryLost(since, self.floor)
        newest_first = []
        for key, seq in reversed(self._changed.items()):
            if seq <= since:
                break
            newest_first.append((key, seq))
        keys: list[Key] = []
        last = since
        for key, seq in reversed(newest_first):
            if seq > view.seq:
                break  # leaves with a flush to come
            if len(keys) >= BATCH and seq != last:
                return keys, seq - 1
            keys.append(key)
            last = seq
        return keys, view.seq

    def _delta(
        self, view: View, keys: Sequence[Key], objects: Objects, since: int, seq: int, *, tell_all: bool
    ) -> bytes | None:
        """Return the delta of a view, or ``None`` if nothing of it concerns the view.

        ``tell_all``: also name objects that are not shown and that the view's clients need not know.
        """
        shown: dict[TopicName, list[bytes]] = {topic: [] for topic in view.filter.topics}
        removed: dict[TopicName, list[str]] = {}
        concerned = False
        for topic, id_ in keys:
            if topic not in shown:
                continue
            encoded = None
            if view.sees(topic, id_, self._picture, objects.at):
                encoded = objects.encoded(topic, id_)
            if encoded is not None:
                shown[topic].append(encoded)
            elif view.forgets(topic, id_) or tell_all:
                removed.setdefault(topic, []).append(id_)
            else:
                continue
            concerned = True
        if not concerned:
            return None
        return messages.delta(self.epoch, since, seq, objects.at, objects=shown, removed=removed)

    def _alerts_about(self, keys: Sequence[Key]) -> list[Key]:
        """Return the alerts about agents who changed: they come into a selection, and leave it, with them."""
        if not self._picture.alerts:
            return []
        named = set(keys)
        return [
            ("alerts", alert.id)
            for alert in self._picture.alerts.values()
            if ("agents", alert.labels.get("agent")) in named and ("alerts", alert.id) not in named
        ]

    async def _my_turn(self) -> None:
        """Wait until a slice may be made: one in each turn of the event loop, however many views want one."""
        async with self._turn:
            await asyncio.sleep(0)

    async def _prepare(self, view: View) -> None:
        for topic in view.filter.topics:
            ids = list(TOPICS[topic].ids(self._picture))
            for start in _slices(len(ids)):
                await self._my_turn()
                at = self._now()
                for id_ in ids[start : start + SLICE]:
                    view.sees(topic, id_, self._picture, at)

    async def _build(self, view: View) -> Snapshot:
        """Make a snapshot in slices. What changes meanwhile is newer than its number says, which does no harm."""
        try:
            await self._my_turn()
            seq = view.seq
            encoded: dict[TopicName, list[bytes]] = {}
            objects = Objects(self._picture, self._now())
            room = SLICE
            for topic in view.filter.topics:
                shown = encoded[topic] = []
                for id_ in list(TOPICS[topic].ids(self._picture)):
                    if room == 0:
                        await self._my_turn()
                        objects = Objects(self._picture, self._now())
                        room = SLICE
                    room -= 1
                    if not view.sees(topic, id_, self._picture, objects.at):
                        continue
                    one = objects.encoded(topic, id_)
                    if one is not None:
                        shown.append(one)
            view.snapshot = Snapshot(seq, objects.at, messages.snapshot(self.epoch, seq, objects.at, encoded))
            return view.snapshot
        finally:
            view.building = None


def _keys(changes: Changes) -> Iterator[Key]:
    """Yield what a change set names; the source first, for it says what the rest is worth."""
    if changes.source is not None:
        yield "sources", changes.source
    for id_ in changes.alerts | changes.alerts_removed:
        yield "alerts", id_
    for id_ in changes.queues | changes.queues_removed:
        yield "queues", id_
    for id_ in changes.agents | changes.agents_removed:
        yield "agents", id_
    for id_ in changes.calls | changes.calls_removed:
        yield "calls", id_


def _slices(count: int) -> range:
    return range(0, count, SLICE)
