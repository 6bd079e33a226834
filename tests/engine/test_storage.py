"""Saved entities: small dumps, whole restores, clear errors."""

from __future__ import annotations

import msgspec
import pytest

from monitor.engine import SourceEngine, StateUnreadable
from monitor.engine.config import AgentConfig, SourceConfig
from tests.engine.story import Story, check, member


def saved(story: Story) -> dict[str, bytes]:
    """All that was dumped so far: call once, or the rest is missing."""
    return {key: value for key, value in story.engine.dump().items() if value is not None}


def test_a_dump_has_only_what_changed_since_the_last_one() -> None:
    story = Story().up(member(), member("102"))
    story.engine.dump()
    story.paused("lunch")
    assert set(story.engine.dump()) == {
        "source",
        "agent:Anna",
        'member:["sales","PJSIP/101"]',
        "member_time:sales",
    }
    assert set(story.engine.dump()) == {"source"}


def test_what_is_gone_is_dumped_as_gone() -> None:
    story = Story().up().talking()
    story.engine.dump()
    story.hung_up()
    dumped = story.engine.dump()
    assert dumped["leg:c1-101"] is None
    assert dumped['queue_call:["sales","c1","PJSIP/101"]'] is None


def test_nothing_saved_is_an_engine_that_has_not_begun() -> None:
    engine = SourceEngine(SourceConfig(source="pbx"))
    engine.restore({})
    assert (engine.now, engine.agent_ids(), engine.next_deadline()) == (0.0, [], None)
    assert engine.source_view(0.0).state == "connecting"


def test_a_restored_engine_ignores_events_it_knew() -> None:
    story = Story().up().paused("lunch")
    engine = SourceEngine(story.config)
    engine.restore(saved(story))
    engine.take_changes()
    for event in story.told:
        engine.apply(event)
    assert not engine.take_changes()


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("agent:Anna", b"\xc1", "agent:Anna"),
        ("agent:Anna", msgspec.msgpack.encode({"id": 1}), "agent:Anna"),
        ("spaceship:x", b"\xc0", "no such kind"),
        ("source", b"\xc0", "source"),
    ],
)
def test_what_cannot_be_read_is_said_and_leaves_an_empty_engine(key: str, value: bytes, why: str) -> None:
    story = Story().up()
    engine = SourceEngine(story.config)
    with pytest.raises(StateUnreadable, match=why) as caught:
        engine.restore({**saved(story), key: value})
    assert caught.value.key == key
    assert (engine.now, engine.agent_ids()) == (0.0, [])


@pytest.mark.parametrize("missing", ["source", "agent:Anna", "queue:sales"])
def test_a_state_with_a_part_missing_is_refused(missing: str) -> None:
    story = Story().up().joined()
    entities = saved(story)
    del entities[missing]
    with pytest.raises(StateUnreadable, match="missing"):
        SourceEngine(story.config).restore(entities)


def test_a_configuration_that_changed_meanwhile_is_taken_over() -> None:
    story = Story(SourceConfig(source="pbx", agents=(AgentConfig(id="old"),))).up(member(), member("102"))
    entities = saved(story)
    new = SourceConfig(source="pbx", agents=(AgentConfig(id="anna", team="North", endpoints=("PJSIP/101",)),))
    engine = SourceEngine(new)
    engine.restore(entities)
    again = Story(new)
    again.engine, again.at = engine, story.at
    again._ids = story._ids
    again.wait(1)
    check(engine)
    assert (again.state("anna"), again.agent("anna").team) == ("available", "North")
    assert (again.state("Anna"), again.state("Boris")) == ("offline", "available")
    assert again.state("old") == "offline"
    assert again.counts() == {"available": 2}


def test_counters_of_corrections_survive_and_new_kinds_begin_at_0() -> None:
    story = Story().up(member(), member("102", membership="static")).reconciled(member())
    entities = saved(story)
    record = msgspec.msgpack.decode(entities["source"])
    del record["corrections"]["leg_extra"]
    entities["source"] = msgspec.msgpack.encode(record)
    engine = SourceEngine(story.config)
    engine.restore(entities)
    assert engine.corrections["member_extra"] == 1
    assert engine.corrections["leg_extra"] == 0
