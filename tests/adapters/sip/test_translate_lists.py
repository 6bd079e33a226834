"""Lists: whom they bring, and that each member is known by its own."""

from __future__ import annotations

import pytest

from adapters.sip.translate import translator
from tests.adapters.sip.replay import Server
from tests.adapters.sip.shapes import (
    ANNA,
    BORIS,
    FEATURE,
    REGINFO,
    RLMI,
    a_list,
    kamailio_dialog,
    kamailio_dialog_info,
    multipart,
    not_ready,
    reginfo,
    resource,
    rlmi,
)

AGENTS = "sip:agents@pbx.example.org"
OTHERS = "sip:others@pbx.example.org"


def tells(*members: tuple[str, str], full: str = "true") -> bytes:
    """A list: members and the dialog that each has, if any."""
    return a_list(
        *(
            (uri, kamailio_dialog_info(*([kamailio_dialog(call)] if call else []), entity=uri))
            for uri, call in members
        ),
        full=full,
    )


def only_rlmi(*resources: str, full: str = "true") -> bytes:
    return multipart([(RLMI, "root@x", rlmi(*resources, full=full))])


def test_a_list_tells_of_those_who_are_watched_and_no_others() -> None:
    server = Server(ANNA)
    assert server.lists(AGENTS, tells((ANNA, "a"), (BORIS, "b"))) == [
        "LegStarted 101 a a 101 inbound +74951234567",
        "LegAnswered 101 a",
        "EndpointStateChanged 101 idle",
    ]
    assert server.translator.endpoints == (ANNA,)
    assert server.skipped == []


def test_a_list_may_write_another_host() -> None:
    server = Server(ANNA)
    assert server.lists(AGENTS, tells(("sip:101@192.0.2.10", ""))) == ["EndpointStateChanged 101 idle"]


def test_without_anybody_watched_the_members_are_shown() -> None:
    server = Server("")
    assert server.translator.endpoints == ()
    assert server.lists(AGENTS, tells((ANNA, "a"), (BORIS, ""))) == [
        f"Snapshot {ANNA}=unknown {BORIS}=unknown",
        "LegStarted 101 a a 101 inbound +74951234567",
        "LegAnswered 101 a",
        "EndpointStateChanged 101 idle",
        "EndpointStateChanged 102 idle",
    ]
    assert server.translator.endpoints == (ANNA, BORIS)
    assert server.translator.find("sip:102@elsewhere") == BORIS


def test_members_are_called_by_their_names_or_users() -> None:
    server = Server("")
    server.lists(AGENTS, only_rlmi(resource(ANNA, "Anna"), resource("sip:103@x"), resource("tel:+7495")))
    (snapshot,) = server.translator.snapshot(server.at)
    assert [facts.name for facts in snapshot.endpoints] == ["Anna", "103", "+7495"]  # type: ignore[attr-defined]


def test_a_partial_list_leaves_the_others_alone() -> None:
    server = Server("")
    server.lists(AGENTS, tells((ANNA, "a"), (BORIS, "")))
    assert server.lists(AGENTS, tells((BORIS, "b"), full="false")) == [
        "LegStarted 102 b b 102 inbound +74951234567",
        "LegAnswered 102 b",
    ]


def test_who_is_not_in_a_full_list_any_more_is_not_shown() -> None:
    server = Server("")
    server.lists(AGENTS, tells((ANNA, "a"), (BORIS, "")))
    assert server.lists(AGENTS, tells((BORIS, ""))) == [
        "EndpointStateChanged 101 unknown",
        f"Snapshot {BORIS}=idle",
    ]


def test_who_is_watched_and_not_in_the_list_any_more_is_not_known() -> None:
    server = Server(ANNA, BORIS)
    server.lists(AGENTS, tells((ANNA, ""), (BORIS, "")))
    assert server.lists(AGENTS, tells((BORIS, ""))) == ["EndpointStateChanged 101 unknown"]


def test_who_is_in_another_list_stays() -> None:
    server = Server("")
    server.lists(AGENTS, tells((ANNA, "")))
    server.lists(OTHERS, tells((ANNA, "")))
    assert server.lists(AGENTS, only_rlmi()) == []
    assert server.lists(OTHERS, only_rlmi()) == ["EndpointStateChanged 101 unknown", "Snapshot "]


def test_a_list_whose_subscription_is_gone_is_known_as_not_known_and_may_shrink_later() -> None:
    server = Server("")
    server.lists(AGENTS, tells((ANNA, ""), (BORIS, "")))
    assert server.loses(endpoint=AGENTS) == [
        "EndpointStateChanged 101 unknown",
        "EndpointStateChanged 102 unknown",
    ]
    assert server.loses(endpoint=AGENTS) == []
    assert server.lists(AGENTS, tells((ANNA, ""))) == [
        "EndpointStateChanged 101 idle",
        f"Snapshot {ANNA}=idle",
    ]


def test_members_stay_shown_when_the_server_is_lost() -> None:
    server = Server("")
    server.lists(AGENTS, tells((ANNA, ""), (BORIS, "")))
    server.translator.forget()
    server._hear(server.translator.snapshot(server.at))
    assert {name: known["state"] for name, known in server.model.endpoints.items()} == {
        ANNA: "unknown",
        BORIS: "unknown",
    }


@pytest.mark.parametrize("state", ["terminated", ""])
def test_a_member_that_the_list_server_lost_is_not_known(state: str) -> None:
    server = Server(ANNA)
    server.lists(AGENTS, tells((ANNA, "")))
    assert server.lists(AGENTS, only_rlmi(resource(ANNA, state="pending"), full="false")) == []
    assert server.lists(AGENTS, only_rlmi(resource(ANNA, state=state), full="false")) == [
        "EndpointStateChanged 101 unknown"
    ]


def test_what_is_wrong_with_a_member_is_counted() -> None:
    server = Server(ANNA)
    wrong = a_list((ANNA, b"<broken"), (BORIS, kamailio_dialog_info(entity=ANNA)))
    assert server.lists(AGENTS, wrong) == []
    assert server.skipped == ["body_xml"]
    assert server.lists(AGENTS, a_list((ANNA, kamailio_dialog_info(entity=BORIS)))) == []
    assert server.skipped == ["body_xml", "other_entity"]


def test_a_list_of_registrations_and_one_of_features() -> None:
    server = Server(ANNA)
    server.lists(AGENTS, tells((ANNA, "")))
    gone = a_list((ANNA, reginfo(state="terminated")), content_type=REGINFO)
    assert server.lists(AGENTS, gone, "reg") == ["EndpointUnreachable 101"]
    paused = a_list((ANNA, not_ready("7")), content_type=FEATURE)
    assert server.lists(AGENTS, paused, "feature") == ["PresenceChanged 101 paused 7"]
    assert server.lists(AGENTS, only_rlmi(), "feature") == ["PresenceChanged 101"]


def test_lists_in_lists_bring_their_members() -> None:
    server = Server("")
    inner = tells((BORIS, "")).replace(b"XbN3k", b"inner")
    body = a_list((OTHERS, inner), content_type=f'multipart/related;type="{RLMI}";boundary=inner')
    assert server.lists(AGENTS, body) == [f"Snapshot {BORIS}=unknown", "EndpointStateChanged 102 idle"]


def test_members_and_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translator, "MEMBERS_LIMIT", 1)
    monkeypatch.setattr(translator, "LISTS_LIMIT", 1)
    server = Server("")
    server.lists(AGENTS, tells((ANNA, ""), (BORIS, "")))
    server.lists(OTHERS, tells((ANNA, "")))
    assert server.translator.endpoints == (ANNA,)
    assert server.skipped == ["member_limit", "list_limit"]
