"""Alerts that the service raises, as somebody sees them who watches the wallboard."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.wallboard.conftest import Open
from tests.wallboard.room import ServedRoom, until
from tests.wallboard.test_accessibility import findings

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]

RULES = [
    {
        "id": "callers-wait",
        "for_each": "queue",
        "when": "waiting > 1",
        "severity": "critical",
        "summary": {"en": "{name}: {waiting} callers wait", "ru": "{name}: ждут {waiting}"},
    },
    {
        "id": "lunch",
        "for_each": "agent",
        "when": 'state == "paused" and reason == "lunch"',
        "summary": {"en": "{name} has lunch", "ru": "{name}: обед"},
    },
    {
        "id": "source-lost",
        "for_each": "source",
        "when": 'state != "up"',
        "severity": "critical",
        "summary": {"en": "{id} is not connected", "ru": "{id}: нет связи"},
    },
]


@pytest_asyncio.fixture(loop_scope="session")
async def ruled(tmp_path: Path) -> AsyncIterator[ServedRoom]:
    """A room whose service has rules."""
    async with ServedRoom(tmp_path, alerts={"rules": RULES}) as room:
        yield room


@pytest.mark.parametrize(
    ("language", "severity", "summary"),
    [("en", "Critical", "sales: 2 callers wait"), ("ru", "Критично", "sales: ждут 2")],
)
async def test_an_alert_appears_at_once_in_the_pages_language_and_goes_when_it_is_over(
    ruled: ServedRoom, open_: Open, language: str, severity: str, summary: str
) -> None:
    ruled.simulation.pause("Boris", "training")
    await ruled.talks("Anna", "sales")
    ruled.simulation.pause("Egor", "training")
    board = await open_(ruled.url, f"?lang={language}")
    ribbon = board.page.locator(".ribbon")
    await expect(ribbon).to_have_count(0)
    ruled.waits("sales")
    ruled.waits("sales", "+74959876543")
    line = board.page.locator('[data-alert^="callers-wait/pbx/sales@"]')
    await expect(line).to_be_visible()
    await expect(line).to_have_attribute("data-severity", "critical")
    await expect(line.locator(".word")).to_have_text(severity)
    await expect(line.locator(".summary")).to_have_text(summary)
    await expect(line.locator(".time")).to_have_text(re.compile(r"^0:\d\d$"))
    await expect(board.page.get_by_role("alert")).to_have_text(f"{severity}: {summary}")
    ruled.simulation.unpause("Boris")
    boris = next(agent for agent in ruled.simulation.agents if agent.name == "Boris")
    await until(lambda: boris.offer is not None, "it rings Boris")
    ruled.simulation.answer("Boris")
    await expect(ribbon).to_have_count(0)
    assert board.complaints == []


async def test_who_cares_for_an_alert_is_named_and_what_is_silenced_is_only_counted(
    ruled: ServedRoom, open_: Open, axe: str
) -> None:
    assert ruled.service is not None
    alerts = ruled.service.alerts
    ruled.simulation.pause("Boris", "lunch")
    ruled.simulation.pause("Egor", "lunch")
    board = await open_(ruled.url, "?lang=en")
    lines = board.page.locator("[data-alert]")
    await expect(lines).to_have_count(2)
    boris, egor = (board.page.locator(f'[data-alert^="lunch/pbx/{name}@"]') for name in ("Boris", "Egor"))
    name = await boris.get_attribute("data-alert")
    assert name is not None
    await alerts.acknowledge(name, by="Anna", why="he may: <b>birthday</b>")
    await expect(boris).to_contain_text("Boris has lunch")
    await expect(boris.locator(".carer")).to_have_text("Anna: he may: <b>birthday</b>")
    await expect(egor.locator(".carer")).to_have_count(0)
    silence = await alerts.silence(
        matchers={"agent": "pbx/Egor"}, by="Anna", why="so does he", until=time.time() + 3_600
    )
    await expect(egor).to_have_count(0)
    await expect(board.page.locator(".ribbon .more")).to_have_text("Kept quiet: 1")
    assert await findings(board, axe) == []
    await alerts.unsilence(silence.id)
    await expect(egor).to_be_visible()
    await expect(board.page.locator(".ribbon .more")).to_have_count(0)
    assert board.complaints == []


async def test_what_a_lost_source_explains_takes_no_place_beside_its_loss(
    ruled: ServedRoom, open_: Open
) -> None:
    ruled.simulation.pause("Boris", "lunch")
    board = await open_(ruled.url, "?lang=en")
    lines = board.page.locator("[data-alert]")
    await expect(lines).to_have_count(1)
    ruled.pbx_wire.stall()
    await expect(lines).to_have_count(1)
    await expect(lines.locator(".summary")).to_have_text("pbx is not connected")
    await expect(board.page.locator(".ribbon .more")).to_have_text("Kept quiet: 1")
