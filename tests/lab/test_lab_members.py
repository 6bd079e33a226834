"""Members of queues on a real Asterisk: pauses, sign-on and sign-off, wrap-up, and what changes without an event."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from monitor.engine.config import QueueConfig, SourceConfig
from tests.lab.asterisk import Manager
from tests.lab.conftest import OpenScene
from tests.lab.monitored import SOURCE, Monitored
from tests.lab.office import office
from tests.lab.phones import never_answers

SALES = "[sales]\nstrategy = linear\ntimeout = 1\nretry = 1\nringinuse = no\n"
SUPPORT = "[support]\nstrategy = linear\ntimeout = 1\nretry = 1\nringinuse = no\n"
ANNA, BORIS = "member => PJSIP/101,0,Anna\n", "member => PJSIP/102,0,Boris\n"


async def appear(view: Monitored, condition: Callable[[], bool], what: str) -> None:
    """Wait for what only the PBX's lists tell: asks for them instead of waiting for the next reconciliation.

    More than once, because lists do not overrule an event that is not older than they are by a good margin.
    """

    def asked() -> bool:
        view.adapter.request_snapshot()
        return condition()

    await view.until(asked, what)


async def test_pause_of_one_queue_leaves_the_agent_available_and_of_all_pauses(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA + SUPPORT + ANNA, "101"))
    view, act = scene.view, scene.stage.driver.action
    await act("QueuePause", Interface="PJSIP/101", Queue="sales", Paused="true", Reason="Lunch")
    await view.until(lambda: view.member("Anna", "sales").paused, "Anna is paused in sales")
    agent = view.agent("Anna")
    assert (agent.state, agent.presence.paused) == ("available", False)
    assert view.member("Anna", "sales").reason == "Lunch"
    assert not view.member("Anna", "support").paused
    assert view.queue("sales").agents.paused == 1
    assert view.queue("support").agents.available == 1
    await scene.agree()
    await act("QueuePause", Interface="PJSIP/101", Paused="true", Reason="Обед")
    await view.until(lambda: view.state("Anna") == "paused", "Anna is paused in all")
    agent = view.agent("Anna")
    assert (agent.reason, agent.presence.paused, agent.presence.reason) == ("Обед", True, "Обед")
    await scene.agree()
    await act("QueuePause", Interface="PJSIP/101", Queue="sales", Paused="true", Reason="Meeting")
    await view.until(lambda: view.agent("Anna").reason == "Meeting", "the reason changes")
    await act("QueuePause", Interface="PJSIP/101", Paused="false", Reason="Back")
    await view.until(lambda: view.state("Anna") == "available", "Anna is back")
    assert view.agent("Anna").reason is None
    await scene.settle()


async def test_pause_while_talking_shows_after_the_call(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    view = scene.view
    scene.stage.call("sales", stays=2)
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
    await scene.stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="true", Reason="Lunch")
    await view.until(lambda: view.agent("Anna").presence.paused, "the pause is seen")
    assert view.state("Anna") == "talking"
    await scene.agree()
    await view.until(lambda: view.state("Anna") == "paused", "Anna is paused")
    await scene.settle()
    assert view.states("Anna") == ["available", "ringing", "talking", "paused"]


async def test_penalty_changes_are_followed(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101"))
    await scene.stage.driver.action("QueuePenalty", Interface="PJSIP/101", Queue="sales", Penalty="7")
    await scene.view.until(lambda: scene.view.member("Anna", "sales").penalty == 7, "the penalty is 7")
    await scene.settle()


async def test_dynamic_members_sign_on_and_off(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + ANNA, "101", "102"))
    view, act = scene.view, scene.stage.driver.action
    assert view.state("Boris") == "absent"
    await act(
        "QueueAdd",
        Queue="sales",
        Interface="PJSIP/102",
        MemberName="Boris",
        Penalty="3",
        Paused="true",
        Reason="Training",
    )
    await view.until(lambda: view.state("Boris") == "paused", "Boris signs on, paused")
    assert view.member("Boris", "sales").penalty == 3
    await scene.agree()
    await act("QueuePause", Interface="PJSIP/102", Paused="false")
    await view.until(lambda: view.state("Boris") == "available", "Boris is available")
    await act("QueueRemove", Queue="sales", Interface="PJSIP/102")
    await view.until(lambda: view.state("Boris") == "offline", "Boris signs off")
    await scene.settle()


async def test_sign_off_in_mid_call_keeps_the_call(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES, "102"))
    view, act = scene.view, scene.stage.driver.action
    await act("QueueAdd", Queue="sales", Interface="PJSIP/102", MemberName="Boris")
    scene.stage.call("sales", stays=2)
    await view.until(lambda: view.state("Boris") == "talking", "Boris talks")
    await act("QueueRemove", Queue="sales", Interface="PJSIP/102")
    await view.until(lambda: not view.agent("Boris").queues, "Boris signed off")
    assert view.state("Boris") == "talking"
    await view.until(lambda: view.state("Boris") == "offline", "Boris is gone")
    await scene.stage.idle()
    assert view.outcomes("sales") == {"answered": 1}


async def test_autopause_is_a_pause_with_its_reason(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + "autopause = yes\n" + ANNA + BORIS, "101", "102"))
    scene.stage.phone("101", never_answers())
    scene.stage.call("sales", stays=4)
    await scene.view.until(lambda: scene.view.state("Anna") == "paused", "Anna is paused")
    assert scene.view.agent("Anna").reason == "Auto-Pause"
    await scene.settle()


async def test_wrap_up_binds_in_the_queue_of_the_call_only(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + "wrapuptime = 3\n" + ANNA + SUPPORT + ANNA, "101"))
    view = scene.view
    scene.stage.call("sales", stays=1)
    await view.until(lambda: view.state("Anna") == "wrap_up", "Anna does after-call work")
    assert view.queue("sales").agents.wrap_up == 1
    assert view.queue("support").agents.available == 1
    assert view.member("Anna", "sales").wrap_up_until is not None
    assert view.member("Anna", "support").wrap_up_until is None
    # What the PBX thinks of it: the next caller of support gets her at once, in the wrap-up of sales.
    scene.stage.call("support", stays=1, name="+74951230002")
    await view.until(lambda: view.state("Anna") == "talking", "Anna talks again")
    assert view.agent("Anna").call.queue == "pbx1/support"
    await scene.settle()
    await view.until(lambda: view.state("Anna") == "available", "the wrap-up is over")


async def test_wrap_up_ends_when_the_pbx_offers_the_next_call(open_scene: OpenScene) -> None:
    """A caller who waits is offered to the agent in the second in which we say that the wrap-up is over."""
    scene = await open_scene(office(SALES + "wrapuptime = 2\n" + ANNA, "101"))
    view = scene.view
    scene.stage.call("sales", stays=1)
    await view.until(lambda: view.state("Anna") == "wrap_up", "Anna does after-call work")
    until = view.member("Anna", "sales").wrap_up_until
    scene.stage.call("sales", stays=3, name="+74951230002")
    await view.until(lambda: view.state("Anna") == "ringing", "she is offered the next call")
    assert view.agent("Anna").since - until > -0.2
    await scene.settle()


async def test_wrap_up_length_from_our_configuration_where_the_pbx_may_not_tell(
    open_scene: OpenScene,
) -> None:
    configuration = office(SALES + "wrapuptime = 2\n" + ANNA, "101")
    managers = {**configuration.managers, "poor": Manager(read="agent,call,system,user", write="")}
    configuration.managers = managers
    config = SourceConfig(source=SOURCE, queues={"sales": QueueConfig(wrap_up=2.0)})
    scene = await open_scene(configuration, user="poor", config=config)
    scene.stage.call("sales", stays=1)
    await scene.view.until(lambda: scene.view.state("Anna") == "wrap_up", "Anna does after-call work")
    await scene.view.until(lambda: scene.view.state("Anna") == "available", "it ends")
    await scene.settle()


async def test_member_s_own_wrap_up_overrides_the_queue_s(open_scene: OpenScene) -> None:
    scene = await open_scene(office(SALES + "wrapuptime = 60\nmember => PJSIP/101,0,Anna,,,2\n", "101"))
    scene.stage.call("sales", stays=1)
    await scene.view.until(lambda: scene.view.state("Anna") == "wrap_up", "Anna does after-call work")
    await scene.view.until(lambda: scene.view.state("Anna") == "available", "it ends", within=10)
    await scene.settle()


async def test_queue_reset_releases_from_wrap_up(open_scene: OpenScene) -> None:
    """QueueReset zeroes LastCall without an event."""
    scene = await open_scene(office(SALES + "wrapuptime = 60\n" + ANNA, "101"))
    view = scene.view
    scene.stage.call("sales", stays=1)
    await view.until(lambda: view.state("Anna") == "wrap_up", "Anna does after-call work")
    await scene.stage.idle()
    await scene.stage.driver.action("QueueReset", Queue="sales")
    await appear(view, lambda: view.state("Anna") == "available", "Anna is released")
    assert view.corrections == {}
    assert view.outcomes("sales") == {"answered": 1}


async def test_static_members_of_a_reload_appear_and_vanish(open_scene: OpenScene) -> None:
    """`queue reload` says nothing: the next lists do, and they also lost Anna's pause reason."""
    scene = await open_scene(office(SALES + ANNA, "101", "102"))
    view, asterisk = scene.view, scene.asterisk
    await scene.stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="true", Reason="Lunch")
    await view.until(lambda: view.state("Anna") == "paused", "Anna is paused")
    asterisk.configuration.queues = SALES + ANNA + BORIS
    asterisk.write_configuration()
    await asyncio.to_thread(asterisk.cli, "queue reload all")
    await appear(view, lambda: view.state("Boris") == "available", "Boris is there")
    await appear(view, lambda: view.agent("Anna").reason is None, "the reason is forgotten")
    await scene.agree()
    asterisk.configuration.queues = SALES + ANNA
    asterisk.write_configuration()
    await asyncio.to_thread(asterisk.cli, "queue reload all")
    await appear(view, lambda: view.state("Boris") == "offline", "Boris is gone")
    await scene.agree()


@contextmanager
def realtime_database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS queue_members (queue_name TEXT, interface TEXT, membername TEXT, "
            "state_interface TEXT, penalty INTEGER, paused INTEGER, uniqueid INTEGER PRIMARY KEY, "
            "ringinuse TEXT, wrapuptime INTEGER, reason_paused TEXT)"
        )
        yield database


async def test_realtime_members_appear_work_and_vanish(open_scene: OpenScene, tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    configuration = office(SALES, "101")
    configuration.files = {
        "extconfig.conf": "[settings]\nqueue_members => sqlite3,lab,queue_members\n",
        "res_config_sqlite3.conf": f"[lab]\ndbfile => {path}\nbatch => 0\n",
    }
    with realtime_database(path) as database:
        scene = await open_scene(configuration)
        view = scene.view
        insert = (
            "INSERT INTO queue_members VALUES ('sales', 'PJSIP/101', 'Anna', NULL, 0, 0, 1, NULL, NULL, NULL)"
        )
        database.execute(insert)
        await asyncio.to_thread(
            scene.asterisk.cli, "queue show sales"
        )  # it reads the rows when it needs them
        await appear(view, lambda: view.state("Anna") == "available", "Anna is there")
        scene.stage.call("sales", stays=1.5)
        await view.until(lambda: view.state("Anna") == "talking", "Anna talks")
        await scene.agree()
        await view.until(lambda: view.state("Anna") == "available", "Anna is free")
        await scene.stage.driver.action("QueuePause", Interface="PJSIP/101", Paused="true", Reason="Lunch")
        await view.until(lambda: view.state("Anna") == "paused", "Anna is paused")
        database.execute("DELETE FROM queue_members")
        await asyncio.to_thread(scene.asterisk.cli, "queue show sales")
        await appear(view, lambda: view.state("Anna") == "offline", "Anna is gone")
        await scene.stage.idle()
        await scene.agree()
        await scene.counts_agree()
