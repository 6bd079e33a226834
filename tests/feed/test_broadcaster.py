"""What leaves when: sequence numbers, views, resuming. No sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.engine import Changes
from monitor.feed import broadcaster as module
from monitor.feed.broadcaster import Broadcaster
from monitor.feed.errors import HistoryLost
from monitor.feed.view import Filter, View
from tests.helpers.centre import Centre
from tests.helpers.feed_copy import FeedCopy, without_running_figures


class Desk:
    """A broadcaster over a real picture, and clients without sockets."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.broadcaster = Broadcaster(centre.picture, epoch="e1", now=centre.now)
        centre.publish = self.broadcaster.mark
        self.clients: list[tuple[View, FeedCopy]] = []

    async def subscribe(self, filter_: Filter = Filter()) -> FeedCopy:  # noqa: B008 - immutable
        view = self.broadcaster.join(filter_)
        copy = FeedCopy()
        copy.take(b"".join((await self.broadcaster.snapshot(view)).fragments))
        self.bring_up(view, copy)
        return copy

    async def resume(self, copy: FeedCopy, filter_: Filter = Filter()) -> None:  # noqa: B008 - immutable
        view = self.broadcaster.join(filter_)
        await self.broadcaster.prepare(view)
        assert self.broadcaster.remembers(copy.epoch, copy.seq, view)
        self.bring_up(view, copy, at_least=1)

    def bring_up(self, view: View, copy: FeedCopy, at_least: int = 0) -> None:
        while at_least or copy.seq != view.seq:
            at_least = 0
            message, seq = self.broadcaster.catch_up(view, copy.seq)
            copy.take(message)
            assert copy.seq == seq
        self.clients.append((view, copy))

    def leave(self, copy: FeedCopy) -> None:
        for view, one in list(self.clients):
            if one is copy:
                self.clients.remove((view, one))
                self.broadcaster.leave(view)

    def flush(self) -> None:
        """One flush, received by all clients."""
        for frame in self.broadcaster.flush():
            for view, copy in self.clients:
                if view is frame.view:
                    assert copy.seq == frame.since
                    copy.take(frame.message)

    def flush_all(self) -> None:
        while self.broadcaster.pending:
            self.flush()

    def assert_equal(self, copy: FeedCopy) -> None:
        assert without_running_figures(copy.objects) == without_running_figures(self.centre.everything())


@pytest.fixture
def desk() -> Desk:
    return Desk(Centre().up())


async def test_a_snapshot_carries_everything_of_the_topics_asked_for(desk: Desk) -> None:
    desk.centre.joins("c1")
    copy = await desk.subscribe()
    assert copy.objects == desk.centre.everything()
    narrow = await desk.subscribe(Filter(topics=("queues", "alerts")))
    assert set(narrow.objects) == {"queues", "alerts"}


async def test_deltas_follow_without_a_gap_and_lead_to_the_same_state(desk: Desk) -> None:
    copy = await desk.subscribe()
    for step in (
        lambda: desk.centre.pause(1),
        lambda: desk.centre.talks("c1", 0),
        lambda: desk.centre.hangs_up("c1", 0),
    ):
        step()
        desk.flush_all()
    desk.assert_equal(copy)
    assert len(copy.deltas) == 3
    assert [one["since"] for one in copy.deltas] == [0, *(one["seq"] for one in copy.deltas[:-1])]


async def test_each_change_set_gets_the_next_number(desk: Desk) -> None:
    before = desk.broadcaster.seq
    desk.centre.pause(1).unpause(1).pause(2)
    assert desk.broadcaster.seq == before + 3


async def test_what_changes_often_before_a_flush_is_sent_once_as_it_is_then(desk: Desk) -> None:
    copy = await desk.subscribe()
    desk.centre.pause(1).unpause(1).pause(1, "training")
    desk.flush()
    [delta] = copy.deltas
    assert [(one["id"], one["reason"]) for one in delta["agents"]] == [("pbx1/a1", "training")]
    assert delta["seq"] == desk.broadcaster.seq


async def test_an_ended_call_is_named_as_removed(desk: Desk) -> None:
    desk.centre.joins("c1")
    copy = await desk.subscribe()
    [call] = copy.objects["calls"]
    desk.centre.leaves("c1")
    desk.flush_all()
    assert copy.objects["calls"] == {}
    assert copy.deltas[-1]["calls_removed"] == [call]


async def test_a_source_change_reaches_clients_before_its_agents(desk: Desk) -> None:
    copy = await desk.subscribe()
    desk.centre.lost()
    desk.flush()
    assert copy.objects["sources"]["pbx1"]["state"] == "lost"
    assert {one["state"] for one in copy.objects["agents"].values()} == {"unknown"}


async def test_a_view_hears_nothing_of_what_it_does_not_show(desk: Desk) -> None:
    copy = await desk.subscribe(Filter(topics=("agents",), queues=frozenset({"support"})))
    before = copy.seq
    desk.centre.pause(0)
    desk.flush_all()
    assert copy.deltas == []
    desk.centre.pause(1)
    desk.flush_all()
    [delta] = copy.deltas
    assert delta["since"] == before
    assert [one["id"] for one in delta["agents"]] == ["pbx1/a1"]


@pytest.mark.parametrize("name", ["support", "pbx1/support"])
async def test_queues_are_named_in_full_or_bare(name: str) -> None:
    desk = Desk(Centre(sources=("pbx1", "pbx2")).all_up())
    desk.centre.joins("c1", "support").joins("c2", "sales")
    copy = await desk.subscribe(Filter(queues=frozenset({name})))
    sources = ["pbx1", "pbx2"] if name == "support" else ["pbx1"]
    assert sorted(copy.objects["queues"]) == [f"{source}/support" for source in sources]
    assert sorted(copy.objects["agents"]) == [
        f"{source}/{agent}" for source in sources for agent in ("a1", "a3")
    ]
    assert [one["queue"] for one in copy.objects["calls"].values()] == ["pbx1/support"]
    assert sorted(copy.objects["sources"]) == ["pbx1", "pbx2"]


async def test_teams_narrow_agents_and_their_calls_but_not_queues() -> None:
    desk = Desk(Centre(teams={"a0": "North", "a1": "South"}).up())
    desk.centre.talks("c1", 0).talks("c2", 1).joins("c3")
    copy = await desk.subscribe(Filter(teams=frozenset({"North"})))
    assert sorted(copy.objects["agents"]) == ["pbx1/a0"]
    assert sorted(copy.objects["queues"]) == ["pbx1/sales", "pbx1/support"]
    agents = sorted(one["agent"] or "waiting" for one in copy.objects["calls"].values())
    assert agents == ["pbx1/a0", "waiting"]


async def test_queues_and_teams_together_show_agents_that_either_admits() -> None:
    desk = Desk(Centre(teams={"a0": "North"}).up())
    copy = await desk.subscribe(Filter(queues=frozenset({"support"}), teams=frozenset({"North"})))
    assert sorted(copy.objects["agents"]) == ["pbx1/a0", "pbx1/a1", "pbx1/a3"]
    assert sorted(copy.objects["queues"]) == ["pbx1/support"]


async def test_an_agent_that_leaves_the_filter_is_removed_once_and_may_return(desk: Desk) -> None:
    copy = await desk.subscribe(Filter(queues=frozenset({"sales"})))
    desk.centre.sign_on(0, "support").sign_off(0, "sales")
    desk.flush_all()
    assert "pbx1/a0" not in copy.objects["agents"]
    named = [one for one in copy.deltas if "pbx1/a0" in one["agents_removed"]]
    assert len(named) == 1
    desk.centre.pause(2).sign_off(0, "support")
    desk.flush_all()
    assert [one for one in copy.deltas if "pbx1/a0" in one["agents_removed"]] == named
    desk.centre.sign_on(0, "sales")
    desk.flush_all()
    assert "pbx1/a0" in copy.objects["agents"]


async def test_clients_with_the_same_wish_share_a_view_until_the_last_one_leaves(desk: Desk) -> None:
    wish = {"topics": ("agents",), "queues": frozenset({"sales", "support"})}
    first, second = await desk.subscribe(Filter(**wish)), await desk.subscribe(Filter(**wish))
    assert len(desk.broadcaster.views) == 1
    desk.leave(first)
    assert len(desk.broadcaster.views) == 1
    desk.leave(second)
    assert desk.broadcaster.views == {}


async def test_a_newcomer_joins_a_quiet_view_without_a_gap(desk: Desk) -> None:
    """The view's number stands still while nothing concerns it; a newcomer must continue from the same one."""
    wish = Filter(queues=frozenset({"support"}))
    old = await desk.subscribe(wish)
    desk.centre.pause(0).pause(2)
    desk.flush_all()
    new = await desk.subscribe(wish)
    desk.centre.pause(1)
    desk.flush_all()
    assert old.seq == new.seq == desk.broadcaster.seq


async def test_a_client_resumes_with_what_it_missed_and_no_more(desk: Desk) -> None:
    copy = await desk.subscribe()
    desk.leave(copy)
    desk.centre.pause(1).talks("c1", 0).hangs_up("c1", 0)
    desk.flush_all()
    await desk.resume(copy)
    assert copy.seen == ["snapshot", "delta"]
    assert "pbx1/a2" not in {one["id"] for one in copy.deltas[0]["agents"]}
    desk.assert_equal(copy)


async def test_a_client_that_missed_nothing_is_told_so_at_once(desk: Desk) -> None:
    copy = await desk.subscribe()
    desk.leave(copy)
    await desk.resume(copy)
    [delta] = copy.deltas
    assert delta["since"] == delta["seq"]
    assert delta["agents"] == []


async def test_what_left_a_narrow_view_meanwhile_is_removed_on_resume(desk: Desk) -> None:
    wish = Filter(queues=frozenset({"sales"}))
    copy = await desk.subscribe(wish)
    desk.leave(copy)
    desk.centre.sign_on(0, "support").sign_off(0, "sales")
    desk.flush_all()
    await desk.resume(copy, wish)
    assert sorted(copy.objects["agents"]) == ["pbx1/a2"]


async def test_what_leaves_a_narrow_view_after_a_resume_is_removed(desk: Desk) -> None:
    """The view is new, yet its client knows objects from before."""
    wish = Filter(queues=frozenset({"sales"}))
    copy = await desk.subscribe(wish)
    desk.leave(copy)
    await desk.resume(copy, wish)
    desk.centre.sign_on(0, "support").sign_off(0, "sales")
    desk.flush_all()
    assert sorted(copy.objects["agents"]) == ["pbx1/a2"]


async def test_another_epoch_and_a_number_from_the_future_are_not_resumed(desk: Desk) -> None:
    view = desk.broadcaster.join(Filter())
    assert not desk.broadcaster.remembers("e0", view.seq, view)
    assert not desk.broadcaster.remembers("e1", view.seq + 1, view)


async def test_a_gap_older_than_the_history_needs_a_snapshot(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HISTORY", 10)
    view = desk.broadcaster.join(Filter())
    old = view.seq
    for number in range(20):
        desk.centre.joins(f"c{number}")
    desk.flush_all()
    assert len(desk.broadcaster._changed) <= 10
    assert not desk.broadcaster.remembers("e1", old, view)
    with pytest.raises(HistoryLost):
        desk.broadcaster.catch_up(view, old)


async def test_a_large_change_leaves_in_pieces_that_each_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHANGE_SET", 5)
    monkeypatch.setattr(module, "BATCH", 10)
    desk = Desk(Centre(agents=60).up())
    copy = await desk.subscribe()
    behind = await desk.subscribe()
    view = desk.clients.pop()[0]
    desk.centre.lost()
    desk.flush()
    assert copy.objects["sources"]["pbx1"]["state"] == "lost"
    desk.flush_all()
    sizes = [sum(len(one[topic]) for topic in ("agents", "queues", "sources")) for one in copy.deltas]
    assert max(sizes) <= 15
    assert len(sizes) > 3
    desk.assert_equal(copy)
    desk.bring_up(view, behind)
    assert len(behind.deltas) > 3
    desk.assert_equal(behind)


async def test_a_heartbeat_brings_the_number_up_to_date(desk: Desk) -> None:
    copy = await desk.subscribe(Filter(queues=frozenset({"support"})))
    desk.centre.pause(0)
    desk.flush_all()
    [(view, _)] = desk.clients
    beat = copy.take(desk.broadcaster.heartbeat(view))
    assert beat["seq"] == desk.broadcaster.seq
    assert beat["at"] == desk.centre.at
    desk.centre.pause(1)
    desk.flush_all()
    assert copy.deltas[-1]["since"] == beat["seq"]


async def test_those_who_ask_at_the_same_time_share_one_snapshot(desk: Desk) -> None:
    view = desk.broadcaster.join(Filter())
    first, second = await asyncio.gather(desk.broadcaster.snapshot(view), desk.broadcaster.snapshot(view))
    assert first is second
    assert await desk.broadcaster.snapshot(view) is first
    desk.centre.at += 1
    assert await desk.broadcaster.snapshot(view) is not first


async def test_a_change_while_a_snapshot_is_made_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 3)
    desk = Desk(Centre(agents=40).up())
    view = desk.broadcaster.join(Filter())
    building = asyncio.create_task(desk.broadcaster.snapshot(view))
    for number in range(40):
        await asyncio.sleep(0)
        desk.centre.pause(number)
        desk.flush_all()
    copy = FeedCopy()
    copy.take(b"".join((await building).fragments))
    desk.bring_up(view, copy)
    desk.assert_equal(copy)


def test_a_long_snapshot_comes_in_bounded_fragments() -> None:
    desk = Desk(Centre(agents=500).up())
    snapshot = asyncio.run(desk.broadcaster.snapshot(desk.broadcaster.join(Filter())))
    assert len(snapshot.fragments) > 3
    assert max(map(len, snapshot.fragments)) < 2 * 64 * 1024
    told: dict[str, Any] = msgspec.json.decode(b"".join(snapshot.fragments))
    assert len(told["agents"]) == 500


def test_marking_nothing_sends_nothing() -> None:
    broadcaster = Broadcaster(Centre().up().picture, epoch="e1", now=lambda: 1.0)
    broadcaster.mark([Changes()])
    assert not broadcaster.pending
    assert broadcaster.flush() == []


WISHES = [
    Filter(),
    Filter(queues=frozenset({"sales"})),
    Filter(teams=frozenset({"North"})),
    Filter(topics=("agents", "calls"), queues=frozenset({"pbx1/support"}), teams=frozenset({"North"})),
]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["pause", "unpause", "sign_off"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["sales", "support"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["joins", "leaves", "talks", "hangs_up"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["lost", "up", "flush", "heartbeat"]), st.just(0)),
        st.tuples(st.sampled_from(["connect", "drop", "reconnect"]), st.integers(0, len(WISHES) - 1)),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, batch=st.integers(1, 8), change_set=st.integers(1, 4))
async def test_whatever_happens_a_client_that_is_up_to_date_has_what_a_new_one_gets(
    steps: list[tuple[str, int]], batch: int, change_set: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH", batch)
        patch.setattr(module, "CHANGE_SET", change_set)
        patch.setattr(module, "SLICE", 2)
        desk = Desk(Centre(agents=6, teams={"a0": "North", "a3": "North"}).up())
        live: dict[int, FeedCopy] = {}
        dropped: dict[int, FeedCopy] = {}
        for what, which in steps:
            if what == "connect" and which not in live:
                live[which] = await desk.subscribe(WISHES[which])
            elif what == "drop" and which in live:
                dropped[which] = live.pop(which)
                desk.leave(dropped[which])
            elif what == "reconnect" and which in dropped and which not in live:
                live[which] = dropped.pop(which)
                await desk.resume(live[which], WISHES[which])
            elif what == "flush":
                desk.flush()
            elif what == "heartbeat":
                for view, copy in desk.clients:
                    copy.take(desk.broadcaster.heartbeat(view))
            else:
                _happen(desk.centre, what, which)
        desk.flush_all()
        for which, copy in live.items():
            desk.centre.at += 1
            fresh = await desk.subscribe(WISHES[which])
            assert without_running_figures(copy.objects) == without_running_figures(fresh.objects)


def _happen(centre: Centre, what: str, which: int) -> None:
    simple = {"pause": centre.pause, "unpause": centre.unpause, "sign_off": centre.sign_off}
    if what in simple:
        simple[what](which)
    elif what in ("sales", "support"):
        centre.sign_on(which, what)
    elif what in ("joins", "leaves"):
        getattr(centre, what)(f"c{which}")
    elif what in ("talks", "hangs_up"):
        getattr(centre, what)(f"t{which}", which)
    elif what == "lost":
        centre.lost()
    elif what == "up":
        centre.up()
