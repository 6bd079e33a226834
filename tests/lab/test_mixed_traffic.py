"""Everything at once on a real Asterisk, our view compared with the PBX's own lists all the time.

The PBX is the truth: what we show may differ from its QueueStatus for less than a second, the day's counts must be
queue_log's, and nothing may have needed a drift correction. In the second run the link is cut, stalls, and the PBX
restarts, all in mid-traffic.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

import pytest

from monitor.model import Gap
from tests.lab import truth
from tests.lab.ami import Ami
from tests.lab.asterisk import QueueLogLine
from tests.lab.conftest import OpenScene
from tests.lab.monitored import Monitored
from tests.lab.proxy import Proxy
from tests.lab.scene import Scene
from tests.lab.traffic import Traffic, call_centre

SECONDS = float(os.environ.get("OPERATOR_MONITOR_LAB_SECONDS", "60"))
SEED = int(os.environ.get("OPERATOR_MONITOR_LAB_SEED", "1"))
TALK_ENDS = frozenset({"COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER"})
COUNTED = frozenset({"CallerLeft", "AgentAnswered", "AgentMissed"})
EVERY = 0.5
TOLERATED = 1.0
"""Seconds that a difference may last."""


class Watch:
    """Compares our view with the PBX's every half second while our source is up."""

    def __init__(self, scene: Scene, view: Monitored) -> None:
        self.scene = scene
        self.view = view
        self.compared = 0
        self.lasting: dict[str, str] = {}
        """Differences that lasted too long, with what they were."""
        self.blind = False
        """Whether the link is broken without our knowing yet: then nobody can expect a true view."""
        self._since: dict[str, float] = {}
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._task

    async def _run(self) -> None:
        while not self._over.is_set():
            await asyncio.sleep(EVERY)
            try:
                await self._compare()
            except OSError:  # the PBX restarts: the witness was cut off too
                self._since.clear()
                await self.scene.witness.close()
                self.scene.witness = await self._reconnect()

    async def _reconnect(self) -> Ami:
        while True:
            try:
                return await Ami.connect(self.scene.asterisk.manager_port, "witness")
            except OSError:
                await asyncio.sleep(0.1)

    async def _compare(self) -> None:
        up_since = self.view.source.since
        found = await truth.compare(self.view, self.scene.witness)
        source = self.view.source
        if self.blind or source.state != "up" or source.since != up_since:
            self._since.clear()
            return
        self.compared += 1
        now = time.monotonic()
        self._since = {key: self._since.get(key, now) for key in found}
        for key, since in self._since.items():
            if now - since > TOLERATED:
                self.lasting[key] = f"{found[key]} for {now - since:.1f} s\n{self.view.story(40)}"


async def quiet(scene: Scene) -> None:
    """End the calls that are going on, as a supervisor would."""
    channels = await scene.stage.driver.action("CoreShowChannels")
    for item in channels:
        if "Channel" in item:
            await scene.stage.driver.action("Hangup", Channel=item["Channel"])
    await scene.stage.idle()


@pytest.mark.timeout(SECONDS + 120)
async def test_mixed_traffic_is_shown_as_the_pbx_sees_it_and_counted_as_it_counts(
    open_scene: OpenScene,
) -> None:
    scene = await open_scene(call_centre())
    traffic, watch = Traffic(scene.stage, SEED), Watch(scene, scene.view)
    async with watch:
        await traffic.run(SECONDS)
        await traffic.exit_by_key("sales")
        await quiet(scene)
    log = scene.asterisk.queue_log()
    assert watch.lasting == {}, "\n".join(f"{key}: {text}" for key, text in watch.lasting.items())
    await scene.settle()
    assert watch.compared > SECONDS
    # The run was worth its name: everything that can happen did.
    total = sum(truth.outcomes(log).values(), Counter())
    assert all(total[outcome] for outcome in ("answered", "abandoned", "timed_out", "exited_by_key")), total
    assert sum(truth.missed(log).values()) > 0
    assert {"pause", "outbound", "internal", "sign-on or sign-off"} <= traffic.did.keys()
    assert scene.view.ingest.events["LegHeld"] > 0


@pytest.mark.timeout(250)
async def test_mixed_traffic_through_a_cut_a_stall_and_a_restart_of_the_pbx(open_scene: OpenScene) -> None:
    scene = await open_scene(call_centre())
    async with Proxy(scene.asterisk.manager_port) as proxy:
        view = Monitored.by_ami(proxy.port)
        await view.start()
        try:
            await view.up()
            traffic, watch = Traffic(scene.stage, SEED + 1), Watch(scene, view)
            async with watch:
                running = asyncio.create_task(traffic.run(18))
                await asyncio.sleep(6)
                proxy.cut()
                await back_up(view)
                await asyncio.sleep(4)
                watch.blind = True
                proxy.stall()
                await view.until(lambda: view.source.state == "lost", "the stall is noticed", within=5)
                proxy.flow()
                await back_up(view)
                watch.blind = False
                await running
                stopped_at = time.time()
                await asyncio.to_thread(scene.asterisk.restart)
                await back_up(view)
                await scene.stage.driver.close()
                scene.stage.driver = await Ami.connect(scene.asterisk.manager_port, "driver")
                await Traffic(scene.stage, SEED + 2).run(12)
                await quiet(scene)
            assert watch.lasting == {}, "\n".join(f"{key}: {text}" for key, text in watch.lasting.items())
            assert watch.compared > 20
            scene.view, first = view, scene.view
            await scene.agree()
            scene.view = first
            assert len(view.source.gaps) >= 3
            counts_agree_outside_gaps(view, scene.asterisk.queue_log(), stopped_at)
            assert view.corrections == {}
            assert first.corrections == {}
        finally:
            await view.stop()


async def back_up(view: Monitored) -> None:
    await view.until(lambda: view.source.state != "up", "the loss is noticed", within=10)
    await view.until(lambda: view.source.state == "up", "we are in sync again", within=30)


def counts_agree_outside_gaps(view: Monitored, log: list[QueueLogLine], stopped_at: float) -> None:
    """Compare with queue_log what happened outside the recorded gaps.

    From ``stopped_at`` the PBX hangs up on everybody. Those whose time is over in that moment, too, have timed out by
    queue_log and abandoned by the hang-up, which alone is told before they leave.

    queue_log knows whole seconds only, so what happened within a second of a gap's edge may count or not. Neither
    must an answer within a gap be lost on us if the two still talk when we are back: the PBX's lists tell.
    """
    gaps = view.source.gaps
    stopping = next(Gap(start=stopped_at, end=gap.start, reason="") for gap in gaps if gap.start > stopped_at)
    surely, not_surely_inside = outside([*gaps, stopping], 1.0), outside(gaps, -1.0)

    def perhaps(line: QueueLogLine) -> bool:
        return not_surely_inside(line) or (line.verb == "CONNECT" and still_talked_after(line, gaps, log))

    least, most = truth.outcomes(log, surely), truth.outcomes(log, perhaps)
    for line in log:
        if line.verb == "EXITWITHTIMEOUT" and not outside([stopping], 1.0)(line):
            most.setdefault(line.queue, Counter())["abandoned"] += 1
    wrong = {}
    for queue_id in view.engine.queue_ids():
        queue = queue_id.partition("/")[2]
        ours = view.outcomes(queue)
        for outcome in truth.OUTCOMES.values():
            low, high = least.get(queue, Counter())[outcome], most.get(queue, Counter())[outcome]
            if not low <= ours.get(outcome, 0) <= high:
                wrong[f"{queue} {outcome}"] = f"{low} to {high} by queue_log, ours {ours.get(outcome, 0)}"
    for what, count in (("missed", truth.missed), ("answered", truth.answered)):
        low_by_agent, high_by_agent = count(log, surely), count(log, perhaps)
        for agent_id in view.engine.agent_ids():
            agent = view.agent(agent_id.partition("/")[2])
            low, high, ours = low_by_agent[agent.name], high_by_agent[agent.name], getattr(agent.today, what)
            if not low <= ours <= high:
                wrong[f"{agent.name} {what}"] = f"{low} to {high} by queue_log, ours {ours}"
    theirs = [
        f"queue_log {line}" for line in log if line.verb in truth.OUTCOMES or line.verb == "RINGNOANSWER"
    ]
    told = [f"we {event}" for event in view.kept.events if type(event).__name__ in COUNTED]
    assert wrong == {}, "\n".join([str(wrong), str(gaps), *theirs, *told])


def still_talked_after(connect: QueueLogLine, gaps: list[Gap], log: list[QueueLogLine]) -> bool:
    """Tell whether a call that was answered within a gap went on beyond it."""
    ends = (
        line.at
        for line in log[log.index(connect) + 1 :]
        if line.call == connect.call and line.queue == connect.queue and line.verb in TALK_ENDS
    )
    over_at = next(ends, math.inf)
    return any(gap.start - 1 <= connect.at <= (gap.end or 0.0) <= over_at + 1 for gap in gaps)


def outside(gaps: list[Gap], margin: float) -> Callable[[QueueLogLine], bool]:
    """Tell whether a line happened outside the gaps widened by ``margin`` seconds (narrowed if negative)."""

    def judge(line: QueueLogLine) -> bool:
        # queue_log cuts the fraction off: the line happened within the second that begins at line.at.
        return not any(
            gap.start - margin - (1 if margin > 0 else 0)
            <= line.at
            <= (gap.end or time.time()) + margin - (1 if margin < 0 else 0)
            for gap in gaps
        )

    return judge
