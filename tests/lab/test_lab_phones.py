"""What agents do at their phones on a real Asterisk: hold, transfer, outbound and internal calls, unplugging."""

from __future__ import annotations

import asyncio

import pytest

from tests.lab.conftest import OpenScene
from tests.lab.office import office
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

SALES = "[sales]\nstrategy = linear\ntimeout = 10\nretry = 1\nringinuse = no\n"
SUPPORT = "[support]\nstrategy = linear\ntimeout = 10\nretry = 1\nringinuse = no\n"
ANNA, BORIS = "member => PJSIP/101,0,Anna\n", "member => PJSIP/102,0,Boris\n"


async def test_hold_by_the_agent_is_shown_and_counted_apart_from_talk(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    scene.stage.phone("101", Behaviour(talking=(pause(0.5), hold(), pause(1), unhold(), pause(0.5))))
    scene.stage.call("sales")
    await scene.view.until(lambda: scene.view.state("Anna") == "on_hold", "Anna holds")
    assert scene.view.agent("Anna").call.held_since is not None
    await scene.agree()
    await scene.view.until(lambda: scene.view.state("Anna") == "talking", "Anna is back")
    await scene.settle()
    assert scene.view.states("Anna") == ["available", "ringing", "talking", "on_hold", "talking", "available"]
    today = scene.view.agent("Anna").today
    assert 0.9 < today.hold_seconds < today.hold_seconds + today.talk_seconds < 10


async def test_agent_who_is_held_by_the_caller_still_talks(open_scene: OpenScene) -> None:
    """The device state "on hold" (8) means that the other side holds."""
    scene = await open_scene(office(SALES + ANNA, "101"))
    scene.stage.call("sales", pause(1), hold(), pause(1), unhold(), pause(0.5))
    await scene.stage.seen("QueueMemberStatus", Status="8")
    await scene.agree()
    await scene.settle()
    assert scene.view.states("Anna") == ["available", "ringing", "talking", "available"]
    assert scene.view.agent("Anna").today.hold_seconds == 0


async def test_call_that_ends_on_hold_leaves_no_hold_behind(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    scene.stage.phone("101", Behaviour(talking=(pause(0.3), hold(), pause(60))))
    scene.stage.call("sales", stays=2)
    await scene.view.until(lambda: scene.view.state("Anna") == "on_hold", "Anna holds")
    await scene.view.until(lambda: scene.view.state("Anna") == "available", "Anna is free")
    await scene.settle()


async def test_outbound_calls_are_dialing_then_talking_and_no_queue_s(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    view, stage = scene.view, scene.stage
    stage.phone("trunk", answers(0.8))
    stage.call("974951239876", stays=1, name="101")
    await view.until(lambda: view.state("Anna") == "dialing", "Anna dials")
    await scene.agree()
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
    call = view.agent("Anna").call
    assert (call.direction, call.queue) == ("outbound", None)
    await view.until(lambda: view.state("Anna") == "available", "Anna is free")
    stage.phone("trunk", is_busy(0.5))
    await asyncio.to_thread(stage.call("974951239876", name="101").wait)
    await scene.settle()
    assert view.states("Anna") == ["available", "dialing", "talking", "available", "dialing", "available"]
    assert view.agent("Anna").today.outbound == 2
    assert view.outcomes("sales") == {}


async def test_internal_and_direct_calls_are_told_apart_from_queue_calls(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    view, stage = scene.view, scene.stage
    stage.call("102", stays=1, name="101")
    await view.until(lambda: view.state("Anna") == view.state("Boris") == "talking", "they talk")
    assert {view.agent(name).call.direction for name in ("Anna", "Boris")} == {"internal"}
    await scene.agree()
    await scene.settle()
    stage.call("102", stays=1)
    await view.until(lambda: view.state("Boris") == "talking", "Boris talks")
    assert view.agent("Boris").call.direction == "inbound_direct"
    await scene.settle()
    assert view.outcomes("sales") == {}
    assert view.agent("Boris").today.answered == 0
    assert view.agent("Boris").today.direct == 2


async def test_blind_transfer_frees_the_agent_and_engages_the_other(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    view = scene.view
    scene.stage.phone("101", Behaviour(talking=(pause(0.7), blind_transfer("102"), pause(60))))
    scene.stage.call("sales", stays=3.5)
    await view.until(
        lambda: view.state("Boris") == "talking" and view.state("Anna") == "available", "Boris has taken over"
    )
    await scene.agree()
    await scene.settle()
    assert view.agent("Anna").today.answered == 1
    assert view.agent("Boris").today.answered == 0
    assert view.outcomes("sales") == {"answered": 1}


async def test_transfer_into_another_queue_counts_in_both(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + SUPPORT + BORIS, "101", "102"))
    view = scene.view
    scene.stage.phone("101", Behaviour(talking=(pause(0.7), blind_transfer("support"), pause(60))))
    scene.stage.call("sales", stays=3.5)
    await view.until(
        lambda: view.state("Boris") == "talking" and view.state("Anna") == "available", "Boris has taken over"
    )
    assert view.agent("Boris").call.queue == "pbx1/support"
    await scene.agree()
    await scene.settle()
    assert view.outcomes("sales") == view.outcomes("support") == {"answered": 1}


async def test_attended_transfer_frees_the_agent_and_leaves_the_other_with_the_caller(
    open_scene: OpenScene,
) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    view = scene.view
    scene.stage.phone("101", Behaviour(talking=(pause(0.5), hold(), pause(60))))
    call = scene.stage.call("sales", stays=5)
    await view.until(lambda: view.state("Anna") == "on_hold", "Anna holds the caller")
    await scene.stage.transfer_attended("101", "102", after=0.8)
    await view.until(lambda: view.state("Boris") == view.state("Anna") == "talking", "Anna consults Boris")
    await scene.agree()
    await view.until(lambda: view.state("Anna") == "available", "Anna is out")
    assert view.state("Boris") == "talking"
    await scene.agree()
    await asyncio.to_thread(call.wait)
    await scene.settle()
    assert view.state("Boris") == "available"


async def test_attended_transfer_by_feature_code(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    view = scene.view
    keys = [digit(key) for key in "*2"]
    number = [digit(key) for key in "102"]
    scene.stage.phone("101", Behaviour(talking=(pause(0.5), *keys, pause(0.7), *number, pause(1.2))))
    call = scene.stage.call("sales", stays=5)
    await view.until(
        lambda: view.state("Anna") == "available" and view.state("Boris") == "talking", "Boris has the caller"
    )
    await scene.agree()
    await asyncio.to_thread(call.wait)
    await scene.settle()


async def test_redirected_caller_leaves_the_agent_free_at_once(open_scene: OpenScene) -> None:
    """AgentComplete comes only when the caller finally leaves; the agent's leg ends at the redirect."""
    scene = await open_scene(office(SALES + ANNA + SUPPORT + BORIS, "101", "102"))
    view = scene.view
    call = scene.stage.call("sales", stays=5)
    event = await scene.stage.seen("BridgeEnter", Channel="PJSIP/trunk-00000000")
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
    await scene.stage.driver.action(
        "Redirect", Channel=event["Channel"], Context="from-trunk", Exten="support", Priority="1"
    )
    await view.until(lambda: view.state("Anna") != "talking", "Anna's call is over")
    await view.until(lambda: view.state("Boris") == "talking", "Boris talks")
    await scene.agree()
    await asyncio.to_thread(call.wait)
    await scene.settle()
    assert view.agent("Boris").today.talk_seconds > view.agent("Anna").today.talk_seconds


async def test_waiting_caller_who_is_redirected_no_longer_waits(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    await scene.stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="true")
    scene.stage.call("sales", stays=3)
    event = await scene.stage.seen("QueueCallerJoin")
    await scene.view.until(lambda: scene.view.queue("sales").waiting == 1, "a caller waits")
    await scene.stage.driver.action(
        "Redirect", Channel=event["Channel"], Context="patience", Exten="1", Priority="1"
    )
    await scene.view.until(lambda: scene.view.queue("sales").waiting == 0, "nobody waits")
    await scene.stage.idle()
    await scene.agree()
    assert sum(scene.view.outcomes("sales").values()) == 1
    assert scene.view.calls() == []


async def test_local_channels_that_optimise_themselves_away_leave_the_agent_talking(
    open_scene: OpenScene,
) -> None:
    queue = "[sales]\nstrategy = linear\ntimeout = 10\nwrapuptime = 2\nmember => Local/101@from-queue,0,Anna,PJSIP/101\n"
    scene = await open_scene(office(queue, "101"))
    view = scene.view
    scene.stage.phone("101", answers(0.3, talks=2))
    await scene.stage.originate("sales", 20)
    await scene.stage.seen("LocalOptimizationEnd")
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
    await scene.agree()
    assert view.agent("Anna").call.queue == "pbx1/sales"
    await scene.settle()
    await view.until(lambda: view.state("Anna") == "available", "Anna is free")
    assert view.states("Anna") == ["available", "ringing", "talking", "wrap_up", "available"]


@pytest.mark.parametrize("flags", ["/n", ""])
async def test_freepbx_style_member_is_shown_by_its_phone(open_scene: OpenScene, flags: str) -> None:
    """Local/10x@from-queue with hint:10x@ext-local: rung, missed, talking, holding, wrap-up; own calls as well."""
    members = "".join(
        f"member => Local/{number}@from-queue{flags},0,{name},hint:{number}@ext-local\n"
        for number, name in (("101", "Anna"), ("102", "Boris"))
    )
    queue = "[sales]\nstrategy = linear\ntimeout = 1\nretry = 1\nringinuse = no\nwrapuptime = 2\n"
    scene = await open_scene(office(queue + members, "101", "102"))
    view = scene.view
    scene.stage.phone("101", never_answers())
    scene.stage.phone("102", Behaviour(talking=(pause(0.5), hold(), pause(0.5), unhold(), pause(0.3))))
    scene.stage.call("sales")
    await view.until(lambda: view.state("Anna") == "ringing", "Anna's phone rings")
    await scene.agree()
    await view.until(lambda: view.state("Boris") == "on_hold", "Boris holds")
    await scene.agree()
    await view.until(lambda: view.state("Boris") == "available", "Boris is free")
    await scene.settle()
    assert view.states("Anna") == ["available", "ringing", "available"]
    assert view.agent("Anna").today.missed == 1
    expected = ["available", "ringing", "talking", "on_hold", "talking", "wrap_up", "available"]
    assert view.states("Boris") == expected
    scene.stage.phone("101", answers())
    scene.stage.call("102", stays=1, name="101")
    await view.until(
        lambda: view.state("Anna") == "talking" == view.state("Boris"), "they talk to one another"
    )
    await scene.agree()
    await scene.settle()


async def test_phone_that_falls_silent_is_offline_until_it_is_back(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102", qualify=1.0))
    view = scene.view
    await view.until(lambda: view.state("Anna") == "available", "Anna is available")
    scene.stage.phones["101"].unplug()
    await view.until(lambda: view.state("Anna") == "offline", "Anna is offline")
    await scene.agree()
    assert view.state("Boris") == "available"
    assert view.queue("sales").agents.offline == 1
    scene.stage.phone("101", answers())
    await view.until(lambda: view.state("Anna") == "available", "Anna is back")
    await scene.settle()


async def test_phone_that_says_nothing_when_rung_is_not_shown_as_ringing(open_scene: OpenScene) -> None:
    """No 180, no device state: the queue waits for its timeout and says ring-no-answer."""
    scene = await open_scene(
        office(SALES.replace("timeout = 10", "timeout = 1") + ANNA + BORIS, "101", "102")
    )
    scene.stage.phone("101", Behaviour((pause(60),), rings=False))
    scene.stage.call("sales", stays=4)
    await scene.view.until(lambda: scene.view.state("Boris") == "talking", "Boris talks")
    await scene.settle()
    assert "ringing" not in scene.view.states("Anna")
    assert scene.view.agent("Anna").today.missed == 1
