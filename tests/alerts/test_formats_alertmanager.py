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
from monitor.alerts.telling import Telling
from monitor.model import Alert
from monitor.settings import WebhookSettings
from tests.alerts.receiver import Receiver, receiving
from tests.alerts.sending import NOW, alert, until

pytestmark = pytest.mark.servers

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
MISSING = "Alertmanager is not installed: apt-get install prometheus-alertmanager"
CONFIGURATION = """
route: {{receiver: ops, group_by: [alertname, source, queue, agent], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}}
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
        id="waiting/pbx1/other@0",
    ),
    alert(labels={"source": "pbx1", "agent": "pbx1/anna", "team": "North"}, id="waiting/pbx1/anna@0"),
]


def ours(*alerts: Alert) -> list[dict[str, Any]]:
    """Return the bodies for these alerts, put together as a webhook of this format wants it."""
    ops = WebhookSettings.model_validate({"id": "ops", "url": "http://127.0.0.1", "format": "alertmanager"})
    messages, _ = Telling().settle({one.id: one for one in alerts}, alerts, [ops], lambda _: False, NOW)
    return [_body(message.group, message.alerts) for message in messages]


def _body(group: dict[str, str], alerts: tuple[Alert, ...]) -> dict[str, Any]:
    told = Notification(id="n1", webhook="ops", group=group, at=NOW, alerts=alerts)
    return msgspec.json.decode(alertmanager.body(told, None))


def over(body: dict[str, Any], alert: Alert) -> dict[str, Any]:
    """Return the body that follows a body: the same group, and its alert is over."""
    group = {"rule" if name == "alertname" else name: value for name, value in body["groupLabels"].items()}
    return _body(group, (alert,))


async def theirs(api: str, receiver: Receiver, *bodies: dict[str, Any]) -> list[dict[str, Any]]:
    """Have the real one tell these alerts; what it is given is what an adapter for Prometheus would send."""
    before = len(receiver.requests)
    posted = [
        {
            "labels": one["labels"],
            "annotations": one["annotations"],
            "startsAt": one["startsAt"],
            **({} if one["status"] == "firing" else {"endsAt": one["endsAt"]}),
        }
        for body in bodies
        for one in body["alerts"]
    ]
    async with aiohttp.ClientSession() as session, session.post(api, json=posted) as answer:
        assert answer.status == 200, await answer.text()
    await until(lambda: len(receiver.requests) >= before + len(bodies), 60)
    return [request.json for request in receiver.requests[before:]]


def assert_same(mine: list[dict[str, Any]], real: list[dict[str, Any]]) -> None:
    for bodies in (mine, real):
        bodies.sort(key=lambda body: body["groupKey"])
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
        mine = ours(*ALERTS)
        assert len(mine) == len(ALERTS)
        real = await theirs(api, receiver, *mine)
        assert_same(mine, real)
        assert [body["status"] for body in real] == ["firing"] * len(ALERTS)
        assert receiver.requests[0].headers["content-type"] == "application/json"

        for body, alert_, at in zip(ours(*ALERTS), ALERTS, (NOW, NOW + 2.5, NOW + 3), strict=True):
            ended = over(body, msgspec.structs.replace(alert_, state="resolved", resolved_at=at))
            real = await theirs(api, receiver, ended)
            assert_same([ended], real)
            assert (ended["groupKey"], ended["status"]) == (body["groupKey"], "resolved")


def test_what_an_alert_lacks_is_no_label_of_its_group() -> None:
    body = _body({"rule": "waiting", "source": ""}, (alert(),))
    assert body["groupLabels"] == {"alertname": "waiting"}
    assert body["groupKey"] == '{}:{alertname="waiting"}'
