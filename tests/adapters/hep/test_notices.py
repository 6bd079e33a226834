"""What the log is told: enough to act upon, however much comes, and never less of our own errors."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.hep.capture import Capture, Gate
from adapters.hep.notices import NAMED_LIMIT, SPACING, Notices
from adapters.hep.packets import encode
from adapters.hep.settings import LOOPBACK
from tests.adapters.hep.ladder import ANNA, PBX, START, Leg, Office


class Lines:
    """The log."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, level: str, event: str, **fields: Any) -> None:
        self.lines.append((level, event, fields))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [fields for _, name, fields in self.lines if name == event]


class House(Office):
    """An office's packets before the gate, with its log."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Lines()
        self.capture = Capture(
            "pbx",
            self.translator,
            Gate(LOOPBACK),
            lambda: None,
            next_id=self.translator._out._next_id,
            log=self.log,
            skipped=lambda kind: self.skipped.update([kind]),
            silent_after=60.0,
        )
        self.capture.listening("127.0.0.1:9060", self.at)

    def packet(self) -> None:
        """Anything that is understood."""
        data = encode(Leg("801", "802", src=ANNA, dst=PBX).invite().packet(self.at))
        self.capture.receive(data, "127.0.0.1", self.at, self.at)

    def strangers(self, number: int) -> None:
        for n in range(number):
            assert not self.capture.admits(f"198.51.{n // 250}.{n % 250}", self.at)


def test_each_sender_is_named_once():
    house = House()
    for _ in range(5):
        house.strangers(3)
    assert len(house.log.of("skipped_not_allowed")) == 3
    assert house.skipped["not_allowed"] == 15


def test_strangers_by_the_thousand_are_some_names_and_a_line_a_minute():
    house = House()
    house.strangers(5_000)
    told = house.log.of("skipped_not_allowed")
    assert len(told) == NAMED_LIMIT + 1
    assert told[-1]["more"] == 1
    house.at += SPACING
    house.strangers(5_000)
    told = house.log.of("skipped_not_allowed")
    assert len(told) == NAMED_LIMIT + 2
    assert told[-1]["more"] == 5_000 - NAMED_LIMIT
    assert told[-1]["sender"].startswith("198.51.")
    assert house.skipped["not_allowed"] == 10_000


def test_strangers_hide_neither_other_problems_nor_our_own_errors(monkeypatch):
    house = House()
    house.packet()
    house.strangers(5_000)
    house.capture.receive(b"junk", "127.0.0.1", house.at, house.at)
    assert len(house.log.of("skipped_bad_packet")) == 1
    monkeypatch.setattr(house.translator, "sip", lambda *_: 1 / 0)
    house.packet()
    (told,) = house.log.of("untranslatable")
    assert "ZeroDivisionError" in told["error"]


def test_source_that_comes_up_anew_names_those_that_are_refused_still():
    house = House()
    house.packet()
    house.strangers(5_000)
    before = len(house.log.of("skipped_not_allowed"))
    house.at += 61
    house.capture.tick(house.at, house.at)
    house.packet()
    assert len(house.log.of("source_lost")) == 1
    house.strangers(3)
    told = house.log.of("skipped_not_allowed")[before:]
    assert [one["sender"] for one in told] == ["198.51.0.0", "198.51.0.1", "198.51.0.2"]


def test_errors_are_told_by_the_place_in_our_code_whatever_their_text():
    log = Lines()
    notices = Notices(log)

    def failed(text: str, at: float) -> None:
        try:
            if text == "elsewhere":
                int(text)
            int(text)
        except ValueError as error:
            notices.failed("untranslatable", error, at)

    for n in range(2_000):
        failed(f"text {n}", START + n / 1_000)
    (first,) = log.of("untranslatable")
    assert "text 0" in first["error"]
    failed("elsewhere", START + 2)
    assert len(log.of("untranslatable")) == 2, "another place"
    failed("text x", START + SPACING + 1)
    failed("text y", START + SPACING + 1)
    assert [fields["more"] for fields in log.of("untranslatable")[2:]] == [2_000]
    assert {level for level, _, _ in log.lines} == {"error"}


@pytest.mark.parametrize("seconds", [600.0, 3_600.0])
def test_error_that_lasts_is_a_line_a_minute(seconds):
    log = Lines()
    notices = Notices(log)
    for n in range(int(seconds)):
        notices.failed("untranslatable", ValueError(str(n)), START + n)
    assert len(log.lines) == seconds / SPACING
