"""What ``check`` makes of an adapter's findings, and of its defects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.contract import Finding
from monitor import checking

GOOD = Finding(level="ok", subject="link", message="it is up")


class Checked:
    """An adapter that finds one thing and then does something."""

    source = "pbx"

    def __init__(self, then: BaseException | None = None, *, hangs: bool = False) -> None:
        self.then = then
        self.hangs = hangs

    async def run(self, host: object) -> None:
        raise NotImplementedError

    def request_snapshot(self) -> None:
        raise NotImplementedError

    async def check(self, host: object) -> AsyncIterator[Finding]:
        yield GOOD
        if self.then is not None:
            raise self.then
        if self.hangs:
            await asyncio.Event().wait()


async def found(adapter: Checked) -> list[Finding]:
    return [finding async for finding in checking.findings(adapter)]


async def test_findings_are_passed_on() -> None:
    assert await found(Checked()) == [GOOD]


async def test_a_defect_is_a_finding() -> None:
    first, last = await found(Checked(KeyError("defect")))
    assert first == GOOD
    assert (last.level, last.message) == ("error", "the check failed: KeyError('defect')")


async def test_a_check_without_an_end_is_ended_and_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE", 0.05)
    first, last = await found(Checked(hangs=True))
    assert first == GOOD
    assert (last.level, last.subject) == ("error", "adapter")
    assert "did not end" in last.message
