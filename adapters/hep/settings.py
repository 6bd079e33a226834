"""A source's options for ``adapter: hep``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from adapters.common.options import STRICT, OneLine
from adapters.common.places import IpAddress, Network, split
from adapters.common.secrets import SecretKind, SecretSource
from adapters.hep.progress import SILENCE
from adapters.hep.servers import packed
from adapters.hep.watching import Watched
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.uri import Uri

KEY_KIND: Final = SecretKind(noun="key", whose="the capture agents' key")
LOOPBACK: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

_USER: Final = re.compile(r"[^\s@:;?<>\"]+")
_PORTS: Final = 65_535


class WatchSettings(BaseModel):
    """An endpoint to be watched."""

    model_config = STRICT

    uri: OneLine
    """``sip:101@pbx.example.org``, or ``101`` for that user wherever it is."""
    name: OneLine | None = None
    """How people call it; else its user."""

    @field_validator("uri")
    @classmethod
    def _an_address(cls, text: str) -> str:
        if ":" not in text and _USER.fullmatch(text):
            return text
        try:
            uri = Uri.parse(text)
        except BadUri as error:
            raise ValueError(f"{error}; write `sip:101@pbx.example.org`, or `101` alone") from None
        if uri.scheme not in {"sip", "sips", "tel"} or not uri.user:
            raise ValueError("no user in it; write `sip:101@pbx.example.org`, or `101` alone")
        return uri.aor

    def watched(self) -> Watched:
        """Return whom this watches."""
        name = self.name or (Uri.parse(self.uri).user if ":" in self.uri else self.uri)
        return Watched(self.uri, name or self.uri)


def _network(text: str) -> str:
    _as_network(text)
    return text


def _server(text: str) -> str:
    _split(text, "servers")
    return text


def _listen(text: str) -> str:
    _as_place(text)
    return text


class HepSettings(BaseModel):
    """A source's options; unknown ones are refused."""

    model_config = STRICT

    id: OneLine
    adapter: Literal["hep"] = "hep"
    listen: Annotated[OneLine, AfterValidator(_listen)] = "127.0.0.1:9060"
    """Where packets are taken, by UDP and by TCP."""
    key: SecretStr | None = None
    """What every packet must carry as its authentication key; none: any packet will do."""
    key_file: Path | None = None
    allow: tuple[Annotated[OneLine, AfterValidator(_network)], ...] | None = Field(
        default=None, min_length=1, max_length=1_000
    )
    """Networks whose packets are taken. Needed unless we listen on loopback alone."""
    watch: tuple[WatchSettings, ...] = Field(min_length=1, max_length=20_000)
    servers: tuple[Annotated[OneLine, AfterValidator(_server)], ...] = Field(default=(), max_length=1_000)
    """The servers' own addresses; none: learnt from who answers REGISTERs."""
    silent_after: float = Field(default=60.0, ge=1.0, le=86_400.0)
    """Seconds without any packet after which the source counts as lost."""
    silence: float = Field(default=SILENCE, ge=60.0, le=604_800.0)
    """Seconds of an answered call without any message after which it is given up."""

    @field_validator("watch", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [
                {"uri": str(one)} if isinstance(one, str | int) and not isinstance(one, bool) else one
                for one in value
            ]
        return value

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.key is not None and self.key_file is not None:
            raise ValueError("give only one of `key` and `key_file`")
        return self

    @field_validator("watch")
    @classmethod
    def _no_twins(cls, watch: tuple[WatchSettings, ...]) -> tuple[WatchSettings, ...]:
        known: set[str] = set()
        for one in watch:
            if one.uri in known:
                raise ValueError(f"`watch` has {one.uri} twice; name it once")
            known.add(one.uri)
        for one in watch:
            user = Uri.parse(one.uri).user if ":" in one.uri else None
            if user in known:
                raise ValueError(
                    f"`watch` has {user} and {one.uri}: the first means that user wherever it is, so both may mean one "
                    "phone; write all addresses of that user in full, or the user alone"
                )
        return watch

    @model_validator(mode="after")
    def _open_to_whom(self) -> Self:
        host, _ = self.place()
        if self.allow is None and not host.is_loopback:
            raise ValueError(
                f"`listen: {self.listen}` is open to others than this machine: "
                "name those who may send in `allow`, for example `allow: [10.0.0.5/32]`"
            )
        return self

    def place(self) -> tuple[IpAddress, int]:
        """Return address and port to listen on."""
        return _as_place(self.listen)

    def networks(self) -> tuple[Network, ...]:
        """Return the networks whose packets are taken."""
        if self.allow is None:
            return LOOPBACK
        return tuple(_as_network(text) for text in self.allow)

    def server_places(self) -> tuple[tuple[bytes, int | None], ...]:
        """Return the servers as they are compared."""
        return tuple(
            (packed(str(host)), port) for host, port in (_split(one, "servers") for one in self.servers)
        )


class KeySource:
    """The key as packets carry it."""

    __slots__ = ("_source",)

    def __init__(self, settings: HepSettings, base_directory: Path) -> None:
        self._source = SecretSource(KEY_KIND, settings.key, settings.key_file, base_directory)

    def __call__(self) -> bytes | None:
        """Return the key, read anew; None: none is asked for."""
        return self._source().encode() or None


def parse(options: Mapping[str, Any]) -> HepSettings:
    """Return the options as settings. Raises ``ValueError`` (pydantic's own) for what is wrong, never with a secret."""
    return HepSettings.model_validate(dict(options))


def _as_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"`allow`: {error}; write `10.0.0.5` or `10.0.0.0/24`") from None


def _as_place(text: str) -> tuple[IpAddress, int]:
    host, port = _split(text, "listen")
    if port is None:
        raise ValueError(f"`listen: {text}` has no port; write `127.0.0.1:9060` or `[::1]:9060`")
    return host, port


def _split(text: str, option: str) -> tuple[IpAddress, int | None]:
    host, port = split(text)
    if port is not None and port > _PORTS:
        raise ValueError(f"`{option}`: {text} has no port between 0 and {_PORTS}")
    if host == "localhost":
        host = "127.0.0.1"
    try:
        return ipaddress.ip_address(host), port
    except ValueError:
        raise ValueError(
            f"`{option}`: {text} is no IP address; packets show addresses, not names: write `10.0.0.5:5060` or `[2001:db8::5]:5060`"
        ) from None
