"""The product as a user runs it, on a real Asterisk: seen through its API and feed, killed, stopped, started again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.lab import product, truth
from tests.lab.ami import Ami
from tests.lab.asterisk import SECRET, Asterisk, Configuration, Manager
from tests.lab.monitored import SOURCE
from tests.lab.office import Stage, office
from tests.lab.phones import answers
from tests.lab.process import poll
from tests.lab.product import USER, WRAP_UP, Run
from tests.lab.proxy import Proxy

SALES = (
    "[sales]\nstrategy = linear\ntimeout = 10\nretry = 1\nringinuse = no\n"
    f"wrapuptime = {WRAP_UP}\nmember => PJSIP/101,0,Anna\n"
)
ANNA = f"{SOURCE}/Anna"
STOPS_WITHIN = 5.0
"""Seconds within which SIGTERM ends the service."""


def the_office() -> Configuration:
    """Return an office with one queue, one agent and the manager user that README.md describes."""
    configuration = office(SALES, "101")
    configuration.managers = {
        **configuration.managers,
        USER: Manager(read="agent,call,system,user", write="reporting"),
    }
    return configuration


@dataclass
class Desk:
    """The office, the link to it, and the service as often as it is started, always on one database."""

    stage: Stage
    witness: Ami
    link: Proxy
    directory: Path
    runs: list[Run]

    @classmethod
    @asynccontextmanager
    async def open(cls, directory: Path) -> AsyncIterator[Self]:
        asterisk = Asterisk(the_office())
        async with AsyncExitStack() as stack:
            stack.push_async_callback(asyncio.to_thread, asterisk.close)
            await asyncio.to_thread(asterisk.start)
            stage = await Stage.open(asterisk)
            stack.push_async_callback(stage.close)
            witness = await Ami.connect(asterisk.manager_port, "witness")
            stack.push_async_callback(witness.close)
            link = await stack.enter_async_context(Proxy(asterisk.manager_port))
            desk = cls(stage, witness, link, directory, [])
            stack.push_async_callback(desk.close_runs)
            yield desk

    async def run(self) -> Run:
        """Start the service."""
        file = product.configure(self.directory, self.link.port)
        run = await Run.start(file, self.directory / f"run-{len(self.runs) + 1}.log")
        self.runs.append(run)
        return run

    async def close_runs(self) -> None:
        for run in self.runs:
            await run.close()

    async def pause(self, paused: str, reason: str = "") -> None:
        await self.stage.driver.action("QueuePause", Interface="PJSIP/101", Paused=paused, Reason=reason)

    async def hang_up(self) -> None:
        """End the caller's call; the caller's phone must have found nothing wrong with it."""
        await self.stage.hang_up("trunk")
        await asyncio.to_thread(self.stage.callers[-1].wait, 20)

    async def agrees(self, run: Run) -> None:
        """Wait until the screen shows Anna and the queue as the PBX says itself."""

        async def same() -> bool:
            told = await truth.ask(self.witness)
            (member,) = told.members.values()
            shown = run.agent("Anna")
            return (
                shown["state"] in truth.ALLOWED[member.status]
                and shown["presence"]["paused"] == member.paused
                and run.queue("sales")["waiting"] == len(told.waiting["sales"])
            )

        await poll(same, f"the screen agrees with the PBX\n{run.story()}", within=5)

    def outcomes(self) -> Counter[str]:
        """Return what queue_log says of the day."""
        return truth.outcomes(self.stage.asterisk.queue_log())["sales"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "service") as one:
        yield one


async def test_a_call_is_followed_over_feed_and_api_from_waiting_to_wrap_up(desk: Desk) -> None:
    run = await desk.run()
    await run.up()
    desk.stage.phone("101", answers(after=1))
    await desk.pause("true", "Lunch")
    await run.until(lambda: run.state("Anna") == "paused", "Anna is paused")
    assert (run.agent("Anna")["reason"], run.calls()) == ("Lunch", [])

    desk.stage.call("sales", name="+74951230001")
    await run.until(lambda: run.queue("sales")["waiting"] == 1, "a caller waits")
    (call,) = run.calls()
    assert (call["state"], call["position"], call["party"]) == ("waiting", 1, "+7495*****01")
    assert run.queue("sales")["today"]["offered"] == 0, "who still waits is not yet counted"
    await run.api_agrees()
    await desk.agrees(run)

    await desk.pause("false")
    await run.until(lambda: run.state("Anna") == "ringing", "Anna's phone rings")
    assert run.agent("Anna")["call"]["id"] == call["id"]
    assert run.queue("sales")["agents"]["ringing"] == 1
    await run.until(lambda: talks(run, answered=1), "Anna talks and the call counts")
    assert run.agent("Anna")["call"]["id"] == call["id"]
    queue = run.queue("sales")
    assert (queue["waiting"], queue["longest_wait_since"]) == (0, None)
    assert (queue["today"]["offered"], queue["today"]["answered"]) == (1, 1)
    assert queue["agents"]["talking"] == 1
    await run.api_agrees()
    await desk.agrees(run)

    await desk.hang_up()
    await run.until(lambda: run.state("Anna") == "wrap_up", "Anna does after-call work")
    await run.until(lambda: run.state("Anna") == "available", "Anna is free again")
    await run.api_agrees()
    assert run.seen[ANNA][-4:] == ["ringing", "talking", "wrap_up", "available"]
    # Between an answer and the connection a call is "ringing", for too short a time to be seen for sure.
    assert [state for state in run.seen[call["id"]] if state != "ringing"] == ["waiting", "talking"]
    assert run.calls() == []
    today = run.queue("sales")["today"]
    assert (today["offered"], today["answered"], today["abandoned"]) == (1, 1, 0)
    assert desk.outcomes() == Counter(answered=1)
    agent = (await run.get(f"/api/v1/agents/{ANNA}"))[1]
    assert (agent["today"]["answered"], agent["today"]["missed"]) == (1, 0)
    # Asterisk tells the end of a call in whole seconds, and wrap-up runs from there.
    assert WRAP_UP - 1.1 <= agent["today"]["wrap_up_seconds"] <= WRAP_UP + 0.1
    assert (await run.get("/readyz"))[0] == 200
    await desk.agrees(run)
    assert await run.corrections() == {}, run.story()
    assert SECRET not in str(run.log())


async def test_kill_9_in_mid_call_loses_nothing_and_invents_nothing(desk: Desk) -> None:
    await restarted_in_mid_call(desk, killed)


async def test_sigterm_in_mid_call_ends_cleanly_and_the_next_start_goes_on(desk: Desk) -> None:
    await restarted_in_mid_call(desk, stopped)


def talks(run: Run, answered: int) -> bool:
    """Return whether Anna talks and so many calls count; her phone answers a moment before the queue connects."""
    return run.state("Anna") == "talking" and run.queue("sales")["today"]["answered"] >= answered


async def killed(run: Run) -> None:
    await run.kill()


async def stopped(run: Run) -> None:
    assert await run.terminate(STOPS_WITHIN) == 0
    log = run.log()
    assert [entry["event"] for entry in log[-2:]] == ["stopping", "stopped"]
    assert {entry["level"] for entry in log} == {"info"}, log


async def restarted_in_mid_call(desk: Desk, end: Callable[[Run], Awaitable[None]]) -> None:
    """One call is over and one goes on when the service ends; it is back before that one is over."""
    run = await desk.run()
    await run.up()
    desk.stage.call("sales")
    await run.until(lambda: talks(run, answered=1), "Anna talks to the first caller")
    await desk.hang_up()
    await run.until(lambda: run.state("Anna") == "available", "Anna is free again")
    desk.stage.call("sales", name="+74951230002")
    await run.until(lambda: talks(run, answered=2), "Anna talks to the second caller")
    before, figures = run.agent("Anna"), run.queue("sales")["today"]
    assert (figures["offered"], figures["answered"], before["today"]["answered"]) == (2, 2, 2)
    await end(run)

    desk.link.stall()
    run = await desk.run()
    agent = run.agent("Anna")
    assert (agent["state"], agent["last_state"], agent["call"]) == ("unknown", "talking", None)
    assert run.queue("sales")["today"] == figures, "the figures are complete in the first snapshot"
    assert (await run.get("/readyz"))[0] == 503
    await run.api_agrees()
    desk.link.flow()
    await run.up()
    agent = run.agent("Anna")
    assert (agent["state"], agent["since"], agent["call"]) == ("talking", before["since"], before["call"])
    await desk.agrees(run)
    assert set(run.seen[ANNA]) == {"unknown", "talking"}
    assert run.queue("sales")["today"] == figures
    (gap,) = run.source()["gaps"]
    assert before["since"] <= gap["start"] < gap["end"]
    assert gap["reason"] == "the service was not running"
    assert agent["today"]["unknown_seconds"] == pytest.approx(gap["end"] - gap["start"], abs=0.05)

    await desk.hang_up()
    await run.until(lambda: run.state("Anna") == "available", "Anna is free again")
    assert run.seen[ANNA] == ["unknown", "talking", "wrap_up", "available"]
    figures = run.queue("sales")["today"]
    assert (figures["offered"], figures["answered"], figures["unknown"]) == (2, 2, 0)
    assert run.agent("Anna")["today"]["answered"] == 2
    assert desk.outcomes() == Counter(answered=2)
    assert await run.metric("callcenter_queue_calls_total", outcome="answered") == 2
    assert await run.metric("callcenter_talk_seconds_count") == 2
    await run.api_agrees()
    await desk.agrees(run)
    assert await run.corrections() == {}, run.story()
    assert SECRET not in str(run.log())


async def test_check_tells_a_good_secret_from_a_wrong_one_and_shows_neither(tmp_path: Path) -> None:
    wrong = "hunter-two"
    with Asterisk(the_office()) as asterisk:
        (good_status, good), (bad_status, bad) = await asyncio.gather(
            product.check(product.configure(tmp_path / "good", asterisk.manager_port)),
            product.check(product.configure(tmp_path / "bad", asterisk.manager_port, wrong)),
        )
    assert good_status == 0, good
    assert "All is well" in good
    assert "1 queues with 1 members" in good
    assert bad_status == 1, bad
    assert "manager.conf" in bad
    assert "manager reload" in bad
    for printed in (good, bad):
        assert SECRET not in printed
        assert wrong not in printed
