"""axe-core finds nothing serious in any view, theme or language, nor while the truth is lost."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from playwright.async_api import expect

from tests.wallboard.board import LIVE, LOST, Board
from tests.wallboard.conftest import Open
from tests.wallboard.places import LANGUAGES, PLACES, THEMES, query
from tests.wallboard.room import ServedRoom

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]

RUN = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations
        .filter(({impact}) => impact === "serious" || impact === "critical")
        .map(({id, help, nodes}) => `${id}: ${help}: ` + nodes.slice(0, 3).map((node) =>
            node.html.slice(0, 160) + " (" + node.failureSummary.split("\\n").slice(1, 2).join(" ").trim() + ")"
        ).join(" | "));
}"""


async def findings(board: Board, axe: str) -> list[str]:
    """Return what is serious or critical."""
    await board.page.evaluate(axe)
    found: list[str] = await board.page.evaluate(RUN)
    return found


async def tour(board: Board, url: str, places: Iterable[str], axe: str, **more: str) -> dict[str, list[str]]:
    """Return what is found at these places."""
    found = {}
    for place in places:
        await board.page.goto(f"{url}/{query(place, **more)}")
        await expect(board.page.locator(PLACES[place][1]).first).to_be_visible()
        found[place] = await findings(board, axe)
    return {place: said for place, said in found.items() if said}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_nothing_serious_is_found_in_any_view(
    still: ServedRoom, open_: Open, axe: str, language: str, theme: str
) -> None:
    board = await open_(still.url, reduced_motion="reduce")
    assert await tour(board, still.url, PLACES, axe, lang=language, theme=theme) == {}


async def test_nothing_serious_is_found_on_a_phone(still: ServedRoom, open_: Open, axe: str) -> None:
    board = await open_(still.url, reduced_motion="reduce", viewport={"width": 360, "height": 740})
    places = ("overview", "agents", "waiting", "agent", "queue")
    assert await tour(board, still.url, places, axe, lang="ru") == {}


@pytest.mark.parametrize("theme", THEMES)
async def test_nothing_serious_is_found_while_the_truth_is_lost(
    room: ServedRoom, open_: Open, axe: str, theme: str
) -> None:
    await room.scene()
    places = ("overview", "agents", "waiting", "agent", "queue")
    board = await open_(room.url, query("overview", theme=theme), reduced_motion="reduce")
    page = board.page
    found = {}

    async def look(case: str) -> None:
        await expect(board.main).to_have_attribute("data-truth", "lost")
        if said := await findings(board, axe):
            found[case] = said

    room.pbx_wire.stall()
    room.pbx_wire.cut()
    await expect(page.locator("[data-source]")).to_be_visible()
    for place in places:
        await page.goto(f"{room.url}/{query(place, lang='en', theme=theme)}")
        await expect(page.locator(PLACES[place][1]).first).to_be_visible()
        await look(f"{place} without its source")
    room.pbx_wire.flow()
    await expect(page.locator("[data-source]")).to_have_count(0)
    await page.goto(f"{room.url}/{query('overview', lang='en', theme=theme)}")
    await page.wait_for_selector(LIVE)
    room.feed_wire.stall()
    room.feed_wire.cut()
    await page.wait_for_selector(LOST)
    await look("overview without the server")
    room.feed_wire.flow()
    assert found == {}


async def test_it_would_be_found(still: ServedRoom, open_: Open, axe: str) -> None:
    board = await open_(still.url, query("overview", lang="en"))
    await board.page.evaluate("document.querySelector('main').appendChild(document.createElement('button'))")
    assert any(found.startswith("button-name") for found in await findings(board, axe))
