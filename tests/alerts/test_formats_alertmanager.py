"""Our ``alertmanager`` body beside the one that a real Prometheus Alertmanager sends for the same alerts."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from monitor.alerts.formats import alertmanager
from monitor.alerts.notification import Notification
from monitor.model import Alert
from tests.alerts.receiver import Receiver, receiving
from tests.alerts.sending import NOW, alert, until

pytestmark = pytest.mark.servers

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
MISSING = "Alertmanager is not installed: apt-get install prometheus-alertmanager"
CONFIGURATION = """
route: {{receiver: ops, group_by: [alertname, source], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: ops, webhook_configs: [{{url: "{url}", send_resolved: true}}]}}]
"""
VARIES = {"externalURL", "generatorURL"}
"""Addresses of their own, which an Alertmanager and a Prometheus have and we have not."""


@pytest.fixture(autouse=True)
def _installed() -> None:
    if BINARY is None:
        (pytest.fail if os.environ.get("REQUIRE_SERVERS") == "1" else pytest.skip)(MISSING)


@asynccontextmanager
async def running(directory: Path, port: int, url: str) -> AsyncIterator[str]:
    """Run an Alertmanager that sends to a webhook; give the address of its API."""
    (directory / "alertmanager.yml").write_text(CONFIGURATION.format(url=url))
    assert BINARY is not None
    with (directory / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            BINARY,
            f"--config.file={directory}/alertmanager.yml",
            f"--storage.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            stdout=log,
            stderr=log,
        )
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(30):
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{port}/-/ready") as answer:
                        if answer.status == 200:
                            break
                except aiohttp.ClientError:
                    assert process.returncode is None, (directory / "log").read_text()
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/api/v2/alerts"
    finally:
        process.terminate()
        await process.wait()


ALERTS = [
    alert(labels={"source": "pbx1", "queue": "pbx1/sales", "floor": "2"}),
    alert(
        labels={"source": "pbx1", "queue": 'pbx1/Продажи "A"\\'},
        value="paused",
        summary="Продажи: ждут 7",
        fired_at=NOW - 9.000123,
    ),
]


def ours(*alerts: Alert) -> dict[str, Any]:
    told = Notification(
        id="n1", webhook="ops", group={"rule": "waiting", "source": "pbx1"}, at=NOW, alerts=alerts
    )
    return msgspec.json.decode(alertmanager.body(told, None))


async def theirs(api: str, receiver: Receiver, *alerts: Alert) -> dict[str, Any]:
    """Have the real one tell these alerts; what it is given is what an adapter for Prometheus would send."""
    before = len(receiver.requests)
    posted = [
        {
            "labels": one["labels"],
            "annotations": one["annotations"],
            "startsAt": one["startsAt"],
            **({} if one["status"] == "firing" else {"endsAt": one["endsAt"]}),
        }
        for one in ours(*alerts)["alerts"]
    ]
    async with aiohttp.ClientSession() as session, session.post(api, json=posted) as answer:
        assert answer.status == 200, await answer.text()
    await until(lambda: len(receiver.requests) > before, 60)
    return receiver.requests[-1].json


def assert_same(mine: dict[str, Any], real: dict[str, Any]) -> None:
    mine["alerts"].sort(key=lambda one: one["fingerprint"])
    real["alerts"].sort(key=lambda one: one["fingerprint"])
    assert _without_addresses(mine) == _without_addresses(real)
    assert _shape(mine) == _shape(real)


def _without_addresses(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_addresses(one) for key, one in value.items() if key not in VARIES}
    return [_without_addresses(one) for one in value] if isinstance(value, list) else value


def _shape(value: Any) -> Any:
    """Return keys and types."""
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    return [_shape(one) for one in value] if isinstance(value, list) else type(value).__name__


async def test_firing_and_resolved_are_told_as_the_real_one_tells_them(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with receiving() as receiver, running(tmp_path, unused_tcp_port, receiver.url) as api:
        real = await theirs(api, receiver, *ALERTS)
        assert_same(ours(*ALERTS), real)
        assert real["status"] == "firing"
        assert receiver.requests[0].headers["content-type"] == "application/json"

        over = [msgspec.structs.replace(ALERTS[0], state="resolved", resolved_at=NOW), ALERTS[1]]
        real = await theirs(api, receiver, *over)
        assert_same(ours(*over), real)
        assert {one["status"] for one in real["alerts"]} == {"firing", "resolved"}

        last = [msgspec.structs.replace(ALERTS[1], state="resolved", resolved_at=NOW + 2.5)]
        real = await theirs(api, receiver, *last)
        assert_same(ours(*last), real)
        assert real["status"] == "resolved"
