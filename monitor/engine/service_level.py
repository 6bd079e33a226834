"""The service level: four named formulas, each with its numerator and denominator.

Products mean different things by the one name and then disagree; so a figure here always says which formula it is
and of what. A short abandon leaves only ``answered_and_abandoned``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from monitor.engine.queue_counts import Fact, QueueCounts
from monitor.model import ServiceLevel, ServiceLevelFormula

_Formula: TypeAlias = Callable[[QueueCounts], tuple[int, int]]
"""From the counts to (met, of)."""

_FORMULAS: dict[ServiceLevelFormula, _Formula] = {
    "answered_and_abandoned": lambda counts: (
        counts.answered_in_threshold,
        counts.answered + counts.abandoned - counts.short_abandoned,
    ),
    "answered_only": lambda counts: (counts.answered_in_threshold, counts.answered),
    "offered": lambda counts: (counts.answered_in_threshold, counts.offered),
    "abandoned_in_T_count_as_met": lambda counts: (
        counts.answered_in_threshold + counts.abandoned_in_threshold,
        counts.answered + counts.abandoned,
    ),
}


def _of_one_call(formula: _Formula) -> dict[Fact, tuple[int, int]]:
    counts = {fact: QueueCounts() for fact in Fact}
    for fact, one in counts.items():
        one.add(fact)
    return {fact: formula(one) for fact, one in counts.items()}


JUDGED: Mapping[ServiceLevelFormula, Mapping[Fact, tuple[int, int]]] = {
    name: _of_one_call(formula) for name, formula in _FORMULAS.items()
}
"""What one fact adds to (met, of): the formulas are sums over calls."""


def service_level(
    formula: ServiceLevelFormula, counts: QueueCounts, threshold: float, target: float | None
) -> ServiceLevel:
    """Return the service level of a period.

    ``threshold`` (seconds) and ``target`` (a share) are shown with it; which calls were within the threshold
    was decided when they were counted.
    """
    met, of = _FORMULAS[formula](counts)
    return ServiceLevel(
        formula=formula, value=share(met, of), met=met, of=of, threshold=threshold, target=target
    )


def share(part: float, whole: float) -> float | None:
    """Return ``part / whole``; ``None`` for an empty denominator."""
    return part / whole if whole else None
