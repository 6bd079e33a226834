"""deploy/make-secrets: everything that is needed, for nobody else's eyes, and never twice."""

from __future__ import annotations

import os
import shutil
import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.compose import ROOT, read

OWNERS = {
    "ami": 10001, "grafana_admin_password": 472, "grafana_secret_key": 472, "htpasswd": 101, "redis_password": 999,
    "redis_users": 999, "tls.crt": 101, "tls.key": 101,
}  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the script needs, which is itself."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/make-secrets", tmp_path / "deploy")
    return tmp_path


def make(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tree / "deploy/make-secrets", *arguments], capture_output=True, text=True, check=False
    )


def contents(tree: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (tree / "deploy/secrets").iterdir()}


def environment(tree: Path) -> dict[str, str]:
    lines = (tree / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_makes_all_that_compose_asks_for(tree: Path) -> None:
    assert make(tree, "--mine").returncode == 0
    found = read(environment(tree))
    for secret in found["secrets"].values():
        assert (tree / secret["file"]).stat().st_size > 0
    assert found["services"]["operator-monitor"]["volumes"][0].startswith("./deploy/monitor-demo.yaml:")
    assert environment(tree)["COMPOSE_PROFILES"] == "demo"


def test_each_file_is_its_reader_s_alone(tree: Path) -> None:
    if os.geteuid() != 0:
        assert "run it with sudo" in make(tree).stderr
        return
    assert make(tree).returncode == 0
    files = list((tree / "deploy/secrets").iterdir())
    assert {file.name: file.stat().st_uid for file in files} == OWNERS
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o400}


def test_never_overwrites_and_completes_what_is_missing(tree: Path) -> None:
    make(tree, "--mine")
    (tree / ".env").write_text("SECRETS_DIR=./deploy/secrets\n", encoding="utf-8")
    before = contents(tree)
    (tree / "deploy/secrets/ami").unlink()
    again = make(tree, "--mine", "other.example.org")
    assert again.returncode == 0
    after = contents(tree)
    assert after.pop("ami") != before.pop("ami")
    assert after == before
    assert environment(tree) == {"SECRETS_DIR": "./deploy/secrets"}


def test_the_password_is_shown_once_and_kept_as_a_hash(tree: Path) -> None:
    said = make(tree, "--mine").stdout
    password = said.split("password ")[1].split()[0]
    user, _, hashed = contents(tree)["htpasswd"].decode().strip().partition(":")
    assert user == "monitor"
    _, kind, salt, _ = hashed.split("$")
    assert kind == "6"
    command = ["openssl", "passwd", "-6", "-salt", salt, "-stdin"]
    again = subprocess.run(command, input=password, capture_output=True, text=True, check=True)
    assert again.stdout.strip() == hashed
    assert all(password.encode() not in content for content in contents(tree).values())
    assert "password" not in make(tree, "--mine").stdout


def test_nothing_is_guessable_or_the_same_twice(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(tree / "deploy", other / "deploy")
    make(tree, "--mine")
    make(other, "--mine")
    assert not set(contents(tree).values()) & set(contents(other).values())


def test_the_certificate_is_for_the_name(tree: Path) -> None:
    assert make(tree, "--mine", "board.example.org").returncode == 0
    context = ssl.create_default_context(cafile=tree / "deploy/secrets/tls.crt")
    (certificate,) = context.get_ca_certs()
    assert ("DNS", "board.example.org") in certificate["subjectAltName"]
    assert environment(tree)["PUBLIC_NAME"] == "board.example.org"


@pytest.mark.parametrize("name", ["a b", "board.example.org/CN=x", "-x", "$(id)"])
def test_a_name_that_is_none_is_refused_before_anything_is_made(tree: Path, name: str) -> None:
    done = make(tree, "--mine", name)
    assert done.returncode == 1
    assert "is no host name" in done.stderr
    assert not (tree / "deploy/secrets").exists()


def test_half_a_pair_is_told(tree: Path) -> None:
    make(tree, "--mine")
    (tree / "deploy/secrets/tls.key").unlink()
    done = make(tree, "--mine")
    assert done.returncode == 1
    assert "one is missing" in done.stderr
