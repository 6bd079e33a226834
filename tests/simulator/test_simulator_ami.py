"""The simulated PBX on a real socket: the protocol as main/manager.c has it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from monitor.simulator import QUIET, ManagerUser, QueueSpec, Simulation, SimulationConfig, World
from tests.simulator.ami_client import Client
from tests.simulator.ami_text import recording
from tests.simulator.scene import ANNA, BORIS, LONG, NUMBER, SALES, SUPPORT, freepbx

WORLD = World(
    queues=(SALES, SUPPORT),
    agents=(replace(ANNA, queues=("sales", "support")), freepbx(BORIS)),
)
Start = Callable[..., Awaitable[Simulation]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts simulations of a quiet little centre, and stops them."""
    running: list[Simulation] = []

    async def begin(**config: object) -> Simulation:
        settings = {"world": WORLD, "habits": QUIET, "load": 0.0, "warm_up": 0.0, **config}
        simulation = Simulation(SimulationConfig(**settings))  # type: ignore[arg-type]
        running.append(simulation)
        await simulation.start()
        return simulation

    yield begin
    for simulation in running:
        await simulation.stop()


def user(read: str, write: str = "", **more: float) -> tuple[ManagerUser, ...]:
    return (ManagerUser(username="monitor", secret="simulated", read=read, write=write, **more),)


async def test_the_greeting_is_one_line_without_an_empty_one(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        assert client.banner == "Asterisk Call Manager/11.0.0\r\n"
        assert (await client.ask("Logoff")).get("Message") == "Thanks for all the fish."
        assert await client.ended()


async def test_both_ways_of_login_are_accepted_and_followed_by_fully_booted(start: Start) -> None:
    simulation = await start()
    for md5 in (True, False):
        async with Client(simulation.address) as client:
            if md5:
                response = await client.login_md5(simulation.username, simulation.secret)
            else:
                response = await client.ask("Login", Username=simulation.username, Secret=simulation.secret)
            assert response.get("Message") == "Authentication accepted"
            booted = await client.read()
            expected = next(one for one in recording("answered_caller_hangs_up") if one.name == "FullyBooted")
            assert booted.keys == expected.keys


@pytest.mark.parametrize(
    "fields", [{"Username": "monitor", "Secret": "wrong"}, {"Username": "nobody", "Secret": "simulated"}]
)
async def test_a_refused_login_is_answered_and_ended(start: Start, fields: dict[str, str]) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        assert (await client.ask("Login", **fields)).get("Message") == "Authentication failed"
        assert await client.ended()


async def test_an_old_proof_does_not_open_a_new_session(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        response = await client.ask("Login", AuthType="MD5", Username="monitor", Key="0" * 32)
        assert response.get("Response") == "Error"


async def test_nothing_but_login_is_answered_before_login(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        assert (await client.ask("QueueStatus")).get("Message") == "Permission denied"
        assert (await client.ask("Challenge", AuthType="SHA")).get("Message") == "Must specify AuthType"


@pytest.mark.parametrize(
    ("write", "refused"),
    [
        (
            "",
            {
                "CoreShowChannels",
                "DeviceStateList",
                "ExtensionStateList",
                "GetConfig",
                "CoreSettings",
                "CoreStatus",
            },
        ),
        ("reporting", {"GetConfig"}),
        ("system", {"DeviceStateList", "ExtensionStateList"}),
        (
            "config",
            {"CoreShowChannels", "DeviceStateList", "ExtensionStateList", "CoreSettings", "CoreStatus"},
        ),
        ("system,reporting", set()),
    ],
)
async def test_write_permissions_allow_what_they_allow_in_asterisk(
    start: Start, write: str, refused: set[str]
) -> None:
    simulation = await start(users=user("agent,call,system,user", write))
    actions = {
        "QueueStatus": {}, "QueueSummary": {}, "Ping": {}, "CoreShowChannels": {}, "DeviceStateList": {},
        "ExtensionStateList": {}, "GetConfig": {"Filename": "queues.conf"}, "CoreSettings": {}, "CoreStatus": {},
    }  # fmt: skip
    async with Client(simulation.address) as client:
        await client.login()
        answers = {action: await client.ask(action, **fields) for action, fields in actions.items()}
        denied = {
            action for action, answer in answers.items() if answer.get("Message") == "Permission denied"
        }
        assert denied == refused
        assert all(answer.get("Response") == "Success" for a, answer in answers.items() if a not in refused)


async def test_the_event_mask_limits_what_is_read_and_never_widens_it(start: Start) -> None:
    simulation = await start(users=user("agent,system"))
    async with Client(simulation.address) as client:
        await client.login(events="off")
        simulation.pause("Anna", "one")
        assert (await client.ask("Events", EventMask="call,agent")).get("Events") == "On"
        simulation.pause("Anna", "two")
        await client.ask("Ping")
        assert [one.get("PausedReason") for one in client.seen if one.name] == ["two", "two"]
        assert (await client.ask("Events", EventMask="off")).get("Events") == "Off"
        assert (await client.ask("Events")).get("Message") == "Invalid event mask"


async def test_unknown_actions_and_files_are_refused_in_asterisks_words(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        await client.login(events="off")
        answer = await client.ask("Dance")
        assert answer.get("Message").startswith("Invalid/unknown command: Dance.")
        assert (await client.ask("GetConfig", Filename="sip.conf")).get("Message") == "Config file not found"


async def test_the_lists_have_asterisks_items_and_fields(start: Start) -> None:
    simulation = await start()
    recorded = {
        (one.name, "Privilege" in one.keys): one.keys for name in ("talking_at_connect", "freepbx_member")
        for one in recording(name)
    }  # fmt: skip
    simulation.call_arrives("sales", number=NUMBER, patience=LONG, talk=LONG)
    simulation.call_arrives("support", number=NUMBER, patience=LONG, talk=LONG)
    async with Client(simulation.address) as client:
        await client.login()
        await client.until(lambda one: one.name == "AgentCalled")
        simulation.answer("Anna")
        await client.until(lambda one: one.name == "QueueCallerJoin" and one.get("Queue") == "support")
        names = Counter()
        for action in ("QueueStatus", "CoreShowChannels", "DeviceStateList", "ExtensionStateList"):
            for item in await client.list(action):
                names[item.name] += 1
                assert item.keys == recorded[item.name, False], item.name
        assert names["QueueParams"] == 2
        assert names["QueueMember"] == 3
        assert names["QueueEntry"] == 1
        assert names["CoreShowChannel"] == 3
        assert names["ExtensionStatus"] == 1
        members = [one for one in client.seen if one.name == "QueueMember"]
        assert [one.get("InCall") for one in members if one.get("Name") == "Anna"] == ["1", "0"]
        assert {one.get("Status") for one in members if one.get("Name") == "Anna"} == {"2"}


async def test_queue_status_can_be_limited_to_a_queue_and_a_member(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        await client.login(events="off")
        items = await client.list("QueueStatus", Queue="sales", Member="PJSIP/101")
        assert [one.name for one in items] == ["QueueParams", "QueueMember"]
        summaries = await client.list("QueueSummary")
        assert [(one.get("Queue"), one.get("LoggedIn"), one.get("Available")) for one in summaries] == [
            ("sales", "2", "2"),
            ("support", "1", "1"),
        ]


async def test_queues_conf_tells_wrap_up_and_static_members(start: Start) -> None:
    simulation = await start(world=replace(WORLD, queues=(replace(SALES, wrap_up=25), SUPPORT)))
    async with Client(simulation.address) as client:
        await client.login(events="off")
        config = await client.ask("GetConfig", Filename="queues.conf")
        lines = [value for key, value in config.fields if key.startswith("Line-000001")]
        assert "wrapuptime=25" in lines
        assert "member=Local/102@from-queue/n,0,Boris,hint:102@ext-local" in lines
        assert config.get("Category-000001") == "sales"


async def test_a_list_is_never_torn_apart_by_events_which_follow_it(start: Start) -> None:
    agents = tuple(replace(ANNA, number=str(200 + index), name=f"Agent {index}") for index in range(1_500))
    simulation = await start(world=World(queues=(SALES,), agents=agents))
    async with Client(simulation.address) as client:
        await client.login()
        action_id = client.send("QueueStatus")
        await client.until(lambda one: one.name == "QueueMember")
        for index in range(200, 220):
            simulation.pause(str(index), "Lunch")
        await client.until(lambda one: one.name == "QueueStatusComplete")
        told = [one for one in client.seen if one.get("ActionID") == action_id]
        assert client.seen[client.seen.index(told[0]) :] == told
        pauses = 0
        while pauses < 20:
            pauses += (await client.read()).name == "QueueMemberPause"


async def test_events_carry_what_manager_conf_and_asterisk_conf_add(start: Start) -> None:
    simulation = await start(timestamp_events=False, system_name="pbx-7")
    async with Client(simulation.address) as client:
        await client.login()
        simulation.pause("Anna")
        event = await client.until(lambda one: one.name == "QueueMemberPause")
        assert event.keys[:3] == ("Event", "Privilege", "SystemName")


async def test_timestamps_follow_the_clock_that_ping_tells(start: Start) -> None:
    simulation = await start(start_time=1_600_000_000.0)
    async with Client(simulation.address) as client:
        await client.login()
        before = float((await client.ask("Ping")).get("Timestamp"))
        simulation.pause("Anna")
        event = await client.until(lambda one: one.name == "QueueMemberPause")
        after = float((await client.ask("Ping")).get("Timestamp"))
        assert 1_600_000_000.0 <= before <= float(event.get("Timestamp")) <= after


async def test_a_client_that_takes_nothing_is_cut_off(start: Start) -> None:
    simulation = await start(users=user("agent,call,system", write_timeout=0.2))
    async with Client(simulation.address) as lazy, Client(simulation.address) as eager:
        await lazy.login()
        await eager.login()
        lazy.reader._transport.pause_reading()
        while simulation.clients == 2:
            simulation.inject(
                b"Event: UserEvent\r\nPrivilege: user,all\r\nFill: " + b"x" * 50_000 + b"\r\n\r\n"
            )
            await eager.until(lambda one: one.name == "UserEvent")
        assert (await eager.ask("Ping")).get("Ping") == "Pong"


async def test_a_stalled_pbx_says_nothing_and_then_everything(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        await client.login()
        await client.ask("Ping")
        simulation.stall()
        simulation.pause("Anna", "Lunch")
        client.send("Ping")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.reader.readuntil(b"\r\n\r\n")
        simulation.resume()
        await client.until(lambda one: one.get("Ping") == "Pong")
        await client.until(lambda one: one.get("PausedReason") == "Lunch")


async def test_dropped_clients_may_come_back(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        await client.login()
        simulation.drop_connections()
        assert await client.ended()
    async with Client(simulation.address) as client:
        assert (await client.login()).get("Response") == "Success"


async def test_silent_changes_are_seen_in_the_lists_alone(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        await client.login()
        with simulation.silence():
            simulation.pause("Anna", "Lunch")
            simulation.remove_member("Boris", "sales")
        members = [one for one in await client.list("QueueStatus") if one.name == "QueueMember"]
        assert [(one.get("Queue"), one.get("Paused")) for one in members] == [
            ("sales", "1"),
            ("support", "1"),
        ]
        assert not [
            one for one in client.seen if one.name.startswith("QueueMember") and "Privilege" in one.keys
        ]


async def test_injected_bytes_arrive_as_they_are(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        await client.login()
        await client.ask("Ping")
        simulation.inject(b"no colon\r\n\r\n")
        async with asyncio.timeout(5):
            assert await client.reader.readuntil(b"\r\n\r\n") == b"no colon\r\n\r\n"


async def test_a_restart_ends_all_calls_and_forgets_dynamic_members(start: Start) -> None:
    dynamic = replace(BORIS, dynamic=True)
    simulation = await start(world=World(queues=(SALES,), agents=(ANNA, dynamic)))
    simulation.call_arrives("sales", number=NUMBER, patience=LONG, talk=LONG)
    async with Client(simulation.address) as client:
        await client.login()
        await client.until(lambda one: one.name == "AgentCalled")
        simulation.answer("Anna")
        simulation.pause("Anna", "Lunch")
        first = await client.ask("CoreStatus")
        restart = asyncio.create_task(simulation.restart())
        shutdown = await client.until(lambda one: one.name == "Shutdown")
        assert shutdown.get("Restart") == "True"
        assert await client.ended()
        await restart
    async with Client(simulation.address) as client:
        await client.login()
        members = [one for one in await client.list("QueueStatus") if one.name == "QueueMember"]
        assert [(one.get("Name"), one.get("Paused"), one.get("Status")) for one in members] == [
            ("Anna", "0", "1")
        ]
        assert await client.list("CoreShowChannels") == []
        assert (await client.ask("CoreStatus")).keys == first.keys
    assert [visit.end for visit in simulation.ledger.visits] == ["lost"]


async def test_overlong_lines_are_refused_and_the_session_goes_on(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        client.writer.write(b"Action: " + b"x" * 2_000 + b"\r\n\r\n")
        assert (await client.read()).get("Message") == "Failed to parse message"
        assert (await client.login()).get("Response") == "Success"


async def test_the_address_is_known_and_a_taken_one_is_refused(start: Start) -> None:
    simulation = await start()
    other = Simulation(SimulationConfig(world=WORLD, load=0, warm_up=0, habits=QUIET))
    with pytest.raises(OSError, match="address"):
        await other.start(*simulation.address)
    await other.stop()


async def test_ten_thousand_members_are_listed_whole(start: Start) -> None:
    queues = (QueueSpec(name="big"),)
    agents = tuple(
        replace(ANNA, number=str(10_000 + index), name=f"Агент {index}", queues=("big",))
        for index in range(10_000)
    )
    simulation = await start(world=World(queues=queues, agents=agents))
    async with Client(simulation.address) as client:
        await client.login(events="off")
        items = await client.list("QueueStatus")
        assert len({one.get("Location") for one in items if one.name == "QueueMember"}) == 10_000


async def test_a_pong_tells_the_moment_of_its_asking(start: Start) -> None:
    simulation = await start()
    async with Client(simulation.address) as client:
        await client.login()
        while simulation.now - simulation.pbx.now < 0.05:  # the PBX sleeps: nothing is due
            await asyncio.sleep(0.01)
        asked = simulation.now
        assert float((await client.ask("Ping")).get("Timestamp")) >= asked - 1e-6
