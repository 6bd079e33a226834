"""Callers in queues: joining, being offered, answered, leaving; what is counted, and when.

A call is counted once: when caller and agent are connected, or when the caller leaves otherwise.
"""

from __future__ import annotations

from monitor.engine import queue_calls, wrap_up
from monitor.engine.live import Live
from monitor.engine.state import QueueCall, Visit
from monitor.engine.timers import Timer
from monitor.events import (
    AgentAnswered,
    AgentCompleted,
    AgentMissed,
    AgentOffered,
    CallerFacts,
    CallerJoined,
    CallerLeft,
    LeftOutcome,
)

CONNECTING_SECONDS = 600.0
"""How long a caller whom an agent took may hear announcements before the outcome is called unknown."""
LATE_SECONDS = 600.0
"""How long a true outcome may still overrule an unknown one."""


def caller_joined(live: Live, event: CallerJoined) -> None:
    """A caller begins to wait."""
    facts = event.caller
    visit = live.visits.get((facts.queue, facts.call))
    if visit is not None and visit.phase == "waiting":
        live.unexpected("already_waiting")
        visit.touched = live.now
        live.dirty["visit"].add(visit.key)
        return
    if visit is not None:
        if visit.phase == "connecting":
            live.unexpected("never_connected")
            _count(live, visit, "unknown", event.at)
        _forget(live, visit)
    wait(live, facts)


def wait(live: Live, facts: CallerFacts) -> Visit:
    """Have a caller wait."""
    visit = Visit(
        queue=facts.queue,
        call=facts.call,
        linked=facts.linked,
        joined_at=min(facts.joined_at, live.now),
        party=facts.party,
    )
    live.ended.forget(("visit", *visit.key))
    live.add_visit(visit, live.queue(facts.queue), facts.position)
    return visit


def caller_left(live: Live, event: CallerLeft) -> None:
    """A caller no longer waits. ``answered`` is counted later, when the two are connected."""
    key = (event.queue, event.call)
    visit = live.visits.get(key)
    if visit is None:
        answered = any(one.answered_at is not None for one in live.queue_calls_for.get(key, {}).values())
        if not (answered and event.outcome == "answered"):
            live.unexpected("unknown_caller")
        return
    leave(live, visit, event.outcome, event.at)


def leave(live: Live, visit: Visit, outcome: LeftOutcome, at: float) -> None:
    """Have a caller leave, or correct what was known of it."""
    if visit.phase == "unknown" and outcome == "unknown":
        return
    if visit.phase == "connecting" and outcome == "answered":
        return
    live.stop_waiting(visit, live.queue(visit.queue))
    _take_back_unknown(live, visit)
    if outcome == "answered":
        visit.phase = "connecting"
        _expect_until(live, visit, live.now + CONNECTING_SECONDS)
        return
    _count(live, visit, outcome, at)
    queue_calls.drop_unseen_offers(live, *visit.key)
    if outcome != "unknown":
        _forget(live, visit)


def wait_again(live: Live, visit: Visit) -> None:
    """Forget a caller who was taken to have left: the source's list has it waiting (join it next)."""
    if visit.phase == "connecting":
        _count(live, visit, "unknown", live.at)
    else:
        _take_back_unknown(live, visit)
    _forget(live, visit)


def outcome_overdue(live: Live, visit: Visit) -> None:
    """The outcome did not come in time."""
    if visit.phase == "connecting":
        _count(live, visit, "unknown", live.at)
    else:
        _forget(live, visit)


def agent_offered(live: Live, event: AgentOffered) -> None:
    """A member is about to be rung."""
    key = (event.queue, event.call, event.interface)
    if (event.queue, event.call) not in live.visits:
        live.unexpected("unknown_caller")
    if (event.queue, event.interface) not in live.members:
        live.unexpected("unknown_member")
        return
    if live.ended.at(("leg", event.leg)) is not None:
        return  # rung and over already
    queue_call = live.queue_calls.get(key)
    if queue_call is not None and queue_call.answered_at is not None and key[:2] in live.visits:
        queue_call = _begin_again(live, queue_call, event.at)
    elif queue_call is None:
        queue_call = queue_calls.offer(live, *key, at=event.at)
    queue_calls.adopt(live, queue_call, event.leg)


def agent_answered(live: Live, event: AgentAnswered) -> None:
    """Caller and agent are connected: the call is counted."""
    key = (event.queue, event.call, event.interface)
    queue_call = live.queue_calls.get(key)
    if queue_call is not None and queue_call.answered_at is not None and key[:2] in live.visits:
        queue_call = _begin_again(live, queue_call, event.at)
    if queue_call is None:
        if live.ended.at(("leg", event.leg)) is None:
            live.unexpected("not_offered")
        queue_call = queue_calls.offer(live, *key, at=event.at)
    if queue_call.answered_at is not None:
        live.unexpected("already_answered")
        return
    _count_answered(live, queue_call, event)
    queue_call.answered_at = event.at
    live.queue_call_changed(queue_call)
    queue_calls.drop_unseen_offers(live, event.queue, event.call, but=key)
    queue_calls.adopt(live, queue_call, event.leg)
    member = live.members.get((event.queue, event.interface))
    if member is None:
        live.unexpected("unknown_member")
    else:
        wrap_up.release(live, member, event.at)
    if queue_call.agent is not None:
        live.agents[queue_call.agent].statistics.answered += 1
    ended_at = live.ended.at(("leg", event.leg))
    if ended_at is not None and not queue_call.legs:
        queue_calls.talk_ended(live, queue_call, event.at)


def agent_missed(live: Live, event: AgentMissed) -> None:
    """A member did not take the call."""
    member = live.members.get((event.queue, event.interface))
    if member is None:
        live.unexpected("unknown_member")
    else:
        live.agents[member.agent].statistics.missed += 1
        live.settle(member.agent)
    queue_call = live.queue_calls.get((event.queue, event.call, event.interface))
    if queue_call is None:
        return
    if queue_call.answered_at is not None:
        live.unexpected("answered")
    elif not queue_call.legs:
        live.remove_queue_call(queue_call)


def agent_completed(live: Live, event: AgentCompleted) -> None:
    """The queue call is over; the source counts the wrap-up from now on."""
    queue_call = _completed_call(live, event)
    if queue_call is None:
        live.unexpected("unknown_queue_call")
    elif queue_call.earlier and (queue_call.answered_at is None or event.leg not in queue_call.legs):
        queue_call.earlier -= 1
        live.queue_call_changed(queue_call)
    elif queue_call.answered_at is None:
        live.unexpected("not_answered")
    else:
        queue_calls.count_talk(live, queue_call, event.at)
        queue_call.completed = True
        live.queue_call_changed(queue_call)
        if not queue_call.legs:
            live.remove_queue_call(queue_call)
    member = live.members.get((event.queue, event.interface))
    if member is None:
        live.unexpected("unknown_member")
        return
    wrap_up.completed(live, member, event.at, event.at if event.last_call is None else event.last_call)


def answered_unseen(live: Live, queue_call: QueueCall) -> None:
    """Count an answer that we did not see, if we know the caller: a leg tells when it was answered."""
    visit = live.visits.get((queue_call.queue, queue_call.call))
    if visit is None or queue_call.answered_at is None:
        return
    _count_visit_answered(live, visit, queue_call, queue_call.answered_at)
    if queue_call.agent is not None:
        live.agents[queue_call.agent].statistics.answered += 1


def _completed_call(live: Live, event: AgentCompleted) -> QueueCall | None:
    """Return the queue call that a completion is about; the caller's name may have changed on the way."""
    queue_call = live.queue_calls.get((event.queue, event.call, event.interface))
    if queue_call is not None:
        return queue_call
    member = live.members.get((event.queue, event.interface))
    if member is None:
        return None
    candidates = [
        one
        for one in live.queue_calls_of.get(member.agent, {}).values()
        if one.queue == event.queue
        and one.interface == event.interface
        and one.answered_at is not None
        and not one.completed
    ]
    return candidates[0] if len(candidates) == 1 else None


def _begin_again(live: Live, over: QueueCall, at: float) -> QueueCall:
    """Offer the same caller to the same member again while the completion of the first time is still to come."""
    queue_calls.count_talk(live, over, at)
    earlier = over.earlier + (0 if over.completed else 1)
    live.remove_queue_call(over)
    queue_call = queue_calls.offer(live, *over.key, at=at)
    queue_call.earlier = earlier
    return queue_call


def _count_answered(live: Live, queue_call: QueueCall, event: AgentAnswered) -> None:
    """Count an answered call of which we know how long the caller waited."""
    visit = live.visits.get((event.queue, event.call))
    if visit is not None:
        _count_visit_answered(live, visit, queue_call, event.at)
        return
    live.unexpected("unknown_caller")
    if event.hold_time is not None:  # it joined while the source could not be seen
        queue_call.joined_at = event.at - event.hold_time
        queue = live.queue(event.queue)
        queue.statistics.answered(event.at, event.hold_time, live.queue_config(event.queue))
        live.counted(queue)


def _count_visit_answered(live: Live, visit: Visit, queue_call: QueueCall, at: float) -> None:
    queue = live.queue(visit.queue)
    live.stop_waiting(visit, queue)
    _take_back_unknown(live, visit)
    queue.statistics.answered(at, at - visit.joined_at, live.queue_config(visit.queue))
    live.counted(queue)
    queue_call.joined_at = visit.joined_at
    queue_call.party = visit.party
    _forget(live, visit)


def _count(live: Live, visit: Visit, outcome: LeftOutcome, at: float) -> None:
    """Count a caller who left unanswered; one of unknown outcome is kept for a while."""
    queue = live.queue(visit.queue)
    filed_at = queue.statistics.left(at, outcome, at - visit.joined_at, live.queue_config(visit.queue))
    live.counted(queue)
    if outcome == "unknown":
        visit.phase = "unknown"
        visit.filed_at = filed_at
        live.unlink_visit(visit)
        live.unsettled_visits[visit.key] = None
        _expect_until(live, visit, live.now + LATE_SECONDS)


def _take_back_unknown(live: Live, visit: Visit) -> None:
    """Take back that a caller's outcome was unknown: it is known now."""
    if visit.phase == "unknown":
        queue = live.queue(visit.queue)
        queue.statistics.overrule_unknown(visit.filed_at)
        live.counted(queue)


def _expect_until(live: Live, visit: Visit, deadline: float) -> None:
    visit.deadline = deadline
    live.dirty["visit"].add(visit.key)
    live.timers.set(deadline, Timer.VISIT, visit.key)


def _forget(live: Live, visit: Visit) -> None:
    live.ended.add(("visit", *visit.key), live.now)
    live.forget_visit(visit)
