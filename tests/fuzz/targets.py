"""What strangers' bytes reach first, each as a function of any bytes.

A target raises if anything but the documented error comes out, or if what came out is not what its callers may rely on. That time
and memory stay bounded is asserted by who calls it: :mod:`.__main__` (libFuzzer's limits), ``test_corpus.py`` (clock, tracemalloc).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import NamedTuple

from adapters.hep import framing as hep_framing
from adapters.hep.errors import BadPacket
from adapters.hep.errors import StreamBroken as HepStreamBroken
from adapters.hep.packets import INFLATED_LIMIT, SIP, Address, Packet, decode, encode
from adapters.hep.servers import Servers
from adapters.hep.translate import Translator
from adapters.hep.watching import Watched
from adapters.sip.bodies import BadBody, read
from adapters.sip.outputs import Send
from adapters.sip.peer import Peer
from adapters.sip.plan import Plan, Push, Way
from adapters.sip.session import SipSession
from adapters.sip.timeouts import Timeouts
from adapters.sip_messages import address, message, multipart, sdp, uri
from adapters.sip_messages import errors as sip_errors
from adapters.sip_messages.building import response
from adapters.sip_messages.digest import Challenge, Verifier, answer
from adapters.sip_messages.framing import Framer
from adapters.sip_messages.lexing import Unreadable
from adapters.sip_messages.limits import DATAGRAM_LIMIT, DEPTH_LIMIT, STREAM_MESSAGE_LIMIT
from monitor import events

HERE = Path(__file__).parent
TORTURE = HERE.parent / "adapters" / "sip_messages" / "rfc4475"
SEPARATOR = b"\n\0\n"
"""Between the messages of targets that take several."""


class Target(NamedTuple):
    """One thing to fuzz."""

    run: Callable[[bytes], None]
    largest: int = 4_096
    """Bytes of an input that the fuzzer makes."""
    seeds: tuple[Path, ...] = ()
    """Inputs besides those in the target's own corpus."""


# --- messages ----------------------------------------------------------------------------------------------------


def _told(found: message.Message) -> None:
    """Ask a message for everything."""
    for name, value in found.headers:
        value.encode()
        assert found.get(name) is not None
    for text in (
        found.call_id,
        found.cseq_method,
        found.from_.name or "",
        found.to.name or "",
        *found.record_routes,
    ):
        text.encode()
    for each in (found.from_, found.to, *found.contacts):
        each.uri.aor.encode()
        str(each.uri).encode()
    assert found.event is None or found.event[0]
    assert found.expires is None or 0 <= found.expires < 2**32
    asked = (found.via, found.contacts, found.content_type, found.content_parameters, found.tokens("allow"))
    assert None not in (asked[0], asked[1], asked[3], asked[4])


def run_message(data: bytes) -> None:
    """A datagram: any bytes are a message that can be used and answered, or BadMessage."""
    for lenient in (False, True):
        try:
            found: message.Request | message.Response | None = message.parse(data, lenient=lenient)
        except sip_errors.BadMessage as bad:
            found, status = bad.head, bad.status
        else:
            status = 200
        assert (found is None) == (status == 0)
        if found is None:
            continue
        _told(found)
        if isinstance(found, message.Request):
            _answered(found, status, strict=status == 200 and not lenient, size=len(data))


def _answered(request: message.Request, status: int, *, strict: bool, size: int) -> None:
    try:
        data = response(request, status, to_tag="t1", source=("192.0.2.1", 5060))
    except sip_errors.BuildError:
        assert size > DATAGRAM_LIMIT // 2
        return
    assert data.count(b"\r\n\r\n") == 1
    if strict:
        back = message.parse(data)
        assert isinstance(back, message.Response)
        assert (back.status, back.cseq, back.call_id) == (status, request.cseq, request.call_id)
        assert (back.from_, back.to.tag) == (request.from_, request.to.tag or "t1")
        assert [(via.host, via.branch) for via in back.via] == [(via.host, via.branch) for via in request.via]


def run_framing(data: bytes) -> None:
    """A stream: however it is cut, the same messages come out or the same end."""
    size, stream = (data[0] % 32 + 1 if data else 1), data[1:]
    results: list[tuple[str, int, list[bytes]]] = []
    for pieces in ([stream], [stream[start : start + size] for start in range(0, len(stream), size)]):
        framer = Framer()
        found: list[bytes] = []
        try:
            for piece in pieces:
                found += framer.receive(piece)
                assert framer.waiting <= STREAM_MESSAGE_LIMIT + len(piece)
        except sip_errors.StreamBroken as broken:
            results.append((broken.why, 0, []))
        else:
            results.append(("", framer.pings, found))
            assert sum(map(len, found)) + framer.waiting <= len(stream)
        for one in found:
            assert len(one) <= STREAM_MESSAGE_LIMIT
            with contextlib.suppress(sip_errors.BadMessage):
                message.parse(one)
    assert results[0] == results[1]


def run_address(data: bytes) -> None:
    """The value of a From, a Contact, a Via, or a URI alone."""
    text = data.decode(errors="replace")
    with contextlib.suppress(sip_errors.BadUri):
        found = uri.Uri.parse(text)
        assert uri.Uri.parse(found.aor).aor == found.aor
        if found.host:
            assert uri.Uri.parse(str(found)) == found
    for parse_all in (address.Address.parse_all, address.Via.parse_all):
        with contextlib.suppress(sip_errors.BadUri):
            assert parse_all([text])


def run_digest(data: bytes) -> None:
    """A challenge or an answer to one."""
    text = data.decode(errors="replace")
    assert Verifier("r", "u", "s").verify(text, "PUBLISH", "sip:h", 0.0) in {"wrong", "stale"}
    challenges = Challenge.parse_all(text.split("\n"))
    try:
        told = answer(challenges, "u", "s", "PUBLISH", "sip:h", "c", 1)
    except sip_errors.NoUsableChallenge:
        assert not any(challenge.usable for challenge in challenges)
        return
    chosen = next(challenge for challenge in challenges if challenge.usable)
    (back,) = Challenge.parse_all([told])
    assert (back.realm, back.nonce, back.opaque) == (chosen.realm, chosen.nonce, chosen.opaque)


def run_sdp(data: bytes) -> None:
    """A session description."""
    assert sdp.direction(data) in {None, "sendrecv", "sendonly", "recvonly", "inactive"}


def run_multipart(data: bytes) -> None:
    """A multipart body; its first line is the Content-Type."""
    kind, _, body = data.partition(b"\n")
    try:
        _, parameters = message.content_type(kind.decode(errors="replace"))
    except Unreadable:
        return
    _parts(parameters, body, 0)


def _parts(parameters: dict[str, str], body: bytes, depth: int) -> None:
    try:
        found = multipart.parts(parameters, body, depth=depth)
    except sip_errors.BadBody:
        return
    assert depth < DEPTH_LIMIT
    assert sum(len(part.body) for part in found) <= len(body)
    for part in found:
        assert part.content_type.count("/") == 1
        _parts(dict(part.content_parameters), part.body, depth + 1)


# --- bodies ------------------------------------------------------------------------------------------------------


def _body(content_type: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        """A body of this type tells something, or is BadBody."""
        with contextlib.suppress(BadBody):
            assert isinstance(read(content_type, {}, data), tuple)

    return run


def run_lists(data: bytes) -> None:
    """A list's body; its first line is the Content-Type's parameters."""
    kind, _, body = data.partition(b"\n")
    try:
        name, parameters = message.content_type(kind.decode(errors="replace"))
    except Unreadable:
        return
    with contextlib.suppress(BadBody):
        assert isinstance(read(name, parameters, body), tuple)


# --- captured packets --------------------------------------------------------------------------------------------


def run_hep(data: bytes) -> None:
    """A datagram, and a stream however it is cut."""
    with contextlib.suppress(BadPacket):
        packet = decode(data)
        assert len(packet.payload) <= max(len(data), INFLATED_LIMIT)
        if len(packet.payload) < len(data) and len(packet.source.host) == len(packet.destination.host) in {
            4,
            16,
        }:
            assert decode(encode(packet)).payload == packet.payload
    results: list[list[bytes] | None] = []
    size = data[-1] % 32 + 1 if data else 1
    for pieces in ([data], [data[start : start + size] for start in range(0, len(data), size)]):
        framer = hep_framing.Framer()
        found: list[bytes] = []
        try:
            for piece in pieces:
                found += framer.receive(piece)
                assert framer.waiting <= 65_535 + len(piece)
        except HepStreamBroken:
            results.append(None)
        else:
            results.append(found)
        for one in found:
            with contextlib.suppress(BadPacket):
                decode(one)
    assert results[0] == results[1]


SERVER = Address(b"\x7f\0\0\1", 5060)
PHONES = tuple(Address(b"\x7f\0\0\1", port) for port in (5071, 5072, 5073))
WATCHED = tuple(Watched(f"sip:{user}@127.0.0.1", user) for user in ("101", "102"))


def run_hep_calls(data: bytes) -> None:
    """Captured SIP messages: each begins with a byte that tells between whom it went, and how much later."""
    ids = count()
    skipped: list[str] = []
    translator = Translator("hep1", WATCHED, Servers(), lambda: f"{next(ids):08d}", skipped.append)
    now = 1_000.0
    told: list[events.Event] = []
    for piece in data.split(SEPARATOR)[:64]:
        how = piece[0] if piece else 0
        phone = PHONES[how % len(PHONES)]
        source, destination = (SERVER, phone) if how & 4 else (phone, SERVER)
        now += 4.0 ** (how >> 4)
        packet = Packet(source=source, destination=destination, type=SIP, payload=piece[1:])
        told += translator.sip(packet, 1e9 + now, now)
        told += translator.due(1e9 + now, now)
    told += translator.snapshot(1e9 + now)
    for event in told:
        assert events.decode(events.encode(event)) == event


# --- a session with a server --------------------------------------------------------------------------------------

LOOPBACK = "127.0.0.1"
PLAN = Plan(
    source="sip1",
    identity=f"sip:monitor@{LOOPBACK}",
    server=f"{LOOPBACK}:5060",
    watch=(f"sip:101@{LOOPBACK}", f"sip:102@{LOOPBACK}"),
    lists=(),
    kinds=("dialog", "presence"),
    expires=3_600,
    pace=20.0,
    username="monitor",
    secret="s",
    push=Push(username=None, secret="", networks=(ip_network("127.0.0.0/8"),)),
    timeouts=Timeouts(),
)
PEER = Peer("udp", LOOPBACK, 5060)
WAY = Way(server=PEER, local_host=LOOPBACK, local_port=5070, hosts=frozenset({LOOPBACK}))
OUTPUTS = 64
"""More than one datagram of any kind makes."""


def run_session(data: bytes) -> None:
    """What a server's address sends to a session that subscribes and takes pushed state.

    Each piece begins with a byte that tells how much later it comes. Tags and Call-IDs are counted up, so that the corpus can
    answer what the session asked.
    """
    tokens = count(1)
    session = SipSession(PLAN, WAY, lambda: f"t{next(tokens)}")
    now = 1_000.0
    session.start(now, 1e9)
    session.take_output()
    for piece in data.split(SEPARATOR)[:64]:
        now += (0.0, 0.1, 1.0, 3.0, 5.0, 60.0, 4_000.0, 0.01)[(piece[0] if piece else 0) & 7]
        session.tick(now, 1e9 + now)
        session.receive(piece[1:], PEER, now, 1e9 + now)
        assert session.next_deadline() >= now - 1.0
        outputs = session.take_output()
        assert len(outputs) < OUTPUTS
        for output in outputs:
            if isinstance(output, Send) and not output.data.startswith((b"SIP/2.0 4", b"SIP/2.0 5")):
                message.parse(output.data)


TARGETS: dict[str, Target] = {
    "message": Target(run_message, seeds=(TORTURE,)),
    "framing": Target(run_framing, seeds=(TORTURE,)),
    "address": Target(run_address, largest=512),
    "digest": Target(run_digest, largest=1_024),
    "sdp": Target(run_sdp, largest=1_024),
    "multipart": Target(run_multipart),
    "dialog_info": Target(_body("application/dialog-info+xml")),
    "pidf": Target(_body("application/pidf+xml")),
    "reginfo": Target(_body("application/reginfo+xml")),
    "feature_event": Target(_body("application/x-as-feature-event+xml")),
    "lists": Target(run_lists),
    "hep": Target(run_hep),
    "hep_calls": Target(run_hep_calls, largest=16_384),
    "session": Target(run_session, largest=16_384),
}


def inputs(name: str) -> list[Path]:
    """The files of a target's corpus and its other seeds."""
    directories = (HERE / "corpus" / name, *TARGETS[name].seeds)
    return [path for directory in directories for path in sorted(directory.iterdir())]
