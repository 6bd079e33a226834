"""A small SIP server by script, without sockets: what tests let it say, and what it was asked."""

from __future__ import annotations

import itertools
from collections import Counter

from adapters.sip_messages.building import request, response
from adapters.sip_messages.digest import Verifier
from adapters.sip_messages.message import Request, Response, parse

USER, SECRET = "monitor", "s3cret"
DIALOG_INFO = "application/dialog-info+xml"
TYPES = {
    "dialog": DIALOG_INFO,
    "reg": "application/reginfo+xml",
    "presence": "application/pidf+xml",
    "as-feature-event": "application/x-as-feature-event+xml",
}


def dialog_info(entity: str, version: int, *dialogs: str, full: bool = True) -> bytes:
    state = "full" if full else "partial"
    return (
        f'<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" '
        f'state="{state}" entity="{entity}">{"".join(dialogs)}</dialog-info>'
    ).encode()


def dialog(identity: str, state: str, *, call_id: str = "", direction: str = "recipient") -> str:
    call = f' call-id="{call_id}" local-tag="l{identity}" remote-tag="r{identity}"' if call_id else ""
    return f'<dialog id="{identity}"{call} direction="{direction}"><state>{state}</state></dialog>'


def pidf(entity: str, basic: str) -> bytes:
    return (
        f'<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="{entity}"><tuple id="t">'
        f"<status><basic>{basic}</basic></status></tuple></presence>"
    ).encode()


class Held:
    """A subscription that the server has."""

    def __init__(self, asked: Request, tag: str) -> None:
        self.aor = asked.target.aor
        self.package = asked.event[0]
        self.call_id = asked.call_id
        self.local, self.remote = tag, asked.from_.tag
        self.contact = str(asked.contacts[0].uri)
        self.cseq = 0
        self.version = -1
        self.expires = asked.expires


class SipServer:
    """Grants subscriptions behind digest, tells states; what it is to refuse or leave out is told by attributes."""

    def __init__(self, host: str = "192.0.2.1", port: int = 5060, transport: str = "UDP") -> None:
        self.host, self.port, self.transport = host, port, transport
        self.secret: str | None = SECRET
        """None: it challenges nobody."""
        self.algorithms: tuple[str, ...] = ("SHA-256", "MD5")
        self.nonce_lifetime = 300.0
        self.refused: dict[str, tuple[int, dict[str, str]]] = {}
        """AOR or package -> how a SUBSCRIBE for it is answered."""
        self.silent: set[str] = set()
        """Methods that get no answer at all."""
        self.min_expires = 0
        self.most_expires = 3_600
        self.notify_first = False
        self.notifies = True
        self.sees: tuple[str, int] | None = None
        """Where it sees its client come from, told in the answer to OPTIONS."""
        self.states: dict[str, list[str]] = {}
        """AOR -> the dialogs in its dialog-info."""
        self.contact = f"sip:pbx@{host}:{port};transport={transport.lower()}"
        """Where it wants to be asked within a dialog."""
        self.subscriptions: dict[str, Held] = {}
        self.asked: list[Request] = []
        self.answers: list[Response] = []
        self.now = 0.0
        self._numbers = itertools.count(1)
        self._verifier: Verifier | None = None

    def receive(self, data: bytes) -> list[bytes]:
        """Return what the server says to a message."""
        message = parse(data)
        if isinstance(message, Response):
            self.answers.append(message)
            return []
        self.asked.append(message)
        if message.method in self.silent:
            return []
        if message.method == "OPTIONS":
            headers = [("Server", "Testbed 1.0")]
            return [response(message, 200, to_tag=self._token(), headers=headers, source=self.sees)]
        if message.method == "SUBSCRIBE":
            return self._subscribe(message)
        return [response(message, 405, to_tag=self._token())]

    def count(self, method: str) -> int:
        return sum(one.method == method for one in self.asked)

    def subscribes(self) -> list[Request]:
        return [one for one in self.asked if one.method == "SUBSCRIBE"]

    def restart(self) -> None:
        """Forget everything."""
        self.subscriptions.clear()
        self._verifier = None

    def tell(self, aor: str, *dialogs: str) -> list[bytes]:
        """Change an endpoint's dialogs; return the NOTIFYs that say so."""
        self.states[aor] = list(dialogs)
        return [
            self.notify(held)
            for held in self.subscriptions.values()
            if held.aor == aor and held.package == "dialog"
        ]

    def of(self, aor: str, package: str = "dialog") -> Held:
        return next(
            held for held in self.subscriptions.values() if (held.aor, held.package) == (aor, package)
        )

    def notify(
        self,
        held: Held,
        state: str | None = None,
        body: bytes | None = None,
        *,
        content_type: str | None = None,
        from_tag: str | None = None,
        cseq: int | None = None,
        branch: str | None = None,
        extra: tuple[tuple[str, str], ...] = (),
        event: str | None = None,
    ) -> bytes:
        """Return a NOTIFY of a subscription."""
        if cseq is None:
            held.cseq += 1
            cseq = held.cseq
        if body is None:
            held.version += 1
            body = self._body(held)
        return request(
            "NOTIFY",
            held.contact,
            [
                self._via(branch),
                ("Max-Forwards", "70"),
                ("From", f"<{held.aor}>;tag={from_tag or held.local}"),
                ("To", f"<sip:monitor@pbx>;tag={held.remote}"),
                ("Call-ID", held.call_id),
                ("CSeq", f"{cseq} NOTIFY"),
                ("Contact", f"<{self.contact}>"),
                ("Event", event or held.package),
                ("Subscription-State", state or f"active;expires={held.expires}"),
                *extra,
            ],
            body=body,
            content_type=(content_type or TYPES[held.package]) if body else None,
        )

    def request(
        self, method: str, uri: str, *headers: tuple[str, str], body: bytes = b"", **more: str
    ) -> bytes:
        """Return a request outside of any subscription."""
        number = next(self._numbers)
        given = {name.lower() for name, _ in headers}
        usual = [
            ("Max-Forwards", "70"),
            ("From", f"<sip:pbx@{self.host}>;tag=f{number}"),
            ("To", f"<{uri}>"),
            ("Call-ID", f"call-{number}"),
            ("CSeq", f"1 {method}"),
        ]
        return request(
            method,
            uri,
            [self._via(None), *(one for one in usual if one[0].lower() not in given), *headers],
            body=body,
            content_type=more.get("content_type"),
        )

    def statuses(self) -> Counter[int]:
        """How often our requests were answered with which status."""
        return Counter(answer.status for answer in self.answers)

    def _via(self, branch: str | None) -> tuple[str, str]:
        branch = branch or f"z9hG4bKs{next(self._numbers)}"
        return "Via", f"SIP/2.0/{self.transport} {self.host}:{self.port};branch={branch};rport"

    def _token(self) -> str:
        return f"t{next(self._numbers)}"

    def _body(self, held: Held) -> bytes:
        if held.package == "dialog":
            return dialog_info(held.aor, held.version, *self.states.get(held.aor, ()))
        if held.package == "presence":
            return pidf(held.aor, "open")
        return b""

    def _subscribe(self, asked: Request) -> list[bytes]:
        if self.secret is not None:
            if self._verifier is None:
                self._verifier = Verifier("pbx", USER, self.secret, self.algorithms, self.nonce_lifetime)
            verdict = self._verifier.verify(asked.get("Authorization"), "SUBSCRIBE", asked.uri, self.now)
            if verdict != "right":
                challenges = self._verifier.challenge(self._token(), self.now, stale=verdict == "stale")
                headers = [("WWW-Authenticate", value) for value in challenges]
                return [response(asked, 401, to_tag=self._token(), headers=headers)]
        aor, package = asked.target.aor, asked.event[0]
        if asked.to.tag is not None:
            return self._refresh(asked)
        refusal = self.refused.get(aor) or self.refused.get(package)
        if refusal is not None:
            return [response(asked, refusal[0], to_tag=self._token(), headers=list(refusal[1].items()))]
        if asked.expires and asked.expires < self.min_expires:
            headers = [("Min-Expires", str(self.min_expires))]
            return [response(asked, 423, to_tag=self._token(), headers=headers)]
        held = Held(asked, self._token())
        held.expires = min(held.expires, self.most_expires)
        self.subscriptions[held.call_id] = held
        return self._granted(asked, held)

    def _refresh(self, asked: Request) -> list[bytes]:
        held = self.subscriptions.get(asked.call_id)
        if held is None or asked.to.tag != held.local:
            return [response(asked, 481)]
        if asked.expires == 0:
            del self.subscriptions[asked.call_id]
            return [
                response(asked, 200, headers=[("Expires", "0")]),
                self.notify(held, "terminated;reason=timeout", b""),
            ]
        return self._granted(asked, held)

    def _granted(self, asked: Request, held: Held) -> list[bytes]:
        accepted = response(
            asked, 200, to_tag=held.local, headers=[("Expires", str(held.expires)), ("Server", "Testbed 1.0")]
        )
        if not self.notifies:
            return [accepted]
        told = self.notify(held)
        return [told, accepted] if self.notify_first else [accepted, told]
