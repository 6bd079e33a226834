"""Debian's Chromium for tests, without a screen and without a word to anybody outside."""

from __future__ import annotations

import os
import shutil

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing(reason: str) -> None:
    """Skip the test, or let it fail where nothing may be skipped."""
    (pytest.fail if os.environ.get("REQUIRE_SERVERS") == "1" else pytest.skip)(reason)


def executable() -> str:
    """Return the program's path."""
    found = shutil.which("chromium")
    if found is None:
        missing("Chromium is missing: apt-get install chromium")
    return str(found)
