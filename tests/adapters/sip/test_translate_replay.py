"""Any sequence of reports: what is told reproduces what is known, each leg begins once and ends once.

Every step of :class:`tests.adapters.sip.replay.Server` compares the events' model with the translator's own snapshot.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from adapters.sip.reports import (
    Contact,
    Dialog,
    DialogReport,
    FeatureReport,
    Kind,
    ListReport,
    PresenceReport,
    RegistrationReport,
    Report,
    Resource,
)
from monitor import events as ev
from tests.adapters.sip.replay import Model, Server, knows
from tests.adapters.sip.shapes import ANNA, BORIS

LIST = "sip:agents@pbx.example.org"
ENDPOINTS = [ANNA, BORIS, "sip:101@192.0.2.1", "sip:gw.example.org", LIST]
KINDS: list[Kind] = ["dialog", "reg", "presence", "feature"]

few = st.sampled_from(["a", "b", "c"])
dialog = st.builds(
    Dialog,
    id=few,
    state=st.sampled_from(["trying", "proceeding", "early", "confirmed", "terminated"]),
    direction=st.sampled_from(["initiator", "recipient", None]),
    call_id=st.sampled_from(["x", "y", None]),
    remote=st.sampled_from(["1", "2", None]),
    remote_name=st.sampled_from(["I", None]),
    held=st.sampled_from([True, False, None]),
    since=st.sampled_from([None, 0.0, 60.0]),
    cause=st.sampled_from([None, "rejected"]),
)
plain: st.SearchStrategy[Report] = st.one_of(
    st.builds(
        DialogReport,
        entity=st.sampled_from(ENDPOINTS),
        version=st.integers(0, 3),
        full=st.booleans(),
        dialogs=st.lists(dialog, max_size=4).map(tuple),
    ),
    st.builds(
        RegistrationReport,
        entity=st.sampled_from(ENDPOINTS),
        version=st.integers(0, 3),
        full=st.booleans(),
        contacts=st.lists(st.builds(Contact, id=few, active=st.booleans()), max_size=3).map(tuple),
        state=st.sampled_from(["init", "active", "terminated"]),
    ),
    st.builds(
        PresenceReport,
        entity=st.sampled_from(ENDPOINTS),
        open=st.sampled_from([True, False, None]),
        activities=st.frozensets(st.sampled_from(["busy", "away"])),
        do_not_disturb=st.sampled_from([True, False, None]),
        note=st.sampled_from([None, "On hold"]),
    ),
    st.builds(
        FeatureReport,
        presence=st.sampled_from(["signed_off", "ready", "paused", "wrap_up", None]),
        reason=st.sampled_from([None, "7"]),
        do_not_disturb=st.sampled_from([True, False, None]),
    ),
)
a_list = st.builds(
    ListReport,
    full=st.booleans(),
    version=st.integers(0, 3),
    resources=st.lists(
        st.builds(
            Resource,
            uri=st.sampled_from(ENDPOINTS),
            name=st.sampled_from([None, "Anna"]),
            state=st.sampled_from(["active", "pending", "terminated", None]),
            reports=st.lists(plain, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    bad=st.sampled_from([(), ("body_xml",)]),
)
report = st.one_of(plain, plain, plain, a_list)


class Told(RuleBasedStateMachine):
    """A server that reports anything."""

    watched: tuple[str, ...] = (ANNA, BORIS, "sip:101@192.0.2.1")

    def __init__(self) -> None:
        super().__init__()
        self.server = Server(*self.watched)

    def step(self, events: list[ev.Event]) -> None:
        self.server._hear(events)

    @rule(endpoint=st.sampled_from(ENDPOINTS), kind=st.sampled_from(KINDS), report=report, origin=few)
    def reports(self, endpoint: str, kind: Kind, report: Report, origin: str) -> None:
        self.server.at += 1
        self.step(self.server.translator.report(endpoint, kind, report, self.server.at, origin=origin))

    @rule(endpoint=st.sampled_from(ENDPOINTS), report=plain)
    def reports_what_fits(self, endpoint: str, report: Report) -> None:
        kinds: dict[type, Kind] = {
            DialogReport: "dialog",
            RegistrationReport: "reg",
            PresenceReport: "presence",
            FeatureReport: "feature",
        }
        self.server.at += 1
        self.step(self.server.translator.report(endpoint, kinds[type(report)], report, self.server.at))

    @rule(endpoint=st.sampled_from(ENDPOINTS), kind=st.sampled_from(KINDS), origin=st.sampled_from(["", "a"]))
    def is_unknown(self, endpoint: str, kind: Kind, origin: str) -> None:
        self.server.at += 1
        self.step(self.server.translator.unknown(endpoint, kind, self.server.at, origin=origin))

    @rule()
    def is_asked_for_all(self) -> None:
        self.step(self.server.translator.snapshot(self.server.at))

    @rule()
    def is_lost(self) -> None:
        self.server.translator.forget()
        self.step(self.server.translator.snapshot(self.server.at))


class ToldOfLists(Told):
    """The same, with whom the lists bring."""

    watched = ("",)


def test_what_is_told_is_what_is_known() -> None:
    run_state_machine_as_test(
        Told, settings=settings(max_examples=150, stateful_step_count=25, deadline=None)
    )


def test_what_is_told_of_lists_is_what_is_known() -> None:
    run_state_machine_as_test(
        ToldOfLists, settings=settings(max_examples=100, stateful_step_count=25, deadline=None)
    )


@given(st.lists(plain, max_size=20))
def test_a_report_that_changes_nothing_is_not_told(reports: list[Report]) -> None:
    """The same report again is silent: but for one whose dialogs changed their calls' ids or were ended by it."""
    server = Server(ANNA)
    kinds: dict[type[Any], Kind] = {
        DialogReport: "dialog",
        RegistrationReport: "reg",
        PresenceReport: "presence",
        FeatureReport: "feature",
    }
    for one in reports:
        server.at += 1
        kind = kinds[type(one)]
        server._hear(server.translator.report(ANNA, kind, one, server.at))
        assert server._hear(server.translator.report(ANNA, kind, one, server.at)) == []


def test_the_model_notices_what_is_told_twice() -> None:
    """The measure of these tests measures."""
    server = Server(ANNA)
    model = Model()
    for event in server.translator.snapshot(server.at):
        model.apply(event)
    started = ev.LegStarted(source="s", at=1.0, id="9", leg="l", call="c", endpoint=ANNA, direction="inbound")
    model.apply(started)
    assert knows(model) != knows(server.model)
    for again in (started, ev.LegResumed(source="s", at=1.0, id="99", leg="l")):
        try:
            model.apply(again)
        except AssertionError:
            continue
        raise AssertionError(again)
