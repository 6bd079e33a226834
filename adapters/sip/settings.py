"""A source's options for ``adapter: sip``."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from adapters.common import tls as shared_tls
from adapters.common.options import STRICT, OneLine
from adapters.common.places import Network, hostport, split
from adapters.common.secrets import SecretKind
from adapters.common.tls import MutualTlsSettings
from adapters.sip.peer import Transport
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.uri import Uri

SECRET_KIND = SecretKind(whose="the SIP user's secret")
WATCH_LIMIT = 20_000
"""Endpoints that one source may watch."""

_Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r'^[^\r\n\x00"\\]+$')]


def _endpoint_uri(text: str) -> str:
    """Return the canonical address of record of an endpoint's URI."""
    try:
        uri = Uri.parse(text)
    except BadUri as error:
        raise ValueError(f"is not a SIP URI like sip:101@pbx.example.org: {error.why}") from None
    if uri.scheme not in {"sip", "sips"} or not uri.user or not uri.host:
        raise ValueError("is not a SIP URI with user and host, like sip:101@pbx.example.org")
    return uri.aor


_EndpointUri = Annotated[OneLine, AfterValidator(_endpoint_uri)]


class WatchSettings(BaseModel):
    """An endpoint to watch."""

    model_config = STRICT

    uri: _EndpointUri
    """Its address of record, canonical."""
    name: OneLine | None = None
    """What people call it; by default the user part of the URI."""

    @property
    def shown(self) -> str:
        """The name to show."""
        return self.name or Uri.parse(self.uri).user or self.uri


def _watch(value: object) -> object:
    return {"uri": value} if isinstance(value, str) else value


_Watch = Annotated[WatchSettings, BeforeValidator(_watch)]


class ListenSettings(BaseModel):
    """Where we listen for UDP datagrams and TCP or TLS connections; written as ``address:port``."""

    model_config = STRICT

    host: str
    port: int = Field(ge=0, le=65_535)

    def __str__(self) -> str:
        """Return it as it is configured."""
        return hostport(self.host, self.port)


def _listen(value: object) -> object:
    """Take ``127.0.0.1:5070`` or ``[::1]:5070`` apart."""
    if not isinstance(value, str):
        return value
    host, port = split(value)
    if port is None:
        raise ValueError("is not address:port, like 127.0.0.1:5070 or [::1]:5070")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(
            "does not begin with an IP address of this machine, like 127.0.0.1:5070 or [::]:5070"
        ) from None
    return {"host": host, "port": port}


_Listen = Annotated[ListenSettings, BeforeValidator(_listen)]


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(f"is not a network like 10.0.0.0/24 or an address: {error}") from None


class PushSettings(BaseModel):
    """Who may push state to us by PUBLISH, or by NOTIFY that we did not ask for."""

    model_config = STRICT

    username: _Word | None = None
    secret: SecretStr | None = None
    secret_file: Path | None = None
    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(default=(), max_length=64)
    """Addresses that are heard beside the server's own; without ``username`` they are trusted as they are."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        given = (self.secret is not None) + (self.secret_file is not None)
        if self.username is None and given:
            raise ValueError("a secret without `username`: give both")
        if self.username is not None and given != 1:
            raise ValueError("give exactly one of `secret` and `secret_file` with `username`")
        if self.username is None and not self.allow:
            raise ValueError("nobody may push: give `username` and a secret, or `allow`")
        return self

    @property
    def networks(self) -> tuple[Network, ...]:
        """``allow`` as networks."""
        return tuple(ipaddress.ip_network(text) for text in self.allow)


class SipSettings(BaseModel):
    """A source's options; unknown ones are refused."""

    model_config = ConfigDict(**STRICT, populate_by_name=True)

    id: OneLine
    adapter: Literal["sip"] = "sip"
    host: Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$")]
    """Name or address of the SIP server; everything that we send goes there."""
    port: int = Field(default=5060, ge=1, le=65_535)
    transport: Transport = "udp"
    listen: _Listen | None = None
    """Where the server reaches us; required for UDP, else by default the connection that we made."""
    username: _Word | None = None
    secret: SecretStr | None = None
    secret_file: Path | None = None
    from_: _EndpointUri | None = Field(default=None, alias="from")
    """Who we say we are; by default ``sip:username@host``, without a user name ``sip:monitor@host``."""
    watch: tuple[_Watch, ...] = Field(default=(), max_length=WATCH_LIMIT)
    lists: tuple[_EndpointUri, ...] = Field(default=(), max_length=100)
    """Resource lists (RFC 4662)."""
    registration: Literal["none", "reg", "presence"] = "presence"
    features: bool = False
    """Subscribe to ``as-feature-event`` too: ready, not ready, wrap-up, do not disturb."""
    expires: int = Field(default=3_600, ge=60, le=86_400)
    reconcile_interval: float = Field(default=60.0, ge=5.0, le=3_600.0)
    """Seconds between two refreshes of a subscription, each of which brings its full state."""
    pace: float = Field(default=50.0, ge=1.0, le=1_000.0)
    """Requests a second at most."""
    tls: bool | MutualTlsSettings | None = None
    push: PushSettings | None = None

    @field_validator("watch")
    @classmethod
    def _different(cls, watch: tuple[WatchSettings, ...]) -> tuple[WatchSettings, ...]:
        seen = set()
        for endpoint in watch:
            if endpoint.uri in seen:
                raise ValueError(f"{endpoint.uri} is named twice")
            seen.add(endpoint.uri)
        return watch

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = (self.secret is not None) + (self.secret_file is not None)
        if self.username is None and given:
            raise ValueError("a secret without `username`: give both, or none")
        if self.username is not None and given != 1:
            raise ValueError("give exactly one of `secret` and `secret_file` with `username`")
        if not self.watch and not self.lists:
            raise ValueError("nothing to watch: give `watch` (endpoints) or `lists` (resource lists)")
        if self.push is not None and not self.watch:
            raise ValueError("`push` needs `watch`: only endpoints that are named there are taken")
        if self.transport == "udp" and self.listen is None:
            raise ValueError(
                "`transport: udp` needs `listen`, an address and port of this machine that the server reaches, "
                "like 127.0.0.1:5070"
            )
        if self.tls not in {None, False} and self.transport != "tls":
            raise ValueError("`tls` is only for `transport: tls`")
        if self.transport == "tls" and self.tls is False:
            raise ValueError("`transport: tls` with `tls: false`: choose one")
        if self.transport == "tls" and self.listen is not None and self.certificates.cert_file is None:
            raise ValueError("`listen` with `transport: tls` needs `tls: {cert_file: …, key_file: …}`")
        return self

    @property
    def certificates(self) -> MutualTlsSettings:
        """How TLS is spoken."""
        return self.tls if isinstance(self.tls, MutualTlsSettings) else MutualTlsSettings()

    @property
    def identity(self) -> str:
        """Who we say we are."""
        if self.from_ is not None:
            return self.from_
        host = f"[{self.host}]" if ":" in self.host else self.host
        return Uri(scheme="sip", user=self.username or "monitor", host=host.lower()).aor


def parse(options: Mapping[str, Any]) -> SipSettings:
    """Return the options as settings. Raises ``ValueError`` (pydantic's own) for what is wrong, never with a secret."""
    return SipSettings.model_validate(dict(options))


def client_context(settings: SipSettings, base_directory: Path) -> ssl.SSLContext | None:
    """Return how to speak TLS to the server, or None where it isn't spoken. Raises :class:`SettingsProblem`."""
    if settings.transport != "tls":
        return None
    return shared_tls.client_context(settings.certificates, base_directory)


def listener_context(settings: SipSettings, base_directory: Path) -> ssl.SSLContext | None:
    """Return how to speak TLS to a server that calls back, or None where it isn't spoken."""
    if settings.transport != "tls" or settings.listen is None:
        return None
    return shared_tls.listener_context(settings.certificates, base_directory)
