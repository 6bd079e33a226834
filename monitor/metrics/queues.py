"""The metrics of queues: who waits, what became of calls, how the members spend their time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from monitor.engine import Picture
from monitor.engine.histogram import Histogram
from monitor.engine.member_time import TimeSpent
from monitor.engine.queue_statistics import QueueTotals
from monitor.metrics.family import Family, Sample, histogram
from monitor.model import Queue

QUEUE = ("queue",)
TODAY_OUTCOMES = ("answered", "abandoned", "timed_out", "left", "unknown")


class QueueFamilies:
    """Makes the families of one scrape. The public object of a queue is looked up once for all of them."""

    def __init__(self, picture: Picture, now: Callable[[], float]) -> None:
        self._picture = picture
        self._now = now
        self._seen: list[Queue] | None = None

    def all(self) -> list[Family]:
        """Return the families."""
        return [
            *self._now_waiting(),
            *self._calls(),
            *self._durations(),
            *self._service_level(),
            *self._time(),
        ]

    # --- the families ----------------------------------------------------------------------------------

    def _now_waiting(self) -> list[Family]:
        return [
            Family(
                "callcenter_queue",
                "info",
                "1 for each queue, with its source, shown name and service-level formula: for joins.",
                self._info,
                ("formula", "name", "queue", "source"),
                "callcenter_queue_waiting * on (queue) group_left (name) callcenter_queue_info",
            ),
            Family(
                "callcenter_agents",
                "gauge",
                "Members of a queue by state, as seen from this queue. An agent in two queues counts in both.",
                self._agents,
                ("queue", "state"),
                'callcenter_agents{queue="pbx1/sales",state="available"}',
            ),
            Family(
                "callcenter_queue_waiting",
                "gauge",
                "Callers waiting.",
                self._waiting,
                QUEUE,
                "sum(callcenter_queue_waiting)",
            ),
            Family(
                "callcenter_queue_longest_wait_seconds",
                "gauge",
                "Wait so far of the caller who waits longest; 0 if nobody waits.",
                self._longest_wait,
                QUEUE,
                "max(callcenter_queue_longest_wait_seconds)",
            ),
        ]

    def _calls(self) -> list[Family]:
        return [
            Family(
                "callcenter_queue_calls",
                "counter",
                "Calls by outcome; each counts once, when it is answered or leaves.",
                self._outcomes,
                ("outcome", "queue"),
                'sum by (queue) (increase(callcenter_queue_calls_total{outcome="answered"}[1h]))',
            ),
            Family(
                "callcenter_queue_answered_in_threshold",
                "counter",
                "Calls answered within the service-level threshold.",
                self._totals(lambda totals: totals.answered_in_threshold),
                QUEUE,
                "increase(callcenter_queue_answered_in_threshold_total[30m])",
            ),
            Family(
                "callcenter_queue_short_abandoned",
                "counter",
                "Abandoned calls that waited too short to count against the queue; also in the abandoned ones.",
                self._totals(lambda totals: totals.short_abandoned),
                QUEUE,
                "increase(callcenter_queue_short_abandoned_total[1h])",
            ),
            Family(
                "callcenter_queue_today_calls",
                "gauge",
                "Calls since the day began, by outcome; begins at 0 every day.",
                self._today_calls,
                ("outcome", "queue"),
                'sum by (outcome) (callcenter_queue_today_calls{queue=~"pbx1/.*"})',
            ),
            Family(
                "callcenter_queue_today_short_abandoned",
                "gauge",
                "Short abandoned calls since the day began; also in the abandoned ones.",
                self._of_view(lambda queue: queue.today.short_abandoned),
                QUEUE,
                "callcenter_queue_today_short_abandoned",
            ),
        ]

    def _durations(self) -> list[Family]:
        return [
            Family(name, "histogram", meaning, self._durations_of(figure), QUEUE, example)
            for name, meaning, figure, example in (
                (
                    "callcenter_queue_wait_seconds",
                    "Wait of answered calls.",
                    lambda totals: totals.wait,
                    "histogram_quantile(0.9, sum by (le, queue) (rate(callcenter_queue_wait_seconds_bucket[30m])))",
                ),
                (
                    "callcenter_queue_abandon_wait_seconds",
                    "Wait of abandoned calls: how patient callers are.",
                    lambda totals: totals.abandon_wait,
                    _mean("callcenter_queue_abandon_wait_seconds"),
                ),
                (
                    "callcenter_talk_seconds",
                    "Talk time of queue calls, without hold.",
                    lambda totals: totals.talk,
                    _mean("callcenter_talk_seconds"),
                ),
                (
                    "callcenter_hold_seconds",
                    "Hold time of queue calls, 0 where there was none: with talk and wrap-up the handle time.",
                    lambda totals: totals.hold,
                    _mean("callcenter_hold_seconds"),
                ),
                (
                    "callcenter_wrap_up_seconds",
                    "After-call work of queue calls.",
                    lambda totals: totals.wrap_up,
                    _mean("callcenter_wrap_up_seconds"),
                ),
            )
        ]

    def _service_level(self) -> list[Family]:
        return [
            Family(
                "callcenter_queue_service_level_target",
                "gauge",
                "Share of calls that should be in time; no sample for a queue without a target.",
                self._target,
                QUEUE,
                "queue:callcenter_service_level:ratio_30m < callcenter_queue_service_level_target",
            ),
            Family(
                "callcenter_queue_service_level_threshold_seconds",
                "gauge",
                "Wait up to which a call is in time.",
                self._of_view(lambda queue: queue.today.service_level.threshold),
                QUEUE,
                "callcenter_queue_longest_wait_seconds > callcenter_queue_service_level_threshold_seconds",
            ),
            # The numerators come first: a call counted between two lines then never makes more met than there are.
            Family(
                "callcenter_queue_service_level_met",
                "counter",
                "Numerator of the service level, by the formula that held when a call was counted.",
                self._totals(lambda totals: totals.service_level_met),
                QUEUE,
                "increase(callcenter_queue_service_level_met_total[30m])"
                " / (increase(callcenter_queue_service_level_of_total[30m]) > 0)",
            ),
            Family(
                "callcenter_queue_service_level_of",
                "counter",
                "Denominator of the service level.",
                self._totals(lambda totals: totals.service_level_of),
                QUEUE,
                "increase(callcenter_queue_service_level_of_total[30m])",
            ),
            Family(
                "callcenter_queue_today_service_level_met",
                "gauge",
                "Numerator of the service level since the day began, as the wallboard shows it.",
                self._of_view(lambda queue: queue.today.service_level.met),
                QUEUE,
                "callcenter_queue_today_service_level_met / (callcenter_queue_today_service_level_of > 0)",
            ),
            Family(
                "callcenter_queue_today_service_level_of",
                "gauge",
                "Denominator of the service level since the day began.",
                self._of_view(lambda queue: queue.today.service_level.of),
                QUEUE,
                "sum(callcenter_queue_today_service_level_of)",
            ),
        ]

    def _time(self) -> list[Family]:
        return [
            Family(
                "callcenter_queue_agent_seconds",
                "counter",
                "Time that the members of a queue spent in each state, all together.",
                self._states(lambda queue: self._spent(queue, today=False), "_total"),
                ("queue", "state"),
                'sum by (state) (rate(callcenter_queue_agent_seconds_total{queue="pbx1/sales"}[5m]))',
            ),
            Family(
                "callcenter_queue_accepted_ringing_seconds",
                "counter",
                "Of the time spent ringing: what ended in a call taken.",
                self._ringing("_total", today=False),
                QUEUE,
                "rate(callcenter_queue_accepted_ringing_seconds_total[30m])",
            ),
            Family(
                "callcenter_queue_today_agent_seconds",
                "gauge",
                "The same since the day began.",
                self._states(lambda queue: self._spent(queue, today=True), ""),
                ("queue", "state"),
                'callcenter_queue_today_agent_seconds{state="paused"}',
            ),
            Family(
                "callcenter_queue_today_accepted_ringing_seconds",
                "gauge",
                "Accepted ringing since the day began.",
                self._ringing("", today=True),
                QUEUE,
                "callcenter_queue_today_accepted_ringing_seconds",
            ),
        ]

    # --- their samples ---------------------------------------------------------------------------------

    def _queues(self) -> Iterator[Queue]:
        if self._seen is not None:
            yield from self._seen
            return
        seen = []
        for queue in self._picture.queues(self._now()):
            seen.append(queue)
            yield queue
        self._seen = seen

    def _info(self) -> Iterator[Sample]:
        for queue in self._queues():
            formula = queue.today.service_level.formula
            labels = (
                ("formula", formula),
                ("name", queue.name),
                ("queue", queue.id),
                ("source", queue.source),
            )
            yield "_info", labels, 1.0

    def _agents(self) -> Iterator[Sample]:
        for queue in self._picture.queue_ids():
            for state, count in (self._picture.queue_state_counts(queue) or {}).items():
                yield "", (("queue", queue), ("state", state)), count

    def _waiting(self) -> Iterator[Sample]:
        for queue in self._picture.queue_ids():
            waiting, _ = self._picture.queue_waiting(queue) or (0, None)
            yield "", (("queue", queue),), waiting

    def _longest_wait(self) -> Iterator[Sample]:
        now = self._now()
        for queue in self._picture.queue_ids():
            _, since = self._picture.queue_waiting(queue) or (0, None)
            yield "", (("queue", queue),), 0.0 if since is None else max(0.0, now - since)

    def _each_totals(self) -> Iterator[tuple[str, QueueTotals]]:
        for queue in self._picture.queue_ids():
            totals = self._picture.queue_totals(queue)
            if totals is not None:
                yield queue, totals

    def _outcomes(self) -> Iterator[Sample]:
        for queue, totals in self._each_totals():
            for outcome, count in totals.calls.items():
                yield "_total", (("outcome", outcome), ("queue", queue)), count

    def _today_calls(self) -> Iterator[Sample]:
        for queue in self._queues():
            for outcome in TODAY_OUTCOMES:
                yield "", (("outcome", outcome), ("queue", queue.id)), getattr(queue.today, outcome)

    def _totals(self, figure: Callable[[QueueTotals], int]) -> Callable[[], Iterator[Sample]]:
        def samples() -> Iterator[Sample]:
            for queue, totals in self._each_totals():
                yield "_total", (("queue", queue),), figure(totals)

        return samples

    def _durations_of(self, figure: Callable[[QueueTotals], Histogram]) -> Callable[[], Iterator[Sample]]:
        def samples() -> Iterator[Sample]:
            for queue, totals in self._each_totals():
                yield from histogram(figure(totals), ("queue", queue))

        return samples

    def _of_view(self, figure: Callable[[Queue], float]) -> Callable[[], Iterator[Sample]]:
        def samples() -> Iterator[Sample]:
            for queue in self._queues():
                yield "", (("queue", queue.id),), figure(queue)

        return samples

    def _target(self) -> Iterator[Sample]:
        for queue in self._queues():
            target = queue.today.service_level.target
            if target is not None:
                yield "", (("queue", queue.id),), target

    def _spent(self, queue: str, *, today: bool) -> TimeSpent | None:
        time = self._picture.queue_time(queue)
        if time is None:
            return None
        return time.today if today else time.ever

    def _states(
        self, spent: Callable[[str], TimeSpent | None], suffix: str
    ) -> Callable[[], Iterator[Sample]]:
        def samples() -> Iterator[Sample]:
            for queue in self._picture.queue_ids():
                time = spent(queue)
                for state, seconds in () if time is None else time.states.items():
                    yield suffix, (("queue", queue), ("state", state)), seconds

        return samples

    def _ringing(self, suffix: str, *, today: bool) -> Callable[[], Iterator[Sample]]:
        def samples() -> Iterator[Sample]:
            for queue in self._picture.queue_ids():
                time = self._spent(queue, today=today)
                if time is not None:
                    yield suffix, (("queue", queue),), time.accepted_ringing

        return samples


def _mean(name: str) -> str:
    return f"rate({name}_sum[1h]) / (rate({name}_count[1h]) > 0)"
