"""Make the recordings in ``tests/lab/recordings``: what a real Asterisk says in AMI, byte for byte.

    python -m tests.lab.record            all of them
    python -m tests.lab.record hold ...   these

Each begins and ends with the lists that a snapshot is made of; see ``recordings/README.md`` for what happens in
which. Made by a manager user who may read everything (``read = agent,call,system,user,dialplan``).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lab.ami import Ami
from tests.lab.asterisk import Asterisk, Configuration
from tests.lab.office import Stage, office
from tests.lab.phones import (
    Behaviour,
    answers,
    blind_transfer,
    digit,
    hold,
    is_busy,
    never_answers,
    pause,
    unhold,
)

FOLDER = Path(__file__).parent / "recordings"

SALES = (
    "[sales]\nstrategy = linear\ntimeout = 5\nretry = 1\nwrapuptime = 2\nringinuse = no\nservicelevel = 20\n"
)
SUPPORT = "[support]\nstrategy = linear\ntimeout = 5\nretry = 1\nringinuse = no\nservicelevel = 10\n"
ANNA, BORIS, VERA = (
    "member => PJSIP/101,0,Anna\n",
    "member => PJSIP/102,0,Boris\n",
    "member => PJSIP/103,0,Vera\n",
)

Play = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """What is recorded: the doc string of ``play`` is the line in the README."""

    play: Play
    configuration: Callable[[], Configuration]


SCENARIOS: dict[str, Scenario] = {}


def scenario(queues: str, *numbers: str, dialplan: str = "") -> Callable[[Play], Play]:
    def register(play: Play) -> Play:
        SCENARIOS[play.__name__] = Scenario(play, lambda: office(queues, *numbers, dialplan=dialplan))
        return play

    return register


async def lists(ami: Ami) -> None:
    """Ask for what a snapshot is made of, in our adapter's order."""
    for name in ("QueueStatus", "CoreShowChannels", "DeviceStateList", "ExtensionStateList"):
        await ami.action(name)
    await ami.action("GetConfig", Filename="queues.conf")
    await ami.action("Ping")


@scenario(SALES + ANNA, "101")
async def answered_caller_hangs_up(stage: Stage) -> None:
    """A caller waits in sales, PJSIP/101 (Anna) rings and answers, the caller hangs up."""
    stage.call("sales", stays=2.5, shown="O'Brien")
    await stage.seen("Hangup")


@scenario(SALES + ANNA, "101")
async def answered_agent_hangs_up(stage: Stage) -> None:
    """The same, but the agent hangs up after 1.5 s."""
    stage.phone("101", answers(0.5, talks=1.5))
    stage.call("sales")
    await stage.seen("Hangup")


@scenario(SALES + ANNA, "101")
async def abandoned_waiting(stage: Stage) -> None:
    """Anna is paused, a caller waits 2 s for nobody and hangs up."""
    await stage.driver.action(
        "QueuePause", Queue="sales", Interface="PJSIP/101", Paused="true", Reason="Lunch"
    )
    stage.call("sales", stays=2)
    await stage.seen("Hangup")


@scenario(SALES + ANNA, "101")
async def abandoned_ringing(stage: Stage) -> None:
    """The caller hangs up while Anna's phone rings: no AgentRingNoAnswer follows."""
    stage.phone("101", never_answers())
    stage.call("sales", stays=2)
    await stage.seen("Hangup")


@scenario(SALES + ANNA, "101")
async def hung_up_by_manager(stage: Stage) -> None:
    """A caller waits (Anna paused) and a manager's action Hangup ends the channel; then the same while Anna rings."""
    await stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="true")
    stage.phone("101", never_answers())
    stage.call("sales")
    joined = await stage.seen("QueueCallerJoin")
    await stage.driver.action("Hangup", Channel=joined["Channel"])
    await stage.seen("QueueCallerLeave")
    await stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="false")
    stage.call("sales", name="+74951230002")
    called = await stage.seen("DialState")
    await stage.driver.action("Hangup", Channel=called["Channel"])
    await stage.seen("QueueCallerLeave")


@scenario(SALES + ANNA, "101")
async def timed_out(stage: Stage) -> None:
    """The caller is sent away after Queue()'s own timeout of 3 s while Anna's phone rings."""
    stage.phone("101", never_answers())
    stage.call("sales*3")
    await stage.seen("QueueCallerLeave")
    await stage.seen("Hangup")


@scenario(SALES + ANNA, "101")
async def timed_out_waiting(stage: Stage) -> None:
    """The caller is sent away after Queue()'s own timeout of 2 s; nobody was rung (Anna is paused)."""
    await stage.driver.action("QueuePause", Queue="sales", Interface="PJSIP/101", Paused="true")
    stage.call("sales*2")
    await stage.seen("QueueCallerLeave")
    await stage.seen("Hangup")


@scenario(SALES + ANNA + BORIS, "101", "102")
async def missed_then_answered(stage: Stage) -> None:
    """Anna (linear strategy, first) rings 5 s and does not answer, then Boris answers; the caller hangs up."""
    stage.phone("101", never_answers())
    stage.call("sales", stays=8)
    await stage.seen("AgentRingNoAnswer")
    await stage.seen("AgentConnect")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario(SALES + ANNA + BORIS, "101", "102")
async def busy_then_answered(stage: Stage) -> None:
    """Anna refuses the call (486), then Boris answers; the caller hangs up."""
    stage.phone("101", is_busy())
    stage.call("sales", stays=4)
    await stage.seen("AgentConnect")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario(SALES.replace("linear", "ringall") + ANNA + BORIS + VERA, "101", "102", "103")
async def ring_all(stage: Stage) -> None:
    """Ring-all: three phones ring, Boris answers, the two others lose (no AgentRingNoAnswer); agent hangs up."""
    stage.phone("101", never_answers())
    stage.phone("102", answers(1, talks=1.5))
    stage.phone("103", never_answers())
    stage.call("sales")
    await stage.seen("AgentComplete")


@scenario(SALES.replace("linear", "ringall") + ANNA + BORIS, "101", "102")
async def ring_all_nobody(stage: Stage) -> None:
    """Ring-all: two phones ring out (AgentRingNoAnswer for both after 5 s), ring again, then the caller gives up."""
    stage.phone("101", never_answers())
    stage.phone("102", never_answers())
    stage.call("sales", stays=7.5)
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario(SALES + ANNA, "101")
async def held(stage: Stage) -> None:
    """Anna answers, holds the caller (re-INVITE sendonly) for 1.5 s, resumes, talks on; then the caller hangs up."""
    stage.phone("101", Behaviour(talking=(pause(1), hold(), pause(1.5), unhold(), pause(60))))
    stage.call("sales", stays=5)
    await stage.seen("Unhold")
    await stage.seen("Hangup")


@scenario(SALES + ANNA, "101")
async def held_by_caller(stage: Stage) -> None:
    """The caller holds Anna for 1.5 s (member Status 8), resumes, hangs up."""
    stage.call("sales", pause(2), hold(), pause(1.5), unhold(), pause(1))
    await stage.seen("Unhold")
    await stage.seen("Hangup")


@scenario(SALES + ANNA, "101")
async def held_to_the_end(stage: Stage) -> None:
    """Anna answers, holds the caller, and the caller hangs up while held (no Unhold)."""
    stage.phone("101", Behaviour(talking=(pause(1), hold(), pause(60))))
    stage.call("sales", stays=3.5)
    await stage.seen("Hangup")


@scenario(SALES + ANNA + SUPPORT + ANNA + BORIS, "101", "102")
async def pauses(stage: Stage) -> None:
    """Anna: pause in sales (Lunch), reason changed (Coffee), unpause, pause in all queues (Meeting), unpause in all,
    pause without reason, penalty 0 to 5 and ringinuse changed in sales; Boris: pause in support (Café, UTF-8)."""
    act = stage.driver.action
    anna = {"Interface": "PJSIP/101"}
    await act("QueuePause", **anna, Queue="sales", Paused="true", Reason="Lunch")
    await act("QueuePause", **anna, Queue="sales", Paused="true", Reason="Coffee")
    await act("QueuePause", **anna, Queue="sales", Paused="false")
    await act("QueuePause", **anna, Paused="true", Reason="Meeting")
    await act("QueuePause", **anna, Paused="false", Reason="Back again")
    await act("QueuePause", **anna, Queue="sales", Paused="true")
    await act("QueuePenalty", **anna, Queue="sales", Penalty="5")
    await act("QueueMemberRingInUse", **anna, Queue="sales", RingInUse="no")
    await act("QueuePause", Interface="PJSIP/102", Queue="support", Paused="true", Reason="Café")
    await stage.seen("QueueMemberPause", PausedReason="Café")


@scenario(SALES + ANNA, "101")
async def paused_in_call(stage: Stage) -> None:
    """Anna is paused while she talks to a queue caller; the caller hangs up: she is paused, no new call."""
    stage.call("sales", stays=3.5)
    await stage.seen("BridgeEnter", Channel="PJSIP/trunk-00000000")
    await stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="true", Reason="Lunch")
    await stage.seen("Hangup")


@scenario(SALES + ANNA + "[key]\nstrategy = linear\ncontext = exit-by-key\n" + ANNA, "101")
async def exit_by_key(stage: Stage) -> None:
    """A caller waits in `key` (Anna paused) and leaves by pressing 1."""
    await stage.driver.action("QueuePause", Queue="key", Interface="PJSIP/101", Paused="true")
    stage.call("key", pause(1.5), digit("1"), pause(60))
    await stage.seen("QueueCallerLeave")
    await stage.seen("Hangup")


@scenario(SALES + ANNA + "[key]\nstrategy = linear\ncontext = exit-by-key\n" + ANNA, "101")
async def exit_by_key_second(stage: Stage) -> None:
    """Two callers wait in `key` (Anna paused); the second one leaves by pressing 1, then the first one hangs up."""
    await stage.driver.action("QueuePause", Queue="key", Interface="PJSIP/101", Paused="true")
    stage.call("key", stays=3)
    await stage.seen("QueueCallerJoin")
    stage.call("key", pause(1.2), digit("1"), pause(60), name="+74951230002")
    await stage.seen("QueueCallerLeave")
    await stage.seen("QueueCallerLeave")


@scenario("[empty]\nstrategy = linear\njoinempty = yes\nleavewhenempty = paused\n" + ANNA, "101")
async def left_empty(stage: Stage) -> None:
    """A caller rings Anna in `empty`; she is paused meanwhile and the queue lets the caller go (leavewhenempty)."""
    stage.phone("101", never_answers())
    stage.call("empty")
    await stage.seen("AgentCalled")
    await stage.driver.action("QueuePause", Queue="empty", Interface="PJSIP/101", Paused="true")
    await stage.seen("QueueCallerLeave")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario("[empty]\nstrategy = linear\njoinempty = paused\n" + ANNA, "101")
async def not_let_in(stage: Stage) -> None:
    """A caller is not let into `empty` because Anna is paused (joinempty): no QueueCallerJoin at all."""
    await stage.driver.action("QueuePause", Queue="empty", Interface="PJSIP/101", Paused="true")
    stage.call("empty")
    await stage.seen("Hangup")


@scenario(SALES + ANNA + SUPPORT + BORIS, "101", "102")
async def two_queues(stage: Stage) -> None:
    """A caller waits 2 s in sales (Anna's phone rings: times out), then joins support with the same Uniqueid, where
    Boris answers; the caller hangs up."""
    stage.phone("101", never_answers())
    stage.call("relay", stays=6)
    await stage.seen("AgentConnect")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario("[sales]\nstrategy = linear\ntimeout = 4\nretry = 1\nwrapuptime = 2\n"
          "member => Local/101@from-queue/n,0,Anna,hint:101@ext-local\n"
          "member => Local/102@from-queue/n,0,Boris,hint:102@ext-local\n", "101", "102")  # fmt: skip
async def freepbx_member(stage: Stage) -> None:
    """FreePBX style: Local/10x@from-queue/n with hint:10x@ext-local on PJSIP phones. Anna does not answer (4 s),
    Boris does, holds the caller 1 s, resumes; the caller hangs up."""
    stage.phone("101", never_answers())
    stage.phone("102", Behaviour(talking=(pause(1), hold(), pause(1), unhold(), pause(60))))
    stage.call("sales", stays=10)
    await stage.seen("AgentConnect")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario(
    "[sales]\nstrategy = linear\ntimeout = 5\nwrapuptime = 2\nmember => Local/101@from-queue,0,Anna,PJSIP/101\n",
    "101",
)
async def local_optimised(stage: Stage) -> None:
    """A Local member without /n (state interface PJSIP/101). Nobody is heard, so the Local channels stay: see
    local_optimised_away. The agent hangs up."""
    stage.phone("101", answers(0.5, talks=2.5))
    stage.call("sales")
    await stage.seen("AgentComplete")


@scenario(
    "[sales]\nstrategy = linear\ntimeout = 5\nwrapuptime = 2\nmember => Local/101@from-queue,0,Anna,PJSIP/101\n",
    "101",
)
async def local_optimised_away(stage: Stage) -> None:
    """The same with a caller (a Local channel itself) who is heard: after the answer the Local channels optimise
    themselves away (LocalOptimizationBegin, BridgeEnter with SwapUniqueid). The agent hangs up."""
    stage.phone("101", answers(0.5, talks=2.5))
    await stage.originate("sales", 20)
    await stage.seen("AgentComplete")


@scenario(SALES + ANNA + BORIS, "101", "102")
async def blind_transferred(stage: Stage) -> None:
    """Anna answers and sends the caller to 102 by REFER; Boris answers (no queue call of his), the caller hangs up."""
    stage.phone("101", Behaviour(talking=(pause(1.5), blind_transfer("102"), pause(60))))
    stage.call("sales", stays=5.5)
    await stage.seen("BlindTransfer")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario(SALES + ANNA + SUPPORT + BORIS, "101", "102")
async def transferred_to_queue(stage: Stage) -> None:
    """Anna answers in sales and sends the caller to the queue support by REFER; Boris answers there."""
    stage.phone("101", Behaviour(talking=(pause(1.5), blind_transfer("support"), pause(60))))
    stage.call("sales", stays=5.5)
    await stage.seen("BlindTransfer")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario(SALES + ANNA + BORIS, "101", "102")
async def attended_transferred(stage: Stage) -> None:
    """Anna answers, holds the caller, calls 102 (Boris answers), connects the two by REFER with Replaces and is
    out; the caller hangs up."""
    stage.phone("101", Behaviour(talking=(pause(1), hold(), pause(60))))
    call = stage.call("sales", stays=7)
    await stage.seen("Hold")
    await stage.transfer_attended("101", "102", after=1.5)
    await stage.seen("AttendedTransfer")
    await asyncio.to_thread(call.wait)


@scenario(SALES + ANNA + BORIS, "101", "102")
async def attended_by_feature_code(stage: Stage) -> None:
    """Anna answers and transfers by Asterisk's own feature code *2 102: talks to Boris, hangs up; the caller goes on
    with Boris and hangs up."""
    keys = [digit(key) for key in "*2"]
    number = [digit(key) for key in "102"]
    stage.phone("101", Behaviour(talking=(pause(1), *keys, pause(1), *number, pause(3))))
    call = stage.call("sales", stays=9)
    await stage.seen("AttendedTransfer")
    await asyncio.to_thread(call.wait)


@scenario(SALES + ANNA + SUPPORT + BORIS, "101", "102")
async def redirected(stage: Stage) -> None:
    """The driver redirects the talking caller from Anna (sales) to the queue support: Anna's leg ends at once,
    AgentComplete for sales comes only when the caller leaves support's Boris; the caller hangs up."""
    call = stage.call("sales", stays=6)
    event = await stage.seen("BridgeEnter", Channel="PJSIP/trunk-00000000")
    await stage.driver.action(
        "Redirect", Channel=event["Channel"], Context="from-trunk", Exten="support", Priority="1"
    )
    await stage.seen("AgentConnect", Queue="support")
    await asyncio.to_thread(call.wait)


@scenario(SALES + ANNA, "101")
async def outbound_call(stage: Stage) -> None:
    """Anna (PJSIP/101) calls out through the trunk (9 +7495…), the other side answers after 1 s, Anna hangs up;
    then a second call that is refused as busy; then one that she gives up while it rings."""
    stage.phone("trunk", answers(1))
    await asyncio.to_thread(stage.call("974951239876", stays=2, name="101").wait)
    await stage.idle()
    stage.phone("trunk", is_busy(0.5))
    await asyncio.to_thread(stage.call("974951239876", name="101").wait)


@scenario(SALES + ANNA + BORIS, "101", "102")
async def internal_call(stage: Stage) -> None:
    """Anna calls Boris, who answers; Anna hangs up after 2 s. Then a direct call from outside to Boris."""
    await asyncio.to_thread(stage.call("102", stays=2, name="101").wait)
    await stage.idle()
    await asyncio.to_thread(stage.call("102", stays=2).wait)


@scenario(SALES.replace("timeout = 5", "timeout = 2\nautopause = yes") + ANNA + BORIS, "101", "102")
async def auto_paused(stage: Stage) -> None:
    """Anna does not answer and is paused by the queue (Auto-Pause); Boris answers, the caller hangs up."""
    stage.phone("101", never_answers())
    stage.call("sales", stays=6)
    await stage.seen("AgentConnect")
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")


@scenario(SALES + ANNA, "101", "102", "103")
async def signed_on_and_off(stage: Stage) -> None:
    """Boris signs on (QueueAdd, penalty 3), Vera signs on paused, both sign off."""
    act = stage.driver.action
    await act("QueueAdd", Queue="sales", Interface="PJSIP/102", MemberName="Boris", Penalty="3")
    await act(
        "QueueAdd", Queue="sales", Interface="PJSIP/103", MemberName="Vera", Paused="true", Reason="Training"
    )
    await lists(stage.monitor)
    await act("QueueRemove", Queue="sales", Interface="PJSIP/102")
    await act("QueueRemove", Queue="sales", Interface="PJSIP/103")
    await stage.seen("QueueMemberRemoved", MemberName="Vera")


@scenario(SALES + ANNA, "101", "102")
async def queue_reloaded(stage: Stage) -> None:
    """Anna is paused (Lunch); queues.conf gains Boris and is reloaded: no event. The lists are asked again."""
    await stage.driver.action(
        "QueuePause", Queue="sales", Interface="PJSIP/101", Paused="true", Reason="Lunch"
    )
    stage.asterisk.configuration.queues += BORIS
    stage.asterisk.write_configuration()
    await asyncio.to_thread(stage.asterisk.cli, "queue reload all")


@scenario(SALES.replace("wrapuptime = 2", "wrapuptime = 60") + ANNA, "101")
async def queue_reset(stage: Stage) -> None:
    """After a call Anna is in a wrap-up of 60 s; QueueReset ends it without an event (LastCall 0 in the lists)."""
    stage.call("sales", stays=2)
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")
    await stage.idle()
    await lists(stage.monitor)
    await stage.driver.action("QueueReset", Queue="sales")


@scenario(SALES + ANNA + SUPPORT + ANNA, "101")
async def member_of_two_queues(stage: Stage) -> None:
    """Anna is in sales and support: a call by sales, then (wrap-up of 2 s binds in sales only) one by support at
    once while the next caller of sales waits until the wrap-up is over."""
    await asyncio.to_thread(stage.call("sales", stays=1.5).wait)
    await stage.seen("Hangup", Channel="PJSIP/trunk-00000000")
    stage.call("sales", stays=9, name="+74951230002")
    await asyncio.sleep(0.3)
    await asyncio.to_thread(stage.call("support", stays=3, name="+74951230003").wait)
    await stage.seen("AgentConnect", Queue="sales", within=20)
    await asyncio.to_thread(stage.callers[-2].wait)


@scenario(SALES + ANNA + BORIS, "101", "102")
async def busy_queue(stage: Stage) -> None:
    """Three callers at once: two are answered, one waits at position 3, 1 …; positions change; all end."""
    stage.phone("101", answers(0.5, talks=2))
    stage.phone("102", answers(1, talks=2))
    for number in (1, 2, 3):
        stage.call("sales", name=f"+7495123000{number}", stays=12)
    for _ in range(3):
        await stage.seen("AgentComplete")


@scenario(
    "[sales]\nstrategy = linear\ntimeout = 8\nmember => Local/201@robots/n,0,Robot,hint:201@robot-hints\n"
)
async def custom_device_member(stage: Stage) -> None:
    """A Local member with a hint on a Custom: device that the dialplan sets; the caller is a Local channel that the
    driver originated; the robot hangs up or the caller does after 6 s."""
    await stage.originate("sales", 6, '"Z\u0443\u0435\u0432, A." <+74951230007>')
    await stage.seen("AgentConnect")


@scenario(SALES + ANNA, "101")
async def unreachable_phone(stage: Stage) -> None:
    """Anna's phone (qualified every second) falls silent: unavailable; it comes back: reachable again."""
    stage.phones["101"].unplug()
    await stage.seen("PeerStatus", PeerStatus="Unreachable")
    await lists(stage.monitor)
    stage.phone("101", answers())
    await stage.seen("PeerStatus", PeerStatus="Reachable")


SCENARIOS["unreachable_phone"] = Scenario(
    SCENARIOS["unreachable_phone"].play, lambda: office(SALES + ANNA, "101", qualify=1.0)
)


@scenario(SALES + ANNA + BORIS, "101", "102")
async def talking_at_connect(stage: Stage) -> None:
    """(begins in the middle) Anna talks to a queue caller, Boris's phone rings with a second one, a third waits;
    then all hang up."""
    stage.rewind()
    await asyncio.gather(*(asyncio.to_thread(caller.wait) for caller in stage.callers))


async def record(name: str) -> None:
    scenario_ = SCENARIOS[name]
    with Asterisk(scenario_.configuration()) as asterisk:
        stage = await Stage.open(asterisk)
        try:
            if name == "talking_at_connect":
                stage.phone("102", never_answers())
                for number in (1, 2, 3):
                    stage.call("sales", name=f"+7495123000{number}", stays=7 + number / 5)
                    await stage.seen("QueueCallerJoin")
                stage.rewind()
                await stage.seen("BridgeEnter", Channel="PJSIP/trunk-00000000")
                stage.rewind()
                await stage.seen("Newstate", ChannelStateDesc="Ringing", CallerIDNum="102")
            await stage.reachable()
            recorder = await Ami.connect(asterisk.manager_port, "recorder", "on")
            await lists(recorder)
            shown, stage.monitor = stage.monitor, recorder
            await scenario_.play(stage)
            await stage.idle()
            await lists(recorder)
            stage.monitor = shown
            recorder.save(FOLDER / f"{name}.ami")
            size = (FOLDER / f"{name}.ami").stat().st_size
            print(f"{name}: {size} bytes", flush=True)  # noqa: T201 - a script
            await recorder.close()
        finally:
            await stage.close()


async def record_restart() -> None:
    """Asterisk restarts in mid-call: two files, the stream until it ends and the stream after it is back."""
    with Asterisk(office(SALES + ANNA + BORIS, "101", "102")) as asterisk:
        stage = await Stage.open(asterisk)
        try:
            recorder = await Ami.connect(asterisk.manager_port, "recorder", "on")
            await lists(recorder)
            stage.call("sales", shown="O'Brien")
            await stage.seen("AgentConnect")
            stage.call("sales", name="+74951230002")
            await stage.seen("AgentCalled")
            await asyncio.to_thread(asterisk.stop)
            recorder.save(FOLDER / "restart_1_before.ami")
            await asyncio.to_thread(asterisk.start)
            after = await Ami.connect(asterisk.manager_port, "recorder", "on")
            await lists(after)
            after.save(FOLDER / "restart_2_after.ami")
            await after.close()
            print("restart", flush=True)  # noqa: T201 - a script
        finally:
            await stage.close()


def write_readme() -> None:
    lines = [
        "# Recordings of a real Asterisk 22.10",
        "",
        "What one AMI session (all events, `timestampevents = yes`) received, byte for byte. Each file begins with the",
        "answers to QueueStatus, CoreShowChannels, DeviceStateList, ExtensionStateList, GetConfig queues.conf and Ping,",
        "and ends with the same lists. Numbers and names are invented. Made by `python -m tests.lab.record`.",
        "",
        "| file | what happens |",
        "|---|---|",
    ]
    for name, item in SCENARIOS.items():
        lines.append(f"| {name}.ami | {' '.join((item.play.__doc__ or '').split())} |")
    lines.append(
        "| restart_1_before.ami | Anna talks to a caller, Boris's phone rings with another, then `core stop now`. |"
    )
    lines.append("| restart_2_after.ami | The session after that: a fresh Asterisk, nothing lives on. |")
    (FOLDER / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


async def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    write_readme()
    for name in names or [*SCENARIOS, "restart"]:
        try:
            await (record_restart() if name == "restart" else record(name))
        except (TimeoutError, OSError, RuntimeError) as error:
            print(f"{name}: FAILED {error!r}", flush=True)  # noqa: T201 - a script


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
