"""What `check` says of a PBX: what works, which permission is missing, what it would add."""

import pytest

from adapters.ami import check as check_module
from adapters.ami.timeouts import Timeouts
from adapters.contract import Finding
from tests.adapters.ami.loopback import LoopbackPbx, RecordingHost, say_nothing
from tests.adapters.ami.script import DENIED, SECRET, say
from tests.adapters.ami.test_ami_client import CALM, adapter_for, free_port

AGENT_EVENT = say("Event: AgentConnect", "Privilege: agent,all", "Timestamp: 1795000000.5")


@pytest.fixture(autouse=True)
def _short_listening(monkeypatch):
    monkeypatch.setattr(check_module, "LISTEN_SECONDS", 0.05)


@pytest.fixture
async def pbx():
    async with LoopbackPbx() as server:
        yield server


async def findings(port: int, *, timeouts: Timeouts = CALM, **options: object) -> dict[str, Finding]:
    found = [
        finding async for finding in adapter_for(port, timeouts=timeouts, **options).check(RecordingHost())
    ]
    assert len({finding.subject for finding in found}) == len(found)
    assert SECRET not in str(found)
    return {finding.subject: finding for finding in found}


def worst(found: dict[str, Finding]) -> str:
    levels = ["ok", "hint", "warning", "error"]
    return max((finding.level for finding in found.values()), key=levels.index)


async def test_well_permitted_pbx_has_no_complaint(pbx):
    pbx.script.refused = {}
    pbx.script.between = [AGENT_EVENT]
    found = await findings(pbx.port)
    assert worst(found) in ("ok", "hint")
    for subject in (
        "connection",
        "login",
        "queues",
        "read system",
        "read agent",
        "GetConfig",
        "timestampevents",
        "clocks",
    ):
        assert found[subject].level == "ok", found[subject]
    assert "22.10.1" in found["login"].message
    assert "1 queues with 2 members" in found["queues"].message


async def test_missing_permissions_are_named_with_gain_and_line(pbx):
    pbx.script.refused = dict.fromkeys(
        (
            "CoreShowChannels",
            "DeviceStateList",
            "ExtensionStateList",
            "GetConfig",
            "CoreSettings",
            "CoreStatus",
        ),
        DENIED,
    )
    found = await findings(pbx.port)
    reporting = found["permission reporting"]
    assert reporting.level == "hint"
    for action in ("CoreShowChannels", "DeviceStateList", "ExtensionStateList", "CoreSettings", "CoreStatus"):
        assert action in reporting.message
    assert "write = reporting" in reporting.remedy
    assert "GetConfig" in found["permission config"].message
    assert "wrap-up" in found["permission config"].message
    assert "config" in found["permission config"].remedy
    assert worst(found) == "hint"  # works, would be better with


async def test_pbx_that_lists_no_commands_is_judged_by_its_refusals(pbx):
    pbx.script.refused = {"ListCommands": "Invalid/unknown command: ListCommands.", "GetConfig": DENIED}
    found = await findings(pbx.port)
    assert "permission config" in found
    assert "permission reporting" not in found


async def test_missing_module_is_no_missing_permission(pbx):
    pbx.script.refused = {"DeviceStateList": "Invalid/unknown command: DeviceStateList. Use …"}
    found = await findings(pbx.port)
    assert "res_manager_devicestate" in found["DeviceStateList"].remedy


async def test_list_that_fails_otherwise_is_told_in_the_words_of_the_pbx(pbx):
    pbx.script.refused = {"GetConfig": "Config file not found"}
    found = await findings(pbx.port)
    assert "Config file not found" in found["GetConfig"].message


async def test_no_queues_is_a_warning(pbx):
    pbx.script._on_queuestatus = lambda action, action_id: pbx.script._list(action, action_id, [])
    found = await findings(pbx.port)
    assert found["queues"].level == "warning"


async def test_pbx_without_app_queue_is_an_error(pbx):
    pbx.script.refused = {"QueueStatus": "Invalid/unknown command: QueueStatus."}
    found = await findings(pbx.port)
    assert found["queues"].level == "error"
    assert "app_queue" in found["queues"].remedy


async def test_changes_without_events_prove_a_missing_read_permission(pbx):
    original = pbx.script._on_queuestatus

    def changing(action, action_id):
        pbx.script.members.append(f"new{len(pbx.script.members)}")
        return original(action, action_id)

    pbx.script._on_queuestatus = changing
    found = await findings(pbx.port)
    assert found["read agent"].level == "error"
    assert "read = agent,call,system,user" in found["read agent"].remedy


async def test_missing_system_permission_is_a_warning(pbx):
    pbx.script.tells_boot = False
    found = await findings(pbx.port)
    assert found["read system"].level == "warning"


async def test_events_without_time_are_a_hint(pbx):
    pbx.script.between = [say("Event: AgentConnect", "Privilege: agent,all")]
    found = await findings(pbx.port)
    assert found["timestampevents"].level == "hint"
    assert "timestampevents = yes" in found["timestampevents"].remedy


async def test_refused_login_prints_the_user_with_least_privilege(pbx):
    pbx.script.secret = "another"
    found = await findings(pbx.port)
    assert found["session"].level == "error"
    assert "Authentication failed" in found["session"].message
    assert "read = agent,call,system,user" in found["session"].remedy
    assert "write = reporting" in found["session"].remedy


async def test_nothing_there_is_one_error():
    found = await findings(free_port())
    assert list(found) == ["connection"]
    assert found["connection"].level == "error"


async def test_mute_peer_ends_the_check(pbx):
    pbx.behaviours = [say_nothing]
    found = await findings(pbx.port, timeouts=Timeouts(banner=0.2))
    assert "greeting" in found["session"].message


async def test_list_without_end_ends_the_check(pbx):
    pbx.script.unended = {"DeviceStateList"}
    found = await findings(pbx.port)
    assert found["session"].level == "error"
    assert "DeviceStateList" in found["session"].message


async def test_too_many_permissions_are_a_hint(pbx):
    pbx.script._on_originate = lambda action, action_id: b""
    found = await findings(pbx.port)
    assert "originate" in found["least privilege"].message.lower()


async def test_plain_secret_on_an_open_network_is_a_warning():
    found = await findings(9, timeouts=Timeouts(connect=0.01), host="192.0.2.1", auth="plain")
    assert found["secret"].level == "warning"
