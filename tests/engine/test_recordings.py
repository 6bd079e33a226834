"""What a real Asterisk said, through the adapter's translator into the engine: nothing unexpected, no drift, no rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.engine import SourceEngine
from monitor.engine.config import SourceConfig
from monitor.model import Call
from tests.adapters.ami.replay import RECORDINGS, Replay
from tests.engine.story import check

LAB_RECORDINGS = Path(__file__).parents[1] / "lab/recordings"
ALL = {path.stem: path for path in (*sorted(RECORDINGS.glob("*.ami")), *sorted(LAB_RECORDINGS.glob("*.ami")))}

RELOADED = {
    "queue_reloaded": {"member_missing": 1},
    "reset_and_reload": {"member_missing": 1, "member_extra": 1},
}
"""``queue reload`` brings and takes static members without an event: the one drift that is the source's own."""


def run(name: str) -> SourceEngine:
    engine = SourceEngine(SourceConfig(source="pbx1"))
    for event in Replay().play(ALL[name].read_bytes()):
        engine.apply(event)
        check(engine)
    return engine


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_unexpected_corrected_or_left_over(name: str) -> None:
    engine = run(name)
    assert engine.unexpected == {}
    assert {kind: count for kind, count in engine.corrections.items() if count} == RELOADED.get(name, {})
    assert engine.suspects == 0
    live = engine._live
    assert (live.legs, live.queue_calls, engine.call_ids()) == ({}, {}, [])


SPANS = {
    ("answered_caller_hangs_up", "Anna"): ["ringing sales", "talking sales", "wrap_up"],
    ("held", "Anna"): ["ringing sales", "talking sales", "on_hold sales", "talking sales", "wrap_up"],
    ("freepbx_member", "Boris"): [
        "ringing sales",
        "talking sales",
        "on_hold sales",
        "talking sales",
        "wrap_up",
    ],
    ("internal_call", "Anna"): ["dialing internal", "talking internal"],
    ("outbound_call", "Anna"): ["dialing outbound", "talking outbound", "dialing outbound"],
    ("attended_transferred", "Anna"): [
        "ringing sales",
        "talking sales",
        "on_hold sales",
        "talking internal",
        "talking sales",
        "wrap_up",
    ],
    ("attended_transferred", "Boris"): ["ringing internal", "talking internal", "talking inbound_direct"],
    ("blind_transferred", "Boris"): ["ringing inbound_direct", "talking inbound_direct"],
    ("redirected", "Anna"): ["ringing sales", "talking sales", "wrap_up"],
    ("redirected", "Boris"): ["ringing support", "talking support"],
}


@pytest.mark.parametrize(("name", "agent"), SPANS)
def test_an_agents_day_reads_as_it_happened(name: str, agent: str) -> None:
    engine = run(name)
    timeline = engine.timeline(f"pbx1/{agent}", engine.now)
    assert timeline is not None
    said = [
        " ".join(filter(None, (span.state, (span.queue or span.direction or "").removeprefix("pbx1/"))))
        for span in timeline.spans
        if span.state not in ("unknown", "available")
    ]
    assert said == SPANS[name, agent]


def test_a_call_never_flickers_between_kinds() -> None:
    """Each call of the transfers keeps its direction from beginning to end, once its other side is there."""
    for name in ("attended_transferred", "blind_transferred", "freepbx_member", "local_optimised"):
        engine = SourceEngine(SourceConfig(source="pbx1"))
        seen: dict[str, Call] = {}
        for event in Replay().play(ALL[name].read_bytes()):
            engine.apply(event)
            for call_id in engine.call_ids():
                call = engine.call_view(call_id, engine.now)
                assert call is not None
                before = seen.get(call_id, call)
                assert (before.direction, call.direction) in {
                    (call.direction, call.direction),
                    ("outbound", "internal"),
                }
                seen[call_id] = call
