"""Queue calls on a real Asterisk: answered, abandoned, left otherwise, missed."""

from __future__ import annotations

import asyncio

import pytest

from tests.lab.conftest import OpenScene
from tests.lab.office import office
from tests.lab.phones import answers, digit, is_busy, never_answers, pause

SALES = "[sales]\nstrategy = linear\ntimeout = 1\nretry = 1\nringinuse = no\n"
SUPPORT = "[support]\nstrategy = linear\ntimeout = 1\nretry = 1\nringinuse = no\n"
WRAP_UP = "wrapuptime = 2\n"
ANNA, BORIS, VERA = (
    "member => PJSIP/101,0,Anna\n",
    "member => PJSIP/102,0,Boris\n",
    "member => PJSIP/103,0,Vera\n",
)


async def test_answered_call_shows_every_state_once_and_ends_in_wrap_up(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + WRAP_UP + ANNA, "101"))
    view = scene.view
    scene.stage.call("sales", stays=1.5, shown="O'Brien", name="+74951230001")
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
    call = view.agent("Anna").call
    assert call is not None
    assert (call.direction, call.queue, call.party) == ("inbound_queue", "pbx1/sales", "+7495*****01")
    await scene.agree()
    await view.until(lambda: view.state("Anna") == "wrap_up", "Anna does after-call work")
    await view.until(lambda: view.state("Anna") == "available", "Anna is available again")
    await scene.settle()
    assert view.states("Anna") == ["available", "ringing", "talking", "wrap_up", "available"]
    assert view.outcomes("sales") == {"answered": 1}
    assert view.calls() == []


async def test_agent_hanging_up_is_a_completed_call_too(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    scene.stage.phone("101", answers(0.3, talks=0.7))
    scene.stage.call("sales")
    await scene.view.until(
        lambda: scene.view.states("Anna")[-3:] == ["ringing", "talking", "available"], "the call is over"
    )
    await scene.settle()
    today = scene.view.queue("sales").today
    assert (today.offered, today.answered) == (1, 1)
    assert today.average_talk_time is not None
    assert 0.3 < today.average_talk_time < 5


async def test_caller_who_hangs_up_while_nobody_rings_abandoned(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    await scene.stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="true", Reason="Lunch")
    scene.stage.call("sales", stays=1.2)
    await scene.view.until(lambda: scene.view.queue("sales").waiting == 1, "a caller waits")
    await scene.agree()
    await scene.view.until(lambda: scene.view.queue("sales").waiting == 0, "nobody waits")
    await scene.settle()
    assert scene.view.outcomes("sales") == {"abandoned": 1}
    assert scene.view.queue("sales").today.short_abandoned == 1


async def test_caller_who_hangs_up_while_an_agent_rings_abandoned_and_the_agent_missed_nothing(
    open_scene: OpenScene,
) -> None:
    scene = await open_scene(office(SALES.replace("timeout = 1", "timeout = 20") + ANNA, "101"))
    view = scene.view
    scene.stage.phone("101", never_answers())
    scene.stage.call("sales", stays=1.5)
    await view.until(lambda: view.state("Anna") == "ringing", "Anna's phone rings")
    await scene.agree()
    await view.until(lambda: view.state("Anna") == "available", "it stops")
    await scene.settle()
    assert view.outcomes("sales") == {"abandoned": 1}
    assert view.agent("Anna").today.missed == 0


@pytest.mark.parametrize("user", ["monitor", "recorder"], ids=["least-privilege", "dialplan-readable"])
async def test_exits_are_told_apart(open_scene: OpenScene, user: str) -> None:
    """Timeout while ringing, timeout while waiting, exit by key, left empty, and one not let in at all.

    A user who may read class `dialplan` is told (QUEUESTATUS) what must be concluded otherwise.
    """
    queues = (
        SALES.replace("timeout = 1", "timeout = 20") + ANNA
        + "[key]\nstrategy = linear\ncontext = exit-by-key\n" + BORIS
        + "[empty]\nstrategy = linear\ntimeout = 1\nretry = 1\nleavewhenempty = paused\n" + VERA
        + "[shut]\nstrategy = linear\njoinempty = paused\nmember => PJSIP/102,0,Boris\n"
    )  # fmt: skip
    scene = await open_scene(office(queues, "101", "102", "103"), user=user)
    stage, view, act = scene.stage, scene.view, scene.stage.driver.action
    stage.phone("101", never_answers())
    stage.phone("103", never_answers())
    await act("QueuePause", Interface="PJSIP/102", Paused="true")
    stage.call("sales*2", name="+74951230001")
    stage.call("key", pause(0.8), digit("1"), name="+74951230002")
    stage.call("key*1", name="+74951230003")
    stage.call("shut", name="+74951230004")
    stage.call("empty", name="+74951230005")
    await view.until(lambda: view.state("Vera") == "ringing", "Vera's phone rings")
    await act("QueuePause", Interface="PJSIP/103", Paused="true", Reason="Lunch")
    await view.until(lambda: view.outcomes("empty"), "the caller left")
    await scene.settle()
    assert view.outcomes("sales") == {"timed_out": 1}
    assert view.outcomes("key") == {"exited_by_key": 1, "timed_out": 1}
    assert view.outcomes("empty") == {"left_empty": 1}
    assert view.outcomes("shut") == {}


@pytest.mark.parametrize("user", ["monitor", "recorder"], ids=["least-privilege", "dialplan-readable"])
async def test_caller_whom_a_manager_hangs_up_abandoned_and_did_not_time_out(
    open_scene: OpenScene, user: str
) -> None:
    """The action Hangup says nothing before the caller leaves; a timeout looks the same up to that moment."""
    scene = await open_scene(office(SALES.replace("timeout = 1", "timeout = 20") + ANNA, "101"), user=user)
    scene.stage.phone("101", never_answers())
    scene.stage.call("sales")
    ringing = await scene.stage.seen("DialState")
    await scene.stage.driver.action("Hangup", Channel=ringing["Channel"])
    await scene.view.until(lambda: scene.view.outcomes("sales"), "the caller left")
    await scene.settle()
    assert scene.view.outcomes("sales") == {"abandoned": 1}


async def test_one_who_does_not_answer_missed_the_call_and_the_next_gets_it(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    scene.stage.phone("101", never_answers())
    scene.stage.call("sales", stays=7)
    await scene.view.until(lambda: scene.view.state("Boris") == "talking", "Boris talks")
    await scene.agree()
    await scene.settle()
    assert scene.view.states("Anna") == ["available", "ringing", "available"]
    assert scene.view.agent("Anna").today.missed == 1
    assert scene.view.agent("Boris").today.missed == 0
    assert scene.view.agent("Boris").today.answered == 1


async def test_busy_phone_is_a_missed_call(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    scene.stage.phone("101", is_busy())
    scene.stage.call("sales", stays=7)
    await scene.view.until(lambda: scene.view.state("Boris") == "talking", "Boris talks")
    await scene.settle()
    assert scene.view.agent("Anna").today.missed == 1


async def test_losers_of_a_ring_all_missed_nothing(open_scene: OpenScene) -> None:
    queue = SALES.replace("linear", "ringall").replace("timeout = 1", "timeout = 20")
    scene = await open_scene(office(queue + ANNA + BORIS + VERA, "101", "102", "103"))
    scene.stage.phone("101", never_answers())
    scene.stage.phone("102", answers(0.7, talks=1))
    scene.stage.phone("103", never_answers())
    scene.stage.call("sales")
    await scene.view.until(lambda: scene.view.queue("sales").agents.ringing == 3, "all three ring")
    await scene.agree()
    await scene.view.until(lambda: scene.view.state("Boris") == "talking", "Boris talks")
    await scene.view.until(lambda: scene.view.queue("sales").agents.available == 2, "the losers are free")
    await scene.settle()
    for name in ("Anna", "Vera"):
        assert scene.view.states(name) == ["available", "ringing", "available"]
        assert scene.view.agent(name).today.missed == 0


async def test_everybody_who_let_a_ring_all_ring_out_missed_it(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES.replace("linear", "ringall") + ANNA + BORIS, "101", "102"))
    scene.stage.phone("101", never_answers())
    scene.stage.phone("102", never_answers())
    scene.stage.call("sales*3")
    await scene.view.until(lambda: scene.view.outcomes("sales"), "the caller was sent on")
    await scene.settle()
    assert scene.view.agent("Anna").today.missed >= 1


async def test_one_caller_visits_two_queues_one_after_the_other(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + SUPPORT + BORIS, "101", "102"))
    scene.stage.phone("101", never_answers())
    scene.stage.call("relay", stays=4)
    await scene.view.until(lambda: scene.view.waiting("support"), "the caller waits in support")
    assert not scene.view.waiting("sales")
    await scene.view.until(lambda: scene.view.state("Boris") == "talking", "Boris talks")
    assert scene.view.agent("Boris").call.queue == "pbx1/support"
    await scene.settle()
    assert scene.view.outcomes("sales") == {"timed_out": 1}
    assert scene.view.outcomes("support") == {"answered": 1}


async def test_waiting_callers_and_their_positions_are_the_pbx_s(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    scene.stage.phone("101", answers(0.3, talks=0.8))
    for number in range(1, 5):
        scene.stage.call("sales", name=f"+7495123000{number}", stays=20 if number != 3 else 1.2)
        await scene.stage.seen("QueueCallerJoin")
    await scene.view.until(lambda: scene.view.queue("sales").waiting == 3, "three wait, one talks")
    await scene.agree()
    entries = [e for e in await scene.witness.action("QueueStatus") if e.get("Event") == "QueueEntry"]
    positions = {
        call.id.partition("/")[2]: call.position for call in scene.view.calls() if call.answered_at is None
    }
    if {entry["Uniqueid"] for entry in entries} == positions.keys():
        assert positions == {entry["Uniqueid"]: int(entry["Position"]) for entry in entries}
    await asyncio.gather(*(asyncio.to_thread(caller.wait) for caller in scene.stage.callers))
    await scene.settle()
    assert scene.view.outcomes("sales") == {"answered": 3, "abandoned": 1}


async def test_originated_local_caller_and_an_agent_without_a_phone(open_scene: OpenScene) -> None:
    """Members whose state is a Custom: device behind a hint; the caller is a Local channel."""
    member = "member => Local/201@robots/n,0,Robot,hint:201@robot-hints\n"
    scene = await open_scene(office("[sales]\nstrategy = linear\ntimeout = 20\nwrapuptime = 2\n" + member))
    await scene.stage.originate("sales", 15)
    await scene.view.until(lambda: scene.view.state("Robot") == "ringing", "the robot rings")
    await scene.view.until(lambda: scene.view.state("Robot") == "talking", "the robot talks")
    await scene.agree()
    await scene.view.until(lambda: scene.view.state("Robot") == "available", "the robot is free")
    await scene.settle()
    assert scene.view.states("Robot") == ["available", "ringing", "talking", "wrap_up", "available"]
