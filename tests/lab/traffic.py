"""Mixed traffic: a small call centre in which people do everything that people do, seeded."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

from tests.lab.asterisk import Configuration
from tests.lab.office import Stage, office
from tests.lab.phones import (
    FOREVER,
    Behaviour,
    Step,
    answers,
    blind_transfer,
    digit,
    hold,
    pause,
    pause_between,
    refuse,
    sometimes,
    unhold,
)

QUEUES = """
[sales]
strategy = rrmemory
timeout = 3
retry = 1
wrapuptime = 2
ringinuse = no
context = exit-by-key
member => PJSIP/101,0,Anna
member => PJSIP/102,0,Boris
member => PJSIP/103,0,Vera
[support]
strategy = ringall
timeout = 3
retry = 1
wrapuptime = 1
ringinuse = no
context = exit-by-key
member => PJSIP/103,0,Vera
member => PJSIP/104,0,Gleb
[service]
strategy = leastrecent
timeout = 3
retry = 1
ringinuse = no
leavewhenempty = paused
member => Local/105@from-queue/n,0,Daria,hint:105@ext-local
member => Local/106@from-queue/n,0,Egor,hint:106@ext-local
[robots]
strategy = random
timeout = 8
retry = 1
wrapuptime = 1
ringinuse = no
member => Local/201@robots/n,0,Robot 1,hint:201@robot-hints
member => Local/202@robots/n,0,Robot 2,hint:202@robot-hints
"""
PHONES = ("101", "102", "103", "104", "105", "106")
REASONS = ("Lunch", "Coffee", "Meeting", "", "Обед")
MEMBERS = {
    "PJSIP/101": ("sales",),
    "PJSIP/102": ("sales",),
    "PJSIP/103": ("sales", "support"),
    "PJSIP/104": ("support",),
    "Local/105@from-queue/n": ("service",),
    "Local/106@from-queue/n": ("service",),
}
DYNAMIC = {"PJSIP/104": "Gleb", "PJSIP/102": "Boris"}
"""Who signs on to further queues now and then, by interface."""


def call_centre() -> Configuration:
    """Return the call centre's configuration."""
    return office(QUEUES, *PHONES)


def person(transfer_to: str) -> Behaviour:
    """Return how a person at a phone behaves: mostly answers, sometimes not; talks, holds, sends on."""
    ringing = (sometimes(0.07, refuse()), sometimes(0.1, pause(FOREVER)), pause_between(0.2, 1.5))
    talking = (
        pause_between(0.3, 2.5),
        sometimes(0.35, hold(), pause_between(0.3, 1.5), unhold(), pause_between(0.3, 1)),
        sometimes(0.15, blind_transfer(transfer_to), pause(FOREVER)),
        pause_between(0.3, 3),
    )
    return Behaviour(ringing, talking)


class Traffic:
    """Makes traffic until stopped. What it did is counted in :attr:`did`."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.did: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._signed_on: set[tuple[str, str]] = set()
        self._number = 0
        for number, target in zip(PHONES, ("102", "support", "104", "103", "sales", "105"), strict=True):
            stage.phone(number, person(target))
        stage.phone("trunk", answers(0.5, talks=2))

    async def run(self, seconds: float) -> None:
        """Make traffic for so long; the calls that are going on then are left to end by themselves."""
        async with asyncio.timeout(seconds + 30):
            jobs = [
                asyncio.create_task(job) for job in (self._calls(), self._operators(), self._desk_calls())
            ]
            try:
                await asyncio.wait(jobs, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
            finally:
                for job in jobs:
                    job.cancel()
                results = await asyncio.gather(*jobs, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _pace(self, least: float, most: float) -> None:
        await asyncio.sleep(self._random.uniform(least, most))

    async def _calls(self) -> None:
        """Callers of the queues."""
        chance = self._random
        while True:
            await self._pace(0.3, 1.1)
            if sum(not caller.over for caller in self.stage.callers) > 14:
                continue
            queue = chance.choice(("sales", "sales", "support", "support", "service", "service", "robots"))
            self._number += 1
            name = f"+7495123{self._number:04d}"
            kind = chance.random()
            steps: Sequence[Step] = (pause(chance.uniform(2, 14)),)
            if kind < 0.12:
                queue, what = f"{queue}*{chance.randint(1, 4)}", "with timeout"
            elif kind < 0.25:
                steps, what = (pause(chance.uniform(0.8, 2.5)),), "impatient"
            elif kind < 0.33 and queue in {"sales", "support"}:
                steps, what = (pause(chance.uniform(1, 3)), digit("1"), pause(8)), "presses 1"
            elif kind < 0.4:
                steps, what = (pause(4), hold(), pause(1), unhold(), pause(3)), "holds"
            elif kind < 0.5:
                await self._originate(queue, chance.randint(3, 9))
                continue
            elif kind < 0.56:
                queue, what = "relay", "two queues"
            else:
                what = "plain"
            self.did[f"call {what}"] += 1
            self.stage.call(queue, *steps, name=name)

    async def _originate(self, queue: str, seconds: int) -> None:
        self.did["call originated"] += 1
        await self.stage.originate(queue, seconds, "<+74951239999>")

    async def _operators(self) -> None:
        """Pauses, sign-on and sign-off, redirects by a supervisor."""
        chance, act = self._random, self.stage.driver.action
        paused: dict[str, float] = {}
        loop = asyncio.get_running_loop()
        while True:
            await self._pace(0.3, 1.2)
            for interface in [key for key, until in paused.items() if until < loop.time()]:
                del paused[interface]
                await act("QueuePause", Interface=interface, Paused="false")
            kind = chance.random()
            if kind < 0.5 and len(paused) < 3:
                interface = chance.choice(list(MEMBERS))
                queue = {"Queue": chance.choice(MEMBERS[interface])} if chance.random() < 0.5 else {}
                await act(
                    "QueuePause", Interface=interface, Paused="true", Reason=chance.choice(REASONS), **queue
                )
                paused[interface] = loop.time() + chance.uniform(1, 5)
                self.did["pause"] += 1
            elif kind < 0.7:
                interface = chance.choice(list(DYNAMIC))
                queue_name = "robots"
                if (interface, queue_name) in self._signed_on:
                    await act("QueueRemove", Queue=queue_name, Interface=interface)
                    self._signed_on.remove((interface, queue_name))
                else:
                    await act(
                        "QueueAdd",
                        Queue=queue_name,
                        Interface=interface,
                        MemberName=DYNAMIC[interface],
                        Penalty="2",
                    )
                    self._signed_on.add((interface, queue_name))
                self.did["sign-on or sign-off"] += 1
            elif kind < 0.76:
                await self._redirect_somebody()

    async def exit_by_key(self, queue: str) -> None:
        """Have one caller leave by a key for certain: nobody of the queue takes calls meanwhile."""
        act = self.stage.driver.action
        members = [interface for interface, queues in MEMBERS.items() if queue in queues]
        for interface in members:
            await act("QueuePause", Interface=interface, Queue=queue, Paused="true", Reason="Meeting")
        caller = self.stage.call(queue, pause(1.5), digit("1"), pause(3), name="+74951230000")
        await asyncio.to_thread(caller.wait)
        for interface in members:
            await act("QueuePause", Interface=interface, Queue=queue, Paused="false")

    async def _redirect_somebody(self) -> None:
        channels = await self.stage.driver.action("CoreShowChannels")
        callers = [
            item["Channel"]
            for item in channels
            if item.get("Channel", "").startswith("PJSIP/trunk-")
            and item.get("Application") == "Queue"
            and item["BridgeId"]
        ]
        if callers:
            channel = self._random.choice(callers)
            await self.stage.driver.action(
                "Redirect", Channel=channel, Context="from-trunk", Exten="support", Priority="1"
            )
            self.did["redirect"] += 1

    async def _desk_calls(self) -> None:
        """Outbound and internal calls, and direct ones from outside."""
        chance = self._random
        while True:
            await self._pace(1, 3)
            phone = chance.choice(PHONES)
            kind = chance.random()
            stays = pause(chance.uniform(1, 4))
            if kind < 0.5:
                self.stage.call("974951239876", stays, name=phone)
                self.did["outbound"] += 1
            elif kind < 0.75:
                self.stage.call(
                    chance.choice([other for other in PHONES if other != phone]), stays, name=phone
                )
                self.did["internal"] += 1
            else:
                self.stage.call(phone, stays)
                self.did["direct"] += 1
