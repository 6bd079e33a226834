"""What silences what, in a real Alertmanager with the example's very configuration."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.dashboards.watched import ALERTMANAGER
from tests.deploy.proxied import program
from tests.lab.process import Supervised, free_port, wait_until

pytestmark = pytest.mark.servers

SERVICE = {"job": "operator-monitor", "instance": "one"}
SOURCE = SERVICE | {"source": "pbx1"}
QUEUE = SOURCE | {"queue": "pbx1/sales"}

Inhibited = dict[str, bool]


class Manager:
    """Takes alerts as Prometheus sends them."""

    def __init__(self, port: int) -> None:
        self._api = f"http://127.0.0.1:{port}/api/v2"

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._api}/status", timeout=5):
                return True
        except OSError:
            return False

    def tell(self, *alerts: dict[str, str]) -> None:
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(
            urllib.request.Request(f"{self._api}/alerts", body, headers), timeout=5
        ).close()

    def inhibited(self) -> Inhibited:
        """Return for each alert by its name, and instance where that is another, whether it is silenced."""
        with urllib.request.urlopen(f"{self._api}/alerts", timeout=5) as answer:
            return {
                name(alert["labels"]): bool(alert["status"]["inhibitedBy"]) for alert in json.load(answer)
            }


def name(labels: dict[str, str]) -> str:
    others = [labels[key] for key in ("instance", "queue") if labels.get(key) not in {None, *QUEUE.values()}]
    return " ".join([labels["alertname"].removeprefix("Callcenter"), *others])


def alert(which: str, labels: dict[str, str], severity: str = "warning") -> dict[str, str]:
    return labels | {"alertname": f"Callcenter{which}", "severity": severity}


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    config = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))
    for receiver in config["receivers"]:  # what is told to whom isn't asked here
        receiver.pop("webhook_configs", None)
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    server = Supervised(
        [
            program("prometheus-alertmanager", "prometheus-alertmanager"),
            f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        ],
        tmp_path / "log",
    )  # fmt: skip
    try:
        manager = Manager(port)
        wait_until(lambda: manager.ready() or not server.running, "Alertmanager answers")
        assert server.running, server.output
        yield manager
    finally:
        server.kill()


@pytest.mark.parametrize(
    ("told", "inhibited"),
    [
        pytest.param(
            [
                alert("SourceLost", SOURCE, "critical"),
                alert("LogNotWritable", SOURCE, "critical"),
                alert("Drift", SOURCE),
                alert("LogNotWritable", SOURCE | {"instance": "two"}, "critical"),
                alert("SourceLost", SOURCE | {"instance": "three"}, "critical"),
            ],
            {
                "SourceLost": True,
                "LogNotWritable": False,
                "Drift": True,
                "LogNotWritable two": False,
                "SourceLost three": False,
            },
            id="a full disk is told as that, not as a lost source",
        ),
        pytest.param(
            [
                alert("NobodyAtWork", QUEUE, "critical"),
                alert("NoAgentAvailable", QUEUE),
                alert("QueueWaitingTooLong", QUEUE),
                alert("CallersTurnedAway", QUEUE),
                alert("NoAgentAvailable", QUEUE | {"queue": "pbx1/other"}),
            ],
            {
                "NobodyAtWork": False,
                "NoAgentAvailable": True,
                "QueueWaitingTooLong": True,
                "CallersTurnedAway": False,
                "NoAgentAvailable pbx1/other": False,
            },
            id="nobody at work says it all",
        ),
        pytest.param(
            [
                alert("MonitorDown", SERVICE, "critical"),
                alert("LogNotWritable", SOURCE, "critical"),
                alert("NobodyAtWork", QUEUE, "critical"),
                alert("NotificationsFailed", {"job": "alertmanager", "instance": "one"}),
                {"alertname": "Watchdog", "severity": "none"},
            ],
            {
                "MonitorDown": False,
                "LogNotWritable": True,
                "NobodyAtWork": True,
                "NotificationsFailed": False,
                "Watchdog": False,
            },
            id="a service that is down knows nothing; others do",
        ),
    ],
)
def test_the_cause_is_told_and_what_follows_from_it_is_not(
    manager: Manager, told: list[dict[str, str]], inhibited: Inhibited
) -> None:
    manager.tell(*told)
    wait_until(lambda: manager.inhibited() == inhibited, f"Alertmanager judges so: {inhibited}", 20)
