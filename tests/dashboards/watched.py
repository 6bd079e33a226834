"""A call centre watched as it is meant to be: simulated PBX, service, Prometheus, Alertmanager and one who is told.

All of them real processes with their very configuration files; only addresses and waiting times are others, for the
simulated people hurry as well.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import yaml

from dashboards.grafana.pictures.asking import Prometheus
from tests.deploy.proxied import program
from tests.lab.process import Supervised, free_port, wait_until
from tests.lab.product import COMMAND, environment

ROOT = Path(__file__).parents[2]
RULES = ROOT / "dashboards/prometheus"
ALERTMANAGER = ROOT / "dashboards/alertmanager/alertmanager.yml"
SOURCE = "pbx1"
HASTE = 10
"""How many times shorter the alerts wait."""
TOKEN = "one-two-three"

Json = dict[str, Any]

# Alerts that always fire, one about the source and one about the service, to see what silences them.
STANDING = """\
groups:
  - name: standing
    rules:
      - {alert: CallcenterStandingOfSource, expr: "last_over_time(callcenter_source_up[10m]) >= 0", labels: {severity: warning}}
      - {alert: CallcenterStandingOfService, expr: 'last_over_time(up{job="operator-monitor"}[10m])', labels: {severity: warning}}
"""


def hasty(rules: str) -> str:
    """Return alerts that wait less before they fire."""

    def shorter(found: re.Match[str]) -> str:
        seconds = int(found[1]) * {"s": 1, "m": 60}[found[2]]
        return f"for: {seconds * 1000 // HASTE}ms"

    return re.sub(r"for: (\d+)([sm])\b", shorter, rules)


@dataclass(frozen=True)
class Told:
    """What a receiver got."""

    path: str
    authorization: str | None
    alert: Json
    """With ``status``, ``labels`` and ``annotations``."""


class Receiver:
    """Takes Alertmanager's messages."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                authorization = self.headers.get("Authorization")
                told.extend(Told(self.path, authorization, alert) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def heard_of(self, name: str, status: str = "firing") -> list[Told]:
        return [
            one
            for one in self.told
            if (one.alert["labels"]["alertname"], one.alert["status"]) == (name, status)
        ]


class Watched:
    """All of it. A context manager."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self._processes: dict[str, Supervised] = {}
        self._ports = {name: free_port() for name in ("ami", "http", "feed", "prometheus", "alertmanager")}
        self.prometheus = Prometheus(f"http://127.0.0.1:{self._ports['prometheus']}")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            self.receiver = Receiver()
            stack.callback(self.receiver.close)
            self._start("simulator", COMMAND, "simulate", "--port", str(self._ports["ami"]), "--speed", "30")
            self.start_service()
            self._start_alertmanager()
            self._start_prometheus()
            self.until(self.is_up, "Prometheus knows that the source is up")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    # --- what may happen -------------------------------------------------------------------------------

    def start_service(self) -> None:
        """Start the service, with teams for two of its agents, and an alert that often tells its webhook."""
        agents = [{"id": "Olga O'Connor", "team": "North"}, {"id": "Анна Петрова", "team": "South"}]
        source = {"id": SOURCE, "adapter": "ami", "host": "127.0.0.1", "port": self._ports["ami"]}
        config = {
            "sources": [source | {"username": "monitor", "secret": "simulated"}],
            "agents": agents,
            "alerts": {
                "rules": [
                    {"id": "talks", "for_each": "agent", "when": 'state == "talking"', "severity": "info"}
                ],
                "webhooks": [
                    {
                        "id": "desk",
                        "url": f"http://127.0.0.1:{self.receiver.port}/desk",
                        "format": "alertmanager",
                    }
                ],
            },
            "http": {"port": self._ports["http"]},
            "feed": {"port": self._ports["feed"]},
        }
        file = self._directory / "monitor.yaml"
        file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
        self._start("service", COMMAND, "run", "--config", file)

    def stop_service(self) -> None:
        """End the service."""
        self._processes.pop("service").kill()

    def silence_the_pbx(self) -> None:
        """Let the PBX hang with its connections open."""
        self._signal_the_pbx(signal.SIGSTOP)

    def wake_the_pbx(self) -> None:
        """Let it go on; the service sees what it was from then on."""
        self._signal_the_pbx(signal.SIGCONT)

    def _signal_the_pbx(self, number: signal.Signals) -> None:
        supervisor = self._processes["simulator"]._process.pid
        for child in (
            Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text(encoding="ascii").split()
        ):
            if b"simulate" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                os.kill(int(child), number)

    # --- what is seen ----------------------------------------------------------------------------------

    def is_up(self) -> bool:
        """Whether Prometheus sees the source up."""
        return self.value("callcenter_source_up") == 1

    def value(self, expr: str) -> float | None:
        """Return the only value of an expression, ``None`` without one or without a Prometheus that answers."""
        try:
            found = self.prometheus.instant(expr)
        except OSError:
            return None
        return float(found[0]["value"][1]) if found else None

    def alerts(self) -> dict[str, Json]:
        """Return what Alertmanager has, by name."""
        url = f"http://127.0.0.1:{self._ports['alertmanager']}/api/v2/alerts"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return {alert["labels"]["alertname"]: alert for alert in json.load(answer)}

    def silenced(self, name: str) -> bool | None:
        """Whether an alert is inhibited; ``None`` if it isn't there."""
        alert = self.alerts().get(name)
        return None if alert is None else bool(alert["status"]["inhibitedBy"])

    def until(self, condition: Callable[[], object], what: str, within: float = 30.0) -> None:
        """Wait for a condition; raises with the logs of what ended in the meantime."""

        def ended() -> list[str]:
            return [
                f"{name}:\n{one.output[-3000:]}" for name, one in self._processes.items() if not one.running
            ]

        wait_until(lambda: bool(ended() or condition()), what, within)
        assert condition(), f"waited for: {what}; but this ended: {ended()}"

    # --- starting --------------------------------------------------------------------------------------

    def _start(self, name: str, *command: str | Path) -> None:
        process = Supervised(command, self._directory / f"{name}.log", self._directory, environment())
        self._processes[name] = process
        self._stack.callback(process.kill)

    def _start_prometheus(self) -> None:
        config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
        (self._directory / "rules").mkdir()
        for rules in RULES.glob("*.yml"):
            text = hasty(rules.read_text(encoding="utf-8"))
            (self._directory / "rules" / rules.name).write_text(text, encoding="utf-8")
        (self._directory / "rules/standing.yml").write_text(STANDING, encoding="utf-8")
        config["rule_files"].append("rules/standing.yml")
        config["global"] = {"scrape_interval": "250ms", "evaluation_interval": "1s"}
        [alertmanager] = config["alerting"]["alertmanagers"][0]["static_configs"]
        alertmanager["targets"] = [f"127.0.0.1:{self._ports['alertmanager']}"]
        ports = {"operator-monitor": "http", "prometheus": "prometheus", "alertmanager": "alertmanager"}
        for job in config["scrape_configs"]:
            job.pop("scrape_interval", None)
            job["static_configs"] = [{"targets": [f"127.0.0.1:{self._ports[ports[job['job_name']]]}"]}]
        file = self._directory / "prometheus.yml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        self._start(
            "prometheus", program("prometheus", "prometheus"), f"--config.file={file}",
            f"--storage.tsdb.path={self._directory / 'series'}",
            f"--web.listen-address=127.0.0.1:{self._ports['prometheus']}",
        )  # fmt: skip

    def _start_alertmanager(self) -> None:
        config = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))
        for route in (config["route"], *config["route"]["routes"]):
            route |= {"group_wait": "200ms", "group_interval": "1s"}
        token = self._directory / "token"
        token.write_text(TOKEN, encoding="utf-8")
        for receiver in config["receivers"]:
            for webhook in receiver.get("webhook_configs", []):
                webhook["url"] = webhook["url"].replace(":9095/", f":{self.receiver.port}/")
                if "http_config" in webhook:
                    webhook["http_config"]["authorization"]["credentials_file"] = str(token)
        file = self._directory / "alertmanager.yml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        self._start(
            "alertmanager", program("prometheus-alertmanager", "prometheus-alertmanager"),
            f"--config.file={file}", f"--storage.path={self._directory / 'silences'}",
            f"--web.listen-address=127.0.0.1:{self._ports['alertmanager']}", "--cluster.listen-address=",
        )  # fmt: skip
        self.until(self._alertmanager_answers, "Alertmanager answers")

    def _alertmanager_answers(self) -> bool:
        try:
            self.alerts()
        except OSError:
            return False
        return True
