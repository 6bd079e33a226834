"""The score: which block of AMI events each happening makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitor.simulator import happenings as h
from monitor.simulator import score_direct as direct
from monitor.simulator import score_queue as queue
from monitor.simulator import score_talk as talk
from monitor.simulator.writer import Writer

Block = Callable[[Writer, Any], None]

SCORE: dict[type[h.Happening], Block] = {
    h.CallerArrived: queue.caller_arrived,
    h.CallerJoined: queue.caller_joined,
    h.CallerLeft: queue.caller_left,
    h.AgentOffered: queue.agent_offered,
    h.AgentMissed: queue.agent_missed,
    h.AgentAnswered: queue.agent_answered,
    h.TalkHeld: talk.talk_held,
    h.TalkResumed: talk.talk_resumed,
    h.TalkEnded: talk.talk_ended,
    h.BlindTransferred: talk.blind_transferred,
    h.AttendedTransferred: talk.attended_transferred,
    h.DirectStarted: direct.direct_started,
    h.DirectAnswered: direct.direct_answered,
    h.DirectEnded: direct.direct_ended,
    h.MemberAdded: direct.member_added,
    h.MemberRemoved: direct.member_removed,
    h.MemberPaused: direct.member_paused,
    h.PenaltyChanged: direct.penalty_changed,
    h.PhoneLost: direct.phone_lost,
    h.PhoneBack: direct.phone_back,
    h.WrapUpEnded: direct.nothing,
}


def perform(writer: Writer, happening: h.Happening) -> None:
    """Write the events of one happening."""
    writer.begin(happening.at)
    SCORE[type(happening)](writer, happening)
