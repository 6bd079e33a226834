"""One source's way from its adapter to the publishers: log, then state, then show.

The order is the promise: an event is durable before its effect is shown, and nothing is shown that the log did
not take. While the log can't be written (disk full), the source is shown as lost; when it can again, the loss is
recorded and the adapter is asked for a fresh snapshot.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import structlog

from adapters.contract import Adapter
from monitor.engine import Changes, SourceEngine, StateUnreadable
from monitor.events import Event, EventIds, Snapshot, SourceLost, Tick
from monitor.log.contract import EventLog, StorageError

logger = structlog.get_logger(__name__)

BATCH = 2_000
"""Events that are written, applied and shown together at the most."""
HIGH_WATER = 10_000
"""Events waiting from which on the adapter stops reading."""
TICK_SECONDS = 10.0
"""Time passes in the log at least this often, so that a crash leaves at most this much of it unaccounted."""
SAVE_SECONDS = 10.0
"""How often the state is saved: bounds what a start must replay."""
TRIM_SECONDS = 3_600.0
KEEP_COMPARISONS_SECONDS = 3_600.0
"""Snapshots that only compared are kept this long, then one an hour (:mod:`monitor.log.thinning`)."""
RETRY_SECONDS = 1.0
"""How often a log that can't be written is tried again."""


class Ingest(Protocol):
    """Counts what came in; :class:`monitor.metrics.IngestMetrics` is one."""

    def received(self, source: str, event_name: str, lag: float) -> None:
        """Count one domain event and how long it took to arrive, in seconds."""

    def skipped(self, source: str, kind: str) -> None:
        """Count something malformed that was skipped."""

    def log_writable(self, source: str, *, writable: bool) -> None:
        """Note whether the source's log can be written."""


class Recorder(Protocol):
    """Keeps a copy of the events; :class:`monitor.recording.Recorder` is one."""

    def write(self, events: Sequence[Event]) -> None:
        """Append the events."""


class NotOfThisSource(Exception):
    """A defect of an adapter: an event of another source, or one with an id that does not grow."""

    def __init__(self, source: str, event: Event, newest: str) -> None:
        super().__init__(
            f"{type(event).__name__} of the source {event.source!r} with id {event.id!r} came from the adapter of "
            f"{source!r}, whose last id was {newest!r}: events need `source` as configured and a new `host.next_id()`"
        )
        self.source = source
        self.event = event


class SourcePipeline:
    """Runs one adapter and is its :class:`adapters.contract.Host`."""

    def __init__(
        self,
        adapter: Adapter,
        log: EventLog,
        engine: SourceEngine,
        *,
        now: Callable[[], float],
        publish: Callable[[Sequence[Changes]], None],
        ingest: Ingest,
        keep_seconds: float,
    ) -> None:
        self.adapter = adapter
        self.engine = engine
        self.source = adapter.source
        self._newest = ""
        self._event_log = log
        self._wall = now
        self._publish = publish
        self._ingest = ingest
        self._keep_seconds = keep_seconds
        self._recorder: Recorder | None = None
        self._logger = logger.bind(source=self.source)
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._ids: EventIds | None = None
        self._lost_unlogged: SourceLost | None = None
        self._stopping = False
        self._unsaved: dict[str, bytes | None] = {}
        self._cursor: str | None = None
        self._last_tick = 0.0
        self._next_save = 0.0
        self._next_trim = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    # --- life ------------------------------------------------------------------------------------------

    async def restore(self) -> int:
        """Rebuild the state from the log; return how many events were replayed.

        Whatever the log ends with, the source is lost now: the time since then is recorded as a gap.
        Raises :class:`StorageError`.
        """
        entities, cursor = await self._event_log.load()
        try:
            self.engine.restore(entities)
        except StateUnreadable as error:
            self._logger.warning(
                "saved_state_unreadable", reason=str(error), effect="rebuilt from the events kept"
            )
            cursor = None
        replayed = 0
        async for event in self._event_log.read(cursor):
            self._apply_one(event)
            cursor = event.id
            replayed += 1
            if replayed % BATCH == 0:
                await asyncio.sleep(0)
        self._cursor = cursor
        self._ids = EventIds(await self._event_log.open_epoch())
        if cursor is not None:
            await self._commit(
                [
                    SourceLost(
                        source=self.source,
                        at=self.engine.now,
                        id=self._ids(),
                        reason="the service was not running",
                    ),
                    self._tick(self._wall()),
                ]
            )
        self.engine.take_changes()
        return replayed

    async def saved_state(self) -> dict[str, bytes]:
        """Save the state and return it whole, for a recording's header. Raises :class:`StorageError`."""
        await self._save()
        entities, _ = await self._event_log.load()
        return entities

    def record_to(self, recorder: Recorder) -> None:
        """Copy every event from now on."""
        self._recorder = recorder

    def start(self) -> None:
        """Begin to work; :meth:`restore` comes before."""
        self._next_save = self.monotonic() + SAVE_SECONDS
        self._tasks = [
            asyncio.create_task(self._work(), name=f"pipeline {self.source}"),
            asyncio.create_task(self._run_adapter(), name=f"adapter {self.source}"),
        ]

    async def stop(self) -> None:
        """Stop the adapter, write what has arrived, save; idempotent."""
        if not self._tasks:
            return
        work, adapter = self._tasks
        self._tasks = []
        adapter.cancel()
        await asyncio.gather(adapter, return_exceptions=True)
        # Not cancelled: a batch that is being written must also be applied, or the saved state would miss it.
        self._stopping = True
        self._arrived.set()
        await work
        if self._lost_unlogged is not None:
            return
        try:
            while self._inbox:
                await self._drain_inbox()
            await self._commit([self._tick(self._wall())])
            await self._save()
        except StorageError as error:
            self._logger.error("state_not_saved", reason=str(error))

    # --- adapters.contract.Host ------------------------------------------------------------------------

    def now(self) -> float:
        """Return our wall clock in unix seconds."""
        return self._wall()

    def monotonic(self) -> float:
        """Return the event loop's clock in seconds."""
        return self._loop.time()

    def next_id(self) -> str:
        """Return the id for the next event."""
        if self._ids is None:
            raise RuntimeError("restore() comes before the adapter's first event")
        return self._ids()

    def emit(self, events: Sequence[Event]) -> None:
        """Take events in order. Raises :class:`NotOfThisSource` for those that can't be this source's next ones."""
        if not events:
            return
        now, newest = self._wall(), self._newest
        for event in events:
            if event.source != self.source or event.id <= newest:
                raise NotOfThisSource(self.source, event, newest)
            newest = event.id
        self._newest = newest
        for event in events:
            self._ingest.received(self.source, type(event).__name__, now - event.at)
        if self._lost_unlogged is not None:
            return  # they can't be kept, so they must not be shown: a snapshot follows when the log works again
        self._inbox.extend(events)
        self._arrived.set()
        if len(self._inbox) >= HIGH_WATER:
            self._room.clear()

    async def drained(self) -> None:
        """Return when there is room for more."""
        await self._room.wait()

    def log(self, level: Literal["debug", "info", "warning", "error"], event: str, **fields: Any) -> None:
        """Write one structured log event for the adapter."""
        getattr(self._logger, level)(event, **fields)

    def count_skipped(self, kind: str) -> None:
        """Count something malformed that the adapter skipped."""
        self._ingest.skipped(self.source, kind)

    # --- work ------------------------------------------------------------------------------------------

    async def _run_adapter(self) -> None:
        """Run the adapter for ever; a defect in it must not end the service."""
        pause = 1.0
        while True:
            try:
                await self.adapter.run(self)
                reason = "the adapter ended by itself"
            except asyncio.CancelledError:
                raise
            except Exception as error:  # the owner of a plug-in task sees all of its errors
                reason = f"the adapter failed: {error!r}"
                self._logger.exception("adapter_failed", retry_seconds=round(pause, 1))
            self.emit([SourceLost(source=self.source, at=self._wall(), id=self.next_id(), reason=reason)])
            await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, 10.0)

    async def _work(self) -> None:
        """Write, apply and show what arrives; let time pass."""
        while not self._stopping:
            try:
                await self._wait()
                if self._lost_unlogged is not None:
                    await self._retry_log()
                    continue
                await self._drain_inbox()
                if self.monotonic() >= self._next_save:
                    await self._save()
                    await self._trim()
            except StorageError as error:
                self._log_refused(error)

    async def _wait(self) -> None:
        """Return when events have arrived or time has something to do."""
        if self._inbox and self._lost_unlogged is None:
            await asyncio.sleep(0)  # let others have their turn between batches
            return
        deadline = self._last_tick + TICK_SECONDS
        due = self.engine.next_deadline()
        if due is not None:
            deadline = min(deadline, due)
        seconds = min(deadline - self._wall(), self._next_save - self.monotonic())
        if self._lost_unlogged is not None:
            seconds = RETRY_SECONDS
        self._arrived.clear()
        if self._stopping:
            return
        try:
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._arrived.wait()
        except TimeoutError:
            pass

    async def _drain_inbox(self) -> None:
        batch = [self._inbox.popleft() for _ in range(min(BATCH, len(self._inbox)))]
        now = self._wall()
        due = self.engine.next_deadline()
        if now - self._last_tick >= TICK_SECONDS or (due is not None and due <= now):
            batch.append(self._tick(now))
        if len(self._inbox) < HIGH_WATER:
            self._room.set()
        if batch:
            await self._commit(batch)

    def _tick(self, now: float) -> Tick:
        self._last_tick = now
        return Tick(source=self.source, at=now, id=self.next_id())

    async def _commit(self, batch: Sequence[Event]) -> None:
        """Make the events durable, then apply and show them."""
        await self._event_log.append(batch)
        if self._recorder is not None:
            self._recorder.write(batch)
        self._apply(batch)
        self._cursor = batch[-1].id

    def _apply(self, batch: Sequence[Event]) -> None:
        refused = [event for event in batch if not self._apply_one(event)]
        changes = self.engine.take_changes()
        if changes:
            self._publish([changes])
        if refused:
            self._start_over(refused)
        if self.engine.suspects:
            self._request_snapshot()

    # --- a defect of ours ------------------------------------------------------------------------------

    def _apply_one(self, event: Event) -> bool:
        """Apply an event; return whether the engine could. One that it can't must not end the service, now or ever."""
        try:
            self.engine.apply(event)
        except Exception:
            self._logger.exception("event_not_applied", event_class=type(event).__name__, event_id=event.id)
            return False
        return True

    def _request_snapshot(self) -> None:
        """Ask the adapter; a defect in it must not end the source's work."""
        try:
            self.adapter.request_snapshot()
        except Exception:
            self._logger.exception("snapshot_not_requested")

    def _start_over(self, refused: Sequence[Event]) -> None:
        """What the engine shows is not to be trusted until the next snapshot: say so, and ask for one.

        Where it was the snapshot or the loss itself that could not be applied, the next comes in its own time.
        """
        if not any(isinstance(event, SourceLost) for event in refused):
            reason = "a defect in this service: see its log"
            self.emit([SourceLost(source=self.source, at=self._wall(), id=self.next_id(), reason=reason)])
        if not any(isinstance(event, SourceLost | Snapshot) for event in refused):
            self._request_snapshot()

    # --- a log that can't be written -------------------------------------------------------------------

    def _log_refused(self, error: StorageError) -> None:
        """Show the source as lost: what can't be kept must not be shown."""
        if self._lost_unlogged is not None:
            return  # said once
        self._logger.error(
            "event_log_refused", reason=str(error), dropped=len(self._inbox), retry_seconds=RETRY_SECONDS
        )
        reason = f"the event log can't be written: {error.why}"
        self._ingest.log_writable(self.source, writable=False)
        self._lost_unlogged = SourceLost(
            source=self.source, at=self._wall(), id=self.next_id(), reason=reason
        )
        self._inbox.clear()
        self._room.set()
        self._apply([self._lost_unlogged])

    async def _retry_log(self) -> None:
        """Write the loss that is already shown; then let the adapter, whose link never broke, tell everything anew."""
        lost = self._lost_unlogged
        if lost is None:
            return
        try:
            await self._event_log.append([lost])
        except StorageError:
            return
        self._lost_unlogged = None
        self._ingest.log_writable(self.source, writable=True)
        self._cursor = lost.id
        self._logger.info("event_log_recovered")
        self._request_snapshot()

    # --- state -----------------------------------------------------------------------------------------

    async def _save(self) -> None:
        self._next_save = self.monotonic() + SAVE_SECONDS
        self._unsaved.update(self.engine.dump())
        if self._cursor is None:
            return
        unsaved: Mapping[str, bytes | None] = dict(self._unsaved)
        await self._event_log.save(unsaved, self._cursor)
        self._unsaved.clear()

    async def _trim(self) -> None:
        if self.monotonic() < self._next_trim:
            return
        self._next_trim = self.monotonic() + TRIM_SECONDS
        now = self._wall()
        removed = await self._event_log.trim(now - self._keep_seconds, now - KEEP_COMPARISONS_SECONDS)
        if removed:
            self._logger.info("event_log_trimmed", events=removed)
