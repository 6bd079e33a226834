"""The sections of the configuration: every key, its default and its meaning.

``docs/configuration.md`` tells the same at more length.
"""

from __future__ import annotations

import ipaddress
import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field

from monitor.model import ServiceLevelFormula
from monitor.settings.base import Seconds, Section, ShortName, Text
from monitor.settings.secrets import HIDDEN, is_secret, without_credentials
from monitor.settings.thresholds import QueueThresholdSettings


def _loopback(host: str) -> str:
    if host == "localhost":
        return host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    mapped = getattr(address, "ipv4_mapped", None)
    if address is not None and (mapped or address).is_loopback:
        return host
    raise ValueError(
        "expected a loopback address (127.0.0.1, ::1 or localhost): listening beyond this machine would show "
        "operators' and callers' data to everybody who can reach it, and `access`, which protects it, comes with a "
        "later version; until then put a reverse proxy that asks for a password in front"
    )


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        near = get_close_matches(name, available_timezones(), n=3, cutoff=0.5)
        hint = f" (perhaps {' or '.join(near)})" if near else ""
        raise ValueError(f"expected an IANA time zone such as Europe/Moscow{hint}") from None
    return name


def _time_of_day(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError('expected a time of day as "HH:MM", 00:00 … 23:59')
    return text


def _feed_url(url: str) -> str:
    if not re.fullmatch(r"wss?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise ValueError("expected a WebSocket address such as wss://board.example.org/v1/feed")
    return url


def _origin(origin: str) -> str:
    if origin != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", origin):
        raise ValueError("expected an origin such as https://board.example.org (no path), or `*` for all")
    return origin


def _host_name(name: str) -> str:
    if name != "*" and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?", name):
        raise ValueError("expected a host's name such as board.example.org (no port), or `*` for all")
    return name


Host = Annotated[Text, AfterValidator(_loopback)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class SourceSettings(Section):
    """A PBX or SIP server to watch. Further keys are options of its adapter."""

    model_config = ConfigDict(extra="allow")

    id: ShortName
    """Short name; begins the id of everything that comes from this source (`pbx1/anna`)."""
    adapter: Text
    """What speaks with it: `ami`, `sip`, `hep`, or the name under which an installed package offers another adapter."""

    def options(self) -> dict[str, Any]:
        """Return what the adapter's factory gets: the source's mapping as configured."""
        return {"id": self.id, "adapter": self.adapter, **(self.model_extra or {})}

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Hide secrets from logs and tracebacks."""
        return [(key, HIDDEN if is_secret(key) else value) for key, value in self.options().items()]


class ServiceLevelSettings(Section):
    """How fast callers should be answered."""

    threshold: Seconds = 20.0
    """Seconds; a wait of exactly this long is within."""
    target: Annotated[float, Field(gt=0, le=1)] | None = 0.8
    """The share that should be answered in time (0.8 = 80 %); `null` for none."""
    short_abandon: Seconds = 5.0
    """A caller who gave up before this many seconds is a short abandon and doesn't count against you."""
    formula: ServiceLevelFormula = "answered_and_abandoned"
    """Which calls are the denominator: see docs/figures.md."""


class QueueSettings(Section):
    """What refines one queue. A key that is left out keeps the value of `queue_defaults`."""

    name: Text | None = None
    """Shown name; by default the source's own."""
    service_level: ServiceLevelSettings = Field(default_factory=ServiceLevelSettings)
    wrap_up: Seconds | None = None
    """Seconds of after-call work where the source doesn't tell them."""
    thresholds: QueueThresholdSettings = Field(default_factory=QueueThresholdSettings)


class QueueDefaults(Section):
    """What holds for every queue that `queues` doesn't refine."""

    service_level: ServiceLevelSettings = Field(default_factory=ServiceLevelSettings)
    wrap_up: Seconds | None = None
    """Seconds of after-call work where the source doesn't tell them."""


def _endpoint(name: str) -> str:
    """Return a SIP address as sources name it (no port, no parameters, small letters but for the user); others as they are."""
    address = _SIP_ADDRESS.fullmatch(name)
    return name if address is None else f"sip:{address['user']}@{address['host'].lower()}"


_SIP_ADDRESS = re.compile(
    r"sips?:(?P<user>[^@]+)@(?P<host>\[[^\]]+\]|[^:;?]+)(:\d+)?([;?].*)?", re.IGNORECASE
)


class AgentSettings(Section):
    """An agent by name. Agents that aren't listed are found in the source's queues all the same."""

    id: Text
    """The agent's id; `pbx1/anna` speaks of the source `pbx1` alone."""
    name: Text | None = None
    """Shown name; by default the member name of the source."""
    team: Text | None = None
    endpoints: list[Annotated[Text, AfterValidator(_endpoint)]] = Field(default_factory=list)
    """The agent's devices (`PJSIP/101`): members on them are this agent whatever their member name is."""


class DaySettings(Section):
    """When "today" begins."""

    timezone: Annotated[Text, AfterValidator(_zone)] = "UTC"
    """IANA name (`Europe/Moscow`)."""
    starts: Annotated[Text, AfterValidator(_time_of_day)] = "00:00"
    """Local time, `HH:MM`."""


class HttpSettings(Section):
    """Where the page, the HTTP API and the metrics are served."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    """0 takes a free one."""
    frame_ancestors: list[Annotated[Text, AfterValidator(_origin)]] = Field(default_factory=list)
    """Sites that may show the page in a frame (`https://intranet.example.org`; `*` for all)."""
    allowed_hosts: list[Annotated[Text, AfterValidator(_host_name)]] = Field(default_factory=list)
    """Names by which browsers may call it (`board.example.org`; `*` for all), besides addresses and `localhost`."""
    agent_series: bool = True
    """Whether `/metrics` has a series per agent; without them its size depends on the queues only."""


class FeedSettings(Section):
    """Where the WebSocket feed is served."""

    host: Host = "127.0.0.1"
    port: Port = 8081
    """0 takes a free one."""
    public_url: Annotated[Text, AfterValidator(_feed_url)] | None = None
    """The feed's address as browsers see it, where a proxy stands in front (`wss://board.example.org/v1/feed`)."""
    allowed_origins: list[Annotated[Text, AfterValidator(_origin)]] = Field(default_factory=list)
    """Pages of other hosts that may use the feed (`https://board.example.org`; `*` for all)."""
    max_clients: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    """Connections at the same time; further ones are refused with a clear code."""


class StorageSettings(Section):
    """Where events and statistics are kept over a restart."""

    url: Text = "sqlite:///operator-monitor.db"
    """`sqlite:///relative.db` (to the configuration file), `sqlite:////absolute/path.db` or `memory://`."""
    keep_days: Annotated[float, Field(gt=0, le=3650)] = 7.0
    """Events older than this are removed. The figures of today and the last 30 minutes don't depend on it."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Hide a password in the address."""
        return [("url", without_credentials(self.url)), ("keep_days", self.keep_days)]


class PrivacySettings(Section):
    """What is shown of callers."""

    show_numbers: bool = False
    """Whether callers' numbers are shown whole instead of `+7495*****67`."""


class LogSettings(Section):
    """What the service logs to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
    """`auto`: readable on a terminal, JSON elsewhere."""
