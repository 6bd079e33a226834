"""What a session is to do: the settings, as the core needs them."""

from __future__ import annotations

import msgspec

from adapters.common.places import Network, hostport
from adapters.sip.peer import Peer
from adapters.sip.reports import Kind
from adapters.sip.settings import SipSettings
from adapters.sip.timeouts import Timeouts

PACKAGES: dict[Kind, str] = {
    "dialog": "dialog",
    "reg": "reg",
    "presence": "presence",
    "feature": "as-feature-event",
}
"""What a subscription is about -> its event package."""

KINDS: dict[str, Kind] = {package: kind for kind, package in PACKAGES.items()}


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """Who may push state to us."""

    username: str | None
    """None: the networks alone decide."""
    secret: str
    networks: tuple[Network, ...]

    def __repr__(self) -> str:
        """Return everything but the secret."""
        return f"Push({self.username!r}, {self.networks})"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of a server."""

    source: str
    identity: str
    """Who we say we are: an address of record."""
    server: str
    """``host:port`` as configured, for OPTIONS."""
    watch: tuple[str, ...]
    lists: tuple[str, ...]
    kinds: tuple[Kind, ...]
    """What each endpoint is asked for; always ``dialog`` first."""
    expires: int
    pace: float
    username: str | None
    secret: str
    push: Push | None
    timeouts: Timeouts

    def __repr__(self) -> str:
        """Return everything but the secrets."""
        return f"Plan({self.source!r}, {self.server!r})"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the server, and it us."""

    server: Peer
    local_host: str
    """The address of ours that the server is to answer to."""
    local_port: int
    hosts: frozenset[str]
    """All addresses of the server: only those are heard."""
    adapts: bool = False
    """No address of ours is configured: the one that the server sees us come from is the better one (behind a NAT)."""

    @property
    def local(self) -> str:
        """Our address as it stands in Via and Contact."""
        return hostport(self.local_host, self.local_port)


def plan_of(settings: SipSettings, secret: str, push_secret: str, timeouts: Timeouts | None = None) -> Plan:
    """Return the plan for settings."""
    kinds: tuple[Kind, ...] = ("dialog",)
    if settings.registration != "none":
        kinds += (settings.registration,)
    if settings.features:
        kinds += ("feature",)
    push = None
    if settings.push is not None:
        push = Push(username=settings.push.username, secret=push_secret, networks=settings.push.networks)
    limits = timeouts or Timeouts()
    return Plan(
        source=settings.id,
        identity=settings.identity,
        server=hostport(settings.host, settings.port),
        watch=tuple(endpoint.uri for endpoint in settings.watch),
        lists=settings.lists,
        kinds=kinds,
        expires=settings.expires,
        pace=settings.pace,
        username=settings.username,
        secret=secret,
        push=push,
        timeouts=msgspec.structs.replace(limits, reconcile=settings.reconcile_interval),
    )
