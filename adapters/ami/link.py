"""One connection's socket and clock around its session: the only place where AMI bytes are read and written."""

from __future__ import annotations

import asyncio

from adapters.ami.connect import READ_LIMIT
from adapters.ami.outputs import Output
from adapters.ami.session import AmiSession
from adapters.contract import Host


class Link:
    """Lets a session speak and hear. Its owner calls :meth:`turn` until the output ``Lost`` comes."""

    __slots__ = ("_host", "_reader", "_wait", "_writer", "session")

    def __init__(
        self,
        session: AmiSession,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        host: Host,
    ) -> None:
        self.session = session
        self._reader = reader
        self._writer = writer
        self._host = host
        self._wait: asyncio.Timeout | None = None
        session.connected(host.monotonic(), host.now())

    async def turn(self, at_most: float | None = None) -> list[Output]:
        """Send what is to be sent, wait until something comes or is due, and return what happened.

        ``at_most``: seconds after which to return even if nothing did.
        """
        session = self.session
        data = session.data_to_send()
        if data:
            self._writer.write(data)  # at most one set of list actions and one Ping are ever under way
        try:
            received = await self._read(at_most)
        except OSError as error:
            session.closed(f"the connection broke ({error.strerror or error})")
            return session.outputs()
        now, wall = self._host.monotonic(), self._host.now()
        if received is None:
            session.tick(now, wall)
        elif received:
            session.receive_data(received, now, wall)
            session.tick(now, wall)
        else:
            session.closed("the PBX closed the connection")
        return session.outputs()

    def request_snapshot(self) -> None:
        """Ask for fresh lists soon, also while :meth:`turn` waits."""
        now = self._host.monotonic()
        self.session.request_snapshot(now)
        wait = self._wait
        if wait is not None and not wait.expired():
            seconds = max(self.session.next_deadline() - now, 0.0)
            wait.reschedule(asyncio.get_running_loop().time() + seconds)

    async def _read(self, at_most: float | None) -> bytes | None:
        """Return what was read (empty: the end), or None when something is due first.

        After a wait there is a second look without one: when we did not run for a while, data and the end of the
        wait come together, and the data must count.
        """
        patience = self.session.next_deadline() - self._host.monotonic()
        if at_most is not None:
            patience = min(patience, at_most)
        for seconds in (max(patience, 0.0), 0.0):
            try:
                async with asyncio.timeout(seconds) as self._wait:
                    return await self._reader.read(READ_LIMIT)
            except TimeoutError:
                continue
            finally:
                self._wait = None
        return None
