"""The change of the day: figures begin anew, states go on, who is long gone is forgotten."""

from __future__ import annotations

import pytest

from monitor import events
from monitor.engine import timeline
from monitor.engine.config import AgentConfig, DayConfig, QueueConfig, SourceConfig
from monitor.events import QueueFacts
from tests.engine.story import START, STEP, Story, member

MIDNIGHT = START + 3600.0
"""13:00 UTC, where the day of these stories begins."""
CONFIG = SourceConfig(
    source="pbx",
    day=DayConfig(timezone="UTC", starts="13:00"),
    queues={"sales": QueueConfig(wrap_up=15)},
    agents=(AgentConfig(id="clara", name="Clara"),),
)


def until(story: Story, at: float) -> Story:
    return story.wait(at - story.at)


def test_figures_begin_anew_and_states_go_on() -> None:
    story = Story(CONFIG).up().talking().hung_up().joined("c2").left("c2")
    story.paused("lunch")
    since = story.agent().since
    assert (story.queue().today.offered, story.agent().today.answered) == (2, 1)
    until(story, MIDNIGHT + 60)
    agent = story.agent()
    assert (story.queue().today.offered, agent.today.answered) == (0, 0)
    assert story.queue().last_30m.offered == 0, "more than half an hour has passed, too"
    assert (agent.state, agent.reason) == ("paused", "lunch")
    assert agent.since == pytest.approx(since, abs=16)
    assert agent.today.paused_seconds == pytest.approx(60)


def test_the_last_30_minutes_reach_back_over_the_day() -> None:
    story = Story(CONFIG).up()
    until(story, MIDNIGHT - 60).joined().left()
    until(story, MIDNIGHT + 60)
    assert (story.queue().today.abandoned, story.queue().last_30m.abandoned) == (0, 1)


def test_a_view_of_the_new_day_before_the_tick_shows_the_new_day() -> None:
    story = Story(CONFIG).up()
    until(story, MIDNIGHT - 10)
    agent = story.engine.agent_view("pbx/Anna", MIDNIGHT + 5)
    assert agent is not None
    assert agent.today.available_seconds == pytest.approx(5)


def test_the_new_day_is_announced_for_everybody() -> None:
    story = Story(CONFIG).up()
    until(story, MIDNIGHT - 1)
    story.engine.take_changes()
    until(story, MIDNIGHT + 1)
    changes = story.engine.take_changes()
    assert changes.agents == {"pbx/Anna", "pbx/clara"}
    assert changes.queues == {"pbx/sales"}


def test_discovered_agents_without_membership_are_forgotten_configured_ones_stay() -> None:
    story = Story(CONFIG).up(member(), member("102")).removed("102")
    assert story.state("Boris") == "offline"
    until(story, MIDNIGHT + 1)
    assert story.engine.agent_ids() == ["pbx/Anna", "pbx/clara"]
    assert "pbx/Boris" in story.engine.take_changes().agents_removed


def test_who_left_all_queues_but_still_talks_is_not_forgotten() -> None:
    story = Story(CONFIG).up(member(), member("102"))
    until(story, MIDNIGHT - 60).talking("c1", "102").removed("102")
    until(story, MIDNIGHT + 1)
    assert story.state("Boris") == "talking"


def test_a_queue_that_is_gone_goes_with_its_figures() -> None:
    story = Story(CONFIG)
    story.queues = ("sales", "support")
    story.up().joined(queue="support").left(queue="support")
    story.reconciled(member(), queues=(QueueFacts(queue="sales"),))
    assert story.engine.queue_ids() == ["pbx/sales", "pbx/support"]
    until(story, MIDNIGHT + 1)
    assert story.engine.queue_ids() == ["pbx/sales"]


def test_gaps_of_the_day_before_are_forgotten_and_one_that_lasts_stays() -> None:
    story = Story(CONFIG).up().lost("a").connected().snapshot(member()).lost("b")
    until(story, MIDNIGHT + 1)
    assert [gap.reason for gap in story.source().gaps] == ["b"]


def test_days_that_passed_unseen_are_one_change() -> None:
    story = Story(CONFIG).up().paused()
    story.at += 5 * 86_400
    story.unpaused()
    today = story.agent().today
    assert story.engine._live.source.day_start == MIDNIGHT + 4 * 86_400
    assert today.paused_seconds == pytest.approx(86_400 - 3600 + 3 * STEP, abs=STEP)


def test_a_wrap_up_over_midnight_ends_at_its_time() -> None:
    story = Story(CONFIG).up()
    until(story, MIDNIGHT - 3).talking().hung_up()
    until(story, MIDNIGHT + 60)
    assert story.state() == "available"
    assert story.agent().today.wrap_up_seconds == pytest.approx(13, abs=1.5)


def test_the_timeline_begins_with_the_day() -> None:
    story = Story(CONFIG).up().paused("lunch")
    until(story, MIDNIGHT + 60)
    told = story.engine.timeline("pbx/Anna", story.at)
    assert told is not None
    assert told.day_start == MIDNIGHT
    assert [(span.state, span.start, span.end, span.reason) for span in told.spans] == [
        ("paused", MIDNIGHT, None, "lunch")
    ]


def test_the_timeline_names_queues_by_their_public_ids() -> None:
    story = Story(CONFIG).up().talking().hung_up()
    told = story.engine.timeline("pbx/Anna", story.at)
    assert told is not None
    assert [(span.state, span.queue, span.direction) for span in told.spans] == [
        ("available", None, None),
        ("ringing", "pbx/sales", "inbound_queue"),
        ("talking", "pbx/sales", "inbound_queue"),
        ("wrap_up", None, None),
    ]


def test_a_timeline_says_how_many_of_its_spans_are_no_longer_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "LIMIT", 20)
    monkeypatch.setattr(timeline, "_DROPPED_AT_ONCE", 2)
    story = Story().up(member("101", name="Anna"))
    for number in range(25):
        kind = events.MemberUnpaused if number % 2 else events.MemberPaused
        story.tell(kind, queue="sales", interface="PJSIP/101")
        story.wait(1)
    told = story.engine.timeline("pbx/Anna", story.engine.now)
    assert told is not None
    assert told.dropped > 0
    assert told.dropped + len(told.spans) >= 25
