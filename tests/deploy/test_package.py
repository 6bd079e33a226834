"""What the Dockerfile does, done here: build from what .dockerignore lets through, install by hashes, run without rights."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.compose import DOCKERFILE, ROOT, read
from tests.lab.process import Supervised, free_port, wait_until

USER = read()["services"]["operator-monitor"]["user"]


def context() -> list[Path]:
    """Return the files that .dockerignore lets through: the last pattern that matches a file or a folder above wins."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    out = ["ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(["git", *out], cwd=ROOT, capture_output=True, text=True, check=True)
    built = [
        str(file.relative_to(ROOT)) for file in (ROOT / "monitor/web/wallboard").rglob("*") if file.is_file()
    ]
    return [Path(name) for name in listed.stdout.splitlines() + built if not _ignored(name, patterns)]


def _ignored(name: str, patterns: list[str]) -> bool:
    ignored = False
    for pattern in patterns:
        expression = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{expression}(/.*)?", name):
            ignored = not pattern.startswith("!")
    return ignored


def test_the_image_is_built_from_the_sources_alone() -> None:
    tops = {file.parts[0] for file in context()}
    assert tops == {"LICENSE", "README.md", "adapters", "constraints.txt", "dashboards", "deploy", "monitor",
                    "pyproject.toml", "scripts"}  # fmt: skip
    names = {str(file) for file in context()}
    assert {"deploy/package/build", "scripts/wallboard", "dashboards/wallboard/package-lock.json"} <= names
    assert not [
        name for name in names if name.startswith(("deploy/secrets", "monitor/web/wallboard/", "tests"))
    ]


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """The places of the Dockerfile's build stage, in one directory into which other users can be let."""
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        root = Path(name)
        root.chmod(0o711)
        yield root


@pytest.fixture(scope="module")
def installed(root: Path) -> Path:
    """Run the RUN lines of the Dockerfile's build stage."""
    for file in context():
        if (ROOT / file).is_file():
            (root / "source" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, root / "source" / file)
    stage = DOCKERFILE.split("\nFROM ")[1]
    commands = re.findall(r"^RUN (.*)$", stage, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["deploy/package/build", "deploy/package/install"]
    base = getattr(sys, "_base_executable", sys.executable)
    (root / "dist").mkdir()
    (root / "dist/operator_monitor-0.0.1-py3-none-any.whl").touch()  # of a version before
    for command in commands:
        words = [f"{root}{word}" if word.startswith("/") else word for word in command.split()]
        done = subprocess.run(
            words,
            cwd=root / "source",
            env=os.environ | {"PYTHON": base},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return root / "opt/operator-monitor"


@pytest.mark.servers
@pytest.mark.timeout(300)
def test_only_what_is_needed_is_installed_as_it_is_pinned(installed: Path, root: Path) -> None:
    requirements = (root / "dist/requirements.txt").read_text(encoding="utf-8")
    assert set(re.split(r"\n(?=\S)", requirements.strip())) <= set(
        re.split(r"\n(?=\S)", (ROOT / "constraints.txt").read_text(encoding="utf-8").strip())
    )
    pinned = {
        name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)==", requirements, re.MULTILINE)
    }
    (packages,) = installed.glob("lib/python*/site-packages")
    found = {path.name.split("-")[0].lower().replace("_", "-") for path in packages.glob("*.dist-info")}
    assert found - {"setuptools"} == pinned | {
        "operator-monitor"
    }  # setuptools: venv's own before Python 3.12
    assert not {"pytest", "mypy", "playwright", "pip"} & found
    assert (packages / "monitor/web/wallboard/index.html").is_file()


@pytest.mark.servers
@pytest.mark.timeout(300)
def test_runs_as_a_nobody_who_can_write_his_data_alone(installed: Path, root: Path) -> None:
    uid, gid = map(int, USER.split(":"))
    confined = []
    data = root / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, uid, gid)
        confined = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs",
                    "--bounding-set=-all", "--inh-caps=-all"]  # fmt: skip
    http, ami = free_port(), free_port()
    environ = {
        "PATH": f"{installed}/bin:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPERATOR_MONITOR_HTTP__PORT": str(http),
        "OPERATOR_MONITOR_FEED__PORT": "0",
        "OPERATOR_MONITOR_SOURCES__0__PORT": str(ami),
        "OPERATOR_MONITOR_STORAGE__URL": f"sqlite:///{data}/demo.db",
    }
    config = root / "monitor.yaml"
    shutil.copy(ROOT / "deploy/monitor-demo.yaml", config)
    command = [*confined, "operator-monitor"]
    pbx = Supervised([*command, "simulate", "--port", str(ami)], root / "pbx.log", cwd=data, environ=environ)
    service = Supervised([*command, "run", "--config", config], root / "run.log", cwd=data, environ=environ)
    try:

        def ready() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{http}/readyz", timeout=5) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, OSError):
                return not service.running

        wait_until(ready, "the service is ready")
        assert service.running, service.output
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/", timeout=5) as page:
            assert b"data-" in page.read() or page.status == 200
        assert (data / "demo.db").stat().st_uid == (uid if os.geteuid() == 0 else os.geteuid())
        service.terminate()
        assert service.wait(15) == 0, service.output
        assert '"stopped"' in service.output
    finally:
        service.kill()
        pbx.kill()
    if os.geteuid() == 0:
        assert not [path for path in installed.rglob("*") if path.lstat().st_uid == uid]


# --- one version after another -----------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with an empty ``dist``, but for requirements of nothing."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/requirements.txt").write_text("# none\n", encoding="utf-8")
    return tmp_path


def put_wheel(place: Path, version: str, *, works: bool = True) -> Path:
    """Make a wheel whose program says its version, or fails to."""
    wheel = place / f"dist/operator_monitor-{version}-py3-none-any.whl"
    info = f"operator_monitor-{version}.dist-info"
    files = {
        "greeting.py": f"def main():\n    print('{version}')\n    return {0 if works else 1}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: operator-monitor\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\noperator-monitor = greeting:main\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(name, text)
    return wheel


def install(place: Path) -> subprocess.CompletedProcess[str]:
    base = getattr(sys, "_base_executable", sys.executable)
    command = [ROOT / "deploy/package/install", place / "dist", place / "there"]
    environ = os.environ | {"PYTHON": base}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def says(place: Path) -> str:
    program = place / "there/bin/operator-monitor"
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.strip()


def test_the_next_version_takes_the_place_of_the_last_only_if_it_works(place: Path) -> None:
    old = put_wheel(place, "1.0")
    done = install(place)
    assert (done.returncode, says(place)) == (0, "1.0"), done.stderr
    new = put_wheel(place, "1.1")
    refused = install(place)
    assert refused.returncode == 1
    assert "2 wheels" in refused.stderr
    assert says(place) == "1.0", "a service may run from there"

    old.unlink()
    new.unlink()
    broken = put_wheel(place, "1.2", works=False)
    assert install(place).returncode != 0
    assert says(place) == "1.0"

    broken.unlink()
    put_wheel(place, "1.3")
    done = install(place)
    assert (done.returncode, done.stdout.strip(), says(place)) == (0, "1.3", "1.3"), done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["dist", "there"], "nothing is left over"
    named = [path for path in (place / "there/bin").iterdir() if b".there.new" in path.read_bytes()]
    assert named == []
    assert ".there.new" not in (place / "there/pyvenv.cfg").read_text(encoding="utf-8")


def test_nothing_to_install_is_told(place: Path) -> None:
    done = install(place)
    assert done.returncode == 1
    assert "has no wheel" in done.stderr
    assert not (place / "there").exists()
