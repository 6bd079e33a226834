"""A SIP server in a process of its own: as many phones as wanted, `dialog` subscriptions behind digest, changes at a rate.

It answers OPTIONS, challenges each SUBSCRIBE once (RFC 7616, MD5, checked to the last digit), grants it and tells the
phone's state in full; then it tells changes at the rate that it is asked for. A NOTIFY that isn't answered is sent again
and counted. It is written for speed, not as a model: what is measured is its client.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import uvloop

USER, SECRET, REALM, NONCE = "monitor", "benchmark", "bench", "5f3c9a"
T1 = 0.5
EXPIRES = 3_600
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "o": "event"}
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
_TAG = re.compile(r";\s*tag=([^;\s]+)")
_URI = re.compile(r"<([^>]+)>|^\s*([^;\s]+)")

Address = tuple[str, int]


class Figures(NamedTuple):
    """What the server counted."""

    subscriptions: int
    notified: int
    answered: int
    sent_again: int
    changed: int
    """Changes told since :meth:`Control.tell` began."""


class _Subscription:
    """One phone's: the notifier's side of the dialog."""

    __slots__ = (
        "call_id",
        "contact",
        "cseq",
        "local",
        "number",
        "peer",
        "phase",
        "remote",
        "target",
        "version",
    )

    def __init__(self, number: str, local: str, remote: str, call_id: str) -> None:
        self.number = number
        self.local, self.remote, self.call_id = local, remote, call_id
        self.target = ""
        self.peer: Address = ("", 0)
        self.cseq = 0
        self.version = -1
        self.phase = 0


class _Server(asyncio.DatagramProtocol):
    """Everything happens in the order of arrival, in one event loop."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, _Subscription] = {}
        """By Call-ID."""
        self.unanswered: dict[str, tuple[float, float, bytes, Address]] = {}
        """By branch: when to send again, the wait after that, what and where."""
        self.notified = self.answered = self.sent_again = self.changed = 0
        self._branches = itertools.count()
        self._transport: Any = None
        self._at = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        host, port = transport.get_extra_info("sockname")[:2]
        self._at = f"{host}:{port}"

    def datagram_received(self, data: bytes, addr: Any) -> None:
        head, _, _ = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            headers.setdefault(_COMPACT.get(name, name), value.strip())
        if first.startswith("SIP/2.0"):
            self._answer_came(first, headers)
        elif first.startswith("SUBSCRIBE "):
            self._subscribe(first.split(" ")[1], headers, addr)
        elif first.startswith("OPTIONS "):
            self._respond(headers, addr, "200 OK", "Allow: OPTIONS, SUBSCRIBE, NOTIFY\r\n", "options")
        elif not first.startswith("ACK "):
            raise RuntimeError(f"what is this client doing: {first}")

    def _answer_came(self, first: str, headers: dict[str, str]) -> None:
        branch = headers["via"].partition("branch=")[2].partition(";")[0]
        if self.unanswered.pop(branch, None) is None:
            return
        self.answered += 1
        if " 200 " not in first:
            raise RuntimeError(f"a NOTIFY was answered {first!r}")

    # --- subscriptions -----------------------------------------------------------------------------------

    def _subscribe(self, uri: str, headers: dict[str, str], peer: Address) -> None:
        if not self._is_right(uri, headers.get("authorization", "")):
            challenge = (
                f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5, qop="auth"\r\n'
            )
            self._respond(headers, peer, "401 Unauthorized", challenge, "challenge")
            return
        call_id = headers["call-id"]
        subscription = self.subscriptions.get(call_id)
        number = uri.partition(":")[2].partition("@")[0]
        if subscription is None:
            to = headers["to"]
            local = to if _TAG.search(to) else f"{to};tag=s{number}"
            subscription = _Subscription(number, local, headers["from"], call_id)
            self.subscriptions[call_id] = subscription
        contact = _URI.search(headers["contact"])
        if contact is None:
            raise RuntimeError(f"no URI in Contact: {headers['contact']}")
        subscription.target = contact[1] or contact[2]
        subscription.peer = peer
        granted = min(int(headers.get("expires", EXPIRES)), EXPIRES)
        tag = _TAG.search(subscription.local)
        more = f"Expires: {granted}\r\nContact: <sip:{self._at}>\r\n"
        self._respond(headers, peer, "200 OK", more, tag[1] if tag else "")
        if granted:
            self._notify(subscription, self._full(subscription), granted)
        else:
            del self.subscriptions[call_id]

    @staticmethod
    def _is_right(uri: str, authorization: str) -> bool:
        said = {name: quoted or plain for name, quoted, plain in _PARAMETER.findall(authorization)}
        if said.get("nonce") != NONCE or said.get("username") != USER:
            return False
        ha1 = md5(f"{USER}:{REALM}:{SECRET}".encode()).hexdigest()
        ha2 = md5(f"SUBSCRIBE:{said['uri']}".encode()).hexdigest()
        proof = md5(f"{ha1}:{NONCE}:{said['nc']}:{said['cnonce']}:auth:{ha2}".encode()).hexdigest()
        return proof == said["response"] and said["uri"].partition("@")[0] == uri.partition("@")[0]

    # --- state -------------------------------------------------------------------------------------------

    def tell_a_change(self, subscription: _Subscription) -> None:
        """Let the phone ring, then talk, then hang up, and so on: each is a change of its agent's state."""
        phase = subscription.phase
        state = ("early", "confirmed", "terminated")[phase % 3]
        self._notify(subscription, self._dialog_info(subscription, "partial", phase // 3, state), EXPIRES)
        subscription.phase = phase + 1
        self.changed += 1

    def _full(self, subscription: _Subscription) -> str:
        call, phase = divmod(subscription.phase, 3)
        return self._dialog_info(subscription, "full", call, (None, "early", "confirmed")[phase])

    @staticmethod
    def _dialog_info(subscription: _Subscription, kind: str, call: int, state: str | None) -> str:
        subscription.version += 1
        number = subscription.number
        dialog = ""
        if state is not None:
            dialog = (
                f'<dialog id="d{call}" call-id="c{number}-{call}@bench" local-tag="l{call}" remote-tag="r{call}"'
                f' direction="recipient"><state>{state}</state>'
                f"<local><identity>sip:{number}@bench</identity></local>"
                f'<remote><identity display="Caller {call}">sip:+7495{number}@bench</identity></remote></dialog>'
            )
        return (
            '<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info"'
            f' version="{subscription.version}" state="{kind}" entity="sip:{number}@bench">{dialog}</dialog-info>\n'
        )

    # --- messages ----------------------------------------------------------------------------------------

    def _notify(self, subscription: _Subscription, body: str, expires: int) -> None:
        subscription.cseq += 1
        branch = f"z9hG4bKn{next(self._branches)}"
        data = (
            f"NOTIFY {subscription.target} SIP/2.0\r\nVia: SIP/2.0/UDP {self._at};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: {subscription.local}\r\nTo: {subscription.remote}\r\n"
            f"Call-ID: {subscription.call_id}\r\nCSeq: {subscription.cseq} NOTIFY\r\nContact: <sip:{self._at}>\r\n"
            f"Event: dialog\r\nSubscription-State: active;expires={expires}\r\n"
            f"Content-Type: application/dialog-info+xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self.notified += 1
        self.unanswered[branch] = (time.monotonic() + T1, 2 * T1, data, subscription.peer)
        self._transport.sendto(data, subscription.peer)

    def send_again(self) -> None:
        """Send what was not answered in time."""
        now = time.monotonic()
        for branch, (due, wait, data, peer) in list(self.unanswered.items()):
            if due <= now:
                self.sent_again += 1
                self.unanswered[branch] = (now + wait, min(2 * wait, 4.0), data, peer)
                self._transport.sendto(data, peer)

    def _respond(self, headers: dict[str, str], peer: Address, status: str, more: str, tag: str) -> None:
        to = headers["to"]
        if not _TAG.search(to):
            to = f"{to};tag={tag}"
        self._transport.sendto(
            (
                f"SIP/2.0 {status}\r\nVia: {headers['via']}\r\nFrom: {headers['from']}\r\nTo: {to}\r\n"
                f"Call-ID: {headers['call-id']}\r\nCSeq: {headers['cseq']}\r\n{more}Content-Length: 0\r\n\r\n"
            ).encode(),
            peer,
        )


async def _run(pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(_Server, ("127.0.0.1", 0))
    pipe.send(transport.get_extra_info("sockname")[1])
    telling: asyncio.Task[None] | None = None

    async def again() -> None:
        while True:
            await asyncio.sleep(T1 / 5)
            server.send_again()

    async def tell(rate: float) -> None:
        began, turns = loop.time(), itertools.cycle(list(server.subscriptions.values()))
        for n in itertools.count():
            if (left := began + n / rate - loop.time()) > 0:
                await asyncio.sleep(left)
            server.tell_a_change(next(turns))

    repeating = asyncio.create_task(again())
    while (rate := await loop.run_in_executor(None, pipe.recv)) is not None:
        if telling is not None:
            telling.cancel()
        telling = asyncio.create_task(tell(rate)) if rate > 0 else None
        pipe.send(
            Figures(
                len(server.subscriptions), server.notified, server.answered, server.sent_again, server.changed
            )
        )
    repeating.cancel()
    transport.close()


def _serve(pipe: Connection) -> None:
    uvloop.run(_run(pipe))


class Control:
    """The measuring process's hand on the server."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.port: int = pipe.recv()

    def tell(self, per_second: float) -> Figures:
        """Tell changes at this rate from now on (0: none); return what was counted until now."""
        self._pipe.send(per_second)
        figures: Figures = self._pipe.recv()
        return figures


@contextmanager
def serving() -> Iterator[Control]:
    """Run such a server."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Control(ours)
        ours.send(None)
        process.join(10)
    finally:
        process.terminate()
        process.join()
