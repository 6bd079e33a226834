"""What is to be delivered to one receiver: in which order, when next, for how long. Pure.

Notifications of one group go one after the other, so that nobody hears of an end before the beginning; groups don't wait
for each other. Methods return what changes on the shelf. Times are unix seconds of a clock that never jumps while the
process lives; over a restart it may, so what waits on the shelf keeps beside its time also how long it was to wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeAlias

import msgspec

from monitor.alerts.notification import Notification
from monitor.alerts.webhooks.outcome import Outcome

FIRST_DELAY = 1.0
MAX_DELAY = 300.0
"""The n-th try that fails is followed by a pause of up to ``FIRST_DELAY * 2**n`` seconds, at most this."""
AWAY_SECONDS = 30.0
"""Without a success for this long a receiver counts as away: when it is back, all that waits is tried at once."""
MAX_BYTES = 64 * 1024 * 1024
"""Of all notifications that wait for one receiver, however few they are."""
MAX_DEAD = 1_000
MAX_DEAD_BYTES = 16 * 1024 * 1024
"""Dead letters of one receiver that are kept; the oldest make room."""

WAITING = "outbox:"
DEAD = "dead:"
"""Keys on the shelf: ``outbox:<webhook>/<notification>``, and the same with ``dead:`` when given up."""

Changes: TypeAlias = dict[str, bytes | None]
Group: TypeAlias = tuple[tuple[str, str], ...]


class Stored(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An entry on the shelf."""

    notification: msgspec.Raw
    order: int
    """Grows from entry to entry: clocks may have been set, ids tell nothing."""
    since: float
    """When it came in, or was sent again by hand: giving up counts from here."""
    attempts: int = 0
    next_at: float = 0.0
    delay: float = 0.0
    """How long before ``next_at`` the last try was."""
    last_error: str | None = None
    given_up_at: float | None = None
    replayed: bool = False
    """It was a dead letter and is sent again."""


class Entry:
    """A notification with its tries, packed as it is on the shelf: ten thousand of them may have to wait."""

    __slots__ = ("group", "id", "in_flight", "size", "stored")

    def __init__(self, notification: Notification, stored: Stored) -> None:
        self.id = notification.id
        self.group: Group = tuple(sorted(notification.group.items()))
        self.stored = stored
        self.size = len(bytes(stored.notification))
        self.in_flight = False

    def notification(self) -> Notification:
        """Return the notification."""
        return msgspec.json.decode(self.stored.notification, type=Notification)

    def packed(self) -> bytes:
        """Return what is put on the shelf."""
        return msgspec.json.encode(self.stored)


def entry_of(notification: Notification, order: int, now: float) -> Entry:
    """Return the entry of a notification that is new."""
    packed = msgspec.Raw(msgspec.json.encode(notification))
    return Entry(notification, Stored(notification=packed, order=order, since=now, next_at=now))


def restored(data: bytes) -> Entry:
    """Return an entry from the shelf. Raises ``msgspec.MsgspecError`` for one that can't be read."""
    stored = msgspec.json.decode(data, type=Stored)
    return Entry(msgspec.json.decode(stored.notification, type=Notification), stored)


def waiting_key(webhook: str, notification: str) -> str:
    """Return where an entry that waits stands on the shelf."""
    return f"{WAITING}{webhook}/{notification}"


def dead_key(webhook: str, notification: str) -> str:
    """Return where a dead letter stands on the shelf."""
    return f"{DEAD}{webhook}/{notification}"


class Outbox:
    """All that waits for one receiver, and its dead letters."""

    def __init__(
        self,
        webhook: str,
        *,
        limit: int,
        give_up_after: float,
        random: Callable[[], float],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.webhook = webhook
        self.limit = limit
        self.give_up_after = give_up_after
        self.waiting: dict[str, Entry] = {}
        """By id, the oldest first."""
        self.dead: dict[str, Entry] = {}
        """The same, given up."""
        self.failing_since: float | None = None
        """When the tries began to fail that still do."""
        self.last_error: str | None = None
        self.last_delivered_at: float | None = None
        self.quiet_until = 0.0
        """The receiver asked not to be called before."""
        self.delivered = self.failed = self.dropped = 0
        """Since the start; every failed try counts, and every notification that became a dead letter."""
        self.forgotten = 0
        """Dead letters that made room."""
        self._random = random
        self._max_bytes = max_bytes
        self._bytes = self._dead_bytes = 0
        self._tried = 0
        """How many of those that wait have failed before."""
        self._groups: dict[Group, deque[Entry]] = {}
        self._heads: list[tuple[float, int, Entry]] = []
        """The first of each group by the time of its next try; those that are no longer so are passed over."""

    # --- coming in -------------------------------------------------------------------------------------

    def restore(self, entries: Iterable[Entry], now: float) -> Changes:
        """Take what is on the shelf, after a start or when the webhook is configured again."""
        changes: Changes = {}
        for entry in sorted(entries, key=lambda entry: (entry.stored.given_up_at or 0.0, entry.stored.order)):
            if entry.stored.given_up_at is None:
                # The clock may have been set back since: nobody waits longer than he was to wait.
                entry.stored.next_at = min(entry.stored.next_at, now + entry.stored.delay)
                changes |= self.add(entry, now)
                if entry.stored.attempts:
                    self.last_error = entry.stored.last_error
                    self.failing_since = min(entry.stored.since, self.failing_since or now, now)
            else:
                changes |= self._bury(entry)
        return changes

    def add(self, entry: Entry, now: float) -> Changes:
        """Take one more; the oldest goes to the dead letters where it is too much."""
        if entry.id in self.waiting:
            return {}
        self.waiting[entry.id] = entry
        self._bytes += entry.size
        self._tried += entry.stored.attempts > 0
        group = self._groups.setdefault(entry.group, deque())
        group.append(entry)
        if len(group) == 1:
            self._line_up(entry)
        changes: Changes = {}
        while len(self.waiting) > self.limit or self._bytes > self._max_bytes:
            oldest = next((entry for entry in self.waiting.values() if not entry.in_flight), None)
            if oldest is None:
                break  # all are on their way
            why = f"more than {self.limit} notifications, or {self._max_bytes >> 20} MiB, waited for the receiver"
            changes |= self._give_up(oldest, why, now)
        return changes

    def replay(self, notification: str, order: int, now: float) -> Changes | None:
        """Send a dead letter again, at once and with new patience; ``None`` if there is none of this id."""
        entry = self.dead.pop(notification, None)
        if entry is None:
            return None
        self._dead_bytes -= entry.size
        stored = Stored(
            notification=entry.stored.notification, order=order, since=now, next_at=now, replayed=True
        )
        again = Entry(entry.notification(), stored)
        changes: Changes = {dead_key(self.webhook, notification): None}
        changes[waiting_key(self.webhook, notification)] = again.packed()
        return changes | self.add(again, now)

    # --- going out -------------------------------------------------------------------------------------

    def take(self, now: float) -> Entry | None:
        """Return the next entry to be sent now, if there is one; it is then on its way until it is settled."""
        at = self.next_at()
        if at is None or at > now:
            return None
        _, _, entry = heappop(self._heads)
        entry.in_flight = True
        return entry

    def next_at(self) -> float | None:
        """Return when there is something to be sent next, unless something comes in or is settled."""
        while self._heads:
            at, _, entry = self._heads[0]
            if not entry.in_flight and at == entry.stored.next_at and self._is_head(entry):
                return max(at, self.quiet_until)
            heappop(self._heads)
        return None

    def settle(self, entry: Entry, outcome: Outcome, now: float) -> Changes:
        """Note what came of a try."""
        entry.in_flight = False
        if outcome.delivered:
            self._deliver(entry, now)
            return {waiting_key(self.webhook, entry.id): None}
        return self._fail(entry, outcome, now)

    def reconfigure(self, *, limit: int, give_up_after: float, now: float) -> None:
        """Go on with other settings, and try everything at once: what was wrong may be right now."""
        self.limit = limit
        self.give_up_after = give_up_after
        self.quiet_until = 0.0
        self._hurry(now)

    def _hurry(self, now: float) -> None:
        """Make everything due."""
        for group in self._groups.values():
            head = group[0]
            if not head.in_flight:
                head.stored.next_at = min(head.stored.next_at, now)
        self._heads = [
            (group[0].stored.next_at, group[0].stored.order, group[0])
            for group in self._groups.values()
            if not group[0].in_flight
        ]
        heapify(self._heads)

    # --- settling --------------------------------------------------------------------------------------

    def _deliver(self, entry: Entry, now: float) -> None:
        was_away = self.failing_since is not None and (
            now - (self.failing_since if self.last_delivered_at is None else self.last_delivered_at)
            >= AWAY_SECONDS
        )
        self.delivered += 1
        self.last_delivered_at = now
        self._remove(entry)
        if self._tried == 0:
            self.failing_since = self.last_error = None
        if was_away:
            self._hurry(now)

    def _fail(self, entry: Entry, outcome: Outcome, now: float) -> Changes:
        stored = entry.stored
        self.failed += 1
        self._tried += stored.attempts == 0
        stored.attempts += 1
        stored.last_error = self.last_error = outcome.error
        if self.failing_since is None:
            self.failing_since = now
        if outcome.gone or now - stored.since >= self.give_up_after:
            return self._give_up(entry, outcome.error or "", now)
        # "Full jitter": many that failed together don't come back together.
        most = min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(stored.attempts - 1, 30))
        stored.delay = max(most * self._random(), outcome.retry_after or 0.0)
        stored.next_at = now + stored.delay
        if outcome.retry_after is not None:
            self.quiet_until = max(self.quiet_until, now + outcome.retry_after)
        self._line_up(entry)
        return {waiting_key(self.webhook, entry.id): entry.packed()}

    def _give_up(self, entry: Entry, why: str, now: float) -> Changes:
        self.dropped += 1
        self._remove(entry)
        entry.stored.given_up_at = now
        entry.stored.last_error = why
        changes: Changes = {waiting_key(self.webhook, entry.id): None}
        changes[dead_key(self.webhook, entry.id)] = entry.packed()
        return changes | self._bury(entry)

    def _bury(self, entry: Entry) -> Changes:
        """Put an entry to the dead letters; the oldest make room."""
        self.dead[entry.id] = entry
        self._dead_bytes += entry.size
        changes: Changes = {}
        while len(self.dead) > MAX_DEAD or (self._dead_bytes > MAX_DEAD_BYTES and len(self.dead) > 1):
            oldest = self.dead.pop(next(iter(self.dead)))
            self._dead_bytes -= oldest.size
            self.forgotten += 1
            changes[dead_key(self.webhook, oldest.id)] = None
        return changes

    def _remove(self, entry: Entry) -> None:
        """Take an entry out, and let the next one of its group have its turn."""
        del self.waiting[entry.id]
        self._bytes -= entry.size
        self._tried -= entry.stored.attempts > 0
        group = self._groups[entry.group]
        group.remove(entry)
        if group:
            self._line_up(group[0])
        else:
            del self._groups[entry.group]

    def _line_up(self, entry: Entry) -> None:
        heappush(self._heads, (entry.stored.next_at, entry.stored.order, entry))

    def _is_head(self, entry: Entry) -> bool:
        group = self._groups.get(entry.group)
        return group is not None and group[0] is entry


def of_webhook(entries: Mapping[str, bytes], prefix: str) -> dict[str, dict[str, bytes]]:
    """Return the entries whose key has a prefix, by webhook and then by notification."""
    found: dict[str, dict[str, bytes]] = {}
    for key, data in entries.items():
        if key.startswith(prefix):
            webhook, _, notification = key.removeprefix(prefix).partition("/")
            found.setdefault(webhook, {})[notification] = data
    return found
