"""deploy/systemd/operator-monitor.service: accepted by systemd, well confined, and in step with the documentation."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from monitor.settings import load_settings
from tests.deploy.compose import ROOT
from tests.deploy.proxied import program

FILE = ROOT / "deploy/systemd/operator-monitor.service"
TEXT = FILE.read_text(encoding="utf-8")
DOCS = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
EXPOSURE = 15
"""Tenths, of 100: systemd's own judgement, where 0 is best. What remains is that it may use the network."""


def value(key: str) -> str:
    found = re.findall(rf"^{key}=(.*)$", TEXT, re.MULTILINE)
    assert len(found) == 1, key
    return str(found[0])


@pytest.mark.servers
def test_systemd_accepts_it(tmp_path: Path) -> None:
    command, _, _ = value("ExecStart").partition(" ")
    there = tmp_path / "operator-monitor.service"
    there.write_text(TEXT.replace(command, "/bin/true"), encoding="utf-8")  # it isn't installed here
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "verify", there], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.servers
def test_it_is_confined() -> None:
    command = [
        program("systemd-analyze", "systemd"),
        "security",
        "--offline=true",
        f"--threshold={EXPOSURE}",
        FILE,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_always_comes_back_but_for_a_mistake_in_the_configuration() -> None:
    assert value("Restart") == "always"
    assert value("StartLimitIntervalSec") == "0"
    assert value("RestartPreventExitStatus") == "2", "what monitor.cli ends with then"


def test_a_reload_is_the_signal_that_the_service_takes() -> None:
    assert value("ExecReload") == "/bin/kill -HUP $MAINPID"
    assert "systemctl reload operator-monitor" in DOCS


def test_its_configuration_reads_the_credential_and_writes_where_it_may() -> None:
    settings = load_settings(ROOT / "deploy/systemd/monitor.yaml", environ={})
    (source,) = settings.sources
    credential, _, file = value("LoadCredential").partition(":")
    assert source.options()["secret_file"] == f"/run/credentials/{FILE.name}/{credential}"
    assert settings.storage.url.startswith(f"sqlite:////var/lib/{value('StateDirectory')}/")
    assert file in DOCS


def test_it_starts_what_the_documentation_installs() -> None:
    command, *arguments = value("ExecStart").split()
    directory = str(Path(command).parents[1])
    assert f"deploy/package/install dist {directory}" in DOCS
    assert arguments[:2] == ["run", "--config"]
    assert arguments[2] in DOCS
