"""Registration, presence and features beside the calls; and whose word is taken at all."""

from __future__ import annotations

import pytest

from adapters.sip.bodies import read
from adapters.sip.reports import Kind
from adapters.sip.translate.identity import Directory, user_of
from tests.adapters.sip.replay import KINDS, Server
from tests.adapters.sip.shapes import (
    ANNA,
    BORIS,
    DIALOG_INFO,
    FEATURE,
    PIDF,
    REGINFO,
    agent_event,
    asterisk_dialog_info,
    asterisk_pidf,
    cisco_pidf,
    do_not_disturb,
    kamailio_dialog,
    kamailio_dialog_info,
    not_ready,
    reginfo,
)


def ready(*watched: str) -> Server:
    server = Server(*watched)
    server.hears(asterisk_dialog_info())
    return server


# --- registration ----------------------------------------------------------------------------------------


def test_a_phone_without_contacts_cannot_be_reached() -> None:
    server = ready()
    assert server.hears(reginfo(("1", "active")), content_type=REGINFO) == []
    assert server.hears(reginfo(("1", "terminated"), state="terminated"), content_type=REGINFO) == [
        "EndpointUnreachable 101"
    ]
    assert server.hears(reginfo(state="init"), content_type=REGINFO) == []
    assert server.hears(reginfo(("2", "active")), content_type=REGINFO) == ["EndpointReachable 101"]


def test_contacts_come_and_go_one_by_one() -> None:
    server = ready()
    server.hears(reginfo(("1", "active"), ("2", "active")), content_type=REGINFO)
    gone = reginfo(("1", "terminated"), whole="partial")
    assert server.hears(gone, content_type=REGINFO) == [], "the other one is left"
    assert server.hears(reginfo(("2", "terminated"), whole="partial"), content_type=REGINFO) == [
        "EndpointUnreachable 101"
    ]
    assert server.hears(reginfo(("3", "active"), whole="partial"), content_type=REGINFO) == [
        "EndpointReachable 101"
    ]
    assert server.hears(reginfo(whole="partial", state="terminated"), content_type=REGINFO) == [
        "EndpointUnreachable 101"
    ]


def test_without_the_dialogs_nothing_is_known_whatever_the_registrar_says() -> None:
    server = Server()
    assert server.hears(reginfo(("1", "active")), content_type=REGINFO) == []
    assert server.hears(reginfo(state="terminated"), content_type=REGINFO) == []
    assert server.hears(asterisk_dialog_info()) == ["EndpointUnreachable 101"]
    assert server.loses() == ["EndpointStateChanged 101 unknown"]


def test_a_registrar_that_tells_no_more_does_not_say_that_the_phone_is_back() -> None:
    server = ready()
    server.hears(reginfo(state="terminated"), content_type=REGINFO)
    assert server.loses("reg") == ["EndpointStateChanged 101 idle"]
    assert server.loses("reg") == []


def test_who_is_in_a_call_is_there() -> None:
    server = ready()
    server.hears(asterisk_dialog_info("confirmed"))
    assert server.hears(reginfo(state="terminated"), content_type=REGINFO) == []
    assert server.hears(asterisk_dialog_info()) == ["EndpointUnreachable 101"]
    assert server.hears(asterisk_dialog_info("early")) == ["EndpointStateChanged 101 ringing"]


def test_a_leg_speaks_for_itself_while_the_phone_is_not_registered() -> None:
    server = ready()
    server.hears(reginfo(state="terminated"), content_type=REGINFO)
    assert server.hears(kamailio_dialog_info(kamailio_dialog("a"))) == [
        "LegStarted 101 a a 101 inbound +74951234567",
        "LegAnswered 101 a",
    ]
    assert server.hears(kamailio_dialog_info()) == ["LegEnded 101 a"]


# --- presence --------------------------------------------------------------------------------------------


def test_asterisk_closed_is_away_but_closed_in_a_call_is_not() -> None:
    server = ready()
    assert server.hears(asterisk_pidf("closed", "Unavailable", "away"), content_type=PIDF) == [
        "EndpointUnreachable 101"
    ]
    assert server.hears(asterisk_pidf(), content_type=PIDF) == ["EndpointReachable 101"]
    for note, activity in (
        ("On the phone", ""),
        ("Ringing", ""),
        ("On hold", ""),
        ("x", "busy"),
        ("x", "on-the-phone"),
    ):
        assert server.hears(asterisk_pidf("closed", note, activity), content_type=PIDF) == []
    assert server.hears(asterisk_pidf("closed", "Unavailable"), content_type=PIDF) == [
        "EndpointUnreachable 101"
    ]


def test_on_the_phone_is_no_witness_against_the_dialogs() -> None:
    server = ready()
    assert server.hears(asterisk_pidf("open", "On the phone", "on-the-phone"), content_type=PIDF) == []


def test_the_registrar_knows_better_than_presence() -> None:
    server = ready()
    server.hears(reginfo(("1", "active")), content_type=REGINFO)
    assert server.hears(asterisk_pidf("closed", "Unavailable"), content_type=PIDF) == []
    assert server.loses("reg") == ["EndpointUnreachable 101"]
    assert server.loses("presence") == ["EndpointStateChanged 101 idle"]


def test_who_wants_not_to_be_disturbed_says_so_in_either_way() -> None:
    server = ready()
    assert server.hears(cisco_pidf("ce:dnd"), content_type=PIDF) == ["DoNotDisturbChanged 101 True"]
    assert server.hears(do_not_disturb("true"), content_type=FEATURE) == []
    assert server.hears(cisco_pidf("ce:available"), content_type=PIDF) == []
    assert server.hears(do_not_disturb("false"), content_type=FEATURE) == ["DoNotDisturbChanged 101 False"]
    server.hears(cisco_pidf("ce:dnd"), content_type=PIDF)
    assert server.loses("presence") == ["DoNotDisturbChanged 101 False"]


# --- features --------------------------------------------------------------------------------------------


def test_an_agent_decides() -> None:
    server = ready()
    assert server.hears(agent_event("AgentReadyEvent"), content_type=FEATURE) == ["PresenceChanged 101 ready"]
    assert server.hears(agent_event("AgentReadyEvent"), content_type=FEATURE) == []
    assert server.hears(not_ready("7"), content_type=FEATURE) == ["PresenceChanged 101 paused 7"]
    assert server.hears(agent_event("ForwardingEvent"), do_not_disturb("false"), content_type=FEATURE) == []
    assert server.hears(not_ready("8"), content_type=FEATURE) == ["PresenceChanged 101 paused 8"]
    assert server.hears(agent_event("AgentWorkingAfterCallEvent"), content_type=FEATURE) == [
        "PresenceChanged 101 wrap_up"
    ]
    since = server.at
    server.hears(agent_event("AgentWorkingAfterCallEvent"), content_type=FEATURE)
    (facts,) = server.translator.snapshot(server.at)[0].endpoints  # type: ignore[attr-defined]
    assert (facts.presence, facts.presence_since, facts.name) == ("wrap_up", since, "101")
    assert server.hears(agent_event("AgentLoggedOffEvent"), content_type=FEATURE) == [
        "PresenceChanged 101 signed_off"
    ]


def test_a_decision_that_is_told_no_more_is_gone_from_the_picture() -> None:
    server = ready()
    server.hears(not_ready("7"), content_type=FEATURE)
    assert server.loses("feature") == ["PresenceChanged 101"]
    assert server.model.endpoints[ANNA]["presence"] is None
    assert server.loses("feature") == []


def test_who_is_in_no_call_is_not_known_to_be_free_until_somebody_tells_that_calls_can_come() -> None:
    server = Server(reachability=True)
    assert server.hears(kamailio_dialog_info()) == []
    assert server.model.endpoints[ANNA]["state"] == "unknown"
    assert server.hears(kamailio_dialog_info(kamailio_dialog("a"))) == [
        "LegStarted 101 a a 101 inbound +74951234567",
        "LegAnswered 101 a",
        "EndpointStateChanged 101 idle",
    ]
    assert server.hears(kamailio_dialog_info()) == ["EndpointStateChanged 101 unknown", "LegEnded 101 a"]
    assert server.hears(reginfo(("a", "active")), content_type=REGINFO) == ["EndpointStateChanged 101 idle"]
    assert server.loses("reg") == ["EndpointStateChanged 101 unknown"]
    assert server.hears(asterisk_dialog_info("confirmed")) == ["EndpointStateChanged 101 in_use"]


def test_a_lost_server_leaves_nothing_of_what_was_told() -> None:
    server = ready()
    server.hears(reginfo(state="terminated"), content_type=REGINFO)
    server.hears(cisco_pidf("ce:dnd"), content_type=PIDF)
    server.hears(not_ready("7"), do_not_disturb("true"), content_type=FEATURE)
    server.translator.forget()
    server._hear(server.translator.snapshot(server.at))
    assert server.model.endpoints[ANNA] == {
        "state": "unknown",
        "dnd": False,
        "presence": None,
        "reason": None,
    }
    assert server.hears(asterisk_dialog_info()) == ["EndpointStateChanged 101 idle"]


# --- whose word is taken ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity", "taken"),
    [
        ("sip:101@pbx.example.org", True),
        ("sip:101@192.0.2.10:5060", True),
        ("sips:101@PBX.example.org;transport=tls", True),
        ("pres:101@elsewhere.example.org", True),
        ("tel:101", True),
        ("sip:1(0)1@gw", True),
        ("101@pbx.example.org", True),
        ("&lt;sip:101@pbx.example.org&gt;", True),
        ("sip:102@pbx.example.org", False),
        ("sip:1010@pbx.example.org", False),
        ("sip:pbx.example.org", False),
        ("sip:anna@pbx.example.org", False),
    ],
)
def test_a_document_is_about_the_endpoint_of_its_subscription(entity: str, taken: bool) -> None:
    server = Server()
    told = server.hears(asterisk_dialog_info(entity=entity))
    assert bool(told) is taken
    assert server.skipped == ([] if taken else ["other_entity"])


def test_an_endpoint_that_is_watched_itself_is_never_taken_for_another() -> None:
    server = Server(ANNA, "sip:101@other.example.org")
    assert server.hears(asterisk_dialog_info(entity="sip:101@other.example.org")) == []
    assert server.skipped == ["other_entity"]


def test_what_is_not_watched_or_not_of_its_package_is_counted() -> None:
    server = Server()
    assert server.hears(asterisk_dialog_info(), endpoint=BORIS) == []
    (report,) = read(DIALOG_INFO, {}, asterisk_dialog_info())
    assert server.translator.report(ANNA, "reg", report, server.at) == []
    assert server.translator.unknown(BORIS, "dialog", server.at) == []
    assert server.skipped == ["unknown_endpoint", "other_package"]


@pytest.mark.parametrize("kind", ["dialog", "reg", "presence", "feature"])
def test_a_subscription_tells_of_nothing_but_its_package(kind: Kind) -> None:
    bodies = {
        DIALOG_INFO: asterisk_dialog_info(),
        REGINFO: reginfo(),
        PIDF: cisco_pidf("ce:dnd"),
        FEATURE: not_ready(),
    }
    server = Server()
    for content_type, body in bodies.items():
        (report,) = read(content_type, {}, body)
        if KINDS[content_type] != kind:
            assert server._hear(server.translator.report(ANNA, kind, report, server.at)) == []
    assert server.skipped == ["other_package"] * 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:Anna@a", "sip:anna@b"),
        ("sip:+7-495-1@a", "tel:+74951"),
        ("sip:101;phone-context=x@a", "sip:101@a"),
    ],
)
def test_users_are_compared_as_people_do(one: str, other: str) -> None:
    assert user_of(one) == user_of(other) != ""


def test_a_user_of_two_endpoints_names_none() -> None:
    directory = Directory()
    for endpoint in ("sip:101@a", "sip:101@b", "sip:102@a", "sip:102@a"):
        directory.add(endpoint)
    assert directory.find("sip:101@b") == "sip:101@b"
    assert directory.find("sip:101@c") is None
    assert directory.find("sip:102@c") == "sip:102@a"
    directory.remove("sip:101@b")
    directory.remove("sip:101@b")
    assert directory.find("sip:101@c") == "sip:101@a"
    directory.remove("sip:101@a")
    assert directory.find("sip:101@a") is None
    assert directory.find("sip:gw.example.org") is None
