"""When to ask the PBX for its lists, and for which of them."""

from __future__ import annotations

from adapters.ami.errors import BadList
from adapters.ami.lists import CONFIG, LIST_ACTIONS, QUEUES, Collection, ListAction, SnapshotLists
from adapters.ami.message import Message
from adapters.ami.timeouts import Timeouts


class Snapshots:
    """One connection's snapshots: the first as soon as it is live, then one at each :attr:`due`.

    A list that the PBX refuses is not asked for again on the connection (each refusal is a line in its security
    log), except the queues: they need no permission, so a refusal means that app_queue is not loaded just now.
    """

    __slots__ = (
        "_afresh",
        "_again",
        "_config",
        "_config_due",
        "_finished",
        "_held",
        "_refused",
        "_spacing",
        "_synchronised",
        "_timeouts",
        "collection",
        "due",
        "held_until",
        "patience",
    )

    def __init__(self, timeouts: Timeouts) -> None:
        self.collection: Collection | None = None
        """The lists that are coming in."""
        self.due = 0.0
        """When to ask for the next ones (monotonic)."""
        self.patience = timeouts.list_silence
        """Seconds of silence that this PBX is granted while it makes its lists."""
        self.held_until: float | None = None
        """When lists that only compare are to be handed over; ``None``: there are none."""
        self._timeouts = timeouts
        self._held: SnapshotLists | None = None
        self._refused: set[ListAction] = set()
        self._config: list[Message] | None = None
        self._config_due = 0.0
        self._spacing = timeouts.spacing
        self._finished = 0.0
        self._again = False
        self._afresh = False
        self._synchronised = False

    def wanted(self, now: float) -> list[ListAction]:
        """Return the actions of the next snapshot."""
        return [
            action
            for action in LIST_ACTIONS
            if action is QUEUES
            or (action not in self._refused and (action is not CONFIG or self._config_due <= now))
        ]

    def begin(self, collection: Collection) -> None:
        """The actions went out."""
        self.collection = collection
        self._again = False

    def abandon(self) -> None:
        """The connection is over."""
        self.collection = None
        self.let_go()

    def refuse(self, action: ListAction) -> bool:
        """Note a refusal; whether it is news."""
        news = action not in self._refused
        self._refused.add(action)
        return news

    def request(self, now: float) -> None:
        """Ask again as soon as is decent; what is coming in now may already be too old."""
        if self.collection is not None:
            self._again = True
        else:
            self.due = min(self.due, max(now, self._finished + self._spacing))

    def reloaded(self, now: float) -> None:
        """The PBX read its configuration anew."""
        self._config_due = now
        self.request(now)

    def begin_afresh(self, now: float) -> None:
        """What was listed so far is not to be trusted: the next snapshot replaces it."""
        self._synchronised = False
        self._afresh = self.collection is not None
        self.let_go()
        self.request(now)

    def finish(self, now: float) -> SnapshotLists:
        """The Pong behind the lists came: return them. Raises :class:`BadList` if one is not complete."""
        collection, self.collection = self.collection, None
        if collection is None:
            raise BadList("Ping", "came although nothing was asked")
        unfinished = collection.unfinished()
        if unfinished:
            raise BadList(unfinished[0], "broke off")
        lists = collection.lists()
        if CONFIG.name in lists:
            self._config = lists[CONFIG.name]
            self._config_due = now + self._timeouts.config
        reconciliation = self._synchronised
        self._synchronised = not self._afresh
        self._afresh = False
        self._schedule(collection, now)
        return SnapshotLists(
            queues=lists.get("queues"),
            channels=lists.get("channels"),
            devices=lists.get("devices"),
            hints=lists.get("hints"),
            config=self._config,
            taken_at=collection.taken_at,
            reconciliation=reconciliation,
        )

    def hold(self, lists: SnapshotLists, now: float) -> None:
        """Keep lists that only compare until the events that they overtook have come."""
        self._held = lists
        self.held_until = now + self._timeouts.settling

    def let_go(self) -> SnapshotLists | None:
        """Return the lists held, if there are any."""
        lists, self._held, self.held_until = self._held, None, None
        return lists

    def forgive(self, late: float, now: float) -> None:
        """We did not run: what the PBX said meanwhile is still to be read."""
        if self.collection is not None:
            self.collection.started += late
        if self._held is not None:
            self.hold(self._held, now)

    def _schedule(self, collection: Collection, now: float) -> None:
        """Lists that take long are asked for less often, and their silences are borne with."""
        limits = self._timeouts
        took = now - collection.started
        self._finished = now
        self._spacing = max(limits.spacing, took)
        self.patience = min(max(3 * collection.longest_silence, limits.silence), limits.list_silence)
        self.due = now + min(max(limits.reconcile, took * limits.reconcile_factor), limits.reconcile_max)
        if self._again:
            self.request(now)
