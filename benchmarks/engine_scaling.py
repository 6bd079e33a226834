"""The cost of an event in the engine with 100 to 100,000 agents, and the memory that an agent takes.

Each agent takes a queue call every 300 s, talks for 60 s with one hold and wraps up for 10 s; so ten times the
agents make ten times the events in the same time. The CPU time of :meth:`SourceEngine.apply` is taken per event,
with the Ticks that fall due and with ``take_changes`` after every 20 events, in slices of 1,000 events. The sizes
take turns, each in a process of its own; medians of the slices, and of the ratios in each round, count. Everything
lies in the first 28 minutes of a day, so that no size has leavings of the 30-minute figures that another has not.

    python -m benchmarks.engine_scaling
"""

from __future__ import annotations

import gc
import heapq
import multiprocessing
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from multiprocessing.connection import Connection
from statistics import median
from time import process_time
from typing import Any

from monitor.engine import SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import (
    AgentAnswered,
    AgentCompleted,
    AgentOffered,
    CallerFacts,
    CallerJoined,
    CallerLeft,
    Event,
    LegAnswered,
    LegEnded,
    LegHeld,
    LegResumed,
    LegRinging,
    LegStarted,
    MemberFacts,
    QueueFacts,
    Snapshot,
    SourceConnected,
    Tick,
)

SIZES = (100, 1_000, 10_000, 100_000)
MEMORY_SIZES = (100, 1_000, 10_000)
"""With tracemalloc, which would take long for more."""

AGENTS_PER_QUEUE = 50
CALL_EVERY = 300.0
WRAP_UP = 10.0
BEGIN = 1_795_392_000.0
"""Midnight, UTC."""
WARM_UP = 90.0
"""Seconds after which calls of every age are alive."""
END = 1_700.0

SLICE = 1_000
ROUNDS = 21
"""Slices measured with each size."""
CHANGES_EVERY = 20
ID_STEP = 1_000
"""Between two events there is room for so many Ticks."""

SOURCE = "pbx1"


def _id(number: int) -> str:
    return f"0000000001-{number:010d}"


def _call(number: int, agents: int) -> list[tuple[float, type[Event], dict[str, Any]]]:
    """One queue call: when each event happens, its class and its own fields."""
    agent = number % agents
    queue = f"q{agent // AGENTS_PER_QUEUE}"
    interface = f"PJSIP/{agent}"
    call = f"c{number}"
    joined = BEGIN + number * CALL_EVERY / agents
    caller = CallerFacts(
        queue=queue, call=call, linked=call, joined_at=joined, position=1, party="+74951234567"
    )
    of_call = {"queue": queue, "call": call}
    of_leg = {"leg": f"l{number}"}
    of_agent = {**of_call, **of_leg, "interface": interface}
    return [
        (joined, CallerJoined, {"caller": caller}),
        (joined + 1.0, AgentOffered, of_agent),
        (joined + 1.0, LegStarted, {**of_leg, "call": call, "endpoint": interface, "direction": "inbound"}),
        (joined + 1.1, LegRinging, of_leg),
        (joined + 6.0, LegAnswered, of_leg),
        (joined + 6.0, CallerLeft, {**of_call, "outcome": "answered"}),
        (joined + 6.0, AgentAnswered, of_agent),
        (joined + 30.0, LegHeld, of_leg),
        (joined + 40.0, LegResumed, of_leg),
        (joined + 66.0, LegEnded, of_leg),
        (joined + 66.0, AgentCompleted, {**of_agent, "last_call": float(int(joined + 66.0))}),
    ]


def _traffic(agents: int) -> Iterator[Event]:
    """All calls' events in order of time, with growing ids."""
    pending: list[tuple[float, int, type[Event], dict[str, Any]]] = []
    made = given = call = 0
    while True:
        for at, event, fields in _call(call, agents):
            heapq.heappush(pending, (at, made, event, fields))
            made += 1
        call += 1
        next_call = BEGIN + call * CALL_EVERY / agents
        while pending and pending[0][0] < next_call:
            at, _, event, fields = heapq.heappop(pending)
            given += 1
            yield event(source=SOURCE, at=at, id=_id((given + 1) * ID_STEP), **fields)


def _snapshot(agents: int) -> Snapshot:
    queues = -(-agents // AGENTS_PER_QUEUE)
    return Snapshot(
        source=SOURCE,
        at=BEGIN,
        id=_id(2),
        taken_at=BEGIN - 1,
        queues=tuple(QueueFacts(queue=f"q{number}", wrap_up=WRAP_UP) for number in range(queues)),
        members=tuple(
            MemberFacts(
                queue=f"q{agent // AGENTS_PER_QUEUE}",
                interface=f"PJSIP/{agent}",
                name=f"Agent {agent}",
                endpoint=f"PJSIP/{agent}",
                state="idle",
            )
            for agent in range(agents)
        ),
        legs=(),
    )


class Run:
    """An engine that is in sync, and its traffic."""

    def __init__(self, agents: int) -> None:
        snapshot = _snapshot(agents)
        self.engine = SourceEngine(SourceConfig(source=SOURCE))
        self.engine.apply(SourceConnected(source=SOURCE, at=BEGIN, id=_id(1)))
        started = process_time()
        self.engine.apply(snapshot)
        self.snapshot_seconds = process_time() - started
        self.engine.take_changes()
        self.traffic = _traffic(agents)

    def apply(self, events: list[Event]) -> None:
        """Apply events with the Ticks due before them."""
        engine = self.engine
        for number, event in enumerate(events, 1):
            tick = int(event.id[-10:]) - ID_STEP
            while (deadline := engine.next_deadline()) is not None and deadline <= event.at:
                tick += 1
                if tick % ID_STEP == 0:
                    raise RuntimeError(f"the engine asks for ever more Ticks: the next at {deadline}")
                engine.apply(Tick(source=SOURCE, at=deadline, id=_id(tick)))
            engine.apply(event)
            if number % CHANGES_EVERY == 0:
                engine.take_changes()

    def warm_up(self) -> None:
        """Apply the traffic until calls of every age are alive."""
        at = BEGIN
        while at < BEGIN + WARM_UP:
            events = list(islice(self.traffic, CHANGES_EVERY))
            self.apply(events)
            at = events[-1].at
        self.engine.dump()
        if self.engine.unexpected:
            raise RuntimeError(f"the engine does not understand this traffic: {self.engine.unexpected}")

    def slices(self) -> Iterator[float]:
        """Yield seconds per event, slice by slice."""
        while True:
            events = list(islice(self.traffic, SLICE))
            if events[-1].at > BEGIN + END:
                return
            started = process_time()
            self.apply(events)
            yield (process_time() - started) / len(events)


def _measure(agents: int, pipe: Connection) -> None:
    """In a process of its own: send the snapshot's seconds, then seconds per event for each request."""
    run = Run(agents)
    pipe.send(run.snapshot_seconds)
    run.warm_up()
    slices = run.slices()
    while pipe.recv():
        seconds = next(slices, None)
        if seconds is None:
            run = Run(agents)
            run.warm_up()
            slices = run.slices()
            seconds = next(slices)
        pipe.send(seconds)


def costs() -> tuple[dict[int, float], dict[int, list[float]]]:
    """Return by number of agents the seconds for the snapshot, and for an event in each round.

    Every round measures one slice with each size in turn, so that what else the machine does meets all of them.
    """
    context = multiprocessing.get_context("spawn")
    snapshots: dict[int, float] = {}
    slices: dict[int, list[float]] = {agents: [] for agents in SIZES}
    pipes: dict[int, Connection] = {}
    with ExitStack() as stack:
        for agents in SIZES:
            pipes[agents], theirs = context.Pipe()
            process = context.Process(target=_measure, args=(agents, theirs), daemon=True)
            process.start()
            stack.callback(process.join)
            stack.callback(pipes[agents].close)
            theirs.close()  # so that a process that fails ends our wait
            snapshots[agents] = pipes[agents].recv()
        for _ in range(ROUNDS):
            for agents, pipe in pipes.items():
                pipe.send("next")
                slices[agents].append(pipe.recv())
        for pipe in pipes.values():
            pipe.send(None)
    return snapshots, slices


def memory(agents: int) -> float:
    """Return bytes per agent, its share of the queue included, after a call or so each."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        run = Run(agents)
        for _ in range(11 * agents // CHANGES_EVERY):
            run.apply(list(islice(run.traffic, CHANGES_EVERY)))
        run.engine.dump()
        engine = run.engine
        del run
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        if not any(True for _ in engine.agent_ids()):
            raise RuntimeError("the engine knows no agents: nothing was measured")
    finally:
        tracemalloc.stop()
    return (after - before) / agents


def main() -> dict[str, float]:
    """Measure, print a table, return the figures."""
    snapshots, slices = costs()
    results: dict[str, float] = {}
    print(f"{'agents':>8} {'µs/event':>9} {'ratio':>6} {'snapshot ms':>12} {'bytes/agent':>12}")
    for agents in SIZES:
        cost = results[f"us_per_event_with_{agents}_agents"] = median(slices[agents]) * 1e6
        ratio = median(
            ours / smallest for ours, smallest in zip(slices[agents], slices[SIZES[0]], strict=True)
        )
        results[f"ratio_of_{agents}_to_{SIZES[0]}_agents"] = ratio
        results[f"snapshot_ms_with_{agents}_agents"] = snapshots[agents] * 1e3
        each = ""
        if agents in MEMORY_SIZES:
            results[f"bytes_per_agent_with_{agents}_agents"] = memory(agents)
            each = f"{results[f'bytes_per_agent_with_{agents}_agents']:,.0f}"
        print(
            f"{agents:>8,} {cost:>9.1f} {ratio:>6.2f} {snapshots[agents] * 1e3:>12.1f} {each:>12}", flush=True
        )
    return results


if __name__ == "__main__":
    main()
