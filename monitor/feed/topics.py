"""The topics: how each one's objects are found in the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from monitor.engine import Picture
from monitor.feed.messages import TopicName
from monitor.model import Model


class Topic(NamedTuple):
    """Access to one kind of object."""

    ids: Callable[[Picture], Iterable[str]]
    find: Callable[[Picture, str, float], Model | None]
    """The object at a time, or ``None`` if there is none (any more)."""


TOPICS: dict[TopicName, Topic] = {
    "agents": Topic(Picture.agent_ids, Picture.agent_view),
    "queues": Topic(Picture.queue_ids, Picture.queue_view),
    "calls": Topic(Picture.call_ids, Picture.call_view),
    "alerts": Topic(Picture.alert_ids, Picture.alert_view),
    "sources": Topic(Picture.source_ids, Picture.source_view),
}

_encode = msgspec.json.Encoder().encode


class Objects:
    """The objects of a picture at one time; each is made and encoded once, when it is first asked for."""

    __slots__ = ("_encoded", "at", "picture")

    def __init__(self, picture: Picture, at: float) -> None:
        self.picture = picture
        self.at = at
        self._encoded: dict[tuple[TopicName, str], bytes | None] = {}

    def encoded(self, topic: TopicName, id_: str) -> bytes | None:
        """Return an object as JSON, or ``None`` if it is gone."""
        key = (topic, id_)
        if key in self._encoded:
            return self._encoded[key]
        found = TOPICS[topic].find(self.picture, id_, self.at)
        encoded = self._encoded[key] = None if found is None else _encode(found)
        return encoded
