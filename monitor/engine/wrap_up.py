"""Wrap-up: per member, from the end of a queue call until the source would offer the next one.

No source sends an event for it. The window runs to ``last_call`` plus the length, in whole seconds of the
source's clock (Asterisk: ``is_member_available`` in app_queue.c).
"""

from __future__ import annotations

from monitor.engine.live import Live
from monitor.engine.state import Member
from monitor.engine.timers import Timer


def length(live: Live, member: Member) -> float:
    """Return how many seconds a member's wrap-up takes: its own, else its queue's, else the configured."""
    if member.wrap_up:
        return member.wrap_up
    of_queue = live.queues[member.queue].wrap_up
    if of_queue is None:
        of_queue = live.queue_config(member.queue).wrap_up
    return of_queue or 0.0


def talk_ended(live: Live, member: Member, at: float) -> None:
    """Begin a wrap-up at the end of the talk; provisional, since the source counts from the completion."""
    _run(live, member, at, at)
    if member.wrap_until is not None:
        member.wrap_from = at  # though the source may have told of the last call already


def completed(live: Live, member: Member, at: float, last_call: float) -> None:
    """Count the wrap-up from ``last_call``; one that runs since the end of the talk goes on to its new end."""
    member.last_call = last_call
    member.completed_at = member.touched = live.now
    _run(live, member, at, last_call)


def told(live: Live, member: Member, last_call: float | None) -> None:
    """Take over what the source says of the last call; ``None``: it forgot it, which releases the agent."""
    member.last_call = last_call
    live.dirty["member"].add(member.key)
    if last_call is None:
        release(live, member, live.at)
    else:
        _run(live, member, last_call, last_call)


def length_changed(live: Live, member: Member) -> None:
    """Give a wrap-up that runs its new end."""
    if member.wrap_until is not None:
        _run(live, member, member.wrap_from, member.wrap_base)


def release(live: Live, member: Member, at: float) -> None:
    """End a wrap-up that runs, if one does."""
    if member.wrap_until is None:
        return
    queue = live.queues[member.queue]
    queue.statistics.wrapped_up(at, at - member.wrap_from)
    live.counted(queue)
    member.wrap_until = None
    live.dirty["member"].add(member.key)
    live.settle(member.agent)


def _run(live: Live, member: Member, since: float, base: float) -> None:
    """Have a wrap-up run to ``base`` plus the length, if that is still to come."""
    live.dirty["member"].add(member.key)
    live.settle(member.agent)
    until = base + length(live, member)
    if until <= live.now:
        release(live, member, live.at)
        return
    if member.wrap_until is None:
        member.wrap_from = since
    member.wrap_base = base
    if member.wrap_until != until:
        member.wrap_until = until
        live.timers.set(until, Timer.WRAP_UP, member.key)
