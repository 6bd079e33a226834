"""Our service over one real server, inside the test: adapter, pipeline and engine as `run` wires them."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from monitor import model
from monitor.engine import Changes, Picture, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import Event
from monitor.log import open_storage
from monitor.pipeline import SourcePipeline
from tests.lab.asterisk import SECRET
from tests.lab.process import free_port

SOURCE = "pbx1"


class CountingIngest:
    """Counts what came in, and how late."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.skips: Counter[str] = Counter()
        self.worst_lag = 0.0

    def received(self, source: str, event_name: str, lag: float) -> None:
        self.events[event_name] += 1
        self.worst_lag = max(self.worst_lag, lag)

    def skipped(self, source: str, kind: str) -> None:
        self.skips[kind] += 1


class KeptEvents:
    """A recorder that keeps every event, so that a failed test can tell its story."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, events: Sequence[Event]) -> None:
        self.events += events


class Monitored:
    """What the service shows of one server, and what it showed."""

    def __init__(self, options: Mapping[str, Any], *, config: SourceConfig | None = None) -> None:
        """Watch with the adapter and the options of a configured source, but for its ``id``."""
        self.config = config or SourceConfig(source=SOURCE)
        self.engine = SourceEngine(self.config)
        self.picture = Picture({SOURCE: self.engine})
        self.ingest = CountingIngest()
        self.kept = KeptEvents()
        self.history: list[tuple[float, str, str, str]] = []
        """(at, agent, state, rule) each time an agent's state became another one."""
        self.shown_at: list[float] = []
        """When by the machine's clock each of ``history`` was shown."""
        self._options = {"id": SOURCE, **options}
        self._shown: dict[str, str] = {}
        self._news = asyncio.Event()

    @classmethod
    def by_ami(
        cls, port: int, *, user: str = "monitor", config: SourceConfig | None = None, **options: Any
    ) -> Self:
        """Watch an Asterisk over its manager interface."""
        given = {"adapter": "ami", "host": "127.0.0.1", "port": port, "username": user, "secret": SECRET}
        return cls(given | options, config=config)

    @classmethod
    def by_sip(cls, port: int, *, watch: Mapping[str, str], **options: Any) -> Self:
        """Subscribe to the phones ``watch`` (number -> name) of a server."""
        given: dict[str, Any] = {"adapter": "sip", "host": "127.0.0.1", "port": port, "watch": watched(watch)}
        given |= {"username": "monitor", "secret": SECRET, "listen": f"127.0.0.1:{free_port()}"}
        return cls(given | options)

    @classmethod
    def by_hep(cls, port: int, *, watch: Mapping[str, str], server: int, **options: Any) -> Self:
        """Listen on ``port`` for what the server on the port ``server`` copies of its SIP messages."""
        given: dict[str, Any] = {"adapter": "hep", "listen": f"127.0.0.1:{port}", "key": SECRET}
        given |= {"watch": watched(watch), "servers": [f"127.0.0.1:{server}"]}
        return cls(given | options)

    async def start(self) -> None:
        """Connect and return; wait for what is expected with :meth:`until`."""
        self._storage = open_storage("memory://", Path.cwd())
        package = importlib.import_module(f"adapters.{self._options['adapter']}")
        self.adapter = package.factory(self._options, Path.cwd())
        self.pipeline = SourcePipeline(
            self.adapter, self._storage.log(SOURCE), self.engine,
            now=time.time, publish=self._publish, ingest=self.ingest, keep_seconds=86_400,
        )  # fmt: skip
        await self.pipeline.restore()
        self.pipeline.record_to(self.kept)
        self.pipeline.start()

    async def stop(self) -> None:
        await self.pipeline.stop()
        await self._storage.close()

    async def until(self, condition: Callable[[], object], what: str, within: float = 20) -> None:
        """Return when ``condition`` holds of what is shown; raises ``TimeoutError`` with the story otherwise."""
        end = time.monotonic() + within
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {within:g} s in vain until {what}\n{self.story()}")
            self._news.clear()
            try:
                async with asyncio.timeout(0.1):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def up(self) -> None:
        """Wait until the source is synchronised."""
        await self.until(lambda: self.source.state == "up", "the source is up")

    # --- what is shown -----------------------------------------------------------------------------------

    @property
    def source(self) -> model.Source:
        return self.engine.source_view(time.time())

    def agent(self, name: str) -> model.Agent:
        agent = self.engine.agent_view(f"{SOURCE}/{name}", time.time())
        if agent is None:
            raise LookupError(f"no agent {name}; there are {sorted(self.engine.agent_ids())}")
        return agent

    def state(self, name: str) -> str:
        agent = self.engine.agent_view(f"{SOURCE}/{name}", time.time())
        return "absent" if agent is None else agent.state

    def showing(self, names: Iterable[str]) -> list[str]:
        """Return the states of these agents."""
        return [self.state(name) for name in names]

    def member(self, name: str, queue: str) -> model.Membership | None:
        return next((m for m in self.agent(name).queues if m.queue == f"{SOURCE}/{queue}"), None)

    def queue(self, name: str) -> model.Queue:
        queue = self.engine.queue_view(f"{SOURCE}/{name}", time.time())
        if queue is None:
            raise LookupError(f"no queue {name}; there are {sorted(self.engine.queue_ids())}")
        return queue

    def outcomes(self, queue: str) -> dict[str, int]:
        """Return how many callers left the queue in which way, without zeros.

        ``unknown`` is what stayed unknown: the lifetime counters also keep those that were told apart later.
        """
        counts = dict(self.engine.queue_totals(f"{SOURCE}/{queue}").calls)
        counts["unknown"] = self.queue(queue).today.unknown
        return {outcome: n for outcome, n in counts.items() if n}

    def calls(self) -> list[model.Call]:
        views = (self.engine.call_view(call, time.time()) for call in self.engine.call_ids())
        return [view for view in views if view is not None]

    def waiting(self, queue: str) -> set[str]:
        """Return the callers (their channels' unique ids) who wait in a queue, agents ringing for them or not."""
        return {
            call.id.removeprefix(f"{SOURCE}/").partition("@")[0]
            for call in self.calls()
            if call.queue == f"{SOURCE}/{queue}" and call.queued_at is not None and call.answered_at is None
        }

    def states(self, name: str) -> list[str]:
        """Return the states that the agent was shown in, one after the other."""
        return [state for _, agent, state, _ in self.history if agent == f"{SOURCE}/{name}"]

    @property
    def corrections(self) -> dict[str, int]:
        """Return the drift corrections by kind, without zeros."""
        return {kind: count for kind, count in self.engine.corrections.items() if count}

    def story(self, last: int = 60) -> str:
        """Return the last events and states, for the message of a failed test."""
        lines = [f"source {self.source.state}: {self.source.detail}; corrections {self.corrections}"]
        lines += [f"{at:.3f} {agent} {state} ({rule})" for at, agent, state, rule in self.history[-last:]]
        lines += [str(event)[:300] for event in self.kept.events[-last:] if type(event).__name__ != "Tick"]
        return "\n".join(lines)

    def _publish(self, changes: Sequence[Changes]) -> None:
        for change in changes:
            for agent_id in change.agents:
                view = self.engine.agent_view(agent_id, time.time())
                if view is not None and self._shown.get(agent_id) != view.state:
                    self._shown[agent_id] = view.state
                    self.history.append((view.since, agent_id, view.state, view.why.rule))
                    self.shown_at.append(time.time())
        self._news.set()


def watched(names: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the phones ``names`` (number -> name) of a server on loopback as an adapter's ``watch``."""
    return [{"uri": f"sip:{number}@127.0.0.1", "name": name} for number, name in names.items()]
