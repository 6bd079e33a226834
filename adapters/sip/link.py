"""One session's clock and sockets: the only place where SIP bytes meet time."""

from __future__ import annotations

import asyncio

from adapters.contract import Host
from adapters.sip.network import Sockets
from adapters.sip.outputs import Defect, Output, Send
from adapters.sip.session import SipSession

TURN_LIMIT = 256
"""Messages that are worked on before others have a turn."""
_FOREVER = float("inf")


class Link:
    """Lets a session speak and hear. Its owner calls :meth:`turn` until the output ``Lost`` comes."""

    __slots__ = ("_host", "_network", "session")

    def __init__(self, session: SipSession, network: Sockets, host: Host) -> None:
        self.session = session
        self._network = network
        self._host = host
        network.hears = session.hears
        session.start(host.monotonic(), host.now())

    def wake(self) -> None:
        """Let :meth:`turn` return soon."""
        self._network.inbox.news.set()

    async def turn(self, at_most: float | None = None) -> list[Output]:
        """Send what is to be sent, wait until something comes or is due, and return what happened.

        ``at_most``: seconds after which to return even if nothing did.
        """
        session, inbox = self.session, self._network.inbox
        happened = self._dispatch()
        if not happened:
            await self._wait(at_most)
        now, at = self._host.monotonic(), self._host.now()
        happened += inbox.take_counts()
        for data, peer in inbox.take(TURN_LIMIT):
            try:
                session.receive(data, peer, now, at)
            except Exception as error:  # noqa: BLE001 - one message, however odd, must not cost the connection
                happened.append(Defect("message", error))
        if inbox.alive:
            inbox.alive = False
            session.alive(now, at)
        if inbox.ended is not None:
            session.closed(inbox.ended)
        session.tick(now, at)
        return happened + self._dispatch()

    def flush(self) -> None:
        """Send what is to be sent, whatever else happened."""
        self._dispatch()

    def _dispatch(self) -> list[Output]:
        happened = []
        for output in self.session.take_output():
            if type(output) is Send:
                self._network.send(output.data, output.peer)
            else:
                happened.append(output)
        return happened

    async def _wait(self, at_most: float | None) -> None:
        patience = self.session.next_deadline() - self._host.monotonic()
        if at_most is not None:
            patience = min(patience, at_most)
        try:
            async with asyncio.timeout(max(patience, 0.0) if patience < _FOREVER else None):
                await self._network.inbox.news.wait()
        except TimeoutError:
            return
