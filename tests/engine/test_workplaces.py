"""Sources without queues: who sits at an endpoint is at work as that endpoint tells."""

from __future__ import annotations

from typing import Any

import pytest

from monitor import events
from monitor.engine import SourceEngine
from monitor.engine.config import AgentConfig, SourceConfig
from monitor.events import EndpointFacts, LegFacts
from tests.engine.story import START, Story

ANNA = "sip:101@example.org"
BORIS = "sip:102@example.org"


def place(endpoint: str = ANNA, state: events.EndpointState = "idle", **facts: Any) -> EndpointFacts:
    name = endpoint.removeprefix("sip:").partition("@")[0]
    return EndpointFacts(endpoint=endpoint, **{"state": state, "name": name, **facts})


def at_work(*places: EndpointFacts, agents: tuple[AgentConfig, ...] = (), **facts: Any) -> Story:
    """A source that lists these endpoints; by default Anna's alone."""
    story = Story(SourceConfig(source="pbx", agents=agents))
    story.queues = ()
    return lists(story.connected(), *(places or (place(),)), **facts)


def lists(story: Story, *places: EndpointFacts, **facts: Any) -> Story:
    return story.snapshot(endpoints=places, complete_endpoints=True, work="endpoints", **facts)


def agent(story: Story, name: str = "101") -> tuple[str, str]:
    found = story.agent(name)
    return found.state, found.why.rule


def decides(
    story: Story, presence: events.Presence, reason: str | None = None, endpoint: str = ANNA
) -> Story:
    return story.tell(events.PresenceChanged, endpoint=endpoint, presence=presence, reason=reason)


def test_each_endpoint_is_an_agent_called_as_the_source_calls_it() -> None:
    story = at_work(place(), place(BORIS, "unavailable"), place("sip:103@example.org", "unknown", name=None))
    assert list(story.engine.agent_ids()) == ["pbx/101", "pbx/102", "pbx/sip:103@example.org"]
    assert story.agent("101").endpoints == [ANNA]
    assert agent(story) == ("available", "free")
    assert agent(story, "102") == ("offline", "endpoint_unreachable")
    assert agent(story, "sip:103@example.org") == ("unknown", "endpoint_unknown")


def test_a_configured_agent_has_its_endpoints_or_is_known_by_name() -> None:
    configured = (
        AgentConfig(id="anna", name="Anna", team="North", endpoints=(ANNA, "PJSIP/101")),
        AgentConfig(id="102", name="Boris"),
        AgentConfig(id="clara", name="Clara", endpoints=("sip:103@elsewhere.org",)),
    )
    story = at_work(place(), place(BORIS), agents=configured)
    assert list(story.engine.agent_ids()) == ["pbx/102", "pbx/anna"], "no endpoint of Clara's is listed"
    assert (story.agent("anna").name, story.agent("anna").team) == ("Anna", "North")
    assert story.agent("102").name == "Boris"
    assert story.state("102") == "available"
    lists(story.wait(5), place(), place(BORIS), place("sip:103@elsewhere.org"))
    assert agent(story, "clara") == ("available", "free")
    lists(story.wait(5), place(), place(BORIS))
    assert agent(story, "clara") == ("offline", "no_member"), "she was here today"


def test_two_endpoints_of_one_name_are_two_agents() -> None:
    story = at_work(place(), place("sip:101@other.org", "unavailable"))
    assert list(story.engine.agent_ids()) == ["pbx/101", "pbx/101@sip:101@other.org"]
    assert story.state("101") == "available"


def test_an_agent_of_two_endpoints_can_be_reached_while_one_of_them_can() -> None:
    anna = AgentConfig(id="anna", endpoints=(ANNA, BORIS))
    story = at_work(place(state="unavailable"), place(BORIS), agents=(anna,))
    assert agent(story, "anna") == ("available", "free")
    story.tell(events.EndpointUnreachable, endpoint=BORIS)
    assert agent(story, "anna") == ("offline", "endpoint_unreachable")
    story.tell(events.EndpointStateChanged, endpoint=ANNA, state="unknown")
    assert agent(story, "anna") == ("offline", "endpoint_unreachable"), "the one that is known tells"
    story.tell(events.EndpointStateChanged, endpoint=BORIS, state="unknown")
    assert agent(story, "anna") == ("unknown", "endpoint_unknown")


@pytest.mark.parametrize(
    ("state", "shown"),
    [("idle", "available"), ("ringing", "ringing"), ("in_use", "talking"), ("on_hold", "talking"), ("busy", "talking")],
)  # fmt: skip
def test_a_device_tells_where_no_leg_is_seen(state: events.EndpointState, shown: str) -> None:
    assert at_work(place(state=state)).state("101") == shown


def test_legs_tell_more() -> None:
    story = at_work()
    story.tell(
        events.LegStarted, leg="a", call="a", endpoint=ANNA, direction="inbound", party="+74951234567"
    ).rings("a")
    assert agent(story) == ("ringing", "leg_ringing")
    story.up_leg("a")
    assert (story.state("101"), story.agent("101").call and story.agent("101").call.direction) == (
        "talking",
        "inbound_direct",
    )
    story.holds("a")
    assert story.state("101") == "on_hold"
    story.resumes("a").ends("a")
    assert (story.state("101"), story.agent("101").today.direct) == ("available", 1)


def test_what_is_no_longer_known_of_an_endpoint_is_shown_so_whatever_its_legs_were() -> None:
    story = at_work()
    story.tell(events.LegStarted, leg="a", call="a", endpoint=ANNA, direction="inbound").up_leg("a").wait(10)
    story.tell(events.EndpointStateChanged, endpoint=ANNA, state="unknown")
    assert agent(story) == ("unknown", "endpoint_unknown")
    assert (story.agent("101").last_state, story.agent("101").call) == ("talking", None)
    talked = story.agent("101").today.talk_seconds
    assert story.wait(60).agent("101").today.talk_seconds == talked, "nobody knows that they still talk"
    story.tell(events.EndpointStateChanged, endpoint=ANNA, state="in_use")
    assert agent(story) == ("talking", "leg_answered")


def test_a_person_pauses_with_a_reason_works_after_a_call_and_signs_off() -> None:
    story = decides(at_work(), "paused", "lunch")
    found = story.agent("101")
    assert (found.state, found.reason, found.presence.reason) == ("paused", "lunch", "lunch")
    decided_at = found.presence.since
    assert decided_at == story.at
    story.tell(events.LegStarted, leg="a", call="a", endpoint=ANNA, direction="outbound")
    assert (story.state("101"), story.agent("101").presence.paused) == ("dialing", True)
    story.ends("a")
    assert (story.state("101"), story.agent("101").presence.since) == ("paused", decided_at)
    assert agent(decides(story, "paused", "meeting")) == ("paused", "paused")
    assert story.agent("101").since == story.at, "another kind of pause"
    assert agent(decides(story, "wrap_up")) == ("wrap_up", "wrap_up")
    assert agent(decides(story, "signed_off")) == ("offline", "signed_off")
    assert agent(decides(story, "ready")) == ("available", "free")
    assert not story.agent("101").presence.paused
    decides(story, "signed_off").tell(events.PresenceChanged, endpoint=ANNA, presence=None)
    assert agent(story) == ("available", "free"), "nobody tells any more: who can be reached is at work"


def test_who_wants_no_calls_gets_none() -> None:
    story = at_work().tell(events.DoNotDisturbChanged, endpoint=ANNA, on=True)
    found = story.agent("101")
    assert (found.state, found.do_not_disturb, found.presence.paused) == ("paused", True, True)
    assert found.presence.since == story.at
    story.tell(events.DoNotDisturbChanged, endpoint=ANNA, on=False)
    assert (story.state("101"), story.agent("101").presence.paused) == ("available", False)


@pytest.mark.parametrize("other", ["unavailable", "unknown"])
def test_the_phones_that_can_ring_decide_whether_anybody_is_to_be_disturbed(
    other: events.EndpointState,
) -> None:
    anna = AgentConfig(id="anna", endpoints=(ANNA, BORIS))
    story = at_work(place(), place(BORIS, other), agents=(anna,))
    story.tell(events.DoNotDisturbChanged, endpoint=ANNA, on=True)
    assert (story.state("anna"), story.agent("anna").presence.paused) == ("paused", True)
    story.tell(events.EndpointStateChanged, endpoint=BORIS, state="idle")
    assert (story.state("anna"), story.agent("anna").presence.paused) == ("available", False)


def test_do_not_disturb_of_who_is_ready_is_a_pause_of_its_own() -> None:
    story = decides(at_work(), "ready").wait(5)
    story.tell(events.DoNotDisturbChanged, endpoint=ANNA, on=True)
    silenced_at = story.at
    found = story.wait(5).agent("101")
    assert (found.state, found.presence.paused, found.presence.since) == ("paused", True, silenced_at)
    story.tell(events.DoNotDisturbChanged, endpoint=ANNA, on=False)
    assert not story.agent("101").presence.paused


def test_a_list_tells_what_was_decided_and_since_when() -> None:
    story = at_work(place(presence="paused", reason="lunch", presence_since=START - 600))
    assert (story.state("101"), story.agent("101").since) == ("paused", START - 600)
    story.lost()
    assert story.state("101") == "unknown"
    lists(story.connected(), place(presence="wrap_up", presence_since=START - 5))
    assert (story.state("101"), story.agent("101").since) == ("wrap_up", START - 5)
    lists(story, place())
    assert story.state("101") == "available", "the source tells no more"


def test_what_was_decided_since_the_list_was_asked_for_is_newer() -> None:
    story = at_work()
    asked = story.at
    decides(story.wait(3), "paused")
    lists(story, place(presence="ready"), taken_at=asked)
    assert story.state("101") == "paused"
    lists(story.wait(5), place(presence="ready"))
    assert story.state("101") == "available"


def test_who_is_not_listed_any_more_is_off_and_forgotten_the_next_day() -> None:
    story = at_work(place(), place(BORIS))
    lists(story.wait(5), place())
    assert agent(story, "102") == ("offline", "no_member")
    story.wait(86_400)
    assert list(story.engine.agent_ids()) == ["pbx/101"]


def test_a_list_may_come_while_in_sync_and_brings_who_is_new() -> None:
    story = lists(at_work().wait(5), place(), place(BORIS), reconciliation=True)
    assert story.state("102") == "available"


def test_a_restart_goes_on_where_it_was() -> None:
    story = decides(at_work(place(), place(BORIS, "unknown")), "paused", "lunch")
    story.tell(
        events.Snapshot,
        taken_at=story.at,
        endpoints=(place(presence="paused", reason="lunch"), place(BORIS, "unknown")),
        work="endpoints",
        legs=(
            LegFacts(
                leg="a", call="a", endpoint=BORIS, direction="inbound", started_at=story.at, state="ringing"
            ),
        ),
    )
    again = SourceEngine(story.engine.config)
    again.restore({key: value for key, value in story.engine.dump().items() if value is not None})
    for name in ("pbx/101", "pbx/102"):
        assert again.agent_view(name, story.at) == story.engine.agent_view(name, story.at)
    assert again.agent_view("pbx/101", story.at) is not None


def test_the_same_source_with_queues_again_has_no_workplaces() -> None:
    story = at_work()
    story.snapshot()
    assert agent(story) == ("offline", "no_member")
