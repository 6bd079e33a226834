"""A call centre on a real Asterisk with our service watching it, and the questions that a test asks of both."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from tests.lab import truth
from tests.lab.ami import Ami
from tests.lab.asterisk import Asterisk, Configuration
from tests.lab.monitored import Monitored
from tests.lab.office import Stage


@dataclass
class Scene:
    """``stage`` makes things happen, ``view`` is what we show, ``witness`` is what the PBX says itself."""

    asterisk: Asterisk
    stage: Stage
    view: Monitored
    witness: Ami

    @classmethod
    @asynccontextmanager
    async def open(
        cls, configuration: Configuration, *, port: int | None = None, **options: Any
    ) -> AsyncIterator[Self]:
        """Start everything and return when our service is in sync; stop everything at the end."""
        asterisk = Asterisk(configuration)
        try:
            await asyncio.to_thread(asterisk.start)
            stage = await Stage.open(asterisk)
            try:
                await stage.reachable()
                witness = await Ami.connect(asterisk.manager_port, "witness")
                view = Monitored.by_ami(port or asterisk.manager_port, **options)
                await view.start()
                scene = cls(asterisk, stage, view, witness)
                try:
                    await view.up()
                    yield scene
                finally:
                    await view.stop()
                    await scene.witness.close()
            finally:
                await stage.close()
        finally:
            await asyncio.to_thread(asterisk.close)

    async def agree(self, within: float = 5) -> None:
        """Wait until our view is the PBX's."""
        end = time.monotonic() + within
        while found := await truth.compare(self.view, self.witness):
            if time.monotonic() > end:
                raise AssertionError(f"we and the PBX differ: {found}\n{self.view.story()}")
            await asyncio.sleep(0.1)

    async def settle(self) -> None:
        """Wait until nobody is in a call and we and the PBX agree, also on what the day brought."""
        await self.stage.idle()
        await self.agree()
        await self.counts_agree()
        assert self.view.corrections == {}, f"drift was corrected\n{self.view.story()}"

    async def counts_agree(self, within: float = 5) -> None:
        """Wait until our counts are queue_log's."""
        end = time.monotonic() + within
        while found := self._count_differences():
            if time.monotonic() > end:
                raise AssertionError(f"we and queue_log differ: {found}\n{self.view.story()}")
            await asyncio.sleep(0.1)

    def _count_differences(self) -> dict[str, str]:
        log = self.asterisk.queue_log()
        found = {}
        theirs = truth.outcomes(log)
        for queue in sorted(self.view.engine.queue_ids()):
            name = queue.partition("/")[2]
            ours = self.view.outcomes(name)
            if Counter(ours) != theirs.get(name, Counter()):
                found[name] = f"{dict(theirs.get(name, {}))}, ours {ours}"
        for what, counter in (("missed", truth.missed(log)), ("answered", truth.answered(log))):
            shown = {
                agent.name: getattr(agent.today, what)
                for agent in (
                    self.view.agent(name.partition("/")[2]) for name in self.view.engine.agent_ids()
                )
            }
            for name in shown.keys() | counter.keys():
                if shown.get(name, 0) != counter[name]:
                    found[f"{name} {what}"] = f"{counter[name]}, ours {shown.get(name, 0)}"
        return found
