"""Record what real servers send to a subscriber and to a capture server: fixtures for tests that need no server.

Run it as ``python -m tests.lab.record_sip`` after a change of the lab or with a newer server. The subscriber here is as
plain as can be and shares nothing with our adapters.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from tests.lab.asterisk import SECRET, Asterisk, SipWatcher
from tests.lab.kamailio import Kamailio
from tests.lab.office import office
from tests.lab.phones import (
    Behaviour,
    SippCaller,
    SippPhone,
    SippRegistration,
    hold,
    is_held,
    is_unheld,
    pause,
    unhold,
)
from tests.lab.process import free_port, wait_until

ADAPTERS = Path(__file__).parents[1] / "adapters"
ACCEPT = {
    "dialog": "application/dialog-info+xml",
    "list": "application/dialog-info+xml, application/rlmi+xml, multipart/related",
    "presence": "application/pidf+xml",
    "reg": "application/reginfo+xml",
}


class Socket:
    """A UDP socket on loopback, read by a thread of its own until it is closed."""

    def __init__(self, received: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._received = received
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self._open = True
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def send(self, text: str, to: tuple[str, int]) -> None:
        self._socket.sendto(text.encode(), to)

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()

    def _read(self) -> None:
        while self._open:
            try:
                data, peer = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            self._received(data, peer)


class Subscriber:
    """Keeps every message in a folder; subscribes to one event package of 101 (``list``: to a list of all), agrees to all that it is told."""

    def __init__(self, folder: Path, package: str, port: int = 0) -> None:
        self.messages: list[str] = []
        self._folder = folder / package
        self._folder.mkdir(parents=True)
        self._package = package
        self._user = "agents" if package == "list" else "101"
        self._server = ("127.0.0.1", port)
        self.socket = Socket(self._received)

    def subscribe(self, authorization: str = "", cseq: int = 1) -> None:
        own = f"127.0.0.1:{self.socket.port}"
        lines = [f"SUBSCRIBE {self._target} SIP/2.0"]
        lines += [f"Via: SIP/2.0/UDP {own};branch=z9hG4bK{secrets.token_hex(6)};rport", "Max-Forwards: 70"]
        lines += ["From: <sip:monitor@127.0.0.1>;tag=recorder", f"To: <sip:{self._user}@127.0.0.1>"]
        lines += [
            f"Call-ID: recorder-{self._package}",
            f"CSeq: {cseq} SUBSCRIBE",
            f"Contact: <sip:monitor@{own}>",
        ]
        event = "dialog" if self._package == "list" else self._package
        lines += ["Supported: eventlist"] * (self._package == "list")
        lines += [f"Event: {event}", f"Accept: {ACCEPT[self._package]}", "Expires: 600"]
        lines += [authorization] * bool(authorization)
        self.socket.send("\r\n".join([*lines, "Content-Length: 0", "", ""]), self._server)

    @property
    def _target(self) -> str:
        return f"sip:{self._user}@127.0.0.1:{self._server[1]}"

    def _received(self, data: bytes, peer: tuple[str, int]) -> None:
        text = data.decode()
        first = text.split("\r\n", 1)[0]
        self.messages.append(text)
        kind = first.split()[1] if first.startswith("SIP/2.0") else first.split()[0]
        (self._folder / f"{len(self.messages):02d}-{kind}.sip").write_bytes(data)
        if first.startswith("SIP/2.0 401"):
            self.subscribe(self._answer(text), cseq=2)
        elif not first.startswith("SIP/2.0"):
            self.socket.send(self._agree(text), peer)

    def _answer(self, text: str) -> str:
        """Answer the first challenge (RFC 7616)."""
        challenge = next(line for line in text.split("\r\n") if line.startswith("WWW-Authenticate"))
        realm, nonce = (_value(challenge, name) for name in ("realm", "nonce"))
        algorithm = _value(challenge, "algorithm") or "MD5"

        def digest(value: str) -> str:
            return hashlib.new("sha256" if algorithm == "SHA-256" else "md5", value.encode()).hexdigest()

        secret, request = digest(f"monitor:{realm}:{SECRET}"), digest(f"SUBSCRIBE:{self._target}")
        response = digest(f"{secret}:{nonce}:00000001:0a4f113b:auth:{request}")
        opaque = f', opaque="{_value(challenge, "opaque")}"' if "opaque" in challenge else ""
        return (
            f'Authorization: Digest username="monitor", realm="{realm}", nonce="{nonce}", uri="{self._target}", '
            f'response="{response}", algorithm={algorithm}, qop=auth, nc=00000001, cnonce="0a4f113b"{opaque}'
        )

    def _agree(self, text: str) -> str:
        wanted = re.findall(r"^(?:Via|From|Call-ID|CSeq): .*\r\n", text, re.MULTILINE)
        to = re.search(r"^To: (.*)\r\n", text, re.MULTILINE)
        tagged = to[1] if to and "tag=" in to[1] else f"{to[1] if to else ''};tag=recorder"
        if text.startswith("PUBLISH"):
            wanted += [f"SIP-ETag: {secrets.token_hex(4)}\r\n", "Expires: 3600\r\n"]
        return "".join(["SIP/2.0 200 OK\r\n", *wanted, f"To: {tagged}\r\nContent-Length: 0\r\n\r\n"])


def _value(challenge: str, name: str) -> str:
    found = re.search(rf'\b{name}="?([^",]*)', challenge)
    return found[1] if found else ""


class Story:
    """What happens to 101: registered, called from outside, held and holding, calling, unregistered."""

    def __init__(self, sip_port: int, ports: dict[str, int], directory: Path, *, proxy: bool) -> None:
        self._sip_port = sip_port
        self._directory = directory
        self._proxy = proxy
        self._registrations = {
            name: SippRegistration(sip_port, name, ports[name], directory) for name in ports
        }
        self._phones = {name: SippPhone(name, ports[name], directory) for name in ports}

    def happen(self) -> None:
        held = (pause(2), hold(), pause(0.5), unhold())  # a PBX keeps it to itself that the other side holds
        asked = (is_held(), is_unheld()) if self._proxy else held
        try:
            for registration in self._registrations.values():
                registration.register()
            holding = (pause(0.5), hold(), pause(0.5), unhold(), pause(60))
            self._phones["101"].behave(Behaviour(talking=holding))
            self._call("+74951230001", "101", *asked, pause(0.5))
            self._phones["102"].behave(Behaviour(talking=(*asked, pause(60))))
            self._call("101", "102", pause(0.5), hold(), pause(0.5), unhold(), pause(1))
            self._registrations["101"].unregister()
        finally:
            for phone in self._phones.values():
                phone.unplug()

    def _call(self, name: str, to: str, *steps: object) -> None:
        caller = SippCaller(self._sip_port, to, self._directory, name=name, talking=steps)  # type: ignore[arg-type]
        try:
            caller.wait()
        finally:
            caller.kill()


class Recording:
    """The folders that one server's recordings go to."""

    def __init__(self, server: str, packages: tuple[str, ...]) -> None:
        self._sip = ADAPTERS / "sip" / "recordings" / server
        self._hep = ADAPTERS / "hep" / "recordings" / f"{server}.hep"
        shutil.rmtree(self._sip, ignore_errors=True)
        self._hep.parent.mkdir(parents=True, exist_ok=True)
        self._packets: list[bytes] = []
        self._packages = packages
        self.capture = Socket(lambda data, _: self._packets.append(data))
        self.sockets = [self.capture]

    def subscriber(self, package: str, port: int = 0) -> Subscriber:
        one = Subscriber(self._sip, package, port)
        self.sockets.append(one.socket)
        return one

    def make(self, story: Story, port: int) -> None:
        """Subscribe, let the story happen and wait for its end to be told everywhere."""
        subscribers = [self.subscriber(package, port) for package in self._packages]
        for one in subscribers:
            one.subscribe()
            wait_until(lambda: any(m.startswith("NOTIFY") for m in one.messages), "the first NOTIFY")  # noqa: B023
        seen = [len(one.messages) for one in subscribers]
        story.happen()
        wait_until(
            lambda: all(
                len(one.messages) > before and re.search("terminated|closed", one.messages[-1])
                for one, before in zip(subscribers, seen, strict=True)
            ),
            "the story to end",
        )

    def close(self) -> None:
        for one in self.sockets:
            one.close()
        # Each begins with its length, so that they can stand one after the other as in a TCP stream.
        self._hep.write_bytes(b"".join(self._packets))


def record_asterisk() -> None:
    recording = Recording("asterisk-22", ("dialog", "presence", "list"))
    try:
        pushed = recording.subscriber("publish")
        configuration = office("", "101", "102", registers=True)
        configuration.sip = SipWatcher(publish_to=pushed.socket.port, hep_to=recording.capture.port)
        with Asterisk(configuration) as server:
            ports = {name: configuration.phones[name].port for name in ("101", "102")}
            recording.make(Story(server.sip_port, ports, server.directory, proxy=False), server.sip_port)
    finally:
        recording.close()


def record_kamailio() -> None:
    recording = Recording("kamailio-5.6", ("dialog", "reg", "presence"))
    try:
        with Kamailio(hep_to=recording.capture.port) as server:
            ports = {name: free_port() for name in ("101", "102")}
            recording.make(Story(server.sip_port, ports, server.directory, proxy=True), server.sip_port)
    finally:
        recording.close()


if __name__ == "__main__":
    record_asterisk()
    record_kamailio()
