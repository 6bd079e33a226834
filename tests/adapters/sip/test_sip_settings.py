"""A source's options: mistakes are told clearly, secrets never."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.common.problems import SettingsProblem
from adapters.contract import Adapter
from adapters.sip import SipAdapter, factory
from adapters.sip.plan import plan_of
from adapters.sip.settings import client_context, parse

GOOD = {
    "id": "sip1", "adapter": "sip", "host": "pbx.example.org", "listen": "127.0.0.1:5070", "username": "monitor",
    "secret": "s3cret-value", "watch": ["sip:101@pbx.example.org"],
}  # fmt: skip
TLS = {"transport": "tls", "listen": None}


def with_(**change: object) -> dict[str, object]:
    return {key: value for key, value in {**GOOD, **change}.items() if value is not None}


def test_defaults():
    settings = parse(GOOD)
    assert (settings.port, settings.transport, settings.registration) == (5060, "udp", "presence")
    assert (settings.expires, settings.reconcile_interval, settings.pace) == (3_600, 60, 50)
    assert settings.identity == "sip:monitor@pbx.example.org"
    assert plan_of(settings, "", "").timeouts.reconcile == 60
    assert plan_of(settings, "", "").kinds == ("dialog", "presence")


def test_factory_makes_an_adapter_named_like_the_source():
    adapter = factory(GOOD, Path())
    assert isinstance(adapter, SipAdapter)
    assert isinstance(adapter, Adapter)
    assert adapter.source == "sip1"


def test_watched_endpoints_are_canonical_and_named():
    settings = parse(
        with_(watch=["SIP:101@PBX.Example.ORG:5060;x=y", {"uri": "sips:102@pbx.example.org", "name": "Anna"}])
    )
    assert [(one.uri, one.shown) for one in settings.watch] == [
        ("sip:101@pbx.example.org", "101"),
        ("sip:102@pbx.example.org", "Anna"),
    ]


def test_identity_may_be_given_or_comes_from_the_user():
    assert parse(with_(**{"from": "sip:board@example.org"})).identity == "sip:board@example.org"
    assert parse(with_(username="u2")).identity == "sip:u2@pbx.example.org"
    assert parse(with_(username=None, secret=None)).identity == "sip:monitor@pbx.example.org"
    assert (
        parse(with_(host="2001:db8::1", username=None, secret=None)).identity == "sip:monitor@[2001:db8::1]"
    )


def test_all_packages():
    settings = parse(with_(registration="reg", features=True))
    assert plan_of(settings, "", "").kinds == ("dialog", "reg", "feature")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hosst": "x"}, "hosst"),
        ({"port": 0}, "port"),
        ({"host": "a b"}, "host"),
        ({"transport": "sctp"}, "transport"),
        ({"listen": None}, "`transport: udp` needs `listen`"),
        ({"listen": "5070"}, "is not address:port"),
        ({"listen": "localhost:5070"}, "begin with an IP address"),
        ({"listen": "127.0.0.1:99999"}, "listen"),
        ({"listen": "127.0.0.1:x"}, "is not address:port"),
        ({"listen": "::1:5070"}, "is not address:port"),
        ({"secret": None}, "exactly one of `secret` and `secret_file`"),
        ({"secret_file": "x"}, "exactly one of `secret` and `secret_file`"),
        ({"username": None}, "a secret without `username`"),
        ({"username": 'a"b'}, "username"),
        ({"username": "a\r\nVia: x"}, "username"),
        ({"watch": None}, "nothing to watch"),
        ({"watch": ["101"]}, "is not a SIP URI"),
        ({"watch": ["tel:+7495"]}, "is not a SIP URI with user and host"),
        ({"watch": ["sip:pbx.example.org"]}, "is not a SIP URI with user and host"),
        ({"watch": ["sip:101@x", "sip:101@X:99"]}, "sip:101@x is named twice"),
        ({"watch": [{"uri": "sip:101@x", "nam": "A"}]}, "nam"),
        ({"lists": ["agents"]}, "lists"),
        ({"registration": "maybe"}, "registration"),
        ({"expires": 5}, "expires"),
        ({"reconcile_interval": 1}, "reconcile_interval"),
        ({"pace": 0}, "pace"),
        ({"from": "monitor"}, "from"),
        ({"tls": True}, "`tls` is only for `transport: tls`"),
        ({**TLS, "tls": False}, "choose one"),
        ({"transport": "tls"}, "needs `tls: {cert_file"),
        ({**TLS, "tls": {"key_file": "k"}}, "`key_file` without `cert_file`"),
        ({**TLS, "tls": {"ca": "k"}}, "ca"),
        ({"push": {}}, "nobody may push"),
        ({"push": {"secret": "s"}}, "a secret without `username`"),
        ({"push": {"username": "p"}}, "exactly one of"),
        ({"push": {"allow": ["10.0.0.1/8"]}}, "is not a network"),
        ({"push": {"allow": ["here"]}}, "is not a network"),
        ({"push": {"allow": ["10.0.0.0/8"]}, "watch": None, "lists": ["sip:a@b"]}, "`push` needs `watch`"),
    ],
)
def test_mistakes_are_told(change, words):
    with pytest.raises(ValidationError) as caught:
        parse(with_(**change))
    assert words in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_port_zero_means_any():
    assert parse(with_(listen="[::1]:0")).listen.port == 0


def test_faults_of_secrets_are_told_with_their_option(tmp_path):
    with pytest.raises(SettingsProblem, match=r"^secret: the secret is empty; give the SIP user's secret$"):
        factory(with_(secret=""), tmp_path)
    with pytest.raises(SettingsProblem, match=r"^push\.secret_file: .*can't be read.*the user who pushes"):
        factory(with_(push={"username": "p", "secret_file": "none"}), tmp_path)


def test_secret_is_in_no_text():
    settings = parse(with_(push={"username": "p", "secret": "s3cret-push"}))
    plan = plan_of(settings, "s3cret-value", "s3cret-push")
    assert "s3cret" not in repr(settings) + repr(plan) + repr(plan.push) + str(plan)


def test_authority_that_is_none_is_told(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(SettingsProblem, match=r"tls\.ca_file"):
        client_context(parse(with_(**TLS, tls={"ca_file": "ca.pem"})), tmp_path)
    with pytest.raises(SettingsProblem, match=r"tls\.cert_file"):
        client_context(parse(with_(**TLS, tls={"cert_file": "none.pem"})), tmp_path)
    assert client_context(parse(GOOD), tmp_path) is None
