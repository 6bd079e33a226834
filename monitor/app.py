"""The composition root: the only module that knows everybody."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import msgspec
import structlog

from adapters.contract import Adapter, AdapterFactory
from monitor import __version__
from monitor.alerts import Alerts, NotTakenOver
from monitor.alerts.webhooks import WebhookMisconfigured
from monitor.clock import SteadyClock
from monitor.engine import Changes, Picture, SourceEngine
from monitor.feed import Feed
from monitor.heap import Heap
from monitor.log import open_storage
from monitor.log.contract import Storage, StorageError
from monitor.metrics import Families, IngestMetrics, LoopLag
from monitor.pipeline import SourcePipeline
from monitor.recording import Header, Recorder
from monitor.settings import Settings, SettingsError, SourceSettings
from monitor.web import WebServer
from monitor.web.alert_forms import Reloaded
from monitor.web.alerts import AlertHandlers

logger = structlog.get_logger(__name__)

ENTRY_POINTS = "operator_monitor.adapters"
HOUSEKEEPING_SECONDS = 1.0
"""How often the steady clock looks at the wall clock, and how soon a growth of the state is seen."""


class ServiceError(Exception):
    """The service can't start as it is configured. The message says what to do."""


class CannotRecord(ServiceError):
    """The file for a recording can't be made: it exists (none is overwritten), or its directory refuses it."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"can't record to {path}: {why}; name a file that doesn't exist yet, in a directory that may be written"
        )
        self.path = path
        self.why = why


class AdapterUnusable(ServiceError):
    """An installed package announces an adapter and can't be loaded. ``package`` names it."""

    def __init__(self, adapter: str, package: str, error: Exception) -> None:
        super().__init__(
            f"the package {package!r}, which offers the adapter {adapter!r}, can't be loaded: {error!r}; "
            "install it anew, or a version that fits"
        )
        self.package = package


class AdapterAmbiguous(ServiceError):
    """Several packages announce adapters of one name. ``packages`` names them."""

    def __init__(self, adapter: str, packages: Sequence[str]) -> None:
        super().__init__(
            f"the packages {', '.join(packages)} all offer an adapter {adapter!r}; remove all but one of them"
        )
        self.packages = packages


def installed_adapters() -> dict[str, AdapterFactory]:
    """Return the factories that installed packages announce, by adapter name.

    A package is loaded when a source asks for its adapter: one that is broken costs the others nothing. Such a factory
    raises :class:`AdapterUnusable`.
    """
    announced: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=ENTRY_POINTS):
        announced.setdefault(entry.name, []).append(entry)
    return {name: _loading(entries) for name, entries in announced.items()}


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _loading(entries: Sequence[EntryPoint]) -> AdapterFactory:
    entry = entries[0]

    def factory(options: Mapping[str, Any], base_directory: Path) -> Adapter:
        packages = sorted({_package(one) for one in entries})
        if len(packages) > 1:
            raise AdapterAmbiguous(entry.name, packages)
        try:
            make: AdapterFactory = entry.load()
        except Exception as error:  # whatever somebody else's package does when it is imported
            raise AdapterUnusable(entry.name, _package(entry), error) from error
        return make(options, base_directory)

    return factory


def make_adapter(
    settings: Settings, source: SourceSettings, factories: Mapping[str, AdapterFactory]
) -> Adapter:
    """Return the adapter of one configured source.

    Raises :class:`monitor.settings.SettingsError` for an adapter that is not installed or options that it refuses.
    """
    factory = factories.get(source.adapter)
    if factory is None:
        offered = ", ".join(sorted(factories)) or "none"
        expected = (
            f"expected an installed adapter ({offered}); install the package that offers {source.adapter!r}"
        )
        raise settings.error_at(source.id, "adapter", expected)
    try:
        adapter: object = factory(source.options(), settings.base_directory)
    except (ValueError, OSError) as error:
        raise settings.source_error(source.id, error) from error
    except ServiceError as error:
        raise settings.error_at(source.id, "adapter", str(error)) from error
    except Exception as error:  # a defect of somebody else's package
        told = f"the factory of {source.adapter!r} failed: {error!r}; tell whoever made this adapter"
        raise settings.error_at(source.id, "adapter", told) from error
    if not isinstance(adapter, Adapter) or adapter.source != source.id:
        told = f"the factory of {source.adapter!r} made no adapter of the source {source.id!r}; tell whoever made it"
        raise settings.error_at(source.id, "adapter", told)
    return adapter


class Service:
    """Everything that `operator-monitor run` runs, in one event loop.

    Nothing half-starts: :meth:`start` raises before any adapter connects when the log can't be opened
    (:class:`monitor.log.contract.StorageError`), an address is taken (``OSError``) or a source is misconfigured
    (:class:`ServiceError`, :class:`monitor.settings.SettingsError`), and closes what it had opened.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        record: Path | None = None,
        factories: Mapping[str, AdapterFactory] | None = None,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        self.settings = settings
        self._reread = reread
        self.clock = SteadyClock.system(on_step=self._clock_stepped)
        self.ingest = IngestMetrics()
        self._loop_lag = LoopLag()
        factories = installed_adapters() if factories is None else factories
        self._adapters = [make_adapter(settings, source, factories) for source in settings.sources]
        self._configs = settings.source_configs()
        self.picture = Picture({config.source: SourceEngine(config) for config in self._configs})
        self.feed = Feed(
            self.picture,
            settings.feed,
            now=self.clock.now,
            epoch=secrets.token_hex(8),
        )
        self.alerts = Alerts(
            self.picture,
            settings.alert_rules(),
            settings.alerts,
            now=self.clock.now,
            publish=self.feed.publish,
            feed_clients=lambda: self.feed.stats.clients,
        )
        self.web = WebServer(
            self.picture,
            settings.http,
            now=self.clock.now,
            feed=self.feed,
            metrics=Families(
                self.picture,
                self.ingest,
                self.feed.stats,
                self._loop_lag,
                self.alerts,
                now=self.clock.now,
                version=__version__,
                agent_series=settings.http.agent_series,
            ),
            wallboard=settings.wallboard_config(),
            alerts=AlertHandlers(self.alerts, self.reload_alerts, now=self.clock.now),
        )
        self.pipelines: list[SourcePipeline] = []
        self._record = record
        self._recorder: Recorder | None = None
        self._storage: Storage | None = None
        self._heap = Heap()
        self._reloading = asyncio.Lock()
        """Held from reading the file until what it says holds, so that the last one to be read stays."""
        self._rereading: set[asyncio.Task[None]] = set()
        self._housekeeping: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the log, rebuild the state, listen, then connect to the sources."""
        try:
            async with self._reloading:
                await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        url, directory = self.settings.storage.url, self.settings.base_directory
        self._storage = storage = await asyncio.to_thread(open_storage, url, directory)
        for notice in storage.notices:
            logger.warning("storage_notice", notice=notice)
        pipelines = [
            SourcePipeline(
                adapter,
                storage.log(adapter.source),
                self.picture.engines[adapter.source],
                now=self.clock.now,
                publish=self._publish,
                ingest=self.ingest,
                keep_seconds=self.settings.storage.keep_days * 86_400,
            )
            for adapter in self._adapters
        ]
        for pipeline in pipelines:
            replayed = await pipeline.restore()
            logger.info("state_restored", source=pipeline.source, events_replayed=replayed)
        try:
            await self.alerts.open(storage)
        except WebhookMisconfigured as error:
            raise ServiceError(str(error)) from error
        if self._record is not None:
            self._recorder = await self._open_recording(self._record, pipelines)
            for pipeline in pipelines:
                pipeline.record_to(self._recorder)
        await self.feed.start()
        await self.web.start()
        self._housekeeping = [
            asyncio.create_task(self._keep_house(), name="housekeeping"),
            asyncio.create_task(self._loop_lag.run(), name="loop-lag"),
        ]
        self.pipelines = pipelines
        for pipeline in pipelines:
            pipeline.start()
        self.alerts.start()
        logger.info("started", version=__version__, http=self.web.url, feed=self.feed.url)

    async def _open_recording(self, path: Path, pipelines: Sequence[SourcePipeline]) -> Recorder:
        header = Header(
            version=__version__,
            started=self.clock.now(),
            sources=tuple(self._configs),
            state={pipeline.source: await pipeline.saved_state() for pipeline in pipelines},
        )
        try:
            return Recorder(path, header)
        except OSError as error:
            raise CannotRecord(path, error.strerror or str(error)) from error

    async def stop(self) -> None:
        """Stop the sources, save, close the listeners; idempotent and bounded in time.

        A defect that ended a source's work is raised, after everything was closed.
        """
        for task in self._rereading:
            task.cancel()
        await asyncio.gather(*self._rereading, return_exceptions=True)
        pipelines, self.pipelines = self.pipelines, []
        ended = await asyncio.gather(*(pipeline.stop() for pipeline in pipelines), return_exceptions=True)
        housekeeping, self._housekeeping = self._housekeeping, []
        for task in housekeeping:
            task.cancel()
        await asyncio.gather(*housekeeping, return_exceptions=True)
        await self.alerts.close()
        await self.web.stop()
        await self.feed.stop()
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
        storage, self._storage = self._storage, None
        if storage is not None:
            await storage.close()
        for defect in filter(None, ended):
            raise defect

    async def reload_alerts(self) -> Reloaded:
        """Read the alerts' rules and webhooks anew; the rest of the configuration waits for a restart.

        Raises :class:`monitor.alerts.NotTakenOver`; then everything stays as it was.
        """
        if self._reread is None:
            raise NotTakenOver(["this service was not started with a configuration file"])
        try:
            async with self._reloading:
                settings = await asyncio.to_thread(self._reread)
                # Figures keep their day until a restart, and so do the hours of rules.
                rules = settings.model_copy(update={"day": self.settings.day}).alert_rules()
                await self.alerts.replace(rules, settings.alerts)
        except (SettingsError, WebhookMisconfigured, StorageError) as error:
            raise NotTakenOver(str(error).splitlines()) from error
        reloaded = Reloaded(
            rules=len(rules),
            webhooks=len(settings.alerts.webhooks),
            waiting_for_restart=self._changed_besides_alerts(settings),
        )
        logger.info("alerts_reloaded", **msgspec.structs.asdict(reloaded))
        return reloaded

    def _changed_besides_alerts(self, settings: Settings) -> list[str]:
        """Return the sections that are not as this service was started."""
        return [
            name
            for name in Settings.model_fields
            if name != "alerts" and getattr(settings, name) != getattr(self.settings, name)
        ]

    def reread_alerts(self) -> None:
        """Do the same when nobody waits for the answer (SIGHUP): the log tells what came of it."""
        task = asyncio.create_task(self._reread_alerts(), name="reread alerts")
        self._rereading.add(task)
        task.add_done_callback(self._rereading.discard)

    async def _reread_alerts(self) -> None:
        try:
            await self.reload_alerts()
        except NotTakenOver as error:
            logger.error("alerts_not_reloaded", reasons=list(error.reasons), effect="the old ones go on")

    def _publish(self, changes: Sequence[Changes]) -> None:
        self.feed.publish(changes)
        self.alerts.hear(changes)

    async def _keep_house(self) -> None:
        """Let the steady clock follow the wall clock, and the collector know of what stays."""
        while True:
            self.clock.follow()
            self._heap.tend(sum(engine.size for engine in self.picture.engines.values()))
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    @staticmethod
    def _clock_stepped(seconds: float) -> None:
        logger.warning("clock_stepped", seconds=round(seconds, 3), effect="followed by slewing at 5 %")
