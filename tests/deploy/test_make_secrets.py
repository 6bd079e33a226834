"""deploy/make-secrets: everything that is needed, for nobody else's eyes, and never twice."""

from __future__ import annotations

import os
import shutil
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


def make(tree: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SUDO_")}
    return subprocess.run(
        [tree / "deploy/make-secrets", *arguments],
        env=clean | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def fake(tree: Path, name: str, script: str) -> None:
    """Put a program of that name into ``bin``."""
    program = tree / "bin" / name
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


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
    folder = tree / "deploy/secrets"
    files = list(folder.iterdir())
    assert {file.name: file.stat().st_uid for file in files} == OWNERS
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o400}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700, "users of this machine may have the same numbers"


def test_the_folder_and_env_are_of_whoever_called_sudo(tree: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, as sudo gives it")
    assert make(tree, SUDO_UID="1234", SUDO_GID="1235").returncode == 0
    for path in (tree / "deploy/secrets", tree / ".env"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1235), path
    assert (tree / "deploy/secrets/ami").stat().st_uid == OWNERS["ami"]


def test_a_user_of_this_machine_with_a_number_of_a_container_s_is_told(tree: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, as sudo gives it")
    fake(tree, "getent", '[ "$2" = 472 ] && echo "bob:x:472:472::/home/bob:/bin/sh"')
    told = make(tree, PATH=f"{tree}/bin:{os.environ['PATH']}").stdout
    assert "user 472, who reads some of the secrets, is bob on this machine" in told
    assert told.count("on this machine") == 1
    assert "All is there." in told


def test_an_openssl_that_cannot_hash_leaves_no_empty_password(tree: Path) -> None:
    fake(tree, "openssl", f'[ "$1" = passwd ] && exit 1; exec {shutil.which("openssl")} "$@"')
    done = make(tree, "--mine", PATH=f"{tree}/bin:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "has no passwd -6" in done.stderr
    assert "All is there." not in done.stdout
    assert not (tree / "deploy/secrets/htpasswd").exists()


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
    command = ["openssl", "x509", "-noout", "-in", tree / "deploy/secrets/tls.crt"]
    command += ["-ext", "basicConstraints,extendedKeyUsage,subjectAltName"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "DNS:board.example.org, DNS:localhost, IP Address:127.0.0.1" in told
    assert "CA:FALSE" in told, "whoever trusts it trusts no other"
    assert "TLS Web Server Authentication" in told
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
