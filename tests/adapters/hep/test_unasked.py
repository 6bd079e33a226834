"""Messages that anybody can send to the server, which mirrors them: alone they change nothing."""

from __future__ import annotations

import pytest

from adapters.hep.hop import Hop
from adapters.sip_messages.message import parse
from tests.adapters.hep.ladder import ANNA, BORIS, PBX, Leg, Office, Step, address, register

EVIL, ACCOMPLICE = "203.0.113.66:4444", "203.0.113.67:4444"
SERVERS = pytest.mark.parametrize("servers", [[PBX], []], ids=["configured", "learnt"])


def settled(servers: list[str], user: str = "102", *, registered: bool = True) -> Office:
    """An office in which all is quiet."""
    office = Office(servers=servers)
    office.play(*register("777", "10.0.9.9:5060"))
    if registered:
        place = {"101": ANNA, "102": BORIS}[user]
        office.play(*register(user, place, contacts=[f"<sip:{user}@{place}>;expires=3600"]))
    return office


def stray(status: int, *, contact: bool = True, **fields: str) -> Step:
    """An answer of a stranger's to an INVITE for 102 that nobody sent."""
    call = Leg("x", "102", src=PBX, dst=EVIL, call="evil", **fields)
    call.invite()
    return call.reply(status, headers=[("Contact", f"<sip:102@{BORIS}>")] if contact else [])


@SERVERS
def test_unasked_answer_to_a_register_does_not_make_unreachable(servers):
    office = settled(servers)
    _, answer = register("102", PBX, EVIL, cseq=9, call="evil")
    _, forged = register("102", BORIS, cseq=10, call="evil")
    assert office.play(answer, forged) == []
    assert office.wait(5) == []
    assert office.states()["102"] == "idle"


def test_asked_answer_that_does_not_come_from_the_server_counts_for_nothing():
    office = settled([PBX])
    assert office.play(*register("102", BORIS, EVIL, contacts=[], cseq=9)) == []
    ask, _ = register("102", BORIS, PBX, cseq=10, call="evil")
    _, elsewhere = register("102", BORIS, EVIL, cseq=10, call="evil")
    assert office.play(ask, elsewhere) == []
    assert office.states()["102"] == "idle"


@SERVERS
@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize("status", [180, 183, 200])
def test_unasked_answer_to_an_invite_shows_no_call(servers, status, registered):
    office = settled(servers, registered=registered)
    before = office.states()
    assert office.play(stray(status), stray(status, contact=False, name="z9hG4bKother")) == []
    assert office.wait(5) == []
    assert office.wait(500) == []
    assert office.states() == before


@SERVERS
@pytest.mark.parametrize("status", [0, 401, 403, 404, 407, 481, 491])
def test_request_within_a_dialog_never_seen_shows_no_call_unless_it_is_accepted(servers, status):
    office = settled(servers, "101")
    call = Leg("101", "999", src=EVIL, dst=PBX, call="evil")
    steps = [call.reinvite("sendrecv")]
    office.play(*steps, *([call.reply(status)] if status else []))
    assert office.wait(5) == []
    assert office.wait(500) == []
    assert not any("started" in one for one in office.story)


def test_who_asks_can_not_answer_for_the_server():
    office = settled([PBX], "101")
    call = Leg("101", "999", src=EVIL, dst=PBX, call="evil")
    asked, real = call.invite(), call.reply(200)
    for source in (EVIL, ACCOMPLICE):
        assert office.play(asked, Step(source, PBX, real.payload)) == []
    assert office.wait(5) == []
    again = Leg("101", "999", src=EVIL, dst=PBX, call="evil-2")
    office.play(again.reinvite("sendrecv"))
    office.play(Step(EVIL, PBX, again.reply(200).payload))
    assert office.wait(5) == []


def test_who_is_called_can_not_answer_with_somebody_elses_contact():
    office = settled([PBX])
    call = Leg("x", "999", src=PBX, dst=EVIL, call="out")
    told = office.play(
        call.invite(), call.reply(200, headers=[("Contact", f"<sip:102@{BORIS}>")]), call.ack()
    )
    assert (told, office.wait(5)) == ([], [])


def test_unasked_answer_and_the_strangers_own_ack_are_not_two_sides():
    for servers in ([PBX], ["192.0.2.1"]):
        office = settled(servers, registered=False)
        call = Leg("x", "102", src=PBX, dst=EVIL, call="evil")
        call.invite()
        ack = call.ack()
        assert office.play(call.reply(200, "INVITE"), Step(EVIL, PBX, ack.payload)) == []
        assert office.wait(5) == []


def test_what_one_side_said_is_shown_with_its_time_when_the_other_side_confirms_it():
    office = Office()
    call = Leg("5000", "102", src=PBX, dst=BORIS, call="call-2")
    call.invite()
    assert office.play(call.reply(200)) == []
    assert office.wait(10) == []
    office.play(call.ack())
    assert office.wait(2) == ["started 102 inbound 5000", "answered 102", "idle 102"]
    assert office.events[1].at == office.events[0].at < office.at - 10


def test_what_one_side_alone_said_is_forgotten_and_may_be_said_again():
    office = Office()
    call = Leg("5000", "102", src=PBX, dst=BORIS, call="call-2")
    call.invite()
    office.play(call.reply(200))
    assert office.wait(40) == []
    assert not any(one.legs for one in office.translator._calls._table._live.values())
    office.play(call.reinvite("sendonly", back=True), call.reply(200))
    assert office.wait(2)[:2] == ["started 102 inbound 5000", "answered 102"]


def test_contact_of_an_answer_means_nobody_who_is_registered_elsewhere():
    office = settled([PBX])
    message = parse(stray(200).payload.replace(b"sip:102@pbx", b"sip:999@pbx"), lenient=True)
    places = [address(one) for one in (PBX, EVIL, BORIS)]
    hops = [
        Hop(places[0], there, from_server=True, to_server=False, branch="b", origin=())
        for there in places[1:]
    ]
    parties = office.translator._parties
    assert [[one.endpoint for one in parties.of(message, hop)] for hop in hops] == [
        [],
        ["sip:102@pbx.example.org"],
    ]
