"""A small contact centre in which nothing happens but what a test says, and what the PBX told about it."""

from __future__ import annotations

from dataclasses import replace

from monitor.simulator import QUIET, AgentSpec, Habits, QueueSpec, SimulatedPbx, SimulationConfig, World
from monitor.simulator.parts import Agent, Call, Member
from tests.simulator.ami_text import Message, events, parse

START = 1_795_475_000.0
LONG = 1e6
NUMBER = "+74951230001"
SALES = QueueSpec(name="sales", strategy="linear", timeout=5, retry=1, wrap_up=2)
SUPPORT = QueueSpec(name="support", strategy="linear", timeout=15, retry=1, wrap_up=0)
ANNA = AgentSpec(number="101", name="Anna", queues=("sales",))
BORIS = AgentSpec(number="102", name="Boris", queues=("sales",))
VERA = AgentSpec(number="103", name="Vera", queues=("sales",))


def freepbx(agent: AgentSpec) -> AgentSpec:
    return replace(agent, style="freepbx")


class Scene:
    """Drives a simulated PBX by hand and keeps its events."""

    def __init__(
        self,
        *agents: AgentSpec,
        queues: tuple[QueueSpec, ...] = (SALES,),
        habits: Habits = QUIET,
        noise: bool = False,
        speed: float = 1.0,
    ) -> None:
        self.config = SimulationConfig(
            world=World(queues=queues, agents=agents),
            habits=habits,
            warm_up=0,
            load=0,
            noise=noise,
            speed=speed,
        )
        self.pbx = SimulatedPbx(self.config, START)
        self.told: list[str] = []
        self.pbx.listen(lambda _category, text: self.told.append(text))

    @property
    def centre(self):
        return self.pbx.centre

    def call(self, queue: str = "sales", *, patience: float = LONG, talk: float = LONG) -> Call:
        return self.centre.call_arrives(queue, number=NUMBER, patience=patience, talk=talk)

    def wait(self, seconds: float) -> None:
        self.pbx.run_until(self.pbx.now + seconds)

    def agent(self, who: str) -> Agent:
        return self.centre.agent(who)

    def member(self, who: str, queue: str = "sales") -> Member:
        return self.agent(who).members[queue]

    def rings(self, who: str) -> None:
        """Let time pass until this agent's phone rings."""
        self._until(lambda: self.agent(who).offer is not None, f"{who}'s phone rings")

    def talks(self, who: str) -> None:
        """Let this agent's phone ring, and him answer at once."""
        self.rings(who)
        offer = self.agent(who).offer
        assert offer is not None
        self.centre.answer(offer)

    def hang_up(self, who: str, by: str = "caller") -> None:
        talk = self.agent(who).talk
        assert talk is not None
        self.pbx.conversations.end(talk, by)

    def _until(self, condition, what: str) -> None:
        for _ in range(1_000):
            if condition():
                return
            due = self.pbx.schedule.next_at()
            assert due is not None, f"nothing more happens, and not yet: {what}"
            self.pbx.run_until(due, limit=1)
        raise AssertionError(f"never: {what}")

    @property
    def events(self) -> list[Message]:
        return events(parse("".join(self.told)))

    def forget(self) -> None:
        self.told.clear()
