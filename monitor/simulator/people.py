"""What people do of their own accord: call, take breaks, call out, sign on and off, lose their phones."""

from __future__ import annotations

from collections.abc import Callable

from monitor.simulator.centre import Centre
from monitor.simulator.config import World
from monitor.simulator.conversations import Conversations
from monitor.simulator.parts import Agent, Queue, Talk

_PRESENCE = 0.8
"""Part of the agents' time that breaks, shifts and direct calls leave for the queues."""
_RING = 6.0
_AFTER_AUTO_PAUSE = 45.0


def capacity(world: World) -> dict[str, float]:
    """Return, by queue, the calls per people's second that would keep its staff busy all the time."""
    staff: dict[str, float] = dict.fromkeys((queue.name for queue in world.queues), 0.0)
    for agent in world.agents:
        for name in agent.queues:
            staff[name] += 1 / len(agent.queues)
    return {
        spec.name: spec.share * _PRESENCE * staff[spec.name] / (spec.talk + spec.wrap_up + _RING)
        for spec in world.queues
    }


class People:
    """Drives the centre: everything here is a timer that does something and sets itself again."""

    def __init__(self, centre: Centre, conversations: Conversations, world: World, load: float) -> None:
        self._centre = centre
        self._profile = centre.profile
        self._conversations = conversations
        self._rates = {name: rate * load for name, rate in capacity(world).items()}

    def start(self) -> None:
        """Let everybody begin."""
        for queue in self._centre.queues.values():
            if self._rates[queue.name] > 0:
                self._expect_call(queue)
        for agent in self._centre.agents.values():
            if not agent.members:
                self._expect_back(agent)
            for gap, act in self._habits_of(agent):
                if gap > 0:
                    self._again(gap, agent, act)

    def _habits_of(self, agent: Agent) -> list[tuple[float, Callable[[Agent], None]]]:
        habits = self._profile.habits
        return [
            (habits.break_gap, self._take_break),
            (habits.outbound_gap, self._call_out),
            (habits.internal_gap, self._call_colleague),
            (habits.direct_inbound_gap, self._is_called),
            (habits.phone_loss_gap, self._lose_phone),
            (habits.shift if agent.spec.dynamic else 0.0, self._change_shift),
        ]

    def _again(self, gap: float, agent: Agent, act: Callable[[Agent], None]) -> None:
        def due() -> None:
            act(agent)
            self._again(gap, agent, act)

        self._centre.schedule.after(self._profile.gap(gap), due)

    # --- callers -----------------------------------------------------------------------------------------

    def _expect_call(self, queue: Queue) -> None:
        rate = self._rates[queue.name] * self._profile.day_curve(self._centre.now)

        def due() -> None:
            self._centre.call_arrives(queue.name)
            self._expect_call(queue)

        self._centre.schedule.after(self._profile.gap(1 / rate), due)

    # --- Behaviour ---------------------------------------------------------------------------------------

    def talk_begins(self, talk: Talk) -> None:
        """Plan how a talk goes on."""
        self._conversations.begin(talk)

    def freed(self, agent: Agent) -> None:
        """Begin the break that waited for the end of a talk; end a pause that the queue imposed."""
        if agent.break_due is not None:
            reason, length = agent.break_due
            agent.break_due = None
            self._begin_break(agent, reason, length)
        imposed = [
            member for member in agent.members.values() if member.paused and member.reason == "Auto-Pause"
        ]
        for member in imposed:
            self._end_break_in(agent, self._profile.gap(_AFTER_AUTO_PAUSE), member.reason, member.queue.name)

    # --- breaks ------------------------------------------------------------------------------------------

    def _take_break(self, agent: Agent) -> None:
        if not agent.members or any(member.paused for member in agent.members.values()):
            return
        reason, length = self._profile.break_()
        if agent.busy and not self._profile.happens(self._profile.habits.pause_in_talk):
            agent.break_due = reason, length
        else:
            self._begin_break(agent, reason, length)

    def _begin_break(self, agent: Agent, reason: str, length: float) -> None:
        if not agent.members:
            return
        only = None
        if len(agent.members) > 1 and self._profile.happens(self._profile.habits.one_queue_break):
            only = self._profile.random.choice(list(agent.members))
        self._centre.pause(agent.number, reason=reason, queue_name=only)
        self._end_break_in(agent, length, reason, only)

    def _end_break_in(self, agent: Agent, seconds: float, reason: str, only: str | None) -> None:
        def due() -> None:
            for name, member in list(agent.members.items()):
                if member.paused and member.reason == reason and only in (None, name):
                    self._centre.pause(agent.number, paused=False, queue_name=name)

        self._centre.schedule.after(seconds, due)

    # --- calls of their own ------------------------------------------------------------------------------

    def _is_at_leisure(self, agent: Agent) -> bool:
        return bool(agent.members) and agent.idle

    def _call_out(self, agent: Agent) -> None:
        if self._is_at_leisure(agent):
            self._conversations.call_out(agent)

    def _call_colleague(self, agent: Agent) -> None:
        if self._is_at_leisure(agent):
            self._conversations.call_colleague(agent)

    def _is_called(self, agent: Agent) -> None:
        if self._is_at_leisure(agent):
            self._conversations.call_in(agent)

    # --- shifts and phones -------------------------------------------------------------------------------

    def _change_shift(self, agent: Agent) -> None:
        if not agent.members:
            return  # away already: he comes back by himself
        if agent.busy:
            self._centre.schedule.after(self._profile.gap(60.0), lambda: self._change_shift(agent))
            return
        for name in list(agent.members):
            self._centre.remove_member(agent.number, name)
        self._expect_back(agent)

    def _expect_back(self, agent: Agent) -> None:
        away = self._profile.habits.away
        if away > 0:
            self._centre.schedule.after(self._profile.gap(away), lambda: self.sign_on(agent))

    def sign_on(self, agent: Agent) -> None:
        """Let an agent sign on to the queues that are his."""
        for name in agent.spec.queues:
            if name not in agent.members:
                self._centre.add_member(agent.number, name, penalty=agent.spec.penalty)

    def _lose_phone(self, agent: Agent) -> None:
        if agent.busy or not agent.reachable:
            return
        self._centre.set_reachable(agent.number, reachable=False)
        seconds = self._profile.gap(self._profile.habits.phone_loss)
        self._centre.schedule.after(seconds, lambda: self._centre.set_reachable(agent.number, reachable=True))
