"""An agent's day as spans: compact, bounded, and the same as a plain list would be."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.engine import timeline
from monitor.engine.timeline import LIMIT, SpanLog
from monitor.model import AGENT_STATES, AgentState, CallDirection, Span

DAY = 86_400.0
START = 20_000 * DAY
NOON = START + DAY / 2

SALES = "pbx1/sales"


def log(*changes: tuple[float, AgentState]) -> SpanLog:
    """A log of changes at so many seconds after noon."""
    spans = SpanLog.begin(START)
    for after, state in changes:
        spans.enter(NOON + after, state)
    return spans


def short(spans: list[Span]) -> list[tuple[AgentState, float, float | None]]:
    return [(span.state, span.start - NOON, None if span.end is None else span.end - NOON) for span in spans]


def test_each_span_ends_where_the_next_begins_and_the_last_one_runs() -> None:
    assert short(log((0, "available"), (10, "talking"), (70.5, "wrap_up")).spans(NOON + 80)) == [
        ("available", 0, 10),
        ("talking", 10, 70.5),
        ("wrap_up", 70.5, None),
    ]


def test_span_carries_reason_queue_and_direction() -> None:
    spans = SpanLog.begin(START)
    spans.enter(NOON, "talking", queue=SALES, direction="inbound_queue")
    spans.enter(NOON + 5, "paused", reason="Обед — до 14:00")
    spans.enter(NOON + 9, "talking", queue=SALES, direction="outbound")
    assert spans.spans(NOON + 10) == [
        Span(state="talking", start=NOON, end=NOON + 5, queue=SALES, direction="inbound_queue"),
        Span(state="paused", start=NOON + 5, end=NOON + 9, reason="Обед — до 14:00"),
        Span(state="talking", start=NOON + 9, end=None, queue=SALES, direction="outbound"),
    ]


def test_every_state_and_direction_of_the_model_can_be_kept() -> None:
    directions: list[CallDirection | None] = [None, "inbound_queue", "inbound_direct", "outbound", "internal"]
    spans = SpanLog.begin(START)
    expected = [(state, direction) for state in AGENT_STATES for direction in directions]
    for second, (state, direction) in enumerate(expected):
        spans.enter(NOON + second, state, direction=direction)
    assert [(span.state, span.direction) for span in spans.spans(NOON + 100)] == expected


def test_equal_neighbours_are_one_span_and_a_different_reason_makes_another() -> None:
    spans = SpanLog.begin(START)
    for after, reason in [(0, "lunch"), (5, "lunch"), (9, "coffee")]:
        spans.enter(NOON + after, "paused", reason=reason)
    assert [(span.reason, span.start - NOON) for span in spans.spans(NOON + 10)] == [
        ("lunch", 0),
        ("coffee", 9),
    ]


def test_span_without_length_is_dropped_and_its_neighbours_join() -> None:
    assert short(log((0, "available"), (5, "ringing"), (5, "talking")).spans(NOON + 9)) == [
        ("available", 0, 5),
        ("talking", 5, None),
    ]
    assert short(log((0, "available"), (5, "ringing"), (5, "available")).spans(NOON + 9)) == [
        ("available", 0, None)
    ]
    assert short(log((5, "ringing"), (5, "available")).spans(NOON + 9)) == [("available", 5, None)]


def test_change_older_than_the_newest_takes_effect_at_that_one() -> None:
    assert short(log((0, "available"), (10, "talking"), (7, "unknown")).spans(NOON + 20)) == [
        ("available", 0, 10),
        ("unknown", 10, None),
    ]


def test_gone_agent_leaves_a_hole() -> None:
    spans = log((0, "available"))
    spans.stop(NOON + 10)
    spans.stop(NOON + 15)
    assert short(spans.spans(NOON + 20)) == [("available", 0, 10)]
    spans.enter(NOON + 30, "available")
    assert short(spans.spans(NOON + 40)) == [("available", 0, 10), ("available", 30, None)]


def test_log_that_never_began_has_nothing_to_stop() -> None:
    spans = SpanLog.begin(START)
    spans.stop(NOON)
    assert (spans.spans(NOON), len(spans.packed)) == ([], 0)


def test_question_of_an_earlier_moment_sees_the_span_that_ran_then() -> None:
    spans = log((0, "available"), (10, "talking"))
    assert short(spans.spans(NOON + 5)) == [("available", 0, None)]
    assert spans.spans(NOON - 1) == []


def test_new_day_keeps_the_running_span_from_its_start_on() -> None:
    spans = SpanLog.begin(START)
    spans.enter(NOON, "available")
    spans.enter(START + DAY - 5, "paused", reason="lunch")
    spans.begin_day(START + DAY)
    spans.enter(START + DAY + 5, "available")
    assert spans.spans(START + DAY + 9) == [
        Span(state="paused", start=START + DAY, end=START + DAY + 5, reason="lunch"),
        Span(state="available", start=START + DAY + 5, end=None),
    ]
    assert spans.labels == ["lunch"]


def test_new_day_forgets_who_is_gone_and_every_label() -> None:
    spans = SpanLog.begin(START)
    spans.enter(NOON, "paused", reason="lunch", queue=SALES)
    spans.stop(NOON + 60)
    spans.begin_day(START + DAY)
    assert (spans.spans(START + DAY), len(spans.packed), spans.labels) == ([], 0, [])


def test_start_of_the_same_or_an_older_day_changes_nothing() -> None:
    spans = log((0, "available"), (10, "talking"))
    before = msgspec.json.encode(spans)
    spans.begin_day(START)
    spans.begin_day(START - DAY)
    assert msgspec.json.encode(spans) == before


def test_span_of_yesterday_begins_today_at_the_days_start() -> None:
    spans = SpanLog.begin(START)
    spans.enter(START - 3600, "paused")
    assert spans.spans(NOON)[0].start == START


def test_busy_day_drops_its_oldest_spans_and_counts_them() -> None:
    spans = SpanLog.begin(START)
    changes = 3 * LIMIT
    for number in range(changes):
        spans.enter(START + number, AGENT_STATES[number % 2], reason=f"reason {number}", queue=SALES)
        assert len(spans.packed) <= LIMIT * 14
    kept = spans.spans(START + changes)
    assert len(spans.labels) <= LIMIT + 1
    assert len(kept) + spans.dropped == changes
    assert len(kept) > LIMIT / 2
    assert [(span.start - START, span.reason, span.queue) for span in kept] == [
        (number, f"reason {number}", SALES) for number in range(spans.dropped, changes)
    ]
    spans.begin_day(START + DAY)
    assert spans.dropped == 0


def test_reasons_of_spans_that_never_lasted_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_LABEL_LIMIT", 50)
    spans = SpanLog.begin(START)
    for number in range(500):
        spans.enter(NOON, "paused", reason=f"reason {number}")
        assert len(spans.labels) <= 50
    assert [span.reason for span in spans.spans(NOON)] == ["reason 499"]


def test_span_takes_fourteen_bytes() -> None:
    spans = log((0, "available"), (10, "talking"), (20, "available"))
    assert len(spans.packed) == 3 * 14


# --- the same as a plain list --------------------------------------------------------------------------------

steps = st.sampled_from([0.0, 0.0, 1.0, 30.25, 3600.0, DAY / 2, 2 * DAY])
kinds = st.sampled_from(["enter", "enter", "enter", "enter", "stop", "restart"])
reasons = st.sampled_from([None, "lunch", "coffee", ""])
queues = st.sampled_from([None, SALES, "lunch"])


@given(
    st.lists(
        st.tuples(kinds, steps, st.sampled_from(["available", "paused", "talking"]), reasons, queues),
        max_size=40,
    ),
    st.sampled_from([msgspec.json, msgspec.msgpack]),
)
def test_spans_equal_a_plain_list_through_days_and_restarts(
    changes: list[tuple[str, float, AgentState, str | None, str | None]], codec: Any
) -> None:
    spans = SpanLog.begin(START)
    plain: list[tuple[float, tuple[Any, ...] | None]] = []
    at = NOON
    for kind, step, state, reason, queue in changes:
        at += step
        day_start = at // DAY * DAY
        spans.begin_day(day_start)
        if kind == "restart":
            spans = codec.decode(codec.encode(spans), type=SpanLog)
        elif kind == "stop":
            spans.stop(at)
            plain.append((at, None))
        else:
            spans.enter(at, state, reason=reason, queue=queue)
            plain.append((at, (state, reason, queue)))
        assert [
            (span.start, span.end, (span.state, span.reason, span.queue)) for span in spans.spans(at)
        ] == plain_spans(plain, day_start)


def plain_spans(plain: list[tuple[float, tuple[Any, ...] | None]], day_start: float) -> list[tuple[Any, ...]]:
    """Spans (start, end, what) of the day, from every change ever made."""
    ends: list[float | None] = [*(start for start, _ in plain), None][1:]
    found: list[tuple[Any, ...]] = []
    for (start, what), end in zip(plain, ends, strict=True):
        if what is None or end == start or (end is not None and end <= day_start):
            continue
        begin = max(start, day_start)
        if found and found[-1][2] == what and found[-1][1] == begin:
            found[-1] = (found[-1][0], end, what)
        else:
            found.append((begin, end, what))
    return found


@given(
    st.lists(
        st.tuples(kinds, st.floats(-100, 100), st.sampled_from(["available", "paused", "talking"])),
        max_size=40,
    )
)
def test_late_changes_never_make_spans_overlap_or_last_no_time(
    changes: list[tuple[str, float, AgentState]],
) -> None:
    spans = SpanLog.begin(START)
    at = NOON
    for kind, step, state in changes:
        at += step
        if kind == "stop":
            spans.stop(at)
        else:
            spans.enter(at, state)
            assert spans.spans(NOON + DAY)[-1].state == state
    found = spans.spans(NOON + DAY)
    for span, following in pairwise(found):
        assert span.end is not None
        assert span.start < span.end <= following.start
        assert span.state != following.state or span.end < following.start
