"""A source's options: mistakes are told clearly, secrets never."""

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.ami import AmiAdapter, factory
from adapters.ami.settings import parse, tls_context
from adapters.common.problems import SettingsProblem
from adapters.contract import Adapter

GOOD = {"id": "pbx1", "adapter": "ami", "username": "monitor", "secret": "s3cret-value"}


def test_defaults_are_a_local_asterisk_with_md5():
    settings = parse(GOOD)
    assert (settings.host, settings.port, settings.auth, settings.tls) == ("127.0.0.1", 5038, "md5", False)
    assert settings.reconcile_interval == 20
    assert settings.timeouts().reconcile == 20
    assert settings.event_classes == ("agent", "call", "system", "user", "dialplan")


def test_factory_makes_an_adapter_named_like_the_source():
    adapter = factory(GOOD, Path())
    assert isinstance(adapter, AmiAdapter)
    assert isinstance(adapter, Adapter)
    assert adapter.source == "pbx1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hosst": "x"}, "hosst"),
        ({"port": 0}, "port"),
        ({"port": "many"}, "port"),
        ({"username": ""}, "username"),
        ({"username": "a\r\nAction: Originate"}, "username"),
        ({"auth": "sha"}, "auth"),
        ({"tls": {"ca": "x"}}, "tls"),
        ({"event_classes": ["agents"]}, "event_classes"),
        ({"event_classes": []}, "event_classes"),
        ({"reconcile_interval": 0}, "reconcile_interval"),
        ({"secret_file": "also"}, "exactly one"),
        ({"secret": None}, "exactly one"),
        ({"secret": ""}, "empty"),
        ({"secret": "two\nlines"}, "more than one line"),
        ({"secret": "x" * 2_000}, "longer than Asterisk reads"),
    ],
)
def test_mistake_is_a_value_error_that_names_the_option_and_shows_no_secret(change, words):
    with pytest.raises(ValueError) as caught:
        factory(GOOD | change, Path())
    assert words in str(caught.value)
    assert "s3cret-value" not in str(caught.value)
    assert "s3cret-value" not in repr(caught.value)


def test_username_is_needed():
    with pytest.raises(ValidationError, match="username"):
        parse({"id": "pbx1", "secret": "x"})


def test_secret_is_in_no_representation():
    settings = parse(GOOD)
    adapter = factory(GOOD, Path())
    for text in (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        repr(adapter),
        str(vars(adapter)),
    ):
        assert "s3cret-value" not in text


def test_secret_file_is_read_and_its_faults_are_told(tmp_path):
    options = {"id": "pbx1", "username": "monitor", "secret_file": "ami"}
    with pytest.raises(SettingsProblem, match="put the manager user's secret there") as caught:
        factory(options, tmp_path)
    assert caught.value.option == "secret_file"
    (tmp_path / "ami").write_text("s3cret-of-a-file\n")
    adapter = factory(options, tmp_path)
    assert adapter._endpoint.login().secret == "s3cret-of-a-file"


def test_tls_is_off_on_or_detailed(tmp_path):
    assert tls_context(parse(GOOD), tmp_path) is None
    verified = tls_context(parse(GOOD | {"tls": True}), tmp_path)
    assert verified is not None
    assert verified.verify_mode is ssl.CERT_REQUIRED
    assert verified.check_hostname
    lax = tls_context(parse(GOOD | {"tls": {"verify": False}}), tmp_path)
    assert lax is not None
    assert lax.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("content", [None, "this is no certificate"])
def test_unusable_ca_file_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(SettingsProblem, match=r"ca\.pem"):
        factory(GOOD | {"tls": {"ca_file": "ca.pem"}}, tmp_path)
