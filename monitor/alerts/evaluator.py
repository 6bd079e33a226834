"""From the rules and the objects that they are about to alerts: pure, told when to look again, polling nothing.

An alert is one episode of a rule and a subject: pending while the condition has not held for as long as the rule wants,
then firing until the condition is over (or until ``until`` is true). While its source can't be seen an alert neither begins
nor ends: nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from monitor.alerts.deadlines import Deadlines
from monitor.alerts.expression import Condition
from monitor.alerts.rules import Kind, Rule
from monitor.model import Agent, Alert, Model

MAX_ALERTS = 10_000
"""Alerts at the same time; a rule that is true for everybody must not take all memory."""

SAMPLE_SECONDS = 5.0
"""How often figures of an agent's day are looked at."""

Key: TypeAlias = tuple[str, str]
"""Rule, subject."""
Subject: TypeAlias = tuple[Kind, str]


class Transition(NamedTuple):
    """An alert that is another one now."""

    before: Alert | None
    after: Alert | None
    """``None``: it was pending and never fired. A resolved one is told once and then forgotten."""


class _Look(NamedTuple):
    """A rule that is applied to a subject."""

    rule: Rule
    subject_id: str
    subject: Model
    now: float


class Evaluator:
    """Knows which alerts there are. :meth:`judge` after every change of a subject, and when :meth:`due` names it."""

    def __init__(self, rules: Iterable[Rule], *, language: str = "en") -> None:
        self.alerts: dict[Key, Alert] = {}
        """Pending and firing ones."""
        self.refused = 0
        """Alerts that did not begin since there were too many."""
        self._language = language
        self._rules: dict[Kind, tuple[Rule, ...]] = {}
        self._by_id: dict[str, Rule] = {}
        self._of_subject: dict[str, set[str]] = {}
        """Rules with an alert, by subject."""
        self._look_at: Deadlines[Subject] = Deadlines()
        """When a subject must be judged anew though nothing of it changed."""
        self._hours: dict[str, tuple[bool, float | None]] = {}
        """Whether a rule's hours are open, and until when that holds."""
        self._short_lived: dict[str, int] = {}
        """Alerts that ended in the millisecond in which they began, and the one that stands in their ids."""
        self._set_rules(rules)

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of subjects that some rule is about."""
        return frozenset(kind for kind, rules in self._rules.items() if rules)

    def restore(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Go on with alerts of an earlier run; return those whose rule is gone, for to be resolved."""
        orphans = []
        for alert in alerts:
            if alert.rule in self._by_id and alert.state != "resolved":
                self._keep(alert)
            else:
                orphans.append(alert)
        return orphans

    def replace(self, rules: Iterable[Rule], now: float, *, language: str) -> list[Transition]:
        """Go on with other rules; the alerts of those that are gone, or now ask something else, end.

        Every subject is to be judged anew then.
        """
        before = self._by_id
        self._language = language
        self._set_rules(rules)
        ended = []
        for key, alert in list(self.alerts.items()):
            rule = self._by_id.get(key[0])
            if rule is None or not rule.same_question(before[key[0]]):
                ended.append(self._end(key, alert, now))
        return ended

    # --- judging ---------------------------------------------------------------------------------------

    def judge(self, kind: Kind, subject_id: str, subject: Model, now: float) -> list[Transition]:
        """Judge a subject by all rules about its kind."""
        found: list[Transition] = []
        soonest: float | None = None
        concerned = self._of_subject.get(subject_id)
        for rule in self._rules.get(kind, ()):
            # Written out for the usual case, no alert and nothing wrong: a thousand rules may be judged here.
            if concerned is not None and rule.id in concerned:
                again = self._judge(rule, subject_id, subject, now, found)
            elif (rule.selective and not rule.selects(subject)) or not (
                rule.schedule is None or self._is_open(rule, now)
            ):
                continue
            else:
                truth, again = rule.when.judge(subject, now)
                if truth and rule.until is not None:
                    truth, again = _unless_over(rule.until, again, subject, now)
                if truth:
                    later = self._begin(_Look(rule, subject_id, subject, now), found)
                    again = _sooner(again, later)
                if rule.sampled:
                    again = _sooner(again, now + SAMPLE_SECONDS)
            if again is not None and (soonest is None or again < soonest):
                soonest = again
        self._look_at.set((kind, subject_id), soonest)
        return found

    def blind(self, kind: Kind, subject_id: str) -> list[Transition]:
        """Note that a subject can't be seen: what is pending is dropped, what fires goes on firing."""
        self._look_at.set((kind, subject_id), None)
        pending = [
            (rule, self.alerts[rule, subject_id])
            for rule in self._rules_about(kind, subject_id)
            if self.alerts[rule, subject_id].state == "pending"
        ]
        for rule, _ in pending:
            self._drop((rule, subject_id))
        return [Transition(alert, None) for _, alert in pending]

    def gone(self, kind: Kind, subject_id: str, now: float) -> list[Transition]:
        """Note that there is no such subject any more: its alerts end."""
        self._look_at.set((kind, subject_id), None)
        keys = [(rule, subject_id) for rule in self._rules_about(kind, subject_id)]
        return [self._end(key, self.alerts[key], now) for key in keys]

    def subjects(self) -> list[Subject]:
        """Return the subjects of all alerts, also those that are no longer there."""
        return [self.subject_of(key) for key in self.alerts]

    def subject_of(self, key: Key) -> Subject:
        """Return what an alert is about."""
        return self._by_id[key[0]].for_each, key[1]

    def due(self, now: float) -> tuple[list[Subject], frozenset[Kind]]:
        """Return the subjects to be judged by now, and the kinds all of whose subjects are (hours began or ended)."""
        subjects = self._look_at.due(now)
        turned = [rule for rule, (_, until) in self._hours.items() if until is not None and until <= now]
        for rule in turned:
            del self._hours[rule]
        for rule in turned:
            self._is_open(self._by_id[rule], now)
        return subjects, frozenset(self._by_id[rule].for_each for rule in turned)

    def next_deadline(self) -> float | None:
        """Return when :meth:`due` has something."""
        ends = [until for _, until in self._hours.values() if until is not None]
        look = self._look_at.next()
        return min(ends if look is None else (look, *ends), default=None)

    def _judge(
        self, rule: Rule, subject_id: str, subject: Model, now: float, found: list[Transition]
    ) -> float | None:
        """Judge by a rule of which there is an alert; return when it must be done again though nothing changes."""
        alert = self.alerts[rule.id, subject_id]
        applies = rule.selects(subject) and self._is_open(rule, now)
        truth, again = rule.when.judge(subject, now) if applies else (False, None)
        look = _Look(rule, subject_id, subject, now)
        if alert.state == "pending":
            if truth and rule.until is not None:
                truth, again = _unless_over(rule.until, again, subject, now)
            later = self._go_on_waiting(look, alert, found, truth=truth)
        else:
            later = self._go_on_firing(look, alert, found, applies=applies, truth=truth)
        if rule.sampled and applies:
            later = _sooner(later, now + SAMPLE_SECONDS)
        return _sooner(again, later)

    def _begin(self, look: _Look, found: list[Transition]) -> float | None:
        if len(self.alerts) >= MAX_ALERTS:
            self.refused += 1
            return None
        rule, now = look.rule, look.now
        alert = Alert(
            id=self._new_id(look),
            rule=rule.id,
            severity=rule.severity,
            state="pending",
            since=now,
            labels=rule.labels | labels_of(rule.for_each, look.subject_id, look.subject),
            summary="",
            value=None,
            subject=look.subject_id,
        )
        if rule.hold <= 0:
            return self._fire(look, None, alert, found)
        self._keep(described := self._described(look, alert))
        found.append(Transition(None, described))
        return now + rule.hold

    def _go_on_waiting(
        self, look: _Look, alert: Alert, found: list[Transition], *, truth: bool | None
    ) -> float | None:
        if not truth:
            self._drop((alert.rule, alert.subject))
            found.append(Transition(alert, None))
            return None
        fires_at = alert.since + look.rule.hold
        if look.now >= fires_at:
            return self._fire(look, alert, alert, found)
        self._refresh(look, alert, found)
        return fires_at

    def _fire(self, look: _Look, before: Alert | None, alert: Alert, found: list[Transition]) -> float | None:
        fired = self._described(look, msgspec.structs.replace(alert, state="firing", fired_at=look.now))
        self._keep(fired)
        found.append(Transition(before, fired))
        until = look.rule.until
        return None if until is None else until.judge(look.subject, look.now).changes_at

    def _go_on_firing(
        self, look: _Look, alert: Alert, found: list[Transition], *, applies: bool, truth: bool | None
    ) -> float | None:
        """Where ``until`` can't be told (nobody waits any more) the condition decides."""
        over, again, until = not truth, None, look.rule.until
        if applies and until is not None:
            ends, again = until.judge(look.subject, look.now)
            over = over if ends is None else ends
        if over:
            found.append(self._end((alert.rule, alert.subject), alert, look.now))
            return again
        self._refresh(look, alert, found)
        return again

    # --- alerts ----------------------------------------------------------------------------------------

    def _described(self, look: _Look, alert: Alert) -> Alert:
        summaries: dict[str, str] = {
            language: template.render(look.subject, look.now)
            for language, template in look.rule.summaries.items()
        }
        return msgspec.structs.replace(
            alert,
            summaries=summaries,
            summary=summaries.get(self._language) or next(iter(summaries.values()), ""),
            value=look.rule.when.value(look.subject, look.now),
        )

    def _refresh(self, look: _Look, alert: Alert, found: list[Transition]) -> None:
        """Have an alert tell what is so now: six callers wait, and then ten."""
        described = self._described(look, alert)
        if described != alert:
            self.alerts[alert.rule, alert.subject] = described
            found.append(Transition(alert, described))

    def _new_id(self, look: _Look) -> str:
        """Return the id of an episode: of its beginning, or a little later if one that is over began just then, too."""
        stamp = _stamp(look.now)
        while self._short_lived and next(iter(self._short_lived.values())) < stamp:
            del self._short_lived[next(iter(self._short_lived))]
        while (name := f"{look.rule.id}/{look.subject_id}@{stamp:x}") in self._short_lived:
            stamp += 1
        return name

    def _end(self, key: Key, alert: Alert, now: float) -> Transition:
        self._drop(key)
        if alert.state == "pending":
            return Transition(alert, None)
        if (stamp := int(alert.id.rpartition("@")[2], 16)) >= _stamp(now):
            self._short_lived[alert.id] = stamp
        return Transition(alert, msgspec.structs.replace(alert, state="resolved", resolved_at=now))

    def _keep(self, alert: Alert) -> None:
        self.alerts[alert.rule, alert.subject] = alert
        self._of_subject.setdefault(alert.subject, set()).add(alert.rule)

    def _drop(self, key: Key) -> None:
        del self.alerts[key]
        rules = self._of_subject[key[1]]
        rules.discard(key[0])
        if not rules:
            del self._of_subject[key[1]]

    def _rules_about(self, kind: Kind, subject_id: str) -> list[str]:
        """Return the rules with an alert about a subject. A queue and an agent may have the same id."""
        rules = self._of_subject.get(subject_id, ())
        return [rule for rule in rules if self._by_id[rule].for_each == kind]

    # --- rules -----------------------------------------------------------------------------------------

    def _set_rules(self, rules: Iterable[Rule]) -> None:
        self._by_id = {rule.id: rule for rule in rules}
        kinds: dict[Kind, list[Rule]] = {}
        for rule in self._by_id.values():
            kinds.setdefault(rule.for_each, []).append(rule)
        self._rules = {kind: tuple(rules) for kind, rules in kinds.items()}
        self._hours = {}

    def _is_open(self, rule: Rule, now: float) -> bool:
        if rule.schedule is None:
            return True
        known = self._hours.get(rule.id)
        if known is None or (known[1] is not None and known[1] <= now):
            known = self._hours[rule.id] = (rule.schedule.is_open(now), rule.schedule.next_change(now))
        return known[0]


LABELS: Mapping[Kind, Callable[[str, Model], dict[str, str]]] = {
    "queue": lambda id_, _: {"source": _source(id_), "queue": id_},
    "agent": lambda id_, agent: {"source": _source(id_), "agent": id_} | _team(agent),
    "source": lambda id_, _: {"source": id_},
    "service": lambda _id, _: {},
}


def labels_of(kind: Kind, subject_id: str, subject: Model) -> dict[str, str]:
    """Return the labels that tell what an alert is about."""
    return LABELS[kind](subject_id, subject)


def _stamp(at: float) -> int:
    return round(at * 1_000)


def _source(public_id: str) -> str:
    return public_id.partition("/")[0]


def _team(agent: Model) -> dict[str, str]:
    return {"team": agent.team} if isinstance(agent, Agent) and agent.team else {}


def _unless_over(
    until: Condition, again: float | None, subject: Model, now: float
) -> tuple[bool, float | None]:
    """Return whether what is wrong counts, and when to look again: not while that is true which would end it at once.

    Else it would begin and end by turns, at every look.
    """
    over, turns = until.judge(subject, now)
    return not over, _sooner(again, turns)


def _sooner(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)
