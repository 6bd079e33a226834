"""Reconciliation: the live state against the source's own lists while the source is in sync.

A difference is first a suspicion. It is corrected, and counted by kind, when the next snapshot shows the same and no
event was about the entity in between: what is merely on its way is never taken for a fault. What a source
changes without any event (its configuration, reset last calls) is taken over at once and is no drift.
"""

from __future__ import annotations

from typing import Final

from monitor.engine import callers, legs, members, workplaces
from monitor.engine.lists import (
    LEG_RANK,
    Lists,
    add_leg,
    drop_queues,
    promote,
    take_do_not_disturb,
    take_last_call,
    take_queues,
)
from monitor.engine.live import Live
from monitor.engine.queue_calls import talk_ended
from monitor.engine.snapshot import reorder
from monitor.engine.state import Leg, Member, QueueCall, Suspicion
from monitor.events import LegFacts, MemberFacts, Snapshot

CORRECTION_KINDS: Final = (
    "member_missing",
    "member_extra",
    "member_paused",
    "member_penalty",
    "endpoint_state",
    "caller_missing",
    "caller_extra",
    "caller_position",
    "leg_missing",
    "leg_extra",
    "leg_state",
    "leg_endpoint",
    "queue_call_extra",
)


class Reconciliation:
    """One comparison. ``live.source.suspicions`` are those of the one before, and are replaced."""

    def __init__(self, live: Live, event: Snapshot) -> None:
        self._live = live
        self._event = event
        self._lists = Lists(event)
        self._recent = live.recent(event.taken_at)
        self._before = {(one.kind, one.key): one for one in live.source.suspicions}
        self._suspicions: list[Suspicion] = []

    def run(self) -> None:
        """Compare everything; correct what is confirmed."""
        live = self._live
        calm = {queue.name: queue.touched for queue in live.queues.values() if queue.touched < self._recent}
        take_queues(live, self._lists)
        workplaces.take(live, self._event, self._recent)
        self._compare_devices()
        self._compare_members()
        self._compare_callers()
        self._compare_positions(calm)
        self._compare_legs()
        self._compare_queue_calls()
        drop_queues(live, self._lists)
        live.source.suspicions = self._suspicions

    # --- the two sights --------------------------------------------------------------------------------

    def _confirmed(self, kind: str, key: tuple[str, ...], value: str, touched: float | None) -> bool:
        """Whether a difference is to be corrected now (and count it), or else suspect it."""
        touched = touched or 0.0
        if touched >= self._recent:
            return False
        suspicion = Suspicion(kind=kind, key=key, value=value, touched=touched)
        if self._before.get((kind, key)) == suspicion:
            self._correct(kind)
            return True
        self._suspicions.append(suspicion)
        return False

    def _correct(self, kind: str) -> None:
        corrections = self._live.source.corrections
        corrections[kind] = corrections.get(kind, 0) + 1

    # --- devices ---------------------------------------------------------------------------------------

    def _compare_devices(self) -> None:
        live = self._live
        for name, states in self._lists.devices.items():
            if len(states) > 1:
                continue  # the source disagrees with itself: no ground to correct anything
            (told,) = states
            endpoint = live.endpoint(name)
            if told == endpoint.state:
                continue
            if endpoint.state == "unknown":
                if endpoint.touched < self._recent:
                    members.device_state(live, name, told, touched=False)
            elif self._confirmed("endpoint_state", (name,), told, endpoint.touched):
                members.device_state(live, name, told, touched=False)
        take_do_not_disturb(live, self._event, self._recent)

    # --- members ---------------------------------------------------------------------------------------

    def _compare_members(self) -> None:
        live, lists = self._live, self._lists
        for key in sorted(live.members.keys() - lists.members.keys()):
            member = live.members[key]
            if member.membership != "dynamic":  # no event tells when such a member goes
                if member.touched < self._recent:
                    self._correct("member_extra")
                    members.leave(live, member)
            elif self._confirmed("member_extra", key, "", member.touched):
                members.leave(live, member)
        for key, facts in lists.members.items():
            known = live.members.get(key)
            if known is not None:
                self._compare_member(known, facts)
                continue
            left_at = live.ended.at(("member", *key))
            if facts.membership != "dynamic":
                if (left_at or 0.0) < self._recent:
                    self._correct("member_missing")
                    members.join(live, facts)
            elif self._confirmed("member_missing", key, "", left_at):
                members.join(live, facts)

    def _compare_member(self, member: Member, facts: MemberFacts) -> None:
        live = self._live
        if member.touched >= self._recent:
            return
        members.refresh(live, member, facts)
        if facts.paused == member.paused:
            if (facts.reason or None) != member.reason and member.paused:
                member.reason = facts.reason or None  # a reload forgets reasons: the same pause goes on
                live.dirty["member"].add(member.key)
                live.settle(member.agent)
        elif self._confirmed("member_paused", member.key, str(facts.paused), member.touched):
            members.pause(live, member, paused=facts.paused, reason=facts.reason, since=facts.paused_since)
        if facts.penalty != member.penalty and (
            facts.membership != "dynamic"
            or self._confirmed("member_penalty", member.key, str(facts.penalty), member.touched)
        ):
            members.set_penalty(live, member, facts.penalty)
        take_last_call(live, member, facts.last_call, self._event.taken_at)

    # --- callers ---------------------------------------------------------------------------------------

    def _compare_callers(self) -> None:
        live, told = self._live, self._lists.callers
        for visit in sorted(live.visits.values(), key=lambda one: one.key):
            if visit.phase == "waiting":
                if visit.key not in told and self._confirmed("caller_extra", visit.key, "", visit.touched):
                    callers.leave(live, visit, "unknown", live.at)
            elif visit.key in told and self._confirmed(
                "caller_missing", visit.key, visit.phase, visit.touched
            ):
                callers.wait_again(live, visit)
                callers.wait(live, told[visit.key])
        for key, facts in told.items():
            if key not in live.visits and self._confirmed(
                "caller_missing", key, "", live.ended.at(("visit", *key))
            ):
                callers.wait(live, facts)

    def _compare_positions(self, calm: dict[str, float]) -> None:
        """Compare the order in queues that nobody joined or left lately; a correction above brings its own."""
        for name, order in self._lists.orders().items():
            touched = calm.get(name)
            if touched is None:
                continue
            queue = self._live.queues[name]
            if queue.waiting == order or set(queue.waiting) != set(order):
                continue
            corrected = queue.touched != touched
            if corrected or self._confirmed("caller_position", (name,), "\n".join(order), touched):
                reorder(self._live, name, order)

    # --- legs ------------------------------------------------------------------------------------------

    def _compare_legs(self) -> None:
        live, told = self._live, self._lists.legs
        if told is None:
            return
        for name in sorted(live.legs.keys() - told.keys()):
            leg = live.legs[name]
            if self._confirmed("leg_extra", (name,), "", leg.touched):
                legs.end(live, leg, live.at)
        for name, facts in told.items():
            known = live.legs.get(name)
            if known is not None:
                self._compare_leg(known, facts)
            elif self._confirmed("leg_missing", (name,), "", live.ended.at(("leg", name))):
                legs.count_outbound(live, add_leg(live, facts))

    def _compare_leg(self, leg: Leg, facts: LegFacts) -> None:
        """Compare a leg. Its group may change without an event (bridges that merge), so that is no drift."""
        if leg.touched >= self._recent:
            return
        live = self._live
        if LEG_RANK[facts.state] > LEG_RANK[leg.state] and self._confirmed(
            "leg_state", (leg.id,), facts.state, leg.touched
        ):
            promote(live, leg, facts)
        if facts.endpoint != leg.endpoint and self._confirmed(
            "leg_endpoint", (leg.id,), facts.endpoint, leg.touched
        ):
            legs.change(live, leg, None, facts.endpoint, None)
        if facts.call != leg.call:
            legs.change(live, leg, facts.call, None, None)

    # --- queue calls -----------------------------------------------------------------------------------

    def _compare_queue_calls(self) -> None:
        """Find talks without a leg that the source no longer knows of (their completion was not sent)."""
        live = self._live
        for queue_call in sorted(live.queue_calls.values(), key=lambda one: one.key):
            if queue_call.talking and not queue_call.legs and self._over(queue_call):
                touched = queue_call.answered_at
                if self._confirmed("queue_call_extra", queue_call.key, "", touched):
                    talk_ended(live, queue_call, live.at)

    def _over(self, queue_call: QueueCall) -> bool:
        facts = self._lists.members.get((queue_call.queue, queue_call.interface))
        return facts is None or facts.in_call is False
