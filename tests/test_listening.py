"""Listening sockets, errors that say what to do, and the bounds of what connects."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest

from monitor.listening import CannotListen, Door, at, bound_port, host_of, is_own, listen


def test_port_0_takes_a_free_port() -> None:
    with listen("http", "127.0.0.1", 0) as first, listen("http", "127.0.0.1", 0) as second:
        assert 0 < bound_port(first) != bound_port(second) > 0


def test_a_taken_port_is_told_with_address_reason_and_remedy() -> None:
    with listen("feed", "127.0.0.1", 0) as taken, pytest.raises(CannotListen) as caught:
        listen("feed", "127.0.0.1", bound_port(taken))
    error = caught.value
    assert error.errno == errno.EADDRINUSE
    assert error.strerror == (
        f"can't listen on 127.0.0.1:{error.port} for the feed: Address already in use; "
        "end what uses this address, or choose another one with `feed: {host: …, port: …}`"
    )


def test_a_host_that_is_none_is_told_by_name() -> None:
    with pytest.raises(CannotListen, match=r"no\.such\.host\.invalid:80"):
        listen("http", "no.such.host.invalid", 80)


def test_localhost_is_listened_on() -> None:
    with listen("http", "localhost", 0) as listener:
        socket.create_connection(listener.getsockname()[:2]).close()


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert (at("::1", 80), at("127.0.0.1", 80)) == ("[::1]:80", "127.0.0.1:80")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "192.0.2.7", "::1", "::ffff:127.0.0.1"])
def test_addresses_and_localhost_are_our_own(host: str) -> None:
    assert is_own(host)


@pytest.mark.parametrize(
    "host", ["board.example", "127.0.0.1.rebound.example", "localhost.rebound.example", ""]
)
def test_names_belong_to_whoever_runs_their_dns(host: str) -> None:
    assert not is_own(host)


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:80", "::1"),
        ("[::1]", "::1"),
        ("Board.Example", "board.example"),
        ("::1", None),
        ("a b", None),
        ("user@host", None),
        ("host:port", None),
        ("", None),
    ],
)
def test_the_host_is_taken_from_its_header(authority: str, host: str | None) -> None:
    assert host_of(authority) == host


class Caller:
    """A transport that notes whether it was cut off."""

    def __init__(self) -> None:
        self.cut = asyncio.Event()

    def abort(self) -> None:
        self.cut.set()


LONG = 1_000.0


def enter(door: Door, seconds: float = LONG) -> Any:
    caller: Any = Caller()
    door.enter(caller, seconds)
    return caller


async def test_who_says_nothing_in_time_is_cut_off() -> None:
    door = Door(10)
    silent, served, left = enter(door, 0.01), enter(door, 0.01), enter(door, 0.01)
    door.serve(served)
    door.leave(left)
    await asyncio.wait_for(silent.cut.wait(), 10)
    await asyncio.sleep(0.02)  # twice the time of the others
    assert not served.cut.is_set()
    assert not left.cut.is_set()


async def test_who_was_served_has_its_time_again() -> None:
    door = Door(10)
    caller = enter(door)
    door.serve(caller)
    door.wait_for(caller, 0.01)
    await asyncio.wait_for(caller.cut.wait(), 10)


async def test_who_left_is_not_waited_for() -> None:
    door = Door(10)
    caller = enter(door)
    door.leave(caller)
    door.wait_for(caller, 0.0)
    await asyncio.sleep(0.01)
    assert not caller.cut.is_set()
    assert len(door) == 0


async def test_a_newcomer_gets_the_place_of_who_keeps_us_waiting_longest() -> None:
    door = Door(3)
    served, first, second = enter(door), enter(door), enter(door)
    door.serve(served)
    door.wait_for(first, LONG)  # it was answered, so now the second one waits longer
    newcomer = enter(door)
    assert [caller.cut.is_set() for caller in (served, first, second, newcomer)] == [
        False,
        False,
        True,
        False,
    ]
    assert len(door) == 3


async def test_a_newcomer_is_cut_off_where_all_are_served() -> None:
    door = Door(2)
    served = [enter(door), enter(door)]
    for caller in served:
        door.serve(caller)
    assert enter(door).cut.is_set()
    assert not any(caller.cut.is_set() for caller in served)
    door.leave(served[0])
    assert not enter(door).cut.is_set()
