"""A queue's figures: today, the last 30 minutes and since ever.

Everything about thresholds is decided when a call is counted: changes of a setting never rewrite the past.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import msgspec

from monitor.engine.config import QueueConfig
from monitor.engine.histogram import HOLD_BOUNDS, TALK_BOUNDS, WAIT_BOUNDS, WRAP_UP_BOUNDS, Histogram
from monitor.engine.history import DayHistory
from monitor.engine.queue_counts import Fact, QueueCounts, microseconds
from monitor.engine.rolling_window import RollingWindow
from monitor.engine.service_level import JUDGED, service_level, share
from monitor.events import LeftOutcome
from monitor.model import AgentState, HistoryPoint, QueueFigures, ServiceLevel, ServiceLevelFormula

_LEFT: dict[LeftOutcome, Fact] = {
    "timed_out": Fact.TIMED_OUT,
    "left_empty": Fact.LEFT,
    "exited_by_key": Fact.LEFT,
    "transferred": Fact.LEFT,
    "closed": Fact.LEFT,
    "unknown": Fact.UNKNOWN,
}

_ABANDONED: dict[tuple[bool, bool], Fact] = {
    # (short, in threshold)
    (False, False): Fact.ABANDONED_LATE,
    (False, True): Fact.ABANDONED_IN_THRESHOLD,
    (True, False): Fact.SHORT_ABANDONED_LATE,
    (True, True): Fact.SHORT_ABANDONED_IN_THRESHOLD,
}


def _no_calls() -> dict[LeftOutcome, int]:
    return dict.fromkeys(get_args(LeftOutcome), 0)


class QueueTotals(msgspec.Struct, kw_only=True):
    """Lifetime counters of one queue for metrics: they never go down."""

    calls: dict[LeftOutcome, int] = msgspec.field(default_factory=_no_calls)
    """Every outcome is a key from the start, with 0. An overruled ``unknown`` stays counted as such."""
    answered_in_threshold: int = 0
    short_abandoned: int = 0
    """Of ``calls["abandoned"]``."""
    service_level_met: int = 0
    """Numerator and denominator of the service level, each call judged by the formula that held when it ended."""
    service_level_of: int = 0
    wait: Histogram = msgspec.field(default_factory=lambda: Histogram.empty(WAIT_BOUNDS))
    """Of answered calls."""
    abandon_wait: Histogram = msgspec.field(default_factory=lambda: Histogram.empty(WAIT_BOUNDS))
    talk: Histogram = msgspec.field(default_factory=lambda: Histogram.empty(TALK_BOUNDS))
    """Without hold."""
    hold: Histogram = msgspec.field(default_factory=lambda: Histogram.empty(HOLD_BOUNDS))
    """Of every completed call: most were never on hold."""
    wrap_up: Histogram = msgspec.field(default_factory=lambda: Histogram.empty(WRAP_UP_BOUNDS))

    def judge(self, formula: ServiceLevelFormula, fact: Fact) -> None:
        """Count a call that was answered or left in the service level."""
        met, of = JUDGED[formula][fact]
        self.service_level_met += met
        self.service_level_of += of


class QueueStatistics(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The statistics of one queue (encodable by msgspec; a decoded copy goes on as the original would).

    A call counts at the time of its outcome, its talk and hold when it ends, its wrap-up when that ends. Time never
    runs backwards in here: a fact older than the newest time seen counts at that newest time. ``advance`` must
    be told a new day's start before the new day's first fact.
    """

    now: float = 0.0
    """The newest time seen."""
    day_start: float = 0.0
    day: QueueCounts = msgspec.field(default_factory=QueueCounts)
    day_longest_us: int | None = None
    history: DayHistory = msgspec.field(default_factory=DayHistory)
    window: RollingWindow = msgspec.field(default_factory=RollingWindow)
    totals: QueueTotals = msgspec.field(default_factory=QueueTotals)

    def answered(self, at: float, wait: float, config: QueueConfig) -> None:
        """Count a call answered at ``at`` that waited ``wait`` seconds."""
        wait_us = microseconds(wait)
        in_threshold = wait_us <= microseconds(config.threshold)
        fact = Fact.ANSWERED_IN_THRESHOLD if in_threshold else Fact.ANSWERED_LATE
        self.totals.calls["answered"] += 1
        self.totals.answered_in_threshold += in_threshold
        self.totals.wait.observe(wait_us)
        self.totals.judge(config.formula, fact)
        self._count(at, fact, wait_us)
        self._waited(wait_us)

    def left(self, at: float, outcome: LeftOutcome, wait: float, config: QueueConfig) -> float:
        """Count a call that left unanswered; return the time it is filed under (for ``overrule_unknown``).

        ``unknown`` counts only as unknown. ``answered`` is not for this method: ``ValueError``.
        """
        wait_us = microseconds(wait)
        if outcome == "abandoned":
            short = wait_us < microseconds(config.short_abandon)
            fact = _ABANDONED[short, wait_us <= microseconds(config.threshold)]
            self.totals.short_abandoned += short
            self.totals.abandon_wait.observe(wait_us)
        elif outcome == "answered":
            raise ValueError("a call that was answered is counted by answered()")
        else:
            fact = _LEFT[outcome]
        self.totals.calls[outcome] += 1
        self.totals.judge(config.formula, fact)
        self._count(at, fact, wait_us)
        if fact is not Fact.UNKNOWN:
            self._waited(wait_us)
        return self.now

    def overrule_unknown(self, filed_at: float) -> None:
        """Take back one ``left(..., "unknown", ...)`` filed under ``filed_at``; record the true outcome next."""
        if filed_at >= self.day_start and self.day.unknown:
            self.day.unknown -= 1
        self.window.void_unknown(filed_at)

    def completed(self, at: float, talk: float, hold: float) -> None:
        """Count a queue call that ended at ``at`` after ``talk`` and, apart from it, ``hold`` seconds."""
        talk_us, hold_us = microseconds(talk), microseconds(hold)
        self.totals.talk.observe(talk_us)
        self.totals.hold.observe(hold_us)
        self._count(at, Fact.COMPLETED, talk_us, hold_us)

    def wrapped_up(self, at: float, seconds: float) -> None:
        """Count a wrap-up of ``seconds`` that ended at ``at``."""
        wrap_up_us = microseconds(seconds)
        self.totals.wrap_up.observe(wrap_up_us)
        self._count(at, Fact.WRAPPED_UP, wrap_up_us)

    def advance(self, at: float, day_start: float) -> None:
        """Let time pass: expire the window, begin a new day if ``day_start`` is a later one."""
        self.now = max(self.now, at)
        self.window.expire(self.now)
        if day_start > self.day_start:
            self.day_start = day_start
            self.day = QueueCounts()
            self.day_longest_us = None
            self.history = DayHistory()

    def begin_step(self, at: float, members: Mapping[AgentState, int], waiting: int, *, seen: bool) -> None:
        """Begin the step of the day's history that starts at ``at``."""
        self.history.begin(at - self.day_start, members, waiting, seen=seen)

    def saw_waiting(self, at: float, waiting: int) -> None:
        """Note in the day's history how many callers wait at ``at``."""
        self.history.saw_waiting(at - self.day_start, waiting)

    def unseen(self, since: float) -> None:
        """Note in the day's history that the source could not be seen from ``since`` on."""
        self.history.unseen(since - self.day_start)

    def next_deadline(self) -> float | None:
        """Return when the 30-minute figures next change by the passing of time alone."""
        return self.window.next_expiry()

    def today(self, formula: ServiceLevelFormula, threshold: float, target: float | None) -> QueueFigures:
        """Return the figures of the day that ``advance`` was last told."""
        return _figures(self.day, self.day_longest_us, service_level(formula, self.day, threshold, target))

    def points(self, formula: ServiceLevelFormula) -> list[HistoryPoint]:
        """Return the day's history: steps that add up to :meth:`today`."""
        return self.history.points(self.day_start, formula)

    def last_30m(self, formula: ServiceLevelFormula, threshold: float, target: float | None) -> QueueFigures:
        """Return the figures of the 30 minutes before the newest time seen."""
        counts = self.window.counts
        return _figures(counts, self.window.longest_wait(), service_level(formula, counts, threshold, target))

    def _count(self, at: float, fact: Fact, first: int, second: int = 0) -> None:
        self.now = max(self.now, at)
        self.window.expire(self.now)
        self.window.add(self.now, fact, first, second)
        self.day.add(fact, first, second)
        self.history.count(self.now - self.day_start, fact)

    def _waited(self, wait_us: int) -> None:
        self.day_longest_us = max(self.day_longest_us or 0, wait_us)


def _figures(counts: QueueCounts, longest_us: int | None, level: ServiceLevel) -> QueueFigures:
    """Return the public figures of a period."""
    handle_us = counts.talk_us + counts.hold_us + counts.wrap_up_us
    return QueueFigures(
        offered=counts.offered,
        answered=counts.answered,
        abandoned=counts.abandoned,
        short_abandoned=counts.short_abandoned,
        timed_out=counts.timed_out,
        left=counts.left,
        unknown=counts.unknown,
        service_level=level,
        average_wait=share(counts.wait_us / 1_000_000, counts.answered),
        longest_wait=None if longest_us is None else longest_us / 1_000_000,
        average_handle_time=share(handle_us / 1_000_000, counts.completed),
        average_talk_time=share(counts.talk_us / 1_000_000, counts.completed),
        abandonment_rate=share(
            counts.abandoned - counts.short_abandoned, counts.offered - counts.short_abandoned
        ),
    )
