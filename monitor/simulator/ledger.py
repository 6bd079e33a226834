"""What really happened in the simulation, for tests that compare the service's figures with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from monitor.simulator import happenings as h
from monitor.simulator.parts import Agent, Call, DirectCall, LedgerState, Talk

VisitOutcome = Literal["answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "lost"]
"""How a visit ended; ``lost``: the PBX was restarted while the caller waited."""
TalkEnd = Literal["caller", "agent", "transfer", "lost"]


@dataclass(slots=True)
class Visit:
    """One caller's visit to one queue. Times are unix seconds of the PBX's clock."""

    queue: str
    call: str
    """The caller's Uniqueid."""
    number: str
    joined_at: float
    left_at: float | None = None
    """When he was connected, or left without an agent; ``None``: he waits."""
    outcome: VisitOutcome | None = None
    agent: str | None = None
    """Who answered, by name."""
    ended_at: float | None = None
    """When the talk of this visit ended for that agent."""
    hold: float = 0.0
    """How long the agent held the caller."""
    end: TalkEnd | None = None
    missed: list[str] = field(default_factory=list)
    """Who was rung and did not answer, by name; more than once where rung more than once."""

    @property
    def wait(self) -> float:
        """Seconds of waiting; ``nan`` while he waits."""
        return self.left_at - self.joined_at if self.left_at is not None else float("nan")


@dataclass(slots=True)
class Direct:
    """A call without a queue."""

    kind: str
    origin: str | None
    """Name of the agent who dialled; ``None``: somebody outside."""
    target: str | None
    number: str
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    """When it was over, or an attended transfer made it part of another call; ``None``: it goes on."""


@dataclass(frozen=True, slots=True)
class StateSpan:
    """A time during which an agent was in one state; ``end`` is ``None`` for the running one."""

    state: LedgerState
    start: float
    end: float | None


@dataclass(frozen=True, slots=True)
class QueueExpectation:
    """What a perfect observer would have counted for a queue."""

    offered: int
    answered: int
    abandoned: int
    """Short ones included."""
    short_abandoned: int
    timed_out: int
    left: int
    """Exits by key and from empty queues."""
    in_threshold: int
    waits: tuple[float, ...]
    """Of the answered calls, in order of their answers."""
    abandon_waits: tuple[float, ...]
    waiting: int
    """Callers who wait at the end of the time asked for."""

    @property
    def average_wait(self) -> float | None:
        """Mean wait of answered calls."""
        return sum(self.waits) / len(self.waits) if self.waits else None


@dataclass(frozen=True, slots=True)
class AgentExpectation:
    """What a perfect observer would have counted for an agent."""

    answered: int
    missed: int
    outbound: int
    """Calls that he dialled to the outside, answered or not."""
    outbound_answered: int
    seconds: dict[LedgerState, float]
    state: LedgerState
    since: float


class Ledger:
    """Writes down what happens, and answers what a service should have counted."""

    def __init__(self, agents: Iterable[Agent], now: float) -> None:
        self.visits: list[Visit] = []
        """In order of joining."""
        self.misses: list[tuple[float, str, str]] = []
        """Time, queue and agent's name."""
        self.directs: list[Direct] = []
        self.counts: Counter[str] = Counter()
        """Happenings by the name of their class."""
        self._waiting: dict[Call, Visit] = {}
        self._talking: dict[Talk, Visit] = {}
        self._held_since: dict[Talk, float] = {}
        self._directs: dict[DirectCall, Direct] = {}
        self._spans: dict[str, list[StateSpan]] = {
            agent.name: [StateSpan(agent.state(now), now, None)] for agent in agents
        }
        self._notes: dict[type[h.Happening], Callable[[Any], None]] = {
            h.CallerJoined: self._joined,
            h.CallerLeft: self._left,
            h.AgentMissed: self._missed,
            h.AgentAnswered: self._answered,
            h.TalkHeld: self._held,
            h.TalkResumed: self._resumed,
            h.TalkEnded: self._ended,
            h.BlindTransferred: self._transferred,
            h.AttendedTransferred: self._attended,
            h.DirectStarted: self._direct_started,
            h.DirectAnswered: self._direct_answered,
            h.DirectEnded: self._direct_ended,
        }

    # --- writing -----------------------------------------------------------------------------------------

    def write(self, happening: h.Happening, agents: Iterable[Agent]) -> None:
        """Note a happening and the states that these agents have after it."""
        self.counts[type(happening).__name__] += 1
        note = self._notes.get(type(happening))
        if note is not None:
            note(happening)
        for agent in agents:
            self._observe(agent, happening.at)

    def _joined(self, it: h.CallerJoined) -> None:
        visit = Visit(queue=it.queue.name, call=it.call.uniqueid, number=it.call.number, joined_at=it.at)
        self.visits.append(visit)
        self._waiting[it.call] = visit

    def _left(self, it: h.CallerLeft) -> None:
        visit = self._waiting.pop(it.call)
        visit.left_at, visit.outcome = it.at, it.outcome
        if it.outcome != "abandoned":  # the queue's timeout counts against those who ring (facts/ami.md)
            for offer in it.withdrawn:
                self._note_miss(visit, offer.agent.name, it.at)

    def _missed(self, it: h.AgentMissed) -> None:
        self._note_miss(self._waiting[it.offer.call], it.offer.agent.name, it.at)

    def _note_miss(self, visit: Visit, name: str, at: float) -> None:
        visit.missed.append(name)
        self.misses.append((at, visit.queue, name))

    def _answered(self, it: h.AgentAnswered) -> None:
        visit = self._talking[it.talk] = self._waiting.pop(it.talk.call)
        visit.left_at, visit.outcome, visit.agent = it.at, "answered", it.talk.agent.name

    def _held(self, it: h.TalkHeld) -> None:
        if it.by == "agent":
            self._held_since[it.talk] = it.at

    def _resumed(self, it: h.TalkResumed) -> None:
        if it.by == "agent":
            self._end_hold(it.talk, it.at)

    def _end_hold(self, talk: Talk, at: float) -> None:
        since = self._held_since.pop(talk, None)
        visit = self._talking.get(talk)
        if since is not None and visit is not None:
            visit.hold += at - since

    def _ended(self, it: h.TalkEnded) -> None:
        self._end_talk(it.talk, it.at, it.by)

    def _transferred(self, it: h.BlindTransferred) -> None:
        self._end_talk(it.talk, it.at, "transfer")

    def _attended(self, it: h.AttendedTransferred) -> None:
        self._end_talk(it.talk, it.at, "transfer")
        self._directs.pop(it.consultation).ended_at = it.at

    def _end_talk(self, talk: Talk, at: float, how: TalkEnd) -> None:
        self._end_hold(talk, at)
        visit = self._talking.pop(talk, None)  # none: the talk was reached by an attended transfer
        if visit is not None:
            visit.ended_at, visit.end = at, how

    def _direct_started(self, it: h.DirectStarted) -> None:
        direct = it.direct
        entry = self._directs[direct] = Direct(
            kind=direct.kind,
            origin=direct.origin.name if direct.origin is not None else None,
            target=direct.target.name if direct.target is not None else None,
            number=direct.number,
            started_at=it.at,
        )
        self.directs.append(entry)

    def _direct_answered(self, it: h.DirectAnswered) -> None:
        self._directs[it.direct].answered_at = it.at

    def _direct_ended(self, it: h.DirectEnded) -> None:
        self._directs.pop(it.direct).ended_at = it.at

    def restarted(self, agents: Iterable[Agent], at: float) -> None:
        """Note that the PBX began anew: all calls are lost, and ``agents`` are who works there from now on."""
        for visit in self._waiting.values():
            visit.left_at, visit.outcome = at, "lost"
        for talk in tuple(self._talking):
            self._end_talk(talk, at, "lost")
        for direct in self._directs.values():
            direct.ended_at = at
        self._waiting.clear()
        self._held_since.clear()
        self._directs.clear()
        for agent in agents:
            self._observe(agent, at)

    def _observe(self, agent: Agent, at: float) -> None:
        spans, state = self._spans[agent.name], agent.state(at)
        last = spans[-1]
        if last.state == state:
            return
        if last.start == at and len(spans) > 1:
            spans.pop()  # a state of no duration is none
            if spans[-1].state == state:
                spans[-1] = StateSpan(state, spans[-1].start, None)
                return
            spans[-1] = StateSpan(spans[-1].state, spans[-1].start, at)
        else:
            spans[-1] = StateSpan(last.state, last.start, at)
        spans.append(StateSpan(state, at, None))

    # --- asking ------------------------------------------------------------------------------------------

    def spans(self, agent: str) -> tuple[StateSpan, ...]:
        """Return an agent's states in order, by his name."""
        return tuple(self._spans[agent])

    def state_at(self, agent: str, at: float) -> LedgerState:
        """Return the state that an agent was in at a time."""
        for span in reversed(self._spans[agent]):
            if span.start <= at:
                return span.state
        return self._spans[agent][0].state

    def _outcomes(self, queue: str, since: float, until: float) -> Iterator[Visit]:
        for visit in self.visits:
            if visit.queue != queue or visit.left_at is None or visit.outcome == "lost":
                continue
            if since <= visit.left_at <= until:
                yield visit

    def expected_queue(
        self,
        queue: str,
        *,
        since: float = 0.0,
        until: float = float("inf"),
        threshold: float = 20.0,
        short_abandon: float = 5.0,
    ) -> QueueExpectation:
        """Return what a service that watched from ``since`` to ``until`` should have counted.

        A call counts when it is answered or leaves, so who waited at ``since`` already counts too.
        """
        visits = sorted(self._outcomes(queue, since, until), key=lambda visit: visit.left_at or 0.0)
        answered = [visit for visit in visits if visit.outcome == "answered"]
        abandoned = [visit for visit in visits if visit.outcome == "abandoned"]
        timed_out = sum(visit.outcome == "timed_out" for visit in visits)
        return QueueExpectation(
            offered=len(visits),
            answered=len(answered),
            abandoned=len(abandoned),
            short_abandoned=sum(visit.wait < short_abandon for visit in abandoned),
            timed_out=timed_out,
            left=len(visits) - len(answered) - len(abandoned) - timed_out,
            in_threshold=sum(visit.wait <= threshold for visit in answered),
            waits=tuple(visit.wait for visit in answered),
            abandon_waits=tuple(visit.wait for visit in abandoned),
            waiting=sum(
                visit.queue == queue
                and visit.joined_at <= until
                and (visit.left_at is None or visit.left_at > until)
                for visit in self.visits
            ),
        )

    def expected_agent(self, agent: str, *, since: float = 0.0, until: float) -> AgentExpectation:
        """Return what a service that watched from ``since`` to ``until`` should have counted, by the agent's name."""
        answered = sum(
            visit.agent == agent and visit.left_at is not None and since <= visit.left_at <= until
            for visit in self.visits
        )
        outbound = [
            direct
            for direct in self.directs
            if direct.origin == agent and direct.kind == "outbound" and since <= direct.started_at <= until
        ]
        seconds: dict[LedgerState, float] = {}
        state, begun = self._spans[agent][0].state, self._spans[agent][0].start
        for span in self._spans[agent]:
            if span.start > until:
                break
            state, begun = span.state, span.start
            part = min(until, span.end if span.end is not None else until) - max(since, span.start)
            if part > 0:
                seconds[span.state] = seconds.get(span.state, 0.0) + part
        return AgentExpectation(
            answered=answered,
            missed=sum(name == agent and since <= at <= until for at, _, name in self.misses),
            outbound=len(outbound),
            outbound_answered=sum(direct.answered_at is not None for direct in outbound),
            seconds=seconds,
            state=state,
            since=begun,
        )
