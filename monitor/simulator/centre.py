"""The model of the contact centre: queues that ring members for callers, by Asterisk's rules, without sockets or clocks.

Every change is told as a happening; who listens (the PBX's events, the ledger) is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from monitor.simulator import happenings as h
from monitor.simulator.config import World
from monitor.simulator.parts import Agent, Call, Member, Offer, Outcome, Queue, Talk
from monitor.simulator.profile import Profile
from monitor.simulator.schedule import Schedule

AUTO_PAUSE = "Auto-Pause"
"""The reason that app_queue.c gives when a member is paused because he did not answer."""
_ANNOUNCEMENT = 0.5
"""Seconds between a caller's arrival and his place in the queue."""
_EMPTY_CHECK = 1.0
_NEXT_TURN = (0.05, 0.9)
"""Seconds after which a waiting caller's thread notices that somebody is free (it looks once a second)."""

_Key = Callable[["Centre", Member, int], float]
_RANKS: dict[str, _Key] = {
    # strategy -> what is smallest in the member to be rung next; ringall rings all
    "rrmemory": lambda _, member, place: (place - member.queue.next_turn) % len(member.queue.members),
    "leastrecent": lambda _, member, __: float(member.last_call),
    "fewestcalls": lambda _, member, __: float(member.calls_taken),
    "random": lambda centre, _, __: centre.profile.random.random(),
    "linear": lambda _, __, place: float(place),
}


class Behaviour(Protocol):
    """What the people do beyond what the queues make them do."""

    def talk_begins(self, talk: Talk) -> None:
        """Plan how a talk goes on and ends."""

    def freed(self, agent: Agent) -> None:
        """An agent has nothing in hand any more."""


class SimulationError(Exception):
    """Somebody asked the simulation for what cannot be; the message says what."""


class Centre:
    """The queues, their members and callers."""

    profile: Profile

    def __init__(
        self,
        world: World,
        profile: Profile,
        schedule: Schedule,
        tell: Callable[[h.Happening, tuple[Agent, ...]], None],
    ) -> None:
        self.profile = profile
        self.schedule = schedule
        self.queues: dict[str, Queue] = {}
        self.agents: dict[str, Agent] = {}
        self.behaviour: Behaviour | None = None
        self._tell = tell
        self._serial = 0
        for spec in world.queues:
            self.queues[spec.name] = Queue(
                spec=spec,
                timeout=profile.scaled(spec.timeout),
                retry=profile.scaled(spec.retry),
                wrap_up=max(1, round(profile.scaled(spec.wrap_up))) if spec.wrap_up else 0,
                max_wait=profile.scaled(spec.max_wait) if spec.max_wait else None,
            )
        for agent_spec in world.agents:
            agent = Agent(spec=agent_spec)
            self.agents[agent.number] = agent
            if agent_spec.signed_on or not agent_spec.dynamic:
                for name in agent_spec.queues:
                    self._join_queue(agent, self.queue(name), agent_spec.penalty)

    # --- finding -----------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The PBX's clock."""
        return self.schedule.now

    def queue(self, name: str) -> Queue:
        """Return a queue. Raises :class:`SimulationError` where there is none of that name."""
        try:
            return self.queues[name]
        except KeyError:
            raise SimulationError(f"no queue {name!r}; there are: {', '.join(self.queues)}") from None

    def agent(self, who: str) -> Agent:
        """Return an agent by number or name. Raises :class:`SimulationError`."""
        if who in self.agents:
            return self.agents[who]
        for agent in self.agents.values():
            if agent.name == who:
                return agent
        raise SimulationError(f"no agent has the number or name {who!r}")

    def tell(self, happening: h.Happening, *agents: Agent) -> None:
        """Tell the listeners what happened and whose state it may have changed."""
        self._tell(happening, agents)

    # --- callers -----------------------------------------------------------------------------------------

    def call_arrives(
        self,
        queue_name: str,
        *,
        number: str | None = None,
        name: str | None = None,
        patience: float | None = None,
        talk: float | None = None,
    ) -> Call:
        """Let somebody call a queue; what is not said is left to chance. Seconds of the PBX's clock."""
        queue = self.queue(queue_name)
        by_chance, named = self.profile.caller()
        self._serial += 1
        call = Call(
            serial=self._serial,
            number=number or by_chance,
            name=name or (number if number is not None else named),
            arrived_at=self.now,
            will_talk=talk,
            will_wait=patience,
        )
        self.tell(h.CallerArrived(at=self.now, call=call, queue=queue))
        self.schedule.after(_ANNOUNCEMENT, lambda: self.join(call, queue))
        return call

    def join(self, call: Call, queue: Queue) -> None:
        """Put a caller at the end of a queue."""
        call.queue = queue
        call.joined_at = self.now
        call.tried.clear()
        call.retry_until = 0.0
        queue.calls.append(call)
        call.original_position = len(queue.calls)
        wait = call.will_wait if call.will_wait is not None else self.profile.patience(queue.spec)
        how: Outcome = (
            "exited_by_key" if queue.spec.exit_by_key and self.profile.happens(0.15) else "abandoned"
        )
        call.timers = [self.schedule.after(wait, lambda: self.leave(call, how))]
        if queue.max_wait is not None:
            call.timers.append(self.schedule.after(queue.max_wait, lambda: self.leave(call, "timed_out")))
        self.tell(h.CallerJoined(at=self.now, call=call, queue=queue))
        self.serve(queue)

    def leave(self, call: Call, outcome: Outcome) -> None:
        """Let a waiting caller go without an agent."""
        queue = call.queue
        if queue is None:
            raise SimulationError(f"caller {call.number} waits in no queue")
        position, withdrawn = call.position, self._take_out(call, queue)
        if outcome != "exited_by_key":
            queue.abandoned += 1
        self.tell(
            h.CallerLeft(
                at=self.now, call=call, queue=queue, outcome=outcome, position=position, withdrawn=withdrawn
            ),
            *(offer.agent for offer in withdrawn),
        )
        for offer in withdrawn:
            self.freed(offer.agent)

    def _take_out(self, call: Call, queue: Queue) -> tuple[Offer, ...]:
        """Remove a caller from his queue and return the phones that rang for him."""
        offers = tuple(call.offers)
        for offer in offers:
            self._withdraw(offer)
        for timer in (*call.timers, call.ring_timer):
            if timer is not None:
                timer.cancel()
        call.timers, call.ring_timer = [], None
        queue.calls.remove(call)
        call.queue = None
        return offers

    # --- ringing -----------------------------------------------------------------------------------------

    def serve(self, queue: Queue) -> None:
        """Ring whoever can be rung for those whose turn it is."""
        for call in tuple(queue.calls):
            if call.offers or call.retry_until > self.now:
                continue
            chosen = self._choose(queue, call)
            if not chosen:
                return
            for member in chosen:
                self._offer(call, member, alone=len(chosen) == 1)
            call.ring_timer = self.schedule.after(queue.timeout, lambda call=call: self._ring_out(call))  # type: ignore[misc] # mypy can't type a lambda with a bound default

    @staticmethod
    def can_ring(member: Member, now: float) -> bool:
        """Whether the queue may ring this member (app_queue.c, ``can_ring_entry``, ``ringinuse=no``).

        Big centres ask this thousands of times for one call, so the likely hindrances come first.
        """
        agent = member.agent
        return (
            agent.talk is None
            and agent.offer is None
            and not member.paused
            and agent.direct is None
            and agent.reachable
            and not (member.last_call and member.in_wrap_up(now))
        )

    def _choose(self, queue: Queue, call: Call) -> list[Member]:
        able = [
            (place, member)
            for place, member in enumerate(queue.members.values())
            if self.can_ring(member, self.now)
        ]
        if not able or queue.spec.strategy == "ringall":
            return [member for _, member in able]
        if call.tried:
            fresh = [(place, member) for place, member in able if member.agent.spec.number not in call.tried]
            if fresh:
                able = fresh
            else:
                call.tried.clear()
        rank = _RANKS[queue.spec.strategy]
        place, member = min(able, key=lambda one: (one[1].penalty, rank(self, one[1], one[0])))
        queue.next_turn = place + 1
        return [member]

    def _offer(self, call: Call, member: Member, *, alone: bool) -> None:
        offer = Offer(call=call, member=member, started_at=self.now)
        member.agent.offer = offer
        call.offers.append(offer)
        call.tried.add(member.agent.number)
        habits = self.profile.habits
        if self.profile.happens(habits.refuse):
            offer.timer = self.schedule.after(self.profile.ring(), lambda: self.refuse(offer))
        elif not self.profile.happens(habits.miss):
            offer.timer = self.schedule.after(self.profile.ring(), lambda: self.answer(offer))
        self.tell(h.AgentOffered(at=self.now, offer=offer, alone=alone), member.agent)

    @staticmethod
    def _withdraw(offer: Offer) -> None:
        offer.call.offers.remove(offer)
        offer.agent.offer = None
        if offer.timer is not None:
            offer.timer.cancel()

    def refuse(self, offer: Offer) -> None:
        """Let an agent refuse the call that rings him."""
        self._miss(offer, refused=True)
        self._try_again(offer.call, 0.002)

    def _ring_out(self, call: Call) -> None:
        for offer in tuple(call.offers):
            self._miss(offer, refused=False)
        if call.queue is not None:
            self._try_again(call, call.queue.retry)

    def _miss(self, offer: Offer, *, refused: bool) -> None:
        self._withdraw(offer)
        member = offer.member
        auto_pause = member.queue.spec.auto_pause and not member.paused
        if auto_pause:
            self._set_paused(member, paused=True, reason=AUTO_PAUSE)
        self.tell(
            h.AgentMissed(at=self.now, offer=offer, refused=refused, auto_paused=auto_pause), offer.agent
        )
        self.freed(offer.agent)

    def _try_again(self, call: Call, seconds: float) -> None:
        queue = call.queue
        if queue is None or call.offers:
            return
        if call.ring_timer is not None:
            call.ring_timer.cancel()
        call.retry_until = self.now + seconds
        self.schedule.at(call.retry_until, lambda: self.serve(queue))

    def answer(self, offer: Offer) -> None:
        """Let an agent take the call that rings him."""
        call, member = offer.call, offer.member
        queue = member.queue
        position, wait = call.position, self.now - call.joined_at
        losers = tuple(other for other in self._take_out(call, queue) if other is not offer)
        talk = Talk(call=call, agent=offer.agent, member=member, answered_at=self.now, wait=wait)
        offer.agent.talk = talk
        member.in_call = True
        queue.hold_time = (3 * queue.hold_time + int(wait)) >> 2
        queue.completed_in_level += wait <= queue.spec.service_level
        self.tell(
            h.AgentAnswered(at=self.now, offer=offer, talk=talk, position=position, losers=losers),
            offer.agent,
            *(loser.agent for loser in losers),
        )
        if self.behaviour is not None:
            self.behaviour.talk_begins(talk)
        for loser in losers:
            self.freed(loser.agent)

    # --- after a call ------------------------------------------------------------------------------------

    def complete(self, talk: Talk) -> None:
        """Note the end of a queue call at its member: wrap-up begins. The caller tells the happening."""
        member = talk.member
        if member is None:
            return
        queue, length = member.queue, int(self.now) - int(talk.answered_at)
        member.in_call = False
        member.calls_taken += 1
        member.last_call = int(self.now)
        queue.talk_time = length if queue.completed == 0 else (3 * queue.talk_time + length) >> 2
        queue.completed += 1
        if member.wrap_up_until > self.now:
            last_call = member.last_call
            self.schedule.at(member.wrap_up_until, lambda: self._end_wrap_up(member, last_call))

    def _end_wrap_up(self, member: Member, last_call: int) -> None:
        if member.last_call == last_call:
            self.tell(h.WrapUpEnded(at=self.now, member=member), member.agent)
            self._look_again([member.queue])

    def freed(self, agent: Agent) -> None:
        """Give an agent who is done with something his next call."""
        if agent.busy:
            return
        if self.behaviour is not None:
            self.behaviour.freed(agent)
        self._look_again(member.queue for member in agent.members.values())

    def _look_again(self, queues: Iterable[Queue]) -> None:
        for queue in queues:
            if queue.calls:
                delay = self.profile.scaled(self.profile.random.uniform(*_NEXT_TURN))
                self.schedule.after(delay, lambda queue=queue: self.serve(queue))  # type: ignore[misc] # as above

    # --- members -----------------------------------------------------------------------------------------

    def pause(
        self, who: str, *, paused: bool = True, reason: str = "", queue_name: str | None = None
    ) -> None:
        """Pause or unpause an agent in one queue or in all of his; told even where nothing changes."""
        agent = self.agent(who)
        names = list(agent.members) if queue_name is None else [self.queue(queue_name).name]
        for name in names:
            member = self._member(agent, name)
            self._set_paused(member, paused=paused, reason=reason)
            self.tell(h.MemberPaused(at=self.now, member=member), agent)
            self._check_empty(member.queue)
        if not paused:
            self._look_again(self.queues[name] for name in names)

    def _set_paused(self, member: Member, *, paused: bool, reason: str) -> None:
        member.paused = paused
        member.reason = reason if paused else ""
        member.last_pause = int(self.now) if paused else 0

    def set_penalty(self, who: str, queue_name: str, penalty: int) -> None:
        """Change a member's penalty."""
        agent = self.agent(who)
        member = self._member(agent, queue_name)
        member.penalty = penalty
        self.tell(h.PenaltyChanged(at=self.now, member=member), agent)

    def add_member(
        self, who: str, queue_name: str, *, penalty: int = 0, pause_reason: str | None = None
    ) -> None:
        """Sign an agent on to a queue, paused where a reason is given."""
        agent, queue = self.agent(who), self.queue(queue_name)
        if queue_name in agent.members:
            raise SimulationError(f"{agent.name} is a member of {queue_name} already")
        member = self._join_queue(agent, queue, penalty)
        if pause_reason is not None:
            self._set_paused(member, paused=True, reason=pause_reason)
        self.tell(h.MemberAdded(at=self.now, member=member), agent)
        self._look_again([queue])

    def remove_member(self, who: str, queue_name: str) -> None:
        """Sign an agent off from a queue."""
        agent = self.agent(who)
        member = self._member(agent, queue_name)
        del agent.members[queue_name]
        del member.queue.members[agent.interface]
        self.tell(h.MemberRemoved(at=self.now, member=member), agent)
        self._check_empty(member.queue)

    def _join_queue(self, agent: Agent, queue: Queue, penalty: int) -> Member:
        member = Member(agent=agent, queue=queue, penalty=penalty, login_time=int(self.now))
        agent.members[queue.name] = queue.members[agent.interface] = member
        return member

    @staticmethod
    def _member(agent: Agent, queue_name: str) -> Member:
        try:
            return agent.members[queue_name]
        except KeyError:
            raise SimulationError(f"{agent.name} is no member of {queue_name}") from None

    # --- phones ------------------------------------------------------------------------------------------

    def set_reachable(self, who: str, *, reachable: bool) -> None:
        """Let an agent's phone fall silent, or come back."""
        agent = self.agent(who)
        if agent.reachable == reachable:
            return
        agent.reachable = reachable
        happening = h.PhoneBack if reachable else h.PhoneLost
        self.tell(happening(at=self.now, agent=agent), agent)
        for member in agent.members.values():
            self._check_empty(member.queue)
        if reachable:
            self.freed(agent)

    def _check_empty(self, queue: Queue) -> None:
        if not queue.spec.leave_when_empty or not queue.calls:
            return

        def let_go() -> None:
            if not any(member.agent.reachable and not member.paused for member in queue.members.values()):
                for call in tuple(queue.calls):
                    self.leave(call, "left_empty")

        self.schedule.after(_EMPTY_CHECK, let_go)
