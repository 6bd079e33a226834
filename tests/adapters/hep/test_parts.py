"""Clocks, duplicates, servers, registrations and the first look, each for itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.hep import registrations
from adapters.hep.clock import OLDEST, SENDERS_LIMIT, SPAN, SenderClocks, When
from adapters.hep.duplicates import SPAN as REMEMBERED
from adapters.hep.duplicates import Duplicates
from adapters.hep.glance import glance
from adapters.hep.servers import Servers, packed
from tests.adapters.hep import test_any_order as ladders
from tests.adapters.hep.ladder import (
    ANNA,
    BORIS,
    PBX,
    PROXY,
    START,
    Leg,
    Office,
    Step,
    address,
    register,
)

# --- the capture agents' clocks --------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [0.0, 3.7, -3.7, 86_400.0 * 400, -86_400.0 * 400])
def test_wrong_clock_is_corrected_by_the_quickest_packet(skew):
    clocks = SenderClocks()
    truth = START
    for n, delay in enumerate([0.5, 0.3, 0.002, 0.4, 0.1]):
        truth = START + n
        at = clocks.time_of("agent", truth - skew, truth + delay)
        assert truth - 0.001 <= at <= truth + delay
    assert clocks.offset("agent") == pytest.approx(skew + 0.002, abs=1e-3)
    assert clocks.time_of("agent", truth + 1 - skew, truth + 3.0) == pytest.approx(truth + 1.002, abs=1e-3)


def test_clock_that_is_set_ahead_is_followed_at_once():
    clocks = SenderClocks()
    clocks.time_of("agent", START, START + 0.01)
    assert clocks.time_of("agent", START + 101, START + 1.01) == pytest.approx(START + 1.01)
    assert clocks.time_of("agent", START + 102, START + 2.51) == pytest.approx(START + 2.01)


def test_clock_that_is_set_back_is_followed_with_the_first_packet_too_old_to_be_true():
    clocks = SenderClocks()
    clocks.time_of("agent", START, START + 0.01)
    assert clocks.time_of("agent", START - 100, START + 1.01) == START + 1.01
    assert clocks.time_of("agent", START - 99, START + 2.51) == pytest.approx(START + 2.01)


def test_burst_that_was_held_up_is_timed_by_its_arrival_and_forgotten():
    clocks = SenderClocks()
    clocks.time_of("agent", START, START + 0.01)
    assert clocks.time_of("agent", START + 1, START + 1 + OLDEST + 3) == START + 1 + OLDEST + 3
    assert clocks.time_of("agent", START + 20, START + 20.01) == pytest.approx(START + 20.01)
    assert clocks.time_of("agent", START + 21, START + 21.4) == pytest.approx(START + 21.01)


def test_drifting_clock_is_followed():
    clocks = SenderClocks()
    for n in range(5_000):
        truth = START + n
        at = clocks.time_of("agent", truth * 1.0 - n * 0.0001, truth + 0.01)
    assert at == pytest.approx(truth, abs=2 * SPAN * 0.0001 + 0.02)


@given(st.lists(st.tuples(st.floats(0, 2**33), st.floats(0, 10)), max_size=50))
def test_no_stamp_gives_a_time_after_arrival_or_long_before(packets):
    clocks = SenderClocks()
    arrived = START
    for stamp, later in packets:
        arrived += later
        assert arrived - OLDEST - 1e-5 <= clocks.time_of("agent", stamp, arrived) <= arrived


def test_senders_are_bounded():
    clocks = SenderClocks()
    for n in range(SENDERS_LIMIT + 50):
        clocks.time_of(n, START, START + 1)
    assert clocks.offset(0) is None
    assert clocks.offset(SENDERS_LIMIT + 49) == 1


# --- duplicates ------------------------------------------------------------------------------------------


def test_message_is_known_again_for_a_while_and_no_longer():
    duplicates = Duplicates()
    assert not duplicates.seen("m", 100)
    assert duplicates.seen("m", 100 + REMEMBERED - 1)
    duplicates.seen("other", 101 + REMEMBERED)
    duplicates.seen("other", 102 + 2 * REMEMBERED)
    assert not duplicates.seen("m", 103 + 2 * REMEMBERED)


def test_duplicates_are_bounded():
    duplicates = Duplicates(limit=100)
    for n in range(10_000):
        duplicates.seen(n, 100)
    assert len(duplicates) <= 200
    assert duplicates.seen(9_999, 100)


# --- who is a server -------------------------------------------------------------------------------------


def test_server_is_learnt_from_the_answer_to_a_register():
    office = Office(servers=())
    ask, answer = register("777", "10.0.9.9:5060", PBX, status=401)
    office.play(ask, answer)
    assert office.translator.servers.shown() == ["10.0.0.5"]
    call = Leg("101", "102", src=ANNA, dst=PBX)
    office.play(call.invite(), call.reply(100))
    assert office.legs() == ["101 outbound dialing 102"]


def test_answer_that_nobody_asked_for_teaches_nothing():
    office = Office(servers=())
    _, answer = register("777", "10.0.9.9:5060", ANNA, status=200)
    office.play(answer)
    ask, _ = register("777", "10.0.9.9:5060", PBX)
    _, forged = register("777", "10.0.9.9:5060", ANNA)
    office.play(ask, forged)
    assert office.translator.servers.shown() == []


def test_refused_method_is_no_sign_of_a_server():
    office = Office(servers=())
    office.play(*register("777", "198.51.100.9:5060", ANNA, status=405))
    assert office.translator.servers.shown() == []


def test_configured_servers_are_all_there_are():
    office = Office(servers=["10.0.0.99:5060"])
    office.play(*register("777", ANNA, PBX))
    assert office.translator.servers.shown() == ["10.0.0.99:5060"]


def test_learnt_server_is_one_at_its_other_ports_but_phones_on_loopback_are_not():
    servers = Servers()
    for phone, server in (("10.0.1.1:5060", "10.0.0.5:5060"), ("127.0.0.1:6001", "127.0.0.1:5060")):
        servers.asked(b"c", address(phone), address(server))
        assert servers.answered(b"c", address(server), address(phone))
    assert servers.knows(address("10.0.0.5:49152"))
    assert servers.knows(address("127.0.0.1:5060"))
    assert not servers.knows(address("127.0.0.1:6001"))
    assert not servers.knows(address("127.0.0.1:49152"))
    assert servers.is_host(packed("127.0.0.1"))


def test_phone_on_the_servers_own_machine_stays_a_phone():
    servers = Servers()
    servers.asked(b"c", address("10.0.0.5:6001"), address("10.0.0.5:5060"))
    servers.answered(b"c", address("10.0.0.5:5060"), address("10.0.0.5:6001"))
    assert not servers.knows(address("10.0.0.5:6001"))


def test_addresses_are_compared_however_they_are_written():
    assert packed("[2001:DB8::5]") == packed("2001:db8:0:0::5")
    assert packed("::ffff:10.0.0.5") == packed("10.0.0.5")
    assert packed("PBX.example.org") == b"pbx.example.org"


# --- registrations ---------------------------------------------------------------------------------------


def test_registration_makes_an_endpoint_known_and_its_end_unreachable():
    office = Office()
    bind = [f"<sip:102@{BORIS}>;expires=300"]
    assert office.play(*register("102", BORIS, contacts=bind)) == ["idle 102"]
    assert office.play(*register("102", BORIS, contacts=bind, cseq=2)) == []
    assert office.play(*register("102", BORIS, contacts=[], cseq=3)) == ["unreachable 102"]
    assert office.play(*register("102", BORIS, contacts=bind, cseq=4)) == ["reachable 102"]


def test_registration_that_is_not_refreshed_ends():
    office = Office()
    office.play(*register("102", BORIS, contacts=[f"<sip:102@{BORIS}>;expires=60"]))
    assert office.wait(80) == []
    assert office.wait(20) == ["unreachable 102"]


def test_registration_without_expires_takes_that_of_the_answer():
    office = Office()
    office.play(*register("102", BORIS, contacts=[f"<sip:102@{BORIS}>"], expires=60))
    assert office.wait(100) == ["unreachable 102"]


def test_one_of_several_contacts_is_enough():
    office = Office()
    both = [f"<sip:102@{BORIS}>;expires=60", "<sip:soft@10.0.1.202>;expires=600"]
    office.play(*register("102", BORIS, contacts=both))
    assert office.wait(200) == []
    assert office.play(*register("102", BORIS, contacts=[both[0].replace("60", "0"), both[1]], cseq=2)) == []
    assert office.wait(700) == ["unreachable 102"]


@pytest.mark.parametrize("status", [401, 403, 423, 503])
def test_refused_registration_says_nothing(status):
    office = Office()
    assert office.play(*register("102", BORIS, status=status)) == []


def test_request_alone_says_nothing():
    office = Office()
    assert office.play(register("102", BORIS, contacts=[])[0]) == []


def test_older_answer_that_comes_late_changes_nothing():
    office = Office()
    bind = [f"<sip:102@{BORIS}>;expires=300"]
    old, new = register("102", BORIS, contacts=bind), register("102", BORIS, contacts=[], cseq=2)
    office.play(*new)
    assert office.play(*old) == []
    assert office.states()["102"] == "unavailable"


def test_phone_that_rings_is_reachable_whatever_its_registration_was():
    office = Office()
    office.play(*register("102", BORIS, contacts=[]))
    call = Leg("5000", "102", src=PBX, dst=BORIS)
    assert office.play(call.invite(), call.reply(180)) == [
        "started 102 inbound 5000",
        "ringing 102",
        "reachable 102",
    ]


def test_registration_of_somebody_else_is_nobodys():
    office = Office()
    assert office.play(*register("777", BORIS, contacts=["<sip:102@10.0.1.102>"])) == []
    assert office.play(*register("102", BORIS, contacts=[], domain="elsewhere.example.net")) == []


# --- whom a URI means ------------------------------------------------------------------------------------


def test_user_alone_is_watched_at_any_host():
    office = Office(watch=["+74951234567"])
    call = Leg("+74951234567", "5", src=ANNA, dst=PBX, domain="any.example.net")
    assert office.play(call.invite(), call.reply(100))[0].startswith("started +74951234567 outbound")


def test_user_of_two_watched_domains_is_not_guessed():
    office = Office(watch=["sip:101@a.example.org", "sip:101@b.example.org"])
    call = Leg("101", "5", src=ANNA, dst=PBX, domain="10.0.0.5")
    assert office.play(call.invite(), call.reply(100)) == []
    exact = Leg("101", "5", src=ANNA, dst=PBX, call="c2", domain="b.example.org")
    told = office.play(exact.invite(), exact.reply(100))
    assert len(told) == 2
    assert "b.example.org" in office.events[0].leg


# --- the first look --------------------------------------------------------------------------------------


def test_first_look_drops_what_concerns_nobody(monkeypatch):
    office = Office()
    parsed = []
    monkeypatch.setattr(office.translator, "_take", lambda packet, when: parsed.append(packet))
    call = Leg("801", "802", src="10.0.2.1:5060", dst=PBX)
    office.play(call.invite(), call.reply(200), call.bye(), call.next("OPTIONS"))
    ours = Leg("801", "101", src="10.0.2.1:5060", dst=PBX, call="ours")
    office.play(ours.next("NOTIFY"), ours.next("OPTIONS"))
    assert parsed == []
    office.play(ours.invite())
    assert len(parsed) == 1


@pytest.mark.parametrize(
    "user",
    ["%31%30%31", "1%301", "101;phone-context=x", "101:secret", "Анна"],
)
def test_first_look_lets_other_spellings_through(user):
    office = Office()
    call = Leg(user, "5", src=ANNA, dst=PBX)
    first = glance(call.invite().payload)
    assert first is not None
    assert office.translator._matters(first, When(START, START))


def test_first_look_lets_through_what_it_can_not_make_out():
    office = Office()
    for payload in (b"INVITE x", b"SIP/2.0 200 OK\r\nCall-ID:\r\n x\r\n\r\n", b"abc\r\n\r\n"):
        first = glance(payload)
        assert first is not None
        assert office.translator._matters(first, When(START, START))


def test_first_look_lets_a_known_call_go_on_under_any_name():
    office = Office(servers=[PROXY])
    office.play(*register("102", BORIS, PROXY, contacts=[f"<sip:zz9@{BORIS}>;expires=600"]))
    call = Leg("801", "sales", src=PROXY, dst=BORIS, uri=f"sip:zz9@{BORIS}")
    office.play(call.invite(), call.reply(180), call.reply(200))
    assert office.play(call.bye(back=True)) == ["ended 102: hung up"]


def test_message_that_was_seen_is_not_looked_at_again(monkeypatch):
    office, call = Office(), Leg("101", "102", src=ANNA, dst=PBX)
    looked = []
    monkeypatch.setattr(office.translator._calls, "see", lambda message, *_: looked.append(message))
    steps = [call.invite(), call.reply(180), call.reply(180, tag="other"), call.reply(200), call.ack()]
    for step in steps:
        office.play(step, step, step)
    assert len(looked) == len(steps)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_first_look_never_changes_what_is_told(data):
    strangers = Leg("801", "802", src="10.0.2.1:5060", dst=PBX, call="strange")
    others = [strangers.invite(), strangers.reply(180), strangers.reply(200), strangers.bye()]
    random_contact = register("102", BORIS, PROXY, contacts=[f"<sip:zz9@{BORIS}>;expires=600"])
    to_contact = Leg("801", "sales", src=PROXY, dst=BORIS, call="contact", uri=f"sip:zz9@{BORIS}")
    further = [*random_contact, to_contact.invite(), to_contact.reply(180), to_contact.bye(back=True)]
    pool: list[Step] = [step for ladder in ladders.LADDERS for step in ladder()] + others + further
    steps = data.draw(st.lists(st.sampled_from(pool), max_size=50))
    quick, slow = Office(servers=[PBX, PROXY]), Office(servers=[PBX, PROXY])
    slow.translator._matters = lambda first, when: True  # type: ignore[method-assign]
    assert quick.play(*steps) == slow.play(*steps)


# --- bounds ----------------------------------------------------------------------------------------------


def test_memory_stays_bounded_under_calls_that_never_end(monkeypatch):
    monkeypatch.setattr("adapters.hep.table.OVER_LIMIT", 500)
    office = Office()
    calls = office.translator._calls
    for n in range(10_000):
        call = Leg("101", "102", src=ANNA, dst=PBX, call=f"call-{n}")
        office.play(call.invite(), call.reply(100), at=START + n / 1_000)
        assert len(calls) <= 533
    assert office.skipped["too_many_calls"] >= 9_000
    assert len(calls._table._heap) <= 4_000
    assert len(office.legs()) <= 32
    ladders.once_each(office.events)


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("answered", [0, 40])
def test_calls_in_one_endpoints_name_push_out_neither_anothers_nor_its_own_that_are_told(within, answered):
    office = Office()
    theirs = Leg("102", "5000", src=BORIS, dst=PBX, call="theirs")
    own = Leg("101", "5000", src=ANNA, dst=PBX, call="own")
    for call in (theirs, own):
        office.play(call.invite(), call.reply(100), call.reply(200), call.ack())
    for n in range(100):
        call = Leg("101", "999", src="203.0.113.66:4444", dst=PBX, call=f"evil-{n}", caller_tag=f"t{n}")
        office.play(call.reinvite("sendrecv") if within else call.invite(), at=START + 60 + n / 100)
        if n < answered:  # let in without asking who it is
            office.play(call.reply(100, "INVITE"), at=START + 60 + n / 100)
    assert {"101 outbound answered 5000", "102 outbound answered 5000"} <= set(office.legs())
    assert len(office.translator._calls._table._of["sip:101@pbx.example.org"]) == 32
    assert office.skipped["too_many_calls"] > 60
    assert not any("5000" not in one and "unseen" in one for one in office.story)


def test_call_in_which_somebody_talks_is_worth_more_than_those_that_only_ring():
    office = Office()
    own = Leg("5000", "102", src=PBX, dst=BORIS, call="own")
    office.play(own.invite(), own.reply(180), own.reply(200), own.ack())
    for n in range(40):
        call = Leg("x", "102", src=PBX, dst=BORIS, call=f"ring-{n}", caller_tag=f"t{n}")
        office.play(call.invite(), at=START + 60 + n / 100)
    assert "102 inbound answered 5000" in office.legs()
    assert len(office.legs()) == 32


def test_calls_never_told_are_bounded_whoever_they_are_of(monkeypatch):
    monkeypatch.setattr("adapters.hep.table.UNTOLD_LIMIT", 50)
    office = Office(watch=[str(n) for n in range(100, 200)])
    real = Leg("150", "5000", src=BORIS, dst=PBX, call="real")
    office.play(real.invite(), real.reply(100))
    for n in range(300):
        call = Leg(str(100 + n % 100), "9", src=ANNA, dst=PBX, call=f"c{n}", caller_tag=f"t{n}")
        office.play(call.invite(), at=START + n / 1_000)
    table = office.translator._calls._table
    assert len(table._untold) == 50
    assert office.legs() == ["150 outbound dialing 5000"]
    office.wait(1_000)
    office.wait(1_000)
    assert (len(table), table._of, len(table._untold)) == (0, {}, 0)


def test_one_call_can_not_grow_without_bound():
    office = Office()
    for n in range(3_000):
        call = Leg(
            "5000",
            "102",
            src=PBX,
            dst=f"10.1.{n % 250}.{n // 250}:5060",
            caller_tag=f"t{n}",
            name=f"z9hG4bK{n}",
        )
        call.cseq = n
        office.play(call.invite(), call.reply(486) if n % 2 else call.reply(183), call.reinvite("sendonly"), call.bye(), at=START)  # fmt: skip
    known = office.translator._calls._table.get("call-1")
    assert known is not None
    assert len(known.legs) <= 32
    assert max(len(known.invites), len(known.finals), len(known.over)) <= 64
    assert all(len(leg.branches) <= 16 and len(leg.offers) <= 16 for leg in known.legs)
    assert office.skipped["too_many_legs"] > 0


def test_contacts_of_an_endpoint_are_bounded():
    office = Office()
    many = [f"<sip:u{n}@10.0.0.1>;expires=60" for n in range(200)]
    office.play(*register("102", BORIS, contacts=many))
    assert len(office.translator._registrations.tokens) <= 32


def test_first_look_knows_the_contacts_that_there_are_and_no_others_at_the_cost_of_the_new_ones(monkeypatch):
    office = Office()
    known = office.translator._registrations
    made = []
    real = registrations._tokens
    monkeypatch.setattr(registrations, "_tokens", lambda key: made.append(key) or real(key))
    for cseq, users in enumerate((["u1", "u2"], ["u2", "u3"], ["u2", "u3"], []), start=1):
        contacts = [f"<sip:{user}@{BORIS}>;expires=600" for user in users]
        office.play(*register("102", BORIS, contacts=contacts, cseq=cseq))
        assert known.tokens == {user.encode() for user in users}
    office.play(*register("101", ANNA, contacts=[f"<sip:x@{ANNA}>", f"<sip:x@{BORIS}>"]))
    office.play(*register("103", ANNA, contacts=[f"<sip:x@{ANNA}>;expires=60"]))
    office.play(*register("101", ANNA, contacts=[], cseq=2))
    assert known.tokens == {b"x"}
    office.wait(100)
    assert known.tokens == set()
    assert len(made) <= 12


def test_translators_state_is_forgotten_after_a_silence_but_contacts_help_on():
    office = Office(servers=[PROXY])
    office.play(*register("102", BORIS, PROXY, contacts=[f"<sip:zz9@{BORIS}>;expires=600"]))
    call = Leg("5000", "sales", src=PROXY, dst=BORIS, uri=f"sip:zz9@{BORIS}")
    office.play(call.invite(), call.reply(180))
    office.translator.forget()
    assert office.legs() == []
    assert office.states() == {"101": "unknown", "102": "unknown", "103": "unknown"}
    assert office.wait(5_000) == [], "a binding may have been refreshed unseen"
    again = Leg("5000", "sales", src=PROXY, dst=BORIS, call="n", uri=f"sip:zz9@{BORIS}")
    assert office.play(again.invite(), again.reply(180))[0] == "started 102 inbound 5000"
