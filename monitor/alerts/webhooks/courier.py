"""Brings the notifications of one outbox to their receiver: several at once, each when it is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeAlias

import structlog

from monitor.alerts.notification import Notification
from monitor.alerts.webhooks.outbox import Changes, Entry, Outbox
from monitor.alerts.webhooks.outcome import Outcome
from monitor.alerts.webhooks.sender import Sender

logger = structlog.get_logger(__name__)

TOLD_TRIES = 2
"""Failed tries of one notification from which on the log says that the receiver fails: one alone is no news."""

OnDelivered: TypeAlias = Callable[[Notification, float], None]
"""Called with a notification that was delivered, and how many seconds after what it tells that was.

Not for dead letters that were sent again: how long those took says nothing about the deliveries.
"""


class Timer(Protocol):
    """Something that will be called later."""

    def cancel(self) -> None:
        """Don't."""


class Time(Protocol):
    """The clock of the deliveries, and its alarms."""

    def now(self) -> float:
        """Return unix seconds of a clock that never jumps (:class:`monitor.clock.SteadyClock`)."""

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call back after some seconds."""


class Courier:
    """Works for one webhook."""

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        *,
        parallel: int,
        time: Time,
        keep: Callable[[Changes], None],
        on_delivered: OnDelivered | None,
    ) -> None:
        self.outbox = outbox
        self._sender = sender
        self._parallel = parallel
        self._time = time
        self._keep = keep
        self._on_delivered = on_delivered
        self._tries: set[asyncio.Task[None]] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._timer: Timer | None = None
        self._stopped = False
        self._dropping = False
        self._told_failing = False

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return len(self._tries)

    def go(self) -> None:
        """Send what is due as far as there is room, and come back when the next is."""
        if self._stopped:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._time.now()
        while len(self._tries) < self._parallel:
            entry = self.outbox.take(now)
            if entry is None:
                break
            attempt = asyncio.create_task(self._try(entry), name=f"webhook-{self.outbox.webhook}")
            self._tries.add(attempt)
            attempt.add_done_callback(self._tried)
        else:
            return  # whoever ends first comes back here
        if (at := self.outbox.next_at()) is not None:
            self._timer = self._time.call_later(max(0.0, at - now), self.go)

    def add(self, entry: Entry) -> None:
        """Deliver one more notification."""
        dropped = self.outbox.dropped
        self._keep(self.outbox.add(entry, self._time.now()))
        if self.outbox.dropped > dropped and not self._dropping:
            self._dropping = True
            logger.error("webhook_full", webhook=self.outbox.webhook, limit=self.outbox.limit)
        elif len(self.outbox.waiting) < self.outbox.limit:
            self._dropping = False

    def use(self, sender: Sender, parallel: int) -> None:
        """Go on with other settings; what is under way ends with the old ones."""
        retiring = asyncio.create_task(_retire(self._sender, set(self._tries)))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)
        self._sender, self._parallel = sender, parallel

    async def stop(self, within: float) -> None:
        """Begin nothing more, wait some seconds for what is under way, then break it off; it stays in the outbox."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        tries = set(self._tries)
        if tries:
            _, late = await asyncio.wait(tries, timeout=within)
            for attempt in late:
                attempt.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._sender.close()
        await asyncio.gather(*self._retiring)

    async def _try(self, entry: Entry) -> None:
        notification = entry.notification()
        try:
            outcome = await self._sender.send(notification)
        except Exception as error:  # a defect: it must not hold up what comes behind
            logger.exception("webhook_try_broke", webhook=self.outbox.webhook)
            outcome = Outcome(delivered=False, seconds=0.0, error=f"a defect: {type(error).__name__}")
        now = self._time.now()
        failing_since = self.outbox.failing_since
        self._keep(self.outbox.settle(entry, outcome, now))
        self._tell(entry, outcome, failing_since, now)
        if outcome.delivered and self._on_delivered is not None and not entry.stored.replayed:
            self._on_delivered(notification, max(0.0, now - notification.at))

    def _tell(self, entry: Entry, outcome: Outcome, failing_since: float | None, now: float) -> None:
        outbox = self.outbox
        if self._told_failing and outbox.failing_since is None:
            self._told_failing = False
            seconds = 0.0 if failing_since is None else now - failing_since
            logger.info("webhook_works_again", webhook=outbox.webhook, failed_seconds=round(seconds, 1))
        elif not self._told_failing and not outcome.delivered and entry.stored.attempts >= TOLD_TRIES:
            self._told_failing = True
            logger.warning(
                "webhook_failing", webhook=outbox.webhook, reason=outcome.error, status=outcome.status
            )
        if entry.stored.given_up_at is not None:
            logger.error(
                "webhook_gave_up",
                webhook=outbox.webhook,
                notification=entry.id,
                attempts=entry.stored.attempts,
                reason=outcome.error,
            )

    def _tried(self, attempt: asyncio.Task[None]) -> None:
        self._tries.discard(attempt)
        if not attempt.cancelled() and (error := attempt.exception()) is not None:
            logger.error("webhook_try_broke", webhook=self.outbox.webhook, exc_info=error)
        self.go()


async def _retire(sender: Sender, tries: set[asyncio.Task[None]]) -> None:
    if tries:
        await asyncio.wait(tries)
    await sender.close()
