"""All webhooks: takes notifications that are on the shelf and sees to it that each arrives at least once."""

from __future__ import annotations

import asyncio
import contextlib
import random as chance
import time as system_time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import structlog
from aiohttp.abc import AbstractResolver

from monitor.alerts.errors import NoSuch
from monitor.alerts.notification import Notification
from monitor.alerts.webhooks.courier import Courier, OnDelivered, Time, Timer
from monitor.alerts.webhooks.keeper import Keeper
from monitor.alerts.webhooks.outbox import (
    DEAD,
    WAITING,
    Changes,
    Entry,
    Outbox,
    dead_key,
    entry_of,
    of_webhook,
    restored,
    waiting_key,
)
from monitor.alerts.webhooks.outcome import Outcome
from monitor.alerts.webhooks.sender import HttpSender, Sender
from monitor.alerts.webhooks.settings import WebhookSettings
from monitor.alerts.webhooks.status import DeadLetter, WebhookStatus
from monitor.log.contract import Shelf

logger = structlog.get_logger(__name__)

STOP_SECONDS = 5.0
KEPT_SECONDS = 5.0
"""How long a replay waits for the disk."""
FORSAKEN_SECONDS = 7 * 86_400.0
"""How long entries of a webhook that is no longer configured are kept, in case that it comes back."""
MAX_PREPARED = 100_000
"""Notifications given to :meth:`Webhooks.entries` and not yet submitted."""


class SystemTime:
    """A :class:`Time` of a clock, with the event loop's alarms."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call back after some seconds."""
        return asyncio.get_running_loop().call_later(delay, callback)


class Webhooks:
    """The deliveries of the service.

    A notification first goes to the shelf (:meth:`entries`, in one write with what led to it) and is then submitted.
    ``time`` runs steadily; ``wall`` is what receivers compare the signatures' time with.
    """

    def __init__(
        self,
        shelf: Shelf,
        settings: Sequence[WebhookSettings],
        *,
        time: Time,
        wall: Callable[[], float] = system_time.time,
        random: Callable[[], float] = chance.random,
        resolver: AbstractResolver | None = None,
        on_delivered: OnDelivered | None = None,
    ) -> None:
        self._settings = {one.id: one for one in settings}
        self._time = time
        self._wall = wall
        self._random = random
        self._resolver = resolver
        self._on_delivered = on_delivered
        self._keeper = Keeper(shelf)
        self._couriers: dict[str, Courier] = {}
        self._prepared: dict[str, int] = {}
        """The orders of notifications that are not submitted yet."""
        self._order = 0
        self._changing = asyncio.Lock()

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read what waits from an earlier run and begin to send.

        Raises ``WebhookMisconfigured`` and :class:`monitor.log.contract.StorageError`; then nothing runs.
        """
        async with self._changing:
            senders = self._senders(self._settings.values())
            found = _read(await self._keeper.load())
            self._keeper.start()
            orders = [entry.stored.order for entries in found.values() for entry in entries]
            self._order = max(orders, default=0)
            for name, sender in senders.items():
                self._set_up(name, sender, found.get(name, ()), changed=False)
            self._forget_forsaken(found)

    async def stop(self, within: float = STOP_SECONDS) -> None:
        """End within some seconds; what is not delivered stays on the shelf. Idempotent."""
        async with self._changing:
            couriers, self._couriers = self._couriers, {}
            await asyncio.gather(*(courier.stop(within / 2) for courier in couriers.values()))
            await self._keeper.stop(within / 2)

    async def replace(self, settings: Sequence[WebhookSettings]) -> None:
        """Go on with other settings; raises as :meth:`start` does, then everything stays as it was.

        A webhook that changed tries at once what waits for it. What waits for one that vanished is kept for
        ``FORSAKEN_SECONDS`` in case that it comes back.
        """
        async with self._changing:
            new = {one.id: one for one in settings}
            senders = self._senders(settings)  # all of them: what is in their files may have changed
            found = _read(await self._keeper.load()) if new.keys() - self._couriers.keys() else {}
            vanished = [self._couriers.pop(name) for name in self._couriers.keys() - new.keys()]
            before, self._settings = self._settings, new
            for name, sender in senders.items():
                self._set_up(name, sender, found.get(name, ()), changed=before.get(name) != new[name])
            self._forget_forsaken(found)
            await asyncio.gather(*(courier.stop(STOP_SECONDS / 2) for courier in vanished))

    # --- notifications ---------------------------------------------------------------------------------

    def entries(self, notifications: Iterable[Notification]) -> Changes:
        """Return what must be on the shelf before these notifications are submitted."""
        changes: Changes = {}
        for notification in notifications:
            order = self._prepared.setdefault(notification.id, self._next_order())
            key = waiting_key(notification.webhook, notification.id)
            changes[key] = entry_of(notification, order, self._time.now()).packed()
        while len(self._prepared) > MAX_PREPARED:
            del self._prepared[next(iter(self._prepared))]
        return changes

    def submit(self, notifications: Iterable[Notification], *, kept: bool = True) -> None:
        """Deliver notifications. ``kept``: their entries are on the shelf; else they are put there as soon as may be."""
        called: dict[str, Courier] = {}
        for notification in notifications:
            order = self._prepared.pop(notification.id, None)
            entry = entry_of(notification, self._next_order() if order is None else order, self._time.now())
            if not kept:
                self._keeper.note({waiting_key(notification.webhook, notification.id): entry.packed()})
            # Without a courier the webhook has just vanished: what is on the shelf waits there.
            if (courier := self._couriers.get(notification.webhook)) is not None:
                courier.add(entry)
                called[notification.webhook] = courier
        for courier in called.values():
            courier.go()

    # --- what is shown, and done about it --------------------------------------------------------------

    def status(self) -> list[WebhookStatus]:
        """Return how each webhook fares, in the order of the configuration."""
        return [
            WebhookStatus(
                id=name,
                format=self._settings[name].format,
                pending=len(outbox.waiting),
                in_flight=courier.in_flight,
                failing_since=outbox.failing_since,
                last_error=outbox.last_error,
                last_delivered_at=outbox.last_delivered_at,
                delivered=outbox.delivered,
                failed=outbox.failed,
                dropped=outbox.dropped,
                dead=len(outbox.dead),
                forgotten=outbox.forgotten,
            )
            for name in self._settings
            if (courier := self._couriers.get(name)) is not None
            for outbox in (courier.outbox,)
        ]

    def counters(self) -> dict[tuple[str, str], int]:
        """Return how often each result was there, by webhook and result: delivered, failed (tries), dropped."""
        return {
            (name, result): getattr(courier.outbox, result)
            for name, courier in self._couriers.items()
            for result in ("delivered", "failed", "dropped")
        }

    def dead_letters(self) -> list[DeadLetter]:
        """Return what was given up, by webhook, the oldest first."""
        return [
            _dead_letter(entry)
            for courier in self._couriers.values()
            for entry in courier.outbox.dead.values()
        ]

    async def replay(self, webhook: str, notification: str) -> None:
        """Send a dead letter again, under its id. Raises :class:`monitor.alerts.errors.NoSuch`.

        Returns when that is on the shelf; where the disk fails, after some seconds, and it is sent all the same.
        """
        courier = self._couriers.get(webhook)
        changes = None
        if courier is not None:
            changes = courier.outbox.replay(notification, self._next_order(), self._time.now())
        if courier is None or changes is None:
            raise NoSuch("dead letter", f"{webhook}/{notification}")
        self._keeper.note(changes)
        courier.go()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KEPT_SECONDS):
                await self._keeper.flush()

    # --- setting up ------------------------------------------------------------------------------------

    def _senders(self, settings: Iterable[WebhookSettings]) -> dict[str, Sender]:
        """Return a sender for each webhook, or raise for the first that can't have one."""
        return {one.id: make_sender(one, wall=self._wall, resolver=self._resolver) for one in settings}

    def _set_up(self, name: str, sender: Sender, stored: Iterable[Entry], *, changed: bool) -> None:
        """Give a webhook its courier with what is on the shelf, or its courier the new sender."""
        settings, now = self._settings[name], self._time.now()
        courier = self._couriers.get(name)
        if courier is None:
            outbox = Outbox(
                name, limit=settings.limit, give_up_after=settings.give_up_after, random=self._random
            )
            self._keeper.note(outbox.restore(stored, now))
            courier = self._couriers[name] = Courier(
                outbox,
                sender,
                parallel=settings.parallel,
                time=self._time,
                keep=self._keeper.note,
                on_delivered=self._on_delivered,
            )
        else:
            courier.use(sender, settings.parallel)
            if changed:
                courier.outbox.reconfigure(
                    limit=settings.limit, give_up_after=settings.give_up_after, now=now
                )
        courier.go()

    def _forget_forsaken(self, found: Mapping[str, Iterable[Entry]]) -> None:
        """Remove what waited too long for a webhook to come back."""
        before = self._time.now() - FORSAKEN_SECONDS
        for name in found.keys() - self._settings.keys():
            old = [entry for entry in found[name] if entry.stored.since < before]
            self._keeper.note({key: None for entry in old for key in _keys(name, entry.id)})
            if old:
                logger.warning("webhook_forsaken", webhook=name, notifications_removed=len(old))

    def _next_order(self) -> int:
        self._order += 1
        return self._order


def make_sender(
    settings: WebhookSettings,
    *,
    wall: Callable[[], float] = system_time.time,
    resolver: AbstractResolver | None = None,
) -> Sender:
    """Return what sends to a receiver. Raises ``WebhookMisconfigured`` for what can be known without sending."""
    if settings.format == "apprise":
        from monitor.alerts.webhooks.chat import ChatSender  # noqa: PLC0415 - optional

        return ChatSender(settings)
    return HttpSender(settings, wall=wall, resolver=resolver)


async def send_once(
    settings: WebhookSettings, notification: Notification, *, resolver: AbstractResolver | None = None
) -> Outcome:
    """Try once to deliver a notification, and tell what came of it. Raises ``WebhookMisconfigured``."""
    sender = make_sender(settings, resolver=resolver)
    try:
        return await sender.send(notification)
    finally:
        await sender.close()


def _read(shelf: Mapping[str, bytes]) -> dict[str, list[Entry]]:
    """Return the entries on the shelf by webhook; one that can't be read is told and left where it is."""
    found: dict[str, list[Entry]] = {}
    for prefix in (WAITING, DEAD):
        for webhook, entries in of_webhook(shelf, prefix).items():
            for name, data in entries.items():
                try:
                    found.setdefault(webhook, []).append(restored(data))
                except msgspec.MsgspecError as error:
                    logger.error(
                        "webhook_entry_unreadable", entry=f"{prefix}{webhook}/{name}", reason=str(error)
                    )
    return {webhook: entries for webhook, entries in found.items() if entries}


def _keys(webhook: str, notification: str) -> tuple[str, str]:
    return waiting_key(webhook, notification), dead_key(webhook, notification)


def _dead_letter(entry: Entry) -> DeadLetter:
    notification = entry.notification()
    return DeadLetter(
        webhook=notification.webhook,
        id=notification.id,
        at=notification.at,
        given_up_at=entry.stored.given_up_at or 0.0,
        attempts=entry.stored.attempts,
        reason=entry.stored.last_error,
        group=notification.group,
        alerts=notification.alerts,
    )
