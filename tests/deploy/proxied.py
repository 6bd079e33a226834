"""What docker-compose.yml starts in the pod, as processes: the service on the simulated PBX, and nginx in front.

Each has its very configuration file. Only ports, hosts and places differ, since here everybody shares one machine.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.deploy.compose import ROOT, health, read
from tests.helpers.chromium import missing
from tests.lab.process import Supervised, free_port, wait_until

COMMAND = Path(sys.executable).with_name("operator-monitor")
AS_PROXY = ["setpriv", "--reuid=101", "--regid=101", "--clear-groups"]


def program(name: str, package: str) -> str:
    """Return an installed server's path; users have no /usr/sbin in theirs."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        missing(f"{name} is missing: apt-get install {package}")
    return str(found)


def rewritten(file: str, replacements: Mapping[str, str]) -> str:
    """Return a configuration file with other ports and places. Each of them must stand in it."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for old, new in replacements.items():
        assert old in text, f"{file} no longer has {old!r}"
        text = text.replace(old, new)
    return text


def healthy(service: Mapping[str, Any], replacements: Mapping[str, str]) -> bool:
    """Whether a service's health check says so."""
    command = health(service) or []
    for old, new in replacements.items():
        command = [part.replace(old, new) for part in command]
    command[0] = sys.executable if command[0] == "python" else program(command[0], command[0])
    return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0


class Pod:
    """The service, the simulated PBX and the proxy."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.https, self.metrics, self.alive = free_port(), free_port(), free_port()
        self.http, self.feed, self.ami, self.grafana = free_port(), free_port(), free_port(), free_port()
        self.services = read({"SECRETS_DIR": "x", "HTTPS_PORT": str(self.https)})["services"]
        self.password = ""
        self.service: Supervised | None = None
        self.proxy: Supervised | None = None
        self._processes: list[Supervised] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            self._make_secrets()
            self._start("simulate", "--port", str(self.ami))
            self.start_service()
            self._start_proxy()
            wait_until(
                lambda: self.status("/readyz") == 200 or not self.running, "all is ready behind the proxy"
            )
            assert self.running, self.logs()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    @property
    def login(self) -> dict[str, str]:
        """The header that the proxy asks for."""
        return {"Authorization": aiohttp.encode_basic_auth("monitor", self.password)}

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts our own certificate, and checks the name in it."""
        return ssl.create_default_context(cafile=self.directory / "deploy/secrets/tls.crt")

    @property
    def running(self) -> bool:
        """Whether none has ended by itself."""
        return all(process.running for process in self._processes)

    def logs(self) -> str:
        return "\n".join(process.output for process in self._processes)

    def status(self, path: str) -> int:
        """Return the status of a request with the password; 0 where nobody answers."""
        request = urllib.request.Request(self.url + path, headers=self.login)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def start_service(self) -> None:
        """Start ``operator-monitor run`` with the demo's configuration, as compose does."""
        told = self.services["operator-monitor"]["environment"] | {
            "OPERATOR_MONITOR_HTTP__PORT": str(self.http),
            "OPERATOR_MONITOR_FEED__PORT": str(self.feed),
            "OPERATOR_MONITOR_SOURCES__0__PORT": str(self.ami),
            "OPERATOR_MONITOR_STORAGE__URL": "memory://",
        }
        config = ROOT / "deploy/monitor-demo.yaml"
        self.service = self._start("run", "--config", str(config), environ=told)

    # --- inside --------------------------------------------------------------------------------------------

    def _make_secrets(self) -> None:
        (self.directory / "deploy").mkdir()
        script = shutil.copy(ROOT / "deploy/make-secrets", self.directory / "deploy")
        mine = [] if os.geteuid() == 0 else ["--mine"]
        done = subprocess.run([script, *mine], capture_output=True, text=True, check=True)
        (self.directory / "deploy/secrets").chmod(0o711)  # a mounted file is reached past its folder
        self.password = done.stdout.split("password ")[1].split()[0]

    def _start(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Supervised:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("OPERATOR_MONITOR_")}
        output = self.directory / f"{arguments[0]}.log"
        process = Supervised([COMMAND, *arguments], output, environ=clean | dict(environ or {}))
        self._processes.append(process)
        self._stack.callback(process.kill)
        return process

    def _start_proxy(self) -> None:
        scratch = self.directory / "tmp"
        scratch.mkdir()
        log = self.directory / "nginx.log"
        log.touch()
        as_proxy = []
        if os.geteuid() == 0:  # as in its container, where it could not even become root
            as_proxy = AS_PROXY
            for path in (scratch, log):
                os.chown(path, 101, 101)
        config = self.directory / "nginx.conf"
        config.write_text(self.nginx_conf(scratch), encoding="utf-8")
        _, *options = self.services["proxy"]["entrypoint"]
        command = [*as_proxy, program("nginx", "nginx"), "-c", config, *options]
        self.proxy = Supervised(command, log)
        self._processes.append(self.proxy)
        self._stack.callback(self.proxy.kill)
        # nginx is more than one process: asked to end, it ends them all
        self._stack.callback(self._end_proxy)

    def _end_proxy(self) -> None:
        if self.proxy is not None and self.proxy.running:
            self.proxy.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.proxy.wait(10)

    def nginx_conf(self, scratch: Path) -> str:
        secrets = self.directory / "deploy/secrets"
        (inside,) = read()["networks"]["inside"]["ipam"]["config"]
        subnet, gateway = inside["subnet"], inside["gateway"]
        return rewritten(
            "deploy/nginx/nginx.conf",
            {
                " /tmp/": f" {scratch}/",  # before those that lead into our own directory
                "listen 8443 ssl;": f"listen 127.0.0.1:{self.https} ssl;",
                "listen 8082": f"listen 127.0.0.1:{self.metrics}",
                "server_name operator-monitor;": "server_name operator-monitor 127.0.0.1;",
                f"deny {gateway};": "deny 127.0.0.3;",
                f"allow {subnet};": "allow 127.0.0.0/30;",
                "listen 127.0.0.1:8083;": f"listen 127.0.0.1:{self.alive};",
                "server 127.0.0.1:8080;": f"server 127.0.0.1:{self.http};",
                "server 127.0.0.1:8081;": f"server 127.0.0.1:{self.feed};",
                "http://grafana:3000;": f"http://127.0.0.1:{self.grafana};",
                "/run/secrets/tls_certificate;": f"{secrets}/tls.crt;",
                "/run/secrets/tls_key;": f"{secrets}/tls.key;",
                "/run/secrets/htpasswd;": f"{secrets}/htpasswd;",
            },
        )
