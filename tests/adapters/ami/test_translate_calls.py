"""Callers, agents and legs: what is hard to make a real PBX do on demand."""

from __future__ import annotations

import pytest

from adapters.ami.message import Message
from adapters.ami.translate.bridges import older
from adapters.ami.translate.callers import SETTLE
from monitor import events as ev
from monitor.events import names
from tests.adapters.ami.replay import Replay, event

CALLER = "1000.1"
PLACE = {"Context": "in", "Exten": "800", "Priority": "2"}


def on_channel(name: str, uniqueid: str, channel: str = "PJSIP/trunk-01", **fields: str) -> Message:
    told = {
        "Channel": channel,
        "ChannelState": "6",
        "CallerIDNum": "+74951230001",
        "CallerIDName": "O\\'Brien",
    }
    told |= {"ConnectedLineNum": "<unknown>", "ConnectedLineName": "<unknown>"}
    return event(name, **{**told, **PLACE, "Uniqueid": uniqueid, "Linkedid": CALLER, **fields})


def in_queue(name: str, uniqueid: str = CALLER, **fields: str) -> Message:
    return on_channel(name, uniqueid, **{"Queue": "sales", "Position": "1", "Count": "0", **fields})


def with_agent(name: str, uniqueid: str = CALLER, leg: str = "1000.2", **fields: str) -> Message:
    agent = {"Interface": "PJSIP/101", "MemberName": "Anna", "Queue": "sales"}
    dest = {
        "DestChannel": "PJSIP/101-02",
        "DestChannelState": "0",
        "DestUniqueid": leg,
        "DestLinkedid": CALLER,
    }
    return on_channel(name, uniqueid, **{**agent, **dest, **fields})


def outcomes(events: list[ev.Event]) -> list[str]:
    return [one.outcome for one in events if isinstance(one, ev.CallerLeft)]


@pytest.fixture
def replay() -> Replay:
    return Replay()


@pytest.fixture
def waiting(replay: Replay) -> Replay:
    """One caller waits in sales."""
    replay.feed(in_queue("QueueCallerJoin"))
    return replay


# --- why callers leave -------------------------------------------------------------------------------------


def test_the_caller_is_told_with_number_and_name_as_people_write_it(replay: Replay) -> None:
    (joined,) = [one for one in replay.feed(in_queue("QueueCallerJoin")) if isinstance(one, ev.CallerJoined)]
    assert (joined.caller.party, joined.caller.party_name, joined.caller.position) == (
        "+74951230001",
        "O'Brien",
        1,
    )
    assert (joined.caller.call, joined.caller.linked) == (CALLER, CALLER)


@pytest.mark.parametrize(
    ("before", "place", "outcome"),
    [
        (["HangupRequest", "QueueCallerAbandon"], PLACE, "abandoned"),
        (["SoftHangupRequest", "QueueCallerAbandon"], PLACE, "abandoned"),
        (["QueueCallerAbandon"], PLACE, "timed_out"),
        (["QueueCallerAbandon", "HangupRequest"], PLACE, "timed_out"),
        (["QueueCallerAbandon"], {"Context": "elsewhere"}, "transferred"),
        (["QueueCallerAbandon"], {"Priority": "7"}, "transferred"),
        (["DialEnd", "QueueCallerAbandon", "QueueCallerAbandon"], PLACE, "closed"),
        (["DialEnd", "HangupRequest", "QueueCallerAbandon"], PLACE, "abandoned"),
        (["DialEnd", "AgentDump", "QueueCallerAbandon"], PLACE, "timed_out"),
        (["DialEnd"], PLACE, "answered"),
        ([], PLACE, "answered"),
        (["DialEnd", "HangupRequest"], PLACE, "answered"),
        ([], {"Exten": "5", "Context": "exits"}, "exited_by_key"),
        (["HangupRequest"], {"Exten": "5", "Context": "exits"}, "exited_by_key"),
    ],
)
def test_why_a_caller_left_is_read_from_what_came_before(
    waiting: Replay, before: list[str], place: dict[str, str], outcome: str
) -> None:
    for name in before:
        answer = {"DialStatus": "ANSWER"} if name == "DialEnd" else {}
        waiting.feed(with_agent(name, **{"Position": "1", **PLACE, **place, **answer}))
    told = waiting.feed(in_queue("QueueCallerLeave", **{**PLACE, **place}))
    assert outcomes(told + waiting.translator.due(waiting.at + SETTLE)) == [outcome]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("TIMEOUT", "timed_out"), ("LEAVEEMPTY", "left_empty"), ("WITHDRAW", "transferred")],
)
def test_where_variables_are_told_the_outcome_waits_for_them(
    waiting: Replay, status: str, outcome: str
) -> None:
    waiting.feed(on_channel("VarSet", CALLER, Variable="ABANDONED", Value="TRUE"))
    waiting.feed(in_queue("QueueCallerAbandon"))
    assert waiting.feed(in_queue("QueueCallerLeave")) == []
    assert outcomes(waiting.feed(on_channel("VarSet", CALLER, Variable="QUEUESTATUS", Value=status))) == [
        outcome
    ]
    assert waiting.feed(on_channel("Hangup", CALLER)) == []


@pytest.mark.parametrize(
    ("place", "outcome"),
    [(PLACE, "abandoned"), ({"Priority": "3"}, "timed_out"), ({"Exten": "h"}, "timed_out")],
    ids=["hung-up-by-a-manager", "sent-on", "sent-elsewhere"],
)
def test_where_a_caller_who_just_left_is_hung_up_tells_whether_the_dialplan_went_on(
    waiting: Replay, place: dict[str, str], outcome: str
) -> None:
    waiting.feed(in_queue("QueueCallerAbandon"))
    assert waiting.feed(in_queue("QueueCallerLeave")) == []
    assert outcomes(waiting.feed(on_channel("SoftHangupRequest", CALLER, **place))) == [outcome]
    assert waiting.feed(on_channel("Hangup", CALLER)) == []


def test_a_caller_who_left_is_held_back_for_a_moment_only_and_told_with_the_time_of_leaving(
    waiting: Replay,
) -> None:
    waiting.feed(in_queue("QueueCallerAbandon", Timestamp="20"))
    assert waiting.feed(in_queue("QueueCallerLeave", Timestamp="20")) == []
    assert waiting.translator.next_due() == 20 + SETTLE
    assert waiting.translator.due(20 + SETTLE / 2) == []
    told = waiting.feed(event("QueueMemberStatus", Timestamp="21"))
    assert outcomes(told) == ["timed_out"]
    assert [one.at for one in told] == [20]
    assert waiting.translator.next_due() is None


@pytest.mark.parametrize("following", ["Hangup", "QueueCallerJoin"])
def test_a_guess_is_told_when_nothing_better_came(waiting: Replay, following: str) -> None:
    waiting.feed(in_queue("QueueCallerAbandon"))
    waiting.feed(in_queue("QueueCallerLeave"))
    assert outcomes(waiting.feed(in_queue(following))) == ["timed_out"]


def test_a_status_after_an_answered_call_changes_nothing(waiting: Replay) -> None:
    waiting.feed(in_queue("QueueCallerLeave"))
    assert waiting.feed(on_channel("VarSet", CALLER, Variable="QUEUESTATUS", Value="CONTINUE")) == []
    assert waiting.feed(on_channel("VarSet", CALLER, Variable="QUEUESTATUS", Value="TIMEOUT")) == []


def test_an_answer_corrects_any_guess(waiting: Replay) -> None:
    assert outcomes(waiting.feed(in_queue("QueueCallerLeave", Exten="9"))) == ["exited_by_key"]
    told = waiting.feed(with_agent("AgentConnect"))
    assert names(told) == ["CallerLeft", "AgentAnswered"]
    assert outcomes(told) == ["answered"]


def test_an_attended_transfer_into_a_queue_gives_the_caller_another_channel(waiting: Replay) -> None:
    """SIP REFER with Replaces: the waiting channel ends, an unknown one is called, answered and leaves instead."""
    assert waiting.feed(on_channel("Hangup", CALLER)) == []
    offered = waiting.feed(with_agent("AgentCalled", "1000.9"))
    assert [one.call for one in offered if isinstance(one, ev.AgentOffered)] == [CALLER]
    left = waiting.feed(in_queue("QueueCallerLeave", "1000.9", channel="Local/800@in-03;2"))
    assert [(one.call, one.outcome) for one in left if isinstance(one, ev.CallerLeft)] == [
        (CALLER, "answered")
    ]
    answered = waiting.feed(with_agent("AgentConnect", "1000.9"))
    assert [one.call for one in answered if isinstance(one, ev.AgentAnswered)] == [CALLER]
    done = waiting.feed(with_agent("AgentComplete", "1000.9", Reason="caller"))
    assert [one.call for one in done if isinstance(one, ev.AgentCompleted)] == [CALLER]


def test_the_other_channel_is_known_in_lists_too(waiting: Replay) -> None:
    waiting.feed(on_channel("Hangup", CALLER))
    entry = event(
        "QueueEntry", Queue="sales", Position="1", Uniqueid="1000.9", Channel="Local/8@in-3;2", Wait="7"
    )
    snapshot = waiting.snapshot(queues=[entry], taken_at=5.0)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert [one.call for one in snapshot.callers] == [CALLER]


def test_a_stranger_leaving_does_not_take_somebody_elses_place(waiting: Replay) -> None:
    told = waiting.feed(in_queue("QueueCallerLeave", "1000.9"))
    assert [(one.call, one.outcome) for one in told if isinstance(one, ev.CallerLeft)] == [
        ("1000.9", "unknown")
    ]
    assert outcomes(waiting.feed(in_queue("QueueCallerLeave"))) == ["answered"]


def test_a_local_caller_that_is_optimised_away_stays_the_same_caller(replay: Replay) -> None:
    replay.feed(in_queue("QueueCallerJoin", channel="Local/800@in-03;2"))
    replay.feed(in_queue("QueueCallerLeave", channel="Local/800@in-03;2"))
    replay.feed(with_agent("AgentConnect"))
    swap = {"BridgeUniqueid": "b", "BridgeType": "basic", "SwapUniqueid": CALLER}
    replay.feed(on_channel("BridgeEnter", "1000.9", **swap))
    replay.feed(on_channel("Hangup", CALLER))
    done = replay.feed(with_agent("AgentComplete", "1000.9", Reason="caller"))
    assert [(one.call, one.reason) for one in done if isinstance(one, ev.AgentCompleted)] == [
        (CALLER, "caller")
    ]


# --- agents ------------------------------------------------------------------------------------------------


def test_ring_time_is_milliseconds_when_missed_and_seconds_when_answered(waiting: Replay) -> None:
    (missed,) = waiting.feed(with_agent("AgentRingNoAnswer", RingTime="8500"))
    assert isinstance(missed, ev.AgentMissed)
    assert missed.ring_seconds == 8.5
    answered = waiting.feed(with_agent("AgentConnect", RingTime="8", HoldTime="9"))[-1]
    assert isinstance(answered, ev.AgentAnswered)
    assert (answered.ring_time, answered.hold_time) == (8.0, 9.0)


def test_a_completion_without_channels_is_that_of_the_only_call(waiting: Replay) -> None:
    waiting.feed(with_agent("AgentConnect"))
    bare = event(
        "AgentComplete", Queue="sales", Interface="PJSIP/101", MemberName="Anna", TalkTime="5", Reason="agent"
    )
    (done,) = waiting.feed(bare)
    assert isinstance(done, ev.AgentCompleted)
    assert (done.call, done.leg, done.reason, done.talk_time) == (CALLER, "1000.2", "agent", 5.0)
    assert waiting.feed(bare) == []
    assert waiting.skipped == ["unknown_call"]


def test_a_completion_of_another_leg_is_joined_by_the_caller(waiting: Replay) -> None:
    waiting.feed(with_agent("AgentConnect"))
    (done,) = waiting.feed(with_agent("AgentComplete", leg="1000.77", Reason="transfer"))
    assert isinstance(done, ev.AgentCompleted)
    assert (done.call, done.leg, done.reason) == (CALLER, "1000.2", "transfer")


def test_the_wrap_up_counts_from_the_second_in_which_the_device_became_idle() -> None:
    """After a Redirect the device is idle (LastCall is set) long before AgentComplete, which leaves it as it is."""
    replay = Replay(offset=100.0)
    status = {"Queue": "sales", "Interface": "PJSIP/101", "StateInterface": "PJSIP/101", "Status": "1"}
    replay.feed(event("QueueMemberStatus", **status, LastCall="0"))
    replay.feed(in_queue("QueueCallerJoin"))
    replay.feed(with_agent("AgentConnect"))
    replay.feed(event("QueueMemberStatus", **status, LastCall="50"))
    done = replay.feed(with_agent("AgentComplete", Timestamp="61.700000"))[-1]
    assert isinstance(done, ev.AgentCompleted)
    assert done.last_call == 150.0
    replay.feed(with_agent("AgentConnect"))
    done = replay.feed(with_agent("AgentComplete", Timestamp="72.900000"))[-1]
    assert isinstance(done, ev.AgentCompleted)
    assert done.last_call == 172.0
    assert replay.feed(event("QueueMemberStatus", **status, LastCall="72")) == []


# --- legs --------------------------------------------------------------------------------------------------


def new(uniqueid: str, channel: str, state: str = "0", **fields: str) -> Message:
    return on_channel("Newchannel", uniqueid, channel, ChannelState=state, **fields)


def state(uniqueid: str, channel: str, number: str, **fields: str) -> Message:
    return on_channel("Newstate", uniqueid, channel, ChannelState=number, **fields)


def dial(name: str, uniqueid: str, dest: str, status: str = "", **fields: str) -> Message:
    return on_channel(name, uniqueid, "PJSIP/101-01", DestUniqueid=dest, DialStatus=status, **fields)


def test_direction_is_who_began_the_channel(replay: Replay) -> None:
    started = [
        *replay.feed(new("1000.2", "PJSIP/101-02", "0")),
        *replay.feed(new("1000.3", "PJSIP/102-03", "4", Linkedid="1000.3")),
        *replay.feed(new("1000.4", "PJSIP/103-04", "0", Linkedid="1000.4", Exten="s")),
    ]
    assert [(one.direction, one.party) for one in started if isinstance(one, ev.LegStarted)] == [
        ("inbound", None),
        ("outbound", "800"),
        ("outbound", None),
    ]


@pytest.mark.parametrize(
    "channel", ["Local/800@in-01;2", "Local/800@in-01;1", "Surrogate/x-1", "CBAnn/1-2", "AsyncGoto/P-1"]
)
def test_machinery_has_no_legs(replay: Replay, channel: str) -> None:
    assert replay.feed(new("1000.2", channel)) == []
    assert replay.feed(state("1000.2", channel, "6")) == []
    assert replay.feed(on_channel("Hangup", "1000.2", channel)) == []


def test_a_local_half_that_the_queue_rings_is_a_leg_from_then_on(waiting: Replay) -> None:
    half = {"DestChannel": "Local/9@x-03;1", "DestChannelState": "0"}
    assert waiting.feed(new("1000.2", "Local/9@x-03;1")) == []
    assert waiting.feed(state("1000.2", "Local/9@x-03;1", "5")) == []
    told = waiting.feed(with_agent("AgentCalled", **half))
    assert names(told) == ["LegStarted", "LegRinging", "LegChanged", "AgentOffered"]
    assert [one.endpoint for one in told if isinstance(one, ev.LegStarted)] == ["Local/9@x"]
    assert names(waiting.feed(state("1000.2", "Local/9@x-03;1", "6"))) == ["LegAnswered"]


def test_a_phone_that_plays_ringing_itself_rings(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02"))
    assert names(replay.feed(dial("DialState", CALLER, "1000.2", "PROGRESS"))) == ["LegRinging"]
    assert replay.feed(dial("DialState", CALLER, "1000.2", "RINGING")) == []


def test_an_inbound_leg_is_answered_once(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02"))
    assert names(replay.feed(dial("DialEnd", CALLER, "1000.2", "ANSWER"))) == ["LegAnswered"]
    assert replay.feed(state("1000.2", "PJSIP/101-02", "6")) == []
    assert replay.feed(dial("DialEnd", CALLER, "1000.2", "CANCEL")) == []


def test_an_outbound_leg_is_answered_when_the_far_side_is(replay: Replay) -> None:
    replay.at = 10.0
    replay.feed(new(CALLER, "PJSIP/101-01", "4"))
    assert replay.feed(state(CALLER, "PJSIP/101-01", "6")) == []
    assert replay.translator.next_due() == 11.0
    replay.feed(dial("DialBegin", CALLER, "1000.2"))
    assert replay.translator.next_due() is None
    replay.at = 20.0
    assert replay.feed(dial("DialEnd", CALLER, "1000.2", "BUSY")) == []
    replay.feed(dial("DialBegin", CALLER, "1000.3"))
    replay.at = 30.0
    assert names(replay.feed(dial("DialEnd", CALLER, "1000.3", "ANSWER"))) == ["LegAnswered"]


def test_an_announcement_is_an_answer_after_a_moment_even_if_nothing_happens(replay: Replay) -> None:
    replay.at = 10.0
    replay.feed(new(CALLER, "PJSIP/101-01", "4"))
    replay.feed(state(CALLER, "PJSIP/101-01", "6"))
    assert replay.translator.due(10.9) == []
    (answered,) = replay.translator.due(15.0)
    assert isinstance(answered, ev.LegAnswered)
    assert answered.at == 11.0
    assert replay.translator.due(16.0) == []


def test_whoever_hangs_up_while_held_back_is_not_answered_later(replay: Replay) -> None:
    replay.at = 10.0
    replay.feed(new(CALLER, "PJSIP/101-01", "4"))
    replay.feed(state(CALLER, "PJSIP/101-01", "6"))
    assert names(replay.feed(on_channel("Hangup", CALLER, "PJSIP/101-01"))) == ["LegEnded"]
    assert replay.translator.next_due() is None
    assert replay.translator.due(99.0) == []


def test_calls_that_meet_in_a_bridge_become_the_older_one(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02", "4", Linkedid="1000.2"))
    bridge = {"BridgeUniqueid": "b", "BridgeType": "basic"}
    replay.feed(on_channel("BridgeEnter", "1000.2", "PJSIP/101-02", Linkedid="1000.2", **bridge))
    told = replay.feed(on_channel("BridgeEnter", "1000.10", "Local/8@in-01;2", Linkedid=CALLER, **bridge))
    assert [(one.leg, one.call) for one in told if isinstance(one, ev.LegChanged)] == [("1000.2", CALLER)]


def test_calls_that_meet_in_a_parking_lot_stay_apart(replay: Replay) -> None:
    lot = {"BridgeUniqueid": "lot", "BridgeType": "holding"}
    for uniqueid in ("1000.2", "1000.3"):
        replay.feed(new(uniqueid, f"PJSIP/{uniqueid}-02", "4", Linkedid=uniqueid))
        told = replay.feed(
            on_channel("BridgeEnter", uniqueid, f"PJSIP/{uniqueid}-02", Linkedid=uniqueid, **lot)
        )
        assert not [one for one in told if isinstance(one, ev.LegChanged)]


@pytest.mark.parametrize(
    ("call", "other", "expected"),
    [
        ("1000.9", "1000.10", "1000.9"),
        ("1000.10", "1000.9", "1000.9"),
        ("999.50", "1000.1", "999.50"),
        ("pbx1-1000.9", "pbx1-1000.2", "pbx1-1000.2"),
        ("what", "ever", "what"),
    ],
)
def test_which_of_two_calls_is_older(call: str, other: str, expected: str) -> None:
    assert older(call, other) == expected


def test_a_party_is_told_when_it_changes_and_never_unlearned(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02"))
    line = {"ConnectedLineNum": "+7", "ConnectedLineName": 'M\\"ller \\\\ Co'}
    told = replay.feed(on_channel("NewConnectedLine", "1000.2", "PJSIP/101-02", **line))
    assert [(one.party, one.party_name) for one in told if isinstance(one, ev.LegChanged)] == [
        ("+7", 'M"ller \\ Co')
    ]
    assert replay.feed(on_channel("NewConnectedLine", "1000.2", "PJSIP/101-02", **line)) == []
    assert replay.feed(on_channel("NewConnectedLine", "1000.2", "PJSIP/101-02")) == []


def test_a_renamed_channel_on_another_device_changes_its_endpoint(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02"))
    same = event("Rename", Channel="PJSIP/101-02", Newname="PJSIP/101-02<MASQ>", Uniqueid="1000.2")
    assert replay.feed(same) == []
    other = event("Rename", Channel="PJSIP/101-02", Newname="PJSIP/105-09", Uniqueid="1000.2")
    told = replay.feed(other)
    assert [one.endpoint for one in told if isinstance(one, ev.LegChanged)] == ["PJSIP/105"]


def test_voice_is_told_of_legs_only(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02"))
    assert names(replay.feed(on_channel("ChannelTalkingStart", "1000.2"))) == ["TalkingStarted"]
    assert names(replay.feed(on_channel("ChannelTalkingStop", "1000.2"))) == ["TalkingStopped"]
    assert replay.feed(on_channel("ChannelTalkingStart", "1000.99")) == []


def test_an_unhold_without_a_hold_is_nothing(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02"))
    assert replay.feed(on_channel("Unhold", "1000.2")) == []
    assert names(replay.feed(on_channel("Hold", "1000.2"))) == ["LegHeld"]
    assert replay.feed(on_channel("Hold", "1000.2")) == []
    assert names(replay.feed(on_channel("Unhold", "1000.2"))) == ["LegResumed"]


def test_what_asterisk_says_of_a_channel_after_its_end_does_not_bring_it_back(replay: Replay) -> None:
    replay.feed(new("1000.2", "PJSIP/101-02"))
    replay.feed(on_channel("Hangup", "1000.2", "PJSIP/101-02"))
    for name in ("NewConnectedLine", "Newstate", "Hangup"):
        assert replay.feed(on_channel(name, "1000.2", "PJSIP/101-02")) == []
    assert replay.feed(dial("DialEnd", CALLER, "1000.2", "CANCEL")) == []


def test_a_leg_that_began_unseen_is_told_at_the_first_sign_of_life(replay: Replay) -> None:
    told = replay.feed(state("1000.2", "PJSIP/101-02", "6"))
    assert names(told) == ["LegStarted", "LegAnswered"]


# --- snapshots ---------------------------------------------------------------------------------------------


def shown(uniqueid: str, channel: str, bridge: str = "", application: str = "", **fields: str) -> Message:
    told = {"Application": application, "ApplicationData": "", "BridgeId": bridge, "Duration": "00:01:40"}
    return on_channel("CoreShowChannel", uniqueid, channel, **told | fields)


def take(replay: Replay, channels: list[Message], taken_at: float = 500.0, **members: str) -> ev.Snapshot:
    row = {"Queue": "sales", "Name": "Anna", "Location": "PJSIP/101", "Status": "2", "InCall": "1", **members}
    queues = [event("QueueParams", Queue="sales"), event("QueueMember", **row)]
    snapshot = replay.snapshot(queues=queues, channels=channels, taken_at=taken_at)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    return snapshot


def test_a_leg_serves_the_caller_that_shares_its_bridge(replay: Replay) -> None:
    snapshot = take(
        replay,
        [
            shown(CALLER, "PJSIP/trunk-01", "b", "Queue", ApplicationData="sales,tT,,,30"),
            shown("1000.2", "PJSIP/101-02", "b", "AppQueue"),
        ],
    )
    leg = next(one for one in snapshot.legs or () if one.leg == "1000.2")
    assert (leg.queue, leg.queue_call, leg.state, leg.direction) == ("sales", CALLER, "answered", "inbound")
    assert (leg.started_at, leg.answered_at) == (400.0, None)
    done = replay.feed(with_agent("AgentComplete", Reason="agent"))
    assert [one.call for one in done if isinstance(one, ev.AgentCompleted)] == [CALLER]
    assert names(replay.feed(on_channel("Hangup", "1000.2", "PJSIP/101-02"))) == ["LegEnded"]


def test_a_transferred_caller_still_runs_queue_but_nobody_serves_it(replay: Replay) -> None:
    snapshot = take(
        replay,
        [
            shown(CALLER, "PJSIP/trunk-01", "b", "Queue", ApplicationData="sales,tT,,,30"),
            shown("1000.2", "PJSIP/101-02", "b", "AppDial"),
        ],
        InCall="0",
    )
    assert [one.queue for one in snapshot.legs or ()] == [None, None]


def test_the_phone_behind_a_local_pair_serves_the_caller(replay: Replay) -> None:
    snapshot = take(
        replay,
        [
            shown("1000.3", "PJSIP/101-02", "b2", "AppDial"),
            shown("1000.4", "Local/101@x-05;2", "b2", "Dial"),
            shown("1000.5", "Local/101@x-05;1", "b1", "AppQueue"),
            shown(CALLER, "PJSIP/trunk-01", "b1", "Queue", ApplicationData="sales"),
        ],
        Location="Local/101@x/n",
        StateInterface="PJSIP/101",
    )
    served = {one.leg: one.queue_call for one in snapshot.legs or ()}
    assert served == {"1000.3": CALLER, "1000.5": CALLER, CALLER: None}
    assert names(replay.feed(on_channel("Hangup", "1000.3", "PJSIP/101-02"))) == ["LegEnded", "LegEnded"]


def test_a_leg_that_ended_since_the_list_was_asked_for_is_not_told_again(replay: Replay) -> None:
    replay.at = 501.0
    replay.feed(new("1000.2", "PJSIP/101-02"))
    replay.feed(on_channel("Hangup", "1000.2", "PJSIP/101-02"))
    assert take(replay, [shown("1000.2", "PJSIP/101-02")]).legs == ()
    assert take(replay, [shown("1000.2", "PJSIP/101-02")], taken_at=502.0).legs == ()
    assert len(take(replay, [shown("1000.2", "PJSIP/101-02")], taken_at=504.0).legs or ()) == 1


def test_what_an_event_told_just_before_a_comparing_list_is_newer_than_the_list(replay: Replay) -> None:
    """The clocks are compared through a link: the event may have come after the list."""
    replay.at = 501.0
    take(replay, [])
    replay.at = 520.0
    replay.feed(new("1000.2", "PJSIP/101-02"))
    replay.feed(on_channel("Newstate", "1000.2", "PJSIP/101-02", ChannelState="5"))
    take(replay, [shown("1000.2", "PJSIP/101-02", ChannelState="0")], taken_at=520.4)
    replay.at = 521.0
    told = replay.feed(on_channel("Newstate", "1000.2", "PJSIP/101-02", ChannelState="5"))
    assert told == []  # it rings already, and that was told
    told = replay.feed(on_channel("Newstate", "1000.2", "PJSIP/101-02", ChannelState="6"))
    assert names(told) == ["LegAnswered"]


def test_a_leg_that_began_since_the_list_was_asked_for_stays_known(replay: Replay) -> None:
    replay.at = 501.0
    replay.feed(new("1000.2", "PJSIP/101-02"))
    assert take(replay, []).legs == ()
    assert names(replay.feed(on_channel("Hangup", "1000.2", "PJSIP/101-02"))) == ["LegEnded"]


def test_a_leg_that_the_list_has_no_more_is_forgotten(replay: Replay) -> None:
    replay.at = 100.0
    replay.feed(new("1000.2", "PJSIP/101-02"))
    take(replay, [])
    assert replay.feed(on_channel("Hangup", "1000.2", "PJSIP/101-02")) == []


def test_what_happened_since_the_list_was_asked_for_is_newer(replay: Replay) -> None:
    replay.at = 501.0
    replay.feed(new("1000.2", "PJSIP/101-02"))
    replay.feed(state("1000.2", "PJSIP/101-02", "6"))
    snapshot = take(replay, [shown("1000.2", "PJSIP/101-02", ChannelState="5")])
    assert [one.state for one in snapshot.legs or ()] == ["answered"]


def test_a_dialling_leg_seen_only_in_a_list_is_answered_when_the_far_side_is(replay: Replay) -> None:
    leg = shown(CALLER, "PJSIP/101-01", "", "Dial")
    assert [one.state for one in take(replay, [leg]).legs or ()] == ["dialing"]
    assert names(replay.feed(dial("DialEnd", CALLER, "1000.2", "ANSWER"))) == ["LegAnswered"]
    assert [one.state for one in take(replay, [leg], taken_at=600.0).legs or ()] == ["answered"]


def test_who_waits_keeps_the_exact_time_and_who_left_is_not_told_again(waiting: Replay) -> None:
    waiting.at = 20.0
    waiting.feed(in_queue("QueueCallerJoin", "1000.5", Position="2"))
    entries = [
        event(
            "QueueEntry",
            Queue="sales",
            Position=str(position),
            Uniqueid=uniqueid,
            Wait="7",
            CallerIDNum="unknown",
        )
        for position, uniqueid in ((1, CALLER), (2, "1000.5"), (3, "1000.6"))
    ]
    snapshot = waiting.snapshot(queues=entries, taken_at=30.0)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert [(one.call, one.joined_at, one.position) for one in snapshot.callers] == [
        (CALLER, 0.0, 1),
        ("1000.5", 20.0, 2),
        ("1000.6", 23.0, 3),
    ]
    assert snapshot.callers[2].party is None
    waiting.at = 41.0
    waiting.feed(in_queue("QueueCallerLeave", "1000.5"))
    again = waiting.snapshot(queues=entries, taken_at=40.0)[-1]
    assert isinstance(again, ev.Snapshot)
    assert [one.call for one in again.callers] == [CALLER, "1000.6"]


def test_who_went_on_to_another_queue_since_the_list_was_asked_for_waits_there(waiting: Replay) -> None:
    entry = event("QueueEntry", Queue="sales", Position="1", Uniqueid=CALLER, Wait="40")
    waiting.at = 41.0
    waiting.feed(in_queue("QueueCallerLeave"))
    waiting.feed(in_queue("QueueCallerJoin", Queue="support"))
    snapshot = waiting.snapshot(queues=[entry], taken_at=40.0)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert snapshot.callers == ()
    assert outcomes(waiting.feed(in_queue("QueueCallerLeave", Queue="support"))) == ["answered"]


def test_a_list_tells_of_a_move_that_we_did_not_see(waiting: Replay) -> None:
    entry = event("QueueEntry", Queue="support", Position="1", Uniqueid=CALLER, Wait="5")
    snapshot = waiting.snapshot(queues=[entry], taken_at=40.0)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert [(one.queue, one.joined_at) for one in snapshot.callers] == [("support", 35.0)]


def test_a_caller_known_from_lists_alone_may_have_pressed_a_key_or_been_answered(replay: Replay) -> None:
    entry = event(
        "QueueEntry", Queue="sales", Position="1", Uniqueid=CALLER, Channel="PJSIP/trunk-01", Wait="7"
    )
    replay.snapshot(queues=[entry], taken_at=5.0)
    assert outcomes(replay.feed(in_queue("QueueCallerLeave"))) == []
    assert outcomes(replay.feed(with_agent("AgentConnect"))) == ["answered"]
    replay.snapshot(queues=[entry], taken_at=6.0)
    assert outcomes(replay.feed(in_queue("QueueCallerLeave"))) == []
    assert outcomes(replay.feed(on_channel("Hangup", CALLER))) == ["exited_by_key"]


def test_a_list_of_channels_tells_where_a_waiting_caller_is(replay: Replay) -> None:
    entry = event(
        "QueueEntry", Queue="sales", Position="1", Uniqueid=CALLER, Channel="PJSIP/trunk-01", Wait="7"
    )
    shown_waiting = shown(CALLER, "PJSIP/trunk-01", "", "Queue", ApplicationData="sales")
    replay.snapshot(queues=[entry], channels=[shown_waiting], taken_at=5.0)
    assert outcomes(replay.feed(in_queue("QueueCallerLeave", Exten="5"))) == ["exited_by_key"]


def test_without_permission_to_see_channels_nothing_is_claimed_of_legs(replay: Replay) -> None:
    snapshot = replay.snapshot(queues=None)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert (snapshot.legs, snapshot.complete_endpoints, snapshot.members) == (None, False, ())
