"""How calls go on once somebody answered: holds, transfers, consultations, direct calls, the end."""

from __future__ import annotations

from monitor.simulator import happenings as h
from monitor.simulator.centre import Centre, SimulationError
from monitor.simulator.config import Habits
from monitor.simulator.parts import Agent, DirectCall, Queue, Side, Talk

_AFTER_HOLD = 1.5
"""People's seconds between putting a caller on hold and dialling a colleague."""
_CONSULTATION = 15.0
_GIVE_UP = 20.0
_SHORT_PAUSE = 3.0
_COLLEAGUES_THOUGHT_OF = 8


class Conversations:
    """Begins, holds, transfers and ends calls; plans each by the habits of people."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._profile = centre.profile
        self._schedule = centre.schedule
        self._everybody = tuple(centre.agents.values())

    @property
    def _habits(self) -> Habits:
        return self._profile.habits

    # --- talks of queue callers --------------------------------------------------------------------------

    def begin(self, talk: Talk) -> None:
        """Plan a talk: how long, with a hold or not, and how it ends."""
        profile = self._profile
        queue = talk.member.queue.spec if talk.member is not None else None
        length = talk.call.will_talk if talk.call.will_talk is not None else profile.talk(queue)
        can_transfer = talk.member is not None and talk.agent.spec.style == "pjsip"
        if can_transfer and profile.happens(self._habits.blind_transfer):
            self._in(talk, length, lambda: self._send_on(talk))
            return
        if can_transfer and profile.happens(self._habits.attended_transfer):
            self._in(talk, length, lambda: self._consult(talk))
            return
        if profile.happens(self._habits.hold):
            length += self._plan_hold(talk, "agent", length)
        elif profile.happens(self._habits.held_by_caller):
            length += self._plan_hold(talk, "caller", length)
        by: Side = "caller" if profile.happens(0.55) else "agent"
        self._in(talk, length, lambda: self.end(talk, by))

    def _in(self, talk: Talk, seconds: float, what: object) -> None:
        """Plan something for a talk; forgotten when the talk ends before."""
        if not callable(what):
            raise TypeError(what)
        talk.timers.append(self._schedule.after(seconds, what))

    def _plan_hold(self, talk: Talk, by: Side, length: float) -> float:
        begins, lasts = length * self._profile.random.uniform(0.2, 0.7), self._profile.hold()
        self._in(talk, begins, lambda: self.hold(talk, by))
        self._in(talk, begins + lasts, lambda: self.resume(talk, by))
        return lasts

    def hold(self, talk: Talk, by: Side = "agent") -> None:
        """Let one side put the other on hold."""
        if by == "agent":
            talk.held_by_agent = True
        else:
            talk.held_by_caller = True
        self._centre.tell(h.TalkHeld(at=self._centre.now, talk=talk, by=by), talk.agent)

    def resume(self, talk: Talk, by: Side = "agent") -> None:
        """Let one side take the other back."""
        if by == "agent":
            talk.held_by_agent = False
        else:
            talk.held_by_caller = False
        self._centre.tell(h.TalkResumed(at=self._centre.now, talk=talk, by=by), talk.agent)

    def end(self, talk: Talk, by: Side) -> None:
        """Let one side hang up."""
        consultation = talk.agent.direct
        if consultation is not None:
            self.end_direct(consultation, "hung_up_by_origin" if consultation.answered_at else "given_up")
        self._detach(talk)
        self._centre.tell(h.TalkEnded(at=self._centre.now, talk=talk, by=by), talk.agent)
        self._centre.freed(talk.agent)

    def _detach(self, talk: Talk) -> None:
        for timer in talk.timers:
            timer.cancel()
        talk.agent.talk = None
        self._centre.complete(talk)

    def transfer(self, talk: Talk, queue: Queue) -> None:
        """Let the agent send the caller to another queue without asking anybody there."""
        self._detach(talk)
        self._centre.tell(h.BlindTransferred(at=self._centre.now, talk=talk, queue=queue), talk.agent)
        self._centre.join(talk.call, queue)
        self._centre.freed(talk.agent)

    def _send_on(self, talk: Talk) -> None:
        own = talk.member.queue if talk.member is not None else None
        others = [queue for queue in self._centre.queues.values() if queue is not own]
        if others:
            self.transfer(talk, self._profile.random.choice(others))
        else:
            self.end(talk, "agent")

    # --- attended transfer -------------------------------------------------------------------------------

    def _consult(self, talk: Talk) -> None:
        colleague = self._free_colleague(talk.agent)
        if colleague is None:
            self.end(talk, "caller")
            return
        self.hold(talk)
        self._in(talk, self._profile.scaled(_AFTER_HOLD), lambda: self._ask(talk))

    def _ask(self, talk: Talk) -> None:
        colleague = self._free_colleague(talk.agent)
        if colleague is None:
            self._take_back(talk)
            return
        consultation = self.dial("internal", talk.agent, colleague)
        if not self._profile.happens(0.9):
            self._in(talk, self._profile.scaled(_GIVE_UP), lambda: self._give_up(talk, consultation))
            return
        ring = self._profile.ring()
        asked = ring + self._profile.scaled(_CONSULTATION)
        self._in(talk, ring, lambda: self.answer_direct(consultation))
        self._in(talk, asked, lambda: self.attended_transfer(talk, consultation))

    def _give_up(self, talk: Talk, consultation: DirectCall) -> None:
        self.end_direct(consultation, "given_up")
        self._take_back(talk)

    def _take_back(self, talk: Talk) -> None:
        self.resume(talk)
        self._in(talk, self._profile.scaled(_SHORT_PAUSE), lambda: self.end(talk, "caller"))

    def attended_transfer(self, talk: Talk, consultation: DirectCall) -> Talk:
        """Connect the caller with the colleague whom the agent talks to; the agent is out."""
        colleague = consultation.target
        if colleague is None or consultation.answered_at is None:
            raise SimulationError("only an answered consultation can take over the caller")
        becomes = Talk(call=talk.call, agent=colleague, member=None, answered_at=self._centre.now)
        self._detach(talk)
        talk.agent.direct = colleague.direct = None
        colleague.talk = becomes
        self._centre.tell(
            h.AttendedTransferred(at=self._centre.now, talk=talk, consultation=consultation, becomes=becomes),
            talk.agent,
            colleague,
        )
        self._in(becomes, self._profile.talk(None), lambda: self.end(becomes, "caller"))
        self._centre.freed(talk.agent)
        return becomes

    def _free_colleague(self, agent: Agent) -> Agent | None:
        """Return somebody who could be rung, if the first few whom chance names are not all busy."""
        now = self._centre.now
        for _ in range(_COLLEAGUES_THOUGHT_OF):
            colleague = self._profile.random.choice(self._everybody)
            if colleague is not agent and any(
                self._centre.can_ring(member, now) for member in colleague.members.values()
            ):
                return colleague
        return None

    # --- direct calls ------------------------------------------------------------------------------------

    def call_out(self, agent: Agent) -> DirectCall:
        """Let an agent call somebody outside; chance decides how it ends."""
        return self._plan_direct(self.dial("outbound", agent, None, self._profile.caller()[0]), busy=0.15)

    def call_colleague(self, agent: Agent) -> DirectCall | None:
        """Let an agent call a free colleague, if there is one."""
        colleague = self._free_colleague(agent)
        return self._plan_direct(self.dial("internal", agent, colleague)) if colleague is not None else None

    def call_in(self, agent: Agent) -> DirectCall:
        """Let somebody outside call an agent directly."""
        return self._plan_direct(self.dial("inbound", None, agent, self._profile.caller()[0]))

    def dial(
        self, kind: str, origin: Agent | None, target: Agent | None, number: str | None = None
    ) -> DirectCall:
        """Begin a direct call; nothing more is planned."""
        if target is not None and target.busy:
            raise SimulationError(f"{target.name} is busy")
        direct = DirectCall(
            kind=kind,  # type: ignore[arg-type] # the three callers pass literals
            origin=origin,
            target=target,
            number=number or (target.number if target is not None else ""),
            started_at=self._centre.now,
        )
        for agent in direct.parties():
            agent.direct = direct
        self._centre.tell(h.DirectStarted(at=self._centre.now, direct=direct), *direct.parties())
        return direct

    def _plan_direct(self, direct: DirectCall, busy: float = 0.0) -> DirectCall:
        profile, after = self._profile, self._schedule.after
        chance = profile.random.random()
        if chance < busy:
            direct.timers = [after(profile.ring(), lambda: self.end_direct(direct, "busy"))]
        elif chance < busy + 0.15:
            wait = profile.scaled(_GIVE_UP)
            direct.timers = [after(wait, lambda: self.end_direct(direct, "given_up"))]
        else:
            ring = profile.ring()
            how: h.DirectEnd = "hung_up_by_target" if profile.happens(0.5) else "hung_up_by_origin"
            direct.timers = [
                after(ring, lambda: self.answer_direct(direct)),
                after(ring + profile.talk(None), lambda: self.end_direct(direct, how)),
            ]
        return direct

    def answer_direct(self, direct: DirectCall) -> None:
        """Let the one who was dialled answer."""
        direct.answered_at = self._centre.now
        self._centre.tell(h.DirectAnswered(at=self._centre.now, direct=direct), *direct.parties())

    def end_direct(self, direct: DirectCall, how: h.DirectEnd) -> None:
        """End a direct call, answered or not."""
        for timer in direct.timers:
            timer.cancel()
        parties = tuple(direct.parties())
        for agent in parties:
            agent.direct = None
        self._centre.tell(h.DirectEnded(at=self._centre.now, direct=direct, how=how), *parties)
        for agent in parties:
            self._centre.freed(agent)
