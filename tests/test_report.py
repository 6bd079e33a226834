"""The report that `replay` prints."""

from __future__ import annotations

import math

import pytest

from monitor.report import _duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (61.4, "0:01:01"),
        (-5.0, "0:00:00"),
        (1e300, "925925925 days, 22:13:20"),
        (math.inf, "925925925 days, 22:13:20"),
    ],
)
def test_a_time_is_printed_however_absurd_a_recording_makes_it(seconds: float, text: str) -> None:
    assert _duration(seconds) == text
