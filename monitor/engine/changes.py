"""What changed since it was last asked: ids only, the objects are made by those who want them."""

from __future__ import annotations

import msgspec


class Changes(msgspec.Struct, kw_only=True):
    """Public ids of one source's objects that changed, and of those that are gone. False when empty."""

    agents: set[str] = set()
    agents_removed: set[str] = set()
    queues: set[str] = set()
    queues_removed: set[str] = set()
    calls: set[str] = set()
    calls_removed: set[str] = set()
    source: str | None = None
    """The source's id if the source itself changed."""
    alerts: set[str] = set()
    """Alerts are not an engine's; who watches the picture for them says so in the same way."""
    alerts_removed: set[str] = set()

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(
            self.agents
            or self.agents_removed
            or self.queues
            or self.queues_removed
            or self.calls
            or self.calls_removed
            or self.source
            or self.alerts
            or self.alerts_removed
        )


class ChangeLog:
    """Collects changes by the names that are used inside of one source."""

    __slots__ = ("agents", "agents_removed", "calls", "calls_removed", "queues", "queues_removed", "source")

    def __init__(self) -> None:
        self.agents: set[str] = set()
        self.agents_removed: set[str] = set()
        self.queues: set[str] = set()
        self.queues_removed: set[str] = set()
        self.calls: set[str] = set()
        self.calls_removed: set[str] = set()
        self.source = False

    def take(self, source: str) -> Changes:
        """Return what was collected under its public ids and begin anew."""
        prefix = f"{source}/"
        changes = Changes(
            agents={prefix + name for name in self.agents},
            agents_removed={prefix + name for name in self.agents_removed},
            queues={prefix + name for name in self.queues},
            queues_removed={prefix + name for name in self.queues_removed},
            calls={prefix + name for name in self.calls},
            calls_removed={prefix + name for name in self.calls_removed},
            source=source if self.source else None,
        )
        self.__init__()  # type: ignore[misc]  # begin anew: the same fields, all empty
        return changes

    def agent_removed(self, agent: str) -> None:
        """Note that an agent is gone."""
        self.agents.discard(agent)
        self.agents_removed.add(agent)

    def agent_added(self, agent: str) -> None:
        """Note that an agent is there (perhaps again)."""
        self.agents_removed.discard(agent)
        self.agents.add(agent)

    def queue_removed(self, queue: str) -> None:
        """Note that a queue is gone."""
        self.queues.discard(queue)
        self.queues_removed.add(queue)

    def queue_added(self, queue: str) -> None:
        """Note that a queue is there (perhaps again)."""
        self.queues_removed.discard(queue)
        self.queues.add(queue)

    def call_removed(self, call: str) -> None:
        """Note that a call is over."""
        self.calls.discard(call)
        self.calls_removed.add(call)

    def call_changed(self, call: str) -> None:
        """Note that a call is there and changed."""
        self.calls_removed.discard(call)
        self.calls.add(call)
