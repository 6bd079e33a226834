"""Alerts: from the fact to the request at a receiver, and the cost of 1,000 rules over 1,000 agents.

The receiver is a process of its own; rules, storage (SQLite), signature and deliveries are those of the service. A fact is
one event, timed just before the engine applies it; it is told once a request with its alert has been read to the end. The
queues of a round are new ones, for a receiver is not told again and again of what flaps.

    python -m benchmarks.alerts
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import secrets
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import structlog
import uvloop

from monitor.alerts import Alerts, Rule
from monitor.alerts.rules import rule_of
from monitor.engine import Changes, Picture, SourceEngine
from monitor.engine.config import SourceConfig
from monitor.events import (
    CallerFacts,
    CallerJoined,
    CallerLeft,
    Event,
    EventIds,
    MemberFacts,
    MemberPaused,
    MemberUnpaused,
    QueueFacts,
    Snapshot,
    SourceConnected,
    SourceLost,
)
from monitor.heap import Heap
from monitor.log import open_storage
from monitor.settings.alerts import AlertSettings, RuleSettings

IN_FLIGHT = 100
ROUNDS = 20
AGENTS = RULES = 1_000
CHANGES = 200
TICK = 0.001
PATIENCE = 60.0
AT_REST = 6.0
"""Seconds in which nothing happens but that figures of agents' days are looked at."""
EVERYBODY = 10
"""Rules that are true of all agents at once: with 1,000 agents as many alerts as there may be."""


# --- the receiver ----------------------------------------------------------------------------------------


class _Alert(msgspec.Struct):
    subject: str
    state: str


class _Body(msgspec.Struct):
    alerts: list[_Alert]


def _receive(pipe: Connection) -> None:
    """Take requests; give the times at which they had been read, by subject and state, when asked."""
    seen: dict[tuple[str, str], float] = {}
    decoder = msgspec.json.Decoder(_Body)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
                body = await reader.readexactly(length)
                now = time.time()
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                for alert in decoder.decode(body).alerts:
                    seen.setdefault((alert.subject, alert.state), now)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        pipe.send(server.sockets[0].getsockname()[1])
        while await loop.run_in_executor(None, pipe.recv):
            pipe.send(dict(seen))
        server.close()

    uvloop.run(run())


# --- the service's parts -----------------------------------------------------------------------------------


@dataclass
class _Watched:
    """One source, and the alerts on it."""

    engine: SourceEngine
    alerts: Alerts
    ids: EventIds
    heap: Heap

    def tell(self, kind: type[Event], **fields: Any) -> float:
        """Apply an event as the service does; return the moment before."""
        event = kind(source="pbx", at=time.time(), id=self.ids(), **fields)
        began = time.time()
        self.engine.apply(event)
        self.alerts.hear([self.engine.take_changes()])
        return began

    async def settled(self) -> None:
        """Wait until all of it is judged, kept and handed to the deliveries."""
        async with asyncio.timeout(PATIENCE):
            while not self.alerts.is_idle:
                await asyncio.sleep(TICK)

    def up(self, agents: int, queues: Sequence[str]) -> None:
        members = tuple(
            MemberFacts(
                queue=queues[n % len(queues)],
                interface=f"PJSIP/{n}",
                name=f"Agent {n}",
                endpoint=f"PJSIP/{n}",
                state="idle",
            )
            for n in range(agents)
        )
        facts = tuple(QueueFacts(queue=queue) for queue in queues)
        self.tell(SourceConnected)
        self.tell(Snapshot, taken_at=time.time(), queues=facts, members=members, legs=())
        self.heap.tend(self.engine.size)


@asynccontextmanager
async def _watching(
    rules: Sequence[Rule], directory: str, webhooks: Sequence[object]
) -> AsyncIterator[_Watched]:
    picture = Picture({"pbx": SourceEngine(SourceConfig(source="pbx"))})
    shown: list[Sequence[Changes]] = []
    alerts = Alerts(
        picture,
        rules,
        SimpleNamespace(language="en", webhooks=webhooks),
        now=time.time,
        publish=shown.append,
        feed_clients=lambda: 0,
    )
    storage = open_storage(f"sqlite:///{directory}/{secrets.token_hex(4)}.db")
    await alerts.open(storage)
    alerts.start()
    try:
        yield _Watched(picture.engines["pbx"], alerts, EventIds(1), Heap())
    finally:
        await alerts.close()
        await storage.close()


def _rule(name: str, for_each: str, when: str, **more: Any) -> Rule:
    return rule_of(RuleSettings.model_validate({"id": name, "for_each": for_each, "when": when, **more}))


# --- from the fact to the receiver ---------------------------------------------------------------------------


async def _latencies(
    port: int, ask: Callable[[], dict[tuple[str, str], float]], directory: str, *, rules: int, at_once: bool
) -> list[float]:
    """Return how long each beginning and end took, of which 100 are under way at a time."""
    run = secrets.token_hex(2)
    names = [f"{run}-{number}-{n}" for number in range(ROUNDS) for n in range(IN_FLIGHT)]
    summary = {"en": "{name}: {waiting} wait", "ru": "{name}: ждут {waiting}"}
    queues = [names] if rules == 1 else [names[n::rules] for n in range(rules)]
    wanted = [
        _rule(f"wait{n}", "queue", "waiting > 0", queues=some, summary=summary)
        for n, some in enumerate(queues)
    ]
    secret = f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"
    webhook = {"id": "ops", "url": f"http://127.0.0.1:{port}/hook", "secret": secret}
    config = AlertSettings.model_validate({"webhooks": [webhook]})
    found: list[float] = []

    async def told(facts: dict[tuple[str, str], float]) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            while not facts.keys() <= (seen := await loop.run_in_executor(None, ask)).keys():
                await asyncio.sleep(0.1)
        found.extend(seen[key] - at for key, at in facts.items())

    async with _watching(wanted, directory, config.webhooks) as watched:
        watched.up(0, names)
        await watched.settled()
        for number in range(ROUNDS):
            for state, kind in (("firing", CallerJoined), ("resolved", CallerLeft)):
                facts = {}
                for n in range(IN_FLIGHT):
                    queue = f"{run}-{number}-{n}"
                    at = time.time()
                    facts_of: dict[str, Any] = {"queue": queue, "call": queue, "outcome": "abandoned"}
                    if kind is CallerJoined:
                        caller = CallerFacts(queue=queue, call=queue, linked=queue, joined_at=at, position=1)
                        facts_of = {"caller": caller}
                    facts[f"pbx/{queue}", state] = watched.tell(kind, **facts_of)
                    if not at_once:
                        await asyncio.sleep(0)
                await told(facts)
    return found


# --- 1,000 rules, 1,000 agents ---------------------------------------------------------------------------------


def _many_rules() -> Iterator[Rule]:
    """Yield rules as people write them, each with other bounds; the last ones are true of everybody who is paused."""
    conditions = itertools.cycle((
        'state == "paused" and reason == "lunch" and time_in_state > {}m',
        'state == "wrap_up" and time_in_state > {}s',
        'state == "talking" and time_in_call > {}m and call.direction == "inbound_queue"',
        "today.missed > {} and today.answered < 3",
        'state == "available" and today.paused_seconds > {}m',
    ))  # fmt: skip
    for n in range(RULES - EVERYBODY):
        yield _rule(f"r{n}", "agent", next(conditions).format(1_000 + n))
    for n in range(EVERYBODY):
        yield _rule(f"all{n}", "agent", 'state == "paused" and reason == "drill"')


class _Stalls:
    """Notes how long others kept the event loop from the next one, from :meth:`begin` on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._cpu = time.thread_time()
        self.longest = self.busiest = 0.0
        """By the clock, and by the CPU time of this thread alone: other processes want the processor, too."""
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            due, cpu = time.perf_counter() + TICK, time.thread_time()
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, time.perf_counter() - max(due, self._began))
            self.busiest = max(self.busiest, time.thread_time() - max(cpu, self._cpu))

    def begin(self) -> None:
        """What was until now doesn't count."""
        self._began, self._cpu = time.perf_counter(), time.thread_time()

    async def stop(self) -> None:
        """End."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


async def _many(directory: str) -> dict[str, float]:
    results: dict[str, float] = {}
    before = _resident()
    rules = list(_many_rules())
    results["rules_MB"] = (_resident() - before) / 1e6
    async with _watching(rules, directory, ()) as watched:
        queues = [f"q{n}" for n in range(10)]
        members = [(queues[n % 10], f"PJSIP/{n}") for n in range(AGENTS)]
        watched.up(AGENTS, queues)
        await watched.settled()
        stalls = _Stalls()
        await asyncio.sleep(2 * TICK)

        async def measure(name: str, act: Callable[[], object], times: int = 1) -> None:
            stalls.longest = stalls.busiest = 0.0
            cpu = time.process_time()
            for _ in range(times):
                act()
                stalls.begin()  # the engine's own work is measured elsewhere
                await watched.settled()
            results[f"{name}_cpu_ms"] = (time.process_time() - cpu) / times * 1e3
            await asyncio.sleep(2 * TICK)
            results[f"{name}_longest_stall_ms"] = stalls.longest * 1e3
            results[f"{name}_longest_stall_cpu_ms"] = stalls.busiest * 1e3

        turn = itertools.count()

        def one_changes() -> None:
            n = next(turn)
            queue, interface = members[n // 2]
            if n % 2:
                watched.tell(MemberUnpaused, queue=queue, interface=interface)
            else:
                watched.tell(MemberPaused, queue=queue, interface=interface, reason="lunch")

        def everybody(kind: type[Event], **fields: Any) -> None:
            for queue, interface in members:
                watched.tell(kind, queue=queue, interface=interface, **fields)

        await measure("one_agent_changes", one_changes, CHANGES)
        cpu = time.process_time()
        await asyncio.sleep(AT_REST)
        results["at_rest_cpu_percent"] = (time.process_time() - cpu) / AT_REST * 100
        await measure("source_lost", lambda: watched.tell(SourceLost, reason="a benchmark"))
        await measure("source_back", lambda: watched.up(AGENTS, queues))
        await measure("10000_alerts_begin", lambda: everybody(MemberPaused, reason="drill"))
        alerts = len(watched.alerts.firing()) and sum(watched.alerts.firing().values())
        if alerts != EVERYBODY * AGENTS:
            raise RuntimeError(f"{alerts} alerts fire, not {EVERYBODY * AGENTS}")
        results["with_10000_alerts_MB"] = (_resident() - before) / 1e6
        turn = itertools.count()
        await measure("one_of_them_ends_and_begins", one_changes, CHANGES)
        await measure("source_lost_with_alerts", lambda: watched.tell(SourceLost, reason="a benchmark"))
        await measure("10000_alerts_end", lambda: watched.up(AGENTS, queues))
        await stalls.stop()
    return results


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _judge_many(pipe: Connection) -> None:
    """Measure in a process of its own: how much memory it takes shows only in a fresh one."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as directory:
        pipe.send(uvloop.run(_many(directory)))


def main() -> dict[str, float]:
    """Measure, print and return milliseconds and megabytes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    receiver = context.Process(target=_receive, args=(there,), daemon=True)
    receiver.start()

    def ask() -> dict[tuple[str, str], float]:
        here.send("seen")
        seen: dict[tuple[str, str], float] = here.recv()
        return seen

    results: dict[str, float] = {"in_flight": IN_FLIGHT}
    with tempfile.TemporaryDirectory() as directory:
        try:
            port = here.recv()
            for name, rules, at_once in (
                ("at_once", 1, True),
                ("one_by_one", 1, False),
                ("one_by_one_of_10_rules", 10, False),
            ):
                found = uvloop.run(_latencies(port, ask, directory, rules=rules, at_once=at_once))
                results[f"{name}_p50_ms"] = _percentile(found, 0.5) * 1e3
                results[f"{name}_p99_ms"] = _percentile(found, 0.99) * 1e3
        finally:
            here.send("")
            receiver.join(10)
            receiver.kill()
    judge = context.Process(target=_judge_many, args=(there,), daemon=True)
    judge.start()
    try:
        results |= here.recv()
        judge.join(10)
    finally:
        judge.kill()
    for key, value in results.items():
        print(f"{key:48} {value:10.2f}")
    return results


if __name__ == "__main__":
    main()
