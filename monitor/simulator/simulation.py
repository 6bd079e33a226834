"""The simulated contact centre, running: real time, an AMI port, and hands for tests to interfere."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager
from dataclasses import replace

from monitor.simulator.ami_server import AmiServer
from monitor.simulator.centre import SimulationError
from monitor.simulator.config import SimulationConfig, World
from monitor.simulator.happenings import DirectEnd
from monitor.simulator.ledger import Ledger
from monitor.simulator.parts import Agent, Call, Side
from monitor.simulator.pbx import SimulatedPbx

_LONGEST_SLEEP = 0.5
_STEPS = 200
"""Things that happen before others get their turn."""


class Simulation:
    """A PBX with people at work behind an AMI port.

    The hooks act at once, on the PBX's clock of the moment; they raise :class:`SimulationError` for what can't be.
    """

    def __init__(self, config: SimulationConfig | None = None) -> None:
        self.config = config or SimulationConfig()
        start = self.config.start_time if self.config.start_time is not None else time.time()
        self.pbx = SimulatedPbx(self.config, start)
        self._server = AmiServer(self.pbx, self.config.users, self.config.seed, catch_up=self._catch_up)
        self._address: tuple[str, int] | None = None
        self._task: asyncio.Task[None] | None = None
        self._began = 0.0
        self._wake = asyncio.Event()

    # --- life --------------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listen and let people work; return the address. Raises ``OSError`` where it is taken."""
        self._address = await self._server.start(host, port)
        if self.config.start_time is None:
            self.pbx.run_until(time.time())  # what took us until now was not spent asleep
        self._began = self._loop_time() - self.pbx.now
        self.pbx.listen(self._server.event)
        self._task = asyncio.create_task(self._run(), name="simulated PBX")
        return self._address

    async def stop(self) -> None:
        """End everything; idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._server.stop()

    async def _run(self) -> None:
        while True:
            if not self.pbx.run_until(self._clock(), limit=_STEPS):
                await asyncio.sleep(0)
                continue
            due = self.pbx.schedule.next_at()
            seconds = _LONGEST_SLEEP if due is None else min(_LONGEST_SLEEP, due - self._clock())
            self._wake.clear()
            try:
                async with asyncio.timeout(max(seconds, 0.0)):
                    await self._wake.wait()
            except TimeoutError:
                pass

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    def _clock(self) -> float:
        return self._loop_time() - self._began

    def _catch_up(self) -> None:
        """Bring the PBX to this moment, as far as that is quick: an action is answered as of now."""
        if self._task is not None:
            self.pbx.run_until(self._clock(), limit=_STEPS)
        self._wake.set()

    def _act(self) -> SimulatedPbx:
        """Bring the PBX to this moment before somebody interferes."""
        if self._task is not None:
            self.pbx.run_until(self._clock())
        self._wake.set()
        return self.pbx

    # --- looking -----------------------------------------------------------------------------------------

    @property
    def username(self) -> str:
        """The first manager user's name."""
        return self.config.users[0].username

    @property
    def secret(self) -> str:
        """The first manager user's secret."""
        return self.config.users[0].secret

    @property
    def address(self) -> tuple[str, int]:
        """Where AMI listens. Raises :class:`SimulationError` before the start."""
        if self._address is None:
            raise SimulationError("the simulation was not started")
        return self._address

    @property
    def ledger(self) -> Ledger:
        """What really happened, the warm-up included."""
        return self.pbx.ledger

    @property
    def now(self) -> float:
        """The PBX's clock."""
        return self._clock() if self._task is not None else self.pbx.now

    @property
    def clients(self) -> int:
        """How many AMI clients are connected."""
        return self._server.clients

    @property
    def agents(self) -> tuple[Agent, ...]:
        """All operators, as they are now."""
        return tuple(self.pbx.centre.agents.values())

    # --- interfering with people -------------------------------------------------------------------------

    def call_arrives(
        self,
        queue: str,
        *,
        number: str | None = None,
        name: str | None = None,
        patience: float | None = None,
        talk: float | None = None,
    ) -> Call:
        """Let somebody call; ``patience`` and ``talk`` in seconds, else chance."""
        return self._act().centre.call_arrives(queue, number=number, name=name, patience=patience, talk=talk)

    def answer(self, who: str) -> None:
        """Let an agent answer the queue call that rings him now."""
        centre = self._act().centre
        offer = centre.agent(who).offer
        if offer is None:
            raise SimulationError(f"nothing rings {who}")
        centre.answer(offer)

    def hang_up(self, who: str, by: Side = "agent") -> None:
        """End an agent's talk."""
        pbx = self._act()
        agent = pbx.centre.agent(who)
        if agent.talk is not None:
            pbx.conversations.end(agent.talk, by)
        elif agent.direct is not None:
            how: DirectEnd = "hung_up_by_origin" if agent.direct.answered_at is not None else "given_up"
            pbx.conversations.end_direct(agent.direct, how)
        else:
            raise SimulationError(f"{who} talks to nobody")

    def hold(self, who: str, *, held: bool = True) -> None:
        """Let an agent put his caller on hold, or take him back."""
        pbx = self._act()
        talk = pbx.centre.agent(who).talk
        if talk is None:
            raise SimulationError(f"{who} talks to nobody")
        (pbx.conversations.hold if held else pbx.conversations.resume)(talk)

    def transfer(self, who: str, queue: str) -> None:
        """Let an agent send his caller to another queue."""
        pbx = self._act()
        talk = pbx.centre.agent(who).talk
        if talk is None:
            raise SimulationError(f"{who} talks to nobody")
        pbx.conversations.transfer(talk, pbx.centre.queue(queue))

    def call_out(self, who: str) -> None:
        """Let an agent call somebody outside."""
        pbx = self._act()
        pbx.conversations.call_out(pbx.centre.agent(who))

    def pause(self, who: str, reason: str = "", *, queue: str | None = None) -> None:
        """Pause an agent in one queue, or in all."""
        self._act().centre.pause(who, reason=reason, queue_name=queue)

    def unpause(self, who: str, *, queue: str | None = None) -> None:
        """End an agent's pause."""
        self._act().centre.pause(who, paused=False, queue_name=queue)

    def add_member(self, who: str, queue: str, *, penalty: int = 0, pause_reason: str | None = None) -> None:
        """Sign an agent on to a queue."""
        self._act().centre.add_member(who, queue, penalty=penalty, pause_reason=pause_reason)

    def remove_member(self, who: str, queue: str) -> None:
        """Sign an agent off from a queue."""
        self._act().centre.remove_member(who, queue)

    def set_reachable(self, who: str, *, reachable: bool) -> None:
        """Let an agent's phone fall silent, or come back."""
        self._act().centre.set_reachable(who, reachable=reachable)

    # --- interfering with the PBX ------------------------------------------------------------------------

    def silence(self) -> AbstractContextManager[None]:
        """Let what is done inside go without events, so that the lists alone tell of it."""
        return self._act().silence()

    def drop_connections(self) -> None:
        """Cut all AMI connections; new ones are welcome at once."""
        self._act()
        self._server.drop()

    def stall(self) -> None:
        """Let AMI fall silent with its connections open; :meth:`resume` ends it."""
        self._act()
        self._server.stall()

    def resume(self) -> None:
        """End :meth:`stall`: what piled up goes out first."""
        self._server.resume()

    def inject(self, data: bytes) -> None:
        """Write bytes as they are to all AMI clients that are logged in."""
        self._act()
        self._server.inject(data)

    async def restart(self, *, seconds: float = 0.0, clean: bool = True) -> None:
        """Restart the PBX: all calls are gone, dynamic members and pauses too; it is away for ``seconds``.

        ``clean``: it says so first (event Shutdown). The ledger goes on.
        """
        host, port = self.address
        pbx = self._act()
        if clean:
            pbx.writer.begin(pbx.now)
            pbx.writer.event("Shutdown", Shutdown="Cleanly", Restart="True")
            await asyncio.sleep(0.05)  # lets it reach the clients before they are cut
        pbx.listen(None)
        await self._server.stop()
        await asyncio.sleep(seconds)
        # A new life: everything but the ledger and the address begins anew, and so does the seed.
        fresh = SimulatedPbx(_after_restart(self.config, pbx.world), self._clock(), pbx.ledger)
        self.pbx = fresh
        self._server.replace(fresh)
        fresh.listen(self._server.event)
        await self._server.start(host, port)
        self._wake.set()


def _after_restart(config: SimulationConfig, world: World) -> SimulationConfig:
    """Return what a PBX that has just started looks like: no calls, and nobody has signed on yet."""
    agents = tuple(replace(agent, signed_on=not agent.dynamic) for agent in world.agents)
    return replace(config, warm_up=0.0, seed=config.seed + 1, world=replace(world, agents=agents))
