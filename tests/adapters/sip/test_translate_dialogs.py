"""Dialogs become legs, or what stands for them becomes the state of the endpoint."""

from __future__ import annotations

import pytest

from adapters.sip.reports import Dialog, DialogReport
from adapters.sip.translate.calls import DIALOGS_LIMIT
from monitor import events as ev
from tests.adapters.sip.replay import START, Server
from tests.adapters.sip.shapes import ANNA, asterisk_dialog_info, kamailio_dialog, kamailio_dialog_info


def shows(*dialogs: str, version: int = 1, state: str = "full") -> bytes:
    return kamailio_dialog_info(*dialogs, version=version, state=state)


def ready(*watched: str) -> Server:
    """Anna's dialogs are known; there are none."""
    server = Server(*watched)
    server.hears(shows())
    return server


# --- legs ------------------------------------------------------------------------------------------------


def test_the_first_document_makes_the_endpoint_known() -> None:
    assert Server().hears(shows()) == ["EndpointStateChanged 101 idle"]


def test_a_call_comes_in_is_answered_held_and_over() -> None:
    server = ready()
    assert server.hears(shows(kamailio_dialog("a", "trying", display="Ivan"))) == [
        "LegStarted 101 a a 101 inbound +74951234567 Ivan"
    ]
    assert server.hears(shows(kamailio_dialog("a", "proceeding", display="Ivan"))) == []
    assert server.hears(shows(kamailio_dialog("a", "early", display="Ivan"))) == ["LegRinging 101 a"]
    assert server.hears(shows(kamailio_dialog("a", display="Ivan"))) == ["LegAnswered 101 a"]
    assert server.hears(shows(kamailio_dialog("a", rendering="yes"))) == []
    assert server.hears(shows(kamailio_dialog("a", rendering="no"))) == ["LegHeld 101 a"]
    assert server.hears(shows(kamailio_dialog("a"))) == [], "not told is not resumed"
    assert server.hears(shows(kamailio_dialog("a", rendering="yes"))) == ["LegResumed 101 a"]
    assert server.hears(shows(kamailio_dialog("a", "terminated", event="remote-bye"))) == [
        "LegEnded 101 a remote-bye"
    ]
    assert server.hears(shows(kamailio_dialog("a", "terminated", event="remote-bye"))) == []
    assert server.skipped == []


def test_a_call_goes_out_without_ringing_here() -> None:
    server = ready()
    way = "initiator"
    assert server.hears(shows(kamailio_dialog("a", "trying", direction=way))) == [
        "LegStarted 101 a a 101 outbound +74951234567"
    ]
    assert server.hears(shows(kamailio_dialog("a", "early", direction=way))) == []
    assert server.hears(shows(kamailio_dialog("a", direction=way))) == ["LegAnswered 101 a"]
    assert server.hears(shows()) == ["LegEnded 101 a"]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("trying", ["LegStarted 101 a a 101 outbound +74951234567"]),
        ("proceeding", ["LegStarted 101 a a 101 outbound +74951234567"]),
        ("early", ["LegStarted 101 a a 101 inbound +74951234567", "LegRinging 101 a"]),
        ("confirmed", ["LegStarted 101 a a 101 inbound +74951234567", "LegAnswered 101 a"]),
        ("terminated", []),
    ],
)
def test_without_a_direction_the_first_state_tells_it(state: str, told: list[str]) -> None:
    assert ready().hears(shows(kamailio_dialog("a", state, direction=None))) == told


def test_a_dialog_never_goes_back() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a")))
    for state in ("trying", "proceeding", "early"):
        assert server.hears(shows(kamailio_dialog("a", state))) == []


def test_an_unanswered_dialog_is_not_held() -> None:
    server = ready()
    assert "LegHeld 101 a" not in server.hears(shows(kamailio_dialog("a", "early", rendering="no")))
    assert server.hears(shows(kamailio_dialog("a", rendering="no"))) == ["LegAnswered 101 a", "LegHeld 101 a"]


def test_a_partial_document_leaves_the_others_alone() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a"), kamailio_dialog("b", "early")))
    assert server.hears(shows(kamailio_dialog("b"), state="partial")) == ["LegAnswered 101 b"]
    assert server.hears(shows(kamailio_dialog("b", "terminated"), state="partial")) == ["LegEnded 101 b"]
    assert server.hears(shows(state="partial")) == []
    assert server.hears(shows()) == ["LegEnded 101 a"]


def test_who_goes_from_one_call_to_the_next_is_not_free_in_between() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a")))
    assert server.hears(shows(kamailio_dialog("b"))) == [
        "LegStarted 101 b b 101 inbound +74951234567",
        "LegAnswered 101 b",
        "LegEnded 101 a",
    ]


def test_the_other_side_may_become_another() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a")))
    assert server.hears(shows(kamailio_dialog("a", peer="sip:102@gw", display="Boris"))) == [
        "LegChanged 101 a 102 Boris"
    ]
    assert server.hears(shows(kamailio_dialog("a", peer="sip:102@gw"))) == [], "less told is nothing new"
    assert server.hears(shows(kamailio_dialog("a", peer="sip:103@gw"))) == ["LegChanged 101 a 103"]
    assert server.hears(shows(kamailio_dialog("a", peer="sip:103@gw", display="Clara"))) == [
        "LegChanged 101 a Clara"
    ]


def test_an_id_that_is_given_to_another_call_is_another_leg() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a", call_id="x")))
    assert server.hears(shows(kamailio_dialog("a", "early", call_id="y"))) == [
        "LegEnded 101 a",
        "LegStarted 101 a y 101 inbound +74951234567",
        "LegRinging 101 a",
    ]
    assert list(server.model.legs) == [f"{ANNA} y a"], "and has another name than the one before"


def test_a_leg_keeps_its_call_where_a_document_does_not_say_it_again() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a", "early")))
    assert server.hears(shows(kamailio_dialog("a", call_id=None))) == ["LegAnswered 101 a"]


def test_ids_are_the_endpoints_own() -> None:
    server = ready(ANNA, "sip:102@pbx.example.org")
    server.hears(shows(kamailio_dialog("a")))
    other = shows(kamailio_dialog("a")).replace(b'entity="sip:101@', b'entity="sip:102@')
    assert server.hears(other, endpoint="sip:102@pbx.example.org") == [
        "LegStarted 102 a a 102 inbound +74951234567",
        "LegAnswered 102 a",
        "EndpointStateChanged 102 idle",
    ]
    assert len(server.model.legs) == 2


def test_more_dialogs_than_are_remembered_are_counted() -> None:
    server = ready()
    server.hears(shows(*(kamailio_dialog(str(n)) for n in range(DIALOGS_LIMIT + 3))))
    assert len(server.model.legs) == DIALOGS_LIMIT
    assert server.skipped == ["dialog_limit"] * 3
    assert len(server.hears(shows(*(kamailio_dialog(f"b{n}") for n in range(2))))) == DIALOGS_LIMIT + 4
    assert server.skipped == ["dialog_limit"] * 3, "those of before are gone by then"


def test_at_the_limit_those_that_are_known_go_on() -> None:
    server = ready()
    server.hears(shows(*(kamailio_dialog(str(n), "early") for n in range(DIALOGS_LIMIT))))
    assert server.hears(shows(kamailio_dialog("7"), state="partial")) == ["LegAnswered 101 7"]
    assert server.skipped == []


def test_dialogs_of_one_id_in_one_report_are_one() -> None:
    server = ready()
    server.at += 1
    dialogs = (Dialog(id="a", state="terminated"), Dialog(id="a", state="early", call_id="x"))
    server._hear(
        server.translator.report(ANNA, "dialog", DialogReport(entity=ANNA, version=2, full=True, dialogs=dialogs), server.at)
    )  # fmt: skip
    assert list(server.model.legs) == [f"{ANNA} x a"]


def test_a_snapshot_tells_when_calls_began_and_which_are_held() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a", "early")), shows(kamailio_dialog("a", rendering="no")))
    server.hears(
        shows(kamailio_dialog("b", duration="30", direction="initiator"), state="partial"),
        shows(kamailio_dialog("c", "early", direction="initiator"), state="partial"),
    )
    snapshot, held = server.translator.snapshot(server.at)
    assert isinstance(snapshot, ev.Snapshot)
    assert (snapshot.taken_at, snapshot.restarted, snapshot.reconciliation) == (server.at, False, False)
    assert [
        (
            one.leg[-1],
            one.direction,
            one.state,
            one.started_at - START,
            one.answered_at and one.answered_at - START,
        )
        for one in snapshot.legs or ()
    ] == [
        ("a", "inbound", "answered", 2, 3),
        ("b", "outbound", "answered", 4 - 30, None),
        ("c", "outbound", "dialing", 5, None),
    ]
    assert isinstance(held, ev.LegHeld)
    assert held.leg == f"{ANNA} a a"


# --- pseudo dialogs --------------------------------------------------------------------------------------


def test_asterisk_tells_the_state_as_a_whole() -> None:
    server = Server()
    assert server.hears(asterisk_dialog_info("terminated")) == ["EndpointStateChanged 101 idle"]
    assert server.hears(asterisk_dialog_info("early")) == ["EndpointStateChanged 101 ringing"]
    assert server.hears(asterisk_dialog_info("confirmed")) == ["EndpointStateChanged 101 in_use"]
    assert server.hears(asterisk_dialog_info("confirmed", held=True)) == ["EndpointStateChanged 101 on_hold"]
    assert server.hears(asterisk_dialog_info("confirmed", held=True)) == []
    assert server.hears(asterisk_dialog_info("terminated")) == ["EndpointStateChanged 101 idle"]
    assert server.model.legs == {}


@pytest.mark.parametrize(
    ("state", "direction", "shown"),
    [
        ("trying", "initiator", "in_use"),
        ("early", "initiator", "in_use"),
        ("early", "recipient", "ringing"),
        ("proceeding", "recipient", "ringing"),
        ("confirmed", "initiator", "in_use"),
        ("proceeding", None, "in_use"),
    ],
)
def test_kamailio_without_call_ids_tells_it_too(state: str, direction: str | None, shown: str) -> None:
    body = shows(kamailio_dialog("a", state, direction=direction, call_id=None))
    assert ready().hears(body) == [f"EndpointStateChanged 101 {shown}"]


def test_of_several_pseudo_dialogs_the_busiest_decides() -> None:
    server = ready()
    rings, talks = kamailio_dialog("a", "early", call_id=None), kamailio_dialog("b", call_id=None)
    assert server.hears(shows(rings, talks)) == ["EndpointStateChanged 101 in_use"]
    assert server.hears(shows(rings)) == ["EndpointStateChanged 101 ringing"]
    held = kamailio_dialog("b", call_id=None, rendering="no")
    assert server.hears(shows(held, state="partial")) == ["EndpointStateChanged 101 on_hold"]
    assert server.hears(shows(kamailio_dialog("a", "terminated", call_id=None), state="partial")) == []
    assert server.hears(shows()) == ["EndpointStateChanged 101 idle"]


def test_a_pseudo_dialog_may_turn_out_to_be_a_leg() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a", "early", call_id=None)))
    assert server.hears(shows(kamailio_dialog("a", call_id="x"))) == [
        "LegStarted 101 a x 101 inbound +74951234567",
        "LegAnswered 101 a",
        "EndpointStateChanged 101 idle",
    ]


def test_where_legs_are_told_pseudo_dialogs_say_no_more_than_in_use() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("x")), shows())
    assert server.hears(asterisk_dialog_info("confirmed", held=True)) == ["EndpointStateChanged 101 in_use"]
    assert server.hears(asterisk_dialog_info("early")) == ["EndpointStateChanged 101 ringing"]


# --- not known -------------------------------------------------------------------------------------------


def test_what_is_told_no_more_is_not_known_and_calls_that_go_on_are_the_same_when_it_is_again() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a"), kamailio_dialog("b", "early")))
    assert server.loses() == ["EndpointStateChanged 101 unknown"]
    assert server.loses() == []
    assert server.hears(shows(kamailio_dialog("a"))) == [
        "EndpointStateChanged 101 idle",
        "LegEnded 101 b",
    ]


def test_a_pseudo_dialog_of_before_says_nothing_when_it_is_known_again() -> None:
    server = ready()
    server.hears(asterisk_dialog_info("confirmed"))
    assert server.loses() == ["EndpointStateChanged 101 unknown"]
    assert server.hears(shows()) == ["EndpointStateChanged 101 idle"]


def test_a_publication_anew_ends_what_the_lost_one_told_and_it_does_not() -> None:
    server = ready()
    server.loses()
    server.hears(shows(kamailio_dialog("a"), kamailio_dialog("b")), origin="etag-1")
    server.loses(origin="etag-1")
    assert server.hears(shows(kamailio_dialog("b")), origin="etag-2") == [
        "EndpointStateChanged 101 idle",
        "LegEnded 101 a not known any more",
    ]


def test_what_was_forgotten_is_told_by_nothing_but_the_next_snapshot() -> None:
    server = ready()
    server.hears(shows(kamailio_dialog("a")))
    server.translator.forget()
    server._hear(server.translator.snapshot(server.at))
    assert server.model.legs == {}
    assert server.model.endpoints[ANNA]["state"] == "unknown"


def test_each_publication_replaces_only_what_it_told_itself() -> None:
    server = Server()
    server.hears(shows(kamailio_dialog("a")), origin="etag-1")
    assert server.hears(shows(kamailio_dialog("b", "early")), origin="etag-2") == [
        "LegStarted 101 b b 101 inbound +74951234567",
        "LegRinging 101 b",
    ]
    assert server.hears(shows(kamailio_dialog("a", "terminated")), origin="etag-1") == ["LegEnded 101 a"]
    server.hears(shows(kamailio_dialog("c")), origin="etag-1")
    assert server.loses(origin="etag-2") == ["LegEnded 101 b not known any more"]
    assert server.loses(origin="etag-1") == [
        "EndpointStateChanged 101 unknown",
    ]


def test_a_pseudo_dialog_is_its_own_publications_too() -> None:
    server = Server()
    server.hears(shows(kamailio_dialog("a", call_id=None)), origin="etag-1")
    assert server.hears(shows(kamailio_dialog("b", "early", call_id=None)), origin="etag-2") == []
    assert server.hears(shows(), origin="etag-1") == ["EndpointStateChanged 101 ringing"]
    assert server.hears(shows(), origin="etag-2") == ["EndpointStateChanged 101 idle"]


def test_publications_are_bounded() -> None:
    server = Server()
    for number in range(20):
        server.hears(shows(kamailio_dialog(f"a{number}")), origin=f"etag-{number}")
    assert len(server.model.legs) == 16
    assert server.skipped == ["origin_limit"] * 4
