"""A morning of a PBX as HEPv3 packets: calls in and out through a B2BUA, registrations, OPTIONS; watched phones and others.

Written down from what an Asterisk with chan_pjsip and its phones send one another (headers and sizes alike), captured at
the PBX: so each call has two dialogs, each packet comes once.
"""

from __future__ import annotations

import itertools
import random
import socket
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple
from zlib import crc32

KEY = "benchmark"
DOMAIN = "pbx.example.org"
PBX, TRUNK = ("10.0.0.5", 5060), ("10.0.9.9", 5060)
PHONES = 500
WATCHED = range(200)
LAST = "999"
AT_ONCE = 50
"""Calls that go on at the same time."""

_HEP: Final = struct.Struct("!4sH")
_CHUNK: Final = struct.Struct("!HHH")
Place = tuple[str, int]
_SDP = (
    "v=0\r\no=- 1 {version} IN IP4 {host}\r\ns=call\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 11{port:03} RTP/AVP 8 0 9 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-16\r\na=ptime:20\r\na={direction}\r\n"
)
_AGENTS = "User-Agent: Phone/2.1 (bench)\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, UPDATE\r\nSupported: replaces, timer\r\n"


def number(phone: int) -> str:
    """Return a phone's extension."""
    return str(1_000 + phone)


def place(phone: int) -> Place:
    """Return where a phone is."""
    return f"10.1.{phone // 250}.{phone % 250 + 1}", 5060


def packet(source: Place, target: Place, message: bytes, at: float) -> bytes:
    """Return a SIP message as captured on its way, as a HEPv3 packet."""
    seconds = int(at)
    chunks = (
        (0x01, b"\x02"),
        (0x02, b"\x11"),
        (0x03, socket.inet_aton(source[0])),
        (0x04, socket.inet_aton(target[0])),
        (0x07, struct.pack("!H", source[1])),
        (0x08, struct.pack("!H", target[1])),
        (0x09, struct.pack("!I", seconds)),
        (0x0A, struct.pack("!I", int((at - seconds) * 1e6))),
        (0x0B, b"\x01"),
        (0x0C, struct.pack("!I", 2001)),
        (0x0E, KEY.encode()),
        (0x0F, message),
    )
    body = b"".join(_CHUNK.pack(0, kind, _CHUNK.size + len(data)) + data for kind, data in chunks)
    return _HEP.pack(b"HEP3", _HEP.size + len(body)) + body


class Dialog:
    """One dialog's messages: each method returns (from, to, message)."""

    def __init__(self, caller: Place, called: Place, from_: str, to: str, name: str) -> None:
        self._caller, self._called = caller, called
        self._from = f"<sip:{from_}@{DOMAIN}>;tag=f{name}"
        self._to = f"<sip:{to}@{DOMAIN}>"
        self._uri = f"sip:{to}@{called[0]}:{called[1]}"
        self._contacts = f"<sip:{from_}@{caller[0]}:{caller[1]}>", f"<sip:{to}@{called[0]}:{called[1]}>"
        self._name = name
        self._answered = ""
        self._cseq = itertools.count(1)
        self._number = 0
        self._port = crc32(name.encode()) % 1_000

    def request(
        self, method: str, *, direction: str | None = None, more: str = ""
    ) -> tuple[Place, Place, bytes]:
        """Return a request of the caller's; ``direction`` makes an SDP body."""
        if method not in ("ACK", "CANCEL"):
            self._number = next(self._cseq)
        return (
            self._caller,
            self._called,
            self._message(f"{method} {self._uri} SIP/2.0", method, direction, more),
        )

    def again(self) -> None:
        """Forget who answered: the next request is a new try."""
        self._answered = ""

    def response(
        self, status: str, method: str, *, direction: str | None = None, more: str = ""
    ) -> tuple[Place, Place, bytes]:
        """Return a response of the called's."""
        if not status.startswith("100"):
            self._answered = f";tag=t{self._name}"
        return self._called, self._caller, self._message(f"SIP/2.0 {status}", method, direction, more)

    def _message(self, first: str, method: str, direction: str | None, more: str) -> bytes:
        answers = first.startswith("SIP/2.0")
        body = ""
        if direction is not None:
            host = (self._called if answers else self._caller)[0]
            body = _SDP.format(version=self._number, host=host, port=self._port, direction=direction)
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{first}\r\nVia: SIP/2.0/UDP {self._caller[0]}:5060;rport;branch=z9hG4bK{self._name}{self._number}\r\n"
            f"From: {self._from}\r\nTo: {self._to}{self._answered}\r\nCall-ID: {self._name}@{self._caller[0]}\r\n"
            f"CSeq: {self._number} {method}\r\nContact: {self._contacts[answers]}\r\nMax-Forwards: 70\r\n"
            f"{_AGENTS}{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


Captured = tuple[Place, Place, bytes]
_CHALLENGE = (
    f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="1795444790/0f1e2d", algorithm=MD5, qop="auth"\r\n'
)
_PROOF = (
    f'Authorization: Digest username="101", realm="{DOMAIN}", nonce="1795444790/0f1e2d", uri="sip:{DOMAIN}",'
    ' response="6629fae49393a05397450978507c4ef1", algorithm=MD5, qop=auth, nc=00000001, cnonce="0a4f113b"\r\n'
)
_CALL = ("100 Trying", "180 Ringing")


def _both(first: Dialog, second: Dialog, rng: random.Random, *, holds: bool) -> Iterator[Captured]:
    """Yield a call through the PBX: ``second`` is set up by the INVITE of ``first``, which is out already."""
    yield first.response("100 Trying", "INVITE")
    yield second.request("INVITE", direction="sendrecv")
    for status in _CALL:
        yield second.response(status, "INVITE")
    yield first.response("180 Ringing", "INVITE")
    if rng.random() < 0.15:  # nobody answers
        yield first.request("CANCEL")
        yield first.response("200 OK", "CANCEL")
        yield first.response("487 Request Terminated", "INVITE")
        yield first.request("ACK")
        yield second.request("CANCEL")
        yield second.response("200 OK", "CANCEL")
        yield second.response("487 Request Terminated", "INVITE")
        yield second.request("ACK")
        return
    for dialog in (second, first):
        yield dialog.response("200 OK", "INVITE", direction="sendrecv")
        yield dialog.request("ACK")
    if holds:
        for direction, answer in (("sendonly", "recvonly"), ("sendrecv", "sendrecv")):
            yield first.request("INVITE", direction=direction)
            yield first.response("200 OK", "INVITE", direction=answer)
            yield first.request("ACK")
    for dialog in (first, second):
        yield dialog.request("BYE")
        yield dialog.response("200 OK", "BYE")


def _call_in(phone: int, name: str, rng: random.Random) -> Iterator[Captured]:
    caller = f"+7495{rng.randrange(10**7):07}"
    trunk = Dialog(TRUNK, PBX, caller, "74951112233", f"{name}a")
    yield trunk.request("INVITE", direction="sendrecv")
    inner = Dialog(PBX, place(phone), caller, number(phone), f"{name}b")
    yield from _both(trunk, inner, rng, holds=False)


def _call_out(phone: int, name: str, rng: random.Random) -> Iterator[Captured]:
    called = f"8495{rng.randrange(10**7):07}"
    own = Dialog(place(phone), PBX, number(phone), called, f"{name}a")
    yield own.request("INVITE", direction="sendrecv")
    yield own.response("401 Unauthorized", "INVITE", more=_CHALLENGE)
    yield own.request("ACK")
    own.again()
    yield own.request("INVITE", direction="sendrecv", more=_PROOF)
    trunk = Dialog(PBX, TRUNK, number(phone), called, f"{name}b")
    yield from _both(own, trunk, rng, holds=rng.random() < 0.2)


def _register(phone: int, name: str) -> Iterator[Captured]:
    dialog = Dialog(place(phone), PBX, number(phone), number(phone), f"{name}r")
    yield dialog.request("REGISTER", more="Expires: 300\r\n")
    yield dialog.response("401 Unauthorized", "REGISTER", more=_CHALLENGE)
    dialog.again()
    yield dialog.request("REGISTER", more=f"Expires: 300\r\n{_PROOF}")
    host, port = place(phone)
    contact = f"Contact: <sip:{number(phone)}@{host}:{port}>;expires=300\r\n"
    sender, target, message = dialog.response("200 OK", "REGISTER", more="Expires: 300\r\n")
    own = f"Contact: <sip:{number(phone)}@{PBX[0]}:{PBX[1]}>\r\n"
    yield sender, target, message.replace(own.encode(), contact.encode())


def _options(phone: int, name: str) -> Iterator[Captured]:
    dialog = Dialog(PBX, place(phone), "asterisk", number(phone), f"{name}o")
    yield dialog.request("OPTIONS")
    yield dialog.response("200 OK", "OPTIONS")


def _activities(rng: random.Random) -> Iterator[Iterator[Captured]]:
    for n in itertools.count():
        phone, name = rng.randrange(PHONES), f"{n:x}-{rng.getrandbits(64):016x}"
        yield (_call_in if rng.random() < 0.6 else _call_out)(phone, name, rng)
        if n % 4 == 0:
            yield _register(rng.randrange(PHONES), name)
        if n % 2 == 0:
            yield _options(rng.randrange(PHONES), name)


class Traffic(NamedTuple):
    """What is sent."""

    packets: list[bytes]
    answered: int
    """Legs of watched phones that are answered in it."""


def traffic(count: int, began: float, seed: int = 1) -> Traffic:
    """Return so many packets, and the call to :data:`LAST` that is the end."""
    rng = random.Random(seed)
    activities = _activities(rng)
    running = [next(activities) for _ in range(AT_ONCE)]
    found: list[bytes] = []
    answered: set[bytes] = set()
    watched = {place(phone) for phone in WATCHED}
    at = began
    while len(found) < count:
        n = rng.randrange(AT_ONCE)
        captured = next(running[n], None)
        if captured is None:
            running[n] = next(activities)
            continue
        at += 0.0001
        found.append(packet(*captured, at))
        source, target, message = captured
        if message.startswith(b"SIP/2.0 200") and b" INVITE\r\n" in message and watched & {source, target}:
            answered.add(message.partition(b"Call-ID: ")[2].partition(b"\r")[0])
    last = Dialog(PBX, ("10.1.9.9", 5060), "100", LAST, "last")
    found.append(packet(*last.request("INVITE", direction="sendrecv"), at))
    found.append(packet(*last.response("180 Ringing", "INVITE"), at))
    return Traffic(found, len(answered))
