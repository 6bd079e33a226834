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

from adapters.sip.errors import SettingsProblem
from adapters.sip.peer import Transport, hostport
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.uri import Uri

SECRET_LIMIT = 1_024
"""Bytes of a secret."""
WATCH_LIMIT = 20_000
"""Endpoints that one source may watch."""

_OneLine = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]+$")]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r'^[^\r\n\x00"\\]+$')]

_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)


def _endpoint_uri(text: str) -> str:
    """Return the canonical address of record of an endpoint's URI."""
    try:
        uri = Uri.parse(text)
    except BadUri as error:
        raise ValueError(f"is not a SIP URI like sip:101@pbx.example.org: {error.why}") from None
    if uri.scheme not in {"sip", "sips"} or not uri.user or not uri.host:
        raise ValueError("is not a SIP URI with user and host, like sip:101@pbx.example.org")
    return uri.aor


_EndpointUri = Annotated[_OneLine, AfterValidator(_endpoint_uri)]


class WatchSettings(BaseModel):
    """An endpoint to watch."""

    model_config = _STRICT

    uri: _EndpointUri
    """Its address of record, canonical."""
    name: _OneLine | None = None
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

    model_config = _STRICT

    host: str
    port: int = Field(ge=0, le=65_535)

    def __str__(self) -> str:
        """Return it as it is configured."""
        return hostport(self.host, self.port)


def _listen(value: object) -> object:
    """Take ``127.0.0.1:5070`` or ``[::1]:5070`` apart."""
    if not isinstance(value, str):
        return value
    host, colon, port = value.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        raise ValueError("is not address:port, like 127.0.0.1:5070 or [::1]:5070")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(
            "does not begin with an IP address of this machine, like 127.0.0.1:5070 or [::]:5070"
        ) from None
    return {"host": host, "port": int(port)}


_Listen = Annotated[ListenSettings, BeforeValidator(_listen)]


class TlsSettings(BaseModel):
    """How the server's certificate is judged, and ours for a server that calls back."""

    model_config = _STRICT

    ca_file: Path | None = None
    """PEM file with the authorities to trust; none: those of the system."""
    verify: bool = True
    """Without it anybody may pose as the server."""
    cert_file: Path | None = None
    """PEM file with our own certificate, for ``listen`` with TLS and for servers that ask for one."""
    key_file: Path | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("`key_file` without `cert_file`: give both, or none")
        return self


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(f"is not a network like 10.0.0.0/24 or an address: {error}") from None


class PushSettings(BaseModel):
    """Who may push state to us by PUBLISH, or by NOTIFY that we did not ask for."""

    model_config = _STRICT

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
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """``allow`` as networks."""
        return tuple(ipaddress.ip_network(text) for text in self.allow)


class SipSettings(BaseModel):
    """A source's options; unknown ones are refused."""

    model_config = _STRICT

    id: _OneLine
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
    registration: Literal["none", "reg", "presence"] = "none"
    features: bool = False
    """Subscribe to ``as-feature-event`` too: ready, not ready, wrap-up, do not disturb."""
    expires: int = Field(default=3_600, ge=60, le=86_400)
    reconcile_interval: float = Field(default=60.0, ge=5.0, le=3_600.0)
    """Seconds between two refreshes of a subscription, each of which brings its full state."""
    pace: float = Field(default=20.0, ge=1.0, le=1_000.0)
    """Requests a second at most."""
    tls: bool | TlsSettings | None = None
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
    def certificates(self) -> TlsSettings:
        """How TLS is spoken."""
        return self.tls if isinstance(self.tls, TlsSettings) else TlsSettings()

    @property
    def identity(self) -> str:
        """Who we say we are."""
        if self.from_ is not None:
            return self.from_
        host = f"[{self.host}]" if ":" in self.host else self.host
        return Uri(scheme="sip", user=self.username or "monitor", host=host.lower()).aor


class SecretSource:
    """Reads a secret anew for each connection, so that a rotated file needs no restart.

    The first reading happens at once: a missing or empty file is an error before anything starts. A file that
    vanishes later leaves the last secret in use.
    """

    __slots__ = ("_option", "_path", "_secret")

    def __init__(
        self, secret: SecretStr | None, secret_file: Path | None, base_directory: Path, *, option: str = ""
    ) -> None:
        self._path = base_directory / secret_file if secret_file is not None else None
        self._option = option
        if self._path is not None:
            self._secret = _read(self._path, f"{option}secret_file")
        else:
            plain = secret.get_secret_value() if secret is not None else ""
            self._secret = _checked(plain, f"{option}secret") if secret is not None else ""

    def __call__(self) -> str:
        """Return the secret; empty if there is none."""
        if self._path is not None:
            try:
                self._secret = _read(self._path, f"{self._option}secret_file")
            except SettingsProblem:
                return self._secret
        return self._secret


def parse(options: Mapping[str, Any]) -> SipSettings:
    """Return the options as settings. Raises ``ValueError`` (pydantic's own) for what is wrong, never with a secret."""
    return SipSettings.model_validate(dict(options))


def client_context(settings: SipSettings, base_directory: Path) -> ssl.SSLContext | None:
    """Return how to speak TLS to the server, or None where it isn't spoken. Raises :class:`SettingsProblem`."""
    if settings.transport != "tls":
        return None
    tls = settings.certificates
    path = base_directory / tls.ca_file if tls.ca_file is not None else None
    try:
        context = ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        why = f"{path} can't be used: {getattr(error, 'strerror', None) or error}"
        remedy = "name a PEM file with the authority's certificate"
        raise SettingsProblem("tls.ca_file", why, remedy) from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _load_own(context, tls, base_directory)
    return context


def listener_context(settings: SipSettings, base_directory: Path) -> ssl.SSLContext | None:
    """Return how to speak TLS to a server that calls back, or None where it isn't spoken."""
    if settings.transport != "tls" or settings.listen is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _load_own(context, settings.certificates, base_directory)
    return context


def _load_own(context: ssl.SSLContext, tls: TlsSettings, base_directory: Path) -> None:
    if tls.cert_file is None:
        return
    certificate = base_directory / tls.cert_file
    key = base_directory / tls.key_file if tls.key_file is not None else None
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        why = f"{certificate} can't be used: {getattr(error, 'strerror', None) or error}"
        remedy = "name PEM files with our certificate and its key, readable by this service"
        raise SettingsProblem("tls.cert_file", why, remedy) from error


def _read(path: Path, option: str) -> str:
    try:
        with path.open("rb") as file:  # a little of it is enough to see that it is too much
            text = file.read(4 * SECRET_LIMIT).decode()
    except OSError as error:
        why = f"{path} can't be read: {error.strerror or error}"
        raise SettingsProblem(option, why, "put the secret there, readable by this service") from error
    except UnicodeDecodeError as error:
        raise SettingsProblem(option, f"{path} is not UTF-8 text", "put the secret alone there") from error
    return _checked(text.removesuffix("\n").removesuffix("\r"), option)


def _checked(secret: str, option: str) -> str:
    if not secret:
        raise SettingsProblem(option, "the secret is empty", "give the secret of the SIP user")
    if any(sign in secret for sign in "\r\n\0"):
        raise SettingsProblem(option, "the secret has more than one line", "put the secret alone there")
    if len(secret.encode()) > SECRET_LIMIT:
        raise SettingsProblem(option, f"the secret is longer than {SECRET_LIMIT} bytes", "use a shorter one")
    return secret
