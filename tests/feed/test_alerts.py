"""Alerts in the feed, from the rule to the client: whole, once, gone when over, and only to whom they concern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from monitor.alerts import Rule
from monitor.feed.view import Filter
from tests.alerts.watching import Watch, rule
from tests.feed.test_broadcaster import Desk
from tests.helpers.centre import Centre
from tests.helpers.feed_copy import FeedCopy

RULES = (
    rule("wait", "queue", "waiting > 0", summary={"en": "{name}: {waiting}", "ru": "{name}: ждут {waiting}"}),
    rule("lunch", "agent", 'state == "paused"'),
    rule("lost", "source", 'state != "up"'),
    rule("crowd", "service", "waiting > 2"),
)


class Room:
    """A centre, its alerts, and the clients of its feed."""

    def __init__(self, centre: Centre, *rules: Rule) -> None:
        self.centre = centre
        self.watch = Watch(centre, *rules)
        self.desk = Desk(centre)
        hear = self.watch.center.hear

        def publish(changes: Any) -> None:
            self.desk.broadcaster.mark(changes)
            hear(changes)

        centre.publish = publish
        self.watch.center._publish = self.desk.broadcaster.mark

    async def subscribe(self, **selection: Any) -> FeedCopy:
        filter_ = Filter(**{key: frozenset(names) for key, names in selection.items()})
        return await self.desk.subscribe(filter_)

    async def passed_on(self) -> None:
        """Let what happened be judged, and let it leave."""
        await self.watch.settled()
        self.desk.flush_all()


@asynccontextmanager
async def opened(*rules: Rule, **options: Any) -> AsyncIterator[Room]:
    room = Room(Centre(**options).all_up(), *(rules or RULES))
    await room.watch.start()
    yield room
    await room.watch.stop()


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with opened() as room:
        yield room


def alerts(copy: FeedCopy) -> set[str]:
    return {alert["id"].partition("@")[0] for alert in copy.objects["alerts"].values()}


def everything_said(copy: FeedCopy) -> str:
    return msgspec.json.encode([copy.objects, copy.deltas]).decode()


async def test_an_alert_comes_whole_as_a_delta_and_is_named_when_it_is_over(room: Room) -> None:
    copy = await room.subscribe()
    room.centre.joins("c1")
    await room.passed_on()
    [alert] = copy.objects["alerts"].values()
    assert alert == msgspec.to_builtins(room.watch.only())
    assert (alert["state"], alert["summaries"]["ru"]) == ("firing", "sales: ждут 1")
    room.centre.leaves("c1")
    await room.passed_on()
    assert copy.objects["alerts"] == {}
    assert copy.deltas[-1]["alerts_removed"] == [alert["id"]]


async def test_a_snapshot_has_the_alerts_that_there_are(room: Room) -> None:
    room.centre.joins("c1").pause(1)
    await room.passed_on()
    copy = await room.subscribe()
    assert alerts(copy) == {"wait/pbx1/sales", "lunch/pbx1/a1"}
    room.desk.assert_equal(copy)


async def test_what_people_do_about_an_alert_is_told(room: Room) -> None:
    copy = await room.subscribe()
    room.centre.pause(1)
    await room.passed_on()
    alert = room.watch.only()
    await room.watch.center.acknowledge(alert.id, by="Anna", why="so be it")
    room.desk.flush_all()
    assert copy.objects["alerts"][alert.id]["acknowledged"]["by"] == "Anna"
    silence = await room.watch.center.silence(
        matchers={"rule": "lunch"}, by="A", why="", until=room.centre.at + 60
    )
    room.desk.flush_all()
    assert copy.objects["alerts"][alert.id]["silenced"] == silence.id
    await room.watch.at(61)
    room.desk.flush_all()
    assert copy.objects["alerts"][alert.id]["silenced"] is None


async def test_a_client_that_resumes_gets_the_alerts_that_it_missed(room: Room) -> None:
    copy = await room.subscribe()
    room.centre.joins("c1")
    await room.passed_on()
    room.desk.leave(copy)
    room.centre.leaves("c1").pause(1)
    await room.passed_on()
    await room.desk.resume(copy)
    assert alerts(copy) == {"lunch/pbx1/a1"}
    room.desk.assert_equal(copy)


async def test_who_asks_for_other_topics_hears_nothing_of_alerts(room: Room) -> None:
    copy = await room.desk.subscribe(Filter(topics=("queues",)))
    room.centre.joins("c1")
    await room.passed_on()
    assert set(copy.objects) == {"queues"}
    assert "wait/" not in everything_said(copy)


@pytest.mark.parametrize("name", ["sales", "pbx1/sales"])
async def test_alerts_about_queues_and_agents_that_are_not_selected_never_leave(
    room: Room, name: str
) -> None:
    copy = await room.subscribe(queues=[name])
    room.centre.joins("c1").joins("c2", "support").pause(0).pause(1)  # a0 is in sales, a1 in support
    await room.passed_on()
    assert alerts(copy) == {"wait/pbx1/sales", "lunch/pbx1/a0"}
    room.centre.leaves("c2", queue="support").unpause(1)
    await room.passed_on()
    for hidden in ("wait/pbx1/support", "lunch/pbx1/a1"):
        assert hidden not in everything_said(copy)
    room.centre.leaves("c1").unpause(0)
    await room.passed_on()
    assert alerts(copy) == set()


async def test_teams_narrow_the_alerts_about_agents_but_not_those_about_queues() -> None:
    async with opened(teams={"a0": "North", "a1": "South"}) as room:
        copy = await room.subscribe(teams=["North"])
        room.centre.joins("c1").pause(0).pause(1).pause(2)
        await room.passed_on()
        assert alerts(copy) == {"wait/pbx1/sales", "lunch/pbx1/a0"}
        assert "lunch/pbx1/a1" not in everything_said(copy)


async def test_with_queues_and_teams_alerts_about_whom_either_admits_are_sent() -> None:
    async with opened(teams={"a1": "South"}) as room:
        copy = await room.subscribe(teams=["South"], queues=["sales"])
        room.centre.joins("c1").joins("c2", "support").pause(0).pause(1).pause(3)
        await room.passed_on()
        assert alerts(copy) == {"wait/pbx1/sales", "lunch/pbx1/a0", "lunch/pbx1/a1"}


async def test_alerts_about_sources_and_the_service_are_sent_to_everybody(room: Room) -> None:
    copy = await room.subscribe(queues=["no such"])
    room.centre.joins("c1").joins("c2").joins("c3")
    await room.passed_on()
    assert alerts(copy) == {"crowd/service"}
    room.centre.lost()
    await room.passed_on()
    assert alerts(copy) == {"crowd/service", "lost/pbx1"}


IN_OFFICE = rule("there", "agent", 'state != "talking"')


async def test_an_alert_about_an_agent_comes_into_a_selection_and_leaves_it_with_him() -> None:
    async with opened(IN_OFFICE) as room:
        await room.passed_on()
        copy = await room.subscribe(queues=["sales"])
        assert alerts(copy) == {"there/pbx1/a0", "there/pbx1/a2"}
        room.centre.sign_on(1, "sales")
        await room.passed_on()
        assert alerts(copy) == {"there/pbx1/a0", "there/pbx1/a1", "there/pbx1/a2"}
        assert len(room.watch.deliveries.said()) == 4  # receivers hear of each once, whoever sees it
        room.centre.sign_off(1, "sales")
        await room.passed_on()
        assert alerts(copy) == {"there/pbx1/a0", "there/pbx1/a2"}
        assert "pbx1/a1" not in copy.objects["agents"]


async def test_so_it_does_while_the_client_is_away() -> None:
    async with opened(IN_OFFICE) as room:
        await room.passed_on()
        copy = await room.subscribe(queues=["sales"])
        room.desk.leave(copy)
        room.centre.sign_on(1, "sales").sign_on(0, "support").sign_off(0)
        await room.passed_on()
        await room.desk.resume(copy, Filter(queues=frozenset(["sales"])))
        assert alerts(copy) == {"there/pbx1/a1", "there/pbx1/a2"}
        assert set(copy.objects["agents"]) == {"pbx1/a1", "pbx1/a2"}


async def test_an_alert_that_changes_with_its_agent_is_sent_once(room: Room) -> None:
    copy = await room.subscribe(queues=["sales"])
    room.centre.pause(0)
    await room.passed_on()
    assert [len(delta["alerts"]) for delta in copy.deltas] == [1]
