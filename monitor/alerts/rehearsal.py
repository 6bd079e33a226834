"""What rules would have said to events of the past. Pure: nothing is kept, nobody is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from monitor.alerts.evaluator import Evaluator, Transition
from monitor.alerts.rules import Kind, Rule
from monitor.alerts.subjects import Subjects
from monitor.engine import Picture, SourceEngine


def rehearse(
    rules: Sequence[Rule],
    picture: Picture,
    steps: Iterable[tuple[SourceEngine, float]],
    *,
    language: str,
    began: float | None = None,
) -> Iterator[tuple[float, Transition]]:
    """Yield when what would have begun or ended.

    ``steps`` moves the picture on: each gives an engine and a time that has come. What is due by time alone until then is
    judged at its own time, then what that engine changed. So a step before an event, with the event's time, and one after
    it tell what was due while nothing had happened yet. ``began`` is the time of the picture as it is given.
    """
    evaluator = Evaluator(rules, language=language)
    subjects = Subjects(picture, feed_clients=lambda: 0, webhooks_failing=lambda: 0)
    kinds = evaluator.kinds

    def judged(kind: Kind, subject_id: str, now: float) -> list[Transition]:
        subject = subjects.find(kind, subject_id, now)
        if subject is None:
            return evaluator.gone(kind, subject_id, now)
        if not subjects.seen(kind, subject_id):
            return evaluator.blind(kind, subject_id)
        return evaluator.judge(kind, subject_id, subject, now)

    last = 0.0 if began is None else began
    if began is not None:
        for kind, subject_id in subjects.all(kinds):
            yield from ((began, one) for one in judged(kind, subject_id, began))
    for engine, at in steps:
        while (due := evaluator.next_deadline()) is not None and due <= at:
            now = max(due, last)
            waiting, turned = evaluator.due(now)
            for kind, subject_id in (*waiting, *subjects.all(turned)):
                yield from ((now, one) for one in judged(kind, subject_id, now))
        last = max(last, at)
        changes = engine.take_changes()
        for kind, subject_id in (*subjects.removed(changes, kinds), *subjects.changed(changes, kinds)):
            yield from ((last, one) for one in judged(kind, subject_id, last))
