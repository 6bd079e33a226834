"""The PBX's own lists: which actions make a snapshot, and how their answers are collected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from adapters.ami.errors import BadList
from adapters.ami.message import Message

ListName: TypeAlias = Literal["queues", "channels", "devices", "hints", "config"]

ITEMS_LIMIT = 500_000
"""Items of one snapshot; 10,000 agents in five queues each have about 120,000."""


class ListAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action that lists something."""

    name: ListName
    action: str
    fields: tuple[tuple[str, str], ...] = ()
    items: frozenset[str] = frozenset()
    """The events that are its items."""
    complete: str | None = None
    """The event that ends it; ``None``: the response is all there is."""


QUEUES = ListAction(
    name="queues",
    action="QueueStatus",
    items=frozenset({"QueueParams", "QueueMember", "QueueEntry"}),
    complete="QueueStatusComplete",
)
CONFIG = ListAction(name="config", action="GetConfig", fields=(("Filename", "queues.conf"),))

LIST_ACTIONS = (
    QUEUES,
    ListAction(
        name="channels",
        action="CoreShowChannels",
        items=frozenset({"CoreShowChannel"}),
        complete="CoreShowChannelsComplete",
    ),
    ListAction(
        name="devices",
        action="DeviceStateList",
        items=frozenset({"DeviceStateChange"}),
        complete="DeviceStateListComplete",
    ),
    ListAction(
        name="hints",
        action="ExtensionStateList",
        items=frozenset({"ExtensionStatus"}),
        complete="ExtensionStateListComplete",
    ),
    CONFIG,
)
"""In the order in which they are asked for. Queues first: they matter most and are always permitted."""

LIST_EVENTS = frozenset().union(*(a.items | ({a.complete} if a.complete else set()) for a in LIST_ACTIONS))
"""All events by which lists are answered."""

LIST_ONLY_EVENTS = LIST_EVENTS - {"DeviceStateChange", "ExtensionStatus"}
"""Those of them that never tell of something that happened."""


class SnapshotLists:
    """The PBX's own lists as messages, each without the leading response and the closing ``…Complete`` event.

    ``None`` stands for a list that the PBX refuses (permission or module missing). ``config`` is the response to
    GetConfig of queues.conf. ``taken_at`` is our wall clock just before the first action went out, ``offset`` the
    seconds to add to the PBX's clock to get ours. ``reconciliation``: the source was in sync before;
    ``restarted``: the PBX started anew since the last connection.
    """

    __slots__ = (
        "channels",
        "config",
        "devices",
        "hints",
        "offset",
        "queues",
        "reconciliation",
        "restarted",
        "taken_at",
    )

    def __init__(
        self,
        *,
        queues: list[Message] | None,
        channels: list[Message] | None = None,
        devices: list[Message] | None = None,
        hints: list[Message] | None = None,
        config: list[Message] | None = None,
        taken_at: float = 0.0,
        offset: float = 0.0,
        reconciliation: bool = False,
        restarted: bool = False,
    ) -> None:
        self.queues = queues
        self.channels = channels
        self.devices = devices
        self.hints = hints
        self.config = config
        self.taken_at = taken_at
        self.offset = offset
        self.reconciliation = reconciliation
        self.restarted = restarted


class _Pending:
    """One action's answer so far."""

    __slots__ = ("action", "done", "items", "refusal")

    def __init__(self, action: ListAction) -> None:
        self.action = action
        self.items: list[Message] = []
        self.done = False
        self.refusal: str | None = None


class Collection:
    """The lists of one snapshot while they come in, each recognised by its ActionID."""

    __slots__ = ("_count", "_pending", "last_heard", "longest_silence", "started", "taken_at")

    def __init__(self, actions: Iterable[tuple[str, ListAction]], *, now: float, taken_at: float) -> None:
        self._pending = {action_id: _Pending(action) for action_id, action in actions}
        self._count = 0
        self.started = now
        self.taken_at = taken_at
        self.last_heard = now
        self.longest_silence = 0.0

    def heard(self, now: float) -> None:
        """Note that something came, to learn how long this PBX is silent while it makes its lists."""
        self.longest_silence = max(self.longest_silence, now - self.last_heard)
        self.last_heard = now

    def owns(self, action_id: str) -> bool:
        """Whether this ActionID is of one of the lists."""
        return action_id in self._pending

    def response(self, action_id: str, message: Message) -> tuple[ListAction, str] | None:
        """Take a response; return the action and the PBX's words if it refuses."""
        pending = self._pending[action_id]
        if message.response.lower() == "error":
            pending.done = True
            pending.refusal = message.get("message") or "refused"
            return pending.action, pending.refusal
        if pending.action.complete is None:
            pending.done = True
            pending.items.append(message)
        return None

    def item(self, action_id: str, message: Message) -> bool:
        """Take an item or the end of a list; whether it belongs there. Raises :class:`BadList`."""
        pending = self._pending[action_id]
        if message.name == pending.action.complete:
            pending.done = True
            return True
        if pending.done or message.name not in pending.action.items:
            return False
        self._count += 1
        if self._count > ITEMS_LIMIT:
            raise BadList(pending.action.action, f"has no end ({ITEMS_LIMIT} items and more)")
        pending.items.append(message)
        return True

    def unfinished(self) -> list[str]:
        """Return the actions that were not answered completely."""
        return [pending.action.action for pending in self._pending.values() if not pending.done]

    def lists(self) -> dict[ListName, list[Message]]:
        """Return the complete lists by name; those that were refused or not asked for are absent."""
        return {
            pending.action.name: pending.items
            for pending in self._pending.values()
            if pending.done and pending.refusal is None
        }
