"""The pinned constraints agree with what pyproject.toml asks for, and name no registry."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINNED = {
    canonicalize_name(name): version
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
}


def _wanted() -> list[Requirement]:
    groups = PROJECT["dependency-groups"]
    asked = list(PROJECT["project"]["dependencies"]) + list(PROJECT["build-system"]["requires"])
    for group in groups.values():
        asked += [entry for entry in group if isinstance(entry, str)]
    return [Requirement(text) for text in asked]


def test_every_requirement_is_pinned_to_a_version_that_satisfies_it() -> None:
    wrong = [
        str(requirement)
        for requirement in _wanted()
        if (version := PINNED.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(version, prereleases=True)
    ]
    assert wrong == [], "run `make constraints`"


def test_every_pin_carries_hashes_and_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text.strip()))


def test_what_the_wallboard_is_built_with_is_locked_with_hashes_and_without_addresses_of_registries() -> None:
    lock = json.loads((ROOT / "dashboards/wallboard/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_version_stands_in_the_changelog_or_is_unreleased() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[Unreleased\]", changelog, re.MULTILINE)
