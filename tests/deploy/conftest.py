"""Fixtures for what is deployed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.proxied import Pod


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory into which other users can be let, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="deploy-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def pod(place: Path) -> Iterator[Pod]:
    """The service on the simulated PBX with its proxy."""
    with Pod(place) as pod:
        yield pod
