"""The evaluator against a plain loop: whatever happens, the same alerts, and looked at by time exactly when it matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf, nextafter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerts import evaluator as module
from monitor.alerts.evaluator import Evaluator, Transition
from monitor.alerts.rules import Rule
from monitor.model import Queue
from tests.alerts.samples import AGENT, QUEUE, changed
from tests.alerts.watching import rule

START = 1_795_444_790.0  # 14:39:50 UTC
NAMES = ("pbx1/sales", "pbx1/support", "pbx2/sales")
Truth = bool | None
Says = Callable[[Queue, float], Truth]


def waits_longer(seconds: float) -> Says:
    return lambda queue, now: (
        None if queue.longest_wait_since is None else now > queue.longest_wait_since + seconds
    )


def at_least(seconds: float) -> Says:
    return lambda queue, now: (
        None if queue.longest_wait_since is None else now >= queue.longest_wait_since + seconds
    )


def either(one: Truth, other: Truth) -> Truth:
    if one or other:
        return True
    return None if one is None or other is None else False


CONDITIONS: dict[str, Says] = {
    "waiting > 1": lambda queue, _: queue.waiting > 1,
    "agents.available == 0 and waiting > 0": lambda queue, _: (
        queue.agents.available == 0 and queue.waiting > 0
    ),
    "longest_wait > 8s": waits_longer(8),
    "longest_wait >= 5s or waiting > 3": lambda queue, now: either(
        at_least(5)(queue, now), queue.waiting > 3
    ),
    "longest_wait > 3s and longest_wait <= 9s": lambda queue, now: (
        None if queue.longest_wait_since is None else 3 + queue.longest_wait_since < now <= 9 + queue.longest_wait_since
    ),
}  # fmt: skip
UNTILS: dict[str, Says] = {
    "waiting == 0": lambda queue, _: queue.waiting == 0,
    "longest_wait < 4s": lambda queue, now: (
        None if queue.longest_wait_since is None else now < queue.longest_wait_since + 4
    ),
    "longest_wait > 12s": waits_longer(12),
}
HOURS: dict[str, tuple[int, int]] = {
    "14:00-14:40": (14 * 60, 14 * 60 + 40),
    "14:40-15:00": (14 * 60 + 40, 15 * 60),
}


@dataclass(frozen=True)
class Wish:
    """A rule as the reference knows it."""

    id: str
    when: str
    until: str | None
    hold: int
    severity: str
    hours: str | None
    queues: tuple[str, ...] | None

    def rule(self) -> Rule:
        more: dict[str, Any] = {"for": f"{self.hold}s", "severity": self.severity}
        if self.until is not None:
            more["until"] = self.until
        if self.hours is not None:
            more["schedule"] = {"hours": self.hours, "timezone": "UTC"}
        if self.queues is not None:
            more["queues"] = list(self.queues)
        return rule(self.id, "queue", self.when, **more)

    def applies(self, queue: Queue, now: float) -> bool:
        if self.queues is not None and queue.id.partition("/")[2] not in self.queues:
            return False
        if self.hours is None:
            return True
        clock = datetime.fromtimestamp(now, UTC)
        opens, closes = HOURS[self.hours]
        return opens <= clock.hour * 60 + clock.minute < closes

    def asks_as(self, other: Wish) -> bool:
        return (self.when, self.until, self.severity) == (other.when, other.until, other.severity)


@dataclass
class Episode:
    since: float
    fires: bool


@dataclass
class Reference:
    """All rules over all subjects at every step."""

    wishes: dict[str, Wish]
    queues: dict[str, Queue] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)
    episodes: dict[tuple[str, str], Episode] = field(default_factory=dict)

    def step(self, now: float) -> None:
        for name, queue in self.queues.items():
            if name not in self.blind:
                for wish in self.wishes.values():
                    self._judge(wish, queue, now)

    def _judge(self, wish: Wish, queue: Queue, now: float) -> None:
        key = wish.id, queue.id
        episode = self.episodes.get(key)
        applies = wish.applies(queue, now)
        true = bool(applies and CONDITIONS[wish.when](queue, now))
        ends = UNTILS[wish.until](queue, now) if applies and wish.until else None
        if episode is None:
            if true and not ends:
                self.episodes[key] = Episode(now, wish.hold == 0)
        elif not episode.fires:
            if not true or ends:
                del self.episodes[key]
            elif now >= episode.since + wish.hold:
                episode.fires = True
        elif (not true) if ends is None else ends:
            del self.episodes[key]

    def gone(self, name: str) -> None:
        self.queues.pop(name, None)
        self.blind.discard(name)
        self.episodes = {key: one for key, one in self.episodes.items() if key[1] != name}

    def lost(self, name: str) -> None:
        self.blind.add(name)
        self.episodes = {key: one for key, one in self.episodes.items() if key[1] != name or one.fires}

    def replace(self, wishes: dict[str, Wish]) -> None:
        before, self.wishes = self.wishes, wishes
        self.episodes = {
            key: one
            for key, one in self.episodes.items()
            if key[0] in wishes and wishes[key[0]].asks_as(before[key[0]])
        }

    def answers(self, name: str, now: float) -> object:
        """Return everything about a subject that may be worth a look when it changes."""
        queue = self.queues.get(name)
        if queue is None or name in self.blind:
            return None
        return [
            (
                wish.applies(queue, now),
                CONDITIONS[wish.when](queue, now),
                UNTILS[wish.until](queue, now) if wish.until else None,
                (one.fires, one.since) if (one := self.episodes.get((wish.id, name))) else None,
            )
            for wish in self.wishes.values()
        ]


class Pair:
    """Both, side by side. Time passes in steps at which anything can change: whole seconds, and just after."""

    def __init__(self, wishes: dict[str, Wish]) -> None:
        self.now = START
        self.reference = Reference(wishes)
        self.evaluator = Evaluator([wish.rule() for wish in wishes.values()])
        self.known: dict[tuple[str, str], Any] = {}
        self.used: set[str] = set()
        """Ids of alerts that fired."""

    def take(self, transitions: list[Transition]) -> None:
        """Each begins where the one before ended, and no two episodes that fire share an id."""
        for before, after in transitions:
            one = before or after
            assert one is not None
            key = one.rule, one.subject
            assert self.known.get(key) == before
            self.known.pop(key, None)
            if after is not None and after.state == "resolved":
                assert before is not None
                assert (after.id, before.state, after.resolved_at) == (before.id, "firing", self.now)
            elif after is not None:
                self.known[key] = after
                if after.state == "firing" and (before is None or before.state != "firing"):
                    assert after.fired_at == self.now
                    assert after.id not in self.used
                    self.used.add(after.id)

    def judge(self, *names: str) -> None:
        for name in names:
            queue = self.reference.queues.get(name)
            if queue is None:
                self.take(self.evaluator.gone("queue", name, self.now))
            elif name in self.reference.blind:
                self.take(self.evaluator.blind("queue", name))
            else:
                self.take(self.evaluator.judge("queue", name, queue, self.now))

    def agree(self) -> None:
        self.reference.step(self.now)
        found = {
            key: Episode(alert.since, alert.state == "firing") for key, alert in self.evaluator.alerts.items()
        }
        assert found == self.reference.episodes
        assert self.evaluator.alerts == self.known
        deadline = self.evaluator.next_deadline()
        assert deadline is None or deadline > self.now

    def passes(self, seconds: int) -> None:
        until = self.now + seconds
        while self.now < until:
            whole = float(int(self.now))
            just_after = nextafter(whole, inf)
            before = {name: self.reference.answers(name, self.now) for name in NAMES}
            deadline = self.evaluator.next_deadline()
            self.now = just_after if self.now < just_after else whole + 1
            episodes = {key: (one.since, one.fires) for key, one in self.reference.episodes.items()}
            self.reference.step(self.now)
            moved = {
                key[1]
                for key, one in self._both(episodes)
                if one != episodes.get(key) or key not in self.reference.episodes
            }
            subjects, kinds = self.evaluator.due(self.now)
            assert (deadline is not None and deadline <= self.now) == bool(subjects or kinds)
            named = {name for _, name in subjects} | (set(NAMES) if kinds else set())
            assert moved <= named, "what changes by time alone is looked at"
            for _, name in subjects:
                assert self.reference.answers(name, self.now) != before[name], "and nothing else is"
            self.judge(*sorted(named))
            self.agree()

    def _both(self, before: dict[tuple[str, str], tuple[float, bool]]) -> list[Any]:
        after = {key: (one.since, one.fires) for key, one in self.reference.episodes.items()}
        return [(key, after.get(key)) for key in before.keys() | after.keys()]

    def restart(self) -> None:
        self.passes(1)  # longer than the millisecond that the ids tell
        again = Evaluator([wish.rule() for wish in self.reference.wishes.values()])
        assert again.restore(self.evaluator.alerts.values()) == []
        self.evaluator = again
        self.judge(*NAMES)


def wishes() -> st.SearchStrategy[dict[str, Wish]]:
    def one(name: str) -> st.SearchStrategy[Wish]:
        return st.builds(
            Wish,
            id=st.just(name),
            when=st.sampled_from(sorted(CONDITIONS)),
            until=st.none() | st.sampled_from(sorted(UNTILS)),
            hold=st.sampled_from([0, 0, 3, 7]),
            severity=st.sampled_from(["warning", "critical"]),
            hours=st.sampled_from([None, None, *HOURS]),
            queues=st.sampled_from([None, None, ("sales",)]),
        )

    return st.sets(st.sampled_from("abc"), min_size=1).flatmap(
        lambda names: st.fixed_dictionaries({name: one(name) for name in sorted(names)})
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wishes(), st.data())
def test_it_says_what_a_plain_loop_says(first: dict[str, Wish], data: st.DataObject) -> None:
    pair = Pair(first)
    reference = pair.reference
    kinds = ("changes",) * 4 + ("passes",) * 4 + ("gone", "lost", "seen", "replace", "restart")
    for _ in range(data.draw(st.integers(1, 14))):
        name = data.draw(st.sampled_from(NAMES))
        match data.draw(st.sampled_from(kinds)):
            case "changes":
                waiting = data.draw(st.integers(0, 5))
                since = float(int(pair.now)) - data.draw(st.integers(0, 14)) if waiting else None
                available = data.draw(st.integers(0, 1))
                agents = changed(QUEUE.agents, available=available)
                reference.queues[name] = changed(
                    QUEUE, id=name, waiting=waiting, longest_wait_since=since, agents=agents
                )
                pair.judge(name)
            case "passes":
                pair.passes(data.draw(st.sampled_from([1, 2, 5, 11])))
            case "gone":
                reference.gone(name)
                pair.judge(name)
            case "lost" if name in reference.queues:
                reference.lost(name)
                pair.judge(name)
            case "seen":
                reference.blind.discard(name)
                pair.judge(name)
            case "replace":
                reference.replace(data.draw(wishes()))
                rules = [wish.rule() for wish in reference.wishes.values()]
                pair.take(pair.evaluator.replace(rules, pair.now, language="en"))
                pair.judge(*NAMES)
            case "restart":
                pair.restart()
            case _:
                pass
        pair.agree()
    pair.passes(20)


def test_two_episodes_in_the_same_millisecond_are_two_alerts() -> None:
    evaluator = Evaluator([rule(when="waiting > 1")])
    ids = []
    for number in range(20):
        many, none = changed(QUEUE, waiting=5), changed(QUEUE, waiting=0)
        now = START + number // 5 * 0.001
        (begun,) = evaluator.judge("queue", QUEUE.id, many, now)
        (ended,) = evaluator.judge("queue", QUEUE.id, none, now)
        assert begun.after is not None
        assert ended.after is not None
        assert begun.after.id == ended.after.id
        ids.append(begun.after.id)
    assert len(set(ids)) == 20


def test_a_changed_rule_ends_its_alerts_and_a_reworded_one_goes_on() -> None:
    many = changed(QUEUE, waiting=5)
    evaluator = Evaluator([rule("a", when="waiting > 1"), rule("b", when="waiting > 1")])
    evaluator.judge("queue", QUEUE.id, many, START)
    before = dict(evaluator.alerts)
    reworded = rule("a", when="waiting > 1", summary={"en": "help"}, **{"for": "1m"})
    ended = evaluator.replace([reworded, rule("b", when="waiting > 2")], START + 1, language="en")
    assert [(one.before, one.after.state if one.after else None) for one in ended] == [
        (before["b", QUEUE.id], "resolved")
    ]
    evaluator.judge("queue", QUEUE.id, many, START + 1)
    assert (evaluator.alerts["a", QUEUE.id].id, evaluator.alerts["a", QUEUE.id].summary) == (
        before["a", QUEUE.id].id,
        "help",
    )
    assert evaluator.alerts["b", QUEUE.id].since == START + 1


def test_alerts_whose_rule_is_gone_are_handed_back() -> None:
    evaluator = Evaluator([rule("a", when="waiting > 1"), rule("b", when="waiting > 1")])
    evaluator.judge("queue", QUEUE.id, changed(QUEUE, waiting=5), START)
    again = Evaluator([rule("b", when="waiting > 1")])
    orphans = again.restore(evaluator.alerts.values())
    assert [one.rule for one in orphans] == ["a"]
    assert [one.rule for one in again.alerts.values()] == ["b"]


def test_there_are_only_so_many_alerts_and_those_that_are_too_many_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_ALERTS", 2)
    evaluator = Evaluator([rule(when="waiting > 1")])
    for number in range(5):
        name = f"pbx1/q{number}"
        evaluator.judge("queue", name, changed(QUEUE, id=name, waiting=5), START)
    assert (len(evaluator.alerts), evaluator.refused) == (2, 3)


def test_figures_of_an_agents_day_are_looked_at_now_and_then_and_only_those() -> None:
    still = Evaluator([rule("still", "agent", 'state == "ringing"')])
    still.judge("agent", AGENT.id, AGENT, START)
    assert still.next_deadline() is None
    day = Evaluator([rule("day", "agent", "today.paused_seconds > 8h")])
    day.judge("agent", AGENT.id, AGENT, START)
    assert day.next_deadline() == START + module.SAMPLE_SECONDS
