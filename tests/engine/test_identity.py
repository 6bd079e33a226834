"""Who is who: configured agents, names, and two of one name in a queue."""

from __future__ import annotations

from itertools import permutations

import pytest

from monitor import events
from monitor.engine.config import AgentConfig, SourceConfig
from monitor.events import MemberFacts
from tests.engine.story import Story, leg, member

ANNA = AgentConfig(id="anna", name="Anna K", team="North", endpoints=("PJSIP/101", "PJSIP/201"))
CONFIG = SourceConfig(source="pbx", agents=(ANNA,))


def ids(story: Story) -> list[str]:
    return [name.removeprefix("pbx/") for name in story.engine.agent_ids()]


@pytest.mark.parametrize(
    "facts",
    [
        member("101", name="somebody"),
        member("901", name="somebody", endpoint="PJSIP/201"),
        member("901", name="somebody", endpoint="hint:101@ext", devices=("PJSIP/101",)),
        member("101", name="somebody", endpoint="Custom:a1"),
        member("901", name="anna"),
        member("901", name="Anna K"),
    ],
    ids=["interface", "endpoint", "device", "interface of another endpoint", "id", "name"],
)
def test_a_configured_agent_owns_its_members(facts: MemberFacts) -> None:
    story = Story(CONFIG).up(facts)
    assert ids(story) == ["anna"]
    agent = story.agent("anna")
    assert (agent.name, agent.team, agent.state) == ("Anna K", "North", "available")
    assert agent.endpoints[:2] == ["PJSIP/101", "PJSIP/201"]


def test_members_of_one_name_are_one_agent() -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member("101", name="Anna"), member("201", queue="support", name="Anna"))
    assert ids(story) == ["Anna"]
    assert story.agent().endpoints == ["PJSIP/101", "PJSIP/201"]
    assert story.engine.agent_queues("pbx/Anna") == {"pbx/sales", "pbx/support"}
    story.starts("g1-201", endpoint="PJSIP/201").up_leg("g1-201")
    assert story.counts("sales") == {"talking": 1}


def test_an_agent_of_several_phones_is_offline_only_when_all_are() -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member("101", name="Anna"), member("201", queue="support", name="Anna"))
    story.device("unavailable", "101")
    assert story.state() == "available"
    assert story.counts("sales") == {"offline": 1}
    assert story.counts("support") == {"available": 1}
    story.device("unavailable", "201")
    assert story.state() == "offline"


TWINS = [
    member("101", name="Anna"),
    member("102", name="Anna"),
    member("103", queue="support", name="Anna"),
    member("102", queue="support", name="Anna"),
]


@pytest.mark.parametrize("order", list(permutations(TWINS)))
def test_two_of_a_name_in_one_queue_are_two_agents_in_whatever_order_they_came(
    order: tuple[MemberFacts, ...],
) -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member("109", name="Zoe"))
    for facts in order:
        story.added(facts)
    live = story.engine._live
    found = {one.key: one.agent for one in live.members.values() if one.name == "Anna"}
    assert found == {
        ("sales", "PJSIP/101"): "Anna",
        ("sales", "PJSIP/102"): "Anna@PJSIP/102",
        ("support", "PJSIP/102"): "Anna@PJSIP/102",
        ("support", "PJSIP/103"): "Anna@PJSIP/103",
    }


def test_a_member_that_turns_out_to_be_another_agents_takes_its_call_along() -> None:
    story = Story().up(member("102", name="Anna")).talking(extension="102")
    assert story.state("Anna") == "talking"
    story.added(member("101", name="Anna"))
    assert (story.state("Anna"), story.state("Anna@PJSIP/102")) == ("available", "talking")
    call = story.call("c1@sales")
    assert call is not None
    assert call.agent == "pbx/Anna@PJSIP/102"


def test_a_member_without_a_name_is_known_by_its_interface() -> None:
    story = Story().up(member("109", interface="Local/1001@from-queue/n", name="Local/1001@from-queue/n"))
    assert ids(story) == ["Local/1001@from-queue/n"]
    assert story.engine.agent_view("pbx/Local/1001@from-queue/n", story.at) is not None


def test_a_member_that_is_renamed_is_another_agent() -> None:
    story = Story().up(member("101", name="Anna"))
    story.reconciled(member("101", name="Berta"))
    assert (story.state("Anna"), story.state("Berta")) == ("offline", "available")


def test_members_of_the_name_that_stay_are_placed_anew() -> None:
    """The second of two of one name becomes the only one."""
    story = Story().up(member("101", name="Anna"), member("102", name="Anna"))
    assert ids(story) == ["Anna", "Anna@PJSIP/102"]
    story.removed("101")
    live = story.engine._live
    assert live.members["sales", "PJSIP/102"].agent == "Anna"
    assert story.state("Anna") == "available"


def test_a_phone_changes_hands_when_somebody_else_signs_on_with_it() -> None:
    story = Story().up(member("101", name="Anna")).removed("101")
    story.added(member("101", name="Boris")).starts("g1-101").up_leg("g1-101")
    assert (story.state("Anna"), story.state("Boris")) == ("offline", "talking")


def test_a_phone_that_two_share_shows_both_in_its_call() -> None:
    story = Story()
    story.queues = ("sales", "support")
    story.up(member("101", name="Anna"), member("101", queue="support", name="Boris"))
    story.starts("g1-101").up_leg("g1-101")
    assert (story.state("Anna"), story.state("Boris")) == ("talking", "talking")


def test_a_leg_of_an_endpoint_not_known_as_a_members_belongs_by_its_offer() -> None:
    story = Story().up().joined().starts("c1-x", endpoint="IAX2/elsewhere")
    story.offered(leg="c1-x").rings("c1-x")
    assert story.state() == "ringing"
    story.up_leg("c1-x").left(outcome="answered").answered(leg="c1-x")
    assert story.state() == "talking"
    story.ends("c1-x").completed()
    assert story.state() == "available"


def test_a_configured_agent_is_there_before_it_is_seen() -> None:
    story = Story(CONFIG).up(member("109", name="Zoe"))
    assert (story.state("anna"), story.rule("anna")) == ("offline", "no_member")


def test_a_configured_agent_without_a_name_is_called_as_the_source_calls_the_member() -> None:
    config = SourceConfig(source="pbx", agents=(AgentConfig(id="anna", endpoints=("PJSIP/101",)),))
    story = Story(config).up(member("109", name="Zoe"))
    assert story.agent("anna").name == "anna"
    story.tell(events.MemberAdded, member=member("101", name="Anna K."))
    assert story.agent("anna").name == "Anna K."
    story.tell(events.MemberRemoved, queue="sales", interface="PJSIP/101")
    assert story.agent("anna").name == "Anna K."


def test_a_snapshot_moves_a_members_legs_with_its_new_device() -> None:
    story = Story().up(member("101", name="Anna"), legs=(leg("g1-301", "301"),))
    assert story.state("Anna") == "available"
    story.tell(events.MemberChanged, queue="sales", interface="PJSIP/101", devices=("PJSIP/301",))
    assert story.state("Anna") == "talking"
