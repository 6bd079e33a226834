"""What the tests of deliveries have in common: settings, notifications, a clock that tests move."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from pathlib import Path

from monitor.alerts.notification import Notification
from monitor.model import Alert

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_795_444_790.125


@dataclass(frozen=True)
class Hook:
    """A webhook's settings."""

    url: str = "http://127.0.0.1:1/hook"
    id: str = "ops"
    format: str = "standard"
    secret: str | None = None
    secret_file: Path | None = None
    language: str | None = None
    timeout: float = 10.0
    parallel: int = 4
    give_up_after: float = 3 * 86_400.0
    ca_file: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    limit: int = 10_000


def alert(state: str = "firing", **more: object) -> Alert:
    facts: dict[str, object] = {
        "id": "waiting/pbx1/sales@0",
        "rule": "waiting",
        "severity": "critical",
        "state": state,
        "since": NOW - 40,
        "labels": {"source": "pbx1", "queue": "pbx1/sales", "floor": "2"},
        "summary": "Sales: 7 callers wait",
        "summaries": {"en": "Sales: 7 callers wait", "ru": "Продажи: ждут 7"},
        "value": 7.0,
        "subject": "pbx1/sales",
        "fired_at": NOW - 10,
        "resolved_at": NOW if state == "resolved" else None,
    }
    return Alert(**(facts | more))  # type: ignore[arg-type]


def notification(
    id_: str = "n1", *, group: str = "waiting", webhook: str = "ops", at: float = NOW
) -> Notification:
    return Notification(
        id=id_, webhook=webhook, group={"rule": group, "source": "pbx1"}, at=at, alerts=(alert(),)
    )


class _Alarm:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class HandTime:
    """A clock that stands still until it is moved; alarms ring when it is."""

    def __init__(self, at: float = NOW) -> None:
        self.at = at
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._numbers = count()

    def now(self) -> float:
        return self.at

    def call_later(self, delay: float, callback: Callable[[], object]) -> _Alarm:
        alarm = _Alarm(callback)
        heappush(self._alarms, (self.at + delay, next(self._numbers), alarm))
        return alarm

    def next_alarm(self) -> float | None:
        """Return in how many seconds something is to happen."""
        return min(
            (at - self.at for at, _, alarm in self._alarms if alarm.callback is not None), default=None
        )

    def advance(self, seconds: float) -> None:
        until = self.at + seconds
        while self._alarms and self._alarms[0][0] <= until:
            at, _, alarm = heappop(self._alarms)
            self.at = max(self.at, at)
            if alarm.callback is not None:
                alarm.callback()
        self.at = until


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)
