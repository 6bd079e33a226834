"""What ``operator-monitor check`` finds out about an Asterisk."""

from __future__ import annotations

import ipaddress
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import msgspec

from adapters.ami.connect import close_connection, open_connection
from adapters.ami.errors import ConnectionLost, LoginRefused
from adapters.ami.link import Link
from adapters.ami.lists import SnapshotLists
from adapters.ami.login import Login
from adapters.ami.memory import PbxMemory
from adapters.ami.message import Message
from adapters.ami.outputs import Answer, EventMessage, LoggedIn, Lost, Output, Refused
from adapters.ami.permissions import CAUTIONS, LEAST_PRIVILEGE, NEEDS, READS, UNNEEDED
from adapters.ami.session import AmiSession
from adapters.ami.settings import AmiSettings
from adapters.ami.timeouts import Timeouts
from adapters.common.places import hostport
from adapters.contract import Finding, Host

LISTEN_SECONDS = 4.0
"""How long to listen for events: the only way to learn which classes the user may read."""
LIST_SECONDS = 20.0
LARGE_OFFSET = 2.0
"""Seconds between the clocks from which on somebody should look at NTP."""


class _Seen:
    """What one look at the PBX brought."""

    def __init__(self) -> None:
        self.logged_in: LoggedIn | None = None
        self.lists: list[SnapshotLists] = []
        self.refused: dict[str, str] = {}
        self.commands: Message | None = None
        self.classes: Counter[str] = Counter()
        self.stamped = 0
        self.events = 0
        self.lost: ConnectionLost | None = None

    def take(self, outputs: list[Output]) -> None:
        """Note what happened."""
        for output in outputs:
            if isinstance(output, EventMessage):
                self._take_event(output.message)
            elif isinstance(output, SnapshotLists):
                self.lists.append(output)
            elif isinstance(output, Refused):
                self.refused[output.action] = output.answer
            elif isinstance(output, LoggedIn):
                self.logged_in = output
            elif isinstance(output, Answer):
                self.commands = output.message
            elif isinstance(output, Lost):
                self.lost = output.error

    def _take_event(self, message: Message) -> None:
        self.events += 1
        self.stamped += "timestamp" in message.fields
        self.classes.update(message.get("privilege").split(","))

    def may(self, action: str) -> bool | None:
        """Whether the user may do an action; None: the PBX does not tell."""
        if action in self.refused:
            return False
        if self.commands is None or "ping" not in self.commands.fields:
            return None
        return action.lower() in self.commands.fields


async def check_source(
    settings: AmiSettings,
    login: Login,
    tls: ssl.SSLContext | None,
    host: Host,
    *,
    interesting: frozenset[bytes],
    timeouts: Timeouts,
) -> AsyncIterator[Finding]:
    """Connect once; yield what works and what is missing. Ends within a minute."""
    where = hostport(settings.host, settings.port)
    for finding in _exposed_secret(settings):
        yield finding
    try:
        reader, writer = await open_connection(settings.host, settings.port, tls, timeouts.connect)
    except ConnectionLost as error:
        yield Finding(level="error", subject="connection", message=error.reason, remedy=error.remedy)
        return
    yield Finding(level="ok", subject="connection", message=f"{where} answers{' with TLS' if tls else ''}")
    limits = msgspec.structs.replace(timeouts, list_total=min(timeouts.list_total, LIST_SECONDS))
    session = AmiSession(login, interesting, action_prefix="check", memory=PbxMemory(), timeouts=limits)
    seen = _Seen()
    try:
        await _look(Link(session, reader, writer, host), host, seen)
    finally:
        await close_connection(writer)
    for finding in _findings(seen, settings, session.offset):
        yield finding


async def _look(link: Link, host: Host, seen: _Seen) -> None:
    """Log in, take the lists, listen, take the lists again."""
    while seen.lost is None and not seen.lists:
        seen.take(await link.turn())
    link.session.ask("ListCommands")
    until = host.monotonic() + LISTEN_SECONDS
    while seen.lost is None and (host.monotonic() < until or seen.commands is None):
        seen.take(await link.turn(max(until - host.monotonic(), 0.0) or None))
    link.request_snapshot()
    while seen.lost is None and len(seen.lists) < 2:
        seen.take(await link.turn())


def _exposed_secret(settings: AmiSettings) -> Iterator[Finding]:
    if settings.auth == "plain" and settings.tls is False and not _is_loopback(settings.host):
        yield Finding(
            level="warning",
            subject="secret",
            message=f"`auth: plain` without TLS shows the secret to everybody on the way to {settings.host}",
            remedy="use `auth: md5` or `tls: true`",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _findings(seen: _Seen, settings: AmiSettings, offset: float) -> Iterator[Finding]:
    """Say in order what one look brought; what ended it comes last."""
    if seen.logged_in is not None:
        who = f"user {settings.username!r} is let in by Asterisk {seen.logged_in.version} ({seen.logged_in.banner})"
        yield Finding(level="ok", subject="login", message=who)
        yield from _reads(seen, booted=seen.logged_in.booted)
    if seen.lists:
        yield from _queues(seen)
        yield from _writes(seen)
        yield from _clock(seen, offset)
    if seen.lost is not None:
        remedy = seen.lost.remedy
        if isinstance(seen.lost, LoginRefused):
            remedy = f"{remedy}. A user with least privilege:\n\n{LEAST_PRIVILEGE}"
        yield Finding(level="error", subject="session", message=seen.lost.reason, remedy=remedy)


def _queues(seen: _Seen) -> Iterator[Finding]:
    queues = seen.lists[-1].queues
    if queues is None:
        yield Finding(
            level="error",
            subject="queues",
            message=f"QueueStatus is refused: {seen.refused.get('QueueStatus', 'no answer')}",
            remedy="load app_queue.so in the PBX (`module load app_queue.so`)",
        )
        return
    count = Counter(message.name for message in queues)
    found = f"{count['QueueParams']} queues with {count['QueueMember']} members, {count['QueueEntry']} callers waiting"
    if count["QueueParams"]:
        yield Finding(level="ok", subject="queues", message=found)
    else:
        yield Finding(
            level="warning",
            subject="queues",
            message="the PBX has no queues, so there is nobody to show",
            remedy="see `queue show` in the Asterisk console; realtime queues are listed once they were used",
        )


def _reads(seen: _Seen, *, booted: bool) -> Iterator[Finding]:
    """Which events the user may read. The PBX does not tell: what comes is granted, the rest is judged by changes."""
    missed = _changed_unheard(seen)
    wanted = "read = " + ",".join(READS)
    for name, gain in READS.items():
        subject = f"read {name}"
        if seen.classes[name] or (name == "system" and booted):
            yield Finding(level="ok", subject=subject, message="granted")
        elif name == "system":
            message = f"not granted, or the PBX is just starting. It brings {gain}"
            yield Finding(
                level="warning", subject=subject, message=message, remedy=f"in manager.conf: {wanted}"
            )
        elif name in missed:
            message = f"not granted: {missed[name]} and no event told it. It brings {gain}"
            yield Finding(
                level="error", subject=subject, message=message, remedy=f"in manager.conf: {wanted}"
            )
        else:
            message = (
                f"not known: no such event came in {LISTEN_SECONDS:.0f} s (the PBX tells only by sending one)"
            )
            yield Finding(
                level="hint", subject=subject, message=message, remedy=f"it needs in manager.conf: {wanted}"
            )


def _changed_unheard(seen: _Seen) -> dict[str, str]:
    """Return by class what differs between two sets of lists although no event of the class came."""
    if len(seen.lists) < 2:
        return {}
    first, last = seen.lists[0], seen.lists[-1]
    keys = {
        "agent": (
            "queues",
            ("queue", "location", "status", "paused", "uniqueid"),
            "members or callers changed",
        ),
        "call": ("channels", ("uniqueid", "channelstate"), "calls began or ended"),
    }
    changed = {}
    for name, (attribute, fields, what) in keys.items():
        before, after = (
            Counter(tuple(map(message.get, fields)) for message in getattr(lists, attribute) or ())
            for lists in (first, last)
        )
        if before != after and not seen.classes[name]:
            changed[name] = what
    return changed


def _writes(seen: _Seen) -> Iterator[Finding]:
    """Which actions the user may do, grouped by the permission that brings them."""
    missing: dict[str, list[str]] = {}
    for need in NEEDS.values():
        if need.action == "QueueStatus":
            continue  # needs no permission: see _queues
        answer = seen.refused.get(need.action, "")
        if answer.lower().startswith("invalid/unknown command"):
            message = f"the PBX does not know {need.action}, which brings {need.gain}"
            remedy = f"load {need.module}" if need.module else None
            yield Finding(level="hint", subject=need.action, message=message, remedy=remedy)
        elif answer and "permission" not in answer.lower():
            message = f"refused ({answer}). It brings {need.gain}"
            yield Finding(level="hint", subject=need.action, message=message)
        elif seen.may(need.action) is False:
            missing.setdefault(need.grant, []).append(f"{need.action} ({need.gain})")
        else:
            yield Finding(level="ok", subject=need.action, message=f"permitted: {need.gain}")
    line = "write = " + ",".join(sorted({"reporting", *missing} - {"config"}))
    for grant, actions in missing.items():
        remedy = f"in manager.conf: {line}" if grant not in CAUTIONS else f"in manager.conf: {line},{grant}"
        caution = f"; {CAUTIONS[grant]}" if grant in CAUTIONS else ""
        yield Finding(
            level="hint",
            subject=f"permission {grant}",
            message=f"missing; it would add {'; '.join(actions)}",
            remedy=remedy + caution,
        )
    excess = [action for action in UNNEEDED if seen.may(action)]
    if excess:
        yield Finding(
            level="hint",
            subject="least privilege",
            message=f"this user may do more than a monitor needs: {', '.join(excess)}",
            remedy="in manager.conf: write = reporting",
        )


def _clock(seen: _Seen, offset: float) -> Iterator[Finding]:
    ahead = "behind" if offset > 0 else "ahead of"
    apart = f"the PBX's clock is {abs(offset):.3f} s {ahead} ours; this is corrected for"
    if abs(offset) > LARGE_OFFSET:
        yield Finding(level="hint", subject="clocks", message=apart, remedy="keep both by NTP")
    else:
        yield Finding(level="ok", subject="clocks", message=apart)
    if seen.stamped:
        yield Finding(
            level="ok", subject="timestampevents", message="events tell their time to the microsecond"
        )
    elif seen.events:
        yield Finding(
            level="hint",
            subject="timestampevents",
            message="events don't tell their time, so they are timed by their arrival",
            remedy="in manager.conf, [general]: timestampevents = yes",
        )
    else:
        yield Finding(
            level="hint",
            subject="timestampevents",
            message="not known: no event came while we listened",
            remedy="in manager.conf, [general]: timestampevents = yes",
        )
