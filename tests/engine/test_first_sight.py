"""What the engine makes of calls that were under way before anybody watched."""

from __future__ import annotations

from monitor.engine import SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import EventIds, LegFacts, MemberFacts, QueueFacts, Snapshot, SourceConnected

NOW = 1_795_444_790.0


def test_a_talk_seen_for_the_first_time_began_with_its_leg_and_not_with_our_coming() -> None:
    engine, ids = SourceEngine(SourceConfig(source="pbx")), EventIds(1)
    engine.apply(SourceConnected(source="pbx", at=NOW, id=ids()))
    engine.apply(
        Snapshot(
            source="pbx",
            at=NOW,
            id=ids(),
            taken_at=NOW,
            queues=(QueueFacts(queue="sales"),),
            members=(
                MemberFacts(
                    queue="sales", interface="PJSIP/101", name="Anna", endpoint="PJSIP/101", state="in_use"
                ),
            ),
            legs=(
                LegFacts(
                    leg="a",
                    call="a",
                    endpoint="PJSIP/101",
                    direction="inbound",
                    started_at=NOW - 240,
                    state="answered",
                ),
            ),
        )
    )
    agent = engine.agent_view("pbx/Anna", NOW + 1)
    assert agent is not None
    assert (agent.state, agent.since) == ("talking", NOW - 240)
    assert agent.call is not None
    assert agent.call.answered == NOW - 240
    assert agent.today.talk_seconds == 1  # what nobody saw is in no figure
