"""What ``operator-monitor check`` finds out about a SIP server."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Literal

from adapters.common.places import hostport
from adapters.contract import Finding, Host
from adapters.sip.errors import CredentialsRefused, EverythingRefused, ServerLost
from adapters.sip.link import Link
from adapters.sip.network import Sockets
from adapters.sip.outputs import Count, Lost, Outcome, Output, Reported, Synchronised, Up
from adapters.sip.plan import PACKAGES, Plan
from adapters.sip.refusals import COUNTED
from adapters.sip.session import SipSession
from adapters.sip.settings import SipSettings
from adapters.sip.teller import grouped

LOOK_SECONDS = 40.0
"""How long to wait for all subscriptions' answers."""
PUSHED_SECONDS = 15.0
"""The same where state is pushed: then the server may well grant nothing."""
LEAVE_SECONDS = 1.0
"""How long to give the subscriptions back."""
NAMED = 10
"""Endpoints that a finding names."""


class _Seen:
    """What one look at the server brought."""

    def __init__(self) -> None:
        self.up: Up | None = None
        self.synchronised: Synchronised | None = None
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self.reported: set[tuple[str, str]] = set()
        self.lost: ServerLost | None = None
        self.heard = False
        self.seconds = 0.0
        """How long the look took."""
        self.unproved: Counter[tuple[str, str]] = Counter()
        """By method and address, how much was pushed without the right proof."""
        self.strangers: dict[str, None] = {}
        """Addresses that something came from and that are not heard."""

    def granted(self, endpoint: str, package: str) -> bool:
        """Whether a subscription was granted."""
        outcome = self.outcomes.get((endpoint, package))
        return outcome is not None and outcome.granted

    @property
    def done(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.lost is not None or self.synchronised is not None

    @property
    def failed(self) -> bool:
        """Whether the server was not to be had."""
        return self.lost is not None

    def take(self, outputs: list[Output]) -> None:
        """Note what happened."""
        for output in outputs:
            if isinstance(output, Up):
                self.up = output
            elif isinstance(output, Synchronised):
                self.synchronised = output
            elif isinstance(output, Outcome):
                self.outcomes[output.endpoint, output.package] = output
            elif isinstance(output, Reported):
                self.reported.add((output.endpoint, PACKAGES[output.kind]))
            elif isinstance(output, Count) and output.kind == "unauthenticated":
                self.unproved[output.method or "", output.address or ""] += output.number
            elif isinstance(output, Count) and output.address is not None:
                if len(self.strangers) < NAMED:
                    self.strangers[output.address] = None
            elif isinstance(output, Lost):
                self.lost = output.error
                self.heard = output.heard_at is not None


async def check_source(
    settings: SipSettings, plan: Plan, network: Sockets, host: Host, token: Callable[[], str]
) -> AsyncIterator[Finding]:
    """Subscribe to everything once and yield what was found; always ends within a minute."""
    for finding in _exposed(settings):
        yield finding
    seen = _Seen()
    try:
        await _look(plan, network, host, token, seen)
    finally:
        await network.close()
    for finding in _findings(seen, settings, plan):
        yield finding


async def _look(plan: Plan, network: Sockets, host: Host, token: Callable[[], str], seen: _Seen) -> None:
    """Go through one life with each address of the server until one is heard."""
    began = host.monotonic()
    until = began + (LOOK_SECONDS if plan.push is None else PUSHED_SECONDS)
    try:
        await network.listen()
        addresses = await network.addresses()
    except ServerLost as error:
        seen.lost = error
        return
    for address in addresses:
        if host.monotonic() >= until:
            return
        seen.lost = None
        try:
            way = await network.reach(address, addresses)
        except ServerLost as error:
            seen.lost = error
            continue
        session = SipSession(plan, way, token)
        link = Link(session, network, host)
        while not seen.done and host.monotonic() < until:
            seen.take(await link.turn(until - host.monotonic()))
        seen.seconds = host.monotonic() - began
        if not seen.failed:
            await _leave(link, host)
            return
        await network.leave()
        if seen.heard:
            return


async def _leave(link: Link, host: Host) -> None:
    link.session.leave(host.monotonic(), host.now())
    link.flush()
    until = host.monotonic() + LEAVE_SECONDS
    while (left := until - host.monotonic()) > 0:
        await link.turn(left)


def _findings(seen: _Seen, settings: SipSettings, plan: Plan) -> Iterator[Finding]:
    """Say in order what the look brought; what ended it comes last."""
    where = f"{hostport(settings.host, settings.port)} by {settings.transport.upper()}"
    if seen.up is not None or seen.heard:
        yield Finding(level="ok", subject="server", message=f"{where} answers")
    if seen.up is not None:
        who = f"user {settings.username!r}" if settings.username is not None else "without a user name"
        software = f" by {seen.up.software}" if seen.up.software else ""
        yield Finding(level="ok", subject="login", message=f"{who} is let in{software}")
    if seen.lost is None or isinstance(seen.lost, EverythingRefused):
        for kind in plan.kinds:
            yield from _package(seen, PACKAGES[kind], pushed=settings.push is not None)
    if settings.push is not None:
        yield _pushed(seen)
        yield from _unproved(seen)
    if seen.lost is None:
        yield from _missing(seen)
    if seen.strangers:
        yield _strange(seen, settings)
    yield from _blind(settings)
    if seen.lost is not None:
        subject = "login" if isinstance(seen.lost, CredentialsRefused) else "server"
        yield Finding(level="error", subject=subject, message=seen.lost.reason, remedy=seen.lost.remedy)


def _pushed(seen: _Seen) -> Finding:
    """What was told without a subscription."""
    pushed = {endpoint for endpoint, package in seen.reported if not seen.granted(endpoint, package)}
    if pushed:
        return Finding(level="ok", subject="push", message=f"state of {len(pushed)} endpoints was pushed")
    if not any(outcome.granted for outcome in seen.outcomes.values()):
        return Finding(
            level="error",
            subject="push",
            message=f"nothing was granted, and nothing was pushed within {PUSHED_SECONDS:.0f} s: nothing is known",
            remedy="see that the server sends to the address in `listen`, with the user and secret of `push`; "
            "one that publishes rarely may need longer: look at the log of the running service",
        )
    return Finding(
        level="hint",
        subject="push",
        message="nothing was pushed while we looked; a server that does tells at its next change or refresh",
        remedy="see that it sends to the address in `listen`, with the user and secret of `push`",
    )


def _unproved(seen: _Seen) -> Iterator[Finding]:
    """Who pushed something and may not."""
    for (method, address), number in seen.unproved.most_common(NAMED):
        yield Finding(
            level="error",
            subject="push",
            message=f"{number} {method} from {address} refused: wrong user or secret, or none that may push",
            remedy=COUNTED["unauthenticated"],
        )


def _strange(seen: _Seen, settings: SipSettings) -> Finding:
    """What came from addresses that are not the server's: of no interest where nothing is missing."""
    told = seen.synchronised
    complete = told is not None and told.granted + told.refused == told.subscriptions
    return Finding(
        level="hint" if complete else "warning",
        subject="addresses",
        message=f"SIP also came from {', '.join(seen.strangers)}: no address of {settings.host}, so it was not heard",
        remedy="if that is the server, give this address as `host`, or let it send from the one it is reached at",
    )


def _package(seen: _Seen, package: str, *, pushed: bool) -> Iterator[Finding]:
    """How the subscriptions of one event package stand."""
    outcomes = [outcome for (_, name), outcome in seen.outcomes.items() if name == package]
    granted = sum(outcome.granted for outcome in outcomes)
    subject = f"event {package}"
    if granted:
        yield Finding(level="ok", subject=subject, message=f"granted for {granted} of {len(outcomes)}")
    for same in grouped(outcomes):
        endpoints, remedy = [outcome.endpoint for outcome in same], same[0].remedy
        answer = same[0].answer
        named = ", ".join(endpoints[:NAMED]) + (" …" if len(endpoints) > NAMED else "")
        unless = " unless it is pushed" if pushed else ""
        message = (
            f"refused for {len(endpoints)} ({answer}): {named}; what it would tell of them is unknown{unless}"
        )
        level: Literal["hint", "warning", "error"] = "error" if package == "dialog" else "warning"
        yield Finding(level="hint" if pushed else level, subject=subject, message=message, remedy=remedy)


def _missing(seen: _Seen) -> Iterator[Finding]:
    silent = 0
    if seen.synchronised is not None:
        silent = seen.synchronised.subscriptions - seen.synchronised.granted - seen.synchronised.refused
    elif seen.up is not None:
        yield Finding(
            level="warning",
            subject="time",
            message=f"not all subscriptions were made within {seen.seconds:.0f} s",
            remedy="a larger `pace` makes them faster, if the server can stand it",
        )
    elif not seen.outcomes:
        yield Finding(
            level="error",
            subject="subscriptions",
            message="the server answers OPTIONS, but no SUBSCRIBE",
            remedy="see that it takes subscriptions, and its log",
        )
    if silent:
        yield Finding(
            level="warning",
            subject="subscriptions",
            message=f"{silent} were neither granted nor refused in time",
            remedy="see that what serves these addresses answers",
        )


def _blind(settings: SipSettings) -> Iterator[Finding]:
    """What can't be known with these settings, however well the server does."""
    if settings.registration == "none":
        yield Finding(
            level="hint",
            subject="registration",
            message="an idle endpoint and an unregistered one can't be told apart: both have no call",
            remedy="set `registration: reg` or `registration: presence`, whichever the server has",
        )
    if not settings.features:
        yield Finding(
            level="hint",
            subject="features",
            message="ready, not ready and wrap-up are not known: only the event package as-feature-event tells them",
            remedy="set `features: true` if the server has it (BroadWorks and alike; Asterisk and Kamailio have not)",
        )


def _exposed(settings: SipSettings) -> Iterator[Finding]:
    if settings.listen is not None and not ipaddress.ip_address(settings.listen.host).is_loopback:
        yield Finding(
            level="hint",
            subject="listen",
            message=f"{settings.listen} is reached from other machines; only the server's addresses are heard",
            remedy="let a firewall pass the server alone",
        )
    if settings.push is not None and settings.push.username is None:
        yield Finding(
            level="warning",
            subject="push",
            message="whoever can send from the addresses in `push.allow` is believed; over UDP addresses can be forged",
            remedy="give `push.username` and a secret",
        )
