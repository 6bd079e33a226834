"""What rules are about, found in the picture: queues, agents, sources, and the service as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from monitor.alerts.evaluator import Subject
from monitor.alerts.rules import Kind
from monitor.engine import Changes, Picture
from monitor.model import Alert, Model, ServiceHealth, SourceCounts

SERVICE: Subject = ("service", "service")


class Subjects:
    """Finds subjects. ``feed_clients`` and ``webhooks_failing`` tell what the picture doesn't know."""

    def __init__(
        self, picture: Picture, *, feed_clients: Callable[[], int], webhooks_failing: Callable[[], int]
    ) -> None:
        self._picture = picture
        self._feed_clients = feed_clients
        self._webhooks_failing = webhooks_failing
        self._up: dict[str, bool] = {}
        """Whether each source was up when it last changed."""

    def all(self, kinds: Iterable[Kind]) -> Iterator[Subject]:
        """Yield every subject of some kinds; the service and the sources first."""
        wanted = frozenset(kinds)
        if "service" in wanted:
            yield SERVICE
        for source in self._picture.source_ids():
            yield from self._of_source(source, wanted)

    def changed(self, change: Changes, kinds: frozenset[Kind]) -> Iterator[Subject]:
        """Yield the subjects that a change concerns; all of a source whose sight was lost or came back."""
        if "service" in kinds and (change.source is not None or change.queues or change.queues_removed):
            yield SERVICE
        if change.source is not None:
            up = self._is_up(change.source)
            if up != self._up.get(change.source):
                self._up[change.source] = up
                yield from self._of_source(change.source, kinds)
            elif "source" in kinds:
                yield "source", change.source
        if "queue" in kinds:
            for queue in change.queues:
                yield "queue", queue
        if "agent" in kinds:
            for agent in change.agents:
                yield "agent", agent

    @staticmethod
    def removed(change: Changes, kinds: frozenset[Kind]) -> Iterator[Subject]:
        """Yield the subjects that a change took away."""
        if "queue" in kinds:
            for queue in change.queues_removed:
                yield "queue", queue
        if "agent" in kinds:
            for agent in change.agents_removed:
                yield "agent", agent

    def find(self, kind: Kind, subject_id: str, now: float) -> Model | None:
        """Return a subject as it is now."""
        if kind == "queue":
            return self._picture.queue_view(subject_id, now)
        if kind == "agent":
            return self._picture.agent_view(subject_id, now)
        if kind == "source":
            return self._picture.source_view(subject_id, now)
        return self.service(now)

    def seen(self, kind: Kind, subject_id: str) -> bool:
        """Whether what is shown of a subject is known to be so."""
        return kind in ("source", "service") or self._is_up(subject_id.partition("/")[0])

    def unseen(self) -> frozenset[str]:
        """Return the sources that can't be seen."""
        return frozenset(source for source, engine in self._picture.engines.items() if not engine.is_up)

    def may_come_back(self, kind: Kind, subject_id: str) -> bool:
        """Whether a subject that isn't found may only not be seen: its source is configured and not up."""
        source = subject_id.partition("/")[0]
        return kind in ("queue", "agent") and source in self._picture.engines and not self._is_up(source)

    def explains_itself(self, alert: Alert) -> bool:
        """Whether an alert is worth telling by itself: not while its source, which is another subject, is lost."""
        source = alert.labels.get("source")
        return source is None or alert.subject == source or self._is_up(source)

    def service(self, now: float) -> ServiceHealth:
        """Return the state of the whole."""
        counts = dict.fromkeys(SourceCounts.__struct_fields__, 0)
        for source in self._picture.sources(now):
            counts[source.state] += 1
        waiting, since = 0, None
        for queue in self._picture.queue_ids():
            in_queue, longest = self._picture.queue_waiting(queue) or (0, None)
            waiting += in_queue
            if longest is not None and (since is None or longest < since):
                since = longest
        return ServiceHealth(
            sources=SourceCounts(**counts),
            waiting=waiting,
            longest_wait_since=since,
            feed_clients=self._feed_clients(),
            webhooks_failing=self._webhooks_failing(),
        )

    def _of_source(self, source: str, kinds: frozenset[Kind]) -> Iterator[Subject]:
        engine = self._picture.engines[source]
        if "source" in kinds:
            yield "source", source
        if "queue" in kinds:
            for queue in engine.queue_ids():
                yield "queue", queue
        if "agent" in kinds:
            for agent in engine.agent_ids():
                yield "agent", agent

    def _is_up(self, source: str) -> bool:
        engine = self._picture.engines.get(source)
        return engine is not None and engine.is_up
