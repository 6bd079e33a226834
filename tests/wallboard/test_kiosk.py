"""TV mode: a kiosk starts with an address, and needs nobody."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.wallboard.board import LIVE, LOST, Board
from tests.wallboard.conftest import Open
from tests.wallboard.room import ServedRoom

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]

THEN = "2026-11-24T00:00:00Z"
SIGNS = {"overview": "li[data-queue]", "agents": "li[data-agent]", "waiting": "li[data-call]"}


async def shows(board: Board, view: str) -> None:
    await expect(board.main.locator(SIGNS[view]).first).to_be_visible()
    for other in set(SIGNS) - {view}:
        await expect(board.main.locator(SIGNS[other])).to_have_count(0)


async def test_the_views_chosen_in_the_address_take_turns(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, "?tv&views=waiting,agents&every=5&lang=en", before=THEN)
    page = board.page
    await board.mark()
    await shows(board, "waiting")
    for view in ("agents", "waiting", "agents"):
        await page.clock.fast_forward(5_000)
        await shows(board, view)
    await expect(page.locator(".tour li")).to_have_text(["Callers waiting", re.compile("^Agents")])
    assert page.url.endswith("/?tv&views=waiting,agents&every=5&lang=en")
    assert await board.is_marked()


async def test_a_screen_on_the_wall_has_no_controls_and_does_not_scroll(
    still: ServedRoom, open_: Open
) -> None:
    board = await open_(still.url, "?tv&views=overview,agents&every=3600&lang=en&sort=size", before=THEN)
    for view in ("overview", "agents"):
        await shows(board, view)
        for role in ("button", "combobox", "checkbox"):
            await expect(board.page.get_by_role(role)).to_have_count(0)
        await expect(board.page.locator("nav")).to_have_count(0)
        await expect(board.page.locator(".notice")).to_have_count(0)
        assert (
            await board.page.evaluate(
                "[...document.querySelectorAll('*')].filter((e) => e.scrollHeight > e.clientHeight + 1"
                " && ['auto', 'scroll'].includes(getComputedStyle(e).overflowY)).length"
            )
            == 0
        )
        await board.page.clock.fast_forward(3_600_000)


async def test_keys_step_pause_and_leave(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, "?tv&views=overview,agents,waiting&every=5&lang=en", before=THEN)
    keyboard = board.page.keyboard
    await shows(board, "overview")
    await keyboard.press("ArrowRight")
    await shows(board, "agents")
    await keyboard.press("ArrowLeft")
    await shows(board, "overview")
    await keyboard.press("Space")
    await expect(board.page.locator(".paused")).to_be_visible()
    await board.page.clock.fast_forward(60_000)
    await shows(board, "overview")
    await keyboard.press("Space")
    await board.page.clock.fast_forward(5_000)
    await shows(board, "agents")
    await keyboard.press("Escape")
    await expect(board.page.get_by_role("navigation", name="Views")).to_be_visible()
    await shows(board, "agents")
    assert "tv" not in board.page.url.partition("?")[2].split("&")


async def test_a_picture_creeps_so_that_nothing_burns_in(still: ServedRoom, open_: Open) -> None:
    board = await open_(still.url, "?tv&every=3600", before=THEN)

    async def shift() -> tuple[str, ...]:
        return tuple(
            await board.page.evaluate(
                "['--shift-x', '--shift-y'].map((n) => document.documentElement.style.getPropertyValue(n))"
            )
        )

    seen = {await shift()}
    for _ in range(5):
        await board.page.clock.fast_forward(60_000)
        seen.add(await shift())
    assert len(seen) > 1
    assert all(abs(float(value[:-2])) <= 12 for pair in seen for value in pair)


async def test_a_kiosk_goes_on_turning_and_comes_back_while_the_server_is_away(
    room: ServedRoom, open_: Open
) -> None:
    await room.scene()
    board = await open_(room.url, "?tv&views=overview,agents&every=5&lang=en", before=THEN)
    await board.mark()
    await shows(board, "overview")
    room.feed_wire.stall()
    room.feed_wire.cut()
    await expect(board.page.locator(LOST)).to_be_visible()
    await expect(board.page.locator(".band strong")).to_be_visible()
    await board.page.clock.fast_forward(5_000)
    await shows(board, "agents")
    room.simulation.pause("Clara", "meeting")
    room.feed_wire.flow()
    await expect(board.page.locator(LIVE)).to_be_visible()
    await expect(board.tile("Clara")).to_have_attribute("data-state", "paused")
    assert await board.is_marked()


# --- alerts, laid into the feed's messages: tests/wallboard/test_alerts.py has those of the service -------------


def alert(number: int, severity: str, since: float, state: str = "firing") -> dict[str, object]:
    return {
        "id": f"a{number}",
        "rule": "longest_wait",
        "severity": severity,
        "state": state,
        "since": since,
        "labels": {"queue": "sales"},
        "summary": f"Alert number {number} in <b>sales</b>",
        "value": 61,
        "summaries": {},
        "acknowledged": None,
        "silenced": None,
        "inhibited": False,
    }


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Critical", "Warning"]), ("ru", ["Критично", "Внимание"])],
)
async def test_firing_alerts_stand_above_the_picture_newest_first(
    still: ServedRoom, open_: Open, language: str, words: list[str]
) -> None:
    def relay(page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()

        def down(message: str | bytes) -> None:
            decoded = json.loads(message)
            if decoded["type"] == "snapshot":
                at = decoded["at"]
                decoded["alerts"] = [
                    alert(1, "warning", at - 90),
                    alert(2, "critical", at - 30),
                    alert(3, "critical", at - 5, "resolved"),
                ]
            page_side.send(json.dumps(decoded))

        server.on_message(down)

    async def prepare(page: Page) -> None:
        await page.route_web_socket(re.compile("/v1/feed"), relay)

    for query in (f"?lang={language}", f"?tv&every=3600&lang={language}"):
        board = await open_(still.url, query, prepare=prepare)
        alerts = board.page.locator("[data-alert]")
        await expect(alerts).to_have_count(2)
        assert await alerts.evaluate_all("all => all.map((e) => e.dataset.alert)") == ["a2", "a1"]
        for line, word in zip(await alerts.all(), words, strict=True):
            await expect(line.locator(".word")).to_have_text(word)
            await expect(line.locator("svg").first).to_be_visible()
        await expect(alerts.first).to_contain_text("Alert number 2 in <b>sales</b>")
        assert board.complaints == []
