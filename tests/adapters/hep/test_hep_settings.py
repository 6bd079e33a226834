"""A source's options: mistakes are told clearly, secrets never."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.hep import HepAdapter, factory
from adapters.hep.settings import KeySource, parse
from adapters.hep.watching import Watched

GOOD = {"id": "hep1", "adapter": "hep", "watch": ["101"]}
SECRET = "s3cret-value"


def test_defaults_listen_on_loopback_alone():
    settings = parse(GOOD)
    assert settings.listen == "127.0.0.1:9060"
    assert [str(one) for one in settings.networks()] == ["127.0.0.0/8", "::1/128"]
    assert (settings.silent_after, settings.silence) == (60, 14_400)
    assert isinstance(factory(GOOD, Path()), HepAdapter)


def test_endpoints_are_named_by_their_canonical_address():
    settings = parse(
        GOOD
        | {"watch": ["sip:101@PBX.example.org:5060", {"uri": "102", "name": "Boris"}, 103, "tel:+7495-123"]}
    )
    assert [one.watched() for one in settings.watch] == [
        Watched("sip:101@pbx.example.org", "101"),
        Watched("102", "Boris"),
        Watched("103", "103"),
        Watched("tel:+7495123", "+7495123"),
    ]


def test_servers_are_addresses_with_or_without_a_port():
    settings = parse(GOOD | {"servers": ["10.0.0.5", "10.0.0.6:5080", "[2001:db8::5]:5060", "2001:db8::6"]})
    assert [port for _, port in settings.server_places()] == [None, 5080, 5060, None]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"listn": "x"}, "listn"),
        ({"watch": []}, "watch"),
        ({"watch": None}, "watch"),
        ({"watch": ["sip:pbx.example.org"]}, "no user"),
        ({"watch": ["10 1"]}, "no URI"),
        ({"watch": ["mailto:x@y"]}, "no user"),
        ({"watch": ["101", "101"]}, "twice"),
        ({"watch": ["sip:101@a", "sips:101@A:5061"]}, "twice"),
        ({"watch": ["101", "sip:101@pbx.example.org"]}, "both may mean one phone"),
        ({"watch": ["sip:101@pbx.example.org", "101"]}, "both may mean one phone"),
        ({"watch": [{"uri": "101", "nam": "x"}]}, "nam"),
        ({"watch": [True]}, "watch"),
        ({"listen": "127.0.0.1"}, "has no port"),
        ({"listen": "127.0.0.1:99999"}, "no port between"),
        ({"listen": "pbx.example.org:9060"}, "no IP address"),
        ({"listen": "0.0.0.0:9060"}, "name those who may send in `allow`"),
        ({"listen": "[::]:9060"}, "name those who may send in `allow`"),
        ({"allow": []}, "allow"),
        ({"allow": ["10.0.0.5/8"]}, "`allow`"),
        ({"allow": ["pbx"]}, "`allow`"),
        ({"servers": ["pbx.example.org"]}, "no IP address"),
        ({"silent_after": 0}, "silent_after"),
        ({"silence": 1}, "silence"),
        ({"key": SECRET, "key_file": "x"}, "only one of"),
        ({"key": ""}, "empty"),
        ({"key": "two\nlines"}, "more than one line"),
        ({"key": "x" * 2_000}, "longer"),
        ({"key_file": "no-such-file"}, "can't be read"),
    ],
)
def test_mistake_is_a_value_error_that_names_the_option_and_shows_no_secret(change, words):
    with pytest.raises(ValueError) as caught:
        factory(GOOD | change, Path())
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"allow": ["10.0.0.5", "pbx"]}, ("allow", 1)),
        ({"servers": ["10.0.0.5", "pbx.example.org"]}, ("servers", 1)),
        ({"watch": ["102", "101", "101"]}, ("watch",)),
        ({"watch": ["102", "mailto:x@y"]}, ("watch", 1, "uri")),
        ({"watch": ["101", "sip:101@a"]}, ("watch",)),
        ({"listen": "127.0.0.1"}, ("listen",)),
    ],
)
def test_mistake_is_told_where_it_stands(change, place):
    with pytest.raises(ValidationError) as caught:
        parse(GOOD | change)
    assert [one["loc"] for one in caught.value.errors()] == [place]


def test_key_is_bytes_or_none_and_its_file_is_read_anew(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\r\n")
    source = KeySource(parse(GOOD | {"key_file": "key"}), tmp_path)
    assert source() == SECRET.encode()
    path.write_text("other")
    assert source() == b"other"
    assert KeySource(parse(GOOD), tmp_path)() is None
    assert SECRET not in repr(source)
    assert SECRET not in repr(parse(GOOD | {"key": SECRET}))
