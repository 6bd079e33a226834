"""Nothing leaves the host, and nothing is complained of, wherever one goes."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.wallboard.board import LIVE
from tests.wallboard.conftest import Open
from tests.wallboard.figures import Figures
from tests.wallboard.places import LANGUAGES, PLACES, THEMES, query
from tests.wallboard.room import ServedRoom

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_tour_through_all_views_asks_this_host_alone(
    still: ServedRoom, open_: Open, language: str, theme: str
) -> None:
    board = await open_(still.url, query("overview", lang=language, theme=theme))
    await expect(board.page.locator("html")).to_have_attribute("data-theme", theme)
    for place, (_, sign) in PLACES.items():
        await board.page.goto(f"{still.url}/{query(place, lang=language, theme=theme)}")
        await board.page.wait_for_selector(LIVE)
        await expect(board.page.locator(sign).first).to_be_visible()
    await board.page.evaluate("document.fonts.ready")
    hosts = {urlsplit(url).hostname for url in board.requests}
    assert hosts == {"127.0.0.1"}, board.requests
    kinds = {urlsplit(url).path.rpartition(".")[2] for url in board.requests}
    assert {"js", "css", "woff2", "/v1/feed"} <= kinds
    assert board.complaints == []


async def test_the_policy_forbids_what_the_page_does_not_need(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url)
    blocked = await board.page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.violatedDirective));
            const script = document.createElement("script");
            script.textContent = "window.evil = true";
            document.head.appendChild(script);
        })"""
    )
    assert blocked.startswith("script-src")
    assert await board.page.evaluate("window.evil === undefined")
    assert board.complaints, "what the browser blocks is seen by the tests"


async def test_the_first_picture_is_timed(still: ServedRoom, open_: Open, figures: Figures) -> None:
    board = await open_(still.url, query("agents", lang="ru"))
    await expect(board.tiles).to_have_count(5)
    found = await board.page.evaluate(
        """() => {
            const loaded = performance.getEntriesByType("resource");
            const paint = performance.getEntriesByName("first-contentful-paint")[0];
            return {
                first_picture_ms: window.firstPicture,
                first_paint_ms: paint ? paint.startTime : 0,
                transferred_bytes: loaded.reduce((sum, entry) => sum + entry.transferSize, 0),
            };
        }"""
    )
    figures.record("wallboard, first picture", found)
    assert found["first_picture_ms"] > 0
