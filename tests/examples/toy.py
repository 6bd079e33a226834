"""A toy PBX on a real socket, as examples/toypbx/toypbx/__init__.py describes it, that a test can change, cut and mute."""

from __future__ import annotations

import asyncio
import json
from typing import Any

ALIVE_SECONDS = 0.5


class Toy:
    """Phones by number: ``[name, state]``."""

    def __init__(self, phones: dict[str, tuple[str, str]]) -> None:
        self.phones = {phone: list(told) for phone, told in phones.items()}
        self.port = 0
        self.mute = False
        self.links = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Go away, as a machine does that is switched off; :meth:`start` brings it back at the same port."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()

    def cut(self) -> None:
        """Cut the links, and listen on."""
        for writer in list(self._writers):
            writer.transport.abort()

    def put(self, phone: str, state: str) -> None:
        """Let a phone do something."""
        self.phones[phone][1] = state
        self.tell({"phone": phone, "state": state})

    def tell(self, line: Any) -> None:
        self.write(json.dumps(line).encode() + b"\n")

    def write(self, data: bytes) -> None:
        """Send anything at all."""
        for writer in self._writers:
            if not self.mute:
                writer.write(data)

    def _list(self) -> dict[str, Any]:
        phones = [
            {"phone": phone, "name": name, "state": state} for phone, (name, state) in self.phones.items()
        ]
        return {"version": "1.0", "phones": phones}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links += 1
        self._writers.add(writer)
        alive = asyncio.create_task(self._live())
        try:
            while line := await reader.readline():
                assert json.loads(line) == {"ask": "phones"}
                self.tell(self._list())
        except ConnectionError:
            pass
        finally:
            alive.cancel()
            self._writers.discard(writer)
            writer.close()

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            self.tell({"alive": True})
