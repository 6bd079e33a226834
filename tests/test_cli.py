"""What the commands ask of the system."""

from __future__ import annotations

import resource

import pytest

from monitor import cli, terminal

UNLIMITED = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("granted", "most", "asked"),
    [
        (1_024, 1_048_576, (10_000, 1_048_576)),
        (1_024, UNLIMITED, (10_000, UNLIMITED)),
        (1_024, 4_096, (4_096, 4_096)),
        (4_096, 4_096, None),
        (65_536, 1_048_576, None),
        (UNLIMITED, UNLIMITED, None),
    ],
)
def test_as_many_open_files_are_asked_for_as_the_listeners_may_need(
    granted: int, most: int, asked: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to = []
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (granted, most))
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, limits: set_to.append(limits))
    cli._raise_file_limit()
    assert set_to == ([] if asked is None else [asked])


def test_what_steers_a_terminal_is_printed_as_its_number() -> None:
    assert terminal.printable("a\x1b[2J\x07\x7f\x9b\u2028\u202e\u2066b\n\tŻółć") == (
        "a\\u001b[2J\\u0007\\u007f\\u009b\\u2028\\u202e\\u2066b\n\tŻółć"
    )
