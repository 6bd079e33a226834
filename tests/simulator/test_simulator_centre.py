"""The model obeys Asterisk's rules of queues: who is rung, when, and who is spared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.simulator import QUIET, AgentSpec, QueueSpec, SimulatedPbx, SimulationConfig, SimulationError
from monitor.simulator.world import make_world, names
from tests.simulator.scene import ANNA, BORIS, LONG, SALES, START, SUPPORT, VERA, Scene

NOBODY_ANSWERS = replace(QUIET, miss=1.0)


def rung_for_three_calls(scene: Scene) -> list[str]:
    """Who answers three calls that come one after the other."""
    rung = []
    for _ in range(3):
        scene.call()
        scene._until(lambda: any(a.offer for a in scene.centre.agents.values()), "somebody is rung")
        (number,) = (a.number for a in scene.centre.agents.values() if a.offer)
        rung.append(number)
        scene.talks(number)
        scene.wait(10)
        scene.hang_up(number)
        scene.wait(10)
    return rung


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("rrmemory", ["101", "102", "103"]),
        ("leastrecent", ["101", "102", "103"]),
        ("fewestcalls", ["101", "102", "103"]),
        ("linear", ["101", "101", "101"]),
    ],
)
def test_a_strategy_chooses_whom_to_ring(strategy: str, expected: list[str]) -> None:
    scene = Scene(ANNA, BORIS, VERA, queues=(replace(SALES, strategy=strategy),))
    assert rung_for_three_calls(scene) == expected


def test_a_lower_penalty_is_rung_first() -> None:
    scene = Scene(replace(ANNA, penalty=5), BORIS)
    scene.call()
    scene.rings("102")
    assert scene.agent("101").offer is None


def test_a_missed_call_goes_to_the_next_member_after_the_retry_time() -> None:
    scene = Scene(ANNA, BORIS, habits=NOBODY_ANSWERS)
    scene.call()
    scene.rings("101")
    began = scene.pbx.now
    scene.rings("102")
    assert scene.pbx.now - began == pytest.approx(SALES.timeout + SALES.retry, abs=0.1)


def test_ring_all_rings_everybody_and_frees_the_losers() -> None:
    scene = Scene(ANNA, BORIS, VERA, queues=(replace(SALES, strategy="ringall"),))
    scene.call()
    scene.rings("103")
    assert all(scene.agent(number).offer for number in ("101", "102", "103"))
    scene.talks("102")
    assert [scene.agent(number).state(scene.pbx.now) for number in ("101", "102", "103")] == [
        "available",
        "talking",
        "available",
    ]


def test_wrap_up_spares_a_member_in_the_queue_of_his_call_only() -> None:
    both = ("sales", "support")
    scene = Scene(replace(ANNA, queues=both), queues=(replace(SALES, wrap_up=60), SUPPORT))
    scene.call()
    scene.talks("101")
    scene.wait(5)
    scene.hang_up("101")
    ended = scene.pbx.now
    scene.call("sales")
    scene.call("support")
    scene.rings("101")
    assert scene.agent("101").offer.member.queue.name == "support"
    scene.talks("101")
    scene.wait(5)
    scene.hang_up("101")
    assert scene.agent("101").state(scene.pbx.now) == "wrap_up"
    scene.rings("101")
    assert scene.agent("101").offer.member.queue.name == "sales"
    assert scene.pbx.now >= int(ended) + 60


@pytest.mark.parametrize("hindrance", ["paused", "unreachable", "talking", "signed off"])
def test_who_cannot_take_a_call_is_not_rung(hindrance: str) -> None:
    scene = Scene(replace(ANNA, queues=("sales", "support")), queues=(SALES, SUPPORT))
    {
        "paused": lambda: scene.centre.pause("101", queue_name="sales"),
        "unreachable": lambda: scene.centre.set_reachable("101", reachable=False),
        "talking": lambda: scene.pbx.conversations.dial("outbound", scene.agent("101"), None, "+74950000000"),
        "signed off": lambda: scene.centre.remove_member("101", "sales"),
    }[hindrance]()
    scene.call()
    scene.wait(60)
    assert scene.agent("101").offer is None
    assert len(scene.centre.queue("sales").calls) == 1


def test_a_waiting_caller_is_offered_when_a_pause_ends() -> None:
    scene = Scene(ANNA)
    scene.centre.pause("101")
    scene.call()
    scene.wait(10)
    scene.centre.pause("101", paused=False)
    scene.rings("101")


def test_callers_are_served_in_order_and_move_up() -> None:
    scene = Scene(ANNA)
    scene.centre.pause("101")
    first, second, third = (scene.call() for _ in range(3))
    scene.wait(5)
    assert [call.position for call in (first, second, third)] == [1, 2, 3]
    scene.centre.leave(second, "abandoned")
    assert third.position == 2
    scene.centre.pause("101", paused=False)
    scene.rings("101")
    assert scene.agent("101").offer.call is first


def test_auto_pause_pauses_who_does_not_answer() -> None:
    scene = Scene(ANNA, habits=NOBODY_ANSWERS, queues=(replace(SALES, auto_pause=True),))
    scene.call()
    scene.rings("101")
    scene.wait(SALES.timeout + 0.5)
    assert scene.member("101").reason == "Auto-Pause"


def test_an_empty_queue_lets_its_callers_go_where_it_should() -> None:
    scene = Scene(ANNA, queues=(replace(SALES, leave_when_empty=True),))
    scene.centre.pause("101", queue_name="sales")
    scene.call()
    scene.wait(1)
    assert len(scene.centre.queue("sales").calls) == 1
    scene.centre.pause("101")
    scene.wait(2)
    assert [visit.outcome for visit in scene.pbx.ledger.visits] == ["left_empty"]


def test_asterisks_own_figures_are_moving_averages() -> None:
    scene = Scene(ANNA, queues=(replace(SALES, wrap_up=0),))
    for length in (10, 30, 5, 60):
        scene.call()
        scene.talks("101")
        scene.wait(length)
        scene.hang_up("101")
    assert scene.centre.queue("sales").talk_time == 24


def test_speed_makes_people_faster_and_not_the_clock() -> None:
    slow, fast = Scene(ANNA, habits=NOBODY_ANSWERS), Scene(ANNA, habits=NOBODY_ANSWERS, speed=5.0)
    for scene, timeout in ((slow, 5.0), (fast, 1.0)):
        scene.call()
        scene.rings("101")
        began = scene.pbx.now
        scene._until(lambda scene=scene: scene.agent("101").offer is None, "the phone rang out")
        assert scene.pbx.now - began == pytest.approx(timeout)
    assert [scene.centre.queue("sales").wrap_up for scene in (slow, fast)] == [2, 1]


def test_what_cannot_be_is_refused_with_a_reason() -> None:
    scene = Scene(ANNA)
    with pytest.raises(SimulationError, match="no queue 'nowhere'; there are: sales"):
        scene.call("nowhere")
    with pytest.raises(SimulationError, match="Zoe"):
        scene.centre.pause("Zoe")
    with pytest.raises(SimulationError, match="already"):
        scene.centre.add_member("101", "sales")


# --- the made-up world -----------------------------------------------------------------------------------


def test_the_same_seed_and_start_give_the_same_events_to_the_byte() -> None:
    def told(seed: int) -> list[str]:
        pbx = SimulatedPbx(SimulationConfig(seed=seed, noise=True), START)
        lines: list[str] = []
        pbx.listen(lambda _category, text: lines.append(text))
        pbx.run_until(START + 900)
        return lines

    assert told(7) == told(7)
    assert told(7) != told(8)


def test_listening_changes_nothing_that_happens() -> None:
    heard, unheard = (SimulatedPbx(SimulationConfig(seed=3), START) for _ in range(2))
    heard.listen(lambda _category, _text: None)
    for pbx in (heard, unheard):
        pbx.run_until(START + 1_800)
    assert heard.ledger.visits == unheard.ledger.visits


def test_the_world_is_a_call_centre_of_the_size_asked_for() -> None:
    world = make_world(24, 4, seed=1)
    assert [queue.name for queue in world.queues] == ["sales", "support", "retention", "vip"]
    assert len({agent.name for agent in world.agents}) == 24
    assert any(len(agent.queues) > 1 for agent in world.agents)
    assert {agent.style for agent in world.agents} == {"pjsip", "freepbx"}
    assert {agent.dynamic for agent in world.agents} == {True, False}
    assert {"ringall"} < {queue.strategy for queue in world.queues}
    assert any(ord(letter) > 0x400 for agent in world.agents for letter in agent.name)
    assert {queue for agent in world.agents for queue in agent.queues} == {
        queue.name for queue in world.queues
    }


@pytest.mark.parametrize(("agents", "queues"), [(1, 1), (3, 7), (200, 12)])
def test_a_world_of_any_size_can_work(agents: int, queues: int) -> None:
    pbx = SimulatedPbx(SimulationConfig(agents=agents, queues=queues, speed=10), START)
    pbx.run_until(START + 60)
    assert pbx.ledger.visits


def test_names_never_repeat() -> None:
    many = names(10_000)
    assert len(set(many)) == 10_000
    assert names(24) == many[:24]


def test_the_first_picture_is_alive() -> None:
    pbx = SimulatedPbx(SimulationConfig(), START)
    states = {agent.state(START) for agent in pbx.centre.agents.values()}
    assert {"talking", "paused", "available"} <= states


def test_a_big_centre_at_low_traffic_costs_little() -> None:
    world = make_world(10_000, 4, seed=1)
    pbx = SimulatedPbx(SimulationConfig(world=world, load=0.01, warm_up=0, habits=QUIET), START)
    pbx.run_until(START + 600)
    assert len(pbx.ledger.visits) > 10


def test_an_agents_interface_follows_his_style() -> None:
    scene = Scene(
        AgentSpec(number="7", name="x", queues=("sales",), style="freepbx"), queues=(QueueSpec(name="sales"),)
    )
    (member,) = scene.centre.queue("sales").members.values()
    assert (member.agent.interface, member.agent.state_interface) == (
        "Local/7@from-queue/n",
        "hint:7@ext-local",
    )
    scene.call(patience=LONG)
    scene.talks("7")
    assert scene.agent("7").state(scene.pbx.now) == "talking"
