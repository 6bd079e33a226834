"""Listening sockets, and errors that say what to do."""

from __future__ import annotations

import errno
import socket

import pytest

from monitor.listening import CannotListen, at, bound_port, listen


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
