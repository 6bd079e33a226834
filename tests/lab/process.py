"""Processes that never outlive the tests: Asterisk, SIPp."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

# The watcher reads a pipe that only this Python process holds open. However we end (kill -9 included), the
# pipe closes and the watcher kills the child, and with it everything that would otherwise be left running.
_SUPERVISOR = """
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
trap 'told=1; kill -TERM $child' TERM
{ cat <&3 >/dev/null; kill -9 $GROUP$child; } 2>/dev/null &
watcher=$!
wait $child
status=$?
if [ -n "$told" ]; then wait $child; status=$?; fi  # the signal ended the first wait
kill $watcher 2>/dev/null
exit $status
"""


class Supervised:
    """A child process: running until it ends by itself or :meth:`kill` is called."""

    def __init__(
        self,
        command: Sequence[str | Path],
        output: Path,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        group: bool = False,
    ) -> None:
        """Start ``command``; with ``group`` its own child processes are killed with it."""
        self._output = output
        self._killed = False
        # A process group has the number of its first process, with a minus before it.
        script = _SUPERVISOR.replace("$GROUP", "-" if group else "")
        first: Sequence[str | Path] = ["setsid"] if group else []
        with output.open("ab") as sink:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", script, "supervisor", *map(str, [*first, *command])],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environ,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """The exit status that it ended with by itself; ``None`` while it runs and if it was killed."""
        return None if self._killed else self._process.poll()

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait(self, timeout: float) -> int:
        """Return the exit status; raises ``subprocess.TimeoutExpired``."""
        status = self._process.wait(timeout)
        self._close()
        return status

    def terminate(self) -> None:
        """Ask it to end (SIGTERM); :meth:`wait` tells how it did."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once (SIGKILL); idempotent."""
        self._killed = self._killed or self.running
        self._close()
        self._process.wait(10)

    def _close(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()


_given: set[int] = set()


def free_port() -> int:
    """Return a loopback port that nobody uses now, neither for TCP nor for UDP; never the same one twice."""
    while True:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            stream.bind(("127.0.0.1", 0))
            port = int(stream.getsockname()[1])
            if port in _given:
                continue
            with contextlib.suppress(OSError):
                datagram.bind(("127.0.0.1", port))
                _given.add(port)
                return port


async def poll(condition: Callable[[], Awaitable[object]], what: str, within: float = 30.0) -> None:
    """Return when ``condition`` holds of a server that can only be asked; raises ``TimeoutError`` naming ``what``."""
    end = time.monotonic() + within
    while not await condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {within:g} s in vain for: {what}")
        await asyncio.sleep(0.05)


def wait_until(condition: Callable[[], bool], what: str, within: float = 30.0) -> None:
    """Return when ``condition`` holds; raises ``TimeoutError`` naming ``what`` was waited for."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {within:g} s in vain for: {what}")
        time.sleep(0.05)
