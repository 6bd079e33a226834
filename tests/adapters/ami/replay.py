"""Plays a recording of a real Asterisk's AMI stream through the translator, as the session and client would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from adapters.ami.lists import LIST_ACTIONS, ListAction, SnapshotLists
from adapters.ami.message import Message
from adapters.ami.protocol import AmiProtocol
from adapters.ami.translate import INTERESTING, Translator
from monitor.events import Event, EventIds

RECORDINGS = Path(__file__).parent / "recordings"
_ITEMS: dict[str, ListAction] = {item: action for action in LIST_ACTIONS for item in action.items}
_LISTS = frozenset(name.encode() for name in _ITEMS)


class Replay:
    """A translator and what it told, sorted by message."""

    def __init__(self, offset: float = 0.0) -> None:
        self.skipped: list[str] = []
        self.translator = Translator("pbx1", EventIds(1), self.skipped.append)
        self.translator.offset = offset
        self.offset = offset
        self.at = 0.0
        self.events: list[Event] = []
        self.snapshots = 0
        self._lists: dict[str, list[Message]] = {}

    def play(self, data: bytes) -> list[Event]:
        """Feed bytes as they were recorded; return all that was told so far."""
        for message in AmiProtocol(INTERESTING | _LISTS).receive_data(data):
            self.feed(message)
        return self.events

    def feed(self, message: Message) -> list[Event]:
        """Feed one message; return what it told."""
        told: list[Event] = []
        if message.name in _ITEMS and message.get("actionid"):
            self._lists.setdefault(_ITEMS[message.name].name, []).append(message)
        elif message.name:
            self.at = float(message.get("timestamp") or self.at - self.offset) + self.offset
            told = self.translator.translate(message, self.at)
        elif "category-000000" in message.fields:
            self._lists["config"] = [message]
        elif message.get("ping") == "Pong" and self._lists:
            self.at = float(message.get("timestamp")) + self.offset
            told = self.snapshot()
        self.events += told
        return told

    def snapshot(self, **lists: Any) -> list[Event]:
        """Hand over the lists collected, or these."""
        collected: dict[str, Any] = lists or self._lists
        self._lists = {}
        taken_at = lists.pop("taken_at", self.at)
        made = SnapshotLists(
            **{"queues": None, **collected},
            taken_at=taken_at,
            offset=self.offset,
            reconciliation=self.snapshots > 0,
        )
        self.snapshots += 1
        return self.translator.snapshot(made, taken_at, self.at, made.reconciliation)


def event(name: str, **fields: str) -> Message:
    """Return an AMI event as the protocol gives it."""
    return Message(
        name, {"event": name, **{key.lower().replace("_", "-"): value for key, value in fields.items()}}
    )


def recorded(name: str) -> bytes:
    """Return a recording."""
    return (RECORDINGS / f"{name}.ami").read_bytes()


def brief(events: Iterable[Event], *kinds: str) -> Iterator[str]:
    """Write events in one line each, with legs and calls numbered in order of appearance."""
    numbers: dict[str, str] = {}

    def number(value: str) -> str:
        return numbers.setdefault(value, f"c{len(numbers) + 1}")

    for one in events:
        kind = type(one).__name__
        if kinds and kind not in kinds:
            continue
        parts = [kind]
        for field in one.__struct_fields__:
            value = getattr(one, field)
            if field in ("source", "at", "id", "paused_since", "last_call") or value is None:
                continue
            if field in ("leg", "call"):
                value = number(value)
            elif field == "caller":
                value = (
                    f"{value.queue} {number(value.call)} #{value.position} {value.party} {value.party_name}"
                )
            elif field == "member":
                value = f"{value.queue} {value.interface} {value.name} {value.endpoint}"
            parts.append(str(value))
        yield " ".join(parts)
