"""Whether two views of one PBX, by different adapters, showed an agent in the same states at the same time."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.monitored import SOURCE, Monitored

WITHIN = 1.0
"""Seconds by which one view may show a state later than the other."""


def shown(
    view: Monitored, agent: str, seen_as: Mapping[str, str], since: float = 0.0
) -> list[tuple[str, float]]:
    """Return the states that an agent was shown in and when, those of ``seen_as`` under the name given there."""
    found: list[tuple[str, float]] = []
    for (_, name, state, _), at in zip(view.history, view.shown_at, strict=True):
        seen = seen_as.get(state, state)
        if name == f"{SOURCE}/{agent}" and at >= since and (not found or found[-1][0] != seen):
            found.append((seen, at))
    return found


def differences(
    view: Monitored, ami: Monitored, agent: str, seen_as: Mapping[str, str], since: float
) -> list[str]:
    """Return how ``view`` showed an agent otherwise than ``ami``, from ``since`` on (the machine's clock).

    ``seen_as`` names the states of AMI that the other view can't know, and what it shows instead.
    """
    ours, theirs = shown(view, agent, {}, since), shown(ami, agent, seen_as, since)
    if [state for state, _ in ours] != [state for state, _ in theirs]:
        return [f"{agent}: {[state for state, _ in ours]}, by AMI {[state for state, _ in theirs]}"]
    return [
        f"{agent}: {state} shown {at - other:+.2f} s after AMI"
        for (state, at), (_, other) in zip(ours, theirs, strict=True)
        if abs(at - other) > WITHIN
    ]
