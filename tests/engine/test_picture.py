"""The read side: over all sources, by public ids; and how numbers are shown."""

from __future__ import annotations

import pytest

from monitor.engine import Picture, SourceEngine
from monitor.engine.config import AgentConfig, QueueConfig, SourceConfig
from monitor.engine.party import shown
from monitor.engine.timers import Timer, Timers
from tests.engine.story import Story


@pytest.mark.parametrize(
    ("party", "expected"),
    [
        ("+74951234567", "+7495*****67"),
        ("4951234567", "49512***67"),
        ("123456789", "*******89"),
        ("123456", "****56"),
        ("12345", "12345"),
        ("101", "101"),
        (" 101 ", "101"),
        ("<unknown>", None),
        ("unknown", None),
        ("Anonymous", None),
        ("", None),
        (None, None),
    ],
)
def test_numbers_are_masked(party: str | None, expected: str | None) -> None:
    assert shown(party, whole=False) == expected


def test_numbers_are_whole_where_allowed_but_nobody_stays_nobody() -> None:
    assert shown("+74951234567", whole=True) == "+74951234567"
    assert shown("<unknown>", whole=True) is None


def two_sources() -> tuple[Picture, Story]:
    config = SourceConfig(
        source="pbx",
        queues={"sales": QueueConfig(name="Sales")},
        agents=(AgentConfig(id="anna", team="North", endpoints=("PJSIP/101",)),),
    )
    story = Story(config).up().talking()
    other = SourceEngine(SourceConfig(source="pbx2"))
    return Picture({"pbx": story.engine, "pbx2": other}), story


def test_everything_of_all_sources_is_one_state() -> None:
    picture, story = two_sources()
    state = picture.state(epoch="e", seq=7, at=story.at)
    assert (state.epoch, state.seq, state.at) == ("e", 7, story.at)
    assert [agent.id for agent in state.agents] == ["pbx/anna"]
    assert [(queue.id, queue.name) for queue in state.queues] == [("pbx/sales", "Sales")]
    assert [call.id for call in state.calls] == ["pbx/c1@sales"]
    assert [(source.id, source.state) for source in state.sources] == [("pbx", "up"), ("pbx2", "connecting")]


def test_each_question_goes_to_the_source_of_the_id() -> None:
    picture, story = two_sources()
    at = story.at
    assert picture.agent_ids() == ["pbx/anna"]
    assert picture.queue_ids() == ["pbx/sales"]
    assert picture.call_ids() == ["pbx/c1@sales"]
    assert picture.source_ids() == ["pbx", "pbx2"]
    assert picture.agent_view("pbx/anna", at) == story.engine.agent_view("pbx/anna", at)
    assert picture.agent_state("pbx/anna") == "talking"
    assert picture.agent_team("pbx/anna") == "North"
    assert picture.agent_queues("pbx/anna") == {"pbx/sales"}
    assert picture.timeline("pbx/anna", at) is not None
    assert picture.queue_view("pbx/sales", at) is not None
    assert (picture.queue_state_counts("pbx/sales") or {})["talking"] == 1
    assert picture.queue_waiting("pbx/sales") == (0, None)
    assert picture.queue_totals("pbx/sales") is not None
    assert picture.call_view("pbx/c1@sales", at) is not None
    assert picture.source_view("pbx2", at) is not None


@pytest.mark.parametrize("name", ["pbx/nobody", "pbx2/anna", "elsewhere/anna", "anna", "", "pbx/"])
def test_unknown_ids_have_no_answer(name: str) -> None:
    picture, story = two_sources()
    assert picture.agent_view(name, story.at) is None
    assert picture.agent_state(name) is None
    assert picture.agent_team(name) is None
    assert picture.agent_queues(name) == frozenset()
    assert picture.timeline(name, story.at) is None
    assert picture.queue_view(name, story.at) is None
    assert picture.queue_state_counts(name) is None
    assert picture.queue_waiting(name) is None
    assert picture.queue_totals(name) is None
    assert picture.call_view(name, story.at) is None
    assert picture.source_view(name, story.at) is None


def test_changes_are_taken_once_and_false_when_empty() -> None:
    story = Story().up()
    changes = story.engine.take_changes()
    assert changes
    assert (changes.agents, changes.queues, changes.source) == ({"pbx/Anna"}, {"pbx/sales"}, "pbx")
    assert not story.engine.take_changes()


def test_a_call_that_came_and_went_within_a_batch_is_only_gone() -> None:
    story = Story().up()
    story.engine.take_changes()
    story.joined().left()
    changes = story.engine.take_changes()
    assert (changes.calls, changes.calls_removed) == (set(), {"pbx/c1@sales"})


def test_timers_that_nobody_stands_by_any_more_do_not_pile_up() -> None:
    deadline = 0.0
    timers = Timers(lambda timer, key: deadline)
    for at in range(50_000):
        deadline = float(at + 1_000_000)
        timers.set(deadline, Timer.WRAP_UP, ("sales", "PJSIP/101"))
    assert len(timers) < 3_000
    assert timers.next() == deadline
    assert timers.due(deadline - 1) is None
    assert timers.due(deadline) == (deadline, Timer.WRAP_UP, ("sales", "PJSIP/101"))
    assert timers.next() is None
