"""The real Prometheus, Alertmanager and Redis with their very configuration, started as compose starts them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from tests.deploy.compose import ROOT, mounts, read
from tests.deploy.proxied import Pod, healthy, program, rewritten
from tests.lab.process import Supervised, free_port, wait_until

pytestmark = pytest.mark.servers

SERVICES = read()["services"]


@pytest.fixture
def prometheus_directory(tmp_path: Path, pod: Pod) -> Path:
    """What is under /etc/prometheus in the container, with the one target's port."""
    rules, _ = mounts(SERVICES["prometheus"])["/etc/prometheus/rules"]
    shutil.copytree(ROOT / rules, tmp_path / "rules")
    targets = {
        "operator-monitor:8082": f"127.0.0.1:{pod.metrics}",
        "alertmanager:9093": f"127.0.0.1:{free_port()}",
        "prometheus:9090": f"127.0.0.1:{free_port()}",
    }
    text = rewritten("deploy/prometheus/prometheus.yml", targets)
    (tmp_path / "prometheus.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_promtool_accepts_the_configuration_with_its_rules(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "dashboards/prometheus", tmp_path / "rules")
    config = shutil.copy(ROOT / "deploy/prometheus/prometheus.yml", tmp_path)
    command = [program("promtool", "prometheus"), "check", "config", config]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_scrapes_the_service_through_the_proxy(pod: Pod, prometheus_directory: Path) -> None:
    port = free_port()
    places = {"/etc/prometheus/": f"{prometheus_directory}/", "=/prometheus": f"={prometheus_directory}/data"}
    options = moved(SERVICES["prometheus"]["command"], places)
    server = Supervised(
        [program("prometheus", "prometheus"), *options, f"--web.listen-address=127.0.0.1:{port}"],
        prometheus_directory / "log",
    )
    try:

        def value() -> float:
            query = urllib.parse.urlencode({"query": 'sum(callcenter_source_up{job="operator-monitor"})'})
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=5
                ) as answer:
                    found = json.load(answer)["data"]["result"]
            except OSError:
                return 0.0
            return float(found[0]["value"][1]) if found else 0.0

        wait_until(lambda: value() == 1.0 or not server.running, "Prometheus has scraped the service", 60)
        assert server.running, server.output
        assert healthy(SERVICES["prometheus"], {":9090": f":{port}"})
    finally:
        server.kill()


def test_alertmanager_starts_with_its_options(tmp_path: Path) -> None:
    config, _ = mounts(SERVICES["alertmanager"])["/etc/alertmanager/alertmanager.yml"]
    port = free_port()
    options = moved(
        SERVICES["alertmanager"]["command"],
        {"=/etc/alertmanager/alertmanager.yml": f"={ROOT / config}", "=/alertmanager": f"={tmp_path}/data"},
    )
    server = Supervised(
        [
            program("prometheus-alertmanager", "prometheus-alertmanager"),
            *options,
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        tmp_path / "log",
    )
    try:
        wait_until(
            lambda: healthy(SERVICES["alertmanager"], {":9093": f":{port}"}) or not server.running,
            "Alertmanager is healthy",
        )
        assert server.running, server.output
    finally:
        server.kill()


def moved(options: list[str], places: dict[str, str]) -> list[str]:
    """Return a command's options with other places. Each of them must stand in one."""
    for old, new in places.items():
        assert any(old in option for option in options), old
        options = [option.replace(old, new) for option in options]
    return options


@pytest.fixture
def redis(place: Path) -> Iterator[tuple[int, str]]:
    """Redis, as its own user where we may; the port and the password."""
    directory = place / "redis"
    (directory / "deploy").mkdir(parents=True)
    script = shutil.copy(ROOT / "deploy/make-secrets", directory / "deploy")
    root = os.geteuid() == 0
    subprocess.run([script, *([] if root else ["--mine"])], capture_output=True, check=True)
    (directory / "data").mkdir()
    port = free_port()
    secrets = directory / "deploy/secrets"
    secrets.chmod(0o711)  # a mounted file is reached past its folder
    replacements = {
        "bind * -::*": "bind 127.0.0.1",
        "port 6379": f"port {port}",
        "/run/secrets/redis_users": f"{secrets}/redis_users",
        "dir /data": f"dir {directory}/data",
    }
    config = directory / "redis.conf"
    config.write_text(rewritten("deploy/redis/redis.conf", replacements), encoding="utf-8")
    as_redis = []
    if root:
        uid, gid = SERVICES["redis"]["user"].split(":")
        os.chown(directory / "data", int(uid), int(gid))
        as_redis = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    server = Supervised([*as_redis, program("redis-server", "redis-server"), config], directory / "log")
    try:
        wait_until(lambda: "Ready to accept" in server.output or not server.running, "Redis is ready")
        assert server.running, server.output
        yield port, (secrets / "redis_password").read_text(encoding="utf-8").strip()
    finally:
        server.kill()


def test_redis_asks_for_the_password_and_keeps_what_it_is_told(redis: tuple[int, str], place: Path) -> None:
    port, password = redis
    once = Retry(NoBackoff(), 0)
    with Redis(port=port, retry=once) as stranger, pytest.raises((AuthenticationError, RedisConnectionError)):
        stranger.ping()
    with (
        Redis(port=port, password="wrong", retry=once) as stranger,
        pytest.raises((AuthenticationError, RedisConnectionError)),
    ):
        stranger.ping()
    with Redis(port=port, password=password) as friend:
        assert friend.ping()
        assert friend.set("key", "value")
    assert list((place / "redis/data/appendonlydir").iterdir())
    secrets = place / "redis/deploy/secrets"
    asked = {"redis-cli": f"redis-cli -p {port}", "/run/secrets/": f"{secrets}/"}
    assert healthy(SERVICES["redis"], asked)
    assert not healthy(SERVICES["redis"], asked | {"redis_password": "redis_users"})
