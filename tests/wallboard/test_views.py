"""Every view in both languages: what it shows, and how it is built for those who have it read aloud."""
# ruff: noqa: RUF001 - Russian texts are the point

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.wallboard.conftest import Open
from tests.wallboard.places import LANGUAGES, PLACES, query
from tests.wallboard.room import ServedRoom

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]

TITLES = {"en": "Operator Monitor", "ru": "Монитор операторов"}
NAVIGATION = {"en": ("Views", ["Overview", "Agents", "Callers waiting"]), "ru": ("Виды", ["Обзор", "Операторы", "Ожидание"])}  # fmt: skip
LIVE_WORD = {"en": "Live", "ru": "На связи"}
TALKING = {"en": "Talking", "ru": "Разговор"}
MASKED = re.compile(r"\+7495\*+\d\d")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", PLACES)
async def test_every_view_has_language_title_landmarks_and_says_that_it_is_live(
    still: ServedRoom, open_: Open, place: str, language: str
) -> None:
    board = await open_(still.url, query(place, lang=language))
    page = board.page
    await expect(page.locator(PLACES[place][1]).first).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await expect(page).to_have_title(re.compile(TITLES[language] + "$"))
    await expect(page.get_by_role("main")).to_have_count(1)
    await expect(page.get_by_role("banner")).to_have_count(1)
    await expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[language])
    badge = page.locator("[data-connection]")
    await expect(badge).to_have_count(1)
    await expect(badge).to_have_attribute("role", "status")
    await expect(badge).to_have_text(LIVE_WORD[language])
    name, views = NAVIGATION[language]
    links = page.get_by_role("navigation", name=name).get_by_role("link")
    assert await links.all_text_contents() == ([] if place == "tv" else views)
    # the frame around the views scrolls nowhere: only what is in it may
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_overview_has_a_card_per_queue(still: ServedRoom, open_: Open, language: str) -> None:
    board = await open_(still.url, query("overview", lang=language))
    assert await board.page.locator(".queue").evaluate_all("all => all.map((e) => e.dataset.queue)") == [
        "pbx/sales",
        "pbx/support",
    ]
    sales, support = board.card("sales"), board.card("support")
    await expect(sales.locator(".waiting .value")).to_have_text("2")
    await expect(sales.locator(".longest .time")).to_have_text(re.compile(r"^(\d+:)?\d+:\d\d$"))
    await expect(sales.locator(".answered .value")).to_have_text("1")
    await expect(sales.locator(".abandoned .value")).to_have_text("0")
    await expect(support.locator(".waiting .value")).to_have_text("0")
    await expect(support.locator(".longest .value")).to_have_text("–")
    states = sales.locator(".statebar [data-state]")
    assert await states.evaluate_all("all => all.map((e) => [e.dataset.state, parseInt(e.textContent)])") == [
        ["talking", 1],
        ["paused", 2],
    ]
    await expect(states.first).to_contain_text(TALKING[language])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_agents_view_has_a_tile_per_agent(still: ServedRoom, open_: Open, language: str) -> None:
    board = await open_(still.url, query("agents", lang=language))
    await expect(board.tiles).to_have_count(5)
    for name, state in {
        "Anna": "talking",
        "Boris": "paused",
        "Clara": "available",
        "Жанна": "available",
        "Egor": "paused",
    }.items():
        await expect(board.tile(name)).to_have_attribute("data-state", state)
        await expect(board.tile(name).locator("svg").first).to_be_visible()
        await expect(board.tile(name).locator(".time")).to_have_text(re.compile(r"^(\d+:)?\d+:\d\d$"))
    anna = board.tile("Anna")
    for text in (TALKING[language], "sales", MASKED):
        await expect(anna).to_contain_text(text)
    assert "4951234567" not in await board.page.content()
    await expect(board.tile("Boris")).to_contain_text("lunch")
    count = {"en": "5 agents", "ru": "5 операторов"}[language]
    await expect(board.page.get_by_role("heading", name=count)).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_waiting_view_has_a_row_per_caller_the_longest_first(
    still: ServedRoom, open_: Open, language: str
) -> None:
    board = await open_(still.url, query("waiting", lang=language))
    rows = board.page.locator("[data-call]")
    await expect(rows).to_have_count(2)
    for row, place, tail in ((rows.nth(0), "1", "21"), (rows.nth(1), "2", "43")):
        await expect(row.locator(".place")).to_contain_text(place)
        await expect(row).to_contain_text("sales")
        await expect(row.locator(".party")).to_have_text(re.compile(rf"^\+7495\*+{tail}$"))
        await expect(row.locator(".time")).to_have_text(re.compile(r"^(\d+:)?\d+:\d\d$"))
    count = {"en": "2 callers wait", "ru": "Ждут 2 человека"}[language]
    await expect(board.page.get_by_role("heading", level=2)).to_have_text(count)
    nobody = await open_(still.url, query("waiting", lang=language, queues="support"))
    await expect(nobody.main).to_contain_text({"en": "Nobody is waiting", "ru": "Никто не ждёт"}[language])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_agents_own_page_tells_state_reason_and_day(
    still: ServedRoom, open_: Open, language: str
) -> None:
    board = await open_(still.url, query("agent", lang=language))
    head = board.main.locator('[data-agent="pbx/Anna"]')
    await expect(head).to_have_count(1)
    await expect(head).to_have_attribute("data-state", "talking")
    for text in ("Anna", "North", TALKING[language], "sales", MASKED):
        await expect(head).to_contain_text(text)
    why = {"en": "The agent's phone is in a call.", "ru": "На телефоне оператора идёт разговор."}[language]
    await expect(head.locator(".why")).to_contain_text(why)
    calls = {"en": "From queues", "ru": "Из очередей"}[language]
    await expect(board.page.locator(f'dt:text-is("{calls}") + dd')).to_have_text("1")
    day = board.page.get_by_role("slider")
    await expect(day).to_have_attribute("aria-valuetext", re.compile(TALKING[language]))
    await day.focus()
    await board.page.keyboard.press("Home")
    await expect(day).not_to_have_attribute("aria-valuetext", re.compile(TALKING[language]))
    await expect(day).to_have_attribute("aria-valuenow", "0")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_queues_own_page_tells_figures_plots_callers_and_members(
    still: ServedRoom, open_: Open, language: str
) -> None:
    board = await open_(still.url, query("queue", lang=language))
    page = board.page
    await expect(page.locator("canvas")).to_have_count(4)
    await expect(page.locator('[data-queue="pbx/sales"] .waiting .value')).to_have_text("2")
    await expect(page.locator("table.figures tbody tr").nth(1).locator("td").first).to_have_text("1")
    await expect(page.locator("[data-call]")).to_have_count(2)
    members = page.locator("main li[data-agent]")
    assert set(await members.evaluate_all("all => all.map((e) => e.dataset.agent)")) == {
        "pbx/Anna",
        "pbx/Boris",
        "pbx/Egor",
    }
    await expect(page.locator('main [data-agent="pbx/Anna"]')).to_have_attribute("data-state", "talking")


async def test_pages_of_an_agent_and_a_queue_lead_to_each_other(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, query("overview", lang="en"))
    page = board.page
    await board.mark()
    await page.get_by_role("link", name="sales").click()
    await expect(page).to_have_url(f"{still.url}/?queue=pbx/sales&lang=en")
    await page.locator("main [data-agent]").get_by_role("link", name="Anna").click()
    await expect(page).to_have_url(f"{still.url}/?agent=pbx/Anna&lang=en")
    await page.locator("main [data-agent]").get_by_role("link", name="sales").click()
    await expect(page.locator("main canvas")).to_have_count(4)
    await page.go_back()
    await expect(page.get_by_role("slider")).to_be_visible()
    await page.go_back()
    await page.go_back()
    await expect(page.locator("li[data-queue]")).to_have_count(2)
    assert await board.is_marked()
    assert board.complaints == []
