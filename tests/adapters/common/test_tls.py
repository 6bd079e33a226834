"""TLS: certificates are verified unless that is switched off, and files that can't be used are told."""

from __future__ import annotations

import ssl

import pytest
import trustme
from pydantic import ValidationError

from adapters.common.problems import SettingsProblem
from adapters.common.tls import MutualTlsSettings, TlsSettings, client_context, listener_context


def test_certificates_are_verified_unless_switched_off(tmp_path):
    context = client_context(TlsSettings(), tmp_path)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    lax = client_context(TlsSettings(verify=False), tmp_path)
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_NONE, False)


def test_authority_alone_is_trusted(tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    assert len(client_context(TlsSettings(ca_file="ca.pem"), tmp_path).get_ca_certs()) == 1


@pytest.mark.parametrize("content", [None, "this is no certificate"])
def test_unusable_authority_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(
        SettingsProblem, match=r"ca\.pem can't be used: .*; name a PEM file with the"
    ) as caught:
        client_context(TlsSettings(ca_file="ca.pem"), tmp_path)
    assert caught.value.option == "tls.ca_file"


@pytest.mark.parametrize("context", [client_context, listener_context])
def test_own_certificate_is_loaded(tmp_path, context):
    with pytest.raises(SettingsProblem, match=r"own\.pem can't be used: No such file") as caught:
        context(MutualTlsSettings(cert_file="own.pem"), tmp_path)
    assert caught.value.option == "tls.cert_file"
    own = trustme.CA().issue_cert("pbx.example.org")
    own.private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
    assert context(MutualTlsSettings(cert_file="own.pem"), tmp_path)


def test_key_without_certificate():
    with pytest.raises(ValidationError, match="`key_file` without `cert_file`"):
        MutualTlsSettings(key_file="key.pem")


def test_unknown_options_are_refused():
    with pytest.raises(ValidationError, match="ca"):
        TlsSettings(ca="x")
    with pytest.raises(ValidationError, match="cert_file"):
        TlsSettings(cert_file="x")
