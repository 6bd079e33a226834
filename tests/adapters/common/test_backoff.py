"""Waits between tries: they grow, end nowhere, differ between services, and a refusal has its own."""

from __future__ import annotations

import random

from adapters.common.backoff import Backoff, Pace


class Refused(Exception):
    """Somebody must do something."""


class RefusedForGood(Refused):
    """The same, more so."""


class Whole:
    """No jitter: the longest wait that there may be."""

    def uniform(self, _low, high):
        return high


BROKE, REFUSED = OSError("it broke"), RefusedForGood("no")


def backoff(pace: Pace | None = None, rng=None) -> Backoff:
    return Backoff(pace or Pace(), rng or Whole(), (Refused,))


def test_waits_double_up_to_the_limit():
    one = backoff()
    assert [one.after(BROKE, 0) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_waits_never_end_and_are_spread():
    one = backoff(rng=random.Random(7))
    waits = [one.after(BROKE, 0.0) for _ in range(2_000)]
    assert 0.1 <= waits[0] <= 0.2
    assert max(waits) <= 5.0
    assert min(waits[10:]) >= 2.5


def test_waits_of_two_services_differ():
    first, second = (backoff(rng=random.Random(seed)) for seed in (1, 2))
    assert [first.after(BROKE, 0.0) for _ in range(5)] != [second.after(BROKE, 0.0) for _ in range(5)]


def test_what_was_good_for_long_begins_anew_and_a_short_one_does_not():
    one = backoff()
    for _ in range(10):
        one.after(BROKE, 0.0)
    assert one.after(BROKE, 9.0) == 5.0
    assert one.after(BROKE, 10.0) == 0.2


def test_refusals_wait_longer_and_grow_where_that_is_wanted():
    one = backoff()
    assert [one.after(REFUSED, 0) for _ in range(5)] == [10.0] * 5
    one = backoff(Pace(refused_most=120.0))
    assert [one.after(REFUSED, 0) for _ in range(5)] == [10, 20, 40, 80, 120]


def test_without_refusals_all_errors_are_the_same():
    assert Backoff(Pace(), Whole(), ()).after(REFUSED, 0) == 0.2
