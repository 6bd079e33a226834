"""Subjects of rules to change at will."""

from __future__ import annotations

from typing import Any

import msgspec

from monitor.model import (
    Agent,
    AgentCall,
    AgentFigures,
    Membership,
    Model,
    Presence,
    Queue,
    QueueFigures,
    ServiceHealth,
    ServiceLevel,
    Source,
    SourceCounts,
    StateCounts,
    Why,
)

NOW = 1_795_444_800.0

LEVEL = ServiceLevel(formula="answered_and_abandoned", value=0.79, met=79, of=100, threshold=20.0, target=0.8)
FIGURES = QueueFigures(
    offered=110,
    answered=90,
    abandoned=15,
    short_abandoned=5,
    timed_out=3,
    left=2,
    unknown=0,
    service_level=LEVEL,
    average_wait=12.5,
    longest_wait=75.0,
    average_handle_time=190.0,
    average_talk_time=170.0,
    abandonment_rate=0.095,
)
QUEUE = Queue(
    id="pbx1/sales",
    name="Sales",
    source="pbx1",
    waiting=3,
    longest_wait_since=NOW - 42.0,
    agents=StateCounts(available=0, talking=4, paused=2),
    today=FIGURES,
    last_30m=FIGURES,
)
DAY = AgentFigures(
    answered=12,
    missed=2,
    outbound=1,
    direct=0,
    talk_seconds=3_600.0,
    hold_seconds=60.0,
    wrap_up_seconds=120.0,
    paused_seconds=900.0,
    available_seconds=1_200.0,
    ringing_seconds=30.0,
    dialing_seconds=10.0,
    offline_seconds=0.0,
    unknown_seconds=0.0,
    occupancy=0.75,
)
CALL = AgentCall(
    id="1795444700.1",
    direction="inbound_queue",
    queue="pbx1/sales",
    party="+7495*****67",
    started=NOW - 100.0,
    answered=NOW - 90.0,
    held_since=None,
)
AGENT = Agent(
    id="pbx1/anna",
    name="Anna",
    team="North",
    source="pbx1",
    endpoints=["PJSIP/101"],
    state="paused",
    last_state=None,
    since=NOW - 600.0,
    reason="lunch",
    presence=Presence(paused=True, reason="lunch", since=NOW - 600.0),
    call=None,
    queues=[Membership(queue="pbx1/sales", paused=True, reason="lunch", penalty=0)],
    today=DAY,
    why=Why(rule="paused in all queues", event="MemberPaused", at=NOW - 600.0),
)
SOURCE = Source(
    id="pbx1",
    adapter="ami",
    state="up",
    since=NOW - 3_600.0,
    last_event_at=NOW - 5.0,
    version="22.5.1",
    detail=None,
)
SERVICE = ServiceHealth(
    sources=SourceCounts(up=1, lost=1), waiting=3, longest_wait_since=None, feed_clients=4, webhooks_failing=0
)
SUBJECTS: dict[str, Model] = {"queue": QUEUE, "agent": AGENT, "source": SOURCE, "service": SERVICE}


def changed(subject: Any, **values: Any) -> Any:
    """A copy with other values."""
    return msgspec.structs.replace(subject, **values)
