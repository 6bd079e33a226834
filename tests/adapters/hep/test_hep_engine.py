"""From captured packets to what the wallboard shows: the adapter's events in a real engine."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from adapters.hep.capture import Capture, Gate
from adapters.hep.packets import encode
from adapters.hep.settings import LOOPBACK
from monitor.engine import SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import Event, LegAnswered, LegRinging
from tests.adapters.hep.ladder import ANNA, BORIS, PBX, STEP, Leg, Office, Step, register


class Monitored(Office):
    """An office whose packets come through the whole adapter, without its sockets, into an engine."""

    def __init__(self, *, key: bytes | None = None, **fields: Any) -> None:
        super().__init__(**fields)
        self.engine = SourceEngine(SourceConfig(source="pbx", adapter="hep"))
        ids = self.translator._out._next_id
        self.capture = Capture(
            "pbx",
            self.translator,
            Gate(LOOPBACK),
            lambda: key,
            next_id=ids,
            log=lambda *_, **__: None,
            skipped=lambda kind: self.skipped.update([kind]),
            silent_after=60.0,
        )
        self.tell(self.capture.listening("127.0.0.1:9060", self.at))

    def tell(self, events: list[Event]) -> None:
        self.events += events
        for event in events:
            self.engine.apply(event)

    def play(self, *steps: Step, at: float | None = None) -> list[str]:
        del at
        for step in steps:
            self.at += STEP
            self.tell(self.capture.receive(encode(step.packet(self.at)), "127.0.0.1", self.at, self.at))
        return []

    def wait(self, seconds: float) -> list[str]:
        self.at += seconds
        self.tell(self.capture.tick(self.at, self.at))
        return []

    def agents(self) -> dict[str, str]:
        engine = self.engine
        views = [engine.agent_view(one, self.at) for one in engine.agent_ids()]
        return {view.name: view.state for view in views if view is not None}

    def source(self) -> str:
        return self.engine.source_view(self.at).state


def test_agents_are_unknown_until_something_is_seen_of_them():
    office = Monitored()
    assert office.source() == "synchronising"
    assert office.agents() == {}
    office.play(*register("777", "10.0.9.9:5060"))
    assert office.source() == "up"
    assert office.agents() == {"101": "unknown", "102": "unknown", "103": "unknown"}
    office.play(*register("102", BORIS, contacts=[f"<sip:102@{BORIS}>;expires=600"]))
    assert office.agents() == {"101": "unknown", "102": "available", "103": "unknown"}
    office.play(*register("102", BORIS, contacts=[], cseq=2))
    assert office.agents()["102"] == "offline"


def test_states_follow_the_calls():
    office = Monitored()
    office.play(*register("102", BORIS, contacts=[f"<sip:102@{BORIS}>;expires=600"]))
    call, out = Leg("5000", "102", src=PBX, dst=BORIS), Leg("101", "5000", src=ANNA, dst=PBX, call="c2")
    seen = []
    for step in (
        call.invite(),
        call.reply(180),
        call.reply(200),
        call.ack(),
        out.invite(),
        out.reply(100),
        out.reply(200),
    ):
        office.play(step)
        seen.append((office.agents()["101"], office.agents()["102"]))
    assert seen == [
        ("unknown", "available"),
        ("unknown", "ringing"),
        ("unknown", "talking"),
        ("unknown", "talking"),
        ("unknown", "talking"),
        ("dialing", "talking"),
        ("talking", "talking"),
    ]
    office.play(call.reinvite("sendonly", back=True), call.reply(200))
    assert office.agents()["102"] == "on_hold"
    office.play(call.bye(), out.bye())
    assert (office.agents()["101"], office.agents()["102"]) == ("available", "available")
    assert not any(office.engine.corrections.values())
    assert not office.engine.unexpected, "no event is one that does not fit"


def test_lost_bye_leaves_an_agent_unknown_not_talking():
    office = Monitored(silence=600.0)
    call = Leg("5000", "102", src=PBX, dst=BORIS)
    office.play(call.invite(), call.reply(180), call.reply(200), call.ack())
    for n in range(11):
        office.play(*register("777", "10.0.9.9:5060", cseq=n + 5))
        office.wait(50)
    assert office.agents()["102"] == "talking"
    office.play(*register("777", "10.0.9.9:5060", cseq=99))
    office.wait(59)
    office.play(*register("777", "10.0.9.9:5060", cseq=100))
    office.wait(10)
    assert office.agents()["102"] == "unknown"


def test_silence_of_the_capture_agents_makes_all_unknown_and_what_comes_then_is_new():
    office = Monitored()
    call = Leg("5000", "102", src=PBX, dst=BORIS)
    office.play(call.invite(), call.reply(180), call.reply(200), call.ack())
    assert office.agents()["102"] == "talking"
    office.wait(61)
    assert office.source() == "lost"
    office.play(*register("777", "10.0.9.9:5060"))
    assert office.source() == "up"
    assert office.agents()["102"] == "unknown"
    office.play(call.bye(back=True))
    assert office.agents()["102"] == "available"


def test_capture_agents_with_wrong_clocks_and_slow_ways_tell_one_story():
    office = Monitored()
    call = Leg("5000", "102", src=PBX, dst=BORIS)
    steps = [call.invite(), call.reply(180), call.reply(200), call.ack()]
    office.play(*register("777", "10.0.9.9:5060"))
    skews = {1: 3_600.0, 2: -86_400.0}
    for n, step in enumerate(steps):
        for agent, skew in skews.items():
            captured = office.at + n
            packet = msgspec.structs.replace(step.packet(captured + skew), agent=agent)
            arrived = captured + 0.001 * agent
            office.tell(office.capture.receive(encode(packet), "127.0.0.1", arrived, arrived))
    ringing, answered = (one for one in office.events if isinstance(one, LegRinging | LegAnswered))
    assert ringing.at == pytest.approx(office.at + 1, abs=0.01)
    assert answered.at == pytest.approx(office.at + 2, abs=0.01)
    assert [one for one in office.events if isinstance(one, LegAnswered)] == [answered]
    assert not office.engine.unexpected


def test_snapshot_in_the_middle_changes_nothing():
    office = Monitored()
    call = Leg("5000", "102", src=PBX, dst=BORIS)
    office.play(call.invite(), call.reply(180), call.reply(200), call.ack())
    office.play(call.reinvite("inactive", back=True), call.reply(200))
    before = office.agents()
    office.tell(office.capture.snapshot(office.at))
    assert office.agents() == before
    assert before["102"] == "on_hold"
