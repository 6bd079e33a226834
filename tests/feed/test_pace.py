"""When the next message may leave, and how often a client may speak."""

from __future__ import annotations

import pytest

from monitor.feed.pace import MessageBudget, rest


@pytest.mark.parametrize(
    ("cost", "clients", "expected"),
    [(0.0, 1, 0.0), (0.001, 100, 0.001), (0.5, 100, 0.040), (0.02, 101, 0.020), (0.5, 1_000, 0.250)],
)
def test_the_rest_is_in_proportion_to_the_work_and_capped_by_the_number_of_clients(
    cost: float, clients: int, expected: float
) -> None:
    assert rest(cost, clients) == pytest.approx(expected)


def test_a_budget_allows_a_burst_then_a_rate() -> None:
    budget = MessageBudget(0.0, burst=3, per_second=1)
    assert [budget.spend(0.0) for _ in range(4)] == [True, True, True, False]
    assert not budget.spend(0.5)
    assert budget.spend(1.5)
    assert not budget.spend(1.5)


def test_a_budget_never_grows_beyond_its_burst() -> None:
    budget = MessageBudget(0.0, burst=2, per_second=1)
    assert [budget.spend(1_000.0) for _ in range(3)] == [True, True, False]
