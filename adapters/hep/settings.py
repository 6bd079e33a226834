"""A source's options for ``adapter: hep``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from adapters.hep.errors import SettingsProblem
from adapters.hep.servers import packed
from adapters.hep.telling import SILENCE
from adapters.hep.watching import Watched
from adapters.sip_messages.errors import BadUri
from adapters.sip_messages.uri import Uri

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

KEY_LIMIT: Final = 1_024
"""Bytes of a key; nobody types more into a capture agent's configuration."""
LOOPBACK: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

_OneLine = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]+$")]
_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
_PLACE: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]]+)):(?P<port>[0-9]{1,5})")
_USER: Final = re.compile(r"[^\s@:;?<>\"]+")
_PORTS: Final = 65_535


class WatchSettings(BaseModel):
    """An endpoint to be watched."""

    model_config = _STRICT

    uri: _OneLine
    """``sip:101@pbx.example.org``, or ``101`` for that user wherever it is."""
    name: _OneLine | None = None
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


class HepSettings(BaseModel):
    """A source's options; unknown ones are refused."""

    model_config = _STRICT

    id: _OneLine
    adapter: Literal["hep"] = "hep"
    listen: _OneLine = "127.0.0.1:9060"
    """Where packets are taken, by UDP and by TCP."""
    key: SecretStr | None = None
    """What every packet must carry as its authentication key; none: any packet will do."""
    key_file: Path | None = None
    allow: tuple[_OneLine, ...] | None = Field(default=None, min_length=1, max_length=1_000)
    """Networks whose packets are taken. Needed unless we listen on loopback alone."""
    watch: tuple[WatchSettings, ...] = Field(min_length=1, max_length=20_000)
    servers: tuple[_OneLine, ...] = Field(default=(), max_length=1_000)
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

    @model_validator(mode="after")
    def _no_twins(self) -> Self:
        known: set[str] = set()
        for one in self.watch:
            if one.uri in known:
                raise ValueError(f"`watch` has {one.uri} twice; name it once")
            known.add(one.uri)
        return self

    @model_validator(mode="after")
    def _places(self) -> Self:
        host, _ = self.place()
        self.networks()
        self.server_places()
        if self.allow is None and not host.is_loopback:
            raise ValueError(
                f"`listen: {self.listen}` is open to others than this machine: "
                "name those who may send in `allow`, for example `allow: [10.0.0.5/32]`"
            )
        return self

    def place(self) -> tuple[IpAddress, int]:
        """Return address and port to listen on."""
        host, port = _split(self.listen, "listen")
        if port is None:
            raise ValueError(f"`listen: {self.listen}` has no port; write `127.0.0.1:9060` or `[::1]:9060`")
        return host, port

    def networks(self) -> tuple[Network, ...]:
        """Return the networks whose packets are taken."""
        if self.allow is None:
            return LOOPBACK
        networks: list[Network] = []
        for text in self.allow:
            try:
                networks.append(ipaddress.ip_network(text))
            except ValueError as error:
                raise ValueError(f"`allow`: {error}; write `10.0.0.5` or `10.0.0.0/24`") from None
        return tuple(networks)

    def server_places(self) -> tuple[tuple[bytes, int | None], ...]:
        """Return the servers as they are compared."""
        return tuple(
            (packed(str(host)), port) for host, port in (_split(one, "servers") for one in self.servers)
        )


class KeySource:
    """Reads the key anew when asked to, so that a rotated file needs no restart.

    The first reading happens at once: a missing or empty file is an error before anything starts. A file that vanishes
    later leaves the last key in use.
    """

    __slots__ = ("_key", "_path")

    def __init__(self, settings: HepSettings, base_directory: Path) -> None:
        self._path = base_directory / settings.key_file if settings.key_file is not None else None
        self._key: bytes | None = None
        if settings.key is not None:
            self._key = _checked(settings.key.get_secret_value(), "key")
        elif self._path is not None:
            self._key = _read(self._path)

    def __call__(self) -> bytes | None:
        """Return the key; None: none is asked for."""
        if self._path is not None:
            try:
                self._key = _read(self._path)
            except SettingsProblem:
                return self._key
        return self._key

    def __repr__(self) -> str:
        """Return no secret."""
        return "KeySource()"


def parse(options: Mapping[str, Any]) -> HepSettings:
    """Return the options as settings. Raises ``ValueError`` (pydantic's own) for what is wrong, never with a secret."""
    return HepSettings.model_validate(dict(options))


def _split(text: str, option: str) -> tuple[IpAddress, int | None]:
    match = _PLACE.fullmatch(text)
    host, port = (match["six"] or match["host"], int(match["port"])) if match else (text, None)
    if port is not None and port > _PORTS:
        raise ValueError(f"`{option}`: {text} has no port between 0 and {_PORTS}")
    if host == "localhost":
        host = "127.0.0.1"
    try:
        return ipaddress.ip_address(host.strip("[]")), port
    except ValueError:
        raise ValueError(
            f"`{option}`: {text} is no IP address; packets show addresses, not names: write `10.0.0.5:5060` or `[2001:db8::5]:5060`"
        ) from None


def _read(path: Path) -> bytes:
    remedy = "put the capture agents' key there, readable by this service"
    try:
        with path.open("rb") as file:  # a little of it is enough to see that it is too much
            text = file.read(4 * KEY_LIMIT).decode()
    except OSError as error:
        raise SettingsProblem(
            "key_file", f"{path} can't be read: {error.strerror or error}", remedy
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsProblem("key_file", f"{path} is not UTF-8 text", "put the key alone there") from error
    return _checked(text.removesuffix("\n").removesuffix("\r"), "key_file")


def _checked(key: str, option: str) -> bytes:
    if not key:
        raise SettingsProblem(option, "the key is empty", "give the key that the capture agents send")
    if any(sign in key for sign in "\r\n\0"):
        raise SettingsProblem(option, "the key has more than one line", "put the key alone there")
    data = key.encode()
    if len(data) > KEY_LIMIT:
        raise SettingsProblem(option, f"the key is longer than {KEY_LIMIT} bytes", "use a shorter one")
    return data
