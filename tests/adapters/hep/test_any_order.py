"""Whatever order messages come in, however often, and whichever are missing: no leg begins or ends twice, nothing raises;
and where nothing is lost, the end is the same as in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import events as ev
from monitor.events import Event
from tests.adapters.hep.ladder import ANNA, BORIS, CLARA, PBX, PROXY, START, Leg, Office, Step, register, sdp

Ladder = Callable[[], list[Step]]


def _anna(**fields) -> Leg:
    return Leg("101", "102", src=ANNA, dst=PBX, **fields)


def _boris() -> Leg:
    return Leg("5000", "102", src=PBX, dst=BORIS, call="call-2", caller_tag="c", callee_tag="d")


def _up(leg: Leg) -> list[Step]:
    return [leg.invite(), leg.reply(100), leg.reply(180), leg.reply(200, body=sdp()), leg.ack()]


def whole_call() -> list[Step]:
    leg = _anna()
    return [*_up(leg), leg.bye(), leg.reply(200)]


def challenged_and_held() -> list[Step]:
    leg = _anna()
    first = [leg.invite(), leg.reply(407), leg.ack(refused=True)]
    return [*first, *_up(leg), leg.reinvite("sendonly"), leg.reply(200, body=sdp("recvonly")), leg.ack()]


def held_and_taken_back() -> list[Step]:
    leg = _boris()
    steps = [*_up(leg), leg.reinvite("inactive", back=True), leg.reply(200), leg.ack()]
    return [*steps, leg.reinvite("sendrecv", back=True), leg.reply(200)]


def glare() -> list[Step]:
    leg = _boris()
    steps = [*_up(leg), leg.reinvite("sendonly"), leg.reinvite("sendonly", back=True), leg.reply(491)]
    return [*steps, leg.reinvite("sendonly", back=True), leg.reply(200), leg.ack()]


def cancelled() -> list[Step]:
    leg = _boris()
    steps = [leg.invite(), leg.reply(100), leg.reply(180), leg.cancel(), leg.reply(200, "CANCEL")]
    return [*steps, leg.reply(487, "INVITE"), leg.ack(refused=True)]


def busy() -> list[Step]:
    leg = _boris()
    return [leg.invite(), leg.reply(180), leg.reply(486), leg.ack(refused=True)]


def ringing() -> list[Step]:
    leg = _boris()
    return [leg.invite(), leg.reply(100), leg.reply(183), leg.reply(180)]


def between_two() -> list[Step]:
    anna, boris = _anna(), _boris()
    steps = []
    for one, other in zip(_up(anna), _up(boris), strict=True):
        steps += [one, other]
    return [*steps, boris.bye(back=True), boris.reply(200)]


def _hop(callee: str, phone: str, tag: str) -> Leg:
    below = (f"SIP/2.0/UDP {ANNA};branch=z9hG4bK-below",)
    return Leg("101", callee, src=PROXY, dst=phone, callee_tag=tag, uri=f"sip:{callee}@{phone}", via=below)


def forked() -> list[Step]:
    anna, boris, clara = (
        Leg("101", "200", src=ANNA, dst=PROXY),
        _hop("102", BORIS, "b"),
        _hop("103", CLARA, "c"),
    )
    steps = [
        anna.invite(),
        anna.reply(100),
        boris.invite(),
        clara.invite(),
        boris.reply(180),
        clara.reply(180),
    ]
    steps += [anna.reply(180, tag="b"), clara.reply(200), anna.reply(200, tag="c"), boris.cancel()]
    return [*steps, boris.reply(487, "INVITE"), boris.ack(refused=True), anna.ack(), clara.ack()]


def refused_fork() -> list[Step]:
    anna, boris, clara = (
        Leg("101", "200", src=ANNA, dst=PROXY),
        _hop("102", BORIS, "b"),
        _hop("103", CLARA, "c"),
    )
    steps = [
        anna.invite(),
        anna.reply(100),
        boris.invite(),
        clara.invite(),
        boris.reply(180),
        clara.reply(180),
    ]
    steps += [boris.reply(486), boris.ack(refused=True), clara.reply(603), clara.ack(refused=True)]
    return [*steps, anna.reply(603, tag="p"), anna.ack(refused=True)]


def two_calls_of_one() -> list[Step]:
    first, second = (
        _anna(),
        Leg("5000", "101", src=PBX, dst=ANNA, call="call-8", caller_tag="x", callee_tag="y"),
    )
    return [*_up(first), second.invite(), second.reply(180), first.reinvite("sendonly"), first.reply(200), second.reply(200, "INVITE")]  # fmt: skip


def registered_and_called() -> list[Step]:
    leg = _boris()
    first = register("102", BORIS, contacts=[f"<sip:102@{BORIS}>;expires=600"])
    again = register("102", BORIS, contacts=[f"<sip:102@{BORIS}>;expires=600"], cseq=2)
    return [*first, *_up(leg), *again]


LADDERS: list[Ladder] = [
    whole_call, challenged_and_held, held_and_taken_back, glare, cancelled, busy, ringing, between_two, forked, refused_fork,
    two_calls_of_one, registered_and_called,
]  # fmt: skip
NAMES = [ladder.__name__ for ladder in LADDERS]


def play(steps: list[tuple[int, Step]]) -> Office:
    """Let messages arrive a moment after one another, each with the stamp of its place in the ladder."""
    office = Office(servers=[PBX, PROXY])
    for arrived, (place, step) in enumerate(steps):
        now = START + 10 + arrived / 1_000
        stamp = START + place / 10
        office.events += office.translator.sip(step.packet(stamp), stamp, now)
    office.at = START + 10
    office.wait(8)
    return office


def once_each(events: list[Event]) -> None:
    """Each leg begins once, before all else of it; ends once, after all else; goes on in one direction."""
    started: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    at: dict[str, float] = {}
    for event in events:
        if not hasattr(event, "leg"):
            continue
        leg = event.leg
        assert event.at >= at.get(leg, 0.0)
        at[leg] = event.at
        assert not ended[leg], f"{event} after the end"
        match event:
            case ev.LegStarted():
                started[leg] += 1
            case ev.LegEnded():
                ended[leg] += 1
            case ev.LegAnswered():
                answered[leg] += 1
            case ev.LegRinging():
                assert not answered[leg]
            case ev.LegHeld() | ev.LegResumed():
                assert answered[leg]
        assert started[leg] == 1, f"{event} of a leg that began {started[leg]} times"
    assert all(number == 1 for number in answered.values())


@pytest.mark.parametrize("ladder", LADDERS, ids=NAMES)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_any_order_and_any_copies_of_a_ladder_come_to_the_same_end(ladder, data):
    steps = list(enumerate(ladder()))
    copies = data.draw(st.lists(st.sampled_from(steps), max_size=6))
    order = data.draw(st.permutations([*steps, *copies]))
    in_order, mixed = play(steps), play(order)
    once_each(mixed.events)
    assert mixed.legs() == in_order.legs()
    assert mixed.states() == in_order.states()
    assert not mixed.skipped


@pytest.mark.parametrize("ladder", LADDERS, ids=NAMES)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_part_of_a_ladder_in_any_order_tells_each_leg_once_and_nothing_for_ever(ladder, data):
    steps = list(enumerate(ladder()))
    part = data.draw(st.lists(st.sampled_from(steps), max_size=len(steps) + 4))
    office = play(part)
    once_each(office.events)
    office.wait(20_000)
    once_each(office.events)
    assert office.legs() == [], "what is not seen any more is given up"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_ladders_mixed_with_one_another_tell_each_leg_once(data):
    steps = [pair for ladder in LADDERS for pair in enumerate(ladder())]
    office = play(data.draw(st.lists(st.sampled_from(steps), max_size=60)))
    once_each(office.events)


HEADERS = st.sampled_from(
    [
        b"Via: SIP/2.0/UDP 10.0.1.101:5061;branch=z9hG4bK1",
        b"Via: x",
        b"v: SIP/2.0/UDP [::1]",
        b"From: <sip:101@pbx.example.org>;tag=a",
        b"From: sip:102@pbx.example.org",
        b"f: <tel:+101>;tag=a",
        b"To: <sip:102@pbx.example.org>",
        b"To: <sip:101@pbx.example.org>;tag=b",
        b"t: <sip:102@pbx.example.org>;tag=c",
        b"Call-ID: call-1",
        b"Call-ID: call-2",
        b"i: call-1",
        b"CSeq: 1 INVITE",
        b"CSeq: 1 BYE",
        b"CSeq: 2 UPDATE",
        b"CSeq: 2 REGISTER",
        b"CSeq: 99999999999 ACK",
        b"Contact: <sip:102@10.0.1.102>;expires=99999999999999999999",
        b"Contact: *",
        b"m: <sip:%31%30%31@[::1]:5060>",
        b"Session-Expires: 1",
        b"Session-Expires: " + b"9" * 400,
        b"Expires: 0",
        b"Reason: SIP;cause=200",
        b"Replaces: x",
        b" folded: line",
        b"\xff\xfe: \x00",
    ]
)
STARTS = st.sampled_from(
    [
        b"INVITE sip:102@10.0.1.102:5062 SIP/2.0", b"INVITE tel:101 SIP/2.0", b"INVITE http://x SIP/2.0", b"ACK sip:x SIP/2.0",
        b"BYE sip:101@x SIP/2.0", b"CANCEL sip:102@x SIP/2.0", b"UPDATE sip:102@x SIP/2.0", b"REGISTER sip:pbx.example.org SIP/2.0",
        b"SIP/2.0 180 Ringing", b"SIP/2.0 200 OK", b"SIP/2.0 407 No", b"SIP/2.0 481 Gone", b"SIP/2.0 999", b"SIP/2.0 abc", b"invite x",
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(STARTS, st.lists(HEADERS, max_size=12), st.binary(max_size=60), st.sampled_from([ANNA, BORIS, PBX, PROXY, "127.0.0.1:0"]), st.sampled_from([ANNA, BORIS, PBX])),
        max_size=12,
    )
)  # fmt: skip
def test_odd_messages_are_counted_and_tell_each_leg_once(messages):
    office = Office(servers=[PBX, PROXY])
    for start, headers, body, source, destination in messages:
        payload = b"\r\n".join([start, *headers]) + b"\r\n\r\n" + body
        office.play(Step(source, destination, payload))
    office.wait(100_000_000)
    once_each(office.events)
    assert set(office.skipped) <= {"bad_sip"}


@given(st.binary(max_size=300))
def test_any_bytes_as_a_message_change_nothing(payload):
    office = Office()
    assert office.play(Step(ANNA, PBX, payload)) == []
