"""Whatever a PBX says, the translator skips and counts what it cannot use, and stays bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ami.message import Message
from adapters.ami.translate import INTERESTING, agents, bridges, callers, channels, devices, fields, members
from monitor import events as ev
from tests.adapters.ami.replay import Replay, event

KEYS = [
    "queue",
    "interface",
    "membername",
    "stateinterface",
    "membership",
    "penalty",
    "lastcall",
    "lastpause",
    "logintime",
    "incall",
    "status",
    "paused",
    "pausedreason",
    "ringinuse",
    "wrapuptime",
    "channel",
    "channelstate",
    "calleridnum",
    "calleridname",
    "connectedlinenum",
    "connectedlinename",
    "context",
    "exten",
    "priority",
    "uniqueid",
    "linkedid",
    "destchannel",
    "destchannelstate",
    "destuniqueid",
    "destlinkedid",
    "position",
    "count",
    "holdtime",
    "ringtime",
    "talktime",
    "reason",
    "device",
    "state",
    "hint",
    "dialstatus",
    "bridgeuniqueid",
    "bridgetype",
    "swapuniqueid",
    "newname",
    "cause",
    "cause-txt",
    "variable",
    "value",
    "userevent",
    "agent",
    "outcome",
    "amount",
    "timestamp",
    "name",
    "location",
    "application",
    "applicationdata",
    "bridgeid",
    "duration",
    "wait",
    "strategy",
    "servicelevel",
]

VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "1",
            "6",
            "-1",
            "99999999999999999999",
            "1e9",
            "NaN",
            "inf",
            "٣",
            "²",
            "1000.1",
            "1000.2",
            "x" * 5000,
        ]
    ),
    st.sampled_from(
        ["sales", "PJSIP/101", "PJSIP/101-01", "Local/1@a-01;1", "Local/1@a-01;2", "Local/1@a/n", "-", ";"]
    ),
    st.sampled_from(
        ["hint:1@a", "hint:", "Custom:DND1", "Agent:1", "PJSIP/1&Custom:DND1", "basic", "ANSWER", "RINGING"]
    ),
    st.sampled_from(
        ["QUEUESTATUS", "TIMEOUT", "INUSE", "UNAVAILABLE", "OutcomeRecorded", "Queue", "Dial", "00:00:0x"]
    ),
    st.text(max_size=20),
)
NAMES = st.sampled_from(sorted(name.decode() for name in INTERESTING))
ITEMS = st.sampled_from(
    ["QueueParams", "QueueMember", "QueueEntry", "CoreShowChannel", "DeviceStateChange", "ExtensionStatus"]
)
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=30)
MESSAGES = st.builds(lambda name, body: Message(name, {"event": name, **body}), NAMES, BODIES)
LISTS = st.lists(
    st.builds(lambda name, body: Message(name, {"event": name, **body}), ITEMS, BODIES), max_size=6
)
CONFIG = st.dictionaries(st.text(max_size=20), st.text(max_size=20)).map(
    lambda body: [Message("", body, response="Success")]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(MESSAGES, LISTS, CONFIG), max_size=25))
def test_nothing_that_a_pbx_says_raises(story: list[Any]) -> None:
    replay = Replay()
    for one in story:
        if isinstance(one, Message):
            told = replay.translator.translate(one, 1000.0)
        else:
            told = replay.snapshot(queues=one, channels=one, devices=one, hints=one, config=one)
            assert isinstance(told[-1], ev.Snapshot)
        for event_told in told:
            assert ev.decode(ev.encode(event_told)) == event_told
    replay.translator.due(2000.0)
    replay.translator.lost()


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_numbers_are_read_or_refused_but_never_raise(text: str) -> None:
    one = {"x": text}
    for read in (
        fields.whole,
        fields.flag,
        fields.span,
        fields.count,
        fields.party,
        fields.party_name,
        fields.text,
    ):
        read(one, "x")
    fields.decimal(text)
    fields.duration(text)


@pytest.mark.parametrize(
    "text", ["1_000", "٣", "²", " 1", "0x10", "1e5", "nan", "inf", "-", "", "+", "1.2.3"]
)
def test_what_looks_like_a_number_to_python_but_is_none_is_refused(text: str) -> None:
    assert fields.whole({"x": text}, "x") is None
    assert fields.decimal(text) is None


@pytest.mark.parametrize(("text", "number"), [("12", 12.0), ("-3.5", -3.5), ("+1.", 1.0), (".5", 0.5)])
def test_decimal_numbers_are_read(text: str, number: float) -> None:
    assert fields.decimal(text) == number


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:01:40", 100.0), ("120:00:01", 432001.0), ("1:2", None), ("a:b:c", None)]
)
def test_durations_of_long_calls_are_read(text: str, seconds: float | None) -> None:
    assert fields.duration(text) == seconds


def test_a_message_without_what_it_is_about_is_counted() -> None:
    replay = Replay()
    for name in sorted(
        INTERESTING - {b"VarSet", b"UserEvent", b"DialBegin", b"HangupRequest", b"SoftHangupRequest"}
    ):
        assert replay.feed(event(name.decode())) == []
    assert set(replay.skipped) == {"missing_field"}
    replay.skipped.clear()
    assert replay.feed(event("QueueMemberRemoved", Queue="q" * 5000, Interface="PJSIP/1")) == []
    assert replay.skipped == ["oversized_field"]


def test_what_is_only_shown_is_cut() -> None:
    told = Replay().feed(
        event(
            "QueueMemberPause",
            Queue="q",
            Interface="PJSIP/1",
            MemberName="n" * 9999,
            Paused="1",
            PausedReason="r" * 9999,
        )
    )
    assert isinstance(told[0], ev.MemberAdded)
    assert len(told[0].member.name) == len(told[0].member.reason or "") == fields.TEXT_LIMIT


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [
        (channels, "CHANNEL_LIMIT"),
        (members, "MEMBER_LIMIT"),
        (devices, "DEVICE_LIMIT"),
        (callers, "WAITING_LIMIT"),
        (bridges, "BRIDGE_LIMIT"),
        (agents, "CALLS_LIMIT"),
    ]
    for module, name in limits:
        monkeypatch.setattr(module, name, 5)
    replay = Replay()
    for number in range(50):
        leg, name = f"1000.{number}", f"PJSIP/{number}"
        on_channel = {"Channel": f"{name}-1", "Uniqueid": leg, "Linkedid": leg, "ChannelState": "4"}
        replay.feed(event("Newchannel", **on_channel))
        replay.feed(event("QueueCallerJoin", **on_channel, Queue="q"))
        replay.feed(event("BridgeEnter", **on_channel, BridgeUniqueid=leg, BridgeType="basic"))
        replay.feed(event("QueueMemberAdded", Queue="q", Interface=name, Status="1"))
        replay.feed(event("DeviceStateChange", Device=f"SIP/{number}", State="INUSE"))
        replay.feed(event("ExtensionStatus", Exten=leg, Context="c", Hint=name))
        replay.feed(event("AgentConnect", **on_channel, Queue="q", Interface="PJSIP/1", DestUniqueid=leg))
        replay.feed(event("Hangup", **{**on_channel, "Uniqueid": f"2000.{number}"}))
    parts = vars(replay.translator).values()
    held = [
        value
        for part in parts
        if hasattr(part, "__dict__")
        for value in vars(part).values()
        if isinstance(value, dict)
    ]
    assert held
    assert [len(value) for value in held if len(value) > 40] == []
    assert {"channel_limit", "member_limit", "device_limit", "hint_limit"} <= set(replay.skipped)
