"""A plain AMI client for tests: sends actions, reads whole messages."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.simulator.ami_text import Message, parse

TIMEOUT = 10.0


class Client:
    """One connection. Use as an asynchronous context manager."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.banner = ""
        self.seen: list[Message] = []
        """Everything read, in order."""
        self._actions = 0

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(*self._address)
        async with asyncio.timeout(TIMEOUT):
            self.banner = (await self.reader.readline()).decode()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.close()

    async def login(
        self, username: str = "monitor", secret: str = "simulated", events: str = "on"
    ) -> Message:
        response = await self.ask("Login", Username=username, Secret=secret, Events=events)
        if events != "off" and response.get("Response") == "Success":
            await self.until(lambda one: one.name == "FullyBooted")
        return response

    async def login_md5(self, username: str, secret: str) -> Message:
        challenge = (await self.ask("Challenge", AuthType="MD5")).get("Challenge")
        key = hashlib.md5((challenge + secret).encode()).hexdigest()
        return await self.ask("Login", AuthType="MD5", Username=username, Key=key)

    def send(self, action: str, **fields: str) -> str:
        self._actions += 1
        action_id = f"test-{self._actions}"
        lines = [
            f"Action: {action}",
            f"ActionID: {action_id}",
            *(f"{key}: {value}" for key, value in fields.items()),
        ]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return action_id

    async def ask(self, action: str, **fields: str) -> Message:
        """Send an action and return its response."""
        action_id = self.send(action, **fields)
        return await self.until(lambda one: bool(one.get("Response")) and one.get("ActionID") == action_id)

    async def list(self, action: str, **fields: str) -> list[Message]:
        """Send an action that lists; return its items after checking that nothing is among them that is no item."""
        action_id = self.send(action, **fields)
        begun = await self.until(lambda one: bool(one.get("Response")) and one.get("ActionID") == action_id)
        assert begun.get("EventList") == "start", begun
        items = []
        while True:
            message = await self.read()
            assert message.get("ActionID") == action_id, message
            if message.get("EventList") == "Complete":
                assert int(message.get("ListItems")) == len(items)
                return items
            items.append(message)

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        while True:
            message = await self.read()
            if wanted(message):
                return message

    async def read(self) -> Message:
        async with asyncio.timeout(TIMEOUT):
            raw = await self.reader.readuntil(b"\r\n\r\n")
        (message,) = parse(raw.decode())
        self.seen.append(message)
        return message

    async def ended(self) -> bool:
        """Read to the end of the connection."""
        async with asyncio.timeout(TIMEOUT):
            try:
                while await self.reader.read(65_536):
                    pass
            except ConnectionError:
                pass
        return True
