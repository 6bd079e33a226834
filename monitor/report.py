"""A state in words, for ``operator-monitor replay``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from monitor.engine import Picture


def state_as_json(picture: Picture, at: float) -> str:
    """Return the whole state as the HTTP API would give it, indented."""
    state = picture.state(epoch="replay", seq=0, at=at)
    return msgspec.json.format(msgspec.json.encode(state)).decode()


def state_as_text(picture: Picture, at: float) -> str:
    """Return the state as tables for a terminal."""
    state = picture.state(epoch="replay", seq=0, at=at)
    when = datetime.fromtimestamp(at, tz=UTC).isoformat(sep=" ", timespec="milliseconds")
    parts = [f"State at {when}"]
    parts.append(
        _table(
            ("source", "state", "since", "detail"),
            [(s.id, s.state, _duration(at - s.since), s.detail or "") for s in state.sources],
        )
    )
    parts.append(
        _table(
            ("queue", "waiting", "longest", "available", "offered", "answered", "abandoned", "service level"),
            [
                (
                    q.id,
                    str(q.waiting),
                    "" if q.longest_wait_since is None else _duration(at - q.longest_wait_since),
                    str(q.agents.available),
                    str(q.today.offered),
                    str(q.today.answered),
                    str(q.today.abandoned),
                    _percent(q.today.service_level.value),
                )
                for q in state.queues
            ],
        )
    )
    parts.append(
        _table(
            ("agent", "state", "for", "reason", "queue", "answered", "missed", "why"),
            [
                (
                    a.id,
                    a.state,
                    _duration(at - a.since),
                    a.reason or "",
                    (a.call.queue or "") if a.call else "",
                    str(a.today.answered),
                    str(a.today.missed),
                    f"{a.why.rule} ({a.why.event})",
                )
                for a in state.agents
            ],
        )
    )
    return "\n\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    )


_LONGEST = 8e13
"""Seconds that ``timedelta`` holds; a recording may claim anything."""


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(min(max(0.0, seconds), _LONGEST))))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
