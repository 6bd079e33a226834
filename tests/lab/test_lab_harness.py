"""The lab itself: a phone or a caller that fails says so, instead of leaving a test to wait for nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.phones import SippCaller, SippFailed, SippPhone, answers, pause
from tests.lab.process import free_port, wait_until


@pytest.fixture
def far_side() -> Iterator[socket.socket]:
    """Return a UDP socket on loopback that a test answers SIP on."""
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.settimeout(20)
        yield one


def failing(check: Callable[[], None]) -> Callable[[], bool]:
    """Return a condition: the check raises :class:`SippFailed`."""

    def fails() -> bool:
        try:
            check()
        except SippFailed:
            return True
        return False

    return fails


def test_a_phone_that_cannot_start_says_why(tmp_path: Path, far_side: socket.socket) -> None:
    phone = SippPhone("101", far_side.getsockname()[1], tmp_path)
    phone.behave(answers())
    try:
        wait_until(failing(phone.check), "the phone to fail")
        with pytest.raises(SippFailed, match=r"(?s)phone 101 ended with status 254.*Unable to bind"):
            phone.check()
    finally:
        phone.unplug()
    phone.check()


def test_a_call_that_fails_says_what_came_instead(tmp_path: Path, far_side: socket.socket) -> None:
    caller = SippCaller(far_side.getsockname()[1], "sales", tmp_path)
    try:
        invite, address = far_side.recvfrom(65_535)
        headers = re.findall(rb"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", invite, re.MULTILINE)
        answer = b"SIP/2.0 500 Out of order\r\n" + b"".join(headers) + b"Content-Length: 0\r\n\r\n"
        far_side.sendto(answer, address)
        with pytest.raises(SippFailed, match=r"(?s)caller \+74951230001 to sales .*500 Out of order"):
            caller.wait(20)
        caller.check()  # that the far side fails may be what a test is about
    finally:
        caller.kill()


def test_more_phones_than_sipp_has_media_ports_for_can_be_there_at_once(tmp_path: Path) -> None:
    """SIPp itself has room for fifty on a machine."""
    phones = [SippPhone(str(number), free_port(), tmp_path) for number in range(60)]
    try:
        for phone in phones:
            phone.behave(answers())
        SippCaller(phones[-1].port, "last", tmp_path, talking=(pause(0.1),)).wait(30)
        for phone in phones:
            phone.check()
    finally:
        for phone in phones:
            phone.unplug()
