"""The simulated PBX without sockets: the model, its events and its ledger, moved through time by whoever owns it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from monitor.simulator.centre import Centre
from monitor.simulator.config import SimulationConfig, World
from monitor.simulator.conversations import Conversations
from monitor.simulator.happenings import Happening
from monitor.simulator.ledger import Ledger
from monitor.simulator.parts import Agent
from monitor.simulator.people import People
from monitor.simulator.profile import Profile
from monitor.simulator.schedule import Schedule
from monitor.simulator.score import perform
from monitor.simulator.switch import Switch
from monitor.simulator.world import make_world
from monitor.simulator.writer import Sink, Writer

_WARM_UP_AGENT_SECONDS = 1_000_000.0
"""A big centre is alive sooner, and its start should not take minutes."""


class SimulatedPbx:
    """A contact centre's PBX. Pure: the same configuration and the same calls give the same events."""

    def __init__(self, config: SimulationConfig, start_time: float, ledger: Ledger | None = None) -> None:
        self.config = config
        self.world = config.world or make_world(config.agents, config.queues, config.seed)
        warm_up = _warm_up(config, self.world)
        self.started_at = start_time
        """When the PBX's life as others see it begins; what came before is the warm-up."""
        self.schedule = Schedule(start_time - warm_up)
        profile = Profile(config.seed, config.speed, config.habits, config.office_hour, start_time)
        self.centre = Centre(self.world, profile, self.schedule, self._happened)
        agents, queues = self.centre.agents.values(), self.centre.queues.values()
        self.switch = Switch(agents, queues, config.seed)
        self.writer = Writer(
            self.switch,
            agents,
            seed=config.seed,
            noise=config.noise,
            stamped=config.timestamp_events,
            system_name=config.system_name,
        )
        if ledger is not None:
            ledger.restarted(agents, self.schedule.now)
        self.ledger = ledger if ledger is not None else Ledger(agents, self.schedule.now)
        self.conversations = Conversations(self.centre)
        self.people = People(self.centre, self.conversations, self.world, config.load)
        self.centre.behaviour = self.people
        self._sink: Sink | None = None
        self._silent = False
        self.people.start()
        self.schedule.run_until(start_time)

    @property
    def now(self) -> float:
        """The PBX's clock in unix seconds."""
        return self.schedule.now

    @property
    def told_time(self) -> float:
        """The clock as a Pong tells it: never behind the stamp of an event that was sent before."""
        return max(self.now, self.writer.stamp)

    def run_until(self, time: float, limit: int | None = None) -> bool:
        """Let time pass until ``time``; return ``False`` when ``limit`` steps were not enough."""
        return self.schedule.run_until(time, limit)

    def listen(self, sink: Sink | None) -> None:
        """Send all events to ``sink`` from now on; ``None``: to nobody."""
        self._sink = sink
        self.writer.sink = None if self._silent else sink

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Let what is done inside happen without a single event: the drift that reconciliation must find."""
        self._silent, self.writer.sink = True, None
        try:
            yield
        finally:
            self._silent, self.writer.sink = False, self._sink

    def _happened(self, happening: Happening, agents: tuple[Agent, ...]) -> None:
        perform(self.writer, happening)
        self.ledger.write(happening, agents)


def _warm_up(config: SimulationConfig, world: World) -> float:
    """Return how long the PBX has run before the start, in seconds of its clock."""
    enough = _WARM_UP_AGENT_SECONDS / max(1, len(world.agents))
    return min(config.warm_up, enough) / config.speed
