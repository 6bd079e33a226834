"""A client's copy of the state, kept by the rules of docs/interfaces.md and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec


class Gap(AssertionError):
    """A delta did not begin where the one before ended."""


class FeedCopy:
    """Applies the messages of one connection after the other."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.seq = -1
        self.at = 0.0
        self.objects: dict[str, dict[str, Any]] = {}
        self.seen: list[str] = []
        self.deltas: list[dict[str, Any]] = []

    def take(self, message: str | bytes) -> dict[str, Any]:
        """Apply a message; return it decoded."""
        told: dict[str, Any] = msgspec.json.decode(message)
        self.seen.append(told["type"])
        if told["type"] == "error":
            return told
        if told["type"] == "snapshot":
            self.objects = {
                topic: {one["id"]: one for one in value}
                for topic, value in told.items()
                if isinstance(value, list)
            }
        else:
            if told["epoch"] != self.epoch or told.get("since", self.seq) != self.seq:
                raise Gap(f"had {self.epoch} {self.seq}, got {told}")
            if told["type"] == "delta":
                self.deltas.append(told)
                for topic, copies in self.objects.items():
                    copies.update({one["id"]: one for one in told[topic]})
                    for gone in told[f"{topic}_removed"]:
                        copies.pop(gone, None)
        self.epoch, self.seq, self.at = told["epoch"], told["seq"], told["at"]
        return told

    @property
    def position(self) -> dict[str, Any]:
        """What to resume with."""
        return {"epoch": self.epoch, "seq": self.seq}


RUNNING = {"agents": "today", "sources": "last_event_at"}
"""What goes on without being a change of its own: it is as of the message that carries it."""


def without_running_figures(objects: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The state without what runs by time alone."""
    return {
        topic: {
            id_: {key: value for key, value in one.items() if key != RUNNING.get(topic)}
            for id_, one in copies.items()
        }
        for topic, copies in objects.items()
    }
