"""The simulated PBX's AMI port: sessions over TCP, each with Asterisk's ways of writing and of giving up.

As in Asterisk, one writer serves a session: an answer is never torn apart by events, and what happened meanwhile
follows it at once. Who does not take what is sent to him within ``writetimeout`` is cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from random import Random

from monitor.simulator.ami_session import BANNER, HEADER_LIMIT, LINE_LIMIT, AmiSession, Answer, Fields
from monitor.simulator.config import ManagerUser
from monitor.simulator.pbx import SimulatedPbx

_CHUNK = 64 * 1024
"""Bytes of a list that are written before the session waits for room."""
_PENDING_LIMIT = 200_000
"""Events kept for a session that can't take them; the session ends when there are more."""
_READ_LIMIT = 64 * 1024


class _Connection:
    """One client: reads actions, writes answers and events."""

    def __init__(
        self,
        session: AmiSession,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        gate: asyncio.Event,
        catch_up: Callable[[], None],
    ) -> None:
        self.session = session
        self._catch_up = catch_up
        self._reader = reader
        self._writer = writer
        self._gate = gate
        self._pending: deque[bytes] = deque()
        self._work = asyncio.Event()
        self._answers: deque[Answer] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self.overrun = False

    # --- from the PBX ------------------------------------------------------------------------------------

    def event(self, category: str, data: bytes) -> None:
        """Keep an event for sending, if this session hears its class."""
        if category in self.session.hears:
            self.send(data)

    def send(self, data: bytes) -> None:
        """Keep bytes for sending."""
        self._pending.append(data)
        self._work.set()
        if len(self._pending) > _PENDING_LIMIT and not self.overrun:
            self.overrun = True
            self.abort()

    def abort(self) -> None:
        """Cut the connection as it is."""
        self._writer.transport.abort()

    # --- work --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the client until one side ends."""
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, TimeoutError):
                    self.abort()  # closing would wait for the room that never came
                elif isinstance(result, RuntimeError) and self._writer.transport.is_closing():
                    pass  # what uvloop raises where asyncio has an OSError: the client is gone
                elif isinstance(result, Exception) and not isinstance(result, OSError):
                    raise result
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def _read(self) -> None:
        """Read actions until the client ends, or sends what Asterisk would not read."""
        while True:
            fields: Fields = {}
            headers = 0
            while True:
                try:
                    raw = await self._reader.readuntil(b"\n")
                except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    return
                line = raw.rstrip(b"\r\n").decode("utf-8", "replace")
                if not line:
                    break
                headers += 1
                if len(raw) > LINE_LIMIT or headers > HEADER_LIMIT:
                    self._answer(Answer(("Response: Error\r\nMessage: Failed to parse message\r\n\r\n",)))
                    continue
                key, separator, value = line.partition(":")
                if separator:
                    fields.setdefault(key.strip().lower(), value.strip())
            if headers:
                self._catch_up()
                self._answer(self.session.handle(fields))
                await self._room.wait()

    def _answer(self, answer: Answer) -> None:
        self._answers.append(answer)
        self._room.clear()
        self._work.set()

    async def _write(self) -> None:
        self._writer.write(BANNER.encode())
        while True:
            await self._work.wait()
            self._work.clear()
            await self._gate.wait()
            while self._answers:
                answer = self._answers.popleft()
                if answer.delay:
                    await asyncio.sleep(answer.delay)
                await self._write_pieces(answer.pieces)
                if answer.close:
                    return
            self._room.set()
            await self._write_pending()

    async def _write_pieces(self, pieces: Iterable[str]) -> None:
        """Write an answer; a long list goes out in chunks, between which the PBX lives on."""
        chunk: list[str] = []
        size = 0
        for piece in pieces:
            chunk.append(piece)
            size += len(piece)
            if size >= _CHUNK:
                await self._put("".join(chunk).encode())
                chunk.clear()
                size = 0
        if chunk:
            await self._put("".join(chunk).encode())

    async def _write_pending(self) -> None:
        while self._pending and not self._answers:
            chunk = []
            size = 0
            while self._pending and size < _CHUNK:
                data = self._pending.popleft()
                chunk.append(data)
                size += len(data)
            await self._gate.wait()
            await self._put(b"".join(chunk))
        if self._answers:
            self._work.set()

    async def _put(self, data: bytes) -> None:
        self._writer.write(data)
        user = self.session.user
        # Nobody is logged in: Asterisk's authtimeout of 30 s counts.
        async with asyncio.timeout(user.write_timeout if user is not None else 30.0):
            await self._writer.drain()
        await self._gate.wait()


class AmiServer:
    """Listens and spreads the PBX's events over the sessions.

    ``catch_up`` brings the PBX to this moment; it is called before each action is answered.
    """

    def __init__(
        self,
        pbx: SimulatedPbx,
        users: tuple[ManagerUser, ...],
        seed: int,
        *,
        catch_up: Callable[[], None],
    ) -> None:
        self._pbx = pbx
        self._catch_up = catch_up
        self._users = users
        self._random = Random(f"challenges {seed}")
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._gate = asyncio.Event()
        self._gate.set()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; return the address. Raises ``OSError`` where it is taken."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=_READ_LIMIT)
        bound_host, bound_port = self._server.sockets[0].getsockname()[:2]
        return bound_host, bound_port

    async def stop(self) -> None:
        """Stop listening and end all sessions."""
        self._gate.set()
        if self._server is not None:
            self._server.close()
        self.drop()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def replace(self, pbx: SimulatedPbx) -> None:
        """Serve another PBX to those who connect from now on."""
        self._pbx = pbx

    def drop(self) -> None:
        """Cut all connections."""
        for connection in tuple(self._connections):
            connection.abort()

    def stall(self) -> None:
        """Fall silent without closing anything: nothing is sent, not even answers."""
        self._gate.clear()

    def resume(self) -> None:
        """Go on, beginning with what piled up."""
        self._gate.set()

    def event(self, category: str, text: str) -> None:
        """Send an event to all who hear its class."""
        if self._connections:
            data = text.encode()
            for connection in tuple(self._connections):
                connection.event(category, data)

    def inject(self, data: bytes) -> None:
        """Send bytes as they are to all who are logged in, as if Asterisk had written them."""
        for connection in tuple(self._connections):
            if connection.session.user is not None:
                connection.send(data)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        challenge = f"{self._random.randrange(10**8, 10**9)}"
        connection = _Connection(
            AmiSession(self._pbx, self._users, challenge), reader, writer, self._gate, self._catch_up
        )
        self._connections.add(connection)
        task = asyncio.create_task(connection.run(), name="simulated AMI session")
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._ended(connection, task))

    def _ended(self, connection: _Connection, task: asyncio.Task[None]) -> None:
        self._connections.discard(connection)
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            task.get_loop().call_exception_handler({"message": "AMI session failed", "exception": error})
