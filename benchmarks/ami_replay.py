"""A PBX in a process of its own that plays a recording as fast as its client takes it.

It answers what the adapter and panoramisk ask, waits for the word, then sends the repetitions and at last one pause
of PJSIP/101 in sales with the reason ``END``.
"""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from benchmarks.ami_recording import Recording, load

LAST_REASON = "the end of the recording"
_END = b"\r\n\r\n"
_LAST = (
    "Event: QueueMemberPause\r\nPrivilege: agent,all\r\nTimestamp: {at:.6f}\r\nQueue: sales\r\nMemberName: Anna\r\n"
    "Interface: PJSIP/101\r\nStateInterface: PJSIP/101\r\nMembership: static\r\nPenalty: 0\r\nCallsTaken: 0\r\n"
    "LastCall: 0\r\nLastPause: {at:.0f}\r\nLoginTime: 0\r\nInCall: 0\r\nStatus: 1\r\nPaused: 1\r\n"
    f"PausedReason: {LAST_REASON}\r\nRinginuse: 1\r\nWrapuptime: 0\r\n\r\n"
)
_COMPLETE = {
    "QueueStatus": "QueueStatusComplete",
    "DeviceStateList": "DeviceStateListComplete",
    "ExtensionStateList": "ExtensionStateListComplete",
    "CoreShowChannels": "CoreShowChannelsComplete",
}


class _Session:
    """One client, served by two threads: one answers, one plays."""

    def __init__(self, connection: socket.socket, recording: Recording) -> None:
        self._connection = connection
        self._recording = recording
        self._writing = threading.Lock()

    def answer(self) -> None:
        """Answer actions until the client goes."""
        self._send(b"Asterisk Call Manager/11.0.0\r\n")
        buffered = b""
        while data := self._connection.recv(65_536):
            *actions, buffered = (buffered + data).split(_END)
            for action in actions:
                fields = dict(line.partition(": ")[::2] for line in action.decode().split("\r\n"))
                self._send(self._answer(fields))

    def _answer(self, fields: dict[str, str]) -> bytes:
        action = fields.get("Action", "")
        tail = f"ActionID: {fields.get('ActionID', '')}\r\n".encode()
        if action in _COMPLETE:
            items = self._recording.lists.get(action, ())
            parts = [b"Response: Success\r\n", tail, b"EventList: start\r\nMessage: follows\r\n\r\n"]
            for item in items:
                parts += [item, b"\r\n", tail, b"\r\n"]
            end = f"EventList: Complete\r\nListItems: {len(items)}\r\n\r\n".encode()
            return b"".join((*parts, f"Event: {_COMPLETE[action]}\r\n".encode(), tail, end))
        own = {
            "Login": "Message: Authentication accepted\r\n",
            "Ping": f"Ping: Pong\r\nTimestamp: {time.time():.6f}\r\n",
            "Challenge": "Challenge: 123456789\r\n",
            "Events": "Events: On\r\n",
            "CoreSettings": "AsteriskVersion: 22.10.0\r\n",
            "CoreStatus": "CoreStartupDate: 2026-11-23\r\nCoreStartupTime: 12:00:00\r\n",
        }.get(action)
        if own is None:
            return b"Response: Error\r\n" + tail + b"Message: Permission denied\r\n\r\n"
        booted = b""
        if action == "Login":
            booted = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 9\r\nLastReload: 9\r\nStatus: Fully Booted\r\n\r\n"
        return b"Response: Success\r\n" + tail + own.encode() + b"\r\n" + booted

    def prepare(self, repetitions: int, first: int) -> list[bytes]:
        """Return what :meth:`play` sends, so that sending costs next to nothing while the client is measured."""
        parts = [
            self._recording.repetition(number, time.time()) for number in range(first, first + repetitions)
        ]
        return [*parts, _LAST.format(at=time.time()).encode()]

    def play(self, parts: Iterable[bytes]) -> None:
        """Send the recording."""
        for part in parts:
            self._send(part)

    def _send(self, data: bytes) -> None:
        with self._writing:
            self._connection.sendall(data)


def _serve(pipe: Connection, go: Event, repetitions: int, first: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        pipe.send(server.getsockname()[1])
        connection, _ = server.accept()
        with connection:
            session = _Session(connection, load())
            answering = threading.Thread(target=_until_gone, args=(session,), daemon=True)
            answering.start()
            parts = session.prepare(repetitions, first)
            go.wait()
            session.play(parts)
            answering.join()


def _until_gone(session: _Session) -> None:
    with suppress(ConnectionError):
        session.answer()


@contextmanager
def replaying(repetitions: int, first: int = 0) -> Iterator[tuple[int, Event]]:
    """Run such a PBX for one client; yields its port and the event that lets it play."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    go = context.Event()
    process = context.Process(target=_serve, args=(theirs, go, repetitions, first), daemon=True)
    process.start()
    try:
        yield ours.recv(), go
    finally:
        process.terminate()
        process.join()
