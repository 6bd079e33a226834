"""Deadlines: one for each key, found without looking at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.deadlines import SLACK, Deadlines

KEYS = st.sampled_from("abcde")


@given(st.lists(st.tuples(KEYS, st.none() | st.floats(0, 100)) | st.floats(0, 100), max_size=80))
def test_they_are_what_a_plain_table_says(steps: list[tuple[str, float | None] | float]) -> None:
    deadlines: Deadlines[str] = Deadlines()
    table: dict[str, float] = {}
    for step in steps:
        if isinstance(step, float):
            due = deadlines.due(step)
            assert sorted(due) == sorted(key for key, at in table.items() if at <= step)
            for key in due:
                del table[key]
        else:
            key, at = step
            deadlines.set(key, at)
            if at is None:
                table.pop(key, None)
            else:
                table[key] = at
        assert deadlines.next() == min(table.values(), default=None)


def test_deadlines_that_were_replaced_take_no_room() -> None:
    deadlines: Deadlines[int] = Deadlines()
    for number in range(20 * SLACK):
        deadlines.set(number % 10, float(number))
    assert len(deadlines._heap) <= SLACK + 2 * 10 + 1
    assert len(deadlines.due(1e9)) == 10
