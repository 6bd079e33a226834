"""Members and devices: who stands for whom, and which witness is believed."""

from __future__ import annotations

import pytest

from adapters.ami.message import Message
from adapters.ami.translate import INTERESTING
from adapters.ami.translate.names import channel_device, hint_devices, interface_device, is_phone
from monitor import events as ev
from monitor.events import names
from tests.adapters.ami.replay import Replay, event

OFFSET = 100.0


def member(interface: str, name: str = "QueueMemberStatus", **fields: str) -> Message:
    told = {"Queue": "sales", "MemberName": "Anna", "Interface": interface, "StateInterface": interface}
    told |= {"Membership": "static", "Penalty": "0", "LastCall": "0", "LastPause": "0", "LoginTime": "50"}
    told |= {
        "InCall": "0",
        "Status": "1",
        "Paused": "0",
        "PausedReason": "",
        "Ringinuse": "1",
        "Wrapuptime": "0",
    }
    return event(name, **told | fields)


def listed(interface: str, **fields: str) -> Message:
    told = {
        "Queue": "sales",
        "Name": "Anna",
        "Location": interface,
        "StateInterface": interface,
        "Status": "1",
    }
    told |= {"Membership": "static", "Penalty": "0", "LastCall": "0", "LastPause": "0", "Paused": "0"}
    return event("QueueMember", **told | fields)


def device(name: str, state: str) -> Message:
    return event("DeviceStateChange", Device=name, State=state)


def hint(extension: str, devices: str, context: str = "ext-local") -> Message:
    return event(
        "ExtensionStatus", Exten=extension, Context=context, Hint=devices, Status="0", StatusText="Idle"
    )


@pytest.fixture
def replay() -> Replay:
    return Replay(OFFSET)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PJSIP/101-0000002f", "PJSIP/101"),
        ("PJSIP/my-trunk-0000002f", "PJSIP/my-trunk"),
        ("Local/2001@agents-00000004;1", "Local/2001@agents"),
        ("PJSIP/101-0000002f<ZOMBIE>", "PJSIP/101"),
        ("DAHDI/1-1", "DAHDI/1"),
        ("Local/broken;1", "Local/broken"),
        ("", ""),
    ],
)
def test_the_device_of_a_channel(name: str, expected: str) -> None:
    assert channel_device(name) == expected


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        ("PJSIP/101", "PJSIP/101"),
        ("Local/1001@from-queue/n", "Local/1001@from-queue"),
        ("local/1001@from-queue/n", "Local/1001@from-queue"),
        ("Local/1001@from-queue", "Local/1001@from-queue"),
        ("PJSIP/101/sip:101@host", "PJSIP/101"),
        ("SIP/x@101", "SIP/101"),
        ("Agent/1001", "Agent/1001"),
        ("Agent:1001", "Agent:1001"),
        ("DAHDI/g1/5551", "DAHDI/g1/5551"),
    ],
)
def test_the_device_that_an_interface_rings(interface: str, expected: str) -> None:
    assert interface_device(interface) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PJSIP/101", True),
        ("Agent/1", True),
        ("Local/1@a", False),
        ("Custom:x", False),
        ("Queue:q_pause_PJSIP/1", False),
    ],
)
def test_what_can_have_legs_of_its_own(name: str, expected: bool) -> None:
    assert is_phone(name) is expected


def test_a_hint_names_devices_before_the_comma() -> None:
    assert hint_devices("PJSIP/1001&Custom:DND1001,CustomPresence:1001") == ("PJSIP/1001", "Custom:DND1001")


def test_a_member_that_came_by_a_reload_is_noticed_at_its_first_event(replay: Replay) -> None:
    told = replay.feed(member("PJSIP/101", Paused="1", PausedReason="Обед", LastPause="60", Wrapuptime="15"))
    added = told[0]
    assert isinstance(added, ev.MemberAdded)
    facts = added.member
    assert (facts.name, facts.endpoint, facts.paused, facts.reason) == ("Anna", "PJSIP/101", True, "Обед")
    assert (facts.paused_since, facts.logged_in_since, facts.wrap_up) == (60 + OFFSET, 50 + OFFSET, 15.0)
    assert facts.last_call is None
    assert (
        replay.feed(member("PJSIP/101", Paused="1", PausedReason="Обед", LastPause="60", Wrapuptime="15"))
        == []
    )


def test_what_changed_is_told_whichever_event_brings_it(replay: Replay) -> None:
    replay.feed(member("PJSIP/101", LastCall="70"))
    told = replay.feed(
        member("PJSIP/101", LastCall="0", Penalty="3", Ringinuse="0", Wrapuptime="9", Paused="1")
    )
    changed, paused = told
    assert isinstance(changed, ev.MemberChanged)
    assert (changed.last_call, changed.penalty, changed.ring_in_use, changed.wrap_up) == (0.0, 3, False, 9.0)
    assert isinstance(paused, ev.MemberPaused)
    assert paused.reason is None


def test_an_unpause_has_no_reason_even_if_asterisk_sends_one(replay: Replay) -> None:
    replay.feed(member("PJSIP/101", Paused="1", PausedReason="Lunch", LastPause="5"))
    assert names(replay.feed(member("PJSIP/101", "QueueMemberPause", PausedReason="back"))) == [
        "MemberUnpaused"
    ]
    assert replay.feed(member("PJSIP/101", PausedReason="")) == []


def test_the_same_pause_begun_anew_is_told_and_begins_at_the_event_itself(replay: Replay) -> None:
    replay.at = 200.5
    replay.feed(member("PJSIP/101", Paused="1", PausedReason="Tea", LastPause="5"))
    again = replay.feed(
        member("PJSIP/101", "QueueMemberPause", Paused="1", PausedReason="Tea", LastPause="100")
    )
    assert [one.paused_since for one in again if isinstance(one, ev.MemberPaused)] == [200.5]
    same = member("PJSIP/101", "QueueMemberPause", Paused="1", PausedReason="Tea", LastPause="100")
    assert replay.feed(same) == []


def test_a_hint_that_is_learned_later_changes_what_stands_for_the_member(replay: Replay) -> None:
    added = replay.feed(member("Local/1001@from-queue/n", StateInterface="hint:1001@ext-local"))[0]
    assert isinstance(added, ev.MemberAdded)
    assert added.member.endpoint == "hint:1001@ext-local"
    assert added.member.devices == ("Local/1001@from-queue",)
    told = replay.feed(hint("1001", "PJSIP/1001&Custom:DND1001,CustomPresence:1001"))
    changed = told[0]
    assert isinstance(changed, ev.MemberChanged)
    assert changed.endpoint == "PJSIP/1001"
    assert changed.devices == ("Local/1001@from-queue",)
    assert replay.feed(hint("1001", "PJSIP/1001&Custom:DND1001,CustomPresence:1001")) == []


def test_a_hint_in_an_included_context_is_found(replay: Replay) -> None:
    replay.feed(hint("1001", "PJSIP/1001"))
    added = replay.feed(member("Local/1001@x/n", StateInterface="hint:1001@from-internal"))[0]
    assert isinstance(added, ev.MemberAdded)
    assert added.member.endpoint == "PJSIP/1001"


def test_several_phones_of_one_hint_are_taken_together(replay: Replay) -> None:
    replay.feed(hint("1001", "PJSIP/1001&PJSIP/91001&Custom:DND1001"))
    replay.feed(member("Local/1001@x/n", StateInterface="hint:1001@ext-local"))
    replay.feed(device("PJSIP/91001", "NOT_INUSE"))
    assert replay.feed(device("PJSIP/1001", "UNAVAILABLE")) == []
    told = replay.feed(device("PJSIP/91001", "INUSE"))
    assert [(one.endpoint, one.state) for one in told if isinstance(one, ev.EndpointStateChanged)] == [
        ("PJSIP/1001", "in_use")
    ]


def test_do_not_disturb_is_not_a_busy_phone(replay: Replay) -> None:
    replay.feed(hint("1001", "PJSIP/1001&Custom:DND1001"))
    replay.feed(member("Local/1001@x/n", StateInterface="hint:1001@ext-local"))
    replay.feed(device("PJSIP/1001", "NOT_INUSE"))
    on = replay.feed(device("Custom:DND1001", "BUSY"))
    assert [(one.endpoint, one.on) for one in on if isinstance(one, ev.DoNotDisturbChanged)] == [
        ("PJSIP/1001", True)
    ]
    assert len(on) == 1
    assert replay.feed(member("Local/1001@x/n", StateInterface="hint:1001@ext-local", Status="3")) == []
    assert names(replay.feed(device("Custom:DND1001", "NOT_INUSE"))) == ["DoNotDisturbChanged"]


def test_the_devices_own_word_wins_over_the_queues(replay: Replay) -> None:
    replay.feed(member("PJSIP/101", Status="1"))
    assert names(replay.feed(device("PJSIP/101", "RINGING"))) == ["EndpointStateChanged"]
    assert names(replay.feed(device("PJSIP/101", "INUSE"))) == ["EndpointStateChanged"]
    assert replay.feed(member("PJSIP/101", Status="6")) == []
    assert replay.feed(member("PJSIP/101", Status="2")) == []


def test_the_queues_word_is_used_where_the_device_says_nothing(replay: Replay) -> None:
    replay.feed(member("PJSIP/101", Status="1"))
    told = replay.feed(member("PJSIP/101", Status="6"))
    assert [one.state for one in told if isinstance(one, ev.EndpointStateChanged)] == ["ringing"]


def test_unreachable_and_reachable_are_told_once(replay: Replay) -> None:
    replay.feed(member("PJSIP/101", Status="1"))
    assert names(replay.feed(device("PJSIP/101", "UNAVAILABLE"))) == [
        "EndpointUnreachable",
        "EndpointStateChanged",
    ]
    assert replay.feed(device("PJSIP/101", "UNAVAILABLE")) == []
    assert replay.feed(device("PJSIP/101", "INVALID")) == []
    assert names(replay.feed(device("PJSIP/101", "NOT_INUSE"))) == [
        "EndpointReachable",
        "EndpointStateChanged",
    ]


def test_a_device_is_the_members_however_it_is_written(replay: Replay) -> None:
    replay.feed(member("pjsip/101"))
    told = replay.feed(device("PJSIP/101", "INUSE"))
    assert [one.endpoint for one in told if isinstance(one, ev.EndpointStateChanged)] == ["pjsip/101"]


def test_devices_of_queues_and_of_nobody_are_ignored(replay: Replay) -> None:
    assert replay.feed(device("Queue:sales_avail", "INUSE")) == []
    assert replay.feed(device("Local/800@in", "INUSE")) == []
    assert replay.feed(device("Custom:lamp", "INUSE")) == []
    assert replay.skipped == []


def test_an_agent_of_app_agent_pool_is_known_by_its_agent_device(replay: Replay) -> None:
    replay.feed(member("Local/1001@agents", StateInterface="Agent:1001"))
    told = replay.feed(device("Agent:1001", "INUSE"))
    assert [one.endpoint for one in told if isinstance(one, ev.EndpointStateChanged)] == ["Agent:1001"]


def test_a_new_device_state_is_skipped_and_counted(replay: Replay) -> None:
    assert replay.feed(device("PJSIP/101", "LEVITATING")) == []
    assert replay.feed(member("PJSIP/101", Status="99"))[0:1]
    assert replay.skipped == ["device_state", "member_status"]


def test_two_members_with_one_state_interface_show_one_state(replay: Replay) -> None:
    replay.feed(device("PJSIP/101", "INUSE"))
    told = replay.snapshot(
        queues=[
            listed("Local/1@a/n", StateInterface="PJSIP/101", Status="2"),
            listed("Local/2@a/n", StateInterface="PJSIP/101", Status="1", Name="Stale"),
        ],
        devices=[device("PJSIP/101", "INUSE")],
    )
    snapshot = told[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert [one.state for one in snapshot.members] == ["in_use", "in_use"]


def test_what_events_told_since_the_list_was_asked_for_is_remembered(replay: Replay) -> None:
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=10.0)
    replay.at = 12.0
    replay.feed(member("PJSIP/101", "QueueMemberPause", Paused="1", PausedReason="Tea", LastPause="12"))
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=11.0)
    assert replay.feed(member("PJSIP/101", Paused="1", PausedReason="Tea", LastPause="12")) == []
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=14.0)
    assert names(replay.feed(member("PJSIP/101", Paused="1", PausedReason="Tea", LastPause="12"))) == [
        "MemberPaused"
    ]


def test_the_end_of_a_pause_is_told_though_a_list_made_before_the_pause_seems_newer(replay: Replay) -> None:
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=10.0)
    replay.at = 12.0
    replay.feed(member("PJSIP/101", "QueueMemberPause", Paused="1", PausedReason="Tea", LastPause="12"))
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=12.3)
    replay.at = 15.0
    told = replay.feed(member("PJSIP/101", "QueueMemberPause", Paused="0"))
    assert names(told) == ["MemberUnpaused"]


def test_a_first_list_is_newer_than_what_was_told_before_the_link_was_lost(replay: Replay) -> None:
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=10.0)
    replay.at = 12.0
    replay.feed(member("PJSIP/101", "QueueMemberPause", Paused="1", PausedReason="Tea", LastPause="12"))
    replay.translator.lost()
    replay.snapshots = 0
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=12.3)
    told = replay.feed(member("PJSIP/101", Paused="1", PausedReason="Tea", LastPause="12"))
    assert names(told) == ["MemberPaused"]


def test_who_signed_off_and_on_again_since_the_list_was_asked_for_is_there(replay: Replay) -> None:
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=10.0)
    replay.at = 12.0
    replay.feed(member("PJSIP/101", "QueueMemberRemoved"))
    replay.feed(member("PJSIP/101", "QueueMemberAdded"))
    snapshot = replay.snapshot(queues=[listed("PJSIP/101")], taken_at=11.0)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert len(snapshot.members) == 1


def test_who_signed_off_since_the_list_was_asked_for_is_not_told_again(replay: Replay) -> None:
    replay.snapshot(queues=[listed("PJSIP/101")], taken_at=10.0)
    replay.at = 12.0
    replay.feed(member("PJSIP/101", "QueueMemberRemoved"))
    snapshot = replay.snapshot(queues=[listed("PJSIP/101")], taken_at=11.0)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert snapshot.members == ()


def test_lists_call_realtime_members_static_but_events_know_better(replay: Replay) -> None:
    replay.feed(member("PJSIP/101", Membership="realtime", Ringinuse="0"))
    snapshot = replay.snapshot(queues=[listed("PJSIP/101")], taken_at=99.0)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert [(one.membership, one.ring_in_use) for one in snapshot.members] == [("realtime", False)]


def test_the_lists_times_are_corrected_and_zero_is_never(replay: Replay) -> None:
    rows = [
        listed(
            "PJSIP/101", LastCall="70", LastPause="60", LoginTime="0", Paused="1", InCall="1", Wrapuptime="0"
        )
    ]
    snapshot = replay.snapshot(queues=rows)[-1]
    assert isinstance(snapshot, ev.Snapshot)
    (facts,) = snapshot.members
    assert (facts.last_call, facts.paused_since, facts.logged_in_since) == (70 + OFFSET, 60 + OFFSET, None)
    assert (facts.in_call, facts.wrap_up) == (True, None)


def test_settings_of_queues_conf_are_read_as_app_queue_does(replay: Replay) -> None:
    answer = Message(
        "",
        {
            "category-000000": "general",
            "line-000000-000000": "wrapuptime=99",
            "category-000001": "sales",
            "templates-000001": "base",
            "line-000001-000000": "wrapuptime=3",
            "line-000001-000001": "WrapUpTime=7",
            "line-000001-000002": "member=PJSIP/101,0,Anna",
            "category-000002": "sales",
            "line-000002-000000": "wrapuptime=8",
            "category-000003": "support",
            "line-000003-000000": "wrapuptime=oops",
            "line-000009-000000": "wrapuptime=1",
        },
        response="Success",
    )
    params = [
        event("QueueParams", Queue=name, Strategy="linear", ServiceLevel="20")
        for name in ("sales", "support")
    ]
    snapshot = replay.snapshot(queues=params, config=[answer])[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert [(one.queue, one.wrap_up, one.service_level) for one in snapshot.queues] == [
        ("sales", 7.0, 20.0),
        ("support", 0.0, 20.0),
    ]
    without = replay.snapshot(queues=[event("QueueParams", Queue="other")])[-1]
    assert isinstance(without, ev.Snapshot)
    assert without.queues[0].wrap_up is None


def test_snapshot_tells_phones_beyond_members_and_who_wants_no_calls(replay: Replay) -> None:
    snapshot = replay.snapshot(
        queues=[listed("Local/1001@x/n", StateInterface="hint:1001@ext-local")],
        hints=[hint("1001", "PJSIP/1001&Custom:DND1001")],
        devices=[
            device("PJSIP/1001", "NOT_INUSE"),
            device("PJSIP/trunk", "INUSE"),
            device("Custom:DND1001", "BUSY"),
            device("Queue:sales", "INUSE"),
        ],
    )[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert snapshot.complete_endpoints
    assert {(one.endpoint, one.state, one.do_not_disturb) for one in snapshot.endpoints} == {
        ("PJSIP/1001", "idle", True),
        ("PJSIP/trunk", "in_use", False),
    }
    assert names(replay.feed(device("Custom:DND1001", "NOT_INUSE"))) == ["DoNotDisturbChanged"]


def test_after_a_lost_link_devices_are_believed_anew(replay: Replay) -> None:
    replay.feed(member("PJSIP/101"))
    replay.feed(device("PJSIP/101", "INUSE"))
    replay.translator.lost()
    snapshot = replay.snapshot(queues=[listed("PJSIP/101", Status="1")])[-1]
    assert isinstance(snapshot, ev.Snapshot)
    assert [one.state for one in snapshot.members] == ["idle"]


def test_the_interest_set_names_no_list_item_or_frequent_event_in_vain() -> None:
    assert b"QueueCallerJoin" in INTERESTING
    assert not INTERESTING & {b"Newexten", b"TestEvent", b"QueueMember", b"RTCPSent", b"MusicOnHoldStart"}
