"""What must outlive the process: alerts that fire and who was told of them, those that are over, silences.

On the shelf as ``alert:<id>``, ``history:<time>:<id>`` and ``silence:<id>``. Deliveries have entries of their own there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias

import msgspec
import structlog

from monitor.alerts.silences import Silence
from monitor.log.contract import Shelf, StorageError
from monitor.model import Alert

logger = structlog.get_logger(__name__)

HISTORY = 1_000
"""Alerts that are over and still listed."""
RETRY_SECONDS = 5.0
"""How soon what could not be kept is tried to be kept again."""
MAX_UNKEPT = 20_000
"""Entries that wait for a disk to have room. Without the oldest, a start finds alerts that are over, and ends them."""

Entries: TypeAlias = dict[str, bytes | None]
"""What to write, by name; ``None`` removes."""


class KeptAlert(msgspec.Struct, frozen=True):
    """An alert on the shelf."""

    alert: Alert
    told: tuple[str, ...]
    """Receivers that know of it."""


class Found(NamedTuple):
    """What an earlier run left."""

    alerts: list[KeptAlert]
    silences: dict[str, Silence]


class Keeping:
    """Writes to the shelf. What it can't write waits, within bounds, and is written with what comes next."""

    def __init__(self, shelf: Shelf, now: Callable[[], float]) -> None:
        self.history: deque[Alert] = deque()
        """Alerts that are over, the oldest first."""
        self._shelf = shelf
        self._now = now
        self._history_changes: Entries = {}
        self._unkept: Entries = {}
        self._retry_at = 0.0

    async def load(self) -> Found:
        """Read what was kept. Raises :class:`monitor.log.contract.StorageError`."""
        found = Found([], {})
        for key, data in sorted((await self._shelf.load()).items()):
            try:
                self._take(key, data, found)
            except msgspec.MsgspecError as error:  # another version wrote it: what still holds is found anew
                logger.error("kept_alert_unreadable", entry=key, reason=str(error))
        self._make_room()
        return found

    @property
    def retry_at(self) -> float | None:
        """When what could not be kept is to be tried again; ``None`` when nothing waits."""
        return self._retry_at if self._unkept else None

    def remember(self, ended: Sequence[Alert]) -> None:
        """Add alerts to the history, which keeps the latest."""
        for alert in ended[-HISTORY:]:
            self.history.append(alert)
            self._history_changes[_history_key(alert)] = msgspec.json.encode(alert)
        self._make_room()

    async def write(
        self,
        *,
        alerts: Iterable[KeptAlert] = (),
        removed: Iterable[str] = (),
        silences: Mapping[str, Silence | None] | None = None,
        outgoing: Mapping[str, bytes | None] | None = None,
    ) -> bool:
        """Write all that must survive, at once; return whether it is written.

        ``removed``: alerts that are no more; ``silences``: new ones, ``None`` for those that are no more; ``outgoing``: of
        notifications, which who delivers them keeps where this fails.
        """
        entries: Entries = {f"alert:{alert_id}": None for alert_id in removed}
        entries |= {f"alert:{one.alert.id}": msgspec.json.encode(one) for one in alerts}
        for silence_id, silence in (silences or {}).items():
            entries[f"silence:{silence_id}"] = None if silence is None else msgspec.json.encode(silence)
        changes, self._history_changes = self._history_changes, {}
        entries |= changes
        retry_at = self.retry_at
        if not entries and not outgoing and (retry_at is None or self._now() < retry_at):
            return True
        return await self._put(self._unkept | entries, outgoing or {})

    async def _put(self, entries: Entries, outgoing: Mapping[str, bytes | None]) -> bool:
        try:
            await self._shelf.put(entries | dict(outgoing))
        except StorageError as error:
            if not self._unkept:
                logger.error("alerts_not_kept", reason=str(error), retry_seconds=RETRY_SECONDS)
            self._unkept = dict(islice(entries.items(), max(0, len(entries) - MAX_UNKEPT), None))
            self._retry_at = self._now() + RETRY_SECONDS
            return False
        if self._unkept:
            logger.info("alerts_kept_again")
            self._unkept = {}
        return True

    async def close(self) -> None:
        """Try a last time to write what waits."""
        if self._unkept:
            await self._put(self._unkept, {})

    def _take(self, key: str, data: bytes, found: Found) -> None:
        """Take over one entry of the shelf."""
        kind, _, rest = key.partition(":")
        if kind == "alert":
            found.alerts.append(msgspec.json.decode(data, type=KeptAlert))
        elif kind == "history":
            self.history.append(msgspec.json.decode(data, type=Alert))
        elif kind == "silence":
            found.silences[rest] = msgspec.json.decode(data, type=Silence)

    def _make_room(self) -> None:
        while len(self.history) > HISTORY:
            self._history_changes[_history_key(self.history.popleft())] = None


def _history_key(alert: Alert) -> str:
    return f"history:{alert.resolved_at or 0.0:020.6f}:{alert.id}"
