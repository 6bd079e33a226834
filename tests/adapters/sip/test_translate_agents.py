"""What the engine makes of it: the states of agents whose server has no queues."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.sip.bodies import read
from monitor import events as ev
from monitor.engine import SourceEngine
from monitor.engine.config import SourceConfig
from tests.adapters.sip.replay import START, Server
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
    kamailio_dialog,
    kamailio_dialog_info,
    not_ready,
    reginfo,
)
from tests.adapters.sip.test_translate_replay import Told
from tests.engine.story import check


class Floor(Server):
    """A server whose events an engine follows."""

    def __init__(self, *watched: str) -> None:
        self.engine = SourceEngine(SourceConfig(source="sip1"))
        self.engine.apply(ev.SourceConnected(source="sip1", at=START, id="0000000000-0000000001"))
        self.seen: list[str] = []
        super().__init__(*watched)

    def _hear(self, events: Sequence[ev.Event]) -> list[ev.Event]:
        for event in events:
            self.engine.apply(event)
            check(self.engine)
            state = self.state()
            if not self.seen or self.seen[-1] != state:
                self.seen.append(state)
        assert self.engine.unexpected == {}
        return super()._hear(events)

    def hears(
        self, *bodies: bytes, content_type: str = "", endpoint: str = ANNA, origin: str = ""
    ) -> list[str]:
        """Report a body; return the states that Anna went through, the one before first."""
        content_type = content_type or DIALOG_INFO
        del self.seen[:-1]
        super().hears(*bodies, content_type=content_type, endpoint=endpoint, origin=origin)
        return self.seen[:]

    def state(self, name: str = "101") -> str:
        view = self.engine.agent_view(f"sip1/{name}", self.at)
        return "nobody" if view is None else view.state


def shows(*dialogs: str) -> bytes:
    return kamailio_dialog_info(*dialogs)


def test_before_anything_is_told_an_agent_is_not_known() -> None:
    floor = Floor(ANNA, BORIS)
    assert (floor.state("101"), floor.state("102")) == ("unknown", "unknown")
    view = floor.engine.agent_view("sip1/101", floor.at)
    assert view is not None
    assert view.why.rule == "endpoint_unknown"


def test_a_call_that_is_seen_as_a_dialog() -> None:
    floor = Floor()
    assert floor.hears(shows()) == ["unknown", "available"]
    assert floor.hears(shows(kamailio_dialog("a", "trying"))) == ["available"]
    assert floor.hears(shows(kamailio_dialog("a", "early"))) == ["available", "ringing"]
    assert floor.hears(shows(kamailio_dialog("a"))) == ["ringing", "talking"]
    assert floor.hears(shows(kamailio_dialog("a", rendering="no"))) == ["talking", "on_hold"]
    assert floor.hears(shows(kamailio_dialog("a", rendering="yes"))) == ["on_hold", "talking"]
    assert floor.hears(shows(kamailio_dialog("b"))) == ["talking"], "never free in between"
    assert floor.hears(shows()) == ["talking", "available"]
    view = floor.engine.agent_view("sip1/101", floor.at)
    assert view is not None
    assert view.today.direct == 2


def test_a_call_out() -> None:
    floor = Floor()
    floor.hears(shows())
    assert floor.hears(shows(kamailio_dialog("a", "trying", direction="initiator"))) == [
        "available",
        "dialing",
    ]
    assert floor.hears(shows(kamailio_dialog("a", "early", direction="initiator"))) == ["dialing"]
    assert floor.hears(shows(kamailio_dialog("a", direction="initiator"))) == ["dialing", "talking"]
    assert floor.hears(shows(kamailio_dialog("a", "terminated"))) == ["talking", "available"]


@pytest.mark.parametrize("held", [False, True])
def test_a_call_that_asterisk_tells_by_a_hint(held: bool) -> None:
    floor = Floor()
    assert floor.hears(asterisk_dialog_info()) == ["unknown", "available"]
    assert floor.hears(asterisk_dialog_info("early")) == ["available", "ringing"]
    assert floor.hears(asterisk_dialog_info("confirmed", held=held)) == ["ringing", "talking"]
    assert floor.hears(asterisk_dialog_info()) == ["talking", "available"]


def test_who_is_not_registered_is_offline() -> None:
    floor = Floor()
    floor.hears(asterisk_dialog_info())
    assert floor.hears(reginfo(state="terminated"), content_type=REGINFO) == ["available", "offline"]
    assert floor.hears(reginfo(("1", "active")), content_type=REGINFO) == ["offline", "available"]
    assert floor.hears(asterisk_pidf("closed", "Unavailable"), content_type=PIDF) == ["available"]


def test_who_is_not_there_is_offline() -> None:
    floor = Floor()
    floor.hears(asterisk_dialog_info())
    assert floor.hears(asterisk_pidf("closed", "Unavailable", "away"), content_type=PIDF) == [
        "available",
        "offline",
    ]
    floor.hears(asterisk_pidf(), content_type=PIDF)
    assert floor.hears(asterisk_pidf("closed", "On the phone", "busy"), content_type=PIDF) == ["available"]


def test_a_phone_that_falls_off_the_registrar_in_a_call_is_offline_after_it() -> None:
    floor = Floor()
    floor.hears(shows(kamailio_dialog("a")))
    assert floor.hears(reginfo(state="terminated"), content_type=REGINFO) == ["talking"]
    assert floor.hears(shows()) == ["talking", "offline"]


def test_an_agent_pauses_works_after_a_call_and_signs_off() -> None:
    floor = Floor()
    floor.hears(shows())
    assert floor.hears(not_ready("7"), content_type=FEATURE) == ["available", "paused"]
    view = floor.engine.agent_view("sip1/101", floor.at)
    assert view is not None
    assert view.presence is not None
    assert (view.reason, view.presence.reason, view.presence.since) == ("7", "7", floor.at)
    assert floor.hears(shows(kamailio_dialog("a"))) == ["paused", "talking"]
    assert floor.hears(agent_event("AgentWorkingAfterCallEvent"), content_type=FEATURE) == ["talking"]
    assert floor.hears(shows()) == ["talking", "wrap_up"]
    assert floor.hears(agent_event("AgentReadyEvent"), content_type=FEATURE) == ["wrap_up", "available"]
    assert floor.hears(agent_event("AgentLoggedOffEvent"), content_type=FEATURE) == ["available", "offline"]
    assert floor.hears(agent_event("AgentLoggedOnEvent"), content_type=FEATURE) == ["offline", "paused"]


def test_who_does_not_want_to_be_disturbed_is_paused() -> None:
    floor = Floor()
    floor.hears(shows())
    assert floor.hears(cisco_pidf("ce:dnd"), content_type=PIDF) == ["available", "paused"]
    assert floor.hears(cisco_pidf("ce:available"), content_type=PIDF) == ["paused", "available"]


def test_what_is_not_known_any_more_is_shown_so_in_a_call_too() -> None:
    floor = Floor()
    floor.hears(shows(kamailio_dialog("a")))
    del floor.seen[:-1]
    floor.loses()
    assert floor.seen == ["talking", "unknown"]
    assert floor.hears(shows(kamailio_dialog("a"))) == ["unknown", "talking"]


def test_a_decision_that_is_told_no_more_ends() -> None:
    floor = Floor()
    floor.hears(shows())
    floor.hears(not_ready("7"), content_type=FEATURE)
    floor.at += 5
    floor.loses("feature")
    assert floor.state() == "available"


def test_calls_go_on_over_a_loss_of_the_server() -> None:
    floor = Floor()
    floor.hears(shows(kamailio_dialog("a")))
    floor.at += 1
    floor.engine.apply(
        ev.SourceLost(source="sip1", at=floor.at, id=floor.told[-1].id + "5", reason="nothing heard")
    )
    assert floor.state() == "unknown"
    floor.translator.forget()
    floor.at += 10
    (report,) = read(DIALOG_INFO, {}, shows(kamailio_dialog("a", rendering="no", duration="12")))
    floor.translator.report(ANNA, "dialog", report, floor.at)  # nobody is told before the picture is whole
    floor.engine.apply(ev.SourceConnected(source="sip1", at=floor.at, id=floor.told[-1].id + "6"))
    floor._hear(floor.translator.snapshot(floor.at))
    assert floor.state() == "on_hold"
    view = floor.engine.agent_view("sip1/101", floor.at)
    assert view is not None
    assert view.call is not None


class Followed(Told):
    """Whatever is told: an engine that followed agrees with one that knows the last snapshot only."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = SourceEngine(SourceConfig(source="sip1"))
        self.engine.apply(ev.SourceConnected(source="sip1", at=START, id="0"))
        for event in self.server.told:
            self.engine.apply(event)

    def step(self, events: list[ev.Event]) -> None:
        super().step(events)
        for event in events:
            self.engine.apply(event)
        check(self.engine)
        assert self.engine.unexpected == {}
        self.server.at += 3  # devices are quiet for a moment after a call
        again = SourceEngine(SourceConfig(source="sip1"))
        again.apply(ev.SourceConnected(source="sip1", at=self.server.at, id="0"))
        for event in self.server.translator.snapshot(self.server.at):
            again.apply(event)
        self.engine.apply(
            ev.Tick(source="sip1", at=self.server.at, id=self.server.translator._out._next_id())
        )
        assert self.states(self.engine) == self.states(again)

    def states(self, engine: SourceEngine) -> dict[str, tuple[str, str, str | None]]:
        views = (engine.agent_view(name, self.server.at) for name in engine.agent_ids())
        return {view.name: (view.state, view.why.rule, view.reason) for view in views if view is not None}


def test_an_engine_that_followed_agrees_with_one_that_sees_the_last_snapshot() -> None:
    run_state_machine_as_test(
        Followed, settings=settings(max_examples=60, stateful_step_count=20, deadline=None)
    )
