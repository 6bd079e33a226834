"""Every input that was ever worth keeping goes well, soon and without much memory."""

import tracemalloc
from pathlib import Path

import pytest

from tests.fuzz.targets import HERE, TARGETS, Target, inputs

CASES = [(name, path) for name in TARGETS for path in inputs(name)]
pytestmark = pytest.mark.timeout(20)  # what takes exponential time takes longer
MEMORY = 4_000_000
"""Bytes at once; no input here is larger than 10,000."""


@pytest.mark.parametrize(("name", "path"), CASES, ids=[f"{name}-{path.name}" for name, path in CASES])
def test_input_goes_well(name, path):
    data = path.read_bytes()
    TARGETS[name].run(data)  # once for what is only allocated at the first time
    tracemalloc.start()
    try:
        TARGETS[name].run(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\xff" * 100, b"\r\n\r\n", b'"' * 1_000, b"<" * 1_000, b" " * 1_000]
)
def test_next_to_nothing_goes_well(name, data):
    TARGETS[name].run(data)


def test_each_target_has_a_small_corpus_and_each_corpus_a_target():
    directories = {path.name: path for path in (HERE / "corpus").iterdir()}
    assert set(directories) == set(TARGETS)
    for directory in directories.values():
        sizes = [path.stat().st_size for path in directory.iterdir()]
        assert sizes
        assert sum(sizes) < 50_000


def test_cut_inputs_go_well():
    for name, path in CASES:
        data = path.read_bytes()
        for end in range(0, len(data), max(len(data) // 16, 1)):
            TARGETS[name].run(data[:end])


def test_names_of_targets_are_names_of_directories():
    assert all(isinstance(target, Target) and Path(name).name == name for name, target in TARGETS.items())
