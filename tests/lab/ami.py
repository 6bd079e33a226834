"""A small AMI client of the tests' own: an independent witness, and the driver that makes things happen.

It shares no code with ``adapters.ami`` on purpose: what it says of the PBX must not be wrong in the same way.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

from tests.lab.asterisk import SECRET

Packet = dict[str, str]


class Ami:
    """One manager session. Events that match nothing waited for are kept in :attr:`events`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: list[Packet] = []
        self.raw = bytearray()
        """Everything received, as it came."""
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._answers: dict[str, tuple[list[Packet], asyncio.Future[list[Packet]]]] = {}
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, port: int, user: str, mask: str = "off") -> Ami:
        """Log in; ``mask`` is the event mask (``on``, ``off``, or classes)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        ami = cls(reader, writer)
        try:
            answer = await ami.action("Login", Username=user, Secret=SECRET, Events=mask)
        except BaseException:
            await ami.close()
            raise
        if answer[0].get("Response") != "Success":
            await ami.close()
            raise PermissionError(str(answer))
        return ami

    async def close(self) -> None:
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def action(self, name: str, **fields: str) -> list[Packet]:
        """Send an action; return its response and, for a list, its items."""
        if self._task.done():
            raise ConnectionError("the PBX closed the connection")
        number = f"lab-{next(self._ids)}"
        future: asyncio.Future[list[Packet]] = asyncio.get_running_loop().create_future()
        self._answers[number] = ([], future)
        variables = fields.pop("Variables", "")
        lines = [
            f"Action: {name}",
            f"ActionID: {number}",
            *(f"{key}: {value}" for key, value in fields.items()),
        ]
        lines += [f"Variable: {variable}" for variable in variables.split(";") if variable]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        async with asyncio.timeout(30):  # wait_for may swallow a cancellation that comes with the answer
            return await future

    async def wait_event(
        self, match: Callable[[Packet], bool], what: str, within: float = 30, after: int = 0
    ) -> Packet:
        """Return the first event (from index ``after`` of :attr:`events`) that matches."""
        async with asyncio.timeout(within):
            while True:
                for event in self.events[after:]:
                    if match(event):
                        return event
                self._news.clear()
                await self._news.wait()
        raise TimeoutError(what)

    def save(self, path: Path) -> None:
        path.write_bytes(bytes(self.raw))

    async def _read(self) -> None:
        packet: Packet = {}
        while line := await self._reader.readline():
            self.raw += line
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text:
                key, _, value = text.partition(":")
                packet.setdefault(key, value.lstrip(" "))
            elif packet:
                self._dispatch(packet)
                packet = {}
        for _, future in self._answers.values():
            if not future.done():
                future.set_exception(ConnectionError("the PBX closed the connection"))

    def _dispatch(self, packet: Packet) -> None:
        number = packet.get("ActionID")
        if number not in self._answers or number is None:
            self.events.append(packet)
            self._news.set()
            return
        packets, future = self._answers[number]
        packets.append(packet)
        more = packet.get("EventList") == "start" or (
            len(packets) > 1 and packet.get("EventList") != "Complete"
        )
        if not more:
            del self._answers[number]
            if not future.done():
                future.set_result(packets)
