"""The address chooses everything, and controls write into it."""
# ruff: noqa: RUF001 - Russian texts are the point

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.wallboard.board import LIVE, come_true
from tests.wallboard.conftest import Open
from tests.wallboard.room import ServedRoom

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]

BY_NAME = ["Anna", "Boris", "Clara", "Egor", "Жанна"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ("sort=name", BY_NAME),
        ("sort=state", ["Clara", "Жанна", "Anna", "Boris", "Egor"]),
        ("team=North&sort=name", ["Anna", "Boris"]),
        ("team=south&sort=name", ["Clara", "Egor", "Жанна"]),
        ("queues=support&sort=name", ["Clara", "Egor", "Жанна"]),
        ("queues=pbx/sales&sort=name", ["Anna", "Boris", "Egor"]),
        ("state=paused&sort=name", ["Boris", "Egor"]),
        ("state=paused,talking&team=North&sort=name", ["Anna", "Boris"]),
        ("queues=sales&team=South&sort=name", ["Egor"]),
    ],
)
async def test_the_address_filters_and_sorts_the_agents(
    still: ServedRoom, open_: Open, chosen: str, names: list[str]
) -> None:
    board = await open_(still.url, f"?view=agents&lang=en&{chosen}")
    await expect(board.tiles).to_have_count(len(names))
    shown = await board.names()
    assert (sorted(shown), shown[0]) == (sorted(names), names[0])
    if "sort=name" in chosen:
        assert shown == names


async def test_those_longest_in_their_state_come_first_by_time(room: ServedRoom, open_: Open) -> None:
    board = await open_(room.url, "?view=agents&lang=en&sort=time")
    for name in ("Жанна", "Anna", "Egor", "Clara", "Boris"):
        room.simulation.pause(name, "lunch")
        await expect(board.tile(name)).to_have_attribute("data-state", "paused")
    wanted = ["Жанна", "Anna", "Egor", "Clara", "Boris"]

    async def sorted_so() -> bool:
        return await board.names() == wanted

    await come_true(sorted_so, f"the order is {wanted}")


async def test_the_address_filters_queues_and_callers(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, "?queues=support&lang=en")
    await expect(board.page.locator("li[data-queue]")).to_have_count(1)
    await board.page.get_by_role("link", name="Callers waiting").click()
    await expect(board.main).to_contain_text("Nobody is waiting")
    assert board.page.url.endswith("/?view=waiting&queues=support&lang=en")


async def test_controls_filter_and_sort_and_write_it_into_the_address(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, "?view=agents&lang=en")
    page = board.page
    await board.mark()
    controls = page.get_by_role("group", name="Which agents are shown")
    await controls.get_by_label("Sort by").select_option("Name")
    await expect(page).to_have_url(re.compile(r"\bsort=name\b"))

    async def by_name() -> bool:
        return await board.names() == BY_NAME

    await come_true(by_name, "they are in the order of their names")
    await controls.get_by_label("Team").select_option("North")
    await expect(board.tiles).to_have_count(2)
    await expect(page).to_have_url(re.compile(r"\bteam=North\b"))
    paused = page.get_by_role("button", name="Paused")
    await paused.click()
    await expect(paused).to_have_attribute("aria-pressed", "true")
    await expect(board.tiles).to_have_count(1)
    await controls.get_by_label("Team").select_option("All")
    await controls.get_by_label("Queue").select_option("support")
    await expect(page).to_have_url(re.compile(r"\bqueues=support&state=paused\b"))
    await expect(board.tile("Egor")).to_be_visible()
    await page.go_back()  # one step: the queue
    await expect(board.tiles).to_have_count(2)
    await page.get_by_role("button", name="Reset filters").click()
    await expect(board.tiles).to_have_count(5)
    assert page.url.endswith("/?view=agents&sort=name&lang=en")
    # whoever opens that address sees the same
    other = await open_(still.url, "?" + page.url.partition("?")[2])
    assert await other.names() == BY_NAME
    assert await board.is_marked()


async def test_filters_that_let_nobody_through_say_so_and_can_be_dropped(
    still: ServedRoom, open_: Open
) -> None:
    board = await open_(still.url, "?view=agents&lang=en&team=East&state=talking")
    await expect(board.main).to_contain_text("No agent fits these filters.")
    await expect(board.page.locator(".filters")).to_have_text("Team: East · State: Talking")
    await board.main.get_by_role("button", name="Reset filters").first.click()
    await expect(board.tiles).to_have_count(5)


async def test_back_and_forward_follow_the_views(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, "?lang=en")
    page = board.page
    await board.mark()
    await page.get_by_role("link", name="Agents").click()
    await expect(board.tiles).to_have_count(5)
    await page.get_by_role("link", name="Callers waiting").click()
    await expect(page.locator("[data-call]")).to_have_count(2)
    await page.get_by_role("link", name="RU").click()  # how it looks is no step
    await page.go_back()
    await expect(board.tiles).to_have_count(5)
    await page.go_back()
    await expect(page.locator("li[data-queue]")).to_have_count(2)
    await page.go_forward()
    await expect(board.tiles).to_have_count(5)
    assert await board.is_marked()
    assert board.navigations == 1 + 5 + 1  # the document once; the others happen inside of it


WRONG = {
    "view=nowhere": "view=nowhere",
    "sort=size": "sort=size",
    "state=asleep,paused": "state=asleep",
    "lang=xx": "lang=xx",
    "theme=pink": "theme=pink",
    "views=overview,moon": "views=moon",
    "every=4": "every=4",
    "sound=loud": "sound=loud",
    "tv=maybe": "tv=maybe",
}


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_wrong_values_are_said_in_one_line_and_the_default_holds(
    still: ServedRoom, open_: Open, language: str
) -> None:
    told = {"en": "The address asks for what isn't there", "ru": "В адресе указано то, чего нет"}[language]
    board = await open_(still.url, "?" + "&".join(WRONG), locale=language)
    notice = board.page.locator(".notice")
    await expect(notice).to_have_count(1)
    await expect(notice).to_contain_text(told)
    for value in WRONG.values():
        await expect(notice).to_contain_text(value)
    await expect(board.page.locator("li[data-queue]")).to_have_count(2)
    await expect(board.page.locator("html")).to_have_attribute("lang", language)
    await notice.get_by_role("button").click()
    await expect(notice).to_have_count(0)


async def test_hostile_values_are_only_text(still: ServedRoom, open_: Open) -> None:
    evil = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    board = await open_(still.url, f"?view={evil}&team={evil}&lang=en")
    await expect(board.page.locator(".notice")).to_contain_text("<img src=x onerror=alert(1)>")
    for subject in ("agent", "queue"):
        await board.page.goto(f"{still.url}/?{subject}={evil}&lang=en")
        await board.page.wait_for_selector(LIVE)
        await expect(board.main).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(board.page.locator("img")).to_have_count(0)
    assert board.complaints == []


RING = """() => ["", "::after"].some((part) => {
    const style = getComputedStyle(document.activeElement, part);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
})"""


async def test_the_keyboard_reaches_and_uses_everything(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, "?lang=en")
    page = board.page
    await expect(page.locator("li[data-queue]")).to_have_count(2)

    async def focused() -> str:
        return str(
            await page.evaluate(
                "(e => e.getAttribute('aria-label') || e.textContent.trim())(document.activeElement)"
            )
        )

    async def reach(name: str, key: str = "Tab") -> None:
        seen = []
        for _ in range(30):
            await page.keyboard.press(key)
            seen.append(await focused())
            if seen[-1] == name:
                assert await page.evaluate(RING) is True
                return
        raise AssertionError(f"{name} is not among {seen}")

    await reach("sales")
    await page.keyboard.press("Enter")
    await expect(page.locator("main canvas")).to_have_count(4)
    await page.go_back()
    await expect(page.locator("li[data-queue]")).to_have_count(2)
    await reach("Agents")
    await page.keyboard.press("Enter")
    await expect(board.tiles).to_have_count(5)
    await reach("1Talking")
    await page.keyboard.press("Space")
    await expect(board.tiles).to_have_count(1)
    await reach("Anna · North · Talking · sales · +7495*****67")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("slider")).to_be_visible()
    await reach("All agents", "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(board.tiles).to_have_count(1)
