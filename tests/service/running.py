"""The service as a process of its own, from a configuration file that a test may change, for signals and ``kill -9``."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any, Self

import aiohttp

from monitor.simulator import Simulation
from tests.lab.process import Supervised, poll
from tests.lab.product import COMMAND, environment

Json = dict[str, Any]

_NOTE_PID = 'echo $$ >"$0"; exec "$@"'


def configure(directory: Path, simulation: Simulation, alerts: Json, **more: Any) -> Path:
    """Write the configuration anew; return the file."""
    host, port = simulation.address
    source = {
        "id": "pbx",
        "adapter": "ami",
        "host": host,
        "port": port,
        "username": simulation.username,
        "secret": simulation.secret,
    }
    sections: Json = {
        "sources": [source],
        "http": {"port": 0},
        "feed": {"port": 0},
        "storage": {"url": "sqlite:///monitor.db"},
        "alerts": alerts,
    }
    file, new = directory / "monitor.yaml", directory / "monitor.new"
    new.write_text(json.dumps(sections | more), encoding="utf-8")  # JSON is YAML
    new.chmod(0o600)
    new.replace(file)
    return file


class Running:
    """``operator-monitor run``, until it is killed or told to end."""

    def __init__(self, file: Path) -> None:
        self._pid_file = file.with_name("pid")
        self._log = file.with_name("log")
        self._from = self._log.stat().st_size if self._log.exists() else 0
        command = ["/bin/sh", "-c", _NOTE_PID, self._pid_file, COMMAND, "run", "--config", file]
        self._process = Supervised(command, self._log, file.parent, environment())
        self._http = ""

    @classmethod
    async def start(cls, file: Path) -> Self:
        """Return when it answers."""
        running = cls(file)
        try:
            await poll(running._started, "the service to start")
        except BaseException:
            running.kill()
            raise
        running._http = next(entry for entry in running.log() if entry["event"] == "started")["http"]
        return running

    def kill(self) -> None:
        """``kill -9``."""
        self._process.kill()

    def terminate(self) -> int:
        """Ask it to end; return the exit status."""
        self._process.terminate()
        return self._process.wait(20)

    def hang_up(self) -> None:
        """Send SIGHUP."""
        os.kill(int(self._pid_file.read_text(encoding="ascii")), signal.SIGHUP)

    def log(self, event: str | None = None) -> list[Json]:
        """Return what this run logged so far, or only one kind of it."""
        with self._log.open("rb") as file:
            file.seek(self._from)
            lines = file.read().decode().split("\n")[:-1]
        entries: list[Json] = [json.loads(line) for line in lines]
        return [entry for entry in entries if event in (None, entry["event"])]

    async def get(self, path: str) -> Any:
        """Return what the HTTP API tells."""
        async with aiohttp.ClientSession() as session, session.get(f"{self._http}{path}") as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, **form: object) -> tuple[int, Any]:
        """Ask the HTTP API to do something; return the status and the answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._http}{path}", json=form) as response,
        ):
            return response.status, await response.json(content_type=None)

    async def alerts(self) -> list[Json]:
        """Return the alerts there are."""
        found: list[Json] = await self.get("/api/v1/alerts")
        return found

    async def up(self) -> None:
        """Wait until the source is synchronised."""
        await self.source_is("up")

    async def source_is(self, state: str) -> None:
        """Wait until the source is in a state."""

        async def there() -> bool:
            return [one["state"] for one in await self.get("/api/v1/sources")] == [state]

        await poll(there, f"the source to be {state}")

    async def _started(self) -> bool:
        if not self._process.running:
            raise RuntimeError(f"the service ended while starting:\n{self._process.output}")
        return bool(self.log("started"))
