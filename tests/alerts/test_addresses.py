"""Which addresses webhooks don't go to, however they are written."""

from __future__ import annotations

import socket

import pytest

from monitor.alerts.webhooks import WebhookMisconfigured, make_sender
from monitor.alerts.webhooks.addresses import AddressRefused, open_socket, refused
from tests.alerts.sending import Hook

REFUSED = [
    "169.254.169.254",
    "169.254.0.0",
    "169.254.255.255",
    "fe80::1",
    "FE80::1%eth0",
    "febf:ffff::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "2852039166",
    "0xA9FEA9FE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.16689662",
]
FINE = [
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "100.100.100.201",
    "fd00:ec2::253",
    "fec0::1",
    "2001:db8::1",
    "64:ff9b::8.8.8.8",
    "::ffff:127.0.0.1",
    "example.org",
    "a9fe.example",
    "",
]


@pytest.mark.parametrize("host", REFUSED)
def test_link_local_and_metadata_addresses_are_refused_in_every_notation(host: str) -> None:
    assert refused(host)


@pytest.mark.parametrize("host", FINE)
def test_private_loopback_and_public_addresses_and_names_are_fine(host: str) -> None:
    assert not refused(host)


@pytest.mark.parametrize("host", REFUSED)
def test_a_refused_address_in_the_url_is_a_mistake_of_the_configuration(host: str) -> None:
    written = f"[{host}]" if ":" in host else host
    with pytest.raises(WebhookMisconfigured, match=r"url: ") as caught:
        make_sender(Hook(url=f"http://{written}/latest/meta-data"))
    assert caught.value.key == "url"


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1"])
def test_no_socket_is_made_for_a_refused_address(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with pytest.raises(AddressRefused, match="link-local"):
        open_socket((family, socket.SOCK_STREAM, 0, "", (host, 80)))
    open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80))).close()
