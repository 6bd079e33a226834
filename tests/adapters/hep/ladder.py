"""Ladders of SIP messages as a capture agent sees them, and what the translator tells of them in short words.

office = Office(servers=[PBX])
call = Leg("101", "102", src=ANNA, dst=PBX)
office.play(call.invite(), call.reply(100), call.reply(180), call.reply(200), call.ack(), call.bye(), call.reply(200))
assert office.story == ["started 101 outbound 102", "idle 101", "answered 101", "ended 101: hung up"]
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from adapters.hep.packets import Address, Packet
from adapters.hep.servers import Servers
from adapters.hep.translate import Translator
from adapters.hep.watching import Watched
from monitor import events as ev
from monitor.events import Event, EventIds

DOMAIN = "pbx.example.org"
START = 1_795_435_200.0
STEP = 0.1


def address(text: str) -> Address:
    host, _, port = text.partition(":")
    return Address(socket.inet_aton(host), int(port or 5060))


PBX, PROXY = "10.0.0.5:5060", "10.0.0.6:5060"
ANNA, BORIS, CLARA = "10.0.1.101:5061", "10.0.1.102:5062", "10.0.1.103:5063"
PHONES = {"101": ANNA, "102": BORIS, "103": CLARA}


@dataclass(frozen=True)
class Step:
    """One message on one hop."""

    source: str
    destination: str
    payload: bytes

    def packet(self, stamp: float) -> Packet:
        return Packet(
            source=address(self.source),
            destination=address(self.destination),
            stamp=stamp,
            payload=self.payload,
        )


def sdp(direction: str = "sendrecv") -> bytes:
    return (
        "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
        f"m=audio 4000 RTP/AVP 8\r\na={direction}\r\n"
    ).encode()


def message(start: str, headers: Sequence[tuple[str, str]], body: bytes = b"") -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Leg:
    """One dialog on one hop, from the caller's side (``src``) to the callee's (``dst``)."""

    caller: str
    callee: str
    src: str
    dst: str
    call: str = "call-1"
    caller_tag: str = "a"
    callee_tag: str = "b"
    uri: str | None = None
    via: tuple[str, ...] = ()
    """Via values below the hop's own."""
    name: str = "z9hG4bK"
    domain: str = DOMAIN
    cseq: int = 1
    back_cseq: int = 100
    _last: dict[str, object] = field(default_factory=dict)
    _branches: int = 0

    # --- requests ---

    def invite(self, *, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None) -> Step:
        """An INVITE that begins the call; again with the next CSeq."""
        if "INVITE" in self._last:
            self.cseq += 1
        return self.request("INVITE", tag=False, headers=headers, body=sdp() if body is None else body)

    def ack(self, *, refused: bool = False) -> Step:
        """The ACK: of a 2xx, with a branch of its own, or of a refusal."""
        branch = str(self._last["branch INVITE"]) if refused else None
        return self.request("ACK", branch=branch)

    def cancel(self, *, headers: Iterable[tuple[str, str]] = ()) -> Step:
        return self.request("CANCEL", tag=False, branch=str(self._last["branch INVITE"]), headers=headers)

    def bye(self, *, back: bool = False) -> Step:
        return self.next("BYE", back=back)

    def reinvite(self, direction: str | None, *, back: bool = False) -> Step:
        return self.next("INVITE", back=back, body=b"" if direction is None else sdp(direction))

    def update(self, direction: str, *, back: bool = False) -> Step:
        return self.next("UPDATE", back=back, body=sdp(direction))

    def next(
        self, method: str, *, back: bool = False, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()
    ) -> Step:
        """A request within the dialog, of the callee if ``back``."""
        if back:
            self.back_cseq += 1
        else:
            self.cseq += 1
        return self.request(method, back=back, body=body, headers=headers)

    def request(
        self,
        method: str,
        *,
        back: bool = False,
        tag: bool = True,
        branch: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Step:
        source, destination = (self.dst, self.src) if back else (self.src, self.dst)
        if branch is None:
            self._branches += 1
            branch = f"{self.name}-{self.call}-{self.src}-{self.dst}-{self._branches}"
        caller = f"<sip:{self.caller}@{self.domain}>;tag={self.caller_tag}"
        callee = f"<sip:{self.callee}@{self.domain}>" + (f";tag={self.callee_tag}" if tag else "")
        uri = self.uri or f"sip:{self.callee}@{self.domain}"
        if back:
            caller, callee, uri = callee, caller, f"sip:{self.caller}@{self.src}"
        common = [
            ("Via", f"SIP/2.0/UDP {source};branch={branch}"),
            *(("Via", one) for one in self.via),
            ("From", caller),
            ("To", callee),
            ("Call-ID", self.call),
            ("CSeq", f"{self.back_cseq if back else self.cseq} {method}"),
        ]
        self._last = self._last | {
            method: (common, source, destination),
            f"branch {method}": branch,
            "any": method,
        }
        contact = [("Contact", f"<sip:{self.caller}@{source}>")] if method == "INVITE" else []
        start = f"{method} {uri} SIP/2.0"
        return Step(source, destination, message(start, [*common, *contact, *headers], body))

    # --- responses ---

    def reply(
        self,
        status: int,
        method: str | None = None,
        *,
        body: bytes = b"",
        tag: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Step:
        """The answer to the last request, or to the last one of a method."""
        common, source, destination = self._last[method or str(self._last["any"])]  # type: ignore[misc]
        told = []
        for name, value in common:
            tagged = name == "To" and status > 100 and "tag=" not in value
            told.append((name, f"{value};tag={tag or self.callee_tag}" if tagged else value))
        return Step(destination, source, message(f"SIP/2.0 {status} Reason", [*told, *headers], body))


def register(
    user: str,
    src: str,
    dst: str = PBX,
    *,
    contacts: Sequence[str] = (),
    status: int = 200,
    cseq: int = 1,
    call: str | None = None,
    expires: int | None = None,
    domain: str = DOMAIN,
) -> tuple[Step, Step]:
    """A REGISTER and its answer, which lists ``contacts``."""
    common = [
        ("Via", f"SIP/2.0/UDP {src};branch=z9hG4bK-reg-{user}-{src}-{cseq}-{call}"),
        ("From", f"<sip:{user}@{domain}>;tag=r"),
        ("To", f"<sip:{user}@{domain}>"),
        ("Call-ID", call or f"reg-{user}"),
        ("CSeq", f"{cseq} REGISTER"),
    ]
    ask = message(f"REGISTER sip:{domain} SIP/2.0", [*common, ("Contact", f"<sip:{user}@{src}>")])
    told = [("Contact", one) for one in contacts] if status == 200 else []
    told += [("Expires", str(expires))] if expires is not None else []
    answer = message(f"SIP/2.0 {status} Reason", [*common, *told])
    return Step(src, dst, ask), Step(dst, src, answer)


class Office:
    """A translator, and what it told."""

    def __init__(
        self,
        servers: Iterable[str] = (PBX,),
        watch: Iterable[str] = ("101", "102", "103"),
        *,
        silence: float = 14_400.0,
    ) -> None:
        self.watch = [Watched(f"sip:{one}@{DOMAIN}" if one.isdigit() else one, one) for one in watch]
        self.skipped: Counter[str] = Counter()
        self.events: list[Event] = []
        self.at = START
        places = [address(one) for one in servers]
        self.translator = Translator(
            "pbx",
            self.watch,
            Servers([(one.host, one.port) for one in places]),
            EventIds(1),
            lambda kind: self.skipped.update([kind]),
            silence=silence,
        )

    def play(self, *steps: Step, at: float | None = None) -> list[str]:
        """Let messages be captured, one after the other; return what that told."""
        before = len(self.events)
        for step in steps:
            self.at = self.at + STEP if at is None else at
            self.due()
            self.events += self.translator.sip(step.packet(self.at), self.at, self.at)
        return words(self.events[before:])

    def wait(self, seconds: float) -> list[str]:
        """Let time pass."""
        before = len(self.events)
        self.at += seconds
        self.due()
        return words(self.events[before:])

    def due(self) -> None:
        while (due := self.translator.next_due()) is not None and due <= self.at:
            told = self.translator.due(self.at, self.at)
            self.events += told
            if not told and self.translator.next_due() == due:
                break

    @property
    def story(self) -> list[str]:
        return words(self.events)

    def snapshot(self) -> tuple[ev.Snapshot, list[Event]]:
        first, *rest = self.translator.snapshot(self.at)
        assert isinstance(first, ev.Snapshot)
        return first, rest

    def legs(self) -> list[str]:
        """The legs that go on: endpoint, direction, state, party."""
        snapshot, held = self.snapshot()
        held_legs = {one.leg for one in held if isinstance(one, ev.LegHeld)}
        return sorted(
            f"{user(leg.endpoint)} {leg.direction} {'held' if leg.leg in held_legs else leg.state} {leg.party}"
            for leg in snapshot.legs or ()
        )

    def states(self) -> dict[str, str]:
        """What each endpoint is, as a whole."""
        return {str(one.name): one.state for one in self.snapshot()[0].endpoints}


def user(endpoint: str) -> str:
    return endpoint.removeprefix("sip:").partition("@")[0]


def words(events: Iterable[Event]) -> list[str]:
    """What events tell, in short."""
    told = []
    for event in events:
        match event:
            case ev.LegStarted():
                told.append(f"started {user(event.endpoint)} {event.direction} {event.party}")
            case ev.LegRinging() | ev.LegAnswered() | ev.LegHeld() | ev.LegResumed():
                told.append(f"{type(event).__name__.removeprefix('Leg').lower()} {user(event.leg)}")
            case ev.LegEnded():
                told.append(f"ended {user(event.leg)}: {event.cause}")
            case ev.EndpointStateChanged():
                told.append(f"{event.state} {user(event.endpoint)}")
            case ev.EndpointReachable():
                told.append(f"reachable {user(event.endpoint)}")
            case ev.EndpointUnreachable():
                told.append(f"unreachable {user(event.endpoint)}")
            case _:
                told.append(type(event).__name__)
    return told
