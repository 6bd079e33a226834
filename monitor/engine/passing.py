"""The passing of time: what falls due, and the change of the day."""

from __future__ import annotations

from monitor.engine import agents, callers, members, workplaces, wrap_up
from monitor.engine.history import STEP
from monitor.engine.live import Live
from monitor.engine.queue_counts import QueueCounts
from monitor.engine.settle import settle
from monitor.engine.state import QueueEntity
from monitor.engine.timers import Key, Timer
from monitor.model import Gap


def advance(live: Live, to: float, event_id: str) -> None:
    """Let time pass: everything that falls due by ``to`` happens at its own time, in order."""
    source = live.source
    while (entry := live.timers.due(to)) is not None:
        at, timer, key = entry
        source.now = max(source.now, at)
        live.at = at
        live.cause = ("Tick", at, event_id)
        if timer is Timer.DAY:
            begin_day(live, to)
        else:
            _DUE[timer](live, key)
        settle(live)
    source.now = max(source.now, to)


def begin_day(live: Live, now: float) -> None:
    """Begin the day that ``now`` is in: new figures for all, and those who left long ago are forgotten."""
    source = live.source
    source.day_start = start = live.day.start(now)
    source.day_end = live.day.next_start(now)
    live.timers.set(source.day_end, Timer.DAY, ())
    source.gaps = [gap for gap in source.gaps if gap.end is None or gap.end > start]
    live.changes.source = True
    for agent in list(live.agents.values()):
        at_work = live.members_of[agent.id] or workplaces.of(live, agent)
        if not agent.configured and not at_work and not live.legs_of(agent):
            agents.remove(live, agent)
            continue
        agent.statistics.begin_day(start)
        agent.spans.begin_day(start)
        live.dirty["agent"].add(agent.id)
        live.changes.agents.add(agent.id)
    for queue in list(live.queues.values()):
        queue.statistics.advance(start, start)
        live.member_times[queue.name].begin_day(source.now, live.counts[queue.name])
        live.dirty["member_time"].add(queue.name)
        live.counted(queue)
        forget_queue(live, queue)
    if source.now <= start:
        _begin_step(live, start)
    else:  # the day had begun already, by a time zone configured anew
        for queue in live.queues.values():
            live.look_at_waiting(queue)
    await_step(live)


def _begin_step(live: Live, at: float) -> None:
    """Begin a step of the history in every queue."""
    for queue in live.queues.values():
        queue.statistics.begin_step(at, live.counts[queue.name], len(queue.waiting), seen=live.up)
        live.dirty["queue"].add(queue.name)


def await_step(live: Live) -> None:
    """Have the next step begun when its time comes."""
    source = live.source
    into = max(0.0, source.now - source.day_start)
    source.step_end = source.day_start + (into // STEP + 1) * STEP
    live.timers.set(source.step_end, Timer.STEP, ())


def forget_queue(live: Live, queue: QueueEntity) -> None:
    """Remove a queue that the source no longer lists, unless something of it is still to be seen today."""
    if queue.listed or live.members_in[queue.name] or queue.statistics.day != QueueCounts():
        return
    in_use = any(key[0] == queue.name for key in live.visits) or any(
        key[0] == queue.name for key in live.queue_calls
    )
    if not in_use:
        live.remove_queue(queue)


GAPS_LIMIT = 1_000
"""Gaps kept of a day at most; a link that breaks more often loses the oldest."""


def begin_gap(live: Live, at: float, reason: str) -> None:
    """Note that the source can't be seen from now on."""
    gaps = live.source.gaps
    if not gaps or gaps[-1].end is not None:
        gaps.append(Gap(start=at, end=None, reason=reason))
        del gaps[:-GAPS_LIMIT]
        for queue in live.queues.values():
            queue.statistics.unseen(at)
            live.dirty["queue"].add(queue.name)


def end_gap(live: Live, at: float) -> None:
    """Note that the source is seen again."""
    gaps = live.source.gaps
    if gaps and gaps[-1].end is None:
        gaps[-1] = Gap(start=gaps[-1].start, end=max(at, gaps[-1].start), reason=gaps[-1].reason)


def _wrap_up_due(live: Live, key: Key) -> None:
    wrap_up.release(live, live.members[key[0], key[1]], live.at)


def _visit_due(live: Live, key: Key) -> None:
    callers.outcome_overdue(live, live.visits[key[0], key[1]])


def _queue_call_due(live: Live, key: Key) -> None:
    queue_call = live.queue_calls[key[0], key[1], key[2]]
    queue_call.deadline = None
    live.queue_call_changed(queue_call)
    if not queue_call.legs:
        live.remove_queue_call(queue_call)


def _device_due(live: Live, key: Key) -> None:
    members.unhush(live, live.endpoints[key[0]])


def _window_due(live: Live, key: Key) -> None:
    queue = live.queues[key[0]]
    queue.statistics.advance(live.at, live.source.day_start)
    live.windows[queue.name] = None
    live.counted(queue)


def _step_due(live: Live, key: Key) -> None:
    del key
    _begin_step(live, live.at)
    await_step(live)


_DUE = {
    Timer.WRAP_UP: _wrap_up_due,
    Timer.VISIT: _visit_due,
    Timer.QUEUE_CALL: _queue_call_due,
    Timer.DEVICE: _device_due,
    Timer.WINDOW: _window_due,
    Timer.STEP: _step_due,
}
