"""Addresses and ports: both ways, and what is the same address however it is written."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from adapters.common.places import address, hostport, plain, split, within


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:5070", "127.0.0.1", 5070),
        ("pbx.example.org:0", "pbx.example.org", 0),
        ("[::1]:5070", "::1", 5070),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ],
)
def test_host_and_port_are_taken_apart_and_written_again(text, host, port):
    assert split(text) == (host, port)
    assert hostport(host, port) == text


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("::1:5070", "::1:5070"),  # an address, as far as anybody can tell
        ("127.0.0.1:", "127.0.0.1:"),
        (":5070", ":5070"),
        ("h:123456", "h:123456"),
        ("h:\u0665", "h:\u0665"),
        ("[]:1", "[]:1"),
        ("[[::1]]:1", "[[::1]]:1"),
        ("", ""),
    ],
)
def test_what_has_no_port(text, host):
    assert split(text) == (host, None)


def test_addresses_have_one_form():
    assert plain("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain("2001:DB8:0::1%eth0") == "2001:db8::1"
    assert plain("pbx") == "pbx"
    assert address("::FFFF:10.0.0.5") == address("10.0.0.5") == ip_address("10.0.0.5")
    with pytest.raises(ValueError, match="pbx"):
        address("pbx")


def test_within_networks():
    networks = (ip_network("10.0.0.0/24"), ip_network("2001:db8::/32"))
    for host in ("10.0.0.7", "::ffff:10.0.0.7", "2001:db8::5", "2001:db8::5%eth0"):
        assert within(host, networks)
    for host in ("10.0.1.7", "2001:db9::5", "::ffff:10.0.1.7", "::a00:7", "pbx", ""):
        assert not within(host, networks)
    assert not within("10.0.0.7", ())
