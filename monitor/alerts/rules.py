"""A rule: which subjects it is about, what is wrong with them, and what is said then. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from textwrap import shorten
from typing import Final, Protocol, TypeVar, get_args

from monitor.alerts.errors import RuleError, RulesError
from monitor.alerts.expression import Condition, compile_condition
from monitor.alerts.fields import Kind
from monitor.alerts.schedule import ALL_DAY, EVERY_DAY, Schedule
from monitor.alerts.summary import Language, Template, escaped
from monitor.model import Agent, Model, Queue, Severity

__all__ = ["LABELS_OF_SUBJECTS", "Kind", "Rule", "RuleLike", "ScheduleLike", "SummaryLike", "rule_of"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
LABELS_OF_SUBJECTS: Final = frozenset({"source", "queue", "agent", "team", "rule", "severity", "alertname"})
"""Labels that an alert gets by itself; a rule can't give them."""

UNTOLD: Final[Mapping[Kind, tuple[str, ...]]] = {
    "agent": ("today",),
    "service": ("feed_clients", "webhooks_failing"),
}
"""Fields that change without anybody being told."""
MAX_DEFAULT: Final = 200
"""Characters of the condition that are told where a rule has no summary."""

T = TypeVar("T")


class ScheduleLike(Protocol):
    """Working hours as configured; ``None`` where nothing is written."""

    @property
    def days(self) -> str | None:
        """``mon-fri``."""

    @property
    def hours(self) -> str | Sequence[str] | None:
        """``09:00-18:00``, or several."""

    @property
    def timezone(self) -> str | None:
        """IANA name."""


class SummaryLike(Protocol):
    """What is said, by language."""

    @property
    def en(self) -> str | None:
        """In English."""

    @property
    def ru(self) -> str | None:
        """In Russian."""


class RuleLike(Protocol):
    """A rule as configured: the settings' own class fits."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def for_each(self) -> Kind:
        """What it is about."""

    @property
    def when(self) -> str:
        """The condition."""

    @property
    def until(self) -> str | None:
        """When it is over, if not as soon as the condition is."""

    @property
    def hold(self) -> float:
        """Seconds of ``for``."""

    @property
    def severity(self) -> Severity:
        """How grave it is."""

    @property
    def queues(self) -> Sequence[str] | None:
        """Queues that it is about; ``None``: all."""

    @property
    def teams(self) -> Sequence[str] | None:
        """Teams that it is about; ``None``: all."""

    @property
    def schedule(self) -> ScheduleLike | None:
        """When it is in force; ``None``: always."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its own labels."""

    @property
    def summary(self) -> SummaryLike | None:
        """What is said."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, ready to be judged."""

    id: str
    for_each: Kind
    when: Condition
    until: Condition | None = None
    hold: float = 0.0
    """Seconds for which the condition must hold before it fires."""
    severity: Severity = "warning"
    queues: frozenset[str] | None = None
    """Full ids or bare names."""
    teams: frozenset[str] | None = None
    schedule: Schedule | None = None
    labels: dict[str, str] = field(default_factory=dict)
    summaries: dict[Language, Template] = field(default_factory=dict)
    selective: bool = field(init=False)
    """It is about some of its kind only."""
    sampled: bool = field(init=False)
    """It asks for what changes without being told: figures of an agent's day, which run with the clock in ways that can't be
    foretold; of the service, its screens and webhooks."""

    def __post_init__(self) -> None:
        """Find what it asks."""
        asked = self.when.fields | (self.until.fields if self.until else frozenset())
        object.__setattr__(self, "selective", self.queues is not None or self.teams is not None)
        object.__setattr__(self, "sampled", not asked.isdisjoint(UNTOLD.get(self.for_each, ())))

    def selects(self, subject: Model) -> bool:
        """Return whether the rule is about a subject of its kind."""
        if not self.selective:
            return True
        if isinstance(subject, Queue):
            return self.teams is None and self._names(subject.id)
        if isinstance(subject, Agent):
            return (self.teams is None or subject.team in self.teams) and (
                self.queues is None or any(self._names(member.queue) for member in subject.queues)
            )
        return False

    def same_question(self, other: Rule) -> bool:
        """Return whether an alert of the other rule is one of this rule, too: it asks and says the same.

        Whom it is about, how long it waits and what the summary says may differ.
        """
        return self._question() == other._question()

    def _question(self) -> tuple[object, ...]:
        until = self.until.text if self.until else None
        return self.for_each, self.when.text, until, self.severity, self.labels

    def _names(self, queue: str) -> bool:
        return self.queues is None or queue in self.queues or queue.partition("/")[2] in self.queues


def rule_of(settings: RuleLike, timezone: str = "UTC") -> Rule:
    """Return the rule; its hours are in ``timezone`` unless it names another.

    Raises :class:`RulesError` with every mistake in it.
    """
    problems: list[RuleError] = []

    def attempt(key: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except RuleError as error:
            problem = error.at(settings.id, f"{key}.{error.key}" if error.key else key)
            if str(problem) not in map(str, problems):  # one text may serve two languages
                problems.append(problem)
            return None

    kind, until, hours = settings.for_each, settings.until, settings.schedule
    when = attempt("when", lambda: compile_condition(settings.when, kind))
    over = None if until is None else attempt("until", lambda: compile_condition(until, kind))
    schedule = None if hours is None else attempt("schedule", lambda: _schedule(hours, timezone))
    for key in ("queues", "teams"):
        attempt(key, partial(_selector, key, settings))
    attempt("labels", lambda: _labels(settings.labels))
    summaries: dict[Language, Template] = {}
    for language, (key, text) in _texts(settings).items():
        template = attempt(key, partial(Template, text, kind, language))
        if template is not None:
            summaries[language] = template
    if problems or when is None:
        raise RulesError(problems)
    return Rule(
        id=settings.id,
        for_each=kind,
        when=when,
        until=over,
        hold=settings.hold,
        severity=settings.severity,
        queues=None if settings.queues is None else frozenset(settings.queues),
        teams=None if settings.teams is None else frozenset(settings.teams),
        schedule=schedule,
        labels=dict(settings.labels),
        summaries=summaries,
    )


def _schedule(settings: ScheduleLike, timezone: str) -> Schedule:
    return Schedule(
        days=EVERY_DAY if settings.days is None else settings.days,
        hours=ALL_DAY if settings.hours is None else settings.hours,
        timezone=settings.timezone or timezone,
    )


def _selector(key: str, settings: RuleLike) -> None:
    chosen = settings.queues if key == "queues" else settings.teams
    if chosen is None:
        return
    if settings.for_each in ("source", "service"):
        raise RuleError(f"a rule for each {settings.for_each} has no {key} to choose from: take this out")
    if key == "teams" and settings.for_each == "queue":
        raise RuleError("queues have no team: take this out, or name the queues in `queues`")
    if not chosen:
        raise RuleError("an empty list would choose nothing: name some, or take this out for all")


def _labels(labels: Mapping[str, str]) -> None:
    for name in labels:
        if name in LABELS_OF_SUBJECTS:
            raise RuleError(f"every alert gets the label {name} by itself: choose another name")


def _texts(settings: RuleLike) -> dict[Language, tuple[str, str]]:
    """Return what is said in every language, with its key: where one is missing, what is said in the other."""
    said = settings.summary
    texts = {language: getattr(said, language, None) for language in LANGUAGES}
    given = [(f"summary.{language}", text) for language, text in texts.items() if text is not None]
    return {
        language: (f"summary.{language}", text)
        if text is not None
        else (given or [("summary", _default(settings))])[0]
        for language, text in texts.items()
    }


def _default(settings: RuleLike) -> str:
    """Return what is said where nothing is configured: the rule and its condition."""
    subject = {"queue": "{name}: ", "agent": "{name}: ", "source": "{id}: ", "service": ""}[settings.for_each]
    condition = shorten(" ".join(settings.when.split()), MAX_DEFAULT, placeholder="…")
    return f"{subject}{settings.id} ({escaped(condition)})"
