"""Against a small PBX that knows the truth: state, figures and reconciliation, over random lives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.engine import SourceEngine
from monitor.engine.config import QueueConfig, SourceConfig
from tests.engine.small_pbx import EXTENSIONS, THRESHOLD, SmallPbx
from tests.engine.story import check

NAMES = dict(zip(EXTENSIONS, ("Anna", "Boris", "Clara"), strict=True))
CONFIG = SourceConfig(source="pbx", queues={"sales": QueueConfig(threshold=THRESHOLD, wrap_up=10)})

seeds = given(st.integers(0, 2**32))
many = settings(max_examples=150, deadline=None)


def run(pbx: SmallPbx) -> SourceEngine:
    engine = SourceEngine(CONFIG)
    for event in pbx.told:
        engine.apply(event)
    check(engine)
    return engine


@many
@seeds
def test_nothing_is_corrected_and_nothing_unexpected(seed: int) -> None:
    """Whatever the races, a snapshot of the truth never raises a suspicion that lasts, let alone a correction."""
    pbx = SmallPbx(seed)
    pbx.live(150)
    engine = run(pbx)
    assert {kind: count for kind, count in engine.corrections.items() if count} == {}
    assert engine.unexpected == {}


@many
@seeds
def test_the_live_state_is_the_pbxs(seed: int) -> None:
    pbx = SmallPbx(seed)
    pbx.live(120)
    engine = run(pbx)
    queue = engine.queue_view("pbx/sales", pbx.at)
    assert queue is not None
    assert queue.waiting == len(pbx.waiting)
    assert queue.longest_wait_since == min(pbx.waiting.values(), default=None)
    for extension in pbx.members:
        state = engine.agent_state(f"pbx/{NAMES[extension]}")
        talk = pbx.talking.get(extension)
        if talk is not None and talk.leg_up:
            assert state == ("talking" if talk.held_at is None else "on_hold")
        elif extension in pbx.ringing:
            assert state == "ringing"
        elif state != "wrap_up":
            assert state == ("paused" if pbx.members[extension] else "available")
    shown = {call.removeprefix("pbx/").removesuffix("@sales") for call in engine.call_ids()}
    talked = {talk.call for talk in pbx.talking.values() if talk.leg_up}
    assert shown == set(pbx.waiting) | talked


@many
@seeds
def test_the_figures_are_what_really_happened(seed: int) -> None:
    pbx = SmallPbx(seed)
    pbx.live(150)
    engine = run(pbx)
    ledger = pbx.ledger
    totals = engine.queue_totals("pbx/sales")
    queue = engine.queue_view("pbx/sales", pbx.at)
    assert totals is not None
    assert queue is not None
    today = queue.today
    assert (today.answered, today.abandoned, today.unknown) == (len(ledger.waits), len(ledger.abandoned), 0)
    assert today.service_level.met == sum(wait <= THRESHOLD for wait in ledger.waits)
    assert today.short_abandoned == sum(wait < 5 for wait in ledger.abandoned)
    assert totals.wait.sum == pytest.approx(sum(ledger.waits))
    assert (totals.talk.count, totals.talk.sum) == (len(ledger.talks), pytest.approx(sum(ledger.talks)))
    for extension, name in NAMES.items():
        agent = engine.agent_view(f"pbx/{name}", pbx.at)
        assert agent is not None
        assert agent.today.answered == ledger.answered_by[extension]
        assert agent.today.missed == ledger.missed_by[extension]
        assert agent.today.direct == 0


@many
@seeds
def test_an_event_that_got_lost_is_corrected_by_two_snapshots(seed: int) -> None:
    """Drop one event: after two calm reconciliations the live state is the PBX's again."""
    pbx = SmallPbx(seed)
    told = pbx.live(60)
    dropped = 3 + seed % (len(told) - 3)
    for _ in range(2):
        pbx.at += 30
        pbx.tell_tick()
        pbx.at += 3
        pbx.lists = None
        pbx.begin_lists()
        pbx.hand_over(reconciliation=True)
    pbx.at += 30
    pbx.tell_tick()
    engine = SourceEngine(CONFIG)
    for place, event in enumerate(pbx.told):
        if place != dropped:
            engine.apply(event)
    assert engine.suspects == 0
    live = engine._live
    assert live.queues["sales"].waiting == list(pbx.waiting)
    assert set(live.legs) == set(pbx.legs)
    assert {key[1] for key in live.members} == {f"PJSIP/{extension}" for extension in pbx.members}
    for (_, interface), one in live.members.items():
        extension = interface.removeprefix("PJSIP/")
        assert one.paused == bool(pbx.members[extension])
        assert live.endpoints[interface].state == pbx.device(extension)
