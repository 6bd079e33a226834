"""What recordings of real servers mean, event by event (their story is told in ``recordings/README.md``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sip.bodies import read
from adapters.sip.reports import Kind, ListReport, Report
from adapters.sip.translate import Translator, Versions, Watched
from adapters.sip_messages.message import Request, parse
from monitor import events as ev
from tests.adapters.sip.replay import Model, brief, knows

RECORDINGS = Path(__file__).parent / "recordings"
ANNA, BORIS = "sip:101@127.0.0.1", "sip:102@127.0.0.1"
LIST = "sip:agents@127.0.0.1"
KINDS: dict[str, Kind] = {"dialog": "dialog", "reg": "reg", "presence": "presence"}


def told(name: str) -> Iterator[tuple[Kind, Report]]:
    for path in sorted((RECORDINGS / name).glob("*.sip")):
        message = parse(path.read_bytes())
        if isinstance(message, Request) and message.body:
            assert message.event is not None
            assert message.content_type is not None
            for report in read(message.content_type, message.content_parameters, message.body):
                yield KINDS[message.event[0]], report


def meaning(*names: str) -> list[str]:
    """Return what recordings, one after the other, are told as; legs and calls by a letter each."""
    skipped: list[str] = []
    translator = Translator(
        "sip1", [Watched(ANNA, "101"), Watched(BORIS, "102")], ev.EventIds(1), skipped.append
    )
    versions, model, at = Versions(), Model(), 1_795_435_200.0
    found: list[ev.Event] = []
    for event in translator.snapshot(at):
        model.apply(event)
    for kind, report in (one for name in names for one in told(name)):
        at += 1
        whom = LIST if isinstance(report, ListReport) else getattr(report, "entity", ANNA)
        judged = versions.judge(f"{whom} {kind}", report)
        assert judged == (report, False), "nothing was lost"
        events = translator.report(whom, kind, report, at)
        found += events
        for event in events:
            model.apply(event)
        again = Model()
        for event in translator.snapshot(at):
            again.apply(event)
        assert knows(model) == knows(again)
    assert skipped == []
    texts = [one.replace("@127.0.0.1", "").replace("sip:", "") for one in brief(found)]
    for letter, leg in zip(
        "ab", dict.fromkeys(one.leg for one in found if isinstance(one, ev.LegStarted)), strict=False
    ):
        call = next(one.call for one in found if isinstance(one, ev.LegStarted) and one.leg == leg)
        endpoint, _call, dialog = leg.split(" ", 2)
        for part, short in ((f"{endpoint} {dialog}", letter), (call, f"call-{letter}")):
            texts = [one.replace(part.replace("@127.0.0.1", "").replace("sip:", ""), short) for one in texts]
    return texts


ANNAS_DAY = [
    "EndpointStateChanged 101 idle",
    "EndpointStateChanged 101 ringing",
    "EndpointStateChanged 101 in_use",
    "EndpointStateChanged 101 on_hold",
    "EndpointStateChanged 101 in_use",
    "EndpointStateChanged 101 idle",
    "EndpointStateChanged 101 in_use",
    "EndpointStateChanged 101 on_hold",
    "EndpointStateChanged 101 idle",
]
"""By Asterisk's hints: the call out is seen from its answer on, ``on_hold`` is the other side's doing."""

KAMAILIOS_DAY = [
    "LegStarted a call-a 101 inbound +74951230001",
    "LegRinging a",
    "EndpointStateChanged 101 idle",
    "LegAnswered a",
    "LegEnded a",
    "LegStarted b call-b 101 outbound 102",
    "LegAnswered b",
    "LegEnded b",
]
"""As dialogs. The first NOTIFY, before any call, has no body."""

MEANING = {
    ("asterisk-22/dialog",): ANNAS_DAY,
    ("asterisk-22/presence",): [],  # without the dialogs nothing is known
    ("asterisk-22/dialog", "asterisk-22/presence"): [
        *ANNAS_DAY,
        "EndpointUnreachable 101",
        "EndpointReachable 101",
        "EndpointUnreachable 101",
    ],
    ("kamailio-5.6/dialog",): KAMAILIOS_DAY,
    ("kamailio-5.6/reg",): [],
    ("kamailio-5.6/dialog", "kamailio-5.6/reg"): [*KAMAILIOS_DAY, "EndpointUnreachable 101"],
    ("kamailio-5.6/dialog", "kamailio-5.6/presence"): [*KAMAILIOS_DAY, "EndpointUnreachable 101"],
}


@pytest.mark.parametrize("names", MEANING, ids=" + ".join)
def test_what_a_recording_means(names: tuple[str, ...]) -> None:
    assert meaning(*names) == MEANING[names]


@pytest.mark.parametrize("name", ["asterisk-22/list", "asterisk-22/publish"])
def test_a_list_and_what_is_pushed_tell_the_same_of_anna(name: str) -> None:
    found = meaning(name)
    assert [one for one in found if " 101 " in one] == ANNAS_DAY
    assert [one.split()[-1] for one in found if " 102 " in one] == [
        "idle",
        "ringing",
        "in_use",
        "on_hold",
        "in_use",
        "idle",
    ]
