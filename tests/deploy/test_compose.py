"""docker-compose.yml is valid, and agrees with all that it mounts, starts and names."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from monitor.settings import load_settings
from monitor.simulator.config import ManagerUser
from tests.deploy import compose
from tests.deploy.compose import DOCKERFILE, OURS, ROOT, Refused, interpolated, mounts, read, variables

COMPOSE = read()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
IN_POD = {name for name, service in SERVICES.items() if service.get("network_mode") == "service:pod"}
NGINX = (ROOT / "deploy/nginx/nginx.conf").read_text(encoding="utf-8")
PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
MAKE_SECRETS = (ROOT / "deploy/make-secrets").read_text(encoding="utf-8")
DOCS = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")

each_service = pytest.mark.parametrize("name", SERVICES)


def test_is_valid_by_the_compose_specification() -> None:
    assert PyCompose.from_yaml(yaml.safe_dump(COMPOSE)).service_names() == sorted(SERVICES)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("pids_limit:", "pids_limitt:"),
        ("interval: 60s", "interval: 60q"),
        ("unless-stopped", "unless-stoped"),
    ],
)
def test_the_specification_is_really_applied(right: str, wrong: str) -> None:
    text = interpolated({"SECRETS_DIR": "x"})
    assert right in text
    with pytest.raises(ValueError, match="services"):
        PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(text.replace(right, wrong))))


def test_refuses_to_start_without_secrets_and_says_what_to_do() -> None:
    with pytest.raises(Refused, match="run `sudo deploy/make-secrets` first"):
        read({})


# --- hardening ---------------------------------------------------------------------------------------------


@each_service
def test_every_container_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert {"mem_limit", "pids_limit", "stop_grace_period", "tmpfs"} <= service.keys()
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & service.keys()


@each_service
def test_no_container_runs_as_root(name: str) -> None:
    uid = SERVICES[name]["user"].partition(":")[0]
    assert uid.isdigit(), "a number, so that nothing in the image decides"
    assert uid != "0"


def test_users_are_shared_by_none_but_those_whose_images_want_it() -> None:
    users: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        users.setdefault(service["user"].partition(":")[0], set()).add(name)
    assert [names for names in users.values() if len(names) > 1] == [{"prometheus", "alertmanager"}]
    groups = {name: service["group_add"] for name, service in SERVICES.items() if "group_add" in service}
    assert list(groups) == ["alertmanager"], "its secrets are for a group of its own"
    assert all(f"root:{group} " in DOCS for group in groups["alertmanager"])


@each_service
def test_every_image_is_pinned_to_an_exact_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert image == OURS or re.search(r":v?\d+\.\d+\.\d+(-alpine[\d.]*)?$", image), image


def test_our_image_is_built_on_an_exact_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1, "the virtual environment was made for this Python at this place"
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])


@each_service
def test_every_service_has_a_health_check(name: str) -> None:
    assert compose.health(SERVICES[name])


def test_our_image_runs_as_the_user_that_owns_its_volume() -> None:
    user = SERVICES["operator-monitor"]["user"]
    uid, gid = user.split(":")
    assert f"USER {user}" in DOCKERFILE
    assert f"install -d -o {uid} -g {gid} -m 0700 /data" in DOCKERFILE
    assert "/data" in mounts(SERVICES["operator-monitor"])
    assert re.search(r'^ENTRYPOINT \["operator-monitor"\]$', DOCKERFILE, re.MULTILINE)
    target = yaml.safe_load(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])[-1]
    assert target in mounts(SERVICES["operator-monitor"])


# --- mounts, volumes, secrets ------------------------------------------------------------------------------


@each_service
def test_what_is_mounted_is_there_and_cannot_be_written(name: str) -> None:
    for target, (source, writable) in mounts(SERVICES[name]).items():
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert not writable, target
        else:
            assert source in COMPOSE["volumes"]


def test_every_volume_and_network_is_used_and_declared() -> None:
    used = {source for service in SERVICES.values() for source, _ in mounts(service).values()}
    assert {volume for volume in used if not volume.startswith(".")} == set(COMPOSE["volumes"])
    networks = {network for service in SERVICES.values() for network in service.get("networks", [])}
    assert networks == set(COMPOSE["networks"])


def test_every_secret_is_made_for_the_user_who_reads_it() -> None:
    owners = dict(re.findall(r"(\w+)=(\d+)", MAKE_SECRETS))
    made = dict(re.findall(r"\bkeep ([\w.]+) \$(\w+)", MAKE_SECRETS))
    used: set[str] = set()
    for service in SERVICES.values():
        for secret in service.get("secrets", []):
            used.add(secret)
            file = Path(COMPOSE["secrets"][secret]["file"])
            assert file.parent == Path("deploy/secrets")
            assert owners[made[file.name]] == service["user"].partition(":")[0], secret
    assert used == set(COMPOSE["secrets"])
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == set(made)


def test_secrets_are_not_committed() -> None:
    assert (ROOT / "deploy/.gitignore").read_text(encoding="utf-8") == "secrets/\n"


@pytest.mark.parametrize(
    "text", [NGINX, (ROOT / "deploy/redis/redis.conf").read_text(encoding="utf-8"), compose.TEXT]
)
def test_every_secret_that_is_read_is_declared(text: str) -> None:
    assert set(re.findall(r"/run/secrets/(\w+)", text)) <= set(COMPOSE["secrets"])


def test_the_proxy_has_the_secrets_that_it_reads() -> None:
    assert set(re.findall(r"/run/secrets/(\w+)", NGINX)) == set(SERVICES["proxy"]["secrets"])


# --- ports and names ---------------------------------------------------------------------------------------


def test_only_the_pod_publishes_and_on_loopback_unless_told() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["pod"]
    assert SERVICES["pod"]["ports"] == ["127.0.0.1:8443:8443"]
    assert "listen 8443 ssl;" in NGINX


def test_the_service_its_proxy_and_the_demo_share_the_loopback_that_the_pod_owns() -> None:
    assert {"operator-monitor", "proxy", "demo-pbx"} == IN_POD
    assert all("networks" not in SERVICES[name] for name in IN_POD)


@pytest.mark.parametrize(
    "file", ["deploy/monitor.yaml", "deploy/monitor-demo.yaml", "deploy/systemd/monitor.yaml"]
)
def test_configurations_are_valid_and_listen_where_the_proxy_looks(file: str) -> None:
    settings = load_settings(ROOT / file, environ=_service_environment())
    assert f"server {settings.http.host}:{settings.http.port};" in NGINX
    assert f"server {settings.feed.host}:{settings.feed.port};" in NGINX
    assert settings.feed.public_url == "wss://localhost:8443/v1/feed"


@pytest.mark.parametrize("file", ["deploy/monitor.yaml", "deploy/monitor-demo.yaml"])
def test_configurations_keep_their_state_on_the_volume(file: str) -> None:
    url = load_settings(ROOT / file, environ={}).storage.url
    target = url.removeprefix("sqlite:///")
    assert mounts(SERVICES["operator-monitor"])[str(Path(target).parent)] == ("monitor-data", True)


def test_the_source_reads_the_secret_that_is_mounted() -> None:
    (source,) = load_settings(ROOT / "deploy/monitor.yaml", environ={}).sources
    assert source.options()["secret_file"] == "/run/secrets/ami"
    assert "ami" in SERVICES["operator-monitor"]["secrets"]


def test_the_demo_watches_the_simulated_pbx() -> None:
    (source,) = load_settings(ROOT / "deploy/monitor-demo.yaml", environ={}).sources
    told = source.options()
    simulated = ManagerUser()
    assert (told["username"], told["secret"]) == (simulated.username, simulated.secret)
    assert SERVICES["demo-pbx"]["command"] == ["simulate"], "it listens on 127.0.0.1:5038 by default"
    assert (told["host"], told["port"]) == ("127.0.0.1", 5038)
    assert "('127.0.0.1', 5038)" in SERVICES["demo-pbx"]["healthcheck"]["test"][-1]


def test_prometheus_scrapes_and_alerts_whom_compose_starts() -> None:
    assert PROMETHEUS["global"] == {
        "scrape_interval": "5s",
        "scrape_timeout": "4s",
        "evaluation_interval": "5s",
    }
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in PROMETHEUS["scrape_configs"]}
    assert targets.keys() == {"operator-monitor", "prometheus", "alertmanager"}
    for known in ("prometheus", "alertmanager"):
        (target,) = targets[known]
        assert target.partition(":")[0] == known
        assert f"http://127.0.0.1:{target.partition(':')[2]}/" in SERVICES[known]["healthcheck"]["test"][-1]
    name, _, port = targets["operator-monitor"][0].partition(":")
    assert SERVICES["pod"]["networks"]["inside"]["aliases"] == [name]
    assert f"listen {port};" in NGINX
    assert f"server_name {name};" in NGINX
    (manager,) = PROMETHEUS["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    assert "inside" in SERVICES["alertmanager"]["networks"]


def test_prometheus_finds_all_rules_of_the_repository() -> None:
    source, _ = mounts(SERVICES["prometheus"])["/etc/prometheus/rules"]
    rules = {f"rules/{file.name}" for file in (ROOT / source).glob("*.yml")}
    assert set(PROMETHEUS["rule_files"]) == rules


def test_grafana_is_where_the_proxy_and_its_own_address_say() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SERVER_ROOT_URL"].endswith("/grafana/")
    assert "location /grafana/ {" in NGINX
    assert "set $grafana http://grafana:3000;" in NGINX
    assert environment["PROMETHEUS_URL"] == "http://prometheus:9090"
    for key in ("GF_SECURITY_ADMIN_PASSWORD__FILE", "GF_SECURITY_SECRET_KEY__FILE"):
        assert Path(environment[key]).name in SERVICES["grafana"]["secrets"]


def test_the_demo_s_port_and_redis_are_not_reachable_unless_asked_for() -> None:
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "demo-pbx": ["demo"],
        "redis": ["redis"],
    }
    inside = COMPOSE["networks"]["inside"]
    assert inside["internal"] is True
    (network,) = inside["ipam"]["config"]
    assert ip_address(network["gateway"]) in ip_network(network["subnet"])
    assert f"deny {network['gateway']};\n        allow {network['subnet']};" in NGINX
    assert SERVICES["redis"]["networks"] == ["inside"]


# --- documentation -----------------------------------------------------------------------------------------


def test_every_variable_is_documented_and_written_by_make_secrets_or_has_a_default() -> None:
    undocumented = [name for name in variables() if f"| `{name}` |" not in DOCS]
    assert undocumented == []
    written = set(re.findall(r"^([A-Z_]+)=", MAKE_SECRETS, re.MULTILINE))
    assert written - {"COMPOSE_PROFILES"} == variables()


@pytest.mark.parametrize("name", [*SERVICES, *COMPOSE["volumes"]])
def test_every_service_and_volume_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS


def test_files_that_the_documentation_names_are_there() -> None:
    named = set(re.findall(r"\b((?:deploy|dashboards)/[\w./-]*[\w-])", DOCS))
    assert named
    assert [
        file for file in named if not (ROOT / file).exists() and not file.startswith("deploy/secrets")
    ] == []


def _service_environment() -> dict[str, str]:
    environment: dict[str, str] = SERVICES["operator-monitor"]["environment"]
    return environment
