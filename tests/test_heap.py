"""The collector is told what stays when there is much more of it, and not over and over."""

import gc
import weakref

import pytest

from monitor.heap import NUMBER, Heap


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_what_lives_at_the_start_is_out_of_the_collectors_sight():
    stays = [[] for _ in range(1_000)]
    assert Heap().tend(0)
    assert gc.get_freeze_count() > len(stays)
    assert not any(one is stays for one in gc.get_objects())


def test_only_a_great_growth_tells_it_again():
    heap = Heap()
    heap.tend(10_000)
    assert not heap.tend(10_000)
    assert not heap.tend(12_000)
    assert not heap.tend(0)
    assert heap.tend(13_000)
    assert not heap.tend(13_000 + NUMBER)


def test_a_few_more_entities_are_no_growth():
    heap = Heap()
    heap.tend(0)
    assert not heap.tend(NUMBER - 1)
    assert heap.tend(NUMBER)


class Node:
    """Something that refers to itself: only the collector can take it away."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_is_collected_before_it_could_be_kept_for_ever():
    gc.disable()
    try:
        garbage = weakref.ref(Node())
        assert garbage() is not None
        Heap().tend(0)
        assert garbage() is None
    finally:
        gc.enable()
