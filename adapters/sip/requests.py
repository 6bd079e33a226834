"""Our requests: built, proved, sent, repeated, answered."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from adapters.common.places import hostport
from adapters.sip.credentials import Attempt, Credentials
from adapters.sip.plan import Plan, Way
from adapters.sip.transactions import MAGIC, ClientTransactions, OnEnd
from adapters.sip_messages.building import request
from adapters.sip_messages.errors import BuildError
from adapters.sip_messages.message import Response

SOFTWARE = "operator-monitor"


class Requests:
    """Sends requests to the one server, by whatever transport leads there (it is our outbound proxy)."""

    __slots__ = ("_plan", "_seen_as", "_send", "_spent", "_token", "_way", "credentials", "transactions")

    def __init__(
        self,
        plan: Plan,
        way: Way,
        token: Callable[[], str],
        send: Callable[[bytes], None],
        spent: Callable[[float], None],
    ) -> None:
        self._plan = plan
        self._way = way
        self._token = token
        self._send = send
        self._spent = spent
        self._seen_as: str | None = None
        self.credentials = Credentials(plan.username, plan.secret, token)
        self.transactions = ClientTransactions(plan.timeouts)

    @property
    def contact(self) -> str:
        """Where the server is to send its own requests."""
        transport = self._way.server.transport
        return f"<sip:monitor@{self._seen_as or self._way.local};transport={transport}>"

    def learn(self, response: Response) -> None:
        """Note as what the server sees us (RFC 3581 §4), if no address of ours is configured."""
        via = response.via[0]
        host, port = via.parameters.get("received"), via.parameters.get("rport")
        if self._way.adapts and host and port and port.isascii() and port.isdigit() and len(port) < 6:
            try:
                address = str(ipaddress.ip_address(host.strip("[]")))
            except ValueError:
                return
            self._seen_as = hostport(address, int(port))

    def options(self, now: float, on_end: OnEnd) -> None:
        """Ask whether the server lives."""
        uri = f"sip:{self._plan.server}"
        headers = (
            ("From", f"<{self._plan.identity}>;tag={self._token()}"),
            ("To", f"<{uri}>"),
            ("Call-ID", self._token()),
            ("CSeq", "1 OPTIONS"),
            ("Contact", self.contact),
        )
        self.begin("OPTIONS", uri, headers, attempt=Attempt(), on_end=on_end, now=now, proved=False)

    def begin(
        self,
        method: str,
        uri: str,
        headers: Sequence[tuple[str, str]],
        *,
        attempt: Attempt,
        on_end: OnEnd,
        now: float,
        proved: bool = True,
    ) -> None:
        """Send a request with these headers and those that every request has; follow it to its end."""
        branch = MAGIC + self._token()
        server = self._way.server
        via = f"SIP/2.0/{server.transport.upper()} {self._way.local};branch={branch};rport"
        proof = self.credentials.headers(attempt, method, uri) if proved else []
        try:
            data = request(
                method,
                uri,
                [("Via", via), ("Max-Forwards", "70"), *headers, ("User-Agent", SOFTWARE), *proof],
            )
        except BuildError:  # the server gave us a route or target that can't be written
            on_end(None, now)
            return

        def send(then: float) -> None:
            self._send(data)
            self._spent(then)

        self.transactions.begin(branch, method, send, on_end, reliable=server.reliable, now=now)
