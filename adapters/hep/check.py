"""What ``operator-monitor check`` finds out by listening: what comes, from whom, with which key, and what is missing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Final

import msgspec

from adapters.contract import Finding, Host
from adapters.hep.capture import Gate, same_key
from adapters.hep.clock import SenderClocks
from adapters.hep.errors import BadPacket, CannotListen, OldVersion
from adapters.hep.glance import glance
from adapters.hep.listener import Arrived, Listener
from adapters.hep.packets import SIP, decode
from adapters.hep.servers import Servers
from adapters.hep.settings import HepSettings, KeySource
from adapters.hep.translate import Translator
from adapters.hep.watching import Watch, tokens

LISTEN_SECONDS: Final = 15.0
"""How long to listen: a phone or a trunk asks something of its server within that time."""
LARGE_OFFSET: Final = 2.0
"""Seconds between the clocks from which on somebody should look at NTP."""
SENDERS_LIMIT: Final = 50
"""Senders, and endpoints, that are told one by one."""

ASTERISK: Final = "Asterisk: in hep.conf `enabled = yes`, `capture_address = {where}`, and load res_hep.so and res_hep_pjsip.so"
KAMAILIO: Final = 'Kamailio: modparam("siptrace", "duplicate_uri", "sip:{where}"), trace_on 1, trace_mode 1, trace_to_database 0, hep_mode_on 1, hep_version 3'


class _Sender(msgspec.Struct):
    """What came from one address."""

    packets: int = 0
    agents: set[str] = msgspec.field(default_factory=set)
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    problems: Counter[str] = msgspec.field(default_factory=Counter)
    offset: float | None = None

    def problem(self, what: str) -> None:
        """Count what is wrong."""
        self.problems[what if len(self.problems) < SENDERS_LIMIT else "others"] += 1


class _Seen:
    """What one look brought."""

    def __init__(self, settings: HepSettings, key: bytes | None) -> None:
        self.senders: dict[str, _Sender] = {}
        self.strangers: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.endpoints: set[str] = set()
        self._key = key
        self._gate = Gate(settings.networks())
        self._clocks = SenderClocks()
        self.servers = Servers(settings.server_places())
        watched = [one.watched() for one in settings.watch]
        self._translator = Translator("check", watched, self.servers, lambda: "", lambda _kind: None)
        self._owners: dict[bytes, set[str]] = {}
        for one in watched:
            for token in Watch([one]).tokens:
                self._owners.setdefault(token, set()).add(one.endpoint)

    def admits(self, sender: str, _now: float) -> bool:
        """Note who is not let in."""
        if self._gate.allows(sender):
            return True
        if len(self.strangers) < SENDERS_LIMIT or sender in self.strangers:
            self.strangers[sender] += 1
        return False

    def broken(self, sender: str, why: str, _now: float) -> None:
        """Note a stream that can't be followed."""
        self._of(sender).problem(f"its stream was cut: {why}")

    def take(self, arrived: Arrived) -> None:
        """Note what one packet tells."""
        sender = self._of(arrived.sender)
        sender.packets += 1
        try:
            packet = decode(arrived.data)
        except OldVersion as error:
            sender.problem(error.why)
            return
        except BadPacket as error:
            sender.problem(f"not understood: {error.why}")
            return
        if len(sender.agents) < SENDERS_LIMIT:
            sender.agents.add(packet.agent_name.decode(errors="replace") or str(packet.agent))
        if self._key is not None and not same_key(packet.key, self._key):
            sender.problem("without the key" if packet.key is None else "with a wrong key")
            return
        identity = (arrived.sender, packet.agent)
        self._clocks.time_of(identity, packet.stamp, arrived.at)
        sender.offset = self._clocks.offset(identity)
        if packet.type != SIP:
            sender.kinds[f"type {packet.type}"] += 1
            return
        sender.kinds["SIP"] += 1
        first = glance(packet.payload)
        if first is not None:
            if first.method and len(self.methods) < SENDERS_LIMIT:
                self.methods[first.method.decode(errors="replace")] += 1
            found = tokens(first.head)
            for token in found:
                self.endpoints |= self._owners.get(token, set())
            self._translator.sip(packet, arrived.at, arrived.now)

    def _of(self, sender: str) -> _Sender:
        if sender not in self.senders and len(self.senders) >= SENDERS_LIMIT:
            sender = "others"
        return self.senders.setdefault(sender, _Sender())


async def check_source(
    settings: HepSettings, key: KeySource, host: Host, *, seconds: float
) -> AsyncIterator[Finding]:
    """Listen once; yield what comes and what is missing. Ends within a minute."""
    seen = _Seen(settings, key())
    listener = Listener(settings, host, admits=seen.admits, broken=seen.broken)
    try:
        await listener.open()
    except CannotListen as error:
        yield Finding(level="error", subject="listening", message=error.reason, remedy=error.remedy)
        return
    try:
        yield Finding(
            level="ok",
            subject="listening",
            message=f"listens on {listener.where} (UDP and TCP) for {seconds:.0f} s",
        )
        await _listen(listener, host, seen, seconds)
    finally:
        listener.close()
    for finding in _findings(seen, settings, listener.where, keyed=key() is not None):
        yield finding


async def _listen(listener: Listener, host: Host, seen: _Seen, seconds: float) -> None:
    until = host.monotonic() + seconds
    while (left := until - host.monotonic()) > 0:
        for arrived in listener.take(1_000):
            seen.take(arrived)
        listener.sweep()
        try:
            async with asyncio.timeout(min(left, 1.0)):
                await listener.news.wait()
        except TimeoutError:
            continue
        await asyncio.sleep(0)


def _findings(seen: _Seen, settings: HepSettings, where: str, *, keyed: bool) -> Iterator[Finding]:
    yield from _exposure(settings, keyed=keyed)
    for stranger, number in seen.strangers.items():
        yield Finding(
            level="warning",
            subject=f"sender {stranger}",
            message=f"{number} packets or connections were refused: it is in no network of `allow`",
            remedy=f"if it is a capture agent of yours: allow: [{stranger}]",
        )
    if not seen.senders:
        yield Finding(
            level="error",
            subject="packets",
            message="none came",
            remedy=f"let a server or a capture agent send here. {ASTERISK.format(where=where)}. {KAMAILIO.format(where=where)}",
        )
        return
    for name, sender in seen.senders.items():
        yield from _of_sender(name, sender)
    yield from _of_traffic(seen, settings)


def _exposure(settings: HepSettings, *, keyed: bool) -> Iterator[Finding]:
    address, _ = settings.place()
    if not keyed:
        yield Finding(
            level="hint" if address.is_loopback else "warning",
            subject="key",
            message="none is asked for: whoever can send from an allowed address can show calls that there are not",
            remedy="set `key_file` here and the same key in the capture agents",
        )
    elif not address.is_loopback:
        yield Finding(
            level="hint",
            subject="key",
            message="HEP sends its key in plain text: whoever hears the packets knows it",
            remedy="let the packets take a private network or a VPN",
        )


def _of_sender(name: str, sender: _Sender) -> Iterator[Finding]:
    subject = f"sender {name}"
    if sender.problems:
        told = "; ".join(f"{number} {problem}" for problem, number in sender.problems.most_common(5))
        keyless = any("key" in problem for problem in sender.problems)
        yield Finding(
            level="warning" if sender.kinds else "error",
            subject=f"packets of {name}",
            message=f"of {sender.packets}: {told}",
            remedy="give the capture agent the key that is configured here"
            if keyless
            else "let it send HEPv3",
        )
    if not sender.kinds:
        return
    kinds = ", ".join(f"{number} {kind}" for kind, number in sender.kinds.most_common(5))
    agents = ", ".join(sorted(sender.agents)[:5])
    yield Finding(level="ok", subject=subject, message=f"agent {agents}: {kinds}")
    if sender.offset is not None and abs(sender.offset) > LARGE_OFFSET:
        ahead = "behind" if sender.offset > 0 else "ahead of"
        yield Finding(
            level="hint",
            subject=f"clock of {name}",
            message=f"{abs(sender.offset):.1f} s {ahead} ours; this is corrected for",
            remedy="keep both by NTP",
        )


def _of_traffic(seen: _Seen, settings: HepSettings) -> Iterator[Finding]:
    if not seen.methods:
        yield Finding(
            level="error",
            subject="SIP",
            message="no packet held a SIP message, so there are no calls to follow",
            remedy="let the capture agent send SIP (protocol type 1)",
        )
        return
    methods = ", ".join(f"{number} {method}" for method, number in seen.methods.most_common(8))
    yield Finding(level="ok", subject="SIP", message=f"messages by method: {methods}")
    servers = seen.servers.shown()
    if servers:
        how = "configured" if settings.servers else "learnt"
        yield Finding(level="ok", subject="servers", message=f"{how}: {', '.join(servers[:10])}")
    else:
        yield Finding(
            level="hint",
            subject="servers",
            message="none known: nobody answered a REGISTER meanwhile. Until then both ends of each message count as phones",
            remedy="name the PBX's and proxies' own addresses in `servers`",
        )
    if "OPTIONS" not in seen.methods:
        yield Finding(
            level="hint",
            subject="keepalives",
            message=f"no OPTIONS came meanwhile: a quiet office looks as if the server had died, so after {settings.silent_after:g} s "
            "without any message its agents are shown as unknown",
            remedy="let the server ask the phones more often than `silent_after` (Asterisk: `qualify_frequency` of the AORs), "
            "or make `silent_after` larger",
        )
    if seen.endpoints:
        message = f"{len(seen.endpoints)} of {len(settings.watch)} occurred meanwhile"
        yield Finding(level="ok", subject="endpoints", message=message)
    else:
        yield Finding(
            level="hint",
            subject="endpoints",
            message="none of the watched ones occurred meanwhile",
            remedy="compare `watch` with the users in the phones' own SIP accounts",
        )
