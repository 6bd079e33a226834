"""One connection's way, walked through by a scripted PBX: no sockets, no clock."""

import pytest

from adapters.ami.errors import BadList, Closed, LoginRefused, NotAmi, PbxShutdown, Silent
from adapters.ami.lists import SnapshotLists
from adapters.ami.memory import PbxMemory
from adapters.ami.outputs import Booting, LoggedIn, Lost, Refused
from adapters.ami.session import AmiSession
from adapters.ami.states import Input, State
from adapters.ami.timeouts import Timeouts
from tests.adapters.ami.script import BANNER, DENIED, FULLY_BOOTED, SECRET, ScriptedPbx, Talk, say

SETTLING = Timeouts().settling
LISTS = ["QueueStatus", "CoreShowChannels", "DeviceStateList", "ExtensionStateList", "GetConfig", "Ping"]
GREETING = ["CoreSettings", "CoreStatus", "Ping"]


def lists_asked(pbx: ScriptedPbx) -> int:
    return pbx.names().count("QueueStatus")


# --- login ---------------------------------------------------------------------------------------------------


def test_first_snapshot_comes_by_this_exchange():
    talk = Talk()
    talk.begin()
    assert talk.pbx.names() == ["Challenge", "Login", *GREETING, "Events", *LISTS]
    kinds = [type(output) for output in talk.outputs]
    assert kinds == [LoggedIn, Refused, SnapshotLists]
    assert talk.session.state is State.LIVE


def test_secret_never_leaves_with_md5():
    talk = Talk()
    talk.begin()
    login = next(action for action in talk.pbx.asked if action.name == "Login")
    assert login["AuthType"] == "MD5"
    assert "Secret" not in login
    assert SECRET not in str(talk.pbx.asked)


def test_plain_login_needs_no_challenge():
    talk = Talk(auth="plain")
    talk.begin()
    assert talk.pbx.names()[:1] == ["Login"]
    assert talk.of(SnapshotLists)


def test_login_asks_for_system_events_and_events_are_switched_on_before_the_lists():
    talk = Talk()
    talk.begin()
    login = next(action for action in talk.pbx.asked if action.name == "Login")
    events = next(action for action in talk.pbx.asked if action.name == "Events")
    assert login["Events"] == "system"
    assert events["EventMask"] == "agent,call,system,user,dialplan"
    assert talk.pbx.names().index("Events") < talk.pbx.names().index("QueueStatus")


def test_version_is_asterisks_own_or_by_the_banner():
    talk = Talk()
    talk.begin()
    assert talk.of(LoggedIn)[0].version == "22.10.1"
    talk = Talk()
    talk.pbx.refused |= {"CoreSettings": DENIED, "CoreStatus": DENIED}
    talk.begin()
    assert talk.of(LoggedIn)[0].version == "22 (AMI 11.0.0)"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("Authentication failed", "manager.conf"),
        ("Login Already In Use", "allowmultiplelogin"),
        ("Asterisk is shutting down", "tried again"),
    ],
)
@pytest.mark.parametrize("action", ["Challenge", "Login"])
def test_refused_login_says_what_to_do(action, answer, hint):
    talk = Talk()
    talk.pbx.refused = {action: answer}
    talk.begin()
    assert isinstance(talk.lost.error, LoginRefused)
    assert answer in talk.lost.error.reason
    assert hint in talk.lost.error.remedy


def test_wrong_secret_is_refused():
    talk = Talk(secret="wrong")
    talk.begin()
    assert isinstance(talk.lost.error, LoginRefused)
    assert not talk.of(LoggedIn)


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"x" * 5_000]
)
def test_other_services_are_recognised(greeting):
    talk = Talk()
    talk.hear(greeting)
    assert isinstance(talk.lost.error, NotAmi)
    assert not talk.session.data_to_send()  # above all no secret


def test_login_keeps_its_secret_to_itself():
    assert SECRET not in repr(Talk().session._login)


# --- waits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silent", "missing"),
    [
        ({"Challenge"}, "answer to the login challenge"),
        ({"Login"}, "answer to the login"),
        ({"Ping"}, "answer to the first Ping"),
    ],
)
def test_step_that_is_not_answered_ends_the_connection(silent, missing):
    talk = Talk()
    talk.pbx.silent = silent
    talk.begin()
    assert talk.lost is None
    talk.wait(5)
    assert isinstance(talk.lost.error, Silent)
    assert talk.lost.error.waited_for == missing


def test_banner_that_never_comes_ends_the_connection():
    talk = Talk()
    talk.wait(2.9)
    assert talk.lost is None
    talk.wait(0.2)
    assert talk.lost.error.waited_for == "greeting"
    assert talk.lost.heard_at is None


def test_silent_connection_is_pinged_and_lost_within_five_seconds():
    talk = Talk()
    talk.begin()
    heard_at = talk.wall
    talk.wait(1.4, deaf=True)
    assert talk.lost is None
    talk.wait(3.0, deaf=True)
    assert isinstance(talk.lost.error, Silent)
    assert talk.lost.heard_at == heard_at


def test_connection_that_dies_just_before_a_reconciliation_is_lost_as_fast():
    talk = Talk()
    talk.begin()
    talk.wait(19.5)
    assert talk.lost is None
    heard = talk.wall
    talk.wait(5.0, deaf=True)
    assert isinstance(talk.lost.error, Silent)
    assert talk.lost.heard_at <= heard


def test_idle_connection_lives_on_by_pings():
    talk = Talk()
    talk.begin()
    talk.wait(120)
    assert talk.lost is None
    assert talk.pbx.names().count("Ping") > 50


def test_busy_connection_is_pinged_now_and_then():
    talk = Talk()
    talk.begin()
    pings = talk.pbx.names().count("Ping")
    for _ in range(100):
        talk.wait(0.19)
        talk.hear(say("Event: AgentConnect"))
    assert 1 <= talk.pbx.names().count("Ping") - pings <= 3


def test_missing_pong_ends_a_connection_that_is_not_silent():
    talk = Talk()
    talk.begin()
    talk.pbx.silent = {"Ping"}
    for _ in range(300):
        talk.wait(0.1)
        talk.hear(say("Event: AgentConnect"))
    assert talk.lost.error.waited_for == "answer to a Ping"


def test_standing_still_ourselves_is_no_silence_of_the_pbx():
    talk = Talk()
    talk.begin()
    talk.now += 60  # suspended: no tick in that time
    talk.session.tick(talk.now, talk.wall)
    talk.outputs += talk.session.outputs()
    assert talk.lost is None
    talk.exchange()
    talk.wait(10)
    assert talk.lost is None


def test_dead_pbx_is_lost_after_standing_still_too():
    talk = Talk()
    talk.begin()
    talk.now += 60
    talk.session.tick(talk.now, talk.wall)
    talk.wait(5, deaf=True)
    assert isinstance(talk.lost.error, Silent)


# --- snapshots -----------------------------------------------------------------------------------------------


def test_lists_are_handed_over_whole_and_by_name():
    talk = Talk()
    talk.pbx.refused = {}
    talk.begin()
    lists = talk.of(SnapshotLists)[0]
    assert [message.name for message in lists.queues] == ["QueueParams", "QueueMember", "QueueMember"]
    assert lists.channels == []
    assert [message.get("device") for message in lists.devices] == ["PJSIP/101"]
    assert lists.hints == []
    assert [message.response for message in lists.config] == ["Success"]
    assert lists.taken_at == talk.wall
    assert not lists.reconciliation
    assert not lists.restarted


def test_refused_lists_are_none_and_not_asked_for_again():
    talk = Talk()
    talk.pbx.refused = dict.fromkeys(LISTS[1:5], DENIED)
    talk.begin()
    lists = talk.of(SnapshotLists)[0]
    assert (lists.channels, lists.devices, lists.hints, lists.config) == (None, None, None, None)
    assert len(lists.queues) == 3
    assert [refused.action for refused in talk.of(Refused)] == LISTS[1:5]
    before = len(talk.pbx.asked)
    talk.wait(21)
    again = talk.pbx.names()[before:]
    assert "QueueStatus" in again
    assert not set(LISTS[1:5]) & set(again)
    assert len(talk.of(Refused)) == 4


def test_queues_are_asked_for_again_even_when_refused():
    talk = Talk()
    talk.pbx.refused["QueueStatus"] = "Invalid/unknown command: QueueStatus."
    talk.begin()
    assert talk.of(SnapshotLists)[0].queues is None
    del talk.pbx.refused["QueueStatus"]
    talk.wait(20 + SETTLING)
    assert len(talk.of(SnapshotLists)[1].queues) == 3
    assert [refused.action for refused in talk.of(Refused)] == ["QueueStatus", "GetConfig"]


def test_events_between_the_lists_pass_at_once_and_before_the_snapshot():
    talk = Talk()
    talk.pbx.between = [
        say("Event: AgentConnect", "Queue: sales"),
        say("Event: DeviceStateChange", "Device: PJSIP/102", "State: INUSE"),
    ]
    talk.begin()
    names = [
        getattr(getattr(output, "message", None), "name", type(output).__name__) for output in talk.outputs
    ]
    assert names == ["LoggedIn", "AgentConnect", "DeviceStateChange", "Refused", "SnapshotLists"]
    assert [message.get("device") for message in talk.of(SnapshotLists)[0].devices] == ["PJSIP/101"]


def test_snapshot_is_not_handed_over_before_its_pong():
    talk = Talk()
    talk.hear(BANNER)
    while "QueueStatus" not in talk.pbx.names():
        data = talk.session.data_to_send()
        answer = talk.pbx.answer(data)
        if "QueueStatus" in talk.pbx.names():
            answer, pong = answer[: answer.rindex(b"Response:")], answer[answer.rindex(b"Response:") :]
        talk.hear(answer)
    assert not talk.of(SnapshotLists)
    talk.hear(pong)
    assert talk.of(SnapshotLists)


def test_reconciliation_comes_every_twenty_seconds():
    talk = Talk()
    talk.begin()
    talk.wait(60 + SETTLING)
    assert [lists.reconciliation for lists in talk.of(SnapshotLists)] == [False, True, True, True]


def test_lists_that_take_long_are_asked_for_less_often():
    talk = Talk()
    talk.begin()
    talk.wait(20 - 0.001)
    # the next lists take 3 s
    talk.session.tick(talk.now + 0.001, talk.wall)
    talk.now += 0.001
    answer = talk.pbx.answer(talk.session.data_to_send())
    talk.now += 3
    talk.hear(answer)
    talk.wait(59)
    assert lists_asked(talk.pbx) == 2
    talk.wait(1)
    assert lists_asked(talk.pbx) == 3


def test_requested_snapshot_comes_soon_but_not_at_once_again():
    talk = Talk()
    talk.begin()
    for _ in range(50):
        talk.session.request_snapshot(talk.now)
    talk.wait(0.9)
    assert lists_asked(talk.pbx) == 1
    talk.wait(0.2)
    assert lists_asked(talk.pbx) == 2
    talk.wait(5)
    assert lists_asked(talk.pbx) == 2


def test_request_while_lists_come_in_brings_newer_ones():
    talk = Talk()
    talk.begin()
    talk.wait(19.999)
    talk.now += 0.001
    talk.session.tick(talk.now, talk.wall)
    talk.session.request_snapshot(talk.now)
    talk.exchange()
    assert lists_asked(talk.pbx) == 2
    talk.wait(SETTLING)
    assert len(talk.of(SnapshotLists)) == 2
    assert lists_asked(talk.pbx) == 3


def test_lists_that_compare_wait_for_the_events_that_they_overtook():
    talk = Talk()
    talk.begin()
    talk.wait(20)
    assert lists_asked(talk.pbx) == 2
    talk.wait(SETTLING - 0.001)
    talk.hear(say("Event: AgentConnect", "Queue: sales"))
    assert len(talk.of(SnapshotLists)) == 1
    talk.wait(0.001)
    assert len(talk.of(SnapshotLists)) == 2
    assert [type(output).__name__ for output in talk.outputs[-2:]] == ["EventMessage", "SnapshotLists"]


def test_lists_that_compare_wait_as_long_after_we_stood_still():
    talk = Talk()
    talk.begin()
    talk.wait(20)
    talk.now += 30  # the process was stopped; what came meanwhile is read in pieces
    talk.hear(say("Event: AgentConnect", "Queue: sales"))
    talk.session.tick(talk.now, talk.wall)
    talk.outputs += talk.session.outputs()
    assert len(talk.of(SnapshotLists)) == 1
    talk.wait(SETTLING)
    assert len(talk.of(SnapshotLists)) == 2


def test_lists_that_wait_go_with_the_connection():
    talk = Talk()
    talk.begin()
    talk.wait(20)
    talk.session.closed("the PBX closed the connection")
    talk.outputs += talk.session.outputs()
    talk.wait(SETTLING)
    assert len(talk.of(SnapshotLists)) == 1


def test_config_is_read_once_a_minute_and_kept_between():
    talk = Talk()
    talk.pbx.refused = {}
    talk.begin()
    talk.wait(85)
    assert talk.pbx.names().count("GetConfig") == 2
    assert lists_asked(talk.pbx) == 5
    assert all(lists.config for lists in talk.of(SnapshotLists))


def test_reload_brings_a_snapshot_with_fresh_configuration():
    talk = Talk()
    talk.pbx.refused = {}
    talk.begin()
    talk.hear(say("Event: Reload", "Module: app_queue", "Status: 0"))
    talk.wait(1.1)
    assert talk.pbx.names().count("GetConfig") == 2


@pytest.mark.parametrize("name", LISTS[:4])
def test_list_that_never_ends_is_no_snapshot(name):
    talk = Talk()
    talk.pbx.unended = {name}
    talk.begin()
    assert isinstance(talk.lost.error, BadList)
    assert name in talk.lost.error.reason
    assert not talk.of(SnapshotLists)


def test_list_whose_items_go_on_for_ever_ends_the_connection():
    talk = Talk()
    talk.begin()
    talk.wait(19.9)
    talk.pbx.silent = {"Ping", "QueueStatus"}
    talk.wait(0.2)
    action_id = next(action for action in reversed(talk.pbx.asked) if action.name == "QueueStatus").action_id
    for _ in range(61):
        talk.hear(say("Event: QueueMember", f"ActionID: {action_id}", "Name: again"))
        talk.wait(1)
    assert isinstance(talk.lost.error, BadList)
    assert "60 s" in talk.lost.error.reason
    assert len(talk.of(SnapshotLists)) == 1


def test_list_with_more_items_than_can_be_meant_ends_the_connection(monkeypatch):
    monkeypatch.setattr("adapters.ami.lists.ITEMS_LIMIT", 2)
    talk = Talk()
    talk.begin()
    assert isinstance(talk.lost.error, BadList)
    assert not talk.of(SnapshotLists)


def test_items_of_other_peoples_lists_are_ignored_and_counted():
    talk = Talk()
    talk.begin()
    before = list(talk.outputs)
    talk.hear(say("Event: QueueMember", "ActionID: somebody-else", "Name: x"))
    talk.hear(say("Event: DeviceStateChange", "ActionID: t-8", "Device: x", "State: INUSE"))
    talk.hear(say("Event: QueueMember", "Name: without id"))
    talk.hear(say("Response: Success", "ActionID: t-999"))
    talk.hear(say("Response: Success"))
    assert talk.outputs == before
    assert talk.session.take_skipped() == {"unknown_action_id": 5}
    assert not talk.session.take_skipped()


def test_forged_list_items_in_user_events_stay_user_events():
    talk = Talk()
    talk.pbx.between = [say("Event: UserEvent", "ActionID: t-7", "Event: QueueMember", "Name: Mallory")]
    talk.begin()
    names = [message.get("name") for message in talk.of(SnapshotLists)[0].queues]
    assert names == ["", "Anna", "Boris"]
    assert [event.message.name for event in talk.events()] == ["UserEvent"]


# --- starting and stopping PBX -------------------------------------------------------------------------------


def test_pbx_that_is_starting_is_waited_for():
    talk = Talk()
    talk.pbx.booted = False
    talk.begin()
    assert talk.of(Booting)[0].known is False
    assert lists_asked(talk.pbx) == 0
    talk.wait(2)
    talk.hear(FULLY_BOOTED % 3)
    talk.exchange()
    assert not talk.of(SnapshotLists)[0].reconciliation


def test_start_without_a_usable_uptime_is_a_start(monkeypatch):
    monkeypatch.setattr(
        "tests.adapters.ami.script.FULLY_BOOTED", b"Event: FullyBooted\r\nUptime: x%.0d\r\n\r\n"
    )
    talk = Talk()
    talk.begin()
    assert talk.of(SnapshotLists)
    assert not talk.of(Booting)


def test_pbx_that_is_known_to_tell_its_start_is_waited_for_longer():
    memory = PbxMemory()
    Talk(memory=memory).begin()
    talk = Talk(memory=memory)
    talk.pbx.booted = False
    talk.begin()
    assert talk.of(Booting)[0].known is True
    talk.wait(60)
    assert lists_asked(talk.pbx) == 0
    assert talk.lost is None
    talk.wait(61)
    assert lists_asked(talk.pbx) > 0


def test_pbx_that_may_not_tell_is_asked_after_a_while_and_next_time_at_once():
    memory = PbxMemory()
    talk = Talk(memory=memory)
    talk.pbx.tells_boot = False
    talk.begin()
    talk.wait(5.1)
    assert talk.of(SnapshotLists)
    again = Talk(memory=memory)
    again.pbx.tells_boot = False
    again.begin()
    assert again.of(SnapshotLists)
    assert not again.of(Booting)


def test_late_start_replaces_what_was_listed_too_early():
    talk = Talk()
    talk.pbx.booted = False
    talk.begin()
    talk.wait(5.1)
    talk.hear(FULLY_BOOTED % 8)
    talk.wait(1.1)
    assert [lists.reconciliation for lists in talk.of(SnapshotLists)] == [False, False]


def test_late_start_while_lists_come_in_makes_the_next_ones_replace_them():
    talk = Talk()
    talk.pbx.booted = False
    talk.begin()
    talk.pbx.between = [FULLY_BOOTED % 8]
    talk.wait(5.01)
    assert len(talk.of(SnapshotLists)) == 1
    talk.pbx.between = []
    talk.wait(21 + SETTLING)
    assert [lists.reconciliation for lists in talk.of(SnapshotLists)] == [False, False, True]


@pytest.mark.parametrize(("restart", "words"), [("True", "restarts"), ("False", "shut down")])
def test_shutdown_ends_the_connection_at_once(restart, words):
    talk = Talk()
    talk.begin()
    talk.hear(say("Event: Shutdown", "Privilege: system,all", "Shutdown: Cleanly", f"Restart: {restart}"))
    assert isinstance(talk.lost.error, PbxShutdown)
    assert words in talk.lost.error.reason


def test_lists_refused_by_a_stopping_pbx_end_the_connection():
    talk = Talk()
    talk.begin()
    talk.pbx.refused = dict.fromkeys(LISTS, "Asterisk is shutting down")
    talk.wait(21)
    assert isinstance(talk.lost.error, PbxShutdown)


@pytest.mark.parametrize(
    ("change", "restarted"),
    [
        ({}, False),
        ({"start_date": "2026-11-24"}, True),
        ({"refused": {"CoreStatus": DENIED}}, False),
        ({"refused": {"CoreStatus": DENIED}, "uptime": 3}, True),
    ],
)
def test_restart_between_two_connections_is_told_with_the_first_snapshot(change, restarted):
    memory = PbxMemory()
    Talk(memory=memory).begin()
    pbx = ScriptedPbx()
    pbx.uptime = 1_060
    for name, value in change.items():
        setattr(pbx, name, value)
    talk = Talk(memory=memory, pbx=pbx, start=160.0)
    talk.begin()
    talk.wait(20 + SETTLING)
    assert [lists.restarted for lists in talk.of(SnapshotLists)] == [restarted, False]


def test_restart_is_still_told_when_the_first_connection_after_it_broke():
    memory = PbxMemory()
    Talk(memory=memory).begin()
    pbx = ScriptedPbx()
    pbx.start_date = "2026-11-24"
    pbx.unended = {"QueueStatus"}
    Talk(memory=memory, pbx=pbx).begin()
    pbx.unended = set()
    talk = Talk(memory=memory, pbx=pbx)
    talk.begin()
    assert talk.of(SnapshotLists)[0].restarted


def test_announced_shutdown_counts_as_restart_where_nothing_else_tells():
    memory = PbxMemory()
    for restarted in (False, True, False):
        pbx = ScriptedPbx()
        pbx.tells_boot = False
        pbx.refused["CoreStatus"] = DENIED
        talk = Talk(memory=memory, pbx=pbx)
        talk.begin()
        talk.wait(5.1)
        assert talk.of(SnapshotLists)[0].restarted is restarted
        if not restarted:
            talk.hear(say("Event: Shutdown", "Restart: True"))


# --- end -----------------------------------------------------------------------------------------------------


def test_closed_connection_says_what_was_going_on():
    talk = Talk()
    talk.session.closed("the PBX closed the connection")
    talk.outputs += talk.session.outputs()
    assert isinstance(talk.lost.error, Closed)
    assert "greeting" in talk.lost.error.reason


def test_nothing_happens_after_the_end():
    talk = Talk()
    talk.begin()
    talk.session.closed("over")
    talk.session.closed("over again")
    talk.session.receive_data(say("Event: AgentConnect"), talk.now, talk.wall)
    talk.session.tick(talk.now + 1_000, talk.wall)
    talk.session.request_snapshot(talk.now)
    outputs = talk.session.outputs()
    assert [type(output) for output in outputs] == [Lost]
    assert talk.session.next_deadline() == float("inf")


def test_messages_behind_a_shutdown_in_the_same_read_are_not_told():
    talk = Talk()
    talk.begin()
    before = len(talk.outputs)
    talk.hear(say("Event: Shutdown", "Restart: False") + say("Event: AgentConnect"))
    assert [type(output) for output in talk.outputs[before:]] == [Lost]


def test_events_refused_is_told():
    talk = Talk()
    talk.pbx.refused["Events"] = "Invalid event mask"
    talk.begin()
    assert talk.of(Refused)[0].answer == "Invalid event mask"


# --- time of events ------------------------------------------------------------------------------------------


def test_events_are_timed_by_the_pbx_clock_corrected_to_ours():
    talk = Talk()
    talk.pbx_ahead = 3_600.0
    talk.begin()
    assert talk.session.offset == pytest.approx(-3_600.0)
    talk.hear(
        say("Event: AgentConnect", "Privilege: agent,all", f"Timestamp: {talk.wall + 3_600 - 0.25:.6f}")
    )
    assert talk.events()[0].at == pytest.approx(talk.wall - 0.25, abs=1e-3)


def test_events_without_timestamp_are_timed_by_their_arrival():
    talk = Talk()
    talk.begin()
    talk.hear(say("Event: AgentConnect"))
    assert talk.events()[0].at == talk.wall


def test_doubtful_time_is_replaced_by_the_arrival_and_the_clock_measured_again():
    talk = Talk()
    talk.begin()
    talk.wait(1.2)
    pings = talk.pbx.names().count("Ping")
    talk.pbx_ahead = 60.0  # somebody set the PBX's clock
    talk.hear(say("Event: AgentConnect", f"Timestamp: {talk.wall + 60:.6f}"))
    assert talk.events()[0].at == talk.wall
    talk.wait(0.01)
    assert talk.pbx.names().count("Ping") == pings + 1
    assert talk.session.offset == pytest.approx(-60.0)


# --- the table -----------------------------------------------------------------------------------------------


def test_every_state_but_the_last_has_a_way_out_and_a_limit():
    table = AmiSession._TABLE
    for state in set(State) - {State.OVER, State.LIVE}:
        assert any(known is state and what is not Input.DUE for known, what in table)
        assert (state, Input.DUE) in table


def test_timeouts_together_keep_within_thirty_seconds():
    limits = Timeouts()
    # dead link noticed, connect, banner, login, greeting at their worst, backoff of 5 s before the attempt
    assert limits.silence + 5.0 + limits.connect + limits.banner + limits.login + limits.greeting <= 30
