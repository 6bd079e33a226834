"""What the real Asterisk said must lead to what its own lists say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from monitor import events as ev
from tests.adapters.ami.replay import RECORDINGS, Replay

LAB_RECORDINGS = Path(__file__).parents[2] / "lab/recordings"
ALL = sorted([*RECORDINGS.glob("*.ami"), *LAB_RECORDINGS.glob("*.ami")])

CHANGES_SILENTLY = {"reset_and_reload", "queue_reloaded"}
"""``queue reload`` changes members without an event: only the next list tells."""
SKIPPED = {"outcomes": ["missing_field"]}
"""Where the recording has something malformed on purpose."""


class Ledger:  # its methods are named after the events that they take
    """The plainest possible engine: applies events and complains of whatever does not fit."""

    def __init__(self) -> None:
        self.legs: dict[str, dict[str, Any]] = {}
        self.waiting: dict[tuple[str, str], str] = {}
        self.outcomes: list[tuple[str, str, str]] = []
        self.paused: dict[tuple[str, str], tuple[bool, str | None]] = {}
        self.states: dict[str, str] = {}
        self.complaints: list[str] = []

    def apply(self, events: Iterable[ev.Event]) -> None:
        for event in events:
            handler = getattr(self, type(event).__name__, None)
            if handler is not None:
                handler(event)

    def _leg(self, event: Any) -> dict[str, Any]:
        if event.leg not in self.legs:
            self.complaints.append(f"{type(event).__name__} of unknown leg {event.leg}")
        return self.legs.get(event.leg, {})

    def LegStarted(self, event: ev.LegStarted) -> None:  # noqa: N802
        if event.leg in self.legs:
            self.complaints.append(f"leg {event.leg} started twice")
        self.legs[event.leg] = {"call": event.call, "endpoint": event.endpoint, "state": "dialing"}

    def LegRinging(self, event: ev.LegRinging) -> None:  # noqa: N802
        leg = self._leg(event)
        if leg.get("state") != "dialing":
            self.complaints.append(f"leg {event.leg} rings although {leg.get('state')}")
        leg["state"] = "ringing"

    def LegAnswered(self, event: ev.LegAnswered) -> None:  # noqa: N802
        leg = self._leg(event)
        if leg.get("state") == "answered":
            self.complaints.append(f"leg {event.leg} answered twice")
        leg["state"] = "answered"

    def LegChanged(self, event: ev.LegChanged) -> None:  # noqa: N802
        leg = self._leg(event)
        if event.call:
            leg["call"] = event.call

    def LegHeld(self, event: ev.LegHeld) -> None:  # noqa: N802
        self._leg(event)

    LegResumed = TalkingStarted = TalkingStopped = LegHeld

    def LegEnded(self, event: ev.LegEnded) -> None:  # noqa: N802
        self._leg(event)
        self.legs.pop(event.leg, None)

    def CallerJoined(self, event: ev.CallerJoined) -> None:  # noqa: N802
        key = event.caller.queue, event.caller.call
        if key in self.waiting:
            self.complaints.append(f"{key} joined twice")
        self.waiting[key] = "waiting"

    def CallerLeft(self, event: ev.CallerLeft) -> None:  # noqa: N802
        key = event.queue, event.call
        if key not in self.waiting and (event.queue, event.call, "unknown") not in self.outcomes:
            self.complaints.append(f"{key} left without having joined")
        self.waiting.pop(key, None)
        if (event.queue, event.call, "unknown") in self.outcomes:
            self.outcomes.remove((event.queue, event.call, "unknown"))
        self.outcomes.append((event.queue, event.call, event.outcome))

    def MemberAdded(self, event: ev.MemberAdded) -> None:  # noqa: N802
        facts = event.member
        self.paused[facts.queue, facts.interface] = (facts.paused, facts.reason)

    def MemberRemoved(self, event: ev.MemberRemoved) -> None:  # noqa: N802
        del self.paused[event.queue, event.interface]

    def MemberPaused(self, event: ev.MemberPaused) -> None:  # noqa: N802
        self.paused[event.queue, event.interface] = (True, event.reason)

    def MemberUnpaused(self, event: ev.MemberUnpaused) -> None:  # noqa: N802
        self.paused[event.queue, event.interface] = (False, None)

    def EndpointStateChanged(self, event: ev.EndpointStateChanged) -> None:  # noqa: N802
        if self.states.get(event.endpoint) == event.state:
            self.complaints.append(f"{event.endpoint} became {event.state} twice")
        self.states[event.endpoint] = event.state

    def Snapshot(self, event: ev.Snapshot) -> None:  # noqa: N802
        if event.reconciliation:
            self.compare(event)
        self.legs = {
            leg.leg: {"call": leg.call, "endpoint": leg.endpoint, "state": leg.state}
            for leg in event.legs or ()
        }
        self.waiting = {(caller.queue, caller.call): "waiting" for caller in event.callers}
        self.paused = {(one.queue, one.interface): (one.paused, one.reason) for one in event.members}
        self.states = {one.endpoint: one.state for one in event.members}
        self.states |= {one.endpoint: one.state for one in event.endpoints}

    def compare(self, event: ev.Snapshot) -> None:
        legs = {
            leg.leg: {"call": leg.call, "endpoint": leg.endpoint, "state": leg.state}
            for leg in event.legs or ()
        }
        if legs != self.legs:
            self.complaints.append(f"legs {self.legs} are really {legs}")
        waiting = {(caller.queue, caller.call) for caller in event.callers}
        if waiting != set(self.waiting):
            self.complaints.append(f"waiting {set(self.waiting)} are really {waiting}")
        paused = {(one.queue, one.interface): (one.paused, one.reason) for one in event.members}
        if paused != self.paused:
            differ = set(paused.items()) ^ set(self.paused.items())
            self.complaints.append(f"members differ: {differ}")
        for one in event.members:
            if self.states[one.endpoint] != one.state:
                self.complaints.append(f"{one.endpoint} is {one.state}, not {self.states[one.endpoint]}")


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_events_lead_to_what_the_pbx_itself_lists(path: Path) -> None:
    replay = Replay()
    ledger = Ledger()
    ledger.apply(replay.play(path.read_bytes()))
    complaints = ledger.complaints
    if path.stem in CHANGES_SILENTLY:
        complaints = [complaint for complaint in complaints if not complaint.startswith("members differ")]
        assert complaints != ledger.complaints
    assert not complaints
    assert replay.skipped == SKIPPED.get(path.stem, [])
    assert replay.snapshots >= 1
