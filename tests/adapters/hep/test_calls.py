"""Ladders: what is told of calls, by whose leg it is and how it goes on."""

from __future__ import annotations

import pytest

from adapters.hep.packets import Address, Packet
from monitor import events as ev
from tests.adapters.hep.ladder import (
    ANNA,
    BORIS,
    CLARA,
    DOMAIN,
    PBX,
    PROXY,
    START,
    Leg,
    Office,
    register,
    sdp,
)


def outbound(**fields) -> Leg:
    """Anna's call as it goes to the PBX."""
    return Leg(**{"caller": "101", "callee": "102", "src": ANNA, "dst": PBX, **fields})


def inbound(**fields) -> Leg:
    """A call as the PBX sends it to Boris."""
    told = {
        "caller": "5000",
        "callee": "102",
        "src": PBX,
        "dst": BORIS,
        "call": "call-2",
        "caller_tag": "c",
        "callee_tag": "d",
    }
    return Leg(**told | fields)


def up(office: Office, leg: Leg) -> None:
    """Have a call be answered."""
    office.play(leg.invite(), leg.reply(100), leg.reply(180), leg.reply(200, body=sdp()), leg.ack())


# --- the plain ladder ------------------------------------------------------------------------------------


def test_outbound_call_is_told_when_the_server_took_it_and_ends_with_the_bye():
    office, call = Office(), outbound()
    assert office.play(call.invite()) == []
    assert office.play(call.reply(100)) == ["started 101 outbound 102", "idle 101"]
    assert office.play(call.reply(180)) == []
    assert office.play(call.reply(200, body=sdp()), call.ack()) == ["answered 101"]
    assert office.play(call.bye(), call.reply(200)) == ["ended 101: hung up"]
    assert office.legs() == []


def test_inbound_call_rings_is_answered_and_ends_by_the_other_side():
    office, call = Office(), inbound()
    assert office.play(call.invite(), call.reply(100)) == ["started 102 inbound 5000"]
    assert office.states()["102"] == "unknown", "that it is sent a call says nothing of it"
    assert office.play(call.reply(180)) == ["ringing 102", "idle 102"]
    assert office.play(call.reply(200), call.ack()) == ["answered 102"]
    assert office.play(call.bye(), call.reply(200)) == ["ended 102: hung up"]
    assert office.states()["102"] == "idle"


def test_times_are_those_of_the_packets_and_an_answer_is_never_before_the_start():
    office, call = Office(), outbound()
    office.play(call.invite())
    began = office.at
    office.play(call.reply(100), call.reply(200))
    started, answered = (
        next(one for one in office.events if isinstance(one, kind))
        for kind in (ev.LegStarted, ev.LegAnswered)
    )
    assert (started.at, answered.at) == (began, office.at)


def test_early_media_rings_and_prack_means_nothing():
    office, call = Office(), inbound()
    told = office.play(call.invite(), call.reply(183, body=sdp()))
    assert told == ["started 102 inbound 5000", "ringing 102", "idle 102"]
    assert office.play(call.next("PRACK"), call.reply(200)) == []
    assert office.legs() == ["102 inbound ringing 5000"]


def test_names_of_the_other_side_are_told():
    office, call = Office(), inbound()
    step = call.invite()
    office.play(
        type(step)(step.source, step.destination, step.payload.replace(b"From: <", b'From: "Ivan P." <'))
    )
    started = office.events[0]
    assert isinstance(started, ev.LegStarted)
    assert (started.party, started.party_name) == ("5000", "Ivan P.")
    assert started.call == "call-2"
    assert started.leg == f"sip:102@{DOMAIN} call-2"


def test_what_others_wrote_is_cut_and_cleaned_and_a_long_call_id_hashed():
    office = Office()
    name = '"\u202e\x1b]0;owned\x07\x1b[2J\u2066' + "N" * 7_000 + '"'
    told: list[ev.LegStarted] = []
    for call_id in ("c" * 7_000, "c" * 6_999 + "d", "call-2"):
        call = inbound(call=call_id, caller="%1b%5b31m%0aX%00" + "5" * 900)
        step = call.invite()
        payload = step.payload.replace(b"From: ", f"From: {name} ".encode())
        office.play(type(step)(step.source, step.destination, payload))
        started = office.events[-1]
        assert isinstance(started, ev.LegStarted)
        told.append(started)
    assert len({one.leg for one in told}) == len({one.call for one in told}) == 3
    for one in told:
        for text in (one.leg, one.call, one.party or "", one.party_name or ""):
            assert 0 < len(text) <= 512
            assert not any(bad in text for bad in "\x1b\x07\x00\n\u202e\u2066")
    assert not office.skipped


@pytest.mark.parametrize(
    ("status", "cause"),
    [(486, "busy"), (600, "busy"), (480, "not available"), (603, "declined"), (404, "no such number"), (500, "failed (500)"), (302, "redirected")],
)  # fmt: skip
def test_refused_inbound_call_ends_with_its_cause(status, cause):
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180))
    assert office.play(call.reply(status), call.ack(refused=True)) == [f"ended 102: {cause}"]


def test_busy_phone_that_was_never_seen_is_not_taken_for_idle():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(100), call.reply(486), call.ack(refused=True))
    assert office.states()["102"] == "unknown"


# --- authentication --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 407])
def test_challenged_call_is_one_leg_that_begins_when_the_server_took_it(status):
    office, call = Office(), outbound()
    assert office.play(call.invite(), call.reply(status), call.ack(refused=True)) == []
    assert office.play(call.invite(), call.reply(100)) == ["started 101 outbound 102", "idle 101"]
    assert office.play(call.reply(200), call.ack()) == ["answered 101"]
    assert office.wait(10) == []


def test_stranger_who_claims_to_be_an_agent_and_is_refused_changes_nothing():
    office, call = Office(), outbound(src="198.51.100.7:5060")
    assert office.play(call.invite(), call.reply(401), call.ack(refused=True)) == []
    assert office.wait(600) == []
    assert office.states()["101"] == "unknown"


def test_server_that_says_trying_before_it_challenges_ends_what_is_not_tried_again():
    office, call = Office(), outbound()
    office.play(call.invite(), call.reply(100), call.reply(407), call.ack(refused=True))
    assert office.legs() == ["101 outbound dialing 102"]
    assert office.wait(3) == ["ended 101: not let in"]


def test_redirected_call_goes_on_with_the_next_invite():
    office, call = Office(), outbound()
    office.play(call.invite(), call.reply(100), call.reply(302), call.ack(refused=True))
    assert office.play(call.invite(), call.reply(100), call.reply(200), call.ack()) == ["answered 101"]


def test_call_tried_again_after_a_refusal_is_a_leg_of_its_own():
    office, call = Office(), outbound()
    office.play(call.invite(), call.reply(100), call.reply(488), call.ack(refused=True))
    told = office.play(call.invite(), call.reply(100), call.reply(200))
    assert told == ["started 101 outbound 102", "answered 101"]
    assert len({one.leg for one in office.events if isinstance(one, ev.LegStarted)}) == 2


# --- cancel ----------------------------------------------------------------------------------------------


def test_cancelled_call_ends_with_the_487():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180))
    assert office.play(call.cancel(), call.reply(200, "CANCEL")) == []
    assert office.play(call.reply(487, "INVITE"), call.ack(refused=True)) == ["ended 102: cancelled"]


def test_call_answered_elsewhere_says_so():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180))
    reason = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')
    assert office.play(call.cancel(headers=[reason]), call.reply(487, "INVITE")) == [
        "ended 102: answered elsewhere"
    ]


def test_cancel_whose_487_is_lost_ends_the_leg_shortly_after():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180), call.cancel())
    assert office.wait(1) == []
    assert office.wait(2) == ["ended 102: cancelled"]


def test_answer_that_crosses_a_cancel_wins():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180), call.cancel())
    assert office.play(call.reply(200, "INVITE"), call.reply(481, "CANCEL")) == ["answered 102"]
    assert office.wait(10) == []


# --- hold ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_reinvite_from_the_endpoint_holds_and_takes_back(direction):
    office, call = Office(), outbound()
    up(office, call)
    assert office.play(call.reinvite(direction)) == [], "held when the other side accepted it"
    assert office.play(call.reply(200, body=sdp("recvonly")), call.ack()) == ["held 101"]
    assert office.legs() == ["101 outbound held 102"]
    assert office.play(call.reinvite("sendrecv"), call.reply(200, body=sdp()), call.ack()) == ["resumed 101"]


def test_hold_by_the_other_side_is_none_of_this_endpoint():
    office, call = Office(), outbound()
    up(office, call)
    assert office.play(call.reinvite("sendonly", back=True), call.reply(200, body=sdp("recvonly"))) == []
    assert office.play(call.reinvite("inactive", back=True), call.reply(200, body=sdp("inactive"))) == []
    assert office.legs() == ["101 outbound answered 102"]


def test_update_holds_too():
    office, call = Office(), inbound()
    up(office, call)
    assert office.play(call.update("sendonly", back=True), call.reply(200, body=sdp("recvonly"))) == [
        "held 102"
    ]
    assert office.play(call.update("sendrecv", back=True), call.reply(200, body=sdp())) == ["resumed 102"]


def test_hold_offered_in_the_answer_to_a_reinvite_without_an_offer():
    office, call = Office(), outbound()
    up(office, call)
    told = office.play(call.reinvite(None, back=True), call.reply(200, body=sdp("sendonly")), call.ack())
    assert told == ["held 101"]


def test_session_refresh_changes_nothing():
    office, call = Office(), outbound()
    up(office, call)
    assert office.play(call.reinvite("sendrecv"), call.reply(200, body=sdp()), call.ack()) == []
    assert office.play(call.reinvite("sendrecv", back=True), call.reply(200, body=sdp())) == []


def test_refused_hold_is_none_and_a_glare_is_settled_by_the_second_try():
    office, call = Office(), outbound()
    up(office, call)
    first, second = call.reinvite("sendonly"), None
    theirs = call.reinvite("sendrecv", back=True)
    told = office.play(first, theirs, call.reply(491))
    assert told == []
    second = call.reinvite("sendonly")
    assert office.play(second, call.reply(200, body=sdp("recvonly")), call.ack()) == ["held 101"]
    assert office.play(call.reinvite("sendrecv"), call.reply(488)) == []
    assert office.legs() == ["101 outbound held 102"]


def test_hold_whose_200_is_lost_is_seen_by_its_ack():
    office, call = Office(), outbound()
    up(office, call)
    assert office.play(call.reinvite("sendonly"), call.ack()) == ["held 101"]


def test_what_is_held_is_told_after_a_snapshot():
    office, call = Office(), outbound()
    up(office, call)
    office.play(call.reinvite("sendonly"), call.reply(200))
    snapshot, after = office.snapshot()
    assert [leg.state for leg in snapshot.legs or ()] == ["answered"]
    assert [type(one) for one in after] == [ev.LegHeld]
    assert (snapshot.work, snapshot.complete_endpoints, snapshot.reconciliation) == ("endpoints", True, False)


# --- proxies and forks -----------------------------------------------------------------------------------


def proxied(callee: str, phone: str, tag: str, **fields) -> Leg:
    """The hop from the proxy to a phone, of the call that Anna made."""
    return Leg(
        "101",
        callee,
        src=PROXY,
        dst=phone,
        callee_tag=tag,
        uri=f"sip:{callee}@{phone}",
        via=(f"SIP/2.0/UDP {ANNA};branch=z9hG4bK-below",),
        **fields,
    )


def test_call_through_a_proxy_is_one_outbound_and_one_inbound_leg():
    office = Office(servers=[PROXY])
    anna, boris = Leg("101", "102", src=ANNA, dst=PROXY), proxied("102", BORIS, "b")
    told = office.play(anna.invite(), anna.reply(100), boris.invite(), boris.reply(180), anna.reply(180))
    assert told == [
        "started 101 outbound 102",
        "idle 101",
        "started 102 inbound 101",
        "ringing 102",
        "idle 102",
    ]
    assert sorted(office.play(boris.reply(200), anna.reply(200), anna.ack(), boris.ack())) == [
        "answered 101",
        "answered 102",
    ]
    assert office.play(
        anna.reinvite("sendonly"), boris.reinvite("sendonly"), boris.reply(200), anna.reply(200)
    ) == ["held 101"], "only who holds"
    assert sorted(office.play(boris.bye(back=True), anna.bye(back=True))) == [
        "ended 101: hung up",
        "ended 102: hung up",
    ]


def test_fork_to_two_phones_ends_for_the_one_who_did_not_answer():
    office = Office(servers=[PROXY])
    anna = Leg("101", "200", src=ANNA, dst=PROXY)
    boris, clara = proxied("102", BORIS, "b"), proxied("103", CLARA, "c")
    office.play(
        anna.invite(), anna.reply(100), boris.invite(), clara.invite(), boris.reply(180), clara.reply(180)
    )
    assert office.legs() == ["101 outbound dialing 200", "102 inbound ringing 101", "103 inbound ringing 101"]
    told = office.play(clara.reply(200), anna.reply(200, tag="c"), boris.cancel(), boris.reply(487, "INVITE"))
    assert sorted(told) == ["answered 101", "answered 103", "ended 102: answered elsewhere"]
    assert office.legs() == ["101 outbound answered 200", "103 inbound answered 101"]


def test_refusal_of_one_branch_ends_that_alone_and_the_last_ends_the_call():
    office = Office(servers=[PROXY])
    anna = Leg("101", "200", src=ANNA, dst=PROXY)
    boris, clara = proxied("102", BORIS, "b"), proxied("103", CLARA, "c")
    office.play(
        anna.invite(), anna.reply(100), boris.invite(), clara.invite(), boris.reply(180), clara.reply(180)
    )
    assert office.play(boris.reply(486), boris.ack(refused=True)) == ["ended 102: busy"]
    assert office.play(clara.reply(603), clara.ack(refused=True)) == ["ended 103: declined"]
    assert office.play(anna.reply(603, tag="p"), anna.ack(refused=True)) == ["ended 101: declined"]


def test_refusal_of_the_whole_call_ends_branches_whose_own_refusal_was_lost():
    office = Office(servers=[PROXY])
    anna, boris = Leg("101", "200", src=ANNA, dst=PROXY), proxied("102", BORIS, "b")
    office.play(anna.invite(), anna.reply(100), boris.invite(), boris.reply(180))
    assert office.play(anna.reply(486, tag="p")) == ["ended 101: busy", "ended 102: busy"]


def test_two_devices_of_one_endpoint_are_two_legs():
    office = Office(servers=[PROXY])
    desk, soft = proxied("102", BORIS, "b"), proxied("102", "10.0.1.202:5060", "s")
    office.play(desk.invite(), soft.invite(), desk.reply(180), soft.reply(180))
    assert office.legs() == ["102 inbound ringing 101", "102 inbound ringing 101"]
    assert (
        office.play(soft.reply(200), desk.cancel(), desk.reply(487, "INVITE"))[-1]
        == "ended 102: answered elsewhere"
    )
    assert office.legs() == ["102 inbound answered 101"]


def test_pbx_between_two_phones_makes_two_calls_with_a_leg_each():
    office = Office()
    anna = outbound()
    boris = inbound(caller="101", uri=f"sip:102@{BORIS}")
    office.play(anna.invite(), anna.reply(100), boris.invite(), boris.reply(180), anna.reply(180))
    assert office.legs() == ["101 outbound dialing 102", "102 inbound ringing 101"]
    office.play(boris.reply(200), boris.ack(), anna.reply(200), anna.ack())
    assert office.play(anna.bye(), anna.reply(200)) == ["ended 101: hung up"]
    assert office.play(boris.bye(), boris.reply(200)) == ["ended 102: hung up"]


def test_call_that_the_pbx_passes_on_to_a_proxy_is_none_of_the_caller_again():
    office = Office(servers=[PBX, PROXY])
    onward = Leg("101", "102", src=PBX, dst=PROXY, call="call-9", caller_tag="x")
    assert office.play(onward.invite(), onward.reply(100), onward.reply(180), onward.reply(200)) == []


def test_call_that_a_proxy_passes_on_to_the_pbx_is_the_callers():
    office = Office(servers=[PBX, PROXY])
    onward = Leg("101", "102", src=PROXY, dst=PBX, via=(f"SIP/2.0/UDP {ANNA};branch=z9hG4bK-below",))
    assert office.play(onward.invite(), onward.reply(100)) == ["started 101 outbound 102", "idle 101"]


def test_voicemail_that_answers_for_an_extension_is_not_that_extension():
    office = Office(servers=[PBX, PROXY])
    anna = Leg("101", "102", src=ANNA, dst=PROXY)
    boris = proxied("102", BORIS, "b")
    mail = Leg(
        "101", "102", src=PROXY, dst=PBX, callee_tag="v", via=(f"SIP/2.0/UDP {ANNA};branch=z9hG4bK-below",)
    )
    office.play(anna.invite(), anna.reply(100), boris.invite(), boris.reply(180))
    told = office.play(
        boris.cancel(), boris.reply(487, "INVITE"), mail.invite(), mail.reply(200), anna.reply(200, tag="v")
    )
    assert told == ["ended 102: cancelled", "answered 101"]
    assert office.legs() == ["101 outbound answered 102"]


def test_voicemail_at_an_unknown_place_is_not_an_extension_registered_elsewhere():
    office = Office(servers=[PROXY])
    office.play(*register("102", BORIS, PROXY, contacts=[f"<sip:102@{BORIS}>;expires=600"]))
    mail = Leg("101", "102", src=PROXY, dst="10.0.0.77:5060", uri="sip:102@10.0.0.77")
    assert office.play(mail.invite(), mail.reply(180), mail.reply(200)) == []


def test_phone_with_a_random_contact_is_known_by_its_registration():
    office = Office(servers=[PROXY])
    office.play(*register("102", BORIS, PROXY, contacts=[f"<sip:x7f3k@{BORIS};transport=udp>;expires=600"]))
    call = Leg("101", "sales", src=PROXY, dst=BORIS, uri=f"sip:x7f3k@{BORIS};transport=udp")
    assert office.play(call.invite(), call.reply(180))[:2] == ["started 102 inbound 101", "ringing 102"]


def test_without_known_servers_both_sides_have_a_leg():
    office = Office(servers=["192.0.2.1"])
    call = Leg("101", "102", src=ANNA, dst="10.0.0.50:5060")
    office.play(call.invite(), call.reply(100), call.reply(180), call.reply(200))
    assert office.legs() == ["101 outbound answered 102", "102 inbound answered 101"]


def test_addresses_in_place_of_the_domain_mean_the_same_endpoint():
    office = Office()
    call = outbound(domain="10.0.0.5")
    assert office.play(call.invite(), call.reply(100))[0] == "started 101 outbound 102"
    asterisk = inbound(domain="10.0.1.102", uri=f"sip:102@{BORIS}")
    assert office.play(asterisk.invite(), asterisk.reply(180))[:2] == [
        "started 102 inbound 5000",
        "ringing 102",
    ]


def test_packet_without_addresses_means_nobody_by_its_place():
    office = Office()
    call = outbound(domain="10.0.0.5")
    step = call.invite()
    payload = step.payload.replace(b"sip:101@10.0.0.5", b"tel:101").replace(b"sip:102@10.0.0.5", b"tel:102")
    bare = Packet(source=Address(b"", 0), destination=Address(b"", 0), stamp=START, payload=payload)
    assert office.translator.sip(bare, START, START) == []
    assert office.legs() == []


def test_same_user_of_another_domain_is_somebody_else():
    office = Office()
    call = outbound(domain="elsewhere.example.net")
    assert office.play(call.invite(), call.reply(100), call.reply(200)) == []


def test_call_from_a_trunk_with_an_agents_number_as_caller_is_not_the_agents():
    office = Office()
    call = outbound(src="203.0.113.9:5060", domain="203.0.113.9")
    assert office.play(call.invite(), call.reply(100), call.reply(180), call.reply(200), call.ack()) == []
    assert office.wait(5) == []


def test_call_to_a_trunk_for_a_number_that_is_an_extension_too_is_not_that_extensions():
    office = Office()
    office.play(*register("102", BORIS, contacts=[f"<sip:102@{BORIS}>;expires=600"]))
    call = inbound(dst="203.0.113.9:5060", domain="203.0.113.9", uri="sip:102@203.0.113.9")
    assert office.play(call.invite(), call.reply(180), call.reply(200)) == []


def test_phone_that_names_itself_by_its_own_address_is_known_within_a_dialog():
    office = Office()
    call = inbound(domain="10.0.1.102")
    assert office.play(call.bye(back=True)) == ["idle 102"]


# --- transfers -------------------------------------------------------------------------------------------


def test_transfer_by_refer_ends_with_the_bye_and_never_before():
    office, call = Office(), inbound()
    up(office, call)
    refer = call.next("REFER", back=True, headers=[("Refer-To", f"<sip:103@{DOMAIN}>")])
    assert office.play(refer, call.reply(202), call.next("NOTIFY"), call.reply(200)) == []
    assert office.play(call.bye(back=True), call.reply(200)) == ["ended 102: transferred"]


def test_refused_refer_is_no_transfer():
    office, call = Office(), inbound()
    up(office, call)
    office.play(call.next("REFER", back=True), call.reply(603))
    assert office.play(call.bye()) == ["ended 102: hung up"]


def test_refer_of_the_other_side_is_no_transfer_by_this_endpoint():
    office, call = Office(), inbound()
    up(office, call)
    office.play(call.next("REFER"), call.reply(202))
    assert office.play(call.bye()) == ["ended 102: hung up"]


def test_attended_transfer_by_replaces_gives_the_third_a_leg_of_its_own():
    office = Office(servers=[PROXY])
    first, second = (
        proxied("102", BORIS, "b"),
        Leg("102", "103", src=BORIS, dst=PROXY, call="call-3", caller_tag="m"),
    )
    clara_second = Leg("102", "103", src=PROXY, dst=CLARA, call="call-3", caller_tag="m", callee_tag="n")
    for leg in (first, second, clara_second):
        up(office, leg)
    assert office.legs() == [
        "102 inbound answered 101",
        "102 outbound answered 103",
        "103 inbound answered 102",
    ]
    taken = Leg("101", "103", src=PROXY, dst=CLARA, call="call-4", caller_tag="p", callee_tag="q")
    replaces = [("Replaces", "call-3;to-tag=n;from-tag=m")]
    told = office.play(taken.invite(headers=replaces), taken.reply(200), taken.ack())
    assert told == ["started 103 inbound 101", "answered 103"]
    assert office.play(clara_second.bye(back=True)) == ["ended 103: hung up"]
    assert office.play(second.bye(back=True), first.bye(back=True)) == [
        "ended 102: hung up",
        "ended 102: hung up",
    ]
    assert office.legs() == ["103 inbound answered 101"]


def test_overlapping_calls_of_one_endpoint_are_kept_apart():
    office = Office()
    first, second = (
        outbound(),
        Leg("5000", "101", src=PBX, dst=ANNA, call="call-8", caller_tag="x", callee_tag="y"),
    )
    up(office, first)
    office.play(second.invite(), second.reply(180))
    assert office.legs() == ["101 inbound ringing 5000", "101 outbound answered 102"]
    office.play(first.reinvite("sendonly"), first.reply(200), second.reply(200, "INVITE"))
    assert office.legs() == ["101 inbound answered 5000", "101 outbound held 102"]
    office.play(second.bye())
    assert office.legs() == ["101 outbound held 102"]


# --- what is lost, and what was never seen ---------------------------------------------------------------


def test_lost_200_is_seen_by_the_ack():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180))
    assert office.play(call.ack()) == ["answered 102"]


def test_ack_of_a_refusal_that_was_lost_is_no_answer():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180))
    assert office.play(call.ack(refused=True)) == []


def test_lost_bye_is_seen_by_its_200_and_by_481():
    for status in (200, 481):
        office, call = Office(), inbound()
        up(office, call)
        call.bye()
        assert office.play(call.reply(status)) == ["ended 102: hung up"]


def test_481_to_a_reinvite_says_that_the_call_is_gone():
    office, call = Office(), inbound()
    up(office, call)
    assert office.play(call.reinvite("sendrecv"), call.reply(481)) == ["ended 102: gone"]


def test_lost_bye_marks_the_endpoint_unknown_after_the_silence_and_not_before():
    office, call = Office(silence=3_600), inbound()
    up(office, call)
    assert office.wait(3_500) == []
    office.play(call.next("OPTIONS"), call.reply(200))
    assert office.wait(3_500) == [], "any message says that it goes on"
    assert office.wait(200) == ["unknown 102", "ended 102: not seen any more"]
    assert office.states()["102"] == "unknown"


def test_session_timer_that_no_refresh_kept_marks_the_endpoint_unknown():
    office, call = Office(), inbound()
    timer = [("Session-Expires", "90;refresher=uac")]
    office.play(call.invite(), call.reply(180), call.reply(200, headers=timer), call.ack())
    office.wait(80)
    office.play(call.update("sendrecv"), call.reply(200, headers=timer))
    assert office.wait(100) == []
    assert office.wait(30) == ["unknown 102", "ended 102: not seen any more"]


def test_call_that_rings_without_a_sign_is_given_up_after_timer_c():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180))
    assert office.wait(179) == []
    assert office.wait(2) == ["unknown 102", "ended 102: not seen any more"]


def test_what_is_given_up_is_known_again_with_the_next_sign():
    office, call = Office(), inbound()
    office.play(call.invite(), call.reply(180))
    office.wait(200)
    again = inbound(call="call-5", caller_tag="z")
    assert office.play(again.invite(), again.reply(180)) == [
        "started 102 inbound 5000",
        "ringing 102",
        "idle 102",
    ]


def test_leg_given_up_does_not_make_unknown_who_is_seen_in_another_call():
    office, call, other = Office(), inbound(), inbound(call="call-5", caller_tag="z", callee_tag="w")
    office.play(call.invite(), call.reply(180))
    up(office, other)
    assert office.wait(300) == ["ended 102: not seen any more"]
    assert office.states()["102"] == "idle"


def test_bye_of_a_call_never_seen_says_that_the_endpoint_is_idle():
    office, call = Office(), inbound()
    assert office.play(call.bye(back=True)) == ["idle 102"]
    assert office.play(call.reply(200)) == []


def test_reinvite_of_a_call_never_seen_is_a_leg_answered():
    office, call = Office(), inbound()
    assert office.play(call.reinvite("sendonly", back=True), call.reply(200)) == []
    assert office.wait(2) == ["started 102 inbound 5000", "answered 102", "idle 102", "held 102"]


def test_call_first_seen_in_its_middle_and_over_at_once_is_no_leg():
    office, call = Office(), inbound()
    assert office.play(call.reinvite("sendrecv"), call.reply(200), call.bye()) == ["idle 102"]
    assert office.wait(5) == []


def test_ringing_call_whose_invite_was_lost_is_told_when_the_server_speaks_of_it_too():
    office, call = Office(), inbound()
    late = call.invite()
    assert office.play(call.reply(180)) == [], "anybody can send a 180 unasked"
    assert office.play(late) == ["started 102 inbound 5000", "ringing 102", "idle 102"]
    assert office.play(call.reply(486)) == ["ended 102: busy"]


def test_answer_whose_invite_was_lost_is_told():
    office, call = Office(), inbound()
    call.invite()
    office.play(call.reply(200), call.ack())
    assert office.wait(2)[:2] == ["started 102 inbound 5000", "answered 102"]


def test_refused_reinvite_of_a_call_never_seen_shows_nothing_until_one_is_accepted():
    office, call = Office(), inbound()
    office.play(call.reinvite("sendonly", back=True), call.reply(491))
    assert office.wait(2) == []
    office.play(call.reinvite("sendonly", back=True), call.reply(200))
    assert office.wait(2)[:2] == ["started 102 inbound 5000", "answered 102"]


# --- twice and out of order ------------------------------------------------------------------------------


def test_every_message_twice_tells_the_same():
    ladder = [outbound(), outbound()]
    once, twice = Office(), Office()
    for office, call, times in ((once, ladder[0], 1), (twice, ladder[1], 2)):
        steps = [call.invite(), call.reply(100), call.reply(180), call.reply(200), call.ack()]
        steps += [call.reinvite("sendonly"), call.reply(200), call.ack(), call.bye(), call.reply(200)]
        for step in steps:
            office.play(*[step] * times)
    assert once.story == twice.story


def test_second_capture_point_behind_an_address_translation_tells_nothing_new():
    office, call = Office(), inbound()
    steps = [call.invite(), call.reply(180), call.reply(200), call.ack()]
    for step in steps:
        office.play(step)
        seen = [one.replace(BORIS, "192.168.7.2:5060") for one in (step.source, step.destination)]
        assert office.play(type(step)(*seen, step.payload)) == []
    assert office.legs() == ["102 inbound answered 5000"]


def test_late_messages_do_not_begin_a_call_again():
    office, call = Office(), inbound()
    invite, ring, ok, bye = call.invite(), call.reply(180), call.reply(200), None
    bye = call.bye()
    assert office.play(invite, bye) == ["started 102 inbound 5000", "ended 102: hung up", "idle 102"]
    assert office.play(ok, ring, call.ack()) == []


def test_end_that_comes_before_the_beginning_leaves_nothing():
    office, call = Office(), outbound()
    steps = [call.invite(), call.reply(100), call.reply(180), call.reply(200), call.ack(), call.bye()]
    assert office.play(*reversed(steps)) == ["idle 101"]
    assert office.legs() == []
    assert office.wait(500) == []
