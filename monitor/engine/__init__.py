"""The engine: domain events become the live state of agents, queues and calls. Pure and synchronous."""

from monitor.engine.changes import Changes
from monitor.engine.engine import SourceEngine
from monitor.engine.errors import EngineError, StateUnreadable
from monitor.engine.picture import Picture

__all__ = ["Changes", "EngineError", "Picture", "SourceEngine", "StateUnreadable"]
