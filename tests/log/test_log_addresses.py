"""Which storage an address names, and what is said of one that names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.log import StorageMisused, open_storage
from monitor.log.memory import MemoryStorage
from monitor.log.sqlite import SqliteStorage
from tests.log.conftest import Events


async def test_memory_is_memory() -> None:
    assert isinstance(open_storage("memory://"), MemoryStorage)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///monitor.db", "monitor.db"),
        ("sqlite:///data/monitor.db", "data/monitor.db"),
        ("sqlite:///with space & %20.db", "with space & %20.db"),
    ],
)
async def test_three_slashes_are_relative_to_the_base_directory(tmp_path: Path, url: str, path: str) -> None:
    storage = open_storage(url, tmp_path)
    assert isinstance(storage, SqliteStorage)
    assert storage.path == tmp_path / path
    await storage.close()


async def test_four_slashes_are_absolute(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path}/monitor.db", Path("/nowhere"))
    assert isinstance(storage, SqliteStorage)
    assert storage.path == tmp_path / "monitor.db"
    await storage.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "monitor.db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:////",
        "sqlite://host/x.db",
        "sqlite:///dir/",
        "memory:",
        "memory://x",
        "postgres://host/db",
        "file:///x.db",
    ],
)
def test_an_address_that_names_no_storage_is_refused_with_the_forms_there_are(url: str) -> None:
    with pytest.raises(StorageMisused, match=r"sqlite:///relative\.db"):
        open_storage(url)


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_redis_is_named_as_coming_later_and_its_password_is_not_told(scheme: str) -> None:
    with pytest.raises(StorageMisused, match="later version") as caught:
        open_storage(f"{scheme}://:hunter2@host:6379/0")
    assert "hunter2" not in str(caught.value)


def test_a_password_in_an_unknown_address_is_not_told() -> None:
    with pytest.raises(StorageMisused) as caught:
        open_storage("postgres://me:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


def test_a_directory_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.db").mkdir()
    with pytest.raises(Exception, match=r"log\.db.*directory"):
        open_storage("sqlite:///log.db", tmp_path)
    assert (tmp_path / "log.db").is_dir()


async def test_memory_keeps_a_bounded_number_of_events(events: Events) -> None:
    storage = MemoryStorage(max_events=10)
    log = storage.log("pbx1")
    written = events.ticks(25)
    await log.append(written[:24])
    await log.append(written[24:])
    assert [event async for event in log.read()] == written[-10:]
