"""A session and a scripted server in one hand, with time to pass by hand."""

from __future__ import annotations

import itertools

from adapters.sip.outputs import Count, Lost, Output, Reported, Send, Synchronised, Unknown, Up
from adapters.sip.peer import Peer
from adapters.sip.plan import Way, plan_of
from adapters.sip.session import SipSession
from adapters.sip.settings import parse
from adapters.sip.timeouts import Timeouts
from adapters.sip_messages.message import Request, Response
from adapters.sip_messages.message import parse as parse_message
from tests.adapters.sip.server import SECRET, USER, SipServer

PBX = "pbx.example.org"
ANNA, BORIS, CLARA = (f"sip:{number}@{PBX}" for number in (101, 102, 103))


class Talk:
    """``now`` (monotonic) and ``wall`` (our clock) run together."""

    def __init__(
        self,
        *,
        server: SipServer | None = None,
        timeouts: Timeouts | None = None,
        secret: str = SECRET,
        push_secret: str = "",
        begin: bool = True,
        adapts: bool = False,
        **options: object,
    ) -> None:
        self.server = server or SipServer()
        self.now = 100.0
        self.outputs: list[Output] = []
        self.sent: list[tuple[float, bytes, Peer]] = []
        self.deaf = False
        options = {"watch": [ANNA, BORIS], "username": USER, "registration": "none", "pace": 20, **options}
        if options.get("username") is not None:
            options["secret"] = secret
        settings = parse(
            {"id": "sip1", "adapter": "sip", "host": PBX, "listen": "198.51.100.7:5070", **options}
        )
        self.peer = Peer(settings.transport, self.server.host, self.server.port)
        way = Way(
            server=self.peer,
            local_host="198.51.100.7",
            local_port=5070,
            hosts=frozenset({self.server.host}),
            adapts=adapts,
        )
        numbers = itertools.count(1)
        plan = plan_of(settings, secret, push_secret, timeouts)
        self.session = SipSession(plan, way, lambda: f"x{next(numbers)}")
        self.session.start(self.now, self.wall)
        if begin:
            self.exchange()

    @property
    def wall(self) -> float:
        return 1_795_000_000.0 + self.now

    def collect(self) -> list[Send]:
        """Take the session's outputs; return what it sends."""
        sends = []
        for output in self.session.take_output():
            if isinstance(output, Send):
                self.sent.append((self.now, output.data, output.peer))
                sends.append(output)
            else:
                self.outputs.append(output)
        return sends

    def hear(self, *messages: bytes, peer: Peer | None = None) -> None:
        """The server says something; what we answer reaches it."""
        for message in messages:
            self.session.receive(message, peer or self.peer, self.now, self.wall)
        self.exchange()

    def exchange(self) -> None:
        """Carry messages to and fro until nothing is left to say."""
        while sends := self.collect():
            for send in sends:
                if self.deaf or send.peer.host != self.server.host:
                    continue
                self.server.now = self.now
                for message in self.server.receive(send.data):
                    self.session.receive(message, self.peer, self.now, self.wall)

    def wait(self, seconds: float) -> None:
        """Let time pass from deadline to deadline."""
        end = self.now + seconds
        while self.session.next_deadline() <= end:
            self.now = max(self.now, self.session.next_deadline())
            self.session.tick(self.now, self.wall)
            self.exchange()
        self.now = end

    def settle(self) -> None:
        """Let time pass until the first picture is complete."""
        for _ in range(2_000):
            if self.of(Synchronised) or self.lost:
                return
            self.wait(0.05)
        raise AssertionError("no first picture")

    def of(self, kind: type[Output]) -> list[Output]:
        return [output for output in self.outputs if isinstance(output, kind)]

    def reported(self) -> list[str]:
        return [output.endpoint for output in self.outputs if isinstance(output, Reported)]

    def unknown(self) -> list[str]:
        return [output.endpoint for output in self.outputs if isinstance(output, Unknown)]

    def counted(self, kind: str) -> int:
        return sum(one.number for one in self.of(Count) if one.kind == kind)

    def answers(self) -> list[Response]:
        """What we answered, wherever it went."""
        messages = (parse_message(data) for _, data, _ in self.sent)
        return [message for message in messages if isinstance(message, Response)]

    def requests(self, method: str = "SUBSCRIBE") -> list[tuple[float, Request]]:
        """Our requests with their times, repetitions included."""
        messages = ((at, parse_message(data)) for at, data, _ in self.sent)
        return [
            (at, message)
            for at, message in messages
            if isinstance(message, Request) and message.method == method
        ]

    @property
    def up(self) -> bool:
        return bool(self.of(Up))

    @property
    def lost(self) -> Lost | None:
        return next((output for output in self.outputs if isinstance(output, Lost)), None)
