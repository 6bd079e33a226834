"""What a client wants to see, and what the clients with the same wish share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

import msgspec

from monitor.engine import Picture
from monitor.feed.messages import TOPIC_NAMES, Subscribe, TopicName

Key: TypeAlias = tuple[TopicName, str]
"""An object: its topic and id."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription in a form that equals another one that asks for the same.

    With ``queues``: agents in one of them, these queues, calls of these queues. With ``teams``: agents of one of
    them, and calls only as far as no agent of another team has them. With both: agents and calls that either
    admits, and these queues. Alerts as far as the queue or agent that they are about is shown, and all others.
    """

    topics: tuple[TopicName, ...] = TOPIC_NAMES
    queues: frozenset[str] | None = None
    """Full ids or bare names."""
    teams: frozenset[str] | None = None

    @classmethod
    def of(cls, subscribe: Subscribe) -> Filter:
        """Return what a subscription asks for."""
        return cls(
            topics=tuple(topic for topic in TOPIC_NAMES if topic in subscribe.topics),
            queues=None if subscribe.queues is None else frozenset(subscribe.queues),
            teams=None if subscribe.teams is None else frozenset(subscribe.teams),
        )

    @property
    def shows_all(self) -> bool:
        """Whether every object of the topics is shown."""
        return self.queues is None and self.teams is None

    def shows(self, topic: TopicName, id_: str, picture: Picture, at: float) -> bool:
        """Whether an object is shown now; one that is gone is not."""
        return self.shows_all or _SHOWS[topic](self, id_, picture, at)

    def _names_queue(self, queue: str) -> bool:
        return self.queues is not None and (queue in self.queues or queue.partition("/")[2] in self.queues)

    def _names_team_of(self, agent: str, picture: Picture) -> bool:
        return self.teams is not None and picture.agent_team(agent) in self.teams

    def _shows_agent(self, id_: str, picture: Picture, _at: float) -> bool:
        return self._names_team_of(id_, picture) or any(map(self._names_queue, picture.agent_queues(id_)))

    def _shows_queue(self, id_: str, _picture: Picture, _at: float) -> bool:
        return self.queues is None or self._names_queue(id_)

    def _shows_call(self, id_: str, picture: Picture, at: float) -> bool:
        call = picture.call_view(id_, at)
        if call is None:
            return False
        if call.agent is None:
            of_team = self.teams is not None and self.queues is None
        else:
            of_team = self._names_team_of(call.agent, picture)
        return of_team or (call.queue is not None and self._names_queue(call.queue))

    def _shows_alert(self, id_: str, picture: Picture, at: float) -> bool:
        alert = picture.alert_view(id_, at)
        if alert is None:
            return False
        if "queue" in alert.labels:
            return self._shows_queue(alert.labels["queue"], picture, at)
        if "agent" in alert.labels:
            return self._shows_agent(alert.labels["agent"], picture, at)
        return True

    def _shows_always(self, _id: str, _picture: Picture, _at: float) -> bool:
        return True


_SHOWS: dict[TopicName, Callable[[Filter, str, Picture, float], bool]] = {
    "agents": Filter._shows_agent,  # noqa: SLF001 - the table belongs to the class
    "queues": Filter._shows_queue,  # noqa: SLF001
    "calls": Filter._shows_call,  # noqa: SLF001
    "alerts": Filter._shows_alert,  # noqa: SLF001
    "sources": Filter._shows_always,  # noqa: SLF001
}


class Snapshot(NamedTuple):
    """A snapshot message, ready for any number of clients."""

    seq: int
    at: float
    fragments: list[bytes]


class View:
    """What all clients with one filter share: the messages, and the sequence number that those carry.

    ``seq``: a client that received everything up to here lacks only objects whose last change is later.
    """

    __slots__ = ("building", "filter", "known", "last_delta", "prepared", "seq", "snapshot", "users")

    def __init__(self, filter_: Filter, seq: int) -> None:
        self.filter = filter_
        self.seq = seq
        self.users = 0
        """Clients that use it; it is forgotten with the last one."""
        self.known: set[Key] = set()
        """What a client of a view that doesn't show all may have received: it must be told when that leaves."""
        self.prepared: asyncio.Task[None] | None = None
        self.snapshot: Snapshot | None = None
        self.building: asyncio.Task[Snapshot] | None = None
        self.last_delta: tuple[int, int, bytes] | None = None
        """The catch-up made last (since, seq, message): clients often lack the same."""

    def sees(self, topic: TopicName, id_: str, picture: Picture, at: float) -> bool:
        """Whether an object is shown now; if so, clients may know it from now on."""
        if self.filter.shows_all:
            return True
        shown = self.filter.shows(topic, id_, picture, at)
        if shown:
            self.known.add((topic, id_))
        return shown

    def out_of_step(self, keys: Iterable[Key], picture: Picture, at: float) -> Iterator[Key]:
        """Yield those objects that are shown and not known, or known and no longer shown."""
        if not self.filter.shows_all:
            for key in keys:
                if self.filter.shows(*key, picture, at) != (key in self.known):
                    yield key

    def forgets(self, topic: TopicName, id_: str) -> bool:
        """Whether clients must be told that an object is no longer shown (said once)."""
        if self.filter.shows_all:
            return True
        key = (topic, id_)
        if key in self.known:
            self.known.remove(key)
            return True
        return False
