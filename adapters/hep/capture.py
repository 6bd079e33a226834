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
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from adapters.common.places import Network, within
from adapters.hep.clock import SenderClocks
from adapters.hep.errors import BadPacket, OldVersion
from adapters.hep.notices import Log, Notices
from adapters.hep.packets import SIP, Packet, decode
from adapters.hep.translate import Translator
from monitor.events import Event, SourceConnected, SourceLost

REREAD: Final = 5.0
"""Seconds between two readings of the key while wrong keys come."""


class Gate:
    """Who may send: by address."""

    __slots__ = ("allows",)

    def __init__(self, networks: Sequence[Network]) -> None:
        @lru_cache(maxsize=4_096)
        def allows(host: str) -> bool:
            return within(host, networks)

        self.allows: Callable[[str], bool] = allows


class Capture:
    """One source's packets. ``at`` is our clock, for what is told; ``now`` is monotonic, for what is due."""

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
        self._heard_now = 0.0
        """When a packet was taken last, monotonic; likewise by our clock."""
        self._heard_at = 0.0
        self._where = ""
        self._notices = Notices(log)
        self._servers = 0

    # --- in --------------------------------------------------------------------------------------------

    def listening(self, where: str, at: float) -> list[Event]:
        """We listen from now on."""
        self._state, self._where = "listening", where
        self._translator.forget()
        self._notices.begin_anew()
        self._log("info", "source_listening", address=where)
        return [self._connected(f"listens on {where}; nothing was captured yet", at)]

    def admits(self, sender: str, now: float) -> bool:
        """Whether anything of a sender's is to be received at all; counted if not."""
        if self._gate.allows(sender):
            return True
        remedy = "name its network in `allow` if it is a capture agent of yours"
        self._skip("not_allowed", sender, now, remedy=remedy)
        return False

    def receive(self, data: bytes, sender: str, at: float, now: float) -> list[Event]:
        """Take one datagram, or one packet of a stream, that arrived now. The sender was admitted."""
        try:
            packet = decode(data)
        except OldVersion as error:
            remedy = 'let the capture agent send HEPv3 (Kamailio: `modparam("siptrace", "hep_version", 3)`)'
            self._skip("old_version", sender, now, version=error.version, remedy=remedy)
            return []
        except BadPacket as error:
            self._skip("bad_packet", sender, now, why=error.why)
            return []
        if not self._authentic(packet, sender, now):
            return []
        events = self._up(at) if self._state != "up" else []
        self._heard_now, self._heard_at = now, at
        if packet.type != SIP:
            self._skipped("not_sip")
            return events
        captured = self._clocks.time_of((sender, packet.agent), packet.stamp, at)
        events += self._translate(packet, captured, now)
        return events

    def broken(self, sender: str, why: str, now: float) -> None:
        """A stream could not be followed."""
        self._skip("broken_stream", sender, now, why=why)

    def tick(self, at: float, now: float) -> list[Event]:
        """Return what the mere passing of time means."""
        if self._state != "up":
            return []
        if now - self._heard_now >= self._silent_after:
            return [self._silent()]
        due = self._translator.next_due()
        return self._translator.due(at, now) if due is not None and due <= now else []

    def next_due(self) -> float | None:
        """Return when :meth:`tick` has something to do if nothing comes until then (monotonic)."""
        if self._state != "up":
            return None
        silent = self._heard_now + self._silent_after
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
        self._skip(kind, sender, now, remedy=remedy)
        return False

    def _translate(self, packet: Packet, at: float, now: float) -> list[Event]:
        try:
            events = self._translator.sip(packet, at, now)
        except Exception as error:  # noqa: BLE001 - one message, however odd, must not cost the source
            self._skipped("untranslatable")
            self._notices.failed("untranslatable", error, now)
            return []
        servers = self._translator.servers
        if servers.learnt != self._servers:
            self._servers = servers.learnt
            self._log("info", "server_learnt", servers=servers.shown())
        return events

    def _up(self, at: float) -> list[Event]:
        """The first packet, or the first after a silence."""
        if self._state == "lost":
            self._translator.forget()
        self._state = "up"
        self._notices.begin_anew()
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

    def _skip(self, kind: str, sender: str, now: float, **fields: Any) -> None:
        """Count what is not taken, and tell the log of it."""
        self._skipped(kind)
        self._notices.refused(f"skipped_{kind}", sender, now, **fields)


def same_key(told: bytes | None, key: bytes) -> bool:
    """Whether a packet has the key; takes as long whatever is wrong with it."""
    return told is not None and hmac.compare_digest(told, key)
