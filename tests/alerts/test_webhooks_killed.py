"""``kill -9`` at any moment: every notification that was on the shelf arrives, under one id, in the order of its group."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from pathlib import Path

from monitor.alerts.webhooks import SystemTime, Webhooks
from monitor.clock import SteadyClock
from monitor.log import open_storage
from tests.alerts.receiver import OK, Answer, Request, answer, closes_after, receiving
from tests.alerts.sending import SECRET, Hook, until

DELIVERER = Path(__file__).with_name("deliverer.py")
ROUNDS = 10


async def _run_and_kill(database: Path, url: str, first: int, chance: random.Random) -> int:
    """Let it deliver for a while; return the number of the last notification that it kept, for sure."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, DELIVERER, database, url, str(first)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    kept = first - 1
    try:
        for _ in range(chance.randrange(1, 120)):
            kept = int(await process.stdout.readline())
        await asyncio.sleep(chance.random() * 0.02)
    finally:
        process.send_signal(signal.SIGKILL)
    async for line in process.stdout:
        if line.endswith(b"\n"):
            kept = int(line)
    assert await process.wait() == -signal.SIGKILL
    return kept


async def test_every_notification_arrives_over_ten_kills(tmp_path: Path) -> None:
    database = tmp_path / "log.db"
    chance = random.Random(5)

    def moody(_: Request) -> Answer:
        """Fail now and then, also after the notification was understood."""
        return chance.choice(
            [OK] * 17
            + [answer(500), closes_after(b""), closes_after(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")]
        )

    async with receiving() as receiver:
        receiver.answers = moody
        kept = -2
        for _ in range(ROUNDS):
            # The one after the last may be on the shelf, too, so its number is left out.
            kept = await _run_and_kill(database, receiver.url, kept + 2, chance)
        seen = len(receiver.requests)
        storage = open_storage(f"sqlite:///{database}")
        assert storage.notices == ()
        waiting = len(await storage.shelf("alerts").load())
        webhooks = Webhooks(
            storage.shelf("alerts"),
            [Hook(url=receiver.url, secret=SECRET)],
            time=SystemTime(SteadyClock.system().now),
            random=lambda: 0.05,
        )
        await webhooks.start()
        await until(lambda: webhooks.status()[0].pending == 0, 60)
        await webhooks.stop()
        assert await storage.shelf("alerts").load() == {}
        await storage.close()
        bodies: dict[str, bytes] = {}
        for request in receiver.requests:
            request.verified(SECRET)
            assert bodies.setdefault(request.id, request.body) == request.body  # one id, one content
        assert waiting > 0
        assert seen > 0
        numbers = [int(name[1:]) for name in bodies]  # in the order in which they first came
        gaps = set(range(kept + 1)) - set(numbers)
        assert len(gaps) < ROUNDS  # only those that were left out between two runs
        assert all(gap - 1 in numbers for gap in gaps)
        for group in range(5):
            first_times = [number for number in numbers if number % 5 == group]
            assert first_times == sorted(first_times)
