"""The link to a real Asterisk: permissions, losing and finding it again, connecting in mid-traffic, hostile strings."""

from __future__ import annotations

import asyncio

import pytest

from tests.lab.asterisk import Configuration, Manager
from tests.lab.conftest import OpenScene
from tests.lab.monitored import Monitored
from tests.lab.office import office
from tests.lab.phones import answers, hold, never_answers, pause
from tests.lab.proxy import Proxy

SALES = "[sales]\nstrategy = linear\ntimeout = 10\nretry = 1\nringinuse = no\nwrapuptime = 2\n"
ANNA, BORIS = "member => PJSIP/101,0,Anna\n", "member => PJSIP/102,0,Boris\n"
LOST_WITHIN = 5.0
"""Seconds after which a lost PBX must be shown as such."""
BACK_WITHIN = 30.0
"""Seconds within which a working PBX must be in sync again."""


def with_manager(configuration: Configuration, **manager: str) -> Configuration:
    configuration.managers = {**configuration.managers, "other": Manager(**manager)}
    return configuration


def all_unknown(view: Monitored) -> bool:
    return view.source.state == "lost" and {view.state(name) for name in ("Anna", "Boris")} == {"unknown"}


@pytest.mark.parametrize("write", ["", "reporting", "system,reporting"])
async def test_any_permission_is_enough_for_a_true_view(open_scene: OpenScene, write: str) -> None:
    configuration = with_manager(office(SALES + ANNA, "101"), read="agent,call,system,user", write=write)
    scene = await open_scene(configuration, user="other")
    scene.stage.call("sales", pause(0.8), hold(), pause(0.5))
    await scene.view.until(lambda: scene.view.state("Anna") == "talking", "Anna talks")
    await scene.agree()
    await scene.settle()
    await scene.view.until(lambda: scene.view.state("Anna") == "available", "Anna is free")


@pytest.mark.parametrize(
    ("read", "write", "missing"),
    [
        ("agent,call,system,user", "", {"reporting", "system"}),
        ("agent", "reporting,system", {"call"}),
    ],
)
async def test_check_says_which_permission_is_missing(
    open_scene: OpenScene, read: str, write: str, missing: set[str]
) -> None:
    configuration = with_manager(office(SALES + ANNA, "101"), read=read, write=write)
    scene = await open_scene(configuration)
    other = Monitored.by_ami(scene.asterisk.manager_port, user="other")
    await other.start()
    try:
        for _ in range(3):  # what a PBX may tell is seen only while something happens
            await scene.stage.originate("sales", 2)
        findings = [finding async for finding in other.adapter.check(other.pipeline)]
    finally:
        await other.stop()
    complaints = [finding for finding in findings if finding.level != "ok"]
    for permission in missing:
        assert any(permission in f"{finding.subject} {finding.remedy}" for finding in complaints), findings


async def test_pbx_without_timestamps_in_events_is_followed_too(open_scene: OpenScene) -> None:
    configuration = office(SALES + ANNA, "101")
    configuration.timestamp_events = False
    scene = await open_scene(configuration)
    scene.stage.call("sales", stays=1)
    await scene.view.until(lambda: scene.view.state("Anna") == "wrap_up", "Anna has had a call")
    await scene.settle()
    await scene.view.until(lambda: scene.view.state("Anna") == "available", "Anna is free")
    assert scene.view.states("Anna") == ["available", "ringing", "talking", "wrap_up", "available"]


async def test_connecting_in_mid_traffic_shows_what_goes_on(open_scene: OpenScene) -> None:
    """A second service that starts while one talks, one rings and one waits sees the same as the first."""
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    scene.stage.phone("102", never_answers())
    for number in (1, 2, 3):
        scene.stage.call("sales", name=f"+7495123000{number}", stays=4)
        await scene.stage.seen("QueueCallerJoin")
    first = scene.view
    await first.until(
        lambda: (first.state("Anna"), first.state("Boris")) == ("talking", "ringing"), "one talks, one rings"
    )
    second = Monitored.by_ami(scene.asterisk.manager_port)
    await second.start()
    try:
        await second.up()
        assert (second.state("Anna"), second.state("Boris")) == ("talking", "ringing")
        assert second.waiting("sales") == first.waiting("sales")
        assert second.agent("Anna").call.queue == "pbx1/sales"
        assert abs(second.agent("Anna").since - first.agent("Anna").since) < 1.5
        await asyncio.gather(*(asyncio.to_thread(caller.wait) for caller in scene.stage.callers))
        await scene.settle()
        scene.view = second
        await scene.agree()
        assert second.corrections == {}
        assert second.calls() == []
    finally:
        scene.view = first
        await second.stop()


async def test_cut_link_is_shown_and_mended_and_what_happened_meanwhile_is_seen(
    open_scene: OpenScene,
) -> None:
    configuration = office(SALES + ANNA + BORIS, "101", "102")
    scene = await open_scene(configuration)
    async with Proxy(scene.asterisk.manager_port) as proxy:
        view = Monitored.by_ami(proxy.port)
        await view.start()
        try:
            await view.up()
            scene.stage.call("sales", stays=60)
            await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
            since = view.agent("Anna").since
            proxy.stall()
            proxy.cut()
            await view.until(lambda: all_unknown(view), "all are unknown", within=LOST_WITHIN)
            assert view.agent("Anna").last_state == "talking"
            await scene.stage.driver.action(
                "QueuePause", Interface="PJSIP/102", Paused="true", Reason="Lunch"
            )
            proxy.flow()
            await view.until(lambda: view.source.state == "up", "it is up again", within=BACK_WITHIN)
            assert (view.state("Anna"), view.state("Boris")) == ("talking", "paused")
            assert view.agent("Anna").since == since
            assert len(view.source.gaps) == 1
            assert view.corrections == {}
        finally:
            await view.stop()


async def test_silent_link_is_noticed_within_seconds(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    async with Proxy(scene.asterisk.manager_port) as proxy:
        view = Monitored.by_ami(proxy.port)
        await view.start()
        try:
            await view.up()
            proxy.stall()
            await view.until(lambda: all_unknown(view), "all are unknown", within=LOST_WITHIN)
            proxy.cut()
            proxy.flow()
            await view.until(lambda: view.source.state == "up", "it is up again", within=BACK_WITHIN)
            assert (view.state("Anna"), view.state("Boris")) == ("available", "available")
        finally:
            await view.stop()


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_restart_of_the_pbx_in_mid_call_leaves_nothing_behind(
    open_scene: OpenScene, kill: bool
) -> None:
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102"))
    view = scene.view
    scene.stage.call("sales", name="+74951230001")
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
    scene.stage.phone("102", never_answers())
    scene.stage.call("sales", name="+74951230002")
    await view.until(lambda: view.state("Boris") == "ringing", "Boris's phone rings")
    await asyncio.to_thread(scene.asterisk.stop, kill=kill)
    await view.until(lambda: all_unknown(view), "all are unknown", within=LOST_WITHIN)
    await asyncio.to_thread(scene.asterisk.start)
    await view.until(lambda: view.source.state == "up", "it is up again", within=BACK_WITHIN)
    assert (view.state("Anna"), view.state("Boris")) == ("available", "available")
    assert view.calls() == []
    assert view.queue("sales").waiting == 0
    assert view.queue("sales").today.answered == 1
    assert len(view.source.gaps) == 1
    assert view.corrections == {}


async def test_refused_login_is_said_and_tried_again_until_it_works(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    view = Monitored.by_ami(scene.asterisk.manager_port, user="other")
    await view.start()
    try:
        await view.until(lambda: view.source.state == "lost" and view.source.detail, "the refusal is shown")
        with_manager(scene.asterisk.configuration, read="agent,call,system,user", write="")
        scene.asterisk.write_configuration()
        await asyncio.to_thread(scene.asterisk.cli, "manager reload")
        await view.until(lambda: view.source.state == "up", "the login works", within=BACK_WITHIN)
        assert view.state("Anna") == "available"
    finally:
        await view.stop()


async def test_hostile_strings_neither_forge_events_nor_stop_the_service(open_scene: OpenScene) -> None:
    """Callers' names, pause reasons and user events may hold anything that SIP, AMI and the dialplan let through."""
    hostile = """
[hostile]
exten => s,1,Set(CRLF=${URIDECODE(%0D%0A)})
 same => n,PauseQueueMember(,PJSIP/101,,Tea${CRLF}Event: QueueMemberRemoved${CRLF}Queue: other${CRLF}Paused: 0)
 same => n,Hangup()
"""
    scene = await open_scene(office(SALES + ANNA + BORIS, "101", "102", dialplan=hostile))
    view, act = scene.view, scene.stage.driver.action
    scene.stage.phone("101", answers(0.3, talks=1))
    scene.stage.call("sales", shown="A\u2028Event: Hangup", name="+74951230001")
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
    await act(
        "UserEvent",
        UserEvent="x",
        Event="QueueMemberRemoved",
        Queue="sales",
        Interface="PJSIP/101",
    )
    await act("Originate", Channel="Local/s@hostile/n", Application="Wait", Data="1", Async="true")
    await view.until(lambda: view.agent("Anna").presence.paused, "the pause is seen")
    assert view.agent("Anna").presence.reason == "Tea"
    await scene.settle()
    assert view.member("Anna", "sales") is not None
    assert view.state("Boris") == "available"
