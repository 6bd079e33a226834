"""One connection: what the client asks, and bringing it up to date.

A client is either *live* (in its view's room: it gets every message as it leaves) or *behind* (it just subscribed,
or its buffer is full): then a task of its own brings it on, at the speed at which it reads, until it is up to date
and enters the room. Nothing is queued for a client that is behind; it gets the latest state when it can take it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Protocol

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConcurrencyError, ConnectionClosed, ProtocolError

from monitor.feed import messages
from monitor.feed.broadcaster import Broadcaster
from monitor.feed.errors import CLOSE_CODES, HistoryLost, RefusalCode, Refused
from monitor.feed.messages import Resume, Subscribe
from monitor.feed.pace import MessageBudget
from monitor.feed.view import Filter, View

logger = structlog.get_logger(__name__)

HELLO_SECONDS = 10.0
"""Within which the client speaks first."""
HIGH_WATER = 256 * 1024
"""Unsent bytes from which on a client is behind."""
LOW_WATER = 64 * 1024
"""Unsent bytes from which on a client that is behind gets more."""
SNAPSHOT_SECONDS = 60.0
"""Within which a newcomer must have become live."""
BEHIND_SECONDS = 15.0
"""Within which a client that fell behind must be live again."""
LOOK_SECONDS = 0.05
"""How often the buffer of a client that is behind is looked at."""
FAREWELL_SECONDS = 2.0
"""How long a client has to take its error message and the close."""


class Hub(Protocol):
    """What a client needs of the feed."""

    broadcaster: Broadcaster

    def enter(self, client: Client, view: View) -> None:
        """The client is up to date: it gets what leaves from now on."""

    def leave(self, client: Client, view: View) -> None:
        """The client gets no more of this view."""

    def refused(self, code: RefusalCode) -> None:
        """Count a connection that was closed."""

    def now(self) -> float:
        """Return unix seconds."""


class Client:
    """A connection's side of the conversation. :meth:`converse` runs until the connection ends."""

    __slots__ = ("_behind", "_budget", "_clock", "_hub", "_view", "connection")

    def __init__(self, connection: ServerConnection, hub: Hub) -> None:
        self.connection = connection
        self._hub = hub
        self._view: View | None = None
        self._behind: asyncio.Task[None] | None = None
        self._clock: Callable[[], float] = connection.loop.time
        self._budget = MessageBudget(self._clock())

    @property
    def unsent(self) -> int:
        """Return how many bytes wait in our buffer."""
        return self.connection.transport.get_write_buffer_size()

    async def converse(self) -> None:
        """Answer what the client asks, until it leaves. Raises nothing."""
        try:
            await self._subscribe(self._understood(await self._hello()))
            while True:
                await self._subscribe(self._understood(await self.connection.recv()))
        except Refused as refusal:
            await self.refuse(refusal)
        except ConnectionClosed:
            pass
        finally:
            if self._behind is not None:
                self._behind.cancel()
            self._leave_view()

    def fall_behind(self, view: View, since: int) -> None:
        """Stop being live: the buffer is full, and all up to ``since`` is sent or in it."""
        self._hub.leave(self, view)
        self._start(partial(self._bring_up, view, since, BEHIND_SECONDS))

    async def refuse(self, refusal: Refused) -> None:
        """Tell the client why, then close."""
        self._hub.refused(refusal.code)
        farewell = messages.error(refusal.code, refusal.message, self._hub.now())
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                # In the middle of a long message the close code alone must say it.
                with contextlib.suppress(ProtocolError, ConcurrencyError):
                    await self.connection.send(farewell, text=True)
                await self.connection.close(CLOSE_CODES[refusal.code], refusal.code)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            self.connection.transport.abort()

    # --- inside ----------------------------------------------------------------------------------------

    async def _hello(self) -> str | bytes:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                return await self.connection.recv()
        except TimeoutError:
            raise Refused("bad_request", f"no subscribe within {HELLO_SECONDS:.0f} s") from None

    def _understood(self, message: str | bytes) -> Subscribe:
        if not self._budget.spend(self._clock()):
            raise Refused("too_many_messages", "subscribe once; more than one message a second is too many")
        return messages.decode(message)

    async def _subscribe(self, subscribe: Subscribe) -> None:
        """Begin (or begin again) with what is asked for."""
        if self._behind is not None:
            await asyncio.wait({self._behind})  # a long message can't be broken off; its time is limited
        self._leave_view()
        view = self._view = self._hub.broadcaster.join(Filter.of(subscribe))
        self._start(partial(self._begin, view, subscribe.resume))

    def _leave_view(self) -> None:
        view, self._view = self._view, None
        if view is not None:
            self._hub.leave(self, view)
            self._hub.broadcaster.leave(view)

    async def _begin(self, view: View, resume: Resume | None) -> None:
        since = None
        if resume is not None:
            await self._hub.broadcaster.prepare(view)
            if self._hub.broadcaster.remembers(resume.epoch, resume.seq, view):
                since = resume.seq
        await self._bring_up(view, since, SNAPSHOT_SECONDS)

    async def _bring_up(self, view: View, since: int | None, seconds: float) -> None:
        """Send what the client lacks until it lacks nothing, then let it be live.

        Without ``since`` it lacks everything. At least one message is sent.
        """
        broadcaster = self._hub.broadcaster
        try:
            async with asyncio.timeout(seconds):
                while True:
                    while self.unsent > LOW_WATER:  # noqa: ASYNC110 - a transport offers no event for it
                        await asyncio.sleep(LOOK_SECONDS)
                    if since is None:
                        since = await self._send_snapshot(view)
                    else:
                        try:
                            message, since = broadcaster.catch_up(view, since)
                        except HistoryLost:
                            since = None
                            continue
                        await self.connection.send(message, text=True)
                    if since == view.seq:
                        break
                    await asyncio.sleep(0)  # a send that finds room gives nobody a turn
        except TimeoutError:
            raise Refused("too_slow", f"could not take what changed within {seconds:.0f} s") from None
        self._hub.enter(self, view)

    async def _send_snapshot(self, view: View) -> int:
        snapshot = await self._hub.broadcaster.snapshot(view)
        if len(snapshot.fragments) == 1:
            await self.connection.send(snapshot.fragments[0], text=True)
        else:
            await self.connection.send(_one_a_turn(snapshot.fragments), text=True)
        return snapshot.seq

    def _start(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        self._behind = asyncio.create_task(self._run(work), name="feed client")

    async def _run(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run a task that belongs to this connection: its failure ends the connection, never the service."""
        try:
            await work()
        except Refused as refusal:
            await self.refuse(refusal)
        except ConnectionClosed:
            pass
        except Exception:  # the owner of the task: a defect is told, and costs one connection
            logger.exception("feed_client_failed")
            self.connection.transport.abort()


async def _one_a_turn(fragments: list[bytes]) -> AsyncIterator[bytes]:
    """Yield the fragments; a send that finds room gives nobody a turn, so it is given here."""
    for fragment in fragments:
        yield fragment
        await asyncio.sleep(0)
