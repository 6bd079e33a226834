"""Everything between the bytes that a capture agent sends and domain events, without I/O.

Who may send, with which key, whether the source is heard at all:

============  ===============================================================================================
listening     nothing came yet: SourceConnected was told, no Snapshot; nothing is known
up            packets come
lost          nothing came for ``silent_after``: what went on is not known. The next packet is a new beginning
============  ===============================================================================================
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

from adapters.hep.clock import SenderClocks
from adapters.hep.errors import BadPacket, OldVersion
from adapters.hep.packets import SIP, Packet, decode
from adapters.hep.settings import Network
from adapters.hep.translate import Translator
from monitor.events import Event, SourceConnected, SourceLost

SAID_LIMIT: Final = 1_000
"""Different things that are logged once each; further ones are only counted."""
REREAD: Final = 5.0
"""Seconds between two readings of the key while wrong keys come."""

Level = Literal["debug", "info", "warning", "error"]


class Log(Protocol):
    """Writes one structured log event."""

    def __call__(self, level: Level, event: str, **fields: Any) -> None:
        """Write it."""


class Gate:
    """Who may send: by address."""

    __slots__ = ("allows",)

    def __init__(self, networks: Sequence[Network]) -> None:
        @lru_cache(maxsize=4_096)
        def allows(host: str) -> bool:
            try:
                address = ipaddress.ip_address(host.partition("%")[0])
            except ValueError:
                return False
            mapped = getattr(address, "ipv4_mapped", None) or address
            return any(mapped in network for network in networks)

        self.allows: Callable[[str], bool] = allows


class Capture:
    """One source's packets. ``at`` is our wall clock, ``now`` monotonic."""

    def __init__(
        self,
        source: str,
        translator: Translator,
        gate: Gate,
        key: Callable[[], bytes | None],
        *,
        next_id: Callable[[], str],
        log: Log,
        skipped: Callable[[str], None],
        silent_after: float,
    ) -> None:
        self._source = source
        self._translator = translator
        self._gate = gate
        self._read_key = key
        self._key = key()
        self._read_at: float | None = None
        self._next_id = next_id
        self._log = log
        self._skipped = skipped
        self._silent_after = silent_after
        self._clocks = SenderClocks()
        self._state: Literal["listening", "up", "lost"] = "listening"
        self._heard = 0.0
        self._heard_at = 0.0
        self._where = ""
        self._said: set[tuple[str, str]] = set()
        self._servers = 0

    # --- in --------------------------------------------------------------------------------------------

    def listening(self, where: str, at: float) -> list[Event]:
        """We listen from now on."""
        self._state, self._where = "listening", where
        self._translator.forget()
        self._log("info", "source_listening", address=where)
        return [self._connected(f"listens on {where}; nothing was captured yet", at)]

    def admits(self, sender: str) -> bool:
        """Whether a sender's packets are taken; counted if not."""
        if self._gate.allows(sender):
            return True
        self._skip(
            "not_allowed", sender, remedy="name its network in `allow` if it is a capture agent of yours"
        )
        return False

    def receive(self, data: bytes, sender: str, now: float, at: float) -> list[Event]:
        """Take one datagram, or one packet of a stream, that arrived now."""
        if not self.admits(sender):
            return []
        try:
            packet = decode(data)
        except OldVersion as error:
            remedy = 'let the capture agent send HEPv3 (Kamailio: `modparam("siptrace", "hep_version", 3)`)'
            self._skip("old_version", sender, version=error.version, remedy=remedy)
            return []
        except BadPacket as error:
            self._skip("bad_packet", sender, why=error.why)
            return []
        if not self._authentic(packet, sender, now):
            return []
        events = self._up(now, at) if self._state != "up" else []
        self._heard, self._heard_at = now, at
        if packet.type != SIP:
            self._skipped("not_sip")
            return events
        captured = self._clocks.time_of((sender, packet.agent), packet.stamp, at)
        events += self._translate(packet, captured, now)
        return events

    def broken(self, sender: str, why: str) -> None:
        """A stream could not be followed."""
        self._skip("broken_stream", sender, why=why)

    def tick(self, now: float, at: float) -> list[Event]:
        """Return what the mere passing of time means."""
        if self._state != "up":
            return []
        if now - self._heard >= self._silent_after:
            return [self._silent()]
        due = self._translator.next_due()
        return self._translator.due(now, at) if due is not None and due <= now else []

    def next_due(self) -> float | None:
        """Return when :meth:`tick` has something to do if nothing comes until then (monotonic)."""
        if self._state != "up":
            return None
        silent = self._heard + self._silent_after
        due = self._translator.next_due()
        return silent if due is None else min(silent, due)

    def snapshot(self, at: float) -> list[Event]:
        """Return all that is known; nothing while nothing is."""
        return self._translator.snapshot(at) if self._state == "up" else []

    # --- one packet ------------------------------------------------------------------------------------

    def _authentic(self, packet: Packet, sender: str, now: float) -> bool:
        key = self._key
        if key is None or same_key(packet.key, key):
            return True
        if self._read_at is None or now - self._read_at >= REREAD:
            self._read_at = now
            self._key = key = self._read_key()
            if key is None or same_key(packet.key, key):
                return True
        kind = "key_missing" if packet.key is None else "key_wrong"
        remedy = "give the capture agent the key that is configured here (Asterisk: `capture_password` in hep.conf)"
        self._skip(kind, sender, remedy=remedy)
        return False

    def _translate(self, packet: Packet, at: float, now: float) -> list[Event]:
        try:
            events = self._translator.sip(packet, at, now)
        except Exception as error:  # noqa: BLE001 - one message, however odd, must not cost the source
            self._skipped("untranslatable")
            self._say("error", "untranslatable", type(error).__name__, error=repr(error))
            return []
        servers = self._translator.servers
        if servers.learnt != self._servers:
            self._servers = servers.learnt
            self._log("info", "server_learnt", servers=servers.shown())
        return events

    def _up(self, now: float, at: float) -> list[Event]:
        """The first packet, or the first after a silence."""
        del now
        if self._state == "lost":
            self._translator.forget()
        self._state = "up"
        self._log("info", "source_synchronised")
        return [self._connected(f"listens on {self._where}", at), *self._translator.snapshot(at)]

    def _silent(self) -> Event:
        self._state = "lost"
        reason = f"nothing captured for {self._silent_after:.0f} s"
        self._log(
            "warning", "source_lost", reason=reason, remedy="see that the capture agents run and reach us"
        )
        return SourceLost(source=self._source, at=self._heard_at, id=self._next_id(), reason=reason)

    def _connected(self, detail: str, at: float) -> Event:
        return SourceConnected(source=self._source, at=at, id=self._next_id(), version="HEPv3", detail=detail)

    # --- saying ----------------------------------------------------------------------------------------

    def _skip(self, kind: str, sender: str, **fields: Any) -> None:
        """Count what is not taken; say it once of each sender."""
        self._skipped(kind)
        self._say("warning", f"skipped_{kind}", sender, sender=sender, **fields)

    def _say(self, level: Level, event: str, about: str, **fields: Any) -> None:
        if (event, about) not in self._said and len(self._said) < SAID_LIMIT:
            self._said.add((event, about))
            self._log(level, event, **fields)


def same_key(told: bytes | None, key: bytes) -> bool:
    """Whether a packet has the key; takes as long whatever is wrong with it."""
    return told is not None and hmac.compare_digest(told, key)
